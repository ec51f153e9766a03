//! How many connections are served at once, in all and for one address; the rest waits unread, bounded too.
//!
//! A connection that waits costs a socket; one that is served costs the buffers of TLS and HTTP.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

/// Served at once.
const SEATS: usize = 160;
/// Of these, for one address: an attacker at one address leaves room to all others.
const SEATS_PER_ADDRESS: usize = 48;
/// Accepted and not ended, in all and of one address.
const ACCEPTED: usize = 4096;
const ACCEPTED_PER_ADDRESS: usize = 2048;
/// Nobody waits for a seat longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// All seats. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    all: Arc<Semaphore>,
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
}

#[derive(Debug)]
struct Address {
    seats: Arc<Semaphore>,
    accepted: usize,
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Waiting {
    seats: Seats,
    address: IpAddr,
    own: Arc<Semaphore>,
}

/// The seat of a connection that is served; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
    _waiting: Waiting,
}

impl Default for Seats {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(SEATS)), addresses: Arc::default() }
    }
}

impl Seats {
    /// Accepts a connection; none when there are too many.
    pub(super) fn waiting(&self, address: IpAddr) -> Option<Waiting> {
        let address = address.to_canonical();
        let mut addresses = self.lock();
        if addresses.values().map(|address| address.accepted).sum::<usize>() >= ACCEPTED {
            return None;
        }
        let known = addresses
            .entry(address)
            .or_insert_with(|| Address { seats: Arc::new(Semaphore::new(SEATS_PER_ADDRESS)), accepted: 0 });
        if known.accepted >= ACCEPTED_PER_ADDRESS {
            return None;
        }
        known.accepted += 1;
        let own = Arc::clone(&known.seats);
        Some(Waiting { seats: self.clone(), address, own })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, Address>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The seat, when it is its turn; none when that takes too long.
    pub(super) async fn seat(self) -> Option<Seat> {
        let both = async {
            // The address's own first: whoever waits for it holds none of those that all share.
            let own = Arc::clone(&self.own).acquire_owned().await.ok()?;
            let all = Arc::clone(&self.seats.all).acquire_owned().await.ok()?;
            Some((own, all))
        };
        let (own, all) = timeout(PATIENCE, both).await.ok()??;
        Some(Seat { _own: own, _all: all, _waiting: self })
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut addresses = self.seats.lock();
        if let Some(known) = addresses.get_mut(&self.address) {
            known.accepted -= 1;
            if known.accepted == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[tokio::test]
    async fn an_address_leaves_seats_to_others() {
        let seats = Seats::default();
        let mut taken = Vec::new();
        for _ in 0..SEATS_PER_ADDRESS {
            taken.push(seats.waiting(address(1)).unwrap().seat().await.unwrap());
        }
        let one_more = tokio::spawn(seats.waiting(address(1)).unwrap().seat());
        assert!(seats.waiting(address(2)).unwrap().seat().await.is_some());
        assert!(!one_more.is_finished());
        taken.pop();
        assert!(one_more.await.unwrap().is_some());
    }

    #[test]
    fn what_is_accepted_is_bounded_and_forgotten() {
        let seats = Seats::default();
        let waiting: Vec<_> = (0..ACCEPTED).map_while(|_| seats.waiting(address(1))).collect();
        assert_eq!(waiting.len(), ACCEPTED_PER_ADDRESS);
        let others: Vec<_> = (0..ACCEPTED).map_while(|_| seats.waiting(address(2))).collect();
        assert_eq!(others.len(), ACCEPTED - ACCEPTED_PER_ADDRESS);
        assert!(seats.waiting(address(3)).is_none());
        drop((waiting, others));
        assert!(seats.lock().is_empty());
    }
}
