//! Makes a backup, while the server runs or not: each database as it stood at one instant.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufWriter, Write},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use picket_durable as durable;
use picket_protocol::time::UnixSeconds;

use super::{
    Failed, Head, LEFT_OUT, PARTS, Summary,
    envelope::Sealer,
    files,
    pages::Pages,
    records::{self, RowsEnd},
    restore,
    sum::Summing,
};
use crate::{
    data::DataFolder,
    database::{Address, Connection, Layout, Table},
    domain::refused::Refused,
};

/// A database as it stood at one instant.
pub(super) struct Snapshot {
    pub(super) connection: Connection,
    pub(super) layout: Layout,
}

/// Writes everything into a new file, and reads it again. What it holds, and the file's SHA-256.
///
/// # Errors
/// When a file cannot be read or written, or the database failed; there is no new file then.
pub async fn make(
    folder: &DataFolder,
    databases: &Address,
    to: &Path,
    passphrase: &str,
    now: UnixSeconds,
) -> Result<(Summary, [u8; 32]), Failed> {
    if to.exists() {
        return Err(Refused::NotEmpty { what: to.display().to_string() }.into());
    }
    let draft = draft_of(to);
    let made = write(folder, databases, &draft, passphrase, now).await;
    let checked = match made {
        Ok(()) => restore::check(&draft, passphrase).await,
        Err(failed) => Err(failed),
    };
    let checked = checked.and_then(|checked| {
        fs::hard_link(&draft, to).map_err(Failed::file(to))?; // never replaces, where a rename would
        Ok(checked)
    });
    let _ = fs::remove_file(&draft);
    let (_, summary, digest) = checked?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    durable::sync_folder(folder).map_err(Failed::file(folder))?;
    Ok((summary, digest))
}

async fn write(
    folder: &DataFolder,
    databases: &Address,
    draft: &Path,
    passphrase: &str,
    now: UnixSeconds,
) -> Result<(), Failed> {
    let mut snapshots = snapshots(databases).await?;
    let failed = |source| Failed::File { path: draft.to_owned(), source };
    let _ = fs::remove_file(draft);
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft).map_err(failed)?;
    let mut out = Sealer::begin(BufWriter::new(file), passphrase).map_err(failed)?;
    let versions = snapshots.iter().map(|one| (one.layout.part.schema.to_owned(), one.layout.version)).collect();
    let head = Head { made_at: now, release: env!("CARGO_PKG_VERSION").to_owned(), versions };
    records::put_head(&mut out, &head).map_err(failed)?;
    for (name, content) in files::read(folder)? {
        records::put_file(&mut out, &name, &content).map_err(failed)?;
    }
    for snapshot in &mut snapshots {
        for table in snapshot.layout.tables.iter().filter(|table| !LEFT_OUT.contains(&table.name.as_str())) {
            records::put_table(&mut out, snapshot.layout.part.schema, &table.name).map_err(failed)?;
            let end = put_rows(&mut out, &mut snapshot.connection, table, failed).await?;
            records::put_rows_end(&mut out, &end).map_err(failed)?;
        }
    }
    records::put_end(&mut out).map_err(failed)?;
    let file: BufWriter<File> = out.finish().map_err(failed)?;
    let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().map_err(failed)
}

async fn put_rows(
    out: &mut impl Write,
    connection: &mut Connection,
    table: &Table,
    failed: impl Fn(std::io::Error) -> Failed,
) -> Result<RowsEnd, Failed> {
    let (mut pages, mut summing) = (Pages::of(table), Summing::default());
    while let Some(page) = pages.next(connection).await? {
        for row in &page {
            let row = records::encoded(row);
            summing.add(&row);
            records::put_row(out, &row).map_err(&failed)?;
        }
    }
    Ok(RowsEnd { sum: summing.end(), numbered: connection.numbered(table).await? })
}

/// The databases that there are: before the first start there is none of alerts.
pub(super) async fn snapshots(databases: &Address) -> Result<Vec<Snapshot>, Failed> {
    let mut snapshots = Vec::new();
    for part in PARTS {
        let Some(mut connection) = databases.snapshot(part).await? else { continue };
        let version = connection.version().await?;
        if version > part.newest() {
            return Err(Refused::BackupNewer { of: format!("version {version} of {}", part.schema) }.into());
        }
        snapshots.push(Snapshot { connection, layout: Layout::of(part, version).await? });
    }
    Ok(snapshots)
}

fn draft_of(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".draft");
    path.with_file_name(name)
}
