//! `POST /v1/heartbeat`: bytes in, answer out. What it means is the domain's; that it is durable is the store's.

use std::{collections::BTreeMap, sync::Arc};

use hyper::body::Bytes;
use picket_protocol::{
    heartbeat::{Answer, Heartbeat},
    ids::StreamId,
    wire::MEDIA_ANSWER,
};

use super::{answers, peer::Peer};
use crate::{
    clock,
    domain::{
        heartbeat::{Answered, Reply, Summary},
        refused::Refused,
    },
    portal::Portal,
    store::Spoken,
};

pub(super) async fn hear(portal: &Portal, peer: &Peer, body: Bytes) -> Result<answers::Answer, Refused> {
    let certified = peer.current(clock::now())?;
    let heartbeat = Heartbeat::decode(&body)?;
    let (digest, summary) = (Heartbeat::digest(&body), Summary::of(&heartbeat));
    let reported = heartbeat.status.iter().flat_map(|status| &status.streams);
    let heads: BTreeMap<StreamId, u64> = reported.map(|(stream, totals)| (*stream, totals.head)).collect();
    let spoken = Spoken { certified, heartbeat, body: Arc::from(&body[..]), digest, summary };
    let answer = match portal.store.hear(spoken).await? {
        Reply::Answered(answered) => {
            let confirmations = portal.alerts.confirmations(certified.sensor, heads.keys()).await?;
            if !heads.is_empty() {
                portal.alerts.heard(certified.sensor, heads);
            }
            Answer { confirmations, ..taken(portal, answered)? }
        }
        Reply::Deactivated { sensor, deletion } => {
            let trust = portal.trust()?;
            let document = trust.deactivation(&deletion.document(trust.id(), sensor))?;
            Answer { time: clock::now(), deactivation: Some(document), ..Answer::default() }
        }
        Reply::Refused(refused) => return Err(refused),
    };
    Ok(answers::ok(MEDIA_ANSWER, answer.encode()))
}

fn taken(portal: &Portal, answered: Answered) -> Result<Answer, Refused> {
    let Answered { desired, roots_after, reissue } = answered;
    let roots = match roots_after {
        Some(version) => portal.trust()?.roots_after(version),
        None => Vec::new(),
    };
    Ok(Answer { time: clock::now(), desired, roots, reissue, ..Answer::default() })
}
