//! How many connections are served at once, in all and for one address; the rest waits unread, bounded too.
//!
//! A connection that waits costs a socket; one that is served costs the buffers of TLS and HTTP. Of one address the newest
//! comes first: those before it are most likely a flood, and whoever is caught in it is then not behind it.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::timeout,
};

/// Served at once.
const SEATS: usize = 160;
/// Of these, for one address: an attacker at one address leaves room to all others.
const SEATS_PER_ADDRESS: usize = 32;
/// Accepted and not ended, in all and of one address.
const ACCEPTED: usize = 4096;
const ACCEPTED_PER_ADDRESS: usize = 2048;
/// Nobody waits for a seat longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// All seats. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Seats {
    all: Arc<Semaphore>,
    addresses: Arc<Mutex<Addresses>>,
}

#[derive(Debug, Default)]
struct Addresses {
    accepted: usize,
    known: HashMap<IpAddr, Address>,
}

#[derive(Debug, Default)]
struct Address {
    accepted: usize,
    seated: usize,
    /// The newest at the end.
    waiting: Vec<oneshot::Sender<Own>>,
}

/// An accepted connection.
#[derive(Debug)]
pub(super) struct Waiting {
    seats: Seats,
    address: IpAddr,
}

/// One of an address's seats; free again when it is dropped.
#[derive(Debug)]
struct Own {
    seats: Seats,
    address: IpAddr,
}

/// The seat of a connection that is served; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    _all: OwnedSemaphorePermit,
    _own: Own,
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
        let of_this = addresses.known.get(&address).map_or(0, |known| known.accepted);
        if addresses.accepted >= ACCEPTED || of_this >= ACCEPTED_PER_ADDRESS {
            return None;
        }
        addresses.accepted += 1;
        addresses.known.entry(address).or_default().accepted += 1;
        Some(Waiting { seats: self.clone(), address })
    }

    /// A seat for this address now, or the word that will bring one.
    fn own(&self, address: IpAddr) -> Result<Own, oneshot::Receiver<Own>> {
        let mut addresses = self.lock();
        let known = addresses.known.entry(address).or_default();
        if known.seated < SEATS_PER_ADDRESS {
            known.seated += 1;
            return Ok(Own { seats: self.clone(), address });
        }
        let (seat, word) = oneshot::channel();
        known.waiting.push(seat);
        Err(word)
    }

    fn lock(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// The seat, when it is its turn; none when that takes too long.
    pub(super) async fn seat(self) -> Option<Seat> {
        let both = async {
            // The address's own first: whoever waits for it holds none of those that all share.
            let own = match self.seats.own(self.address) {
                Ok(own) => own,
                Err(word) => word.await.ok()?,
            };
            let all = Arc::clone(&self.seats.all).acquire_owned().await.ok()?;
            Some((own, all))
        };
        let (own, all) = timeout(PATIENCE, both).await.ok()??;
        Some(Seat { _all: all, _own: own, _waiting: self })
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let mut addresses = self.seats.lock();
        let Some(known) = addresses.known.get_mut(&self.address) else { return };
        known.seated -= 1;
        // Those that lost their patience are passed over.
        while let Some(next) = known.waiting.pop() {
            if !next.is_closed() {
                known.seated += 1;
                drop(addresses);
                // If it hung up at this very moment, dropping what comes back gives the seat to the next one.
                drop(next.send(Self { seats: self.seats.clone(), address: self.address }));
                return;
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut addresses = self.seats.lock();
        addresses.accepted -= 1;
        let Some(known) = addresses.known.get_mut(&self.address) else { return };
        known.accepted -= 1;
        if known.accepted == 0 {
            addresses.known.remove(&self.address);
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
    async fn an_address_leaves_seats_to_others_and_its_newest_comes_first() {
        let seats = Seats::default();
        let mut taken = Vec::new();
        for _ in 0..SEATS_PER_ADDRESS {
            taken.push(seats.waiting(address(1)).unwrap().seat().await.unwrap());
        }
        let older = tokio::spawn(seats.waiting(address(1)).unwrap().seat());
        tokio::task::yield_now().await;
        let newer = tokio::spawn(seats.waiting(address(1)).unwrap().seat());
        tokio::task::yield_now().await;
        assert!(seats.waiting(address(2)).unwrap().seat().await.is_some());
        taken.pop();
        let newer = newer.await.unwrap();
        assert!(newer.is_some() && !older.is_finished());
        drop(newer);
        assert!(older.await.unwrap().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_lost_patience_takes_no_seat() {
        let seats = Seats::default();
        let mut taken = Vec::new();
        for _ in 0..SEATS_PER_ADDRESS {
            taken.push(seats.waiting(address(1)).unwrap().seat().await.unwrap());
        }
        assert!(seats.waiting(address(1)).unwrap().seat().await.is_none());
        drop(taken);
        assert!(seats.lock().known.is_empty());
        assert!(seats.waiting(address(1)).unwrap().seat().await.is_some());
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
        assert!(seats.lock().known.is_empty());
    }
}
