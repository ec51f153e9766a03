//! One TCP connection as Ethernet frames, both sides played: handshake, data, acknowledgements, end. Checksums are right.

use std::net::Ipv4Addr;

use super::pcap::Pcap;

const FIN: u8 = 1;
const SYN: u8 = 2;
const PUSH: u8 = 8;
const ACK: u8 = 16;
const TCP: u8 = 6;
const WINDOW: u16 = 8192;

type Address = (Ipv4Addr, u16);

#[derive(Clone, Copy)]
struct Side {
    address: Address,
    /// The next sequence number.
    next: u32,
}

pub(super) struct Conversation {
    client: Side,
    server: Side,
}

impl Conversation {
    pub(super) fn open(pcap: &mut Pcap, client: Address, server: Address) -> Self {
        let side = |address: Address, next| Side { address, next };
        let mut opened = Self { client: side(client, u32::from(client.1) << 8), server: side(server, 7_000) };
        opened.client_sends(pcap, SYN, &[]);
        opened.server_sends(pcap, SYN | ACK, &[]);
        opened.client_sends(pcap, ACK, &[]);
        opened
    }

    pub(super) fn ask(&mut self, pcap: &mut Pcap, data: &[u8]) {
        self.client_sends(pcap, PUSH | ACK, data);
        self.server_sends(pcap, ACK, &[]);
    }

    pub(super) fn answer(&mut self, pcap: &mut Pcap, data: &[u8]) {
        self.server_sends(pcap, PUSH | ACK, data);
        self.client_sends(pcap, ACK, &[]);
    }

    pub(super) fn close(mut self, pcap: &mut Pcap) {
        self.client_sends(pcap, FIN | ACK, &[]);
        self.server_sends(pcap, FIN | ACK, &[]);
        self.client_sends(pcap, ACK, &[]);
    }

    fn client_sends(&mut self, pcap: &mut Pcap, flags: u8, data: &[u8]) {
        send(pcap, &mut self.client, self.server, flags, data);
    }

    fn server_sends(&mut self, pcap: &mut Pcap, flags: u8, data: &[u8]) {
        send(pcap, &mut self.server, self.client, flags, data);
    }
}

fn send(pcap: &mut Pcap, from: &mut Side, to: Side, flags: u8, data: &[u8]) {
    let segment = segment(*from, to, flags, data);
    pcap.add(&frame(from.address.0, to.address.0, &segment));
    let length = u32::try_from(data.len()).expect("segments are short");
    from.next += length + u32::from(flags & (SYN | FIN) != 0);
}

/// RFC 9293 §3.1.
fn segment(from: Side, to: Side, flags: u8, data: &[u8]) -> Vec<u8> {
    let acknowledged = if flags & ACK == 0 { 0 } else { to.next };
    let mut bytes = Vec::new();
    bytes.extend(from.address.1.to_be_bytes());
    bytes.extend(to.address.1.to_be_bytes());
    bytes.extend(from.next.to_be_bytes());
    bytes.extend(acknowledged.to_be_bytes());
    // Five words of header.
    bytes.extend([5 << 4, flags]);
    bytes.extend(WINDOW.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(data);
    let length = u16::try_from(bytes.len()).expect("segments are short").to_be_bytes();
    let ends = [from.address.0.octets(), to.address.0.octets()].concat();
    let sum = checksum(&[&ends[..], &[0, TCP], &length, &bytes].concat());
    bytes[16..18].copy_from_slice(&sum.to_be_bytes());
    bytes
}

/// Ethernet and IPv4 (RFC 791) around a segment. A host's hardware address is its IP address, locally administered.
fn frame(from: Ipv4Addr, to: Ipv4Addr, segment: &[u8]) -> Vec<u8> {
    let hardware = |host: Ipv4Addr| [&[2, 0][..], &host.octets()].concat();
    let length = u16::try_from(20 + segment.len()).expect("packets are short").to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 0, 0x40, 0, 64, TCP, 0, 0];
    header.extend(from.octets());
    header.extend(to.octets());
    let sum = checksum(&header);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    [&hardware(to)[..], &hardware(from), &[0x08, 0x00], &header, segment].concat()
}

/// RFC 1071.
fn checksum(bytes: &[u8]) -> u16 {
    let word = |pair: &[u8]| u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
    let mut sum: u32 = bytes.chunks(2).map(word).sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).expect("folded to 16 bits")
}
