//! Commands become events, and what became of them answers. Decides nothing.

use std::collections::BTreeMap;

use picket_lifecycle::{accepted::Accepted, event::Event, outcome::Outcome};
use picket_protocol::{
    documents::activation::Activation,
    ids::Epoch,
    local_api::{
        ActivationAnswer, Present, Preview, Progress, SetupCodeView, TrustConfirmation, TrustRootView, VerifyAnswer,
    },
    reading::{Reading, inspect},
    refusal::Refusal,
    verified::Verified,
};

use crate::clock;

use super::{
    boot,
    command::Command,
    effects::Effects,
    reading::{self, Circumstances},
    task::Service,
};

impl<E: Effects> Service<E> {
    /// Does what a command asks, and answers it. A caller that went away is no reason not to.
    pub(super) async fn obey(&mut self, command: Command) {
        match command {
            Command::Look(reply) => {
                // The wall clock may have been set since: nothing else tells.
                self.happened(Event::Woke).await;
                _ = reply.send(Ok(self.publish()));
            }
            Command::Verify { file, reply } => {
                let read = self.read(&file, false);
                _ = reply.send(read.map(|reading| VerifyAnswer::new(reading.activation(), is_active(&reading))));
            }
            Command::Preview { file, override_window, undelivered, reply } => {
                let read = self.read(&file, override_window);
                _ = reply.send(read.map(|reading| self.preview(&reading, &undelivered)));
            }
            Command::Activate { file, start, override_window, by, reply } => {
                let answer = match self.read(&file, override_window) {
                    Ok(reading) => {
                        let accepted = Accepted::from(reading.activation());
                        let outcome = self.happened(Event::FileOffered { accepted, start, by }).await;
                        self.activation_answer(outcome, reading.activation())
                    }
                    Err(why) => Err(why),
                };
                if let Err(why) = &answer {
                    self.count("files-refused");
                    tracing::info!(code = why.code(), %why, "an activation file was refused");
                }
                _ = reply.send(answer);
            }
            Command::CandidateNow { by, reply } => _ = reply.send(self.ask(Event::SwitchAsked { by }).await),
            Command::CandidateKeep { by, reply } => _ = reply.send(self.ask(Event::KeepAsked { by }).await),
            Command::CandidateRetry { by, reply } => _ = reply.send(self.ask(Event::RetryAsked { by }).await),
            Command::Rename { change, by, reply } => {
                let event = Event::NameAsked { name: change.name.into(), by };
                _ = reply.send(self.ask(event).await);
            }
            Command::ChooseConsole { console, by, reply } => {
                _ = reply.send(self.ask(Event::ConsoleAsked { console, by }).await);
            }
            Command::ChooseProxy { choice, by, reply } => {
                _ = reply.send(self.ask(Event::ProxyAsked { choice, by }).await);
            }
            Command::AddTrust { file, by, reply } => {
                let outcome = self.happened(Event::TrustOffered { file, by }).await;
                _ = reply.send(self.trusted(outcome));
            }
            Command::ConfirmTrust { confirmation, by, reply } => {
                let answer = match roots(&confirmation) {
                    Ok(roots) => {
                        let outcome = self.happened(Event::TrustConfirmed { roots, confirmation, by }).await;
                        self.trusted(outcome)
                    }
                    Err(why) => Err(why),
                };
                _ = reply.send(answer);
            }
            Command::NoteCheck { by, reply } => _ = reply.send(self.ask(Event::CheckAsked { by }).await),
            Command::NotePeople { record, by, reply } => {
                _ = reply.send(self.ask(Event::PeopleActed { record, by }).await);
            }
            Command::MakeRequest(reply) => {
                _ = reply.send(self.effects.make_request(&self.appliance, clock::wall()));
            }
            Command::Audit { after, limit, reply } => _ = reply.send(self.effects.audit(after, limit)),
            Command::SetupCode(reply) => {
                let code = self.state.appliance().setup_code().cloned();
                _ = reply.send(code.map(|code| SetupCodeView { code }).ok_or(Refusal::SetupDone));
            }
            Command::TrySetupCode { code, by, reply } => {
                _ = reply.send(self.ask(Event::SetupCodeTried { code, by }).await);
            }
            Command::SetupDone { by, reply } => _ = reply.send(self.ask(Event::SetupDone { by }).await),
            Command::StartRecovery { by, reply } => _ = reply.send(self.start_recovery(by).await),
            Command::RedeemRecovery { document, by, reply } => {
                _ = reply.send(self.redeem_recovery(&document, by).await);
            }
            Command::Reset { by, reply } => {
                let answer = self.ask(Event::ResetAsked { by }).await;
                if answer.is_ok() {
                    self.pin_trust_files().await;
                }
                _ = reply.send(answer);
            }
            #[cfg(debug_assertions)]
            Command::HangCore(reply) => {
                _ = reply.send(Ok(()));
                std::future::pending::<()>().await;
            }
        }
    }

    fn preview(&mut self, reading: &Reading, undelivered: &BTreeMap<Epoch, u64>) -> Preview {
        let going = self.state.epochs_for(reading.activation());
        let staying = undelivered.iter().filter(|(epoch, _)| !going.contains(epoch)).map(|(_, count)| count).sum();
        let present = Present { staying, ..Present::from(&self.snapshot(&boot::glance()).status) };
        Preview::new(reading.activation(), is_active(reading), &present)
    }

    pub(super) async fn ask(&mut self, event: Event) -> Result<(), Refusal> {
        self.happened(event).await.unwrap_or_else(|| Err(unanswered())).map(drop)
    }

    fn read(&self, file: &[u8], override_window: bool) -> Result<Reading, Refusal> {
        let (keys, wall) = (self.effects.request_keys(), clock::wall());
        let circumstances = Circumstances { appliance: &self.appliance, keys: &keys, wall, override_window };
        reading::activation(file, &self.state, self.state.appliance().trust(), &circumstances)
    }

    fn activation_answer(
        &self,
        outcome: Option<Result<Outcome, Refusal>>,
        activation: &Verified<Activation>,
    ) -> Result<ActivationAnswer, Refusal> {
        let outcome = match outcome.unwrap_or_else(|| Err(unanswered()))? {
            Outcome::Committed { .. } => Progress::Committed,
            Outcome::Candidate { .. } => Progress::Candidate,
            Outcome::AlreadyActive
            | Outcome::Kept
            | Outcome::Done
            | Outcome::Trusted { .. }
            | Outcome::RecoveryOpen { .. } => Progress::AlreadyActive,
        };
        let epoch = self.state.appliance().epoch();
        Ok(ActivationAnswer { outcome, serial: activation.serial, cti: activation.cti, epoch })
    }

    fn trusted(&self, outcome: Option<Result<Outcome, Refusal>>) -> Result<TrustRootView, Refusal> {
        let Outcome::Trusted { fingerprint } = outcome.unwrap_or_else(|| Err(unanswered()))? else {
            return Err(unanswered());
        };
        let mut roots = self.state.trust_roots().into_iter();
        roots.find(|root| root.id == fingerprint).ok_or_else(unanswered)
    }
}

const fn is_active(reading: &Reading) -> bool {
    matches!(reading, Reading::AlreadyActive(_))
}

fn roots(confirmation: &TrustConfirmation) -> Result<Vec<Vec<u8>>, Refusal> {
    Ok(inspect(&confirmation.file()?)?.roots().to_vec())
}

/// The state machine answers every event of a caller; this stands for the day it does not.
pub(super) fn unanswered() -> Refusal {
    Refusal::InvalidRequest { why: "the sensor gave no answer".to_owned() }
}
