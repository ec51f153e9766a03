//! A detection engine that is no engine: writes EVE lines, each alert with an id of its own, and remembers every one.
//! Its list is the oracle of every campaign: written = at the portal + dropped by reason + missed, as sets of ids.
//!
//! An alert's id is its `flow_id`. Lines are about 700 bytes long, as Suricata's are.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use serde_json::Value;

/// Of a payload, in base64.
const PAYLOAD_DIGITS: usize = 700;

/// Writes into one EVE file.
#[derive(Debug)]
pub struct Generator {
    path: PathBuf,
    file: File,
    next: u64,
    rotations: u32,
    written: BTreeSet<u64>,
    line: fn(u64) -> Vec<u8>,
}

impl Generator {
    /// Opens the file, or makes it. The first id is `first`, so that several generators can write apart.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn new(path: &Path, first: u64) -> Result<Self> {
        let (path, file) = (path.to_owned(), open(path)?);
        Ok(Self { path, file, next: first, rotations: 0, written: BTreeSet::new(), line })
    }

    /// Its alerts bring the packet's payload along, as an engine may be told: some 700 bytes of each do not shrink, so that
    /// it can be reckoned how many fill a log.
    #[must_use]
    pub fn with_payloads(mut self) -> Self {
        self.line = line_with_payload;
        self
    }

    /// Writes alerts, in one `write` each as Suricata does. Severities go round from 1 to 4.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn alerts(&mut self, count: usize) -> Result<()> {
        for _ in 0..count {
            let id = self.next;
            self.raw(&(self.line)(id))?;
            self.next += 1;
            self.written.insert(id);
        }
        Ok(())
    }

    /// Writes an alert of the caller's making under an id of its own, which is returned.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn alert(&mut self, mut record: Value) -> Result<u64> {
        let id = self.next;
        record["event_type"] = "alert".into();
        record["flow_id"] = id.into();
        self.raw(format!("{record}\n").as_bytes())?;
        self.next += 1;
        self.written.insert(id);
        Ok(id)
    }

    /// Writes bytes that are no alert: broken lines, other records.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// As logrotate with `create` and `dateext`: the file gets a dated name, and writing goes on in a new one. A reader can
    /// lose nothing.
    ///
    /// # Errors
    /// When it cannot be renamed.
    pub fn rotate(&mut self) -> Result<()> {
        let dated = self.dated();
        fs::rename(&self.path, dated)?;
        self.file = open(&self.path)?;
        Ok(())
    }

    /// As logrotate with `create` alone: the file becomes `.1`, what was that becomes `.2`, and so on.
    ///
    /// # Errors
    /// When a file cannot be renamed.
    pub fn rotate_by_numbers(&mut self) -> Result<()> {
        let last = (1..).take_while(|number| self.numbered(*number).exists()).last().unwrap_or(0);
        for number in (1..=last).rev() {
            fs::rename(self.numbered(number), self.numbered(number + 1))?;
        }
        fs::rename(&self.path, self.numbered(1))?;
        self.file = open(&self.path)?;
        Ok(())
    }

    /// As logrotate's `copytruncate`: the file is copied and emptied. What a reader had not read then is only in the copy.
    ///
    /// # Errors
    /// When it cannot be copied.
    pub fn copy_and_truncate(&mut self) -> Result<()> {
        let dated = self.dated();
        fs::copy(&self.path, dated)?;
        self.file.set_len(0)?;
        Ok(())
    }

    /// Empties the file and keeps no copy: what a reader had not read then is gone.
    ///
    /// # Errors
    /// When it cannot be emptied.
    pub fn truncate(&mut self) -> Result<()> {
        self.file.set_len(0).with_context(|| format!("cannot empty {}", self.path.display()))
    }

    /// Removes the file and goes on in a new one, to which the file system may give the same inode number.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&mut self) -> Result<()> {
        fs::remove_file(&self.path)?;
        self.file = open(&self.path)?;
        Ok(())
    }

    /// The ids of the alerts written so far.
    #[must_use]
    pub const fn written(&self) -> &BTreeSet<u64> {
        &self.written
    }

    /// Writes `rate` alerts a second from a thread of its own until it is taken back; rotates after every
    /// `rotate_after` alerts.
    #[must_use]
    pub fn in_background(mut self, rate: u32, rotate_after: Option<usize>) -> Background {
        let (stop, last) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(self.next - 1)));
        let (stopped, written) = (stop.clone(), last.clone());
        let thread = thread::spawn(move || {
            let start = Instant::now();
            let mut count = 0;
            while !stopped.load(Ordering::Relaxed) {
                let due = start + Duration::from_secs(1) * count / rate;
                thread::sleep(due.saturating_duration_since(Instant::now()));
                self.alerts(1)?;
                written.store(self.next - 1, Ordering::Release);
                count += 1;
                if rotate_after.is_some_and(|after| self.written.len().is_multiple_of(after)) {
                    self.rotate()?;
                }
            }
            Ok(self)
        });
        Background { stop, last, thread }
    }

    fn dated(&mut self) -> PathBuf {
        self.rotations += 1;
        self.beside(&format!("-20260105-{:06}", self.rotations))
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.beside(&format!(".{number}"))
    }

    fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        name.into()
    }
}

