//! Sets up the log: the journal when started by systemd, else lines on stderr. One line per fact.

use nix::sys::stat::fstat;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::{layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging. `info` unless the environment variable `PICKET_LOG` names another level.
#[expect(clippy::disallowed_methods, reason = "the level and the journal's stream are given by the environment")]
pub fn start() {
    let level = std::env::var("PICKET_LOG").ok().and_then(|level| level.parse().ok()).unwrap_or(LevelFilter::INFO);
    let stream = std::env::var("JOURNAL_STREAM").ok();
    let journal = stream.filter(|stream| stderr_is(stream)).and_then(|_| tracing_journald::layer().ok());
    let registry = tracing_subscriber::registry().with(level);
    // A second start, as in tests, keeps the first.
    let _ = match journal {
        Some(journal) => registry.with(journal).try_init(),
        None => {
            let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
            registry.with(lines).try_init()
        }
    };
}

/// systemd.exec(5): a program compares, since its stderr may have been redirected since.
fn stderr_is(stream: &str) -> bool {
    fstat(std::io::stderr()).is_ok_and(|stat| format!("{}:{}", stat.st_dev, stat.st_ino) == stream)
}
