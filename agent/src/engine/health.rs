//! How the engine's output is, as one stable word.

use std::{io, time::Duration};

use super::stats::EngineDrops;

/// An engine that writes nothing for so long, not even its counters, is silent.
const SILENCE: Duration = Duration::from_secs(15 * 60);

/// What the word is made of.
#[derive(Debug, Default)]
pub(super) struct Health {
    /// What the last look at the file or socket said.
    pub(super) failure: Option<io::ErrorKind>,
    /// The boot clock at the last record of any kind, or at the start.
    pub(super) last_record: Duration,
    pub(super) drops: EngineDrops,
}

impl Health {
    /// `ok`, `eve-missing`, `eve-unreadable`, `engine-silent` or `engine-drops`.
    pub(super) fn code(&self, now: Duration) -> &'static str {
        match self.failure {
            Some(io::ErrorKind::NotFound) => "eve-missing",
            Some(_) => "eve-unreadable",
            None if now.saturating_sub(self.last_record) >= SILENCE => "engine-silent",
            None if self.drops.are_recent(now) => "engine-drops",
            None => "ok",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::stats::dropping, *};

    #[test]
    fn the_gravest_word_is_told() {
        let at = Duration::from_secs;
        let mut health = Health { last_record: at(100), ..Health::default() };
        assert_eq!(health.code(at(999)), "ok");
        health.drops.take(dropping(1), at(300));
        health.drops.take(dropping(2), at(400));
        assert_eq!(health.code(at(999)), "engine-drops");
        assert_eq!(health.code(at(1000)), "engine-silent");
        health.failure = Some(io::ErrorKind::PermissionDenied);
        assert_eq!(health.code(at(1000)), "eve-unreadable");
        health.failure = Some(io::ErrorKind::NotFound);
        assert_eq!(health.code(at(1000)), "eve-missing");
    }
}
