//! The sensor's web pages: authenticates people and asks the agent. Holds no secret of the sensor.

pub mod accounts;
pub mod agent;
pub mod audit;
pub mod clock;
pub mod console;
pub mod first_sign_in;
pub mod follow;
mod frame;
pub mod guard;
pub mod logging;
pub mod page;
pub mod pages;
pub mod parts;
pub mod people;
pub mod refused;
pub mod run;
pub mod sessions;
pub mod settings;
pub mod surroundings;
pub mod texts;
pub mod tls;
pub mod uploads;

pub use pages::PAGES;
pub use picket_guard::{entropy, serve};
