//! Signing in, passwords, sessions, people, recovery.

pub const SIGN_IN: &str = "Sign in";
pub const NAME: &str = "Name";
pub const PASSWORD: &str = "Password";
pub const WRONG: &str = "Name or password is wrong.";
pub const TOO_MANY: &str = "Too many tries come from your network at this moment. Wait a second, then try again.";
pub const FORGOTTEN: &str = "Password forgotten?";

pub const RECOVERY: &str = "Password recovery";
pub const RECOVERY_LEAD: &str = "Your portal can sign a recovery document, with which this sensor's first admin gets a new password. \
     Other people's passwords are replaced by an admin, under Users.";
pub const BEGIN: &str = "Begin the recovery";
pub const RECOVERY_BEGUN: &str = "Give these two values to your portal, then bring its document here. It works once.";
pub const RECOVERY_FILE: &str = "Recovery document";
pub const RECOVER: &str = "Get a new password";
pub const APPLIANCE: &str = "Appliance id";
pub const NONCE: &str = "Nonce";
pub const RECOVERY_DONE: &str = "Your new password";
pub const RECOVERED: &str = "Write it down now: it is shown this once. All sessions of this admin have ended. Choose one of your own \
     after you signed in.";
pub const DECIDED_BY: &str = "Decided at the portal by";

pub const ACCOUNT: &str = "Your account";
pub const CHANGE_PASSWORD: &str = "Change password";
pub const PRESENT_PASSWORD: &str = "Present password";
pub const NEW_PASSWORD: &str = "New password";
pub const NEW_PASSWORD_AGAIN: &str = "New password, once more";
pub const SESSIONS: &str = "Your sessions";
pub const FROM: &str = "From";
pub const SIGNED_IN: &str = "Signed in";
pub const LAST_SEEN: &str = "Last request";
pub const THIS_ONE: &str = "This session";
pub const END: &str = "End";
pub const AGO: &str = "ago";
pub const PASSWORD_CHANGED: &str = "Your password was changed. Your other sessions have ended.";

pub const USERS: &str = "Users";
pub const ROLE: &str = "Role";
pub const PASSWORD_SINCE: &str = "Password since";
pub const CHANGE: &str = "Change";
pub const SET_ROLE: &str = "Set role";
pub const REMOVE: &str = "Remove";
pub const NEW_PERSON: &str = "New person";
pub const ADD: &str = "Add";
pub const ADDED: &str = "Give this person their password: it is shown this once.";
pub const ROLES: [(&str, &str); 3] = [
    ("viewer", "viewer: sees everything, changes nothing"),
    ("analyst", "analyst: sees everything, exports alerts, changes nothing"),
    ("admin", "admin: changes everything"),
];
pub const NO_SESSIONS: &str = "No sessions.";
pub const NO_PEOPLE: &str = "Nobody.";

use crate::refused::Words;

pub const WRONG_PRESENT: Words = Words {
    code: "console.wrong-password",
    status: 403,
    title: "The present password is wrong",
    next: &["Type the password with which you signed in."],
};

pub const ACCOUNT_REFUSED: Words = Words {
    code: "console.account-refused",
    status: 409,
    title: "The account was not changed",
    next: &["Nothing was changed. See what was found, and the list of users."],
};
