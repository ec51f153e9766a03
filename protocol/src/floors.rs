//! Serial floors: what stops a replay. One per (issuer, sensor), remembered by the key that set it, so that a key's
//! floors fall away with the key when its owner withdraws it.

use alloc::{collections::BTreeMap, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{
    documents::{activation::Activation, deactivation::Deactivation},
    ids::{Cti, Kid, SensorId, Serial, TrustRootId},
    reading::verified::Verified,
};

/// The floors of this appliance, and the activation in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Floors {
    floors: BTreeMap<(TrustRootId, SensorId), BTreeMap<Kid, Serial>>,
    active: Option<InForce>,
}

/// What identifies a commit to the floors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// `iss`.
    pub issuer: TrustRootId,
    /// `sub`.
    pub sensor: SensorId,
    /// Its serial.
    pub serial: Serial,
    /// `cti`.
    pub cti: Cti,
    /// The key that signed it.
    pub signer: Kid,
}

impl From<&Verified<Activation>> for InForce {
    fn from(activation: &Verified<Activation>) -> Self {
        Self {
            issuer: activation.issuer,
            sensor: activation.sensor,
            serial: activation.serial,
            cti: activation.cti,
            signer: activation.signer(),
        }
    }
}

impl From<&Verified<Deactivation>> for InForce {
    fn from(deactivation: &Verified<Deactivation>) -> Self {
        Self {
            issuer: deactivation.issuer,
            sensor: deactivation.sensor,
            serial: deactivation.serial,
            cti: deactivation.cti,
            signer: deactivation.signer(),
        }
    }
}

impl Floors {
    /// The highest serial that a key which still stands has committed for (`issuer`, `sensor`). A new activation must
    /// be above it.
    #[must_use]
    pub fn floor(&self, issuer: TrustRootId, sensor: SensorId, withdrawn: impl Fn(&Kid) -> bool) -> Option<Serial> {
        let set = self.floors.get(&(issuer, sensor))?;
        set.iter().filter(|(kid, _)| !withdrawn(kid)).map(|(_, serial)| *serial).max()
    }

    /// The activation in force.
    #[must_use]
    pub const fn active(&self) -> Option<&InForce> {
        self.active.as_ref()
    }

    /// An activation was committed: it is in force now, its floor rises to its serial, and so does that of every other
    /// sensor held before under the same issuer.
    pub fn raise(&mut self, committed: InForce) {
        self.floors.entry((committed.issuer, committed.sensor)).or_default();
        for ((issuer, _), set) in &mut self.floors {
            if *issuer == committed.issuer {
                raise_one(set, &committed);
            }
        }
        self.active = Some(committed);
    }

    /// A deactivation was committed: nothing is in force, and what it ended cannot come back.
    pub fn end(&mut self, ended: InForce) {
        raise_one(self.floors.entry((ended.issuer, ended.sensor)).or_default(), &ended);
        self.active = None;
    }
}

fn raise_one(set: &mut BTreeMap<Kid, Serial>, committed: &InForce) {
    let floor = set.entry(committed.signer).or_insert(committed.serial);
    *floor = committed.serial.max(*floor);
}

/// The floors as they are stored: a list, since JSON has no keys of two parts.
#[derive(Serialize, Deserialize)]
struct Stored {
    floors: Vec<StoredFloor>,
    active: Option<InForce>,
}

#[derive(Serialize, Deserialize)]
struct StoredFloor {
    issuer: TrustRootId,
    sensor: SensorId,
    signer: Kid,
    serial: Serial,
}

impl From<Floors> for Stored {
    fn from(floors: Floors) -> Self {
        let flat = |((issuer, sensor), set): (&(TrustRootId, SensorId), &BTreeMap<Kid, Serial>)| {
            let (issuer, sensor) = (*issuer, *sensor);
            let stored =
                |(signer, serial): (&Kid, &Serial)| StoredFloor { issuer, sensor, signer: *signer, serial: *serial };
            set.iter().map(stored).collect::<Vec<_>>()
        };
        Self { floors: floors.floors.iter().flat_map(flat).collect(), active: floors.active }
    }
}

impl From<Stored> for Floors {
    fn from(stored: Stored) -> Self {
        let mut floors = Self { active: stored.active, ..Self::default() };
        for StoredFloor { issuer, sensor, signer, serial } in stored.floors {
            floors.floors.entry((issuer, sensor)).or_default().insert(signer, serial);
        }
        floors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed(sensor: u8, serial: u64, signer: u8) -> InForce {
        InForce {
            issuer: TrustRootId::from_bytes([7; 32]),
            sensor: SensorId::from_bytes([sensor; 16]),
            serial: Serial(serial),
            cti: Cti::from_bytes([1; 16]),
            signer: Kid::from_bytes([signer; 32]),
        }
    }

    fn floor(floors: &Floors, of: &InForce, withdrawn: u8) -> Option<u64> {
        floors.floor(of.issuer, of.sensor, |kid| kid.as_bytes()[0] == withdrawn).map(|serial| serial.0)
    }

    #[test]
    fn a_commit_raises_every_sensor_held_before_under_its_issuer() {
        let mut floors = Floors::default();
        floors.raise(committed(1, 10, 1));
        floors.raise(committed(2, 20, 1));
        assert_eq!(floor(&floors, &committed(1, 0, 0), 0), Some(20));
        assert_eq!(floor(&floors, &committed(2, 0, 0), 0), Some(20));
        assert_eq!(floor(&floors, &committed(3, 0, 0), 0), None);
        let mut elsewhere = committed(4, 99, 1);
        elsewhere.issuer = TrustRootId::from_bytes([8; 32]);
        floors.raise(elsewhere);
        assert_eq!(floor(&floors, &committed(1, 0, 0), 0), Some(20));
    }

    #[test]
    fn a_floor_of_a_withdrawn_key_does_not_count_but_an_earlier_one_does() {
        let mut floors = Floors::default();
        floors.raise(committed(1, 10, 1));
        floors.raise(committed(1, 1000, 2));
        assert_eq!(floor(&floors, &committed(1, 0, 0), 0), Some(1000));
        assert_eq!(floor(&floors, &committed(1, 0, 0), 2), Some(10));
    }

    #[test]
    fn a_deactivation_raises_the_floor_and_leaves_nothing_in_force() {
        let mut floors = Floors::default();
        floors.raise(committed(1, 10, 1));
        floors.end(committed(1, 30, 1));
        assert_eq!(floors.active(), None);
        assert_eq!(floor(&floors, &committed(1, 0, 0), 0), Some(30));
    }

    #[test]
    fn a_floor_never_falls() {
        let mut floors = Floors::default();
        floors.raise(committed(1, 10, 1));
        floors.raise(committed(1, 5, 1));
        assert_eq!(floor(&floors, &committed(1, 0, 0), 0), Some(10));
    }

    #[test]
    fn stored_floors_reload_to_themselves() {
        let mut floors = Floors::default();
        floors.raise(committed(1, 10, 1));
        floors.raise(committed(2, 20, 2));
        let stored = serde_json::to_string(&floors).unwrap();
        assert_eq!(serde_json::from_str::<Floors>(&stored).unwrap(), floors);
    }
}
