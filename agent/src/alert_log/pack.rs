//! A run of alerts as it lies in one row: what is looked for in front, their records behind, packed together, since records
//! of one engine are much alike. Bytes only; knows no database.

use std::cell::OnceCell;

use picket_protocol::alerts::{MAX_RECORD, Severity, UnixMillis};

use crate::store::failure::Failure;

/// About how many bytes of records one run has: whoever wants one of them unpacks them all.
const MAX_BYTES: usize = 64 * 1024;
/// Most alerts of a run.
const MAX_ALERTS: usize = 512;
/// A run of fewer bytes is put together with its neighbours when it is taken in hand anyway.
pub(super) const SMALL: usize = MAX_BYTES / 8;

/// What is known of an alert without its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) place: u64,
    pub(super) severity: Severity,
    pub(super) at: UnixMillis,
    /// Where its record stands among those of its run.
    start: usize,
    end: usize,
}

/// A run that is being gathered.
#[derive(Debug, Default)]
pub(super) struct Packer {
    facts: Vec<Fact>,
    records: String,
    /// Of the last run, kept so that each needs none of its own.
    coded: Vec<u8>,
    body: Body,
    /// Bytes of all runs since somebody asked.
    written: usize,
}

/// A run as it is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packed<'a> {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) facts: &'a [u8],
    pub(super) body: &'a [u8],
}

impl Packer {
    /// Adds an alert. Its place is after that of the one before.
    pub(super) fn push(&mut self, place: u64, severity: Severity, at: UnixMillis, record: &str) {
        let start = self.records.len();
        self.records.push_str(record);
        self.facts.push(Fact { place, severity, at, start, end: self.records.len() });
    }

    pub(super) fn is_full(&self) -> bool {
        self.records.len() >= MAX_BYTES || self.facts.len() >= MAX_ALERTS
    }

    /// Whether a whole run of so many bytes can be put together with what was gathered.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.records.len() + bytes <= MAX_BYTES
    }

    /// What was gathered, as it is written; none if that is nothing. Gathers anew.
    pub(super) fn finish(&mut self) -> Option<Packed<'_>> {
        let (first, last) = (self.facts.first()?.place, self.facts.last()?.place);
        self.coded.clear();
        let mut before = Fact { place: first, severity: Severity::High, at: UnixMillis(0), start: 0, end: 0 };
        for fact in &self.facts {
            write_number(&mut self.coded, fact.place - before.place);
            self.coded.push(fact.severity.number());
            write_number(&mut self.coded, zigzag(fact.at.0.wrapping_sub(before.at.0)));
            write_number(&mut self.coded, widen(fact.end - fact.start));
            before = *fact;
        }
        self.body.squeeze(self.records.as_bytes());
        self.forget();
        let body = self.body.bytes();
        self.written += self.coded.len() + body.len();
        Some(Packed { first, last, facts: &self.coded, body })
    }

    /// Forgets what was gathered.
    pub(super) fn forget(&mut self) {
        self.facts.clear();
        self.records.clear();
    }

    /// How many bytes were finished since this was asked last.
    pub(super) fn take_written(&mut self) -> usize {
        std::mem::take(&mut self.written)
    }
}

/// Records as they are written: packed where that makes them shorter, so a length says whether they were.
#[derive(Debug, Default)]
struct Body {
    /// Only grows: to make it ready for each run anew would cost as much as packing.
    room: Vec<u8>,
    length: usize,
}

impl Body {
    fn squeeze(&mut self, records: &[u8]) {
        let most = lz4_flex::block::get_maximum_output_size(records.len());
        if self.room.len() < most {
            self.room.resize(most, 0);
        }
        self.length = match lz4_flex::block::compress_into(records, &mut self.room) {
            Ok(length) if length < records.len() => length,
            _ => {
                self.room[..records.len()].copy_from_slice(records);
                records.len()
            }
        };
    }

    fn bytes(&self) -> &[u8] {
        &self.room[..self.length]
    }
}

/// A run as it was read.
#[derive(Debug)]
pub(super) struct Run<'a> {
    facts: Vec<Fact>,
    body: &'a [u8],
    records: OnceCell<String>,
}

impl<'a> Run<'a> {
    /// # Errors
    /// [`Failure::Corrupt`] when these are not the bytes of a run that ends where it should.
    pub(super) fn read(first: u64, last: u64, facts: &[u8], body: &'a [u8]) -> Result<Self, Failure> {
        let facts = read_facts(first, facts).filter(|facts| facts.last().is_some_and(|fact| fact.place == last));
        let facts = facts.ok_or_else(|| damaged(first))?;
        Ok(Self { facts, body, records: OnceCell::new() })
    }

    pub(super) fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// Those that stand in `first..=last`: a run may reach beyond what is asked for.
    pub(super) fn between(&self, (first, last): (u64, u64)) -> &[Fact] {
        let from = self.facts.partition_point(|fact| fact.place < first);
        let to = self.facts.partition_point(|fact| fact.place <= last);
        self.facts.get(from..to).unwrap_or_default()
    }

    /// Bytes of its records.
    pub(super) fn bytes(&self) -> usize {
        self.facts.last().map_or(0, |fact| fact.end)
    }

    /// The record of one of its facts.
    ///
    /// # Errors
    /// [`Failure::Corrupt`] when the records cannot be unpacked.
    pub(super) fn record(&self, fact: &Fact) -> Result<&str, Failure> {
        let records = match self.records.get() {
            Some(records) => records,
            None => {
                let records = self.unpack().ok_or_else(|| damaged(fact.place))?;
                self.records.get_or_init(|| records)
            }
        };
        records.get(fact.start..fact.end).ok_or_else(|| damaged(fact.place))
    }

