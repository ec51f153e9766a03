//! Who is signed in. In memory alone: a restart signs everybody out.
//!
//! A session is known by a random token of 256 bits, made here at each sign-in and never taken from a request; kept is
//! its digest. The time is an argument, and the boot clock: nobody signs in by setting the wall clock back.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use crate::{accounts::PersonName, entropy, uploads::Held};

/// Without a request for so long, a session ends.
pub const IDLE: Duration = Duration::from_secs(30 * 60);
/// So long after the sign-in it ends in any case.
pub const ABSOLUTE: Duration = Duration::from_secs(12 * 3600);
/// Sessions of one person; the one idle for longest makes room.
pub const MOST_PER_PERSON: usize = 16;
/// Sessions in all; as above.
pub const MOST: usize = 256;

type Digest = [u8; 32];

/// What a session is, at one moment.
#[derive(Debug, Clone)]
pub struct Session {
    /// Names it in the list of sessions. Says nothing of the token.
    pub id: SessionId,
    /// Who signed in.
    pub person: PersonName,
    /// What each form of it must bring along.
    pub csrf: Arc<str>,
    /// From where.
    pub address: IpAddr,
    /// When, on the boot clock.
    pub signed_in: Duration,
    /// When it asked last.
    pub seen: Duration,
    /// The file that was previewed last, so that what was seen is what is activated.
    pub held: Option<Held>,
}

/// A session's name in lists: the head of its token's digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId([u8; 8]);

impl std::fmt::Display for SessionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// All sessions.
#[derive(Debug, Default)]
pub struct Sessions(Mutex<HashMap<Digest, Session>>);

impl Sessions {
    /// A new session; its token goes into the cookie, and nowhere else.
    #[must_use]
    pub fn begin(&self, person: &PersonName, address: IpAddr, now: Duration) -> String {
        let token = entropy::token();
        let digest = digest(&token);
        let id = SessionId(digest[..8].try_into().expect("8 of 32 bytes"));
        let csrf = entropy::token().into();
        let session = Session { id, person: person.clone(), csrf, address, signed_in: now, seen: now, held: None };
        let mut sessions = self.lock();
        sessions.retain(|_, session| session.lives(now));
        make_room(&mut sessions, person);
        sessions.insert(digest, session);
        token
    }

    /// The living session of this token, which counts as a sign of life.
    #[must_use]
    pub fn touch(&self, token: &str, now: Duration) -> Option<Session> {
        let mut sessions = self.lock();
        let digest = digest(token);
        let session = sessions.get_mut(&digest)?;
        if !session.lives(now) {
            sessions.remove(&digest);
            return None;
        }
        session.seen = now;
        Some(session.clone())
    }

    /// Keeps a file with the session, in place of the last.
    pub fn hold(&self, id: SessionId, file: Option<Held>) {
        if let Some(session) = self.lock().values_mut().find(|session| session.id == id) {
            session.held = file;
        }
    }

    /// Ends a session of a person. False when they have none of this id.
    pub fn end(&self, person: &PersonName, id: SessionId) -> bool {
        let mut sessions = self.lock();
        let before = sessions.len();
        sessions.retain(|_, session| session.id != id || session.person != *person);
        sessions.len() < before
    }

    /// Ends all sessions of a person but one.
    pub fn end_all(&self, person: &PersonName, but: Option<SessionId>) {
        self.lock().retain(|_, session| session.person != *person || Some(session.id) == but);
    }

    /// Ends all sessions.
    pub fn end_everybodys(&self) {
        self.lock().clear();
    }

    /// The living sessions of a person, the newest first.
    #[must_use]
    pub fn of(&self, person: &PersonName, now: Duration) -> Vec<Session> {
        let sessions = self.lock();
        let mut own: Vec<Session> =
            sessions.values().filter(|session| session.person == *person && session.lives(now)).cloned().collect();
        own.sort_by_key(|session| std::cmp::Reverse(session.signed_in));
        own
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn lives(&self, now: Duration) -> bool {
        now.saturating_sub(self.seen) < IDLE && now.saturating_sub(self.signed_in) < ABSOLUTE
    }
}

fn make_room(sessions: &mut HashMap<Digest, Session>, person: &PersonName) {
    while sessions.values().filter(|session| session.person == *person).count() >= MOST_PER_PERSON {
        remove_idlest(sessions, |session| session.person == *person);
    }
    while sessions.len() >= MOST {
        remove_idlest(sessions, |_| true);
    }
}

fn remove_idlest(sessions: &mut HashMap<Digest, Session>, among: impl Fn(&Session) -> bool) {
    let idlest = sessions.iter().filter(|(_, session)| among(session)).min_by_key(|(_, session)| session.seen);
    if let Some(digest) = idlest.map(|(digest, _)| *digest) {
        sessions.remove(&digest);
    }
}

fn digest(token: &str) -> Digest {
    Sha256::digest(token.as_bytes()).into()
}
