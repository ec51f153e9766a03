//! Who may do what, by the uid that the kernel vouches for. Nothing else about a caller counts.

use nix::unistd::Uid;

/// What a caller wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// Look, verify, preview. Whoever can open the socket.
    Read,
    /// Activate, decide about a candidate, name, pair with a management console, set the proxy, check, request, confirm the first trust root, give the
    /// setup code, recover the console's password.
    Change,
    /// See the setup code.
    Own,
    /// Pin any trust root, and erase everything.
    Root,
}

impl Right {
    /// What a caller who lacks it is told.
    #[must_use]
    pub const fn needs(self) -> &'static str {
        match self {
            Self::Read => "access to the agent's socket",
            Self::Change => "root, the agent's own user, or the sensor console's user",
            Self::Own => "root, or the agent's own user",
            Self::Root => "root",
        }
    }
}

/// Whom the agent grants more than reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grants {
    /// The agent's own user.
    pub agent: Uid,
    /// The sensor console's user, once it exists.
    pub console: Option<Uid>,
}

impl Grants {
    /// Whether this caller may.
    #[must_use]
    pub fn allow(&self, caller: Uid, right: Right) -> bool {
        match right {
            Right::Read => true,
            Right::Change => caller.is_root() || caller == self.agent || Some(caller) == self.console,
            Right::Own => caller.is_root() || caller == self.agent,
            Right::Root => caller.is_root(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_go_by_uid() {
        let [root, agent, console, other] = [0, 110, 111, 1000].map(Uid::from_raw);
        let grants = Grants { agent, console: Some(console) };
        let table = [
            (root, [true, true, true, true]),
            (agent, [true, true, true, false]),
            (console, [true, true, false, false]),
            (other, [true, false, false, false]),
        ];
        for (caller, expected) in table {
            let allowed =
                [Right::Read, Right::Change, Right::Own, Right::Root].map(|right| grants.allow(caller, right));
            assert_eq!(allowed, expected, "uid {caller}");
        }
    }

    #[test]
    fn console_user_that_does_not_exist_grants_nobody_anything() {
        let grants = Grants { agent: Uid::from_raw(110), console: None };
        assert!(!grants.allow(Uid::from_raw(111), Right::Change));
    }
}
