//! Counts packets and bytes that leave a network namespace: named counters in an nftables output hook (nfnetlink).

use std::ops::Sub;

use anyhow::{Context, Result};
use nix::sys::socket::SockProtocol;

use super::netlink::{APPEND, ASK, CREATE, Message, Netlink, find};

const TABLE: &str = "picket";
const CHAIN: &str = "leaving";
const ALL: &str = "all";
const DNS: &str = "dns";

const SUBSYSTEM: u16 = 10 << 8;
const NEWTABLE: u16 = SUBSYSTEM;
const NEWCHAIN: u16 = SUBSYSTEM | 3;
const NEWRULE: u16 = SUBSYSTEM | 6;
const NEWOBJ: u16 = SUBSYSTEM | 18;
const GETOBJ: u16 = SUBSYSTEM | 19;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
/// Both IPv4 and IPv6.
const INET: u8 = 1;
const COUNTER: u32 = 1;
const LOCAL_OUT: u32 = 3;

/// What left a namespace.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// Packets, loopback included.
    pub all: u64,
    /// Packets to port 53, UDP or TCP.
    pub dns: u64,
    /// Bytes of all packets, with their IP headers.
    pub bytes: u64,
}

impl Sub for Left {
    type Output = Self;

    /// What left between two readings.
    fn sub(self, earlier: Self) -> Self {
        Self { all: self.all - earlier.all, dns: self.dns - earlier.dns, bytes: self.bytes - earlier.bytes }
    }
}

/// Installs the counters in the network namespace of this thread.
///
/// # Errors
/// When the kernel has no nftables, or refuses.
pub(super) fn install() -> Result<()> {
    let chain = message(NEWCHAIN, CREATE)
        .text(1, TABLE)
        .text(3, CHAIN)
        .nested(4, |hook| hook.attribute(1, &LOCAL_OUT.to_be_bytes()).attribute(2, &0_u32.to_be_bytes()))
        .text(7, "filter");
    let batch = [
        batch_mark(BATCH_BEGIN),
        message(NEWTABLE, CREATE).text(1, TABLE),
        counter(NEWOBJ, CREATE, ALL).nested(4, |data| data),
        counter(NEWOBJ, CREATE, DNS).nested(4, |data| data),
        chain,
        rule(|list| count(list, ALL)),
        rule(|list| count(port_53(list), DNS)),
        batch_mark(BATCH_END),
    ];
    Netlink::open(SockProtocol::NetlinkNetFilter)?.ask(batch).context("cannot set nftables counters").map(drop)
}

/// Reads the counters of this thread's network namespace.
///
/// # Errors
/// When they were not installed.
pub(super) fn read() -> Result<Left> {
    let (all, bytes) = read_one(ALL)?;
    let (dns, _) = read_one(DNS)?;
    Ok(Left { all, dns, bytes })
}

/// Packets and bytes.
fn read_one(name: &str) -> Result<(u64, u64)> {
    let mut netlink = Netlink::open(SockProtocol::NetlinkNetFilter)?;
    let answers = netlink.ask([counter(GETOBJ, ASK, name)]).context("cannot read an nftables counter")?;
    let attributes = answers.first().and_then(|answer| answer.get(4..)).context("no counter in the answer")?;
    let data = find(attributes, 4).context("no data in the counter")?;
    let number = |kind| -> Result<u64> {
        let bytes = find(data, kind).with_context(|| format!("no attribute {kind} in the counter"))?;
        Ok(u64::from_be_bytes(bytes.try_into().context("a counter of 64 bits")?))
    };
    Ok((number(2)?, number(1)?))
}

/// A message with its `nfgenmsg`.
fn message(kind: u16, flags: u16) -> Message {
    Message::new(kind, flags).fixed(&[INET, 0, 0, 0])
}

fn batch_mark(kind: u16) -> Message {
    let [high, low] = 10_u16.to_be_bytes();
    Message::new(kind, 1).fixed(&[0, 0, high, low])
}

fn counter(kind: u16, flags: u16, name: &str) -> Message {
    message(kind, flags).text(1, TABLE).text(2, name).attribute(3, &COUNTER.to_be_bytes())
}

fn rule(expressions: impl FnOnce(Message) -> Message) -> Message {
    message(NEWRULE, APPEND).text(1, TABLE).text(2, CHAIN).nested(4, expressions)
}

fn expression(list: Message, name: &str, fill: impl FnOnce(Message) -> Message) -> Message {
    list.nested(1, |element| element.text(1, name).nested(2, fill))
}

fn count(list: Message, name: &str) -> Message {
    expression(list, "objref", |data| data.attribute(1, &COUNTER.to_be_bytes()).text(2, name))
}

/// Goes on only when the two bytes at offset 2 of the transport header, the destination port, are 53.
fn port_53(list: Message) -> Message {
    let (register, transport, offset, size) = (1_u32, 2_u32, 2_u32, 2_u32);
    let list = expression(list, "payload", |data| {
        data.attribute(1, &register.to_be_bytes())
            .attribute(2, &transport.to_be_bytes())
            .attribute(3, &offset.to_be_bytes())
            .attribute(4, &size.to_be_bytes())
    });
    expression(list, "cmp", |data| {
        data.attribute(1, &register.to_be_bytes())
            .attribute(2, &0_u32.to_be_bytes())
            .nested(3, |value| value.attribute(1, &53_u16.to_be_bytes()))
    })
}
