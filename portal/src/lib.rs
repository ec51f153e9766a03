//! The portal: registers sensors, issues activation files, receives heartbeats; also the management console.
//!
//! Layered, each knowing only what is above it in this list: [`domain`] decides and knows neither HTTP nor SQL;
//! [`store`] and [`alerts`] keep; [`authority`] signs; [`sharing`] tells others; [`device`] serves sensors; [`people`]
//! serves people's programs; [`web`] draws their pages; [`cli`] is the program.

pub mod domain;

pub mod alerts;
pub mod authority;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod data;
pub mod database;
pub mod device;
pub mod entropy;

pub mod people;
pub mod portal;
pub mod reader;
pub mod sharing;
pub mod store;
pub mod web;
pub mod withdrawals;
