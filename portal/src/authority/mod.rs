//! What the portal signs with: the device CA, the server's certificate, the activation keys. Files in, signatures out.
//!
//! Decides nothing about sensors: it signs what the domain decided.

pub mod certificates;
pub mod keys;
pub mod request;
pub mod trust;

/// A file of keys or certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The file system said no.
    #[error("{path}")]
    File { path: std::path::PathBuf, source: std::io::Error },
    /// The content is not what it should be.
    #[error("{path}: {why}")]
    Content { path: std::path::PathBuf, why: String },
}

impl Unusable {
    fn content(path: &std::path::Path, why: impl std::fmt::Display) -> Self {
        Self::Content { path: path.to_owned(), why: format!("{why}") }
    }

    fn read(path: &std::path::Path) -> Result<Vec<u8>, Self> {
        const MAX_FILE: usize = 1 << 20;
        picket_durable::read_bounded(path, MAX_FILE).map_err(|source| Self::File { path: path.to_owned(), source })
    }
}
