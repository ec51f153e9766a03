//! Who is signed in. In the database, so that any process of a portal knows; kept is the digest of the cookie's token.

use picket_guard::{hash::PasswordHash, person_name::PersonName};
use picket_protocol::{documents::activation::Secret, time::UnixSeconds};

use super::{
    Store,
    change::StoreError,
    failed,
    people::{role, scope},
    rows::json,
    tokens::digest,
};
use crate::database::{self, Row};
use crate::{
    clock,
    domain::{access::Caller, audit_chain::hex, refused::Refused},
};

/// Without a request for so long, a session ends.
const IDLE_SECONDS: i64 = 30 * 60;
/// So long after the sign-in it ends in any case.
const ABSOLUTE_SECONDS: i64 = 12 * 3600;
/// How exactly it is kept when a session asked last: not every page is a write.
const SEEN_EVERY_SECONDS: i64 = 60;
/// Sessions of one person; the oldest makes room.
const MOST_PER_PERSON: i64 = 16;

/// A living session.
#[derive(Debug, Clone)]
pub struct Session {
    /// The digest of its token.
    pub digest: Vec<u8>,
    /// Who, and what they may do, as it is now.
    pub caller: Caller,
    /// What each form of it must bring along.
    pub csrf: String,
}

/// A session as it is listed.
#[derive(Debug, Clone)]
pub struct SessionView {
    /// Names it in lists; says nothing of the token.
    pub id: String,
    /// From where.
    pub address: String,
    /// When.
    pub begun_at: UnixSeconds,
    /// When it asked last, to a minute.
    pub seen_at: UnixSeconds,
}

impl Store {
    /// Begins a session under a token and with a form's token that the caller drew, for whoever knew this password.
    ///
    /// # Errors
    /// `Unauthorized` when the person is gone or has another password by now: who changes it ends the sessions of everybody
    /// who knew the old one, those that are about to begin too. Or the database failed.
    pub async fn begin_session(
        &self,
        person: PersonName,
        password: PasswordHash,
        token: &Secret,
        csrf: Secret,
        address: String,
    ) -> Result<(), Refused> {
        let digest = digest(token.expose());
        self.write(move |work| {
            Box::pin(async move {
                let known = database::scalar::<i64>("SELECT count(*) FROM people WHERE name = ? AND password = ?");
                let known = known.bind(person.as_str()).bind(json(&password)?);
                if known.fetch_one(&mut work.connection).await? == 0 {
                    return Err(StoreError::Refused(Refused::Unauthorized));
                }
                database::query("DELETE FROM sessions WHERE seen_at <= ? OR begun_at <= ?")
                    .bind(work.now.0 - IDLE_SECONDS)
                    .bind(work.now.0 - ABSOLUTE_SECONDS)
                    .execute(&mut work.connection)
                    .await?;
                database::query(
                    "DELETE FROM sessions WHERE digest IN \
                     (SELECT digest FROM sessions WHERE person = ? ORDER BY begun_at DESC LIMIT 1000000 OFFSET ?)",
                )
                .bind(person.as_str())
                .bind(MOST_PER_PERSON - 1)
                .execute(&mut work.connection)
                .await?;
                database::query(
                    "INSERT INTO sessions (digest, person, csrf, address, begun_at, seen_at) VALUES (?, ?, ?, ?, ?, ?)",
                )
                .bind(&digest.0[..])
                .bind(person.as_str())
                .bind(csrf.expose())
                .bind(address)
                .bind(work.now.0)
                .bind(work.now.0)
                .execute(&mut work.connection)
                .await?;
                Ok(())
            })
        })
        .await
    }

    /// The living session of this token, which counts as a sign of life.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn session(&self, token: &str) -> Result<Option<Session>, Refused> {
        let now = clock::now().0;
        let query = database::query(
            "SELECT s.digest, s.csrf, s.seen_at, p.name, p.role, p.subscriptions FROM sessions s \
             JOIN people p ON p.name = s.person WHERE s.digest = ? AND s.seen_at > ? AND s.begun_at > ?",
        );
        let token = digest(token);
        let query = query.bind(&token.0[..]).bind(now - IDLE_SECONDS).bind(now - ABSOLUTE_SECONDS);
        let row = query.fetch_optional(&self.readers).await.map_err(|error| failed(&error))?;
        let Some(row) = row else { return Ok(None) };
        let read = |row: &Row| -> Result<(Session, i64), sqlx::Error> {
            let caller = Caller { name: row.try_get("name")?, role: role(row)?, scope: scope(row)? };
            let session = Session { digest: row.try_get("digest")?, caller, csrf: row.try_get("csrf")? };
            Ok((session, row.try_get("seen_at")?))
        };
        let (session, seen_at) = read(&row).map_err(|error| failed(&error))?;
        if now - seen_at >= SEEN_EVERY_SECONDS {
            let _ = self.saw_session(session.digest.clone()).await; // a full disk keeps nobody from looking
        }
        Ok(Some(session))
    }

    async fn saw_session(&self, digest: Vec<u8>) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query("UPDATE sessions SET seen_at = ? WHERE digest = ?").bind(work.now.0);
                query.bind(digest).execute(&mut work.connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn end_session(&self, digest: Vec<u8>) -> Result<(), Refused> {
        self.write(move |work| {
            Box::pin(async move {
                let query = database::query("DELETE FROM sessions WHERE digest = ?").bind(digest);
                query.execute(&mut work.connection).await?;
                Ok(())
            })
        })
        .await
    }

    /// The living sessions of a person, the newest first.
    ///
    /// # Errors
    /// When the database failed.
    pub async fn sessions_of(&self, person: &str) -> Result<Vec<SessionView>, Refused> {
        let now = clock::now().0;
        let query = database::query(
            "SELECT * FROM sessions WHERE person = ? AND seen_at > ? AND begun_at > ? ORDER BY begun_at DESC",
        );
        let query = query.bind(person).bind(now - IDLE_SECONDS).bind(now - ABSOLUTE_SECONDS);
        let read = |row: &Row| -> Result<SessionView, sqlx::Error> {
            Ok(SessionView {
                id: session_id(row.try_get("digest")?),
                address: row.try_get("address")?,
                begun_at: UnixSeconds(row.try_get("begun_at")?),
                seen_at: UnixSeconds(row.try_get("seen_at")?),
            })
        };
        let rows = query.fetch_all(&self.readers).await;
        rows.and_then(|rows| rows.iter().map(read).collect()).map_err(|error| failed(&error))
    }
}

/// A session's name in lists: the head of its token's digest.
#[must_use]
pub fn session_id(digest: &[u8]) -> String {
    hex(&digest[..digest.len().min(8)])
}
