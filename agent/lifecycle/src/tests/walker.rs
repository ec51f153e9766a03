//! A random walk's sensor and the world around it, which answers, fails, lies and fills its disk. After each step it
//! checks what must always hold.

use core::{mem, time::Duration};
use std::vec::Vec;

use picket_protocol::{
    documents::activation::{Activation, Mode, ModeSettings},
    heartbeat::{Answer, Component},
    ids::Cti,
    local_api::Start,
    refusal::Refusal,
    time::UnixSeconds,
};

use super::{
    fixtures::{TODAY, cloud, console, deactivation_of, file_of, local, local_with_console, owners, sensor},
    rig::{PERSON, Rig, answered, call_of, ended},
};
use crate::{
    State,
    accepted::Accepted,
    connection::Connection,
    effect::Effect,
    epochs::{MAX_EPOCHS, Routing},
    event::{Answered, Event, Failure},
    outcome::Outcome,
    proxy::ProxyChoice,
    routes::Routes,
};

/// One thing that the world does.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Offer {
        owner: usize,
        serial: u64,
        start: Start,
    },
    Switch,
    Keep,
    Retry,
    /// A call under way ends.
    End {
        call: usize,
        how: How,
    },
    /// A call that was given up ends after all.
    EndLate {
        call: usize,
    },
    Pass {
        seconds: u64,
    },
    Clock {
        wall: i64,
    },
    Restart,
    Reboot,
    Disk {
        full: bool,
    },
    Health {
        code: bool,
    },
    Name,
    Proxy,
    /// A person connects a management console, or takes the sensor off.
    Console {
        connect: bool,
    },
}

/// How a call ends.
#[derive(Debug, Clone)]
pub(super) enum How {
    Well,
    Unreachable,
    Rejected,
    AlreadyUsed,
    RetryAfter(u32),
    /// A heartbeat is answered with a deactivation.
    Deactivated {
        owner: usize,
        sensor: u8,
        serial: u64,
    },
    /// A heartbeat is answered with a reissue.
    Reissued {
        owner: usize,
        serial: u64,
    },
    /// A heartbeat is answered with newer roots, which withdraw a key.
    Roots {
        owner: usize,
    },
    /// A heartbeat is answered with wishes.
    Wishes {
        interval: u32,
    },
    /// A heartbeat is answered with this time.
    Time(i64),
}

/// The file with this serial: everything else follows from it, as a portal never gives a serial twice.
pub(super) fn document(owner: usize, serial: u64) -> Accepted {
    let owner = &owners()[owner];
    let signer = if serial.is_multiple_of(4) { owner.withdrawn } else { owner.standing };
    file_of(owner, signer, u8::try_from(serial % 3).unwrap() + 1, serial, mode(serial))
}

fn mode(serial: u64) -> ModeSettings {
    match serial % 5 {
        0 => local(),
        1 => local_with_console(),
        _ => cloud(),
    }
}

/// What the world has said well of the candidate, since it is one.
#[derive(Debug, Default)]
struct Proofs {
    of: Option<Cti>,
    heard: bool,
    probed: bool,
}

pub(super) struct Walker {
    pub(super) rig: Rig,
    proofs: Proofs,
    /// Of a candidate whose end a full disk did not take: a start brings it back, with what was proved of it.
    outlived: Option<Proofs>,
    steps: usize,
}

impl Walker {
    pub(super) fn new() -> Self {
        Self { rig: Rig::new(), proofs: Proofs::default(), outlived: None, steps: 0 }
    }

    pub(super) fn step(&mut self, step: &Step) {
        let before = self.rig.state.clone();
        let may = self.take(step, &before);
        self.check(&before, step, &may);
        self.steps += 1;
        if self.steps.is_multiple_of(12) {
            self.check_reload();
        }
        self.follow_candidate(step);
    }

