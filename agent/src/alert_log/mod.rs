//! The agent's durable, bounded store of alerts: one SQLite database apart from the control state.
//!
//! Accepted means durable here. Knows neither where alerts come from nor where they go.

mod entry;

pub use self::entry::{
    Acknowledged, Bounds, Chunk, ConsumerMarks, Entry, ListFilter, LogError, LoggedAlert, NewAlert, Place,
    Verification, VerifiedStream,
};
