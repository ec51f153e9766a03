//! What systemd hands over beside the settings: files that the unit's `LoadCredential=` names, read by root, since the
//! agent itself may see neither the hardware's identity nor most of `/proc`.

use std::path::{Path, PathBuf};

use picket_durable as files;

/// Most bytes of a credential that is read here.
const MAX_SIZE: usize = 4096;

/// Where the credential lies, if systemd hands over any.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "systemd says it in the environment, and nowhere else")]
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY")?;
    Some(Path::new(&folder).join(name))
}

/// The credential's text, if there is one.
pub(crate) fn text(name: &str) -> Option<String> {
    String::from_utf8(files::read_bounded(&path(name)?, MAX_SIZE).ok()?).ok()
}
