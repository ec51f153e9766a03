//! A database of a test's own at the server that `PICKET_TEST_POSTGRES` names: its URL, by its database `postgres`.
#![expect(
    clippy::disallowed_methods,
    reason = "which server a test is to use comes by the environment, and each has a name of its own"
)]

use std::process::Command;

/// The URL of a new one; none where no server is named: then everything is in files.
pub(crate) fn database_for_test() -> Option<String> {
    let server = std::env::var("PICKET_TEST_POSTGRES").ok()?;
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    say(&format!("CREATE DATABASE {name}"));
    Some(server.replace("/postgres?", &format!("/{name}?")))
}

/// Which database a URL names.
pub(crate) fn name(url: &str) -> String {
    url.rsplit('/').find_map(|part| part.split_once('?')).map(|(name, _)| name.to_owned()).unwrap()
}

/// Has the server do something.
pub(crate) fn say(sql: &str) {
    let server = std::env::var("PICKET_TEST_POSTGRES").unwrap();
    let done = Command::new("psql").args(["--quiet", "--set", "ON_ERROR_STOP=1", &server, "--command", sql]).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{sql}: {done:?}");
}
