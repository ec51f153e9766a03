//! How a key lies in its file: as it is, or sealed by a key that only this machine's TPM 2.0 opens.
//!
//! `picket-agent-key.service` has the TPM open the sealing key at boot, and systemd hands it over. What was written as it is
//! stays readable; what was sealed elsewhere is told and left alone.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use picket_durable as files;

use super::KeyFailure;
use crate::{credentials, entropy};

/// What a sealed file begins with; then the nonce, then what ChaCha20-Poly1305 (RFC 8439) made of the key.
const MAGIC: &[u8; 8] = b"picketk1";
/// Most bytes of the sealing key's credential, which has 32.
const MAX_KEY: usize = 64;

/// What seals, if anything does.
#[derive(Debug, Default)]
pub struct Seal(Option<LessSafeKey>);

impl Seal {
    /// By the key that systemd hands over, if it does.
    #[must_use]
    pub fn of_this_machine() -> Self {
        let key = credentials::path("identity-key").and_then(|path| files::read_bounded(&path, MAX_KEY).ok());
        Self::by(&key.unwrap_or_default())
    }

    /// By this key. Anything but 32 bytes is none.
    pub(super) fn by(key: &[u8]) -> Self {
        Self(UnboundKey::new(&CHACHA20_POLY1305, key).ok().map(LessSafeKey::new))
    }

    /// What goes to the file.
    pub(super) fn close(&self, mut key: Vec<u8>) -> Result<Vec<u8>, KeyFailure> {
        let Some(by) = &self.0 else { return Ok(key) };
        let mut sealed = || {
            // Drawn at random: one sealing key seals a few dozen keys in its life.
            let nonce: [u8; NONCE_LEN] = entropy::draw().ok()?;
            by.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut key).ok()?;
            Some([MAGIC, &nonce[..], &key].concat())
        };
        sealed().ok_or_else(|| KeyFailure("it cannot be sealed".into()))
    }

    /// What the file holds.
    pub(super) fn open(&self, content: Vec<u8>) -> Result<Vec<u8>, KeyFailure> {
        if !is_sealed(&content) {
            return Ok(content);
        }
        self.opened(content).ok_or_else(|| KeyFailure("it was sealed by a TPM that does not open it now".into()))
    }

    fn opened(&self, mut content: Vec<u8>) -> Option<Vec<u8>> {
        let mut sealed = content.split_off(MAGIC.len());
        let (nonce, sealed) = sealed.split_first_chunk_mut::<NONCE_LEN>()?;
        let nonce = Nonce::assume_unique_for_key(*nonce);
        Some(self.0.as_ref()?.open_in_place(nonce, Aad::empty(), sealed).ok()?.to_vec())
    }
}

pub(super) fn is_sealed(content: &[u8]) -> bool {
    content.starts_with(MAGIC)
}
