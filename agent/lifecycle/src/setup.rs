//! The first sign-in at the console: the setup code is drawn, tried, and gone once the console has its admin.
//!
//! A crash between the right code and the console's own record must lock nobody out, so the same code is taken again
//! until the console says that its admin exists.

use core::time::Duration;

use picket_protocol::{local_api::SetupState, refusal::Refusal, typed_code::TypedCode};
use serde::{Deserialize, Serialize};

use crate::{
    audit::{Action, Actor},
    effect::Durability,
    moment::BootMillis,
    outcome::Outcome,
    turn::Turn,
};

/// Wrong codes in a row that cost nothing.
const FREE_TRIES: u32 = 5;
/// After the first one that does; doubled with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(125);
/// No longer: whoever stands at the machine must not be locked out by whoever sits in the network. At this pace, half of
/// the shortest codes that a vendor may choose take years.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How far the first sign-in is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "at")]
pub(crate) enum Setup {
    /// The agent has not started with this state yet.
    #[default]
    New,
    /// The code waits for whoever stands at the machine; given once, it may be given again.
    Open { code: TypedCode, tries: Tries, granted: bool },
    /// The console has an admin.
    Done,
}

/// Wrong codes in a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tries {
    wrong: u32,
    next: BootMillis,
}

impl Tries {
    fn failed(self, now: BootMillis) -> Self {
        let wrong = self.wrong.saturating_add(1);
        let wait = wrong
            .checked_sub(FREE_TRIES)
            .map_or(Duration::ZERO, |costly| FIRST_WAIT.saturating_mul(1 << costly.min(8)).min(LONGEST_WAIT));
        Self { wrong, next: now.plus(wait) }
    }

    fn wait(self, now: BootMillis) -> Result<(), Refusal> {
        let left = self.next.since(now);
        if left.is_zero() { Ok(()) } else { Err(Refusal::SetupWait { seconds: left.as_secs() + 1 }) }
    }
}

impl Setup {
    /// The code, while it is taken.
    pub(crate) const fn code(&self) -> Option<&TypedCode> {
        match self {
            Self::Open { code, .. } => Some(code),
            Self::New | Self::Done => None,
        }
    }

    /// As people see it.
    pub(crate) const fn view(&self) -> SetupState {
        match self {
            Self::New | Self::Open { granted: false, .. } => SetupState::Waiting,
            Self::Open { granted: true, .. } => SetupState::Granted,
            Self::Done => SetupState::Done,
        }
    }
}

/// Draws a code if there is none, or takes the vendor's. Waits of an earlier boot mean nothing in this one.
pub(crate) fn begin(turn: &mut Turn<'_>) {
    let chosen = turn.appliance.settings.setup_code.clone();
    let (code, granted) = match &turn.appliance.setup {
        Setup::New => (chosen.unwrap_or_else(|| turn.dice.code()), false),
        Setup::Open { code, granted, .. } => (chosen.unwrap_or_else(|| code.clone()), *granted),
        Setup::Done => return,
    };
    if turn.appliance.setup.code() != Some(&code) {
        turn.store(Durability::BestEffort);
    }
    turn.appliance.setup = Setup::Open { code, tries: Tries::default(), granted };
}

/// Somebody typed a code.
pub(crate) fn tried(turn: &mut Turn<'_>, typed: &TypedCode, by: &Actor) {
    let answer = judge(turn, typed, by).map(|()| Outcome::Done);
    turn.answer(answer);
}

fn judge(turn: &mut Turn<'_>, typed: &TypedCode, by: &Actor) -> Result<(), Refusal> {
    let now = turn.now.boot;
    let Setup::Open { code, tries, granted } = turn.appliance.setup.clone() else { return Err(Refusal::SetupDone) };
    tries.wait(now)?;
    if code.matches(typed) {
        turn.appliance.setup = Setup::Open { code, tries: Tries::default(), granted: true };
        if !granted {
            turn.audit(by, Action::SetupCodeGiven, None, None);
            turn.store(Durability::Required);
        }
        return Ok(());
    }
    let tries = tries.failed(now);
    turn.appliance.setup = Setup::Open { code, tries, granted };
    if tries.wrong <= FREE_TRIES {
        // Those that follow would only push others out of the audit.
        turn.audit(by, Action::SetupCodeRefused, None, None);
    }
    Err(Refusal::WrongSetupCode)
}

/// The console has made its admin durable: the code is gone. To say so again changes nothing.
pub(crate) fn done(turn: &mut Turn<'_>, by: &Actor) {
    if turn.appliance.setup != Setup::Done {
        turn.appliance.setup = Setup::Done;
        turn.audit(by, Action::SetupDone, None, None);
        turn.store(Durability::Required);
    }
    turn.answer(Ok(Outcome::Done));
}
