//! The agent: thin effects around the pure core of `picket-lifecycle`, and the local API in front of it.

pub mod addresses;
pub mod alert_log;
pub mod alerts;
pub mod appliance_id;
pub mod arguments;
pub mod check;
pub mod clock;
pub mod config;
mod credentials;
pub mod ctl;
pub mod delivery;
pub mod disk;
pub mod engine;
pub mod entropy;

pub mod identity;
pub mod issue_file;
pub mod local_api;
pub mod logging;
pub mod memory;
pub mod proxy;
pub mod run;
pub mod sandbox;
pub mod service;
pub mod setup_code;
pub mod shell;
#[cfg(test)]
mod small_disk;
pub mod socket;
pub mod stop;
pub mod store;
pub mod trust_directory;
pub mod upstream;
pub mod watchdog;
