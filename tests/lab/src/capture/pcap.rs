//! A file of libpcap (link type Ethernet), with a clock of its own: frames are a millisecond apart.

/// 2026-01-05T06:00:00Z: a Monday morning.
const START: u32 = 1_767_592_800;
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const VERSION: (u16, u16) = (2, 4);
const SNAP_LENGTH: u32 = 65_535;
const ETHERNET: u32 = 1;

pub(super) struct Pcap {
    bytes: Vec<u8>,
    frames: u32,
}

impl Default for Pcap {
    fn default() -> Self {
        let mut bytes = MAGIC_MICROSECONDS.to_le_bytes().to_vec();
        bytes.extend(VERSION.0.to_le_bytes());
        bytes.extend(VERSION.1.to_le_bytes());
        // Offset of the time zone and accuracy: always 0.
        bytes.extend([0; 8]);
        bytes.extend(SNAP_LENGTH.to_le_bytes());
        bytes.extend(ETHERNET.to_le_bytes());
        Self { bytes, frames: 0 }
    }
}

impl Pcap {
    pub(super) fn add(&mut self, frame: &[u8]) {
        let length = u32::try_from(frame.len()).expect("frames are short");
        for word in [START + self.frames / 1000, self.frames % 1000 * 1000, length, length] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(frame);
        self.frames += 1;
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