    /// Does the step. Says which activation it may bring into force, or that it may end the one that is.
    fn take(&mut self, step: &Step, before: &State) -> May {
        let rig = &mut self.rig;
        match step {
            Step::Offer { owner, serial, start } => {
                let accepted = document(*owner, *serial);
                let cti = accepted.activation().cti;
                let first = before.epoch() == 0;
                let at_once = first || accepted.mode() == Mode::LocallyManaged || *start == Start::Now;
                // An answer always comes.
                let outcome = rig.offer_with(accepted, *start);
                if matches!(outcome, Ok(Outcome::Committed { .. })) {
                    assert_eq!(rig.state.cti_in_force(), Some(cti), "committed, yet not in force");
                }
                if at_once { May::Commit(cti) } else { May::Nothing }
            }
            Step::Switch => {
                let candidate = before.candidate();
                assert!(rig.happen(Event::SwitchAsked { by: PERSON }).is_some());
                candidate.map_or(May::Nothing, |accepted| May::Commit(accepted.activation().cti))
            }
            Step::Keep => {
                assert!(rig.happen(Event::KeepAsked { by: PERSON }).is_some());
                May::Nothing
            }
            Step::Retry => {
                assert!(rig.happen(Event::RetryAsked { by: PERSON }).is_some());
                May::Nothing
            }
            Step::End { call, how } => {
                if rig.calls.is_empty() {
                    return May::Nothing;
                }
                let call = rig.calls.remove(call % rig.calls.len());
                self.end(&call, how, before)
            }
            Step::EndLate { call } => {
                if !rig.ended.is_empty() {
                    let call = rig.ended.remove(call % rig.ended.len());
                    rig.answer(&call, Answer { time: UnixSeconds(i64::MAX), ..Answer::default() });
                }
                May::Nothing
            }
            Step::Pass { seconds } => {
                rig.pass(Duration::from_secs(*seconds));
                May::Nothing
            }
            Step::Clock { wall } => {
                rig.wall = UnixSeconds(*wall);
                rig.happen(Event::Woke);
                May::Nothing
            }
            Step::Restart => {
                rig.restart();
                May::Nothing
            }
            Step::Reboot => {
                rig.reboot();
                May::Nothing
            }
            Step::Disk { full } => {
                rig.stores_fail = *full;
                May::Nothing
            }
            Step::Health { code } => {
                let code = if *code { "ok" } else { "disk.full" };
                rig.happen(Event::HealthReported { component: Component::Disk, code: code.into() });
                May::Nothing
            }
            Step::Name => {
                assert!(rig.happen(Event::NameAsked { name: "Pump 3".into(), by: PERSON }).is_some());
                May::Nothing
            }
            Step::Console { connect } => {
                let console = connect.then(|| console("other.example"));
                assert!(rig.happen(Event::ConsoleAsked { console, by: PERSON }).is_some());
                May::Nothing
            }
            Step::Proxy => {
                let answer = rig.happen(Event::ProxyAsked { choice: ProxyChoice::Direct, by: PERSON });
                assert!(answer.is_some());
                May::Nothing
            }
        }
    }

    fn end(&mut self, call: &Effect, how: &How, before: &State) -> May {
        let wall = self.rig.wall;
        let of_candidate = before.candidate().is_some_and(|known| known.activation().cti == call_of(call).stamp.cti);
        let refusal = match how {
            How::Unreachable => Some(Refusal::ConnectionRefused { address: "x".into() }),
            How::Rejected | How::RetryAfter(_) => Some(Refusal::Rejected { status: 403 }),
            How::AlreadyUsed => Some(Refusal::AlreadyUsed { sensor: sensor(1) }),
            _ => None,
        };
        if let Some(refusal) = refusal {
            let retry_after = if let How::RetryAfter(seconds) = how { Some(*seconds) } else { None };
            self.rig.happen(failed(call, &Failure { refusal, retry_after }));
            return May::Nothing;
        }
        if of_candidate {
            self.proofs.heard |= matches!(call, Effect::SendHeartbeat(_));
            self.proofs.probed |= matches!(call, Effect::ProbeHub(_));
        }
        let proved = self.proofs.of.filter(|_| of_candidate && self.proofs.heard && self.proofs.probed);
        let mut may = proved.map_or(May::Nothing, May::Commit);
        if !matches!(call, Effect::SendHeartbeat(_)) {
            self.rig.answer(call, Answer { time: wall, ..Answer::default() });
            return may;
        }
        let mut answer = answered(call, Answer { time: wall, ..Answer::default() });
        if let How::Deactivated { owner, sensor: number, serial } = how {
            let names = |accepted: &Accepted| {
                let active = accepted.activation();
                (active.issuer, active.sensor) == (owners()[*owner].issuer, sensor(*number))
                    && active.serial.0 < *serial
            };
            if before.phase().in_force().is_some_and(|active| names(&active.accepted)) {
                may = May::End(proved);
            }
        }
        bring(&mut answer, how);
        self.rig.happen(Event::HeartbeatAnswered(ended(call, Ok(answer))));
        may
    }

