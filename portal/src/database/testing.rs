//! Where a test keeps its database: in its folder, or, where `PICKET_TEST_POSTGRES` names a server, in a database of its
//! own there.
#![expect(
    clippy::disallowed_methods,
    reason = "which server a test is to use comes by the environment, and each has a name of its own"
)]

use std::path::Path;

use sqlx::{AssertSqlSafe, ConnectOptions as _, postgres::PgConnectOptions};

use super::Address;

/// The server's URL, by its database `postgres`.
const SERVER: &str = "PICKET_TEST_POSTGRES";

/// The database of a test's folder: the same whenever it is asked for.
pub(crate) async fn address(folder: &Path) -> Address {
    let Ok(server) = std::env::var(SERVER) else { return Address::Folder(folder.to_owned()) };
    let options: PgConnectOptions = server.parse().unwrap();
    let marker = folder.join("database");
    if !marker.exists() {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut connection = options.clone().database("postgres").connect().await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await.unwrap();
        std::fs::write(&marker, name).unwrap();
    }
    Address::Server(Box::new(options.database(&std::fs::read_to_string(&marker).unwrap())))
}
