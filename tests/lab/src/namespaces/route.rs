//! Links, addresses and the default route of a network namespace (rtnetlink).

use std::{
    net::Ipv4Addr,
    os::fd::{AsRawFd, BorrowedFd},
};

use anyhow::{Context, Result};
use nix::{net::if_::if_nametoindex, sys::socket::SockProtocol};

use super::netlink::{ASK, CREATE, Message, Netlink};

const RTM_NEWLINK: u16 = 16;
const RTM_SETLINK: u16 = 19;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINKINFO: u16 = 18;
const IFLA_AF_SPEC: u16 = 26;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IFLA_NET_NS_FD: u16 = 28;
const IFLA_GSO_MAX_SEGS: u16 = 40;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const VETH_INFO_PEER: u16 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const RTA_GATEWAY: u16 = 5;
const IFF_UP: u32 = 1;
const AF_INET: u8 = 2;
const AF_INET6: u16 = 10;

fn ask(message: Message) -> Result<()> {
    Netlink::open(SockProtocol::NetlinkRoute)?.ask([message]).map(drop)
}

fn ifinfomsg(index: u32, flags: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    for field in [index, flags, flags] {
        bytes.extend_from_slice(&field.to_ne_bytes());
    }
    bytes
}

/// Makes a cable: `here` in this namespace, `there` in the other one.
pub(super) fn add_cable(here: &str, there: &str, other: BorrowedFd<'_>) -> Result<()> {
    let message = Message::new(RTM_NEWLINK, CREATE).fixed(&ifinfomsg(0, 0)).text(IFLA_IFNAME, here).nested(
        IFLA_LINKINFO,
        |link| {
            link.text(IFLA_INFO_KIND, "veth").nested(IFLA_INFO_DATA, |data| {
                data.nested(VETH_INFO_PEER, |peer| {
                    peer.fixed(&ifinfomsg(0, 0))
                        .text(IFLA_IFNAME, there)
                        .attribute(IFLA_NET_NS_FD, &other.as_raw_fd().to_ne_bytes())
                })
            })
        },
    );
    ask(message).context("cannot make a veth pair")
}

/// Brings an interface of this namespace up.
pub(super) fn bring_up(name: &str) -> Result<()> {
    let index = if_nametoindex(name).with_context(|| format!("no interface {name}"))?;
    ask(Message::new(RTM_NEWLINK, ASK).fixed(&ifinfomsg(index, IFF_UP)))
        .with_context(|| format!("cannot bring {name} up"))
}

/// Keeps the kernel from giving an interface a link-local address when it comes up: its own neighbour and router chatter
/// would be counted as the agent's. By netlink, since /proc/sys cannot be written in a container.
pub(super) fn without_link_local_address(name: &str) -> Result<()> {
    let none = [1];
    let index = if_nametoindex(name).with_context(|| format!("no interface {name}"))?;
    ask(Message::new(RTM_SETLINK, ASK).fixed(&ifinfomsg(index, 0)).nested(IFLA_AF_SPEC, |families| {
        families.nested(AF_INET6, |inet6| inet6.attribute(IFLA_INET6_ADDR_GEN_MODE, &none))
    }))
    .with_context(|| format!("cannot keep {name} from a link-local address"))
}

/// Has the kernel cut what an interface sends into packets before it is counted, so that each header counts.
pub(super) fn one_packet_at_a_time(name: &str) -> Result<()> {
    let index = if_nametoindex(name).with_context(|| format!("no interface {name}"))?;
    let most = 1_u32.to_ne_bytes();
    ask(Message::new(RTM_SETLINK, ASK).fixed(&ifinfomsg(index, 0)).attribute(IFLA_GSO_MAX_SEGS, &most))
        .with_context(|| format!("cannot have {name} send one packet at a time"))
}

/// Gives an interface of this namespace an address in a /24.
pub(super) fn add_address(name: &str, address: Ipv4Addr) -> Result<()> {
    let index = if_nametoindex(name).with_context(|| format!("no interface {name}"))?;
    let mut ifaddrmsg = vec![AF_INET, 24, 0, 0];
    ifaddrmsg.extend_from_slice(&index.to_ne_bytes());
    let octets = address.octets();
    ask(Message::new(RTM_NEWADDR, CREATE)
        .fixed(&ifaddrmsg)
        .attribute(IFA_LOCAL, &octets)
        .attribute(IFA_ADDRESS, &octets))
    .with_context(|| format!("cannot give {name} an address"))
}

/// Sends everything that is not for a neighbour to `gateway`.
pub(super) fn add_default_route(gateway: Ipv4Addr) -> Result<()> {
    let (main_table, by_boot, everywhere, unicast) = (254, 3, 0, 1);
    let rtmsg = [AF_INET, 0, 0, 0, main_table, by_boot, everywhere, unicast, 0, 0, 0, 0];
    ask(Message::new(RTM_NEWROUTE, CREATE).fixed(&rtmsg).attribute(RTA_GATEWAY, &gateway.octets()))
        .context("cannot add the default route")
}
