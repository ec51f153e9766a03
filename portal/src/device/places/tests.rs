use super::*;

const PACE: Option<NonZeroU32> = NonZeroU32::new(200);

fn address(last: u8) -> IpAddr {
    IpAddr::from([192, 0, 2, last])
}

fn key(byte: u8) -> Thumbprint {
    Thumbprint::from_bytes([byte; 32])
}

fn fill(places: &Places, address: IpAddr, now: Instant) -> Vec<Stranger> {
    std::iter::from_fn(|| places.stranger(address, now)).collect()
}

#[test]
fn a_full_address_leaves_places_to_others_and_gets_its_own_back() {
    let (places, now) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    let mut flood = fill(&places, address(1), now);
    assert_eq!(u32::try_from(flood.len()), Ok(STRANGERS_PER_ADDRESS));
    assert!(places.stranger(address(2), now).is_some());
    flood.pop();
    assert!(places.stranger(address(1), now).is_some());
}

#[test]
fn strangers_never_take_all_room() {
    let (places, now) = (Places::new(1000, PACE, Instant::now()), Instant::now());
    let all: Vec<_> = (0..=u8::MAX).flat_map(|last| fill(&places, address(last), now)).collect();
    assert_eq!(all.len(), 500);
}

#[test]
fn an_enrolled_sensor_gives_its_strangers_place_back() {
    let (places, now) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    let mut flood = fill(&places, address(1), now);
    let known = flood.pop().unwrap().known(key(1));
    assert!(places.stranger(address(1), now).is_some(), "its place is free");
    drop(known);
    assert!(places.taken().keys.is_empty());
}

#[test]
fn a_key_has_few_connections_and_the_oldest_go() {
    let (places, now) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    let known = |byte| places.stranger(address(1), now).unwrap().known(key(byte));
    let mut other = known(2);
    let mut open: Vec<_> = (0..CONNECTIONS_PER_KEY).map(|_| known(1)).collect();
    assert!(open.iter_mut().all(|known| !has_lost(known)));
    open.push(known(1));
    assert_eq!(open.iter_mut().map(has_lost).filter(|lost| *lost).count(), 1);
    assert!(has_lost(&mut open[0]) && !has_lost(&mut other));
    drop(open.remove(0));
    assert_eq!(places.taken().keys[&key(1)].len(), CONNECTIONS_PER_KEY, "it had its place no more");
    drop((open, other));
    assert!(places.taken().keys.is_empty());
    assert_eq!(places.taken().strangers, 0);
}

fn has_lost(known: &mut Known) -> bool {
    matches!(known.until.try_recv(), Err(oneshot::error::TryRecvError::Closed))
}

#[test]
fn handshakes_of_an_address_keep_to_its_pace() {
    let (places, start) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    let waits: Vec<Duration> = (0..400).map(|_| places.stranger(address(1), start).unwrap().wait).collect();
    assert!(waits[..200].iter().all(Duration::is_zero), "a second's worth begins at once");
    assert_eq!(waits[399], Duration::from_secs(1));
    assert!(places.stranger(address(2), start).unwrap().wait.is_zero());
    let later = start + Duration::from_secs(2);
    assert!(places.stranger(address(1), later).unwrap().wait.is_zero(), "it has kept to it again");
}

#[test]
fn who_hangs_up_at_once_does_not_lengthen_the_wait_without_end() {
    let (places, now) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    for _ in 0..100_000 {
        places.stranger(address(1), now).unwrap();
    }
    assert!(places.stranger(address(1), now).unwrap().wait <= Duration::from_millis(2560));
}

#[test]
fn without_a_pace_addresses_are_not_looked_at() {
    let (places, now) = (Places::new(20_000, None, Instant::now()), Instant::now());
    let all = fill(&places, address(1), now);
    assert_eq!(all.len(), STRANGERS);
    assert!(all.iter().all(|stranger| stranger.wait.is_zero()));
}

#[test]
fn addresses_of_which_nothing_is_left_to_know_are_forgotten() {
    let (places, now) = (Places::new(20_000, PACE, Instant::now()), Instant::now());
    let stays = places.stranger(address(1), now);
    drop(places.stranger(address(2), now));
    drop(places.stranger(address(3), now + FORGET_EVERY));
    let known: Vec<_> = places.taken().addresses.keys().copied().collect();
    assert!(known.contains(&address(1)) && !known.contains(&address(2)), "{known:?}");
    drop(stays);
}

#[test]
fn one_host_of_ipv6_is_its_network_and_mapped_ipv4_is_ipv4() {
    let parse = |text: &str| network(text.parse().unwrap());
    assert_eq!(parse("2001:db8::1"), parse("2001:db8::ffff:0:1"));
    assert_ne!(parse("2001:db8::1"), parse("2001:db8:0:1::1"));
    assert_eq!(parse("::ffff:192.0.2.1"), address(1));
}
