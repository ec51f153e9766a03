//! A cloud-connected sensor as it is shipped, whose alerts go to a far end of the bench.

use std::{fs, time::Duration};

use anyhow::{Context, Result, ensure};
use picket_lab::Settings;

use super::{
    super::programs::Shipped,
    cost::{cpu_seconds, now, peak_mib},
    far_end::{FarEnd, Taken, driver},
    records::Records,
};

/// Fields are dropped in their order.
pub(super) struct Sensor {
    pub(super) shipped: Shipped,
    pub(super) hub: FarEnd,
}

/// How a round went.
pub(super) struct Round {
    /// From the file's appearance to the last acknowledgement.
    pub(super) seconds: f64,
    pub(super) cpu_seconds: f64,
    pub(super) peak_mib: f64,
}

impl Sensor {
    /// Activated, its hub proved.
    pub(super) fn set_up() -> Result<Self> {
        Self::with("")
    }

    /// As well, with settings of its own.
    pub(super) fn with(more: &str) -> Result<Self> {
        let settings = Settings { heartbeat_interval_seconds: 60, more: more.into(), ..Settings::default() };
        let mut shipped = Shipped::with(&settings)?;
        let hub = FarEnd::hub(shipped.portal.data(), shipped.folder.path())?;
        let (url, authority) = (format!("https://127.0.0.1:{}", hub.port), shipped.portal.authority());
        let authority = authority.to_str().context("a path in UTF-8")?;
        shipped.portal.ask(&["hub", "add", "Bench", "--url", &url, "--ca", authority])?;
        let sensor = shipped.portal.add_sensor("measured", &["--mode", "cloud-connected", "--hub", "Bench"])?;
        let file = shipped.portal.download(&sensor, &shipped.folder.join("measured.activation"))?;
        // There from the beginning, and empty: the first epoch begins before every record.
        fs::write(shipped.agent.eve_file(), "")?;
        shipped.agent.start()?;
        shipped.agent.activate(&file)?;
        shipped.agent.until("the hub has accepted a probe", |status| {
            status["active"]["proof"]["hub"]["step"] == "proved" && status["candidate"].is_null()
        })?;
        Ok(Self { shipped, hub })
    }

    /// Gives it a file of records, and waits until the hub has acknowledged each, once.
    pub(super) fn deliver(&mut self, records: &Records, patience: Duration) -> Result<Round> {
        let pid = self.shipped.agent.program()?.pid();
        let (start, cpu) = (now()?, cpu_seconds(pid)?);
        records.appear(&self.shipped.agent.eve_file())?;
        self.hub.until_taken(records.count, patience)?;
        let end = all_once(self.hub.taken()?, records.count)?;
        let seconds = super::seconds(start, end);
        Ok(Round { seconds, cpu_seconds: cpu_seconds(pid)? - cpu, peak_mib: peak_mib(pid)? })
    }

    /// Waits until the log holds so many; gives when, in nanoseconds of the monotonic clock.
    pub(super) fn until_durable(&self, count: u64) -> Result<u64> {
        let log = self.shipped.agent.state().join("alerts.db");
        let output = driver()?.arg("durable").arg(log).arg(count.to_string()).output()?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
    }
}

/// The instant of the last acknowledgement, when `count` came each once and in order.
pub(super) fn all_once(taken: &[Taken], count: u64) -> Result<u64> {
    let mut last = 0;
    for Taken { count, last: next, .. } in taken {
        ensure!(next - count == last, "number {} came after {last}", next - count + 1);
        last = *next;
    }
    ensure!(last == count, "the hub has {last} of {count}");
    Ok(taken.last().context("the hub took nothing")?.at)
}
