//! Refused sign-ins, gathered: a night of guessing is two lines an address every ten minutes, not ten thousand. Pure.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    time::Duration,
};

use picket_protocol::local_api::{PeopleDeed, PeopleRecord};

use super::deed;
use crate::accounts::PersonName;

/// After the first refusal of an address, those that follow are told together.
pub(super) const GATHERED_FOR: Duration = Duration::from_secs(600);
/// Addresses that are told apart.
const MOST_ADDRESSES: usize = 64;
/// Names in a record.
const MOST_NAMES: usize = 3;

/// What was refused since the last record of an address.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    addresses: HashMap<IpAddr, Gathered>,
}

#[derive(Debug, Default)]
struct Gathered {
    count: u64,
    names: BTreeSet<PersonName>,
    unknown: bool,
}

impl Refusals {
    /// The record of a first refusal; none where it is counted with others. Of further addresses than are told apart only
    /// the log speaks.
    pub(super) fn refused(&mut self, address: IpAddr, person: Option<&PersonName>) -> Option<PeopleRecord> {
        if let Some(gathered) = self.addresses.get_mut(&address) {
            gathered.add(person);
            return None;
        }
        if self.addresses.len() >= MOST_ADDRESSES {
            return None;
        }
        self.addresses.insert(address, Gathered::default());
        let mut first = Gathered::default();
        first.add(person);
        Some(first.record(address))
    }

    /// The record of those that followed, if any did. The next refusal is a first one again.
    pub(super) fn gathered(&mut self, address: IpAddr) -> Option<PeopleRecord> {
        let gathered = self.addresses.remove(&address)?;
        (gathered.count > 0).then(|| gathered.record(address))
    }
}

impl Gathered {
    fn add(&mut self, person: Option<&PersonName>) {
        self.count += 1;
        match person {
            Some(person) if self.names.len() < MOST_NAMES => _ = self.names.insert(person.clone()),
            Some(_) => {}
            None => self.unknown = true,
        }
    }

    fn record(&self, address: IpAddr) -> PeopleRecord {
        // Three of the longest names fit into a record.
        let mut names: Vec<&str> = self.names.iter().map(|name| clipped(name.as_str())).collect();
        if self.unknown {
            names.push("unknown names");
        }
        let after = format!("{} from {address}, as {}", self.count, names.join(", "));
        deed(PeopleDeed::SignInsRefused, after)
    }
}

/// Names are ASCII.
fn clipped(name: &str) -> &str {
    name.get(..32).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    fn person(name: &str) -> PersonName {
        PersonName::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn the_first_is_told_at_once_and_the_rest_in_one_line() {
        let mut refusals = Refusals::default();
        let mira = person("mira");
        let first = refusals.refused(address(1), Some(&mira)).unwrap();
        assert_eq!(first.after.as_deref(), Some("1 from 192.0.2.1, as mira"));
        for _ in 0..999 {
            assert_eq!(refusals.refused(address(1), Some(&mira)), None);
        }
        assert_eq!(refusals.refused(address(1), None), None);
        assert!(refusals.refused(address(2), None).is_some());
        let rest = refusals.gathered(address(1)).unwrap();
        assert_eq!(rest.after.as_deref(), Some("1000 from 192.0.2.1, as mira, unknown names"));
        assert_eq!(refusals.gathered(address(2)), None);
        assert!(refusals.refused(address(1), Some(&mira)).is_some());
    }

    #[test]
    fn memory_and_records_are_bounded() {
        let mut refusals = Refusals::default();
        let told = (0..200).filter(|last| refusals.refused(address(*last), None).is_some()).count();
        assert_eq!(told, MOST_ADDRESSES);
        for n in 0..100 {
            refusals.refused(address(1), Some(&person(&format!("{}{n}", "x".repeat(60)))));
        }
        let record = refusals.gathered(address(1)).unwrap();
        assert!(record.after.unwrap().len() <= 200);
    }
}
