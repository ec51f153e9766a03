//! The second copy of the state: one file, replaced whole after required writes, that a corrupt database is
//! recovered from.

use std::{
    io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::database::{Stored, VERSION};
use picket_durable as files;

const MAGIC: &[u8; 8] = b"picketc2";

/// Most bytes of a second copy.
const MAX_SIZE: usize = 8 * 1024 * 1024;

/// The second copy of one folder: magic, version (u32), generation (i64), SHA-256 of the state, the state.
#[derive(Debug)]
pub(super) struct SecondCopy {
    path: PathBuf,
}

impl SecondCopy {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("control.copy") }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn write(&self, stored: &Stored) -> io::Result<()> {
        let Stored { generation, content: state } = stored;
        let mut content = Vec::with_capacity(52 + state.len());
        content.extend(MAGIC);
        content.extend(VERSION.to_be_bytes());
        content.extend(generation.to_be_bytes());
        content.extend(Sha256::digest(state));
        content.extend(state);
        files::replace(&self.path, &content)
    }

    /// None when there is none that can be believed.
    pub(super) fn read(&self) -> Option<Stored> {
        let content = files::read_bounded(&self.path, MAX_SIZE).ok()?;
        let rest = content.strip_prefix(MAGIC)?;
        let (version, rest) = rest.split_first_chunk::<4>()?;
        let (generation, rest) = rest.split_first_chunk::<8>()?;
        let (digest, state) = rest.split_first_chunk::<32>()?;
        let sound = u32::from_be_bytes(*version) <= VERSION && Sha256::digest(state).as_slice() == digest;
        sound.then(|| Stored { generation: i64::from_be_bytes(*generation), content: state.to_vec() })
    }
}
