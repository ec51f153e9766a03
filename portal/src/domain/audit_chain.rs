//! The chain of the audit: each record's digest covers the record and the digest before it, so that nobody changes,
//! removes or inserts a record without every later digest changing. Whoever wrote down a digest can tell.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

/// Where the chain begins.
pub const BEGINNING: [u8; 32] = [0; 32];

/// A record as it is chained and exported. `before` and `after` are JSON, byte for byte as they were stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// 1, 2, 3, …: none is left out.
    pub id: i64,
    /// When, RFC 3339.
    pub at: String,
    /// Who.
    pub actor: String,
    /// What.
    pub action: String,
    /// On which sensor.
    pub sensor: Option<String>,
    /// What was.
    pub before: Option<Box<RawValue>>,
    /// What is.
    pub after: Option<Box<RawValue>>,
    /// Of this record and all before it, hexadecimal.
    pub digest: String,
}

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is missing, or stands in another's place.
    #[error("record {expected} is missing: the next one is {found}")]
    Missing { expected: i64, found: i64 },
    /// A record is not what was recorded.
    #[error("record {id} is not what was recorded, or one before it is not")]
    Changed { id: i64 },
}

/// Walks along a chain from its beginning.
#[derive(Debug, Clone)]
pub struct Walk {
    records: i64,
    head: [u8; 32],
}

impl Default for Walk {
    fn default() -> Self {
        Self { records: 0, head: BEGINNING }
    }
}

impl Walk {
    /// Takes the next record.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn step(&mut self, record: &Record) -> Result<(), Broken> {
        if record.id != self.records + 1 {
            return Err(Broken::Missing { expected: self.records + 1, found: record.id });
        }
        let digest = next(&self.head, record);
        if hex(&digest) != record.digest {
            return Err(Broken::Changed { id: record.id });
        }
        (self.records, self.head) = (record.id, digest);
        Ok(())
    }

    /// How many records hold.
    #[must_use]
    pub const fn records(&self) -> i64 {
        self.records
    }

    /// The digest of the last one.
    #[must_use]
    pub fn head(&self) -> String {
        hex(&self.head)
    }
}

/// The digest of a record that follows `before`. Its own field is not looked at.
///
/// # Panics
/// Never: a record is strings.
#[must_use]
pub fn next(before: &[u8; 32], record: &Record) -> [u8; 32] {
    let Record { id, at, actor, action, sensor, before: was, after: is, digest: _ } = record;
    let text = |json: &Option<Box<RawValue>>| json.as_ref().map(|json| json.get().to_owned());
    let content = serde_json::to_vec(&(id, at, actor, action, sensor, text(was), text(is)));
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(content.expect("strings and a number are JSON"));
    hash.finalize().into()
}

/// A digest as it is shown.
#[must_use]
pub fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(records: i64) -> Vec<Record> {
        let mut head = BEGINNING;
        let make = |id| {
            let after = RawValue::from_string(format!("{{\"n\": {id}}}")).ok();
            let mut record = Record {
                id,
                at: "2027-01-15T08:00:00Z".to_owned(),
                actor: "mira".to_owned(),
                action: "sensor-edited".to_owned(),
                sensor: None,
                before: None,
                after,
                digest: String::new(),
            };
            head = next(&head, &record);
            record.digest = hex(&head);
            record
        };
        (1..=records).map(make).collect()
    }

    fn walk(records: &[Record]) -> Result<Walk, Broken> {
        let mut walk = Walk::default();
        records.iter().try_for_each(|record| walk.step(record))?;
        Ok(walk)
    }

    #[test]
    fn an_untouched_chain_holds_after_an_export_and_back() {
        let text: Vec<String> = chain(3).iter().map(|record| serde_json::to_string(record).unwrap()).collect();
        let back: Vec<Record> = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(walk(&back).map(|walk| (walk.records(), walk.head())), Ok((3, back[2].digest.clone())));
    }

    #[test]
    fn what_was_changed_taken_out_or_put_in_shows() {
        let mut changed = chain(3);
        changed[1].actor = "eve".to_owned();
        assert_eq!(walk(&changed).err(), Some(Broken::Changed { id: 2 }));
        let mut changed = chain(3);
        changed[1].after = RawValue::from_string("{\"n\":2}".to_owned()).ok();
        assert_eq!(walk(&changed).err(), Some(Broken::Changed { id: 2 }), "a space less");
        let mut without = chain(3);
        without.remove(0);
        assert_eq!(walk(&without).err(), Some(Broken::Missing { expected: 1, found: 2 }));
        let mut renumbered = chain(3);
        renumbered.remove(0);
        renumbered.iter_mut().zip(1..).for_each(|(record, id)| record.id = id);
        assert_eq!(walk(&renumbered).err(), Some(Broken::Changed { id: 1 }));
        let mut twice = chain(3);
        twice.insert(1, twice[1].clone());
        assert_eq!(walk(&twice).err(), Some(Broken::Missing { expected: 3, found: 2 }));
    }
}
