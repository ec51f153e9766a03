//! A thousand wrong logins at once: the right password is still taken within five seconds, in 64 MiB.

use std::{
    net::Ipv4Addr,
    thread,
    time::{Duration, Instant},
};

use crate::rig::{Browser, Console, PASSWORD};

const LOGINS: usize = 1000;
const IN_TIME: Duration = Duration::from_secs(5);
const MOST_KIBIBYTES: u64 = 64 * 1024;

fn flood(console: &Console, from: Ipv4Addr) -> Vec<thread::JoinHandle<()>> {
    let wire = console.stranger().wire.from(from);
    let browser = Browser::new(wire.clone());
    // Each guesses another one.
    let request = |guess: usize| {
        let body = format!("name=mira&password=wrong%20password%20{guess}");
        let length = body.len().to_string();
        let fields = [("content-type", "application/x-www-form-urlencoded"), ("content-length", length.as_str())];
        format!("{}\r\n{body}", browser.head("POST", "/sign-in", &fields))
    };
    let one = move |wire: crate::rig::Wire, request: String| {
        let login = move || {
            // What finds no place is turned away, or hung up on; it is never let in.
            if let Some(answer) = wire.send(request.as_bytes()) {
                assert!(matches!(answer.status, 401 | 429), "{}", answer.head);
            }
        };
        thread::Builder::new().stack_size(512 * 1024).spawn(login).unwrap()
    };
    (0..LOGINS).map(|guess| one(wire.clone(), request(guess))).collect()
}

fn right_login(console: &Console, from: Ipv4Addr) -> Duration {
    let began = Instant::now();
    let mut again = String::new();
    loop {
        let mut browser = Browser::new(console.stranger().wire.from(from));
        let fields = [("name", "mira"), ("password", PASSWORD), ("again", again.as_str())];
        let answer = browser.post_bare("/sign-in", &fields, &[]);
        match answer.status {
            303 => return began.elapsed(),
            // Told to come again in a second, with what the form has in it, as a person's browser would.
            429 => {
                again = Browser::hidden(&answer, "again");
                thread::sleep(Duration::from_secs(1));
            }
            status => panic!("the right password was answered {status}"),
        }
    }
}

#[test]
fn a_flood_from_elsewhere_keeps_nobody_out() {
    let console = Console::in_use();
    let logins = flood(&console, Ipv4Addr::new(127, 0, 0, 2));
    let took = right_login(&console, Ipv4Addr::LOCALHOST);
    assert!(took <= IN_TIME, "{took:?}");
    for login in logins {
        login.join().unwrap();
    }
    let peak = console.kibibytes("VmHWM");
    println!("right password after {took:?} beside {LOGINS} wrong ones of another address, peak {peak} KiB");
    assert!(peak <= MOST_KIBIBYTES, "{peak} KiB");
}

#[test]
fn a_flood_from_the_same_address_keeps_nobody_out_either() {
    let console = Console::in_use();
    let from = Ipv4Addr::new(127, 0, 0, 3);
    let logins = flood(&console, from);
    let took = right_login(&console, from);
    for login in logins {
        login.join().unwrap();
    }
    let peak = console.kibibytes("VmHWM");
    println!("right password after {took:?} beside {LOGINS} wrong ones of the same address, peak {peak} KiB");
    assert!(took <= IN_TIME, "{took:?}");
    assert!(peak <= MOST_KIBIBYTES, "{peak} KiB");
    // Nobody is locked out after it.
    assert!(right_login(&console, from) <= IN_TIME);
}