    fn follow_candidate(&mut self, step: &Step) {
        let of = self.rig.state.candidate().map(|accepted| accepted.activation().cti);
        // A candidate that ended and was tried again within one step does not occur: both take a step.
        if of == self.proofs.of {
            return;
        }
        let ended = mem::replace(&mut self.proofs, Proofs { of, ..Proofs::default() });
        if ended.of.is_some() && self.rig.stores_fail {
            self.outlived = Some(ended);
        }
        if matches!(step, Step::Restart | Step::Reboot)
            && let Some(outlived) = self.outlived.take().filter(|outlived| outlived.of == of)
        {
            self.proofs = outlived;
        }
    }

    fn check_reload(&self) {
        let state = &self.rig.state;
        let stored = serde_json::to_string(state).unwrap();
        assert_eq!(&serde_json::from_str::<State>(&stored).unwrap(), state, "it does not reload to itself");
    }

    fn check(&self, before: &State, step: &Step, may: &May) {
        let after = &self.rig.state;
        // What was in force stays until the new one is proved, a person says so, or it is ended by signature.
        let (was, is) = (before.cti_in_force(), after.cti_in_force());
        let allowed = match (was, is) {
            (was, is) if was == is => true,
            (_, Some(is)) => may.commits(is),
            (_, None) => matches!(may, May::End(_)),
        };
        assert!(allowed, "{was:?} became {is:?} by {step:?}");

        // The epoch only grows, and by one.
        let grown = after.epoch().checked_sub(before.epoch());
        assert!(grown.is_some_and(|grown| grown <= 2), "epoch {} became {}", before.epoch(), after.epoch());
        assert!(was == is || grown != Some(0), "{was:?} became {is:?} within an epoch");

        // Floors never fall while their signer stands.
        for owner in owners() {
            for number in 1..=3 {
                let (issuer, sensor) = (owner.issuer, sensor(number));
                let withdrawn = |kid: &_| after.appliance().trust().is_withdrawn(&issuer, kid);
                let floor = |state: &State| state.appliance().floors().floor(issuer, sensor, withdrawn);
                assert!(floor(after) >= floor(before), "the floor of sensor {number} fell by {step:?}");
            }
        }

        self.check_epochs(before);

        // Nothing calls but the activation in force and the candidate, under their stamps.
        let stamps = after.stamps();
        for call in &self.rig.calls {
            let stamp = call_of(call).stamp;
            assert!(stamps.contains(&stamp), "{stamp} calls, but only {stamps:?} may");
        }

        // Whoever may call does, or will.
        for stamp in stamps {
            let calls = self.rig.calls.iter().any(|call| call_of(call).stamp == stamp);
            assert!(calls || after.next_wake().is_some(), "{stamp} waits for nothing");
        }

        // Locally managed without a management console: not one packet.
        let silent = after.phase().in_force().is_some_and(|active| match &active.accepted.activation().mode {
            ModeSettings::LocallyManaged(local) => local.management_console.is_none(),
            ModeSettings::CloudConnected(_) => false,
        });
        if silent && after.candidate().is_none() {
            assert!(self.rig.calls.is_empty() && after.next_wake().is_none(), "it asks for a packet");
        }
    }

