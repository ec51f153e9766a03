//! Who may do what: four roles, four rights, and the subscriptions that somebody is confined to.

use std::{collections::BTreeSet, fmt, str::FromStr};

use picket_protocol::ids::SubscriptionId;
use serde::{Deserialize, Serialize};

use super::refused::Refused;

/// What a person or a token is at the portal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonRole {
    /// Everything, people and tokens too.
    Owner,
    /// Everything but people and tokens.
    SecurityAdmin,
    /// Sensors: onboards, edits, reissues, deletes, downloads files.
    Contributor,
    /// Sees; changes nothing.
    Reader,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// See sensors, alerts, alarms, hubs.
    See,
    /// Change sensors, and get what activates them.
    Manage,
    /// What concerns the portal as a whole: hubs, sharing, recovery, pairing, the audit.
    Secure,
    /// People and tokens.
    Own,
}

impl PersonRole {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::SecurityAdmin, Self::Contributor, Self::Reader];

    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::SecurityAdmin => "security-admin",
            Self::Contributor => "contributor",
            Self::Reader => "reader",
        }
    }

    /// Whether the role comes with the right.
    #[must_use]
    pub const fn has(self, right: Right) -> bool {
        match right {
            Right::See => true,
            Right::Manage => matches!(self, Self::Owner | Self::SecurityAdmin | Self::Contributor),
            Right::Secure => matches!(self, Self::Owner | Self::SecurityAdmin),
            Right::Own => matches!(self, Self::Owner),
        }
    }
}

impl fmt::Display for PersonRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PersonRole {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|role| role.as_str() == text);
        known.ok_or_else(|| format!("expected owner, security-admin, contributor or reader, found {text:?}"))
    }
}

impl Right {
    /// Whether it concerns the portal as a whole: nobody who is confined to subscriptions has it.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        matches!(self, Self::Secure | Self::Own)
    }

    /// The least role that has it.
    #[must_use]
    pub const fn least(self) -> PersonRole {
        match self {
            Self::See => PersonRole::Reader,
            Self::Manage => PersonRole::Contributor,
            Self::Secure => PersonRole::SecurityAdmin,
            Self::Own => PersonRole::Owner,
        }
    }
}

/// The subscriptions that somebody sees; none of them listed: all, those to come too.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub Option<BTreeSet<SubscriptionId>>);

impl Scope {
    /// Every subscription.
    pub const ALL: Self = Self(None);

    /// Whether it is every subscription.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a subscription is in it.
    #[must_use]
    pub fn covers(&self, subscription: SubscriptionId) -> bool {
        self.0.as_ref().is_none_or(|listed| listed.contains(&subscription))
    }
}

/// Somebody who asks: a person with a session, or the bearer of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As the audit names them.
    pub name: String,
    /// What they are.
    pub role: PersonRole,
    /// Where.
    pub scope: Scope,
}

impl Caller {
    /// Whether they have a right.
    ///
    /// # Errors
    /// [`Refused::Forbidden`].
    pub fn may(&self, right: Right) -> Result<(), Refused> {
        if self.role.has(right) && (self.scope.is_all() || !right.is_whole()) {
            return Ok(());
        }
        Err(Refused::Forbidden { needs: right.least(), everywhere: right.is_whole() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(role: PersonRole, scope: Scope) -> Caller {
        Caller { name: "mira".to_owned(), role, scope }
    }

    #[test]
    fn each_right_is_had_by_its_least_role_and_all_above_it() {
        for right in [Right::See, Right::Manage, Right::Secure, Right::Own] {
            for role in PersonRole::ALL {
                assert_eq!(caller(role, Scope::ALL).may(right).is_ok(), role <= right.least(), "{role} {right:?}");
            }
        }
    }

    #[test]
    fn who_is_confined_has_no_right_over_the_whole() {
        let scope = Scope(Some(BTreeSet::from([SubscriptionId::from_bytes([1; 16])])));
        let owner = caller(PersonRole::Owner, scope);
        assert!(
            owner.may(Right::Manage).is_ok() && owner.may(Right::Secure).is_err() && owner.may(Right::Own).is_err()
        );
        assert!(!owner.scope.covers(SubscriptionId::from_bytes([2; 16])));
    }
}
