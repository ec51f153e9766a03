//! The lines of one endpoint's check as they are told, and what was found. Opens nothing.

use std::future::Future;

use picket_protocol::{
    local_api::{CheckLine, CheckStep, StepResult},
    refusal::{Problem, Refusal},
};
use tokio::{sync::mpsc, time::Instant};

use crate::service::Target;

/// One endpoint's turn.
pub(super) struct Report<'a> {
    lines: &'a mpsc::Sender<CheckLine>,
    grave: Vec<Problem>,
    light: Vec<Problem>,
}

impl<'a> Report<'a> {
    pub(super) const fn new(lines: &'a mpsc::Sender<CheckLine>) -> Self {
        Self { lines, grave: Vec::new(), light: Vec::new() }
    }

    /// Does a step without which the endpoint cannot be used; tells how it went.
    pub(super) async fn step<T>(
        &mut self,
        step: CheckStep,
        work: impl Future<Output = Result<(T, String), Refusal>>,
    ) -> Option<T> {
        let started = Instant::now();
        let result = work.await;
        let took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match result {
            Ok((value, seen)) => {
                self.tell(step, StepResult::Passed { seen }, took_ms).await;
                Some(value)
            }
            Err(refusal) => {
                self.grave.push(refusal.problem());
                self.tell(step, StepResult::Failed { problem: refusal.problem() }, took_ms).await;
                None
            }
        }
    }

    /// Tells of a step that passed.
    pub(super) async fn passed(&self, step: CheckStep, seen: &str) {
        self.tell(step, StepResult::Passed { seen: seen.to_owned() }, 0).await;
    }

    /// Tells of something that stands in the way of nothing but ought to be put right.
    pub(super) async fn advise(&mut self, step: CheckStep, refusal: &Refusal) {
        self.light.push(refusal.problem());
        self.tell(step, StepResult::Failed { problem: refusal.problem() }, 0).await;
    }

    /// Tells of a step that was not tried.
    pub(super) async fn skipped(&self, step: CheckStep, why: &str) {
        self.tell(step, StepResult::Skipped { why: why.to_owned() }, 0).await;
    }

    /// The verdict; gives whether the endpoint can be used.
    pub(super) async fn verdict(self, target: &Target) -> bool {
        let usable = self.grave.is_empty();
        let problems = self.grave.into_iter().chain(self.light).collect();
        let _ = self.lines.send(CheckLine::Verdict { role: target.role, usable, problems }).await;
        usable
    }

    async fn tell(&self, step: CheckStep, result: StepResult, took_ms: u64) {
        // A reader that went away ends the check as a whole; see the caller.
        let _ = self.lines.send(CheckLine::Step { step, result, took_ms }).await;
    }
}
