//! `cargo xtask fuzz TARGET`: one libFuzzer target on the stable toolchain, seeded with the vectors.
//!
//! Builds as cargo-fuzz does, by the same flags, so that nothing needs to be installed for it.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::builds::{cargo, root, target_folder};

/// Coverage for libFuzzer, and AddressSanitizer. Both are behind a nightly switch that `RUSTC_BOOTSTRAP` opens.
const FLAGS: &str = "--cfg fuzzing -Zsanitizer=address -Ccodegen-units=1 -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares \
    -Cdebug-assertions -Coverflow-checks";
/// Named, so that build scripts are not built with the flags.
const TRIPLE: &str = "x86_64-unknown-linux-gnu";

#[derive(Args)]
pub(crate) struct Fuzz {
    /// One of the files in tests/fuzz/fuzz_targets
    target: String,
    /// Stop after this many seconds
    #[arg(long, default_value_t = 60, conflicts_with = "runs")]
    seconds: u32,
    /// Stop after this many executions
    #[arg(long)]
    runs: Option<u64>,
}

impl Fuzz {
    pub(crate) fn run(&self) -> Result<bool> {
        if !targets()?.contains(&self.target) {
            bail!("no target {}; there are {}", self.target, targets()?.join(", "));
        }
        build()?;
        let limit = self.runs.map_or(format!("-max_total_time={}", self.seconds), |runs| format!("-runs={runs}"));
        fuzz(&self.target, &limit).map(|()| true)
    }
}

/// A short run of each target; says how many.
pub(crate) fn all(seconds: u32) -> Result<String> {
    build()?;
    let targets = targets()?;
    if targets.is_empty() {
        bail!("there are no fuzz targets");
    }
    for target in &targets {
        println!("\n-- {target}");
        fuzz(target, &format!("-max_total_time={seconds}"))?;
    }
    Ok(format!("{} targets, {seconds} s each, no finding", targets.len()))
}

fn folder() -> PathBuf {
    root().join("tests/fuzz")
}

fn targets() -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder().join("fuzz_targets")).context("there are no fuzz targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned));
    }
    names.sort();
    Ok(names)
}

fn target_dir() -> Result<PathBuf> {
    Ok(target_folder()?.join("fuzz"))
}

fn build() -> Result<()> {
    let mut command = cargo(&["build", "--release", "--target", TRIPLE, "--manifest-path", "tests/fuzz/Cargo.toml"]);
    command.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", FLAGS).env("CARGO_TARGET_DIR", target_dir()?);
    if !command.status().context("cannot run cargo")?.success() {
        bail!("the fuzz targets do not build");
    }
    Ok(())
}

/// The target writes the test vectors into `corpus` as seeds, and finds stay there; what crashes goes to `artifacts`.
fn fuzz(target: &str, limit: &str) -> Result<()> {
    let (corpus, artifacts) = (folder().join("corpus").join(target), folder().join("artifacts").join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let program = target_dir()?.join(TRIPLE).join("release").join(target);
    let mut command = Command::new(&program);
    command.args([limit, "-print_final_stats=1", "-verbosity=0", "-timeout=10", "-rss_limit_mb=2048"]);
    command.arg(format!("-artifact_prefix={}/", artifacts.display())).arg(&corpus);
    command.env("PICKET_FUZZ_SEEDS", &corpus);
    let status = command.status().with_context(|| format!("cannot run {}", program.display()))?;
    if !status.success() {
        bail!("{target} found something: see {}", artifacts.display());
    }
    Ok(())
}
