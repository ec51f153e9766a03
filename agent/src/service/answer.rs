//! A heartbeat's answer becomes an event: decoded, and the signed documents in it read by the roots that came with it.

use picket_lifecycle::{
    State,
    accepted::{Accepted, Ended},
    effect::Call,
    event::{Answered, CallEnded, Event, Failure},
};
use picket_protocol::{heartbeat::Answer, ids::HeartbeatDigest, reading::read_deactivation, refusal::Refusal};

use super::{
    effects::HeartbeatReply,
    reading::{self, Circumstances},
};

/// A heartbeat that ended, as the call's task tells it.
#[derive(Debug)]
pub(super) struct HeartbeatEnded {
    pub(super) call: Call,
    pub(super) digest: HeartbeatDigest,
    pub(super) result: Result<HeartbeatReply, Failure>,
}

/// The event of it.
pub(super) fn event(ended: HeartbeatEnded, state: &State, circumstances: &Circumstances<'_>) -> Event {
    let HeartbeatEnded { call, digest, result } = ended;
    let result = result.and_then(|reply| {
        let answer = Answer::decode(&reply.bytes).map_err(|why| Failure::from(bad_answer(&call, &why)))?;
        Ok(read(answer, digest, &reply, &call, state, circumstances))
    });
    Event::HeartbeatAnswered(CallEnded { stamp: call.stamp, ticket: call.ticket, result })
}

fn read(
    answer: Answer,
    digest: HeartbeatDigest,
    reply: &HeartbeatReply,
    call: &Call,
    state: &State,
    circumstances: &Circumstances<'_>,
) -> Answered {
    let issuer = state.activations().find(|(activation, ..)| activation.cti == call.stamp.cti);
    let known = state.appliance();
    let trust = issuer
        .map_or_else(|| known.trust().clone(), |(activation, ..)| known.trust_with(activation.issuer, &answer.roots));
    let reissue = answer.reissue.as_deref().map(|file| {
        let reading = reading::activation(file, state, &trust, circumstances)?;
        Ok(Accepted::from(reading.activation()))
    });
    let deactivation = answer.deactivation.as_deref();
    let deactivation = deactivation.map(|bytes| read_deactivation(bytes, &trust).map(|ended| Ended::from(&ended)));
    Answered { digest, answer, reissue, deactivation, server_not_after: reply.server_not_after }
}

fn bad_answer(call: &Call, why: &Refusal) -> Refusal {
    Refusal::BadAnswer { host: call.endpoint.url.clone(), why: why.to_string() }
}
