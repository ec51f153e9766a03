//! Lists the addresses of this machine's interfaces, as the kernel's tables of `/proc/self/net` give them: asking by
//! netlink would need a kind of socket that an agent has no other use for, and its unit allows none.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Most addresses told.
pub const MAX_ADDRESSES: usize = 32;

/// Addresses of the interfaces that are up, without loopback and IPv6 link-local, sorted, at most [`MAX_ADDRESSES`].
#[must_use]
pub fn addresses() -> Vec<String> {
    let table = |name| fs::read_to_string(name).unwrap_or_default();
    let (v4, v6) = (table("/proc/self/net/fib_trie"), table("/proc/self/net/if_inet6"));
    let mut found: Vec<IpAddr> =
        local_v4(&v4).map(IpAddr::V4).chain(of_interfaces(&v6).map(IpAddr::V6)).filter(is_told).collect();
    found.sort_unstable();
    found.dedup();
    found.truncate(MAX_ADDRESSES);
    found.iter().map(ToString::to_string).collect()
}

fn is_told(address: &IpAddr) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !address.is_loopback() && !link_local
}

/// The routing table's leaves `|-- ADDRESS` with an entry `/32 host LOCAL`: what this machine takes for its own.
fn local_v4(fib_trie: &str) -> impl Iterator<Item = Ipv4Addr> + '_ {
    let mut leaf = None;
    fib_trie.lines().filter_map(move |line| {
        if let Some(address) = line.trim_start().strip_prefix("|-- ") {
            leaf = address.parse().ok();
        }
        leaf.filter(|_| line.trim_start().starts_with("/32 host LOCAL"))
    })
}

/// One address a line, as 32 hexadecimal digits in front.
fn of_interfaces(if_inet6: &str) -> impl Iterator<Item = Ipv6Addr> + '_ {
    let digits = |line: &str| u128::from_str_radix(line.split_whitespace().next()?, 16).ok();
    if_inet6.lines().filter_map(digits).map(Ipv6Addr::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIB_TRIE: &str = "Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        +-- 127.0.0.0/31 1 0 0
           |-- 127.0.0.0
              /8 host LOCAL
           |-- 127.0.0.1
              /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        +-- 192.0.2.0/30 2 0 2
           |-- 192.0.2.0
              /24 link UNICAST
           |-- 192.0.2.2
              /32 link UNICAST
              /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
";

    #[test]
    fn reads_what_the_machine_takes_for_its_own() {
        let found: Vec<_> = local_v4(FIB_TRIE).map(|address| address.to_string()).collect();
        assert_eq!(found, ["127.0.0.1", "192.0.2.2"]);
    }

    #[test]
    fn reads_addresses_of_interfaces() {
        let table = "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\nfd000000000000000000000000000002 04 40 00 82 eth0\n?\n";
        let found: Vec<_> = of_interfaces(table).map(|address| address.to_string()).collect();
        assert_eq!(found, ["fe80::fc:ff:fe00:1", "fd00::2"]);
    }

    #[test]
    fn tells_this_machine_s_own_without_loopback() {
        let told = addresses();
        assert!(!told.iter().any(|address| address.starts_with("127.") || address == "::1"), "{told:?}");
        let probe = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        // No packet goes out: the kernel only chooses a route.
        if probe.connect("192.0.2.9:9").is_ok() {
            let own = probe.local_addr().unwrap().ip();
            assert!(own.is_loopback() || told.contains(&own.to_string()), "{own} not in {told:?}");
        }
    }
}
