//! The real program, attacked from outside, behind an agent that answers what the test says.
//!
//! Each attack fails when its guard is taken out; docs/console.md says which guard that is.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and how long something takes is measured"
)]

mod audit;
mod crawl;
mod cve;
mod first_sign_in;
mod flood;
mod forgery;
mod let_pass;
mod live;
mod pairing;
mod requests;
mod rig;
mod sessions;
mod uploads;
mod xss;
