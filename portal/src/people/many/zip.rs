//! ZIP archives of small files, which anything unpacks.

use std::io::{Cursor, Write as _};

use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// An archive in the making.
pub(super) struct Zip(ZipWriter<Cursor<Vec<u8>>>);

impl Zip {
    pub(super) fn new() -> Self {
        Self(ZipWriter::new(Cursor::default()))
    }

    /// Adds a file.
    ///
    /// # Errors
    /// When there is one of this name.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) -> Result<(), ZipError> {
        // As they are, since signed files hardly shrink; and of the first day that there is: when one was issued stands in it.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default());
        self.0.start_file(name, options)?;
        Ok(self.0.write_all(content)?)
    }

    /// The archive.
    ///
    /// # Errors
    /// When it is larger than an archive can be.
    pub(super) fn finish(self) -> Result<Vec<u8>, ZipError> {
        Ok(self.0.finish()?.into_inner())
    }
}
