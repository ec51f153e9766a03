//! Watches a cable's near end: each packet that leaves, with the kernel's time of it and where it goes (packet(7)).

use std::{
    io::IoSliceMut,
    net::Ipv4Addr,
    os::fd::{AsRawFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol, SockType, recvmsg, setsockopt, socket,
    sockopt::{RcvBuf, ReceiveTimestampns},
};

const ETHERNET: usize = 14;
const IPV4: [u8; 2] = [0x08, 0x00];
const TCP: u8 = 6;
/// Room for packets that arrive while others are looked at.
const BUFFER: usize = 32 * 1024 * 1024;

/// A packet that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// Since 1970.
    pub at: Duration,
    /// The address it went to.
    pub to: Ipv4Addr,
    /// The port there; 0 where there are no ports.
    pub port: u16,
    /// It opens a TCP connection, carries something, or is no TCP: more than an answer to what still came in.
    pub acts: bool,
}

/// The packets so far. They are taken until the program ends.
#[derive(Debug, Clone)]
pub struct Watch(Arc<Mutex<Vec<Packet>>>);

impl Watch {
    /// Begins in the network namespace of this thread, with what has this source address.
    pub(super) fn begin(from: Ipv4Addr) -> Result<Self> {
        let (kind, flags) = (SockType::Raw, SockFlag::SOCK_CLOEXEC);
        let socket = socket(AddressFamily::Packet, kind, flags, SockProtocol::EthAll).context("no packet socket")?;
        setsockopt(&socket, ReceiveTimestampns, &true)?;
        setsockopt(&socket, RcvBuf, &BUFFER)?;
        let watch = Self(Arc::default());
        let seen = Arc::clone(&watch.0);
        thread::spawn(move || {
            while let Ok(packet) = next(&socket, from) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).extend(packet);
            }
        });
        Ok(watch)
    }

    /// Those that left so far.
    #[must_use]
    pub fn packets(&self) -> Vec<Packet> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Waits for one; none if it is not ours.
fn next(socket: &OwnedFd, from: Ipv4Addr) -> Result<Option<Packet>> {
    let mut buffer = [0; 256];
    let mut control = nix::cmsg_space!(nix::sys::time::TimeSpec);
    let (bytes, at) = {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut control), MsgFlags::empty())?;
        let at = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(at) => Some(Duration::from(at)),
            _ => None,
        });
        (message.bytes, at.context("the kernel gave no time")?)
    };
    Ok(read(&buffer[..bytes.min(buffer.len())], from).map(|(to, port, acts)| Packet { at, to, port, acts }))
}

/// Where an Ethernet frame of ours goes, and whether it acts.
fn read(frame: &[u8], from: Ipv4Addr) -> Option<(Ipv4Addr, u16, bool)> {
    let packet = frame.get(ETHERNET..).filter(|_| frame[12..14] == IPV4)?;
    let address = |at: usize| packet.get(at..at + 4)?.first_chunk::<4>().copied().map(Ipv4Addr::from);
    let number = |bytes: &[u8], at: usize| Some(u16::from_be_bytes(*bytes.get(at..at + 2)?.first_chunk::<2>()?));
    if address(12)? != from {
        return None;
    }
    let header = usize::from(packet[0] & 0x0F) * 4;
    let (to, inner) = (address(16)?, packet.get(header..)?);
    let port = number(inner, 2).unwrap_or(0);
    if packet[9] != TCP {
        return Some((to, port, true));
    }
    let (offset, flags) = (usize::from(*inner.get(12)? >> 4) * 4, *inner.get(13)?);
    let carries = usize::from(number(packet, 2)?) > header + offset;
    Some((to, port, carries || flags & 0x02 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

    /// A TCP segment with these flags and this payload.
    fn frame(flags: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; ETHERNET - 2];
        frame.extend(IPV4);
        let length = u16::try_from(40 + payload.len()).unwrap();
        frame.extend([0x45, 0, length.to_be_bytes()[0], length.to_be_bytes()[1], 0, 0, 0, 0, 64, TCP, 0, 0]);
        frame.extend([192, 0, 2, 2, 192, 0, 2, 1]);
        frame.extend([0x80, 0, 0x20, 0xFB, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, flags, 0, 0, 0, 0, 0, 0]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn tells_what_acts_from_what_only_answers() {
        let far = Ipv4Addr::new(192, 0, 2, 1);
        let (syn, acknowledgement, reset) = (0x02, 0x10, 0x04);
        assert_eq!(read(&frame(syn, b""), OURS), Some((far, 8443, true)));
        assert_eq!(read(&frame(acknowledgement, b"data"), OURS), Some((far, 8443, true)));
        assert_eq!(read(&frame(acknowledgement, b""), OURS), Some((far, 8443, false)));
        assert_eq!(read(&frame(reset, b""), OURS), Some((far, 8443, false)));
        assert_eq!(read(&frame(syn, b""), far), None, "another's");
        assert_eq!(read(&[0; 20], OURS), None);
    }
}
