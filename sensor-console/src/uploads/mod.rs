//! Files that people bring: one form of bounded size, read whole within a time before anything looks at it.
//!
//! Nothing is written to the disk, so there is no name to be raced for: what was read, and nothing else, is what is
//! checked, previewed, and used.

mod held;
mod upload;

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use self::{
    held::Held,
    upload::{Upload, unsigned},
};

/// Uploads that are read at once; further ones wait. Bounds memory.
const AT_ONCE: usize = 8;

/// Who may read an upload.
#[derive(Debug, Clone)]
pub struct UploadSeats(Arc<Semaphore>);

impl Default for UploadSeats {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

impl UploadSeats {
    async fn seat(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0).acquire_owned().await.ok()
    }
}
