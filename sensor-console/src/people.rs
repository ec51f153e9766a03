//! Changes of people: rehearsed, recorded by the agent, then made. What would be refused leaves no record, and nothing is
//! made without one.

use std::sync::Arc;

use picket_protocol::local_api::PeopleRecord;

use crate::{
    accounts::{Accounts, AccountsFailed, PersonName},
    console::Shared,
    page::Failed,
    refused,
};

/// Makes a change for whoever asks for it.
///
/// # Errors
/// The pages `console.account-refused`, `console.no-agent` and `console.storage-failed`.
pub async fn change(
    console: &Shared,
    by: &PersonName,
    record: PeopleRecord,
    change: impl Fn(&Accounts) -> Result<(), AccountsFailed> + Send + 'static,
) -> Result<(), Failed> {
    change(&console.accounts.rehearsal()).map_err(|error| refused::accounts(&error))?;
    console.audit.before(by, &record).await?;
    let console = Arc::clone(console);
    away(move || change(&console.accounts)).await?.map_err(|error| refused::accounts(&error))
}

/// Away from the thread that serves: hashing and the disk take their time.
///
/// # Errors
/// `console.storage-failed`, when the task ended.
pub async fn away<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failed> {
    tokio::task::spawn_blocking(work).await.map_err(|_| refused::storage("the task ended").into())
}
