//! A file kept with the session between preview and use.

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

/// A file and its digest, which stands in the form that uses it: what was previewed is what is used, whatever else the
/// session uploads meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    file: Bytes,
    digest: String,
    overrides_window: bool,
}

impl Held {
    /// Keeps these bytes.
    #[must_use]
    pub fn new(file: Bytes) -> Self {
        let digest = Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { file, digest, overrides_window: false }
    }

    /// The same file, to be let pass outside its upload window by an admin's word.
    #[must_use]
    pub fn overriding_window(self) -> Self {
        Self { overrides_window: true, ..self }
    }

    /// Whether an admin lets it pass outside its upload window.
    #[must_use]
    pub const fn overrides_window(&self) -> bool {
        self.overrides_window
    }

    /// The bytes, if they are those that the form was about.
    #[must_use]
    pub fn file_of(&self, digest: &str) -> Option<Bytes> {
        (self.digest == digest).then(|| self.file.clone())
    }

    /// The bytes, to preview them.
    #[must_use]
    pub fn file(&self) -> Bytes {
        self.file.clone()
    }

    /// For the form.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_only_what_the_form_was_about() {
        let (seen, other) = (Held::new(Bytes::from_static(b"seen")), Held::new(Bytes::from_static(b"other")));
        assert_eq!(seen.file_of(seen.digest()), Some(Bytes::from_static(b"seen")));
        assert_eq!(other.file_of(seen.digest()), None);
        assert_eq!(seen.file_of(""), None);
    }
}
