//! The state as bytes for the store, and back. One JSON value; the store keeps its version beside it.

use picket_lifecycle::State;
use picket_protocol::refusal::Refusal;

/// Writes the state.
pub(super) fn encode(state: &State) -> Result<Vec<u8>, Refusal> {
    serde_json::to_vec(state).map_err(|error| failed(&error))
}

/// The state that was stored; that of an appliance that was never anybody's, if none was.
///
/// # Errors
/// [`Refusal::StorageFailed`] for a state that [`readable`] refuses.
pub fn load(stored: Option<&[u8]>) -> Result<State, Refusal> {
    stored.map_or_else(|| Ok(State::default()), decode)
}

fn decode(bytes: &[u8]) -> Result<State, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| failed(&error))
}

/// Whether these bytes are a state, for the store to judge what it finds.
///
/// # Errors
/// [`Refusal::StorageFailed`] that says what is wrong with them.
pub fn readable(bytes: &[u8]) -> Result<(), Refusal> {
    decode(bytes).map(drop)
}

fn failed(error: &serde_json::Error) -> Refusal {
    Refusal::StorageFailed { path: "control state".to_owned(), why: error.to_string() }
}
