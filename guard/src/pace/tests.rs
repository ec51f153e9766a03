use super::*;

const START: Duration = Duration::from_secs(1000);

fn network(last: u8) -> Network {
    Network::of(IpAddr::from([192, 0, 2, last]))
}

fn first(line: &mut Line<u32>, network: Network, ticket: u32) -> Vec<u32> {
    line.enter(network, ticket, Comes::First, START)
}

fn now_of(turn: Turn<u32>) -> u32 {
    match turn {
        Turn::Now(_, ticket) => ticket,
        other => panic!("nobody's turn: {other:?}"),
    }
}

#[test]
fn networks_come_in_turn_whatever_one_of_them_sends() {
    let mut line = Line::default();
    for n in 0..1000 {
        first(&mut line, network(1), n);
    }
    assert!(first(&mut line, network(2), 5000).is_empty());
    let first_two = [now_of(line.next(START)), now_of(line.next(START))];
    assert!(first_two.contains(&5000), "{first_two:?}");
}

#[test]
fn the_newest_of_a_network_goes_first_and_the_oldest_gives_way() {
    let mut line = Line::default();
    let gave_way: Vec<u32> = (0..1000).flat_map(|n| first(&mut line, network(1), n)).collect();
    assert_eq!(gave_way.len(), 1000 - WAITING_PER_NETWORK);
    assert_eq!(gave_way[0], 0);
    assert_eq!(now_of(line.next(START)), 999);
}

#[test]
fn a_network_that_keeps_being_wrong_waits_between_tries_and_no_longer() {
    let mut line = Line::default();
    for _ in 0..1000 {
        line.was_wrong(network(1), START);
    }
    first(&mut line, network(1), 1);
    first(&mut line, network(2), 2);
    assert_eq!(now_of(line.next(START)), 2, "another network waits with it");
    assert_eq!(line.next(START), Turn::At(START + PACE));
    assert_eq!(now_of(line.next(START + PACE)), 1);
    assert_eq!(line.next(START + PACE), Turn::Nobody);
}

#[test]
fn a_few_wrong_tries_cost_nothing_and_a_right_one_clears_them() {
    let mut line = Line::default();
    for n in 0..FREE_FAILURES {
        first(&mut line, network(1), n);
        assert_eq!(now_of(line.next(START)), n);
        line.was_wrong(network(1), START);
    }
    first(&mut line, network(1), 1000);
    assert_eq!(now_of(line.next(START)), 1000);
    line.was_wrong(network(1), START);
    first(&mut line, network(1), 1001);
    assert_eq!(line.next(START), Turn::At(START + PACE));
    line.was_right(network(1));
    assert_eq!(now_of(line.next(START)), 1001);
}

#[test]
fn who_gave_way_and_comes_again_goes_before_all_that_came_since() {
    let mut line = Line::default();
    for n in 0..20 {
        first(&mut line, network(1), n);
    }
    assert!(line.enter(network(1), 5000, Comes::Again, START).is_empty());
    for n in 20..1000 {
        assert!(!first(&mut line, network(1), n).contains(&5000));
    }
    assert_eq!(now_of(line.next(START)), 5000);
    assert_eq!(now_of(line.next(START)), 999);
}

#[test]
fn at_pace_nobody_waits_behind_a_crowd() {
    let mut line = Line::default();
    for _ in 0..2 * FREE_FAILURES {
        line.was_wrong(network(1), START);
    }
    let mut gave_way = Vec::new();
    for n in 0..20 {
        gave_way.extend(first(&mut line, network(1), n));
    }
    assert_eq!(gave_way.len(), 20 - WAITING_AT_PACE);
    assert_eq!(line.enter(network(1), 5000, Comes::Again, START), [18]);
    assert_eq!(now_of(line.next(START + PACE)), 5000);
}

#[test]
fn a_night_of_guessing_is_forgiven_in_minutes() {
    let mut line: Line<u32> = Line::default();
    for second in 0..36_000 {
        line.was_wrong(network(1), START + Duration::from_secs(second));
    }
    let later = START + Duration::from_secs(36_000) + FORGIVEN_EVERY * FREE_FAILURES;
    first(&mut line, network(1), 1);
    assert_eq!(now_of(line.next(later)), 1);
}

#[test]
fn memory_is_bounded() {
    let mut line = Line::default();
    for n in 0..20_000_u32 {
        let address = Network::of(IpAddr::from([10, 0, u8::try_from(n >> 8).unwrap(), u8::try_from(n & 255).unwrap()]));
        line.was_wrong(address, START + Duration::from_millis(n.into()));
        first(&mut line, address, n);
    }
    assert!(line.wrong.len() <= MOST_REMEMBERED);
    assert_eq!(line.networks.len(), MOST_NETWORKS);
}

#[test]
fn one_host_is_one_network() {
    let six = |text: &str| Network::of(text.parse().unwrap());
    assert_eq!(six("2001:db8::1"), six("2001:db8::ffff:2"));
    assert_ne!(six("2001:db8::1"), six("2001:db8:0:1::1"));
    assert_eq!(six("::ffff:192.0.2.1"), network(1));
}
