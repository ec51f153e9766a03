//! What a portal decides: registrations, serials, issues, claims, heartbeats, clones. Values in, values out.
//!
//! Knows neither HTTP nor SQL, reads no clock and draws no randomness: those are arguments.

pub mod access;
pub mod alarm;
pub mod audit_chain;
pub mod chain;
pub mod claim;
pub mod connection;
pub mod heartbeat;
pub mod identity;
pub mod issue;
pub mod marks;
pub mod outages;
pub mod refused;
pub mod registration;
pub mod role;
pub mod serials;
