//! Proof in the type: a `Verified<T>` passed the whole reading order. Only [`super`] can build one.

use alloc::vec::Vec;
use core::ops::Deref;

use crate::ids::Kid;

/// A document that passed every step of the reading order, with the bytes that did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T> {
    document: T,
    signer: Kid,
    bytes: Vec<u8>,
    roots: Vec<Vec<u8>>,
    window_overridden: bool,
}

impl<T> Verified<T> {
    pub(super) const fn new(document: T, signer: Kid, bytes: Vec<u8>) -> Self {
        Self { document, signer, bytes, roots: Vec::new(), window_overridden: false }
    }

    pub(super) fn with_roots(self, roots: Vec<Vec<u8>>) -> Self {
        Self { roots, ..self }
    }

    pub(super) fn with_window_overridden(self, window_overridden: bool) -> Self {
        Self { window_overridden, ..self }
    }

    /// The key that signed it. For a request, which signs itself: the digest of its public key.
    #[must_use]
    pub const fn signer(&self) -> Kid {
        self.signer
    }

    /// The bytes as they were read: for an activation the whole file in its binary form.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The trust root versions in the file that the store lacks: verified, for [`TrustStore::adopt`] on commit.
    ///
    /// [`TrustStore::adopt`]: crate::trust::TrustStore::adopt
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }

    /// Whether the upload window was over, or could not be judged, and an admin's override let the file through.
    #[must_use]
    pub const fn window_overridden(&self) -> bool {
        self.window_overridden
    }

    /// The document alone.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.document
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.document
    }
}
