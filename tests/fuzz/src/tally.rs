//! Counts what a run reached, and says so when it ends: on stderr, and as JSON in the file that PICKET_FUZZ_REPORT names.

use std::{
    collections::BTreeMap,
    env, fs,
    sync::{Mutex, OnceLock},
};

use picket_protocol::refusal::Refusal;

static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());
static EXPECTED: OnceLock<Vec<String>> = OnceLock::new();

/// Starts a run: `expected` must all be reached before it ends.
pub fn start(expected: &[&str]) {
    EXPECTED.get_or_init(|| expected.iter().map(|name| (*name).to_owned()).collect());
    // SAFETY: `report` is an extern "C" function without arguments that does not unwind.
    unsafe { libc::atexit(report) };
}

/// Counts one.
pub fn count(name: &str) {
    let mut counts = COUNTS.lock().expect("no panic while counting");
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => _ = counts.insert(name.to_owned(), 1),
    }
}

/// Counts how a reading ended.
pub fn outcome<T>(read: &Result<T, Refusal>) {
    match read {
        Ok(_) => count("accepted"),
        Err(refusal) => count(refusal.code()),
    }
}

extern "C" fn report() {
    let Ok(counts) = COUNTS.lock() else { return };
    let missing: Vec<&String> =
        EXPECTED.get().into_iter().flatten().filter(|name| !counts.contains_key(*name)).collect();
    eprintln!("reached:");
    for (name, count) in counts.iter() {
        eprintln!("  {count:>10} {name}");
    }
    eprintln!("not reached: {missing:?}");
    if let Some(path) = env::var_os("PICKET_FUZZ_REPORT") {
        let report = serde_json::json!({ "reached": &*counts, "not_reached": missing });
        let _ = fs::write(path, report.to_string());
    }
}
