//! `picketctl activate`: preview, a person's yes, upload, and on request the wait until it is in force and proved.

use std::time::Duration;

use picket_protocol::{
    ids::Cti,
    local_api::{
        ActivationAnswer, ActivationView, Outcome, OutcomeResult, Preview, Progress, Proof, SensorState, Status, routes,
    },
};

use super::{
    cli::Activate,
    client::{Answer, Client},
    failure::Failure,
    files, preview,
    screen::Screen,
    status,
};
use crate::clock;

pub(super) fn run(order: &Activate, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let file = files::activation_file(&order.file)?;
    if !order.yes && screen.has_person() {
        ask(&file, agent, screen)?;
    }
    let start = if order.now { "now" } else { "proved" };
    let path = format!("{}?start={start}&override_window={}", routes::ACTIVATION, order.override_window);
    let answer = agent.post_file(&path, file)?;
    let accepted: ActivationAnswer = answer.value()?;
    match order.wait {
        None if screen.json_answer(&answer)? => Ok(()),
        None => said(&accepted, agent, screen),
        Some(seconds) => wait(&accepted, Duration::from_secs(seconds), agent, screen),
    }
}

/// Shows what would change and asks. A file outside its upload window has no preview; then only the question is left.
fn ask(file: &[u8], agent: &Client, screen: &Screen) -> Result<(), Failure> {
    match agent.post_file(routes::PREVIEW, file.to_vec()).and_then(|answer| answer.value::<Preview>()) {
        Ok(shown) => preview::show(&shown, screen)?,
        Err(Failure::Refused(problem)) if window_may_be_overridden(&problem.code) => screen.problem(&problem)?,
        Err(failure) => return Err(failure),
    }
    screen.blank()?;
    screen.confirm("Activate?")
}

fn window_may_be_overridden(code: &str) -> bool {
    matches!(code, "activation.upload-window-over" | "activation.clock-unusable")
}

fn said(accepted: &ActivationAnswer, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    match accepted.outcome {
        Progress::AlreadyActive => screen.line("This activation is in force already. Nothing was changed."),
        Progress::Candidate => {
            screen.line("Verified. It takes over once the portal and the IoT hub have answered; what is in force stays until then.")?;
            screen.line("To follow it: picketctl status. To switch without waiting: picketctl candidate now")
        }
        Progress::Committed => {
            screen.line("Activated.")?;
            let status: Status = agent.get(routes::STATUS)?.value()?;
            status::show(&status, screen)
        }
    }
}

/// How an upload stands, as seen in a status.
#[derive(Debug, PartialEq, Eq)]
enum Standing<'a> {
    /// In force, nothing left to prove.
    Done,
    /// On its way.
    Proving(&'a Proof),
    /// It will not come into force by itself.
    Over,
}

fn standing(status: &Status, cti: Cti) -> Standing<'_> {
    let is_it = |activation: &ActivationView| activation.cti == cti;
    if let SensorState::Active { active } = &status.state
        && is_it(&active.activation)
    {
        return if active.proof.complete() { Standing::Done } else { Standing::Proving(&active.proof) };
    }
    match &status.candidate {
        Some(candidate) if is_it(&candidate.activation) => Standing::Proving(&candidate.proof),
        _ => Standing::Over,
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(300);

fn wait(accepted: &ActivationAnswer, patience: Duration, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let began = clock::since_boot();
    let waited = || clock::since_boot().saturating_sub(began);
    let mut last: Option<Proof> = None;
    loop {
        let answer = agent.get(routes::STATUS)?;
        let status: Status = answer.value()?;
        match standing(&status, accepted.cti) {
            Standing::Done => return done(&answer, &status, screen),
            Standing::Over => return over(accepted.cti, &answer, agent, screen),
            Standing::Proving(proof) => {
                if !screen.is_json() && last.as_ref() != Some(proof) {
                    screen.line(&format!("{} s", waited().as_secs()))?;
                    status::proof_lines(proof, screen)?;
                }
                last = Some(proof.clone());
            }
        }
        if waited() >= patience {
            screen.json_answer(&answer)?;
            return Err(Failure::NotInForce("not proved yet: picketctl status shows how it goes on".into()));
        }
        std::thread::sleep(BETWEEN_LOOKS);
    }
}

fn done(answer: &Answer, status: &Status, screen: &Screen) -> Result<(), Failure> {
    if screen.json_answer(answer)? {
        return Ok(());
    }
    screen.line("In force.")?;
    status::show(status, screen)
}

fn over(cti: Cti, answer: &Answer, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let outcomes: Vec<Outcome> = agent.get(routes::ACTIVATIONS)?.value()?;
    if !screen.json_answer(answer)? {
        let mine = outcomes.into_iter().find(|outcome| outcome.cti == cti).map(|outcome| outcome.result);
        if let Some(OutcomeResult::NotCommitted { problem } | OutcomeResult::Deactivated { problem, .. }) = mine {
            screen.problem(&problem)?;
        }
    }
    Err(Failure::NotInForce("the new activation did not come into force; what was in force stays".into()))
}
