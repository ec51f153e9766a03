//! Signing in, passwords, sessions, people.

pub const SIGN_IN: &str = "Sign in";
pub const NAME: &str = "Name";
pub const PASSWORD: &str = "Password";
pub const WRONG: &str = "Name or password is wrong.";
pub const TOO_MANY: &str = "Too many tries come from your network at this moment. Wait a second, then try again.";
