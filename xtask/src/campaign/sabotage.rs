//! Builds of agent and portal that are broken on purpose, each in one place: a campaign that does not find them out proves
//! nothing.

use std::fmt;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use picket_lab::Binaries;

use crate::broken_copy::{BrokenCopy, Cut};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Sabotage {
    /// The portal takes every alert as new
    DeduplicationOff,
    /// The portal acknowledges a batch before it is durable
    AcknowledgedBeforeCommit,
    /// The sensor's cursor moves when a batch is sent, not when it is acknowledged
    CursorAtSend,
    /// Where the engine's output was read to is made durable in a transaction before that of the alerts
    PositionBeforeAlert,
    /// An alert gets the epoch in force when it is read, not the one in which it was written
    EpochAtRead,
    /// A hub's acknowledgement counts as storage: nothing is ever sent again
    NeverSentAgain,
    /// What is not confirmed is sent again though the portal stored nothing after it
    SentAgainWithoutSign,
    /// The alert log is never synced
    LogNotSynced,
    /// The portal's database is never synced
    PortalNotSynced,
    /// The names in a folder are never synced
    NamesNotSynced,
    /// The alert log says that it took what it could not write
    FailureHidden,
    /// When the log is full, the gravest alerts are the first to go
    GravestGoFirst,
    /// A log that is set aside takes the place in the engine's output along
    PositionSetAside,
}

impl Sabotage {
    const fn cut(self) -> Cut {
        match self {
            Self::DeduplicationOff => Cut {
                file: "portal/src/domain/marks/mod.rs",
                from: "
            return Ok(false);
        }
        self.received += 1;",
                to: "
            return Ok(true);
        }
        self.received += 1;",
            },
            Self::AcknowledgedBeforeCommit => Cut {
                file: "portal/src/alerts/writer.rs",
                from: "
        let committed = begun && self.commit(draft).await;
        for (Asked { reply, room: _room }, taken) in waiting {
            let outcome = if committed { taken } else { taken.and(Err(Refused::StorageFailed)) };
            let _ = reply.send(outcome); // whoever delivered may have gone
        }",
                to: "
        for (Asked { reply, room: _room }, taken) in waiting {
            let _ = reply.send(taken);
        }
        let _ = begun && self.commit(draft).await;",
            },
            Self::CursorAtSend => Cut {
                file: "agent/lifecycle/src/delivery/turn.rs",
                from: "
            turn.effect(DeliveryEffect::Send(batch));",
                to: "
            turn.effect(DeliveryEffect::Send(batch));
            if let Some(item) = self.batch(batch).and_then(|items| items.last()) {
                self.marks.delivered = self.marks.delivered.max(item.place);
                self.keeping.moved(turn.boot());
            }",
            },
            Self::NeverSentAgain => Cut {
                file: "agent/lifecycle/src/delivery/resend.rs",
                from: "
    (at <= now).then_some(wanted)",
                to: "
    (at <= now).then_some(wanted).filter(|_| false)",
            },
            Self::SentAgainWithoutSign => Cut {
                file: "agent/lifecycle/src/delivery/resend.rs",
                from: "
    if to < stored_up_to {",
                to: "
    if to < stored_up_to || from < u64::MAX {",
            },
            Self::LogNotSynced => Cut {
                file: "agent/src/alert_log/schema.rs",
                from: "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;",
                to: "PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint=0;",
            },
            Self::PortalNotSynced => Cut {
                file: "portal/src/database/address.rs",
                from: ".synchronous(SqliteSynchronous::Full)",
                to: ".synchronous(SqliteSynchronous::Off)",
            },
            Self::NamesNotSynced => Cut {
                file: "durable/src/lib.rs",
                from: "
    File::open(folder)?.sync_all()",
                to: "
    File::open(folder).map(drop)",
            },
            Self::FailureHidden => Cut {
                file: "agent/src/alert_log/writer.rs",
                from: "
                let error = self.failed(&failure);
                group.into_iter().for_each(|job| job.answer(Err(error.clone())));",
                to: "
                self.failed(&failure);
                for job in group {
                    self.revision += u64::from(matches!(job.work, Work::Append { .. }));
                    job.answer(Ok(()));
                }",
            },
            Self::GravestGoFirst => Cut {
                file: "agent/src/alert_log/bounds.rs",
                from: "in Severity::ALL.into_iter().rev() {",
                to: "in Severity::ALL {",
            },
            Self::PositionSetAside => Cut {
                file: "agent/src/alert_log/backing.rs",
                from: "
        log.book.position = remains.position;",
                to: "",
            },
            Self::PositionBeforeAlert => Cut {
                file: "agent/src/alert_log/writer.rs",
                from: "
        let mut revision = self.revision;
        let answers",
                to: "
        let mut revision = self.revision;
        for job in group {
            if let Work::Append { position, epochs, .. } = &job.work {
                self.transact(|open| open.append(&NewAlerts::default(), position, epochs))?;
            }
        }
        let answers",
            },
            Self::EpochAtRead => Cut {
                file: "agent/src/engine/assign.rs",
                from: "
        let certain = Assigned {",
                to: "
        if let Some(newest) = self.records.last() {
            self.current = newest.epoch;
            self.crossings.clear();
        }
        let certain = Assigned {",
            },
        }
    }

    /// Builds it.
    pub(super) fn build(self) -> Result<Binaries> {
        let copy = BrokenCopy::with(&[self.cut()])?;
        let mut command = copy.cargo(&["build", "--package", "picket-agent", "--package", "picket-portal"]);
        ensure!(command.status().context("cannot run cargo")?.success(), "the sabotaged source does not build");
        Ok(Binaries::in_folder(copy.programs()))
    }
}

/// As the command line has it.
impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value().expect("no variant is hidden");
        f.write_str(value.get_name())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{broken_copy::cut, builds::root};

    #[test]
    fn every_sabotage_has_its_place_in_the_source() -> Result<()> {
        for sabotage in Sabotage::value_variants() {
            let place = sabotage.cut();
            let text = fs::read_to_string(root().join(place.file)).with_context(|| format!("{sabotage:?}"))?;
            assert_ne!(cut(&text, &[&place])?, text, "{sabotage:?}");
        }
        Ok(())
    }
}
