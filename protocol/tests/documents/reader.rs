//! Reads a document of any kind against a context of the manifest, as a sensor or portal would, to a word.

use picket_protocol::{
    floors::{Floors, InForce},
    heartbeat::{Answer, Heartbeat},
    ids::{ApplianceId, Serial, Thumbprint},
    reading::{Reading, ReadingContext, read_activation, read_deactivation, read_recovery, read_request},
    refusal::Refusal,
    time::UnixSeconds,
    trust::{TrustStore, encode_roots},
};

use super::manifest::{Commit, Context, Document};

/// A context of the manifest, ready for use.
pub struct Ready {
    pub trust: TrustStore,
    pub floors: Floors,
    wall_clock: UnixSeconds,
    build_date: UnixSeconds,
    appliance: ApplianceId,
    keys: Vec<Thumbprint>,
    override_window: bool,
}

impl Ready {
    pub fn new(context: &Context) -> Self {
        let mut trust = TrustStore::default();
        for chain in &context.trust {
            let roots: Vec<Vec<u8>> = chain.iter().map(|root| unhex(root)).collect();
            trust.pin(&encode_roots(&roots)).expect("a sound chain");
        }
        let mut floors = Floors::default();
        for commit in &context.commits {
            if commit.activation { floors.raise(in_force(commit)) } else { floors.end(in_force(commit)) }
        }
        Self {
            trust,
            floors,
            wall_clock: UnixSeconds(context.wall_clock),
            build_date: UnixSeconds(context.build_date),
            appliance: context.appliance.parse().expect("an appliance id"),
            keys: context.keys.iter().map(|key| key.parse().expect("a thumbprint")).collect(),
            override_window: context.override_window,
        }
    }

    pub fn context(&self) -> ReadingContext<'_> {
        ReadingContext {
            trust: &self.trust,
            wall_clock: self.wall_clock,
            build_date: self.build_date,
            appliance: &self.appliance,
            keys: &self.keys,
            floors: &self.floors,
            override_window: self.override_window,
        }
    }

    /// `accepted`, `already-active`, or the refusal.
    pub fn read(&self, document: Document, bytes: &[u8]) -> Result<&'static str, Refusal> {
        match document {
            Document::ActivationFile => match read_activation(bytes, &self.context())? {
                Reading::New(_) => Ok("accepted"),
                Reading::AlreadyActive(_) => Ok("already-active"),
            },
            Document::Deactivation => read_deactivation(bytes, &self.trust).map(|_| "accepted"),
            Document::Request => read_request(bytes).map(|_| "accepted"),
            Document::TrustRootFile => TrustStore::default().pin(bytes).map(|_| "accepted"),
            Document::Heartbeat => Heartbeat::decode(bytes).map(|_| "accepted"),
            Document::Recovery => read_recovery(bytes, &self.trust, &self.appliance).map(|_| "accepted"),
            Document::Answer => Answer::decode(bytes).map(|_| "accepted"),
        }
    }
}

fn in_force(commit: &Commit) -> InForce {
    InForce {
        issuer: commit.issuer.parse().expect("a trust root id"),
        sensor: commit.sensor.parse().expect("a sensor id"),
        serial: Serial(commit.serial),
        cti: commit.cti.parse().expect("a document id"),
        signer: commit.signer.parse().expect("a key id"),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let byte = |position: usize| u8::from_str_radix(&text[position..position + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}
