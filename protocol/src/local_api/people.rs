//! What people did at the sensor console, which keeps them: told to the agent, whose audit it belongs in.

use alloc::string::{String, ToString as _};

use serde::{Deserialize, Serialize};

use super::requests::parse;
use crate::refusal::Refusal;

/// `POST /v1/audit/people`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleRecord {
    /// What.
    pub what: PeopleDeed,
    /// How it was before, if that can be said.
    pub before: Option<String>,
    /// How it is after.
    pub after: Option<String>,
}

/// What people do at the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PeopleDeed {
    /// Somebody signed in.
    SignedIn,
    /// Sign-ins were refused; `after` says how many, for whom and from where.
    SignInsRefused,
    /// Somebody signed out.
    SignedOut,
    /// Somebody ended another of their own sessions.
    SessionEnded,
    /// A person was added.
    PersonAdded,
    /// A person got another role.
    RoleChanged,
    /// A person was removed.
    PersonRemoved,
    /// Somebody changed their password.
    PasswordChanged,
    /// Another certificate of the console's pages.
    CertificateReplaced,
    /// The vendor's terms were accepted.
    TermsAccepted,
}

/// Most characters of a text in it.
const MAX_TEXT: usize = 200;

/// Reads the body of `POST /v1/audit/people`.
///
/// # Errors
/// [`Refusal::InvalidRequest`].
pub fn parse_people_record(body: &[u8]) -> Result<PeopleRecord, Refusal> {
    let record: PeopleRecord = parse(body)?;
    let sound = |text: &String| text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
    if [&record.before, &record.after].into_iter().flatten().all(sound) {
        return Ok(record);
    }
    Err(Refusal::InvalidRequest { why: "a text has more than 200 characters, or a control character".to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_known_deeds_with_short_plain_texts() {
        let record = parse_people_record(br#"{"what":"signed-in","before":null,"after":"from 192.0.2.7"}"#).unwrap();
        assert_eq!((record.what, record.after.as_deref()), (PeopleDeed::SignedIn, Some("from 192.0.2.7")));
        let long = alloc::format!(r#"{{"what":"signed-in","before":null,"after":"{}"}}"#, "x".repeat(201));
        for wrong in [
            r#"{"what":"activation-committed","before":null,"after":null}"#,
            r#"{"what":"signed-in","x":1}"#,
            r#"{"what":"signed-in","before":null,"after":"a\nb"}"#,
            &long,
        ] {
            assert!(matches!(parse_people_record(wrong.as_bytes()), Err(Refusal::InvalidRequest { .. })), "{wrong}");
        }
    }
}
