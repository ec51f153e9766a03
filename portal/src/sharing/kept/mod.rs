//! What sharing keeps in the portal's database: destinations with their cursors, health events, what was told.

mod destinations;
mod health_events;
mod standing;
#[cfg(test)]
pub(super) mod tests;
