use std::net::Ipv4Addr;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const START: Duration = Duration::from_secs(1000);

fn person(name: &str) -> PersonName {
    PersonName::try_from(name.to_owned()).unwrap()
}

#[test]
fn ends_after_half_an_hour_without_a_request() {
    let sessions = Sessions::default();
    let token = sessions.begin(&person("mira"), HERE, START);
    let almost = START + IDLE - Duration::from_millis(1);
    assert!(sessions.touch(&token, almost).is_some());
    assert!(sessions.touch(&token, almost + IDLE).is_none());
    assert!(sessions.touch(&token, almost).is_none(), "an ended session came back");
}

#[test]
fn ends_after_twelve_hours_however_busy() {
    let sessions = Sessions::default();
    let token = sessions.begin(&person("mira"), HERE, START);
    let mut now = START;
    while now < START + ABSOLUTE - IDLE / 2 {
        assert!(sessions.touch(&token, now).is_some());
        now += IDLE / 2;
    }
    assert!(sessions.touch(&token, START + ABSOLUTE).is_none());
}

#[test]
fn takes_no_token_that_it_did_not_make() {
    let sessions = Sessions::default();
    let token = sessions.begin(&person("mira"), HERE, START);
    for other in ["", "chosen-by-an-attacker", &token[..42], &token.to_lowercase()] {
        assert!(sessions.touch(other, START).is_none(), "{other:?}");
    }
    assert_ne!(token, sessions.begin(&person("mira"), HERE, START));
}

#[test]
fn a_person_ends_their_own_sessions_only() {
    let sessions = Sessions::default();
    let (mira, jon) = (person("mira"), person("jon"));
    let token = sessions.begin(&mira, HERE, START);
    let id = sessions.touch(&token, START).unwrap().id;
    assert!(!sessions.end(&jon, id));
    assert!(sessions.touch(&token, START).is_some());
    assert!(sessions.end(&mira, id));
    assert!(sessions.touch(&token, START).is_none());
}

#[test]
fn the_one_idle_for_longest_makes_room() {
    let sessions = Sessions::default();
    let mira = person("mira");
    let first = sessions.begin(&mira, HERE, START);
    let second = sessions.begin(&mira, HERE, START);
    for n in 0..MOST_PER_PERSON {
        assert!(sessions.touch(&second, START + Duration::from_secs(60)).is_some());
        let _ = sessions.begin(&mira, HERE, START + Duration::from_secs(60 + n as u64));
    }
    assert!(sessions.touch(&first, START + Duration::from_secs(60)).is_none());
    assert!(sessions.of(&mira, START + Duration::from_secs(60)).len() <= MOST_PER_PERSON);
}

#[test]
fn sessions_are_bounded_in_all() {
    let sessions = Sessions::default();
    for n in 0..MOST + 40 {
        let _ = sessions.begin(&person(&format!("p{n}")), HERE, START);
    }
    assert_eq!(sessions.lock().len(), MOST);
}
