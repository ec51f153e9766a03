//! The agent: the effects around the pure state machine, its local API, and the programs that use them.

pub mod service;
