//! Recovery of the console's password: a document is read in full, then offered to the state. Decides nothing.

use picket_lifecycle::{accepted::Recovered, audit::Actor, event::Event, outcome::Outcome};
use picket_protocol::{
    local_api::{RecoveryGrant, RecoveryStart},
    reading::read_recovery,
    refusal::Refusal,
};

use super::{commands::unanswered, effects::Effects, task::Service};

impl<E: Effects> Service<E> {
    pub(super) async fn start_recovery(&mut self, by: Actor) -> Result<RecoveryStart, Refusal> {
        match self.happened(Event::RecoveryAsked { by }).await {
            Some(Ok(Outcome::RecoveryOpen { nonce })) => Ok(RecoveryStart { appliance: self.appliance.clone(), nonce }),
            Some(Err(why)) => Err(why),
            Some(Ok(_)) | None => Err(unanswered()),
        }
    }

    pub(super) async fn redeem_recovery(&mut self, document: &[u8], by: Actor) -> Result<RecoveryGrant, Refusal> {
        let recovery = read_recovery(document, self.state.appliance().trust(), &self.appliance)?;
        let recovered = Recovered::from(&recovery);
        self.ask(Event::RecoveryOffered { recovered, by }).await?;
        Ok(RecoveryGrant { decided_by: recovery.decided_by.clone() })
    }
}
