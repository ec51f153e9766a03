//! The worst input of 64 KiB that we know how to make: families of shapes, each at its largest, then mutated.

use anyhow::Result;
use picket_protocol::{
    issue::activation_file,
    reading::read_activation,
    wire::{MAX_ACTIVATION_FILE, MAX_ARMOURED},
};

use crate::{
    documents::{Sensor, signed_activation, signed_root},
    timing::cpu,
};

const MOST_MILLISECONDS: f64 = 5.0;
const MUTATIONS: usize = 3000;

/// Prints each family's cost and the worst of all.
pub(crate) fn worst() -> Result<bool> {
    let first = signed_root(1, &[1, 2, 3, 4, 5], false);
    let sensor = Sensor::that_pinned(&first)?;
    let mut worst = (0.0, "none".to_owned());
    let mut costliest = Vec::new();
    for (name, file) in families(&first) {
        let microseconds = cost(&sensor, &file);
        let verdict = read_activation(&file, &sensor.context()).map_or_else(|refusal| refusal.code(), |_| "accepted");
        println!("{name}: {} bytes, {microseconds:.0} µs, {verdict}", file.len());
        if microseconds > worst.0 {
            worst = (microseconds, name.to_owned());
            costliest = file;
        }
    }
    let mut mutated = 0;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    for _ in 0..MUTATIONS {
        let mut file = costliest.clone();
        let random = next(&mut seed);
        let at = usize::try_from(random >> 8)? % file.len();
        file[at] ^= 1 << (random & 7);
        let microseconds = cost(&sensor, &file);
        if microseconds > worst.0 {
            worst.0 = microseconds;
            mutated += 1;
            costliest = file;
        }
    }
    let milliseconds = worst.0 / 1000.0;
    let well = milliseconds <= MOST_MILLISECONDS;
    let verdict = if well { "ok" } else { "MISSED" };
    println!(
        "worst: {}, mutated {mutated} times of {MUTATIONS}: {milliseconds:.2} ms of CPU (limit {MOST_MILLISECONDS}) {verdict}",
        worst.1
    );
    Ok(well)
}

/// The least of some runs: what else ran on the machine is not the input's fault.
fn cost(sensor: &Sensor, file: &[u8]) -> f64 {
    let run = || cpu(1, || read_activation(file, &sensor.context()).is_ok());
    (0..3).map(|_| run()).fold(f64::INFINITY, f64::min)
}

/// xorshift64, so that every run tries the same.
fn next(seed: &mut u64) -> u64 {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    *seed
}

fn families(first: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("as many root signatures as are taken, then a bad one", full_of_signatures(first, true)),
        ("one root signature too many", full_of_signatures(first, false)),
        ("arrays nested without end", vec![0x81; MAX_ACTIVATION_FILE]),
        ("an array of small integers", array_of(MAX_ACTIVATION_FILE, &[0x00])),
        ("an array of empty maps", array_of(MAX_ACTIVATION_FILE, &[0xa0])),
        ("an array of empty texts", array_of(MAX_ACTIVATION_FILE, &[0x60])),
        ("an array of empty byte strings", array_of(MAX_ACTIVATION_FILE, &[0x40])),
        ("a map of sorted keys", sorted_map()),
        ("one text", one_text()),
        ("armour around nothing", armour()),
    ]
}

/// Versions that each carry five signatures, up to the most that one file may bring, and over it.
fn full_of_signatures(first: &[u8], within: bool) -> Vec<u8> {
    let last = if within { 13 } else { 14 };
    let mut roots = vec![first.to_vec()];
    roots.extend((2..=last).map(|version| signed_root(version, &[1, 2, 3, 4, 5], true)));
    let mut signed = signed_activation(first, std::collections::BTreeMap::new());
    if let Some(byte) = signed.last_mut() {
        *byte ^= 1;
    }
    activation_file(&roots, &signed)
}

/// The three bytes of tag 55799, then an array of as many items as fit.
fn array_of(size: usize, item: &[u8]) -> Vec<u8> {
    let count = (size - 8) / item.len();
    let mut file = vec![0xd9, 0xd9, 0xf7, 0x99];
    let count = u16::try_from(count).unwrap_or(u16::MAX);
    file.extend(count.to_be_bytes());
    file.extend(item.iter().cycle().take(usize::from(count) * item.len()));
    file
}

fn sorted_map() -> Vec<u8> {
    let count = 16_000_u16;
    let mut file = vec![0xd9, 0xd9, 0xf7, 0xb9];
    file.extend(count.to_be_bytes());
    for key in 256..256 + count {
        file.push(0x19);
        file.extend(key.to_be_bytes());
        file.push(0x00);
    }
    file
}

fn one_text() -> Vec<u8> {
    let size = u16::try_from(MAX_ACTIVATION_FILE - 16).unwrap_or(u16::MAX);
    let mut file = vec![0xd9, 0xd9, 0xf7, 0x79];
    file.extend(size.to_be_bytes());
    file.resize(file.len() + usize::from(size), b'a');
    file
}

fn armour() -> Vec<u8> {
    let mut text = String::from("-----BEGIN PICKET ACTIVATION-----\n");
    while text.len() < MAX_ARMOURED - 64 {
        text.push_str("A A\n");
    }
    text.push_str("-----END PICKET ACTIVATION-----\n");
    text.into_bytes()
}
