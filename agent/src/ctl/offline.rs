//! Reads an activation file with no agent: by given trust roots, this computer's clock, and no floors.

use std::path::PathBuf;

use picket_protocol::{
    documents::activation::Activation,
    floors::Floors,
    ids::{ApplianceId, Thumbprint},
    reading::{self, Reading, ReadingContext},
    refusal::Refusal,
    trust::TrustStore,
    verified::Verified,
};

use super::{failure::Failure, files};
use crate::clock;

/// A file that would be believed, and what was not looked at.
pub(super) struct Read {
    pub(super) activation: Verified<Activation>,
    pub(super) notes: Vec<String>,
}

/// Reads a file as a sensor with these trust roots would.
///
/// A sensor's keys and, unless given, its appliance id are not known here: a file bound to one is read as that sensor
/// would read it, and a note says so.
pub(super) fn read(file: &[u8], trust_roots: &[PathBuf], appliance: Option<&ApplianceId>) -> Result<Read, Failure> {
    let mut trust = TrustStore::default();
    for path in trust_roots {
        trust.pin(&files::trust_root_file(path)?)?;
    }
    let nobody = ApplianceId::from_digest(&[0; 32]);
    match read_as(file, &trust, appliance.unwrap_or(&nobody), &[]) {
        Ok(activation) => Ok(Read { activation, notes: Vec::new() }),
        Err(Refusal::WrongAppliance { bound_to, .. }) if appliance.is_none() => {
            let note = "Not compared with an appliance: name one with --appliance ID".to_owned();
            Ok(Read { activation: read_as(file, &trust, &bound_to, &[])?, notes: vec![note] })
        }
        Err(Refusal::WrongKey { bound_to }) => {
            let note = "Not compared with a key: only the sensor that made the request can.".to_owned();
            let activation = read_as(file, &trust, appliance.unwrap_or(&nobody), &[bound_to])?;
            Ok(Read { activation, notes: vec![note] })
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn read_as(
    file: &[u8],
    trust: &TrustStore,
    appliance: &ApplianceId,
    keys: &[Thumbprint],
) -> Result<Verified<Activation>, Refusal> {
    let context = ReadingContext {
        trust,
        wall_clock: clock::wall(),
        build_date: clock::build_date(),
        appliance,
        keys,
        floors: &Floors::default(),
        override_window: false,
    };
    match reading::read_activation(file, &context)? {
        Reading::New(activation) | Reading::AlreadyActive(activation) => Ok(activation),
    }
}
