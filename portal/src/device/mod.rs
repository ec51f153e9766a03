//! The sensors' side: one TLS port with EST enrolment, heartbeats, and the built-in hub.
//!
//! A client certificate is optional in TLS and demanded per route, so that a sensor is told why it is refused.

mod answers;
mod certs_only;
mod enrolment;
mod heartbeat;
mod hub;
mod listener;
pub mod peer;
mod places;
mod routes;
pub mod tls;
mod unpack;

pub use listener::{Limits, serve};
