//! Starts the real programs on free ports in private folders, and waits for what they say. Judges nothing: tests do.
//!
//! Shared by the end-to-end tests and by `cargo xtask demo`; pure Rust, so that xtask builds in seconds.

pub mod agent;
pub mod binaries;
pub mod ending;
pub mod folder;
pub mod namespaces;
pub mod ports;
pub mod portal;
pub mod process;
pub mod waiting;

pub use binaries::Binaries;
pub use folder::PrivateFolder;
pub use process::Program;
pub use waiting::{Waited, until};
