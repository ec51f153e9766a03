//! Measures the verification of an activation file: beside bare Ed25519 verification, and for the worst input found.
//! Run by `cargo xtask bench verify`.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod documents;
mod hostile;
mod timing;

use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, ensure};
use ed25519_dalek::{Signature, VerifyingKey};
use picket_protocol::reading::read_activation;

use crate::{
    documents::{Sensor, file_with_chain},
    timing::{cpu, median},
};

/// Against bare verification of as many signatures.
const MOST_TIMES_BARE: f64 = 1.3;
const ROUNDS: usize = 15;

/// The same code runs a fifth faster or slower by where the system happens to place stack and heap. Each process is
/// one such place; the median over several is a property of the code.
const PROCESSES: usize = 9;

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [chain] = arguments.as_slice() {
        let (with, without) = chain_here(chain.parse()?)?;
        println!("{with} {without}");
        return Ok(ExitCode::SUCCESS);
    }
    let mut well = true;
    for versions in [1, 3, 10] {
        well &= chain(versions)?;
    }
    well &= hostile::worst()?;
    Ok(if well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn chain(versions: u64) -> Result<bool> {
    let (mut with, mut without, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let process = Command::new(std::env::current_exe()?).arg(versions.to_string()).output()?;
        ensure!(process.status.success(), "{}", String::from_utf8_lossy(&process.stderr));
        let figures = String::from_utf8(process.stdout)?;
        let (file, bare) = figures.trim().split_once(' ').context("two figures")?;
        let (file, bare): (f64, f64) = (file.parse()?, bare.parse()?);
        with.push(file);
        without.push(bare);
        ratios.push(file / bare);
    }
    let ratio = median(&ratios);
    let verdict = if ratio <= MOST_TIMES_BARE { "ok" } else { "MISSED" };
    ratios.sort_by(f64::total_cmp);
    println!(
        "chain of {versions:>2}: {:>7.1} µs for {versions} signatures, bare Ed25519 {:>7.1} µs: {ratio:.2} x (limit {MOST_TIMES_BARE}; {:.2} to {:.2} over {PROCESSES} processes) {verdict}",
        median(&with),
        median(&without),
        ratios[0],
        ratios[PROCESSES - 1],
    );
    Ok(ratio <= MOST_TIMES_BARE)
}

/// A-B-A-B: the file, then as many bare verifications of a message of the same size. Microseconds of both.
fn chain_here(versions: u64) -> Result<(f64, f64)> {
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
    Ok((median(&with), median(&without)))
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
