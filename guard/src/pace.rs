//! Whose turn it is to try a password: fair between networks, and slow for one that keeps being wrong.
//!
//! Holds tickets, not passwords; takes the time as an argument. No account is ever locked: whoever knows the password
//! gets in, however many others guess. Within a network the newest try goes first, since those before it are most
//! likely a flood, and the oldest gives way when its place is needed. Before all of them goes who gave way and came again.

#[cfg(test)]
mod tests;

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    net::IpAddr,
    time::Duration,
};

/// Waiting tries of one network.
pub(super) const WAITING_PER_NETWORK: usize = 24;
/// Networks with waiting tries.
pub(super) const MOST_NETWORKS: usize = 256;
/// Wrong tries of one network before it has to wait between them. Until then the newest is tried at once, so that whoever
/// is caught in a burst of others gets through.
pub(super) const FREE_FAILURES: u32 = 100;
/// How long it has to wait then.
pub(super) const PACE: Duration = Duration::from_secs(1);
/// Waiting tries of a network that has to wait between them: nobody waits for longer than this takes, and whoever gave way
/// comes again and goes first.
pub(super) const WAITING_AT_PACE: usize = 2;
/// So often one wrong try is forgiven.
const FORGIVEN_EVERY: Duration = Duration::from_secs(6);
/// Networks whose wrong tries are remembered.
const MOST_REMEMBERED: usize = 4096;

/// The waiting tries, as tickets of a kind that says when it was given up.
#[derive(Debug)]
pub(super) struct Line<T> {
    /// In turn.
    networks: VecDeque<Waiting<T>>,
    wrong: HashMap<Network, Wrong>,
}

#[derive(Debug)]
struct Waiting<T> {
    network: Network,
    /// The newest at the back.
    tickets: VecDeque<T>,
    /// Of those that came again; these go first.
    again: VecDeque<T>,
}

impl<T> Waiting<T> {
    fn oldest(&mut self) -> Option<T> {
        self.tickets.pop_front().or_else(|| self.again.pop_front())
    }

    fn newest(&mut self) -> Option<T> {
        self.again.pop_back().or_else(|| self.tickets.pop_back())
    }

    fn count(&self) -> usize {
        self.tickets.len() + self.again.len()
    }
}

#[derive(Debug, Clone, Copy)]
struct Wrong {
    tries: u32,
    last: Duration,
}

/// Whom an address stands for: of IPv6 a network of 64 bits, since one host may use all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A try that begins to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    /// For the first time.
    First,
    /// It gave way before, and has the word that it got then.
    Again,
}

/// Whose turn it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn<T> {
    /// This one's.
    Now(Network, T),
    /// Somebody's, at this moment.
    At(Duration),
    /// Nobody waits.
    Nobody,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        Self { networks: VecDeque::new(), wrong: HashMap::new() }
    }
}

impl<T> Line<T> {
    /// One more waits; the tickets that had to give way for it, which may be itself.
    pub(super) fn enter(&mut self, network: Network, ticket: T, comes: Comes, now: Duration) -> Vec<T> {
        let room = if self.may_try_at(network, now) > now { WAITING_AT_PACE } else { WAITING_PER_NETWORK };
        let known = self.networks.iter().position(|waiting| waiting.network == network);
        if known.is_none() && self.networks.len() >= MOST_NETWORKS {
            return vec![ticket];
        }
        let position = known.unwrap_or_else(|| {
            self.networks.push_back(Waiting { network, tickets: VecDeque::new(), again: VecDeque::new() });
            self.networks.len() - 1
        });
        let waiting = &mut self.networks[position];
        match comes {
            Comes::First => waiting.tickets.push_back(ticket),
            Comes::Again => waiting.again.push_back(ticket),
        }
        let surplus = waiting.count().saturating_sub(room);
        (0..surplus).filter_map(|_| waiting.oldest()).collect()
    }

    /// Whose turn it is. Asked again and again, all networks come in turn.
    pub(super) fn next(&mut self, now: Duration) -> Turn<T> {
        let mut soonest: Option<Duration> = None;
        for position in 0..self.networks.len() {
            let may_at = self.may_try_at(self.networks[position].network, now);
            if may_at > now {
                soonest = Some(soonest.map_or(may_at, |soonest| soonest.min(may_at)));
                continue;
            }
            let Some(mut waiting) = self.networks.remove(position) else { continue };
            let network = waiting.network;
            let ticket = waiting.newest();
            if waiting.count() > 0 {
                self.networks.push_back(waiting);
            }
            if let Some(ticket) = ticket {
                return Turn::Now(network, ticket);
            }
        }
        soonest.map_or(Turn::Nobody, Turn::At)
    }

    /// A try of this network was wrong.
    pub(super) fn was_wrong(&mut self, network: Network, now: Duration) {
        if self.wrong.len() >= MOST_REMEMBERED {
            self.wrong.retain(|_, wrong| wrong.left(now) > 0);
        }
        if self.wrong.len() >= MOST_REMEMBERED {
            let oldest = self.wrong.iter().min_by_key(|(_, wrong)| wrong.last).map(|(network, _)| *network);
            oldest.and_then(|oldest| self.wrong.remove(&oldest));
        }
        let wrong = self.wrong.entry(network).or_insert(Wrong { tries: 0, last: now });
        // Never far above the bound: a night of guessing is forgiven in minutes, too.
        wrong.tries = (wrong.left(now) + 1).min(2 * FREE_FAILURES);
        wrong.last = now;
    }

    /// A try of this network was right: what was wrong before were typing errors.
    pub(super) fn was_right(&mut self, network: Network) {
        self.wrong.remove(&network);
    }

    fn may_try_at(&self, network: Network, now: Duration) -> Duration {
        match self.wrong.get(&network) {
            Some(wrong) if wrong.left(now) > FREE_FAILURES => wrong.last + PACE,
            _ => now,
        }
    }
}

impl Wrong {
    fn left(self, now: Duration) -> u32 {
        let forgiven = now.saturating_sub(self.last).as_secs() / FORGIVEN_EVERY.as_secs();
        self.tries.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX))
    }
}
