//! One-time tokens: each is claimed once, by one key. The same key again is the same claim.

use picket_protocol::{
    ids::{SensorId, Thumbprint},
    refusal::Refusal,
};

use super::refused::Refused;

/// Where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenState {
    /// Nobody has used it.
    Unclaimed,
    /// A newer file was issued before it was used.
    Voided,
    /// It belongs to this key.
    Claimed(Thumbprint),
}

/// How a claim went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The token is now this key's.
    Fresh,
    /// It was already: the answer to the first claim was lost.
    Repeated,
    /// Refused; `alarm` when two keys hold one token, which is one file on two sensors.
    Refused { refused: Refused, alarm: bool },
}

/// Judges the claim of `key` on a token of `sensor`.
///
/// The upload window is not judged again: it is the sensor's, and an admin there may have overridden it.
#[must_use]
pub fn claim(state: TokenState, sensor: SensorId, sensor_deleted: bool, key: Thumbprint) -> Claim {
    if sensor_deleted {
        return Claim::Refused { refused: Refusal::Deleted { sensor }.into(), alarm: false };
    }
    match state {
        TokenState::Unclaimed => Claim::Fresh,
        TokenState::Claimed(by) if by == key => Claim::Repeated,
        TokenState::Claimed(_) => Claim::Refused { refused: Refusal::AlreadyUsed { sensor }.into(), alarm: true },
        TokenState::Voided => Claim::Refused { refused: Refusal::Voided { sensor }.into(), alarm: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENSOR: SensorId = SensorId::from_bytes([1; 16]);
    const KEY: Thumbprint = Thumbprint::from_bytes([2; 32]);
    const OTHER: Thumbprint = Thumbprint::from_bytes([3; 32]);

    fn code(claim: Claim) -> (String, u16, bool) {
        match claim {
            Claim::Refused { refused, alarm } => (refused.problem().code, refused.status(), alarm),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_key_claims_once_and_may_repeat() {
        assert_eq!(claim(TokenState::Unclaimed, SENSOR, false, KEY), Claim::Fresh);
        assert_eq!(claim(TokenState::Claimed(KEY), SENSOR, false, KEY), Claim::Repeated);
    }

    #[test]
    fn a_second_key_is_refused_with_an_alarm() {
        let refused = claim(TokenState::Claimed(KEY), SENSOR, false, OTHER);
        assert_eq!(code(refused), ("portal.already-used".to_owned(), 409, true));
    }

    #[test]
    fn voided_and_deleted_are_told_apart() {
        let voided = claim(TokenState::Voided, SENSOR, false, KEY);
        assert_eq!(code(voided), ("portal.voided".to_owned(), 409, false));
        let deleted = claim(TokenState::Claimed(KEY), SENSOR, true, KEY);
        assert_eq!(code(deleted), ("portal.deleted".to_owned(), 410, false));
    }
}
