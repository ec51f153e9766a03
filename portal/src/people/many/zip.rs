//! Writes ZIP archives (APPNOTE 6.3, without its extensions): files as they are, unpacked by anything. Reads none.

use flate2::Crc;

const LOCAL: u32 = 0x0403_4b50;
const CENTRAL: u32 = 0x0201_4b50;
const END: u32 = 0x0605_4b50;
/// Version 1.0: stored files.
const VERSION: u16 = 10;
/// 1 January 1980, the first day that there is: when a file was issued stands in it.
const DATE: u16 = 0x0021;

/// The attributes of an ordinary file, as MS-DOS has them.
const ORDINARY: u32 = 0x20;

/// An archive in the making. What it holds stays below 4 GiB and 65,536 files, which its makers see to.
#[derive(Debug, Default)]
pub(super) struct Zip {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    files: u16,
}

impl Zip {
    /// Adds a file. Its name is ASCII.
    pub(super) fn add(&mut self, name: &str, content: &[u8]) {
        let mut crc = Crc::new();
        crc.update(content);
        let offset = length(self.bytes.len());
        let common = common(name, content, crc.sum());
        put(&mut self.bytes, &LOCAL.to_le_bytes());
        put(&mut self.bytes, &common);
        put(&mut self.bytes, name.as_bytes());
        put(&mut self.bytes, content);
        put(&mut self.directory, &CENTRAL.to_le_bytes());
        put(&mut self.directory, &VERSION.to_le_bytes());
        put(&mut self.directory, &common);
        put(&mut self.directory, &[0; 6]); // no comment, first disk, nothing said of the content
        put(&mut self.directory, &ORDINARY.to_le_bytes());
        put(&mut self.directory, &offset.to_le_bytes());
        put(&mut self.directory, name.as_bytes());
        self.files += 1;
    }

    /// The archive.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let offset = length(self.bytes.len());
        self.bytes.extend_from_slice(&self.directory);
        put(&mut self.bytes, &END.to_le_bytes());
        put(&mut self.bytes, &[0; 4]); // one disk
        put(&mut self.bytes, &self.files.to_le_bytes());
        put(&mut self.bytes, &self.files.to_le_bytes());
        put(&mut self.bytes, &length(self.directory.len()).to_le_bytes());
        put(&mut self.bytes, &offset.to_le_bytes());
        put(&mut self.bytes, &[0; 2]); // no comment
        self.bytes
    }
}

/// What stands before a file and in the directory alike.
fn common(name: &str, content: &[u8], crc: u32) -> Vec<u8> {
    let mut head = Vec::new();
    put(&mut head, &VERSION.to_le_bytes());
    put(&mut head, &[0; 6]); // no flags, stored, midnight
    put(&mut head, &DATE.to_le_bytes());
    put(&mut head, &crc.to_le_bytes());
    put(&mut head, &length(content.len()).to_le_bytes());
    put(&mut head, &length(content.len()).to_le_bytes());
    put(&mut head, &u16::try_from(name.len()).unwrap_or(u16::MAX).to_le_bytes());
    put(&mut head, &[0; 2]); // nothing extra
    head
}

fn put(to: &mut Vec<u8>, bytes: &[u8]) {
    to.extend_from_slice(bytes);
}

fn length(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As another program wrote it: Python's zipfile, the date set to the first that there is.
    const BY_ANOTHER: &str = "504b03040a00000000000000210086a61036050000000500000005000000612e74787468656c6c6f504b01020a000a0000000000000021\
        0086a610360500000005000000050000000000000000002000000000000000612e747874504b0506000000000100010033000000280000\
        000000";

    #[test]
    fn writes_what_another_program_writes() {
        let mut zip = Zip::default();
        zip.add("a.txt", b"hello");
        let written: String = zip.finish().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(written, BY_ANOTHER);
    }
}
