//! Tries of a password, one at a time: each takes 19 MiB and tens of milliseconds. [`pace`](super::pace) says whose turn
//! it is.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{
    again::Again,
    pace::{Comes, Line, Network, Turn},
};
use crate::clock;

/// All tries. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Attempts(Arc<Mutex<Tries>>);

#[derive(Debug, Default)]
struct Tries {
    line: Line<oneshot::Sender<Place>>,
    again: Again,
    /// Whether one is being tried now.
    busy: bool,
    /// Whether somebody will look again by himself.
    alarm: bool,
}

/// The right to try a password now. Given back when dropped.
#[derive(Debug)]
pub struct Place {
    attempts: Attempts,
    network: Network,
}

/// So many tries came from this network that this one gave way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GaveWay {
    /// With this it goes first when it comes again, in a second or later.
    pub again: String,
}

impl Attempts {
    /// Waits for the turn of somebody at this address.
    ///
    /// # Errors
    /// [`GaveWay`].
    pub async fn turn(&self, address: IpAddr) -> Result<Place, GaveWay> {
        self.turn_of(address, "").await
    }

    /// As [`Self::turn`], for a form that may have the word of an earlier [`GaveWay`] in it.
    ///
    /// # Errors
    /// [`GaveWay`].
    pub async fn turn_of(&self, address: IpAddr, again: &str) -> Result<Place, GaveWay> {
        let (network, now) = (Network::of(address), clock::since_boot());
        let (ticket, turn) = oneshot::channel();
        let gave_way = {
            let mut tries = self.lock();
            let comes = if tries.again.take(again, network, now) { Comes::Again } else { Comes::First };
            tries.line.enter(network, ticket, comes, now)
        };
        // What gives way is told so by being dropped.
        drop(gave_way);
        self.go_on();
        turn.await.map_err(|_| GaveWay { again: self.lock().again.word(network, clock::since_boot()) })
    }

    fn go_on(&self) {
        loop {
            let mut tries = self.lock();
            if tries.busy {
                return;
            }
            match tries.line.next(clock::since_boot()) {
                Turn::Nobody => return,
                Turn::At(when) => {
                    if !std::mem::replace(&mut tries.alarm, true) {
                        self.wake_at(when);
                    }
                    return;
                }
                // Whoever hung up meanwhile is passed over.
                Turn::Now(_, ticket) if ticket.is_closed() => {}
                Turn::Now(network, ticket) => {
                    tries.busy = true;
                    drop(tries);
                    // If it is not taken after all, dropping it lets the next one try.
                    drop(ticket.send(Place { attempts: self.clone(), network }));
                    return;
                }
            }
        }
    }

    fn wake_at(&self, when: std::time::Duration) {
        let attempts = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(when.saturating_sub(clock::since_boot())).await;
            attempts.lock().alarm = false;
            attempts.go_on();
        });
    }

    fn lock(&self) -> MutexGuard<'_, Tries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The try was wrong.
    pub fn was_wrong(&self) {
        self.attempts.lock().line.was_wrong(self.network, clock::since_boot());
    }

    /// The try was right.
    pub fn was_right(&self) {
        self.attempts.lock().line.was_right(self.network);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.attempts.lock().busy = false;
        self.attempts.go_on();
    }
}