    fn unpack(&self) -> Option<String> {
        let length = self.bytes();
        if self.body.len() == length {
            return String::from_utf8(self.body.to_vec()).ok();
        }
        let mut records = vec![0; length];
        let unpacked = lz4_flex::block::decompress_into(self.body, &mut records).ok()?;
        (unpacked == length).then(|| String::from_utf8(records).ok()).flatten()
    }
}

fn read_facts(first: u64, mut coded: &[u8]) -> Option<Vec<Fact>> {
    let mut facts = Vec::new();
    let mut before = Fact { place: first, severity: Severity::High, at: UnixMillis(0), start: 0, end: 0 };
    while !coded.is_empty() {
        // A record has a byte at least.
        if facts.len() >= MAX_BYTES {
            return None;
        }
        let place = before.place.checked_add(read_number(&mut coded)?)?;
        let (severity, rest) = coded.split_first()?;
        coded = rest;
        let severity = Severity::from_engine(Some(u64::from(*severity)));
        let at = UnixMillis(before.at.0.wrapping_add(unzigzag(read_number(&mut coded)?)));
        let length = usize::try_from(read_number(&mut coded)?).ok()?;
        let end = before.end.checked_add(length).filter(|end| *end <= MAX_BYTES + MAX_RECORD)?;
        before = Fact { place, severity, at, start: before.end, end };
        facts.push(before);
    }
    Some(facts)
}

fn damaged(place: u64) -> Failure {
    Failure::Corrupt(format!("the run at place {place} is damaged"))
}

/// LEB128: places and instants of neighbours differ by little.
fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_bits(number) | 0x80);
        number >>= 7;
    }
    out.push(low_bits(number));
}

fn read_number(coded: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = coded.split_first()?;
        *coded = rest;
        number |= u64::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

const fn low_bits(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7F
}

/// A sign at the lowest bit, so that what is near zero is short.
const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Lengths of what is in memory.
fn widen(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run_of(alerts: &[(u64, Severity, i64, &str)]) -> (u64, u64, Vec<u8>, Vec<u8>) {
        let mut packer = Packer::default();
        for (place, severity, at, record) in alerts {
            packer.push(*place, *severity, UnixMillis(*at), record);
        }
        let packed = packer.finish().unwrap();
        let packed = (packed.first, packed.last, packed.facts.to_vec(), packed.body.to_vec());
        assert_eq!(packer.take_written(), packed.2.len() + packed.3.len());
        assert!(packer.finish().is_none());
        packed
    }

    #[test]
    fn a_run_is_read_as_it_was_written() {
        let long = "x".repeat(3_000);
        let alerts = [
            (7, Severity::High, i64::MAX, r#"{"é":1}"#),
            (8, Severity::Informational, i64::MIN, ""),
            (700, Severity::Low, -1, &long),
            (u64::MAX / 2, Severity::Medium, 0, "{}"),
        ];
        let (first, last, facts, body) = run_of(&alerts);
        assert!(body.len() < 300, "{} bytes", body.len());
        let run = Run::read(first, last, &facts, &body).unwrap();
        let read: Vec<_> = run
            .facts()
            .iter()
            .map(|fact| (fact.place, fact.severity, fact.at.0, run.record(fact).unwrap().to_owned()))
            .collect();
        let expected =
            alerts.iter().map(|(place, severity, at, record)| (*place, *severity, *at, (*record).to_owned()));
        assert_eq!(read, expected.collect::<Vec<_>>());
    }

    #[test]
    fn what_does_not_shrink_is_kept_as_it_is() {
        let (first, last, facts, body) = run_of(&[(1, Severity::Low, 5, r#"{"a":"zq"}"#)]);
        assert_eq!(body, br#"{"a":"zq"}"#);
        let run = Run::read(first, last, &facts, &body).unwrap();
        assert_eq!(run.record(&run.facts()[0]).unwrap(), r#"{"a":"zq"}"#);
    }

    #[test]
    fn damage_is_told_and_costs_no_memory() {
        let text = "the same words again and again, ".repeat(40);
        let (first, last, facts, body) = run_of(&[(1, Severity::Low, 5, &text), (2, Severity::Low, 6, &text)]);
        let corrupt = |facts: &[u8], body: &[u8]| {
            let run = Run::read(first, last, facts, body);
            let read = run.and_then(|run| run.facts().iter().try_for_each(|fact| run.record(fact).map(drop)));
            matches!(read, Err(Failure::Corrupt(_)))
        };
        assert!(!corrupt(&facts, &body));
        assert!(corrupt(&facts, &body[..body.len() - 1]));
        assert!(corrupt(&facts, &[]));
        assert!(corrupt(&facts[..facts.len() - 1], &body));
        assert!(corrupt(&[], &body));
        // A length of 2^63 bytes, and one without an end.
        let huge = [&[0, 1, 0][..], &[0xFF; 8], &[0x7F]].concat();
        assert!(corrupt(&huge, &body));
        assert!(corrupt(&[0xFF; 40], &body));
        // As many as there is room for, of no bytes each.
        assert!(read_facts(1, &[0, 1, 0, 0].repeat(MAX_BYTES)).is_some());
        assert!(read_facts(1, &[0, 1, 0, 0].repeat(MAX_BYTES + 1)).is_none());
    }
}
