//! The portal as a program: real processes, real TLS, real files. Mounted by topic.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

mod accounts;
mod alerts;
mod browser;
mod chosen;
mod clones;
mod command_line;
mod console;
mod deleting;
mod draining;
mod enrolment;
mod floods;
mod heartbeats;
mod hub;
mod issuing;
mod mosquitto;
mod openapi;
mod pages;
mod people;
mod postgres;
mod recovering;
mod restoring;
mod rights;
mod roots;
mod sensor;
mod server;
mod sharing;
mod sinks;
mod tables;
mod whole;
