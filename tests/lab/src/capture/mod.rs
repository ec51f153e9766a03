//! Our own network capture: a plant's morning in Modbus/TCP, built frame by frame from the public specification, so that
//! nobody's recording is needed. Always the same bytes; `tests/data/ot.pcap` is these.
//!
//! A display polls a controller and sets it now and then; an engineering station writes coils; a stranger looks around,
//! asks who is there, and forces the controller to stop answering.

mod modbus;
mod pcap;
mod tcp;

use std::net::Ipv4Addr;

use self::{modbus::Request, pcap::Pcap, tcp::Conversation};

/// Addresses of TEST-NET-1 (RFC 5737): nobody's.
const CONTROLLER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 20);
const DISPLAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const ENGINEERING: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 30);
const STRANGER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 66);

/// What Suricata finds in it by `tests/data/ot.rules`: severity, and how many alerts.
pub const ALERTS_BY_SEVERITY: [(u64, usize); 4] = [(1, 5), (2, 6), (3, 10), (4, 1)];

/// The capture, as a file of libpcap.
#[must_use]
pub fn modbus_capture() -> Vec<u8> {
    let mut pcap = Pcap::default();
    let polling = (0..12).map(|place| Request::ReadHoldingRegisters { first: place * 8, count: 8 });
    converse(&mut pcap, DISPLAY, 40_001, polling);
    let setting = (0..6).map(|place| Request::WriteRegister { place, value: 0x0100 + place });
    converse(&mut pcap, DISPLAY, 40_002, setting);
    let switching = (0..4).map(|place| Request::WriteCoils { first: place * 8, states: 0b1010_0101 });
    converse(&mut pcap, ENGINEERING, 40_003, switching);
    let looking = (0..10).map(|place| Request::ReadCoils { first: place * 16, count: 16 });
    converse(&mut pcap, STRANGER, 40_004, [Request::ReadDeviceIdentification].into_iter().chain(looking));
    converse(&mut pcap, STRANGER, 40_005, [Request::ForceListenOnly]);
    pcap.into_bytes()
}

/// One connection from its handshake to its end, each request answered.
fn converse(pcap: &mut Pcap, client: Ipv4Addr, port: u16, requests: impl IntoIterator<Item = Request>) {
    let mut conversation = Conversation::open(pcap, (client, port), (CONTROLLER, modbus::PORT));
    for (transaction, request) in (1..).zip(requests) {
        conversation.ask(pcap, &request.to_bytes(transaction));
        if let Some(answer) = request.answer(transaction) {
            conversation.answer(pcap, &answer);
        }
    }
    conversation.close(pcap);
}

#[cfg(test)]
mod tests {
    use super::modbus_capture;

    #[test]
    fn the_committed_capture_is_what_this_generator_makes() {
        assert!(
            modbus_capture() == include_bytes!("../../../data/ot.pcap"),
            "tests/data/ot.pcap is another capture: cargo xtask sample writes it anew"
        );
    }
}