/// A generator at work.
#[derive(Debug)]
pub struct Background {
    stop: Arc<AtomicBool>,
    last: Arc<AtomicU64>,
    thread: JoinHandle<Result<Generator>>,
}

impl Background {
    /// The id of the last alert that is surely written.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    /// Ends the writing and takes the generator back, with its list.
    ///
    /// # Errors
    /// When it could not write.
    pub fn stop(self) -> Result<Generator> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| io::Error::other("the generator panicked"))?
    }
}

/// The id of an alert of a generator's; none for anything else.
#[must_use]
pub fn id_of(record: &Value) -> Option<u64> {
    (record["event_type"] == "alert").then(|| record["flow_id"].as_u64()).flatten()
}

/// How many severities there are.
const SEVERITIES: u64 = 4;

/// The line of an alert, with its line feed.
#[must_use]
pub fn line(id: u64) -> Vec<u8> {
    let severity = id % SEVERITIES + 1;
    let second = id / 1000 % 60;
    format!(
        "{{\"timestamp\":\"2026-01-05T06:00:{second:02}.{:06}+0000\",\"flow_id\":{id},\"in_iface\":\"mirror0\",\
         \"event_type\":\"alert\",\"src_ip\":\"192.0.2.66\",\"src_port\":{},\"dest_ip\":\"192.0.2.20\",\"dest_port\":502,\
         \"proto\":\"TCP\",\"pkt_src\":\"wire/pcap\",\"tx_id\":0,\"alert\":{{\"action\":\"allowed\",\"gid\":1,\
         \"signature_id\":{},\"rev\":1,\"signature\":\"Generated: severity {severity}\",\"category\":\"\",\
         \"severity\":{severity}}},\"modbus\":{{\"id\":1,\"request\":{{\"transaction_id\":{},\"protocol_id\":0,\
         \"unit_id\":1,\"function_raw\":6,\"function_code\":\"WrSingleReg\",\"category\":\"PUBLIC_ASSIGNED\",\
         \"error_flags\":\"NONE\",\"write\":{{\"address\":0,\"data\":256}}}}}},\"app_proto\":\"modbus\",\
         \"direction\":\"to_server\",\"flow\":{{\"pkts_toserver\":4,\"pkts_toclient\":3,\"bytes_toserver\":228,\
         \"bytes_toclient\":174,\"start\":\"2026-01-05T06:00:00.054000+0000\"}}}}\n",
        id % 1000 * 1000,
        1024 + id % 60_000,
        9_300_000 + severity,
        id % 65_536,
    )
    .into_bytes()
}

fn line_with_payload(id: u64) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut line = line(id);
    line.truncate(line.len() - "}\n".len());
    line.extend_from_slice(b",\"payload\":\"");
    let mut state = id.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    for _ in 0..PAYLOAD_DIGITS {
        // Xorshift, after Marsaglia.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        line.push(DIGITS[(state >> 58) as usize]);
    }
    line.extend_from_slice(b"\"}\n");
    line
}

fn open(path: &Path) -> Result<File> {
    File::options().create(true).append(true).open(path).with_context(|| format!("cannot open {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        folder::PrivateFolder,
        waiting::{PATIENCE, Waited, until},
    };

    /// The ids in a file, each line read as JSON.
    fn ids(path: &Path) -> Result<Vec<u64>> {
        let text = fs::read_to_string(path)?;
        text.lines().map(|line| id_of(&serde_json::from_str(line)?).context("no alert")).collect()
    }

    #[test]
    fn what_is_listed_was_written_over_rotation_and_truncation() -> Result<()> {
        let folder = PrivateFolder::new()?;
        let mut generator = Generator::new(&folder.join("eve.json"), 1)?;
        generator.alerts(5)?;
        generator.rotate()?;
        generator.alerts(4)?;
        generator.copy_and_truncate()?;
        generator.alerts(3)?;
        generator.rotate_by_numbers()?;
        generator.alerts(2)?;
        generator.rotate_by_numbers()?;
        generator.alerts(1)?;
        let files = ["-20260105-000001", "-20260105-000002", ".2", ".1", ""];
        let counts = [5, 4, 3, 2, 1];
        let mut first = 1;
        for (suffix, count) in files.into_iter().zip(counts) {
            let expected: Vec<_> = (first..first + count).collect();
            assert_eq!(ids(&folder.join(&format!("eve.json{suffix}")))?, expected, "{suffix}");
            first += count;
        }
        assert_eq!(generator.written().iter().copied().collect::<Vec<_>>(), (1..=15).collect::<Vec<_>>());
        Ok(())
    }

    #[test]
    fn lists_what_it_wrote_in_the_background() -> Result<()> {
        let folder = PrivateFolder::new()?;
        let path = folder.join("eve.json");
        let background = Generator::new(&path, 100)?.in_background(10_000, Some(50));
        until("it has rotated twice", PATIENCE, || {
            Ok(if background.last() > 220 { Waited::Holds(()) } else { Waited::NotYet("not yet".into()) })
        })?;
        let mut generator = background.stop()?;
        let mut found = ids(&path)?;
        let rotations = generator.rotations;
        generator.rotations = 0;
        for _ in 0..rotations {
            found.extend(ids(&generator.dated())?);
        }
        assert!(rotations >= 2);
        found.sort_unstable();
        assert_eq!(found, generator.written().iter().copied().collect::<Vec<_>>());
        Ok(())
    }
}