    /// Epochs only grow, and routes never name one that is not theirs.
    fn check_epochs(&self, before: &State) {
        let after = &self.rig.state;
        let epochs = after.epochs();
        assert!(epochs.is_sorted_by(|earlier, later| earlier.epoch < later.epoch), "{epochs:#?}");
        let newest = epochs.last().map_or(0, |record| record.epoch.0);
        assert_eq!(newest, after.epoch(), "the epoch in force is not recorded");
        for record in before.epochs().iter().filter(|record| after.epoch() - record.epoch.0 < MAX_EPOCHS as u64) {
            assert!(epochs.contains(record), "{record:?} changed or is gone");
        }
        let Routes { hub, console } = after.routes();
        let active = after.phase().in_force().map(|active| active.accepted.activation());
        let identity =
            after.phase().in_force().is_some_and(|active| matches!(active.connection, Some(Connection::Enrolled(_))));
        assert_eq!(hub.is_some() || console.is_some(), identity, "a route without an identity, or none with one");
        for (route, routing) in [(hub, Routing::CloudConnected), (console, Routing::LocallyManaged { paired: true })] {
            let Some(route) = route else { continue };
            assert_eq!(
                (Some(route.stamp.cti), Some(route.owner)),
                (after.cti_in_force(), active.map(Activation::owner))
            );
            assert!(route.epochs.contains(&route.stamp.epoch), "its own alerts stay");
            for record in epochs.iter().filter(|record| route.epochs.contains(&record.epoch)) {
                assert_eq!((record.owner, record.routing), (route.owner, routing), "{record:?}");
            }
        }
    }

    /// Wherever it is now: a good file and a world that is well bring it into force. No dead end.
    pub(super) fn recovers(mut self) {
        self.rig.stores_fail = false;
        self.rig.wall = TODAY.plus(86_400);
        self.rig.pass(Duration::from_secs(3_700));
        self.rig.answer_all();
        // 1002 is cloud-connected and by the standing key.
        let outcome = self.rig.offer(document(0, 1_002));
        assert!(matches!(outcome, Ok(Outcome::Committed { .. } | Outcome::Candidate { .. })), "{outcome:?}");
        for _ in 0..20 {
            self.rig.pass(Duration::from_secs(30));
            self.rig.answer_all();
        }
        assert_eq!(self.rig.serial_in_force(), Some(1_002), "a dead end");
        let status = self.rig.status();
        assert_eq!(status.upstream.unwrap().problem, None);
        assert_eq!(status.hub.unwrap().problem, None);
        self.check_reload();
    }
}

/// What a step may do to what is in force.
#[derive(Debug)]
enum May {
    Nothing,
    Commit(Cti),
    /// It may end; a candidate proved by the same answer may follow.
    End(Option<Cti>),
}

impl May {
    fn commits(&self, cti: Cti) -> bool {
        match self {
            Self::Nothing => false,
            Self::Commit(may) => *may == cti,
            Self::End(may) => *may == Some(cti),
        }
    }
}

fn failed(call: &Effect, failure: &Failure) -> Event {
    match call {
        Effect::Enrol(_) => Event::Enrolled(ended(call, Err(failure.clone()))),
        Effect::Renew(_) => Event::Renewed(ended(call, Err(failure.clone()))),
        Effect::SendHeartbeat(_) => Event::HeartbeatAnswered(ended(call, Err(failure.clone()))),
        Effect::ProbeHub(_) => Event::HubProbed(ended(call, Err(failure.clone()))),
        other => panic!("no call: {other:?}"),
    }
}

fn bring(answered: &mut Answered, how: &How) {
    match how {
        How::Deactivated { owner, sensor, serial } => {
            answered.deactivation = Some(Ok(deactivation_of(&owners()[*owner], *sensor, *serial)));
        }
        How::Reissued { owner, serial } => answered.reissue = Some(Ok(document(*owner, *serial))),
        How::Roots { owner } => answered.answer.roots = Vec::from([owners()[*owner].second.clone()]),
        How::Wishes { interval } => {
            answered.answer.desired.interval_seconds = Some(*interval);
            answered.answer.desired.name = Some("boiler house".parse().unwrap());
        }
        How::Time(time) => answered.answer.time = UnixSeconds(*time),
        How::Well | How::Unreachable | How::Rejected | How::AlreadyUsed | How::RetryAfter(_) => {}
    }
}
