//! Starts the real programs on free ports in private folders, and waits for what they say. Judges nothing: tests do.
//!
//! Shared by the end-to-end tests and by `cargo xtask demo`; pure Rust, so that xtask builds in seconds.

#![expect(clippy::disallowed_methods, reason = "a lab has deadlines by the clock, and folders by the environment")]

pub mod agent;
pub mod axe;
pub mod balancer;
pub mod binaries;
pub mod browser;
pub mod capture;
pub mod console;
pub mod ending;
pub mod figures;
pub mod folder;
pub mod generator;
pub mod hub;
pub mod machine;
pub mod mosquitto;
pub mod namespaces;
pub mod oracle;
pub mod person;
pub mod portal;
pub mod ports;
pub mod postgres;
pub mod probe;
pub mod process;
pub mod rsyslog;
pub mod suricata;
pub mod twins;
pub mod waiting;

pub use agent::{Agent, EngineOutput, Settings};
pub use balancer::Balancer;
pub use binaries::Binaries;
pub use browser::Browser;
pub use console::Console;
pub use folder::PrivateFolder;
pub use generator::Generator;
pub use machine::Machine;
pub use mosquitto::{BrokerTls, Mosquitto};
pub use oracle::Tally;
pub use person::Person;
pub use portal::{Portal, Role};
pub use postgres::Postgres;
pub use process::Program;
pub use rsyslog::{Rsyslog, SyslogTls};
pub use suricata::Suricata;
pub use twins::Twins;
pub use waiting::{Waited, until};
