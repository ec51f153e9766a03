//! Netlink messages by hand: a request is built, sent, and its answers are read up to the acknowledgement.
//!
//! By hand, since a minimal Debian has neither `ip` nor `nft`, and their libraries are C.

use std::os::fd::{AsRawFd, OwnedFd};

use anyhow::{Context, Result, bail};
use nix::{
    errno::Errno,
    sys::socket::{
        AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, sendto, setsockopt,
        sockopt::ReceiveTimeout,
    },
    sys::time::{TimeVal, TimeValLike},
};

/// `NLM_F_REQUEST | NLM_F_ACK`.
pub(super) const ASK: u16 = 0x1 | 0x4;
/// `ASK | NLM_F_CREATE | NLM_F_EXCL`.
pub(super) const CREATE: u16 = ASK | 0x400 | 0x200;
/// `ASK | NLM_F_CREATE | NLM_F_APPEND`.
pub(super) const APPEND: u16 = ASK | 0x400 | 0x800;

const NESTED: u16 = 0x8000;
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;

/// A message being built.
pub(super) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    pub(super) fn new(kind: u16, flags: u16) -> Self {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        Self { bytes }
    }

    /// Appends a fixed part, such as `ifinfomsg`.
    pub(super) fn fixed(mut self, part: &[u8]) -> Self {
        self.bytes.extend_from_slice(part);
        self.align()
    }

    pub(super) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(&length(value.len() + 4).to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.align()
    }

    /// A zero-terminated string.
    pub(super) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes)
    }

    /// An attribute whose content `fill` appends.
    pub(super) fn nested(mut self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&[0, 0]);
        self.bytes.extend_from_slice(&(kind | NESTED).to_ne_bytes());
        let mut filled = fill(self);
        let size = length(filled.bytes.len() - start);
        filled.bytes[start..start + 2].copy_from_slice(&size.to_ne_bytes());
        filled
    }

    fn align(mut self) -> Self {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    fn finish(mut self, sequence: u32) -> Vec<u8> {
        let size = u32::from(length(self.bytes.len()));
        self.bytes[0..4].copy_from_slice(&size.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }
}

/// Messages here are a few hundred bytes; an attribute's length field has 16 bits.
fn length(size: usize) -> u16 {
    u16::try_from(size).expect("a message of a few hundred bytes")
}

/// A netlink socket in the network namespace of the thread that opened it.
pub(super) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    pub(super) fn open(protocol: SockProtocol) -> Result<Self> {
        let socket = nix::sys::socket::socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)
            .context("no netlink socket")?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(5))?;
        Ok(Self { socket, sequence: 1 })
    }

    /// Sends the messages as one datagram; every one that asks for an acknowledgement must get a good one.
    /// The payloads of other answers are returned.
    pub(super) fn ask(&mut self, messages: impl IntoIterator<Item = Message>) -> Result<Vec<Vec<u8>>> {
        let mut datagram = Vec::new();
        let mut awaited = 0_usize;
        for message in messages {
            awaited += usize::from(u16::from_ne_bytes([message.bytes[6], message.bytes[7]]) & 0x4 != 0);
            datagram.extend(message.finish(self.sequence));
            self.sequence += 1;
        }
        sendto(self.socket.as_raw_fd(), &datagram, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        let mut answers = Vec::new();
        let mut buffer = vec![0; 16 * 1024];
        while awaited > 0 {
            let size = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty()).context("netlink is silent")?;
            awaited -= read_answers(&buffer[..size], &mut answers)?;
        }
        Ok(answers)
    }
}

/// Returns how many acknowledgements the datagram held.
fn read_answers(mut datagram: &[u8], answers: &mut Vec<Vec<u8>>) -> Result<usize> {
    let mut acknowledged = 0;
    while let Some(header) = datagram.first_chunk::<HEADER>() {
        let size = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let kind = u16::from_ne_bytes([header[4], header[5]]);
        let payload = datagram.get(HEADER..size).context("a short netlink answer")?;
        if kind == NLMSG_ERROR {
            let code = payload.first_chunk::<4>().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
            if code != 0 {
                bail!("netlink refused: {}", Errno::from_raw(-code));
            }
            acknowledged += 1;
        } else {
            answers.push(payload.to_vec());
        }
        datagram = datagram.get(size.next_multiple_of(4)..).unwrap_or_default();
    }
    Ok(acknowledged)
}

/// Finds an attribute in a run of attributes.
pub(super) fn find(mut attributes: &[u8], kind: u16) -> Option<&[u8]> {
    while let Some(header) = attributes.first_chunk::<4>() {
        let size = usize::from(u16::from_ne_bytes([header[0], header[1]]));
        let found = u16::from_ne_bytes([header[2], header[3]]) & !NESTED;
        let value = attributes.get(4..size)?;
        if found == kind {
            return Some(value);
        }
        attributes = attributes.get(size.next_multiple_of(4)..).unwrap_or_default();
    }
    None
}
