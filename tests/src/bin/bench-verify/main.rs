//! Measures the verification of an activation file: beside bare Ed25519 verification, and for the worst input found.
//! Run by `cargo xtask bench verify`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod documents;
mod hostile;
mod timing;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use ed25519_dalek::{Signature, VerifyingKey};
use picket_protocol::reading::read_activation;

use crate::{
    documents::{Sensor, file_with_chain},
    timing::{cpu, median},
};

/// Against bare verification of as many signatures.
const MOST_TIMES_BARE: f64 = 1.3;
const ROUNDS: usize = 15;

fn main() -> Result<ExitCode> {
    let mut well = true;
    for versions in [1, 3, 10] {
        well &= chain(versions)?;
    }
    well &= hostile::worst()?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A-B-A-B: the file, then as many bare verifications of a message of the same size.
fn chain(versions: u64) -> Result<bool> {
    let (first, file) = file_with_chain(versions);
    let sensor = Sensor::that_pinned(&first)?;
    ensure!(read_activation(&file, &sensor.context()).is_ok(), "the file is good");
    let signatures = usize::try_from(versions)?;
    let bare = Bare::new(700);
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        with.push(cpu(20, || read_activation(&file, &sensor.context()).is_ok()));
        without.push(cpu(20, || (0..signatures).all(|_| bare.verifies())));
    }
    let ratio = median(&with) / median(&without);
    let verdict = if ratio <= MOST_TIMES_BARE { "ok" } else { "MISSED" };
    println!(
        "chain of {versions:>2}: {:>7.1} µs for {signatures} signatures, bare Ed25519 {:>7.1} µs: {ratio:.2} x (limit {MOST_TIMES_BARE}) {verdict}",
        median(&with),
        median(&without),
    );
    Ok(ratio <= MOST_TIMES_BARE)
}

/// The peer: what no verifier can do without.
struct Bare {
    key: [u8; 32],
    message: Vec<u8>,
    signature: Signature,
}

impl Bare {
    fn new(size: usize) -> Self {
        use ed25519_dalek::Signer;
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let message = vec![0x5a; size];
        Self { key: key.verifying_key().to_bytes(), signature: key.sign(&message), message }
    }

    fn verifies(&self) -> bool {
        VerifyingKey::from_bytes(&self.key).is_ok_and(|key| key.verify_strict(&self.message, &self.signature).is_ok())
    }
}
