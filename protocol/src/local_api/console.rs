//! What the sensor console asks beside what everybody may: the setup code, and the recovery of its admin's password.

use alloc::string::{String, ToString as _};

use serde::{Deserialize, Serialize};

use super::requests::parse;
use crate::{ids::ApplianceId, refusal::Refusal, typed_code::TypedCode};

/// How far the first sign-in is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupState {
    /// The setup code waits for whoever stands at the machine.
    #[default]
    Waiting,
    /// Somebody gave it; the console has not said yet that its admin exists.
    Granted,
    /// The console has an admin, and the code is gone.
    Done,
}

/// `GET /v1/setup-code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupCodeView {
    /// The code, in groups of four.
    pub code: TypedCode,
}

/// `POST /v1/setup-code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupCodeTry {
    /// As it was typed.
    pub code: String,
}

/// `POST /v1/recovery`: what the portal needs to issue a recovery document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryStart {
    /// This appliance.
    pub appliance: ApplianceId,
    /// For this one recovery; the same until it is used.
    pub nonce: TypedCode,
}

/// `POST /v1/recovery/redeem`: the nonce is used up, durably.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecoveryGrant {
    /// Who had the document issued at the portal.
    pub decided_by: String,
}

/// Reads the body of `POST /v1/setup-code`.
///
/// # Errors
/// [`Refusal::InvalidRequest`] for another body, [`Refusal::WrongSetupCode`] for a text that cannot be a code.
pub fn parse_setup_code(body: &[u8]) -> Result<TypedCode, Refusal> {
    let SetupCodeTry { code } = parse(body)?;
    code.parse().map_err(|_| Refusal::WrongSetupCode)
}

/// Most characters of a person's name from the console.
const MAX_PERSON: usize = 64;

/// The person that the console names in [`HEADER_PERSON`](super::HEADER_PERSON): percent-encoded UTF-8.
///
/// # Errors
/// [`Refusal::InvalidRequest`] for what is no name of 1 to 64 characters without control characters.
pub fn parse_person(header: &[u8]) -> Result<String, Refusal> {
    let invalid = || Refusal::InvalidRequest { why: "picket-person is no name of 1 to 64 characters".to_string() };
    let mut bytes = alloc::vec::Vec::with_capacity(header.len());
    let mut rest = header;
    while let [first, after @ ..] = rest {
        if *first == b'%' {
            let [high, low, after @ ..] = after else { return Err(invalid()) };
            let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
            let (high, low) = digit(*high).zip(digit(*low)).ok_or_else(invalid)?;
            bytes.push(high * 16 + low);
            rest = after;
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    let person = String::from_utf8(bytes).map_err(|_| invalid())?;
    let sound = person.trim() == person && !person.chars().any(char::is_control);
    if sound && (1..=MAX_PERSON).contains(&person.chars().count()) { Ok(person) } else { Err(invalid()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_read_percent_encoded() {
        assert_eq!(parse_person(b"anna").as_deref(), Ok("anna"));
        assert_eq!(parse_person("J%C3%BCrgen%20K.".as_bytes()).as_deref(), Ok("J\u{fc}rgen K."));
        for wrong in ["", "%", "%4", "%zz", "%ff", "a%0ab", " anna", &"x".repeat(65)] {
            assert!(matches!(parse_person(wrong.as_bytes()), Err(Refusal::InvalidRequest { .. })), "{wrong}");
        }
    }

    #[test]
    fn setup_code_is_read_strictly_but_for_its_typing() {
        assert_eq!(parse_setup_code(br#"{"code":"acde fghj kmnp"}"#).unwrap().to_string(), "ACDE-FGHJ-KMNP");
        assert_eq!(parse_setup_code(br#"{"code":"1"}"#), Err(Refusal::WrongSetupCode));
        assert!(matches!(parse_setup_code(br#"{"code":"ACDEFGHJ","x":1}"#), Err(Refusal::InvalidRequest { .. })));
    }
}
