//! From the files of the data folder to a PostgreSQL server. The files stay as they are.

use super::{
    Failed, LEFT_OUT, PARTS, Summary,
    loader::Loader,
    make::{Snapshot, snapshots},
    pages::Pages,
    records::{RowsEnd, encoded},
    restore::refuse_filled,
    sum::Summing,
};
use crate::database::Address;

/// Copies both databases, and compares count and digest of every table. If it fails nothing is left at the server.
///
/// # Errors
/// When there is something at the server already, or a database failed.
pub async fn relocate(from: &Address, to: &Address) -> Result<Summary, Failed> {
    refuse_filled(to).await?;
    let mut snapshots = snapshots(from).await?;
    let copied = copy(&mut snapshots, to).await;
    if copied.is_err() {
        for part in PARTS {
            let _ = to.unmake(part).await; // the failure says more
        }
    }
    copied
}

async fn copy(snapshots: &mut [Snapshot], to: &Address) -> Result<Summary, Failed> {
    let mut summary = Summary::default();
    for Snapshot { connection, layout } in snapshots {
        let mut loader = Loader::begin(to, layout.clone()).await?;
        for table in layout.tables.iter().filter(|table| !LEFT_OUT.contains(&table.name.as_str())) {
            let (mut pages, mut summing) = (Pages::of(table), Summing::default());
            while let Some(page) = pages.next(connection).await? {
                page.iter().for_each(|row| summing.add(&encoded(row)));
                loader.rows(table, page).await?;
            }
            let end = RowsEnd { sum: summing.end(), numbered: connection.numbered(table).await? };
            loader.rows_end(table, &end).await?;
            summary.tables.insert((layout.part.schema.to_owned(), table.name.clone()), end.sum);
        }
        loader.finish().await?;
    }
    Ok(summary)
}
