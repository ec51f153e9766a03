//! Fixes the build date, the lowest instant that this program will ever believe, and packs the programs' relocations.
//!
//! `SOURCE_DATE_EPOCH` where the build sets it (reproducible packages), else the last commit's date, else now.

#![expect(clippy::disallowed_methods, reason = "a build has an environment, a clock and a git; the agent has not")]

use std::{
    process::Command,
    time::{SystemTime, UNIX_EPOCH},
};

fn main() {
    // Not on every commit: a build directory keeps its date until the build script or the setting changes.
    println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    println!("cargo::rerun-if-changed=build.rs");
    // A quarter of a megabyte of relocations, all of it read at each start, in 10 KiB (DT_RELR, glibc 2.36).
    println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    // The smallest build aborts where others unwind: 110 KB of index that only unwinding reads. And what comes out as the same
    // code is kept once, which is 70 KB: nothing here tells functions apart by their address.
    if std::env::var_os("OPT_LEVEL").is_some_and(|level| level == "z") {
        println!("cargo::rustc-link-arg-bins=-Wl,--no-eh-frame-hdr");
        println!("cargo::rustc-link-arg-bins=-Wl,--icf=all");
        // A string of SQLite's or of aws-lc's that another one ends with is kept once.
        println!("cargo::rustc-link-arg-bins=-Wl,-O2");
    }
    let date = from_environment().or_else(from_last_commit).unwrap_or_else(now);
    println!("cargo::rustc-env=PICKET_BUILD_DATE={date}");
}

fn from_environment() -> Option<u64> {
    std::env::var("SOURCE_DATE_EPOCH").ok()?.trim().parse().ok()
}

fn from_last_commit() -> Option<u64> {
    let answer = Command::new("git").args(["log", "-1", "--format=%ct"]).output().ok()?;
    String::from_utf8(answer.stdout).ok()?.trim().parse().ok()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
