//! The portal: registers sensors, issues activation files, receives heartbeats; also the management console.
//!
//! Layered, each knowing only what is above it in this list: [`domain`] decides and knows neither HTTP nor SQL;
//! `store` keeps; `authority` signs; `device` serves sensors; `people` serves the owner's people; `cli` is the program.

pub mod domain;

pub mod authority;
pub mod clock;
pub mod entropy;
pub mod files;
pub mod store;
