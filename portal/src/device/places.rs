//! Who may hold how many connections, and how fast one address may begin handshakes: a flood from an address, by whoever
//! holds no certificate of ours, leaves room and processor to the enrolled sensors.
//!
//! Counts only; accepts nothing, and takes the time as an argument.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    convert::Infallible,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use picket_protocol::ids::Thumbprint;
use tokio::{sync::oneshot, time::Instant};

/// Connections of one address on which no certificate of ours was shown yet, if addresses are bounded.
const STRANGERS_PER_ADDRESS: u32 = 512;
/// The same of all addresses, and at most this part of all connections.
const STRANGERS: usize = 8192;
const STRANGERS_PART: usize = 2;
/// Connections with one key. A sensor has one for heartbeats and one for alerts; those that its network broke stay open
/// here until they have idled for long.
const CONNECTIONS_PER_KEY: usize = 16;
/// Handshakes begin at once until an address is so much ahead of its pace.
const AHEAD: Duration = Duration::from_secs(1);
/// How often addresses of which nothing is left to know are forgotten.
const FORGET_EVERY: Duration = Duration::from_secs(10);

/// The places of one listener. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Places(Arc<Mutex<Taken>>);

#[derive(Debug)]
struct Taken {
    /// Handshakes a second that an address may begin; none: it is not looked at addresses.
    pace: Option<NonZeroU32>,
    most_strangers: usize,
    strangers: usize,
    addresses: HashMap<IpAddr, Address>,
    /// Of each key its connections, the oldest first.
    keys: HashMap<Thumbprint, VecDeque<Connected>>,
    last_number: u64,
    forgot_at: Instant,
}

#[derive(Debug)]
struct Address {
    strangers: u32,
    /// When its handshakes will have kept to the pace.
    paid_until: Instant,
}

/// The place of a connection on which no certificate of ours was shown yet. Free again when it is dropped.
#[derive(Debug)]
pub(super) struct Stranger {
    places: Places,
    address: IpAddr,
    /// How long its handshake has to wait.
    pub(super) wait: Duration,
}

#[derive(Debug)]
struct Connected {
    number: u64,
    /// Tells the connection, by being dropped, that a later one has its place.
    _until: oneshot::Sender<Infallible>,
}

/// The place of a connection of a key that our CA certified. Free again when it is dropped.
#[derive(Debug)]
pub(super) struct Known {
    places: Places,
    key: Thumbprint,
    number: u64,
    until: oneshot::Receiver<Infallible>,
}

impl Places {
    /// For so many connections in all.
    pub(super) fn new(room: usize, pace: Option<NonZeroU32>, now: Instant) -> Self {
        Self(Arc::new(Mutex::new(Taken {
            pace,
            most_strangers: STRANGERS.min(room.div_ceil(STRANGERS_PART)),
            strangers: 0,
            addresses: HashMap::new(),
            keys: HashMap::new(),
            last_number: 0,
            forgot_at: now,
        })))
    }

    /// A place for a connection that comes from an address; none if it, or all together, have too many.
    pub(super) fn stranger(&self, address: IpAddr, now: Instant) -> Option<Stranger> {
        let address = network(address);
        let wait = self.taken().add_stranger(address, now)?;
        Some(Stranger { places: self.clone(), address, wait })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stranger {
    /// Its place among the enrolled, now that it has shown its key. Where the key has too many, the oldest has to go: it
    /// is the likeliest to be one that the sensor knows no more.
    pub(super) fn known(self, key: Thumbprint) -> Known {
        let places = self.places.clone();
        drop(self);
        let (number, until) = places.taken().add_key(key);
        Known { places, key, number, until }
    }
}

impl Known {
    /// Waits until a later connection has taken its place.
    pub(super) async fn lost(&mut self) {
        let Err(_) = (&mut self.until).await;
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.strangers -= 1;
        if let Some(address) = taken.addresses.get_mut(&self.address) {
            address.strangers -= 1;
        }
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        if let Entry::Occupied(mut open) = self.places.taken().keys.entry(self.key) {
            open.get_mut().retain(|connected| connected.number != self.number);
            if open.get().is_empty() {
                open.remove();
            }
        }
    }
}

impl Taken {
    /// How long the handshake has to wait.
    fn add_stranger(&mut self, address: IpAddr, now: Instant) -> Option<Duration> {
        self.forget(now);
        if self.strangers >= self.most_strangers {
            return None;
        }
        let mut wait = Duration::ZERO;
        if let Some(pace) = self.pace {
            let known = self.addresses.entry(address).or_insert(Address { strangers: 0, paid_until: now });
            if known.strangers >= STRANGERS_PER_ADDRESS {
                return None;
            }
            known.strangers += 1;
            wait = known.begin(pace, now);
        }
        self.strangers += 1;
        Some(wait)
    }

    fn add_key(&mut self, key: Thumbprint) -> (u64, oneshot::Receiver<Infallible>) {
        self.last_number += 1;
        let (number, (until, lost)) = (self.last_number, oneshot::channel());
        let open = self.keys.entry(key).or_default();
        if open.len() >= CONNECTIONS_PER_KEY {
            open.pop_front();
        }
        open.push_back(Connected { number, _until: until });
        (number, lost)
    }

    fn forget(&mut self, now: Instant) {
        if now.duration_since(self.forgot_at) >= FORGET_EVERY {
            self.addresses.retain(|_, address| address.strangers > 0 || address.paid_until > now);
            self.forgot_at = now;
        }
    }
}

impl Address {
    /// One more handshake: how long it has to wait.
    fn begin(&mut self, pace: NonZeroU32, now: Instant) -> Duration {
        let each = Duration::from_secs(1) / pace.get();
        // Those that hang up while they wait must not make others wait for longer than those that can wait at all.
        let longest = AHEAD + each * STRANGERS_PER_ADDRESS;
        self.paid_until = (self.paid_until.max(now) + each).min(now + longest);
        self.paid_until.duration_since(now).saturating_sub(AHEAD)
    }
}

/// Whom an address stands for: of IPv6 a network of 64 bits, since one host may use all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}
