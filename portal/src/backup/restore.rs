//! Reads a backup to its end, once to check it and once more to take it.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::Path,
};

use super::{
    Failed, Head, PARTS, Summary,
    envelope::Opener,
    files,
    loader::Loader,
    records::{self, Record},
    sum::Summing,
};
use crate::{
    data::{DataFolder, Settings},
    database::{Address, Kind, Layout, Table, Value},
    domain::refused::Refused,
};

/// Rows that are taken at once.
const ROWS: usize = 500;
/// The settings' name in a backup: it is written last, since a folder with settings is a whole one.
const SETTINGS: &str = "portal.json";

/// Where a backup goes.
struct Target<'a> {
    folder: &'a DataFolder,
    databases: &'a Address,
    loaders: BTreeMap<String, Loader>,
}

/// Reads all of a backup and writes nothing: its head, what it holds, the SHA-256 of the file.
///
/// # Errors
/// When it cannot be read, is damaged or not whole, is of a newer release, or has another passphrase.
pub async fn check(file: &Path, passphrase: &str) -> Result<(Head, Summary, [u8; 32]), Failed> {
    let (head, summary, digest, _) = read(file, passphrase, None).await?;
    Ok((head, summary, digest))
}

/// The settings in a backup that [`check`] found good, with another database if one is named.
///
/// # Errors
/// As [`check`], and that of the settings.
async fn settings_in(file: &Path, passphrase: &str) -> Result<Settings, Failed> {
    let (.., settings) = read(file, passphrase, None).await?;
    let settings = settings.ok_or_else(|| Failed::damaged("it has no settings"))?;
    serde_json::from_slice(&settings).map_err(|error| Failed::damaged(format!("its settings: {error}")))
}

/// Takes a backup into a folder that has nothing in it, and a database that has nothing in it: that of the backup, unless
/// another is named. What was begun is taken away again if it cannot be ended.
///
/// # Errors
/// As [`check`]; when the place is not empty, or cannot be written.
pub async fn restore(
    file: &Path,
    passphrase: &str,
    folder: &DataFolder,
    database: Option<Option<String>>,
) -> Result<(Head, Summary, Settings), Failed> {
    let mut settings = settings_in(file, passphrase).await?;
    if let Some(database) = database {
        settings.database = database;
    }
    let databases = folder.databases(&settings).map_err(Refused::invalid)?;
    empty(folder, &databases).await?;
    picket_durable::create_private_folder(folder.path()).map_err(Failed::file(folder.path()))?;
    let taken = take(file, passphrase, folder, &databases).await;
    let ended = match taken {
        Ok((head, summary)) => write_settings(folder, &settings).map(|()| (head, summary, settings)),
        Err(failed) => Err(failed),
    };
    if ended.is_err() {
        take_away(folder, &databases).await;
    }
    ended
}

async fn take(
    file: &Path,
    passphrase: &str,
    folder: &DataFolder,
    databases: &Address,
) -> Result<(Head, Summary), Failed> {
    let mut target = Target { folder, databases, loaders: BTreeMap::new() };
    let (head, summary, ..) = read(file, passphrase, Some(&mut target)).await?;
    for loader in target.loaders.into_values() {
        loader.finish().await?;
    }
    Ok((head, summary))
}

fn write_settings(folder: &DataFolder, settings: &Settings) -> Result<(), Failed> {
    let text = serde_json::to_vec_pretty(settings).map_err(|error| Failed::damaged(error.to_string()))?;
    files::write(folder, SETTINGS, &text)
}

/// Refuses a folder or a database that has anything in it.
async fn empty(folder: &DataFolder, databases: &Address) -> Result<(), Failed> {
    match fs::read_dir(folder.path()) {
        Ok(entries) => {
            let ours = |name: std::ffi::OsString| name != "lock" && name != "lost+found";
            if entries.filter_map(Result::ok).any(|entry| ours(entry.file_name())) {
                return Err(Refused::NotEmpty { what: folder.path().display().to_string() }.into());
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(Failed::file(folder.path())(error)),
    }
    refuse_filled(databases).await
}

/// The same of a database alone.
pub(super) async fn refuse_filled(databases: &Address) -> Result<(), Failed> {
    for part in PARTS {
        if databases.holds(part).await? {
            return Err(Refused::NotEmpty { what: format!("the schema {} of the database", part.schema) }.into());
        }
    }
    Ok(())
}

/// What was begun and not ended: the folder was empty, and so was the database.
async fn take_away(folder: &DataFolder, databases: &Address) {
    for part in PARTS {
        if let Err(error) = databases.unmake(part).await {
            tracing::warn!(%error, schema = part.schema, "what was begun could not be taken away");
        }
    }
    let entries = fs::read_dir(folder.path()).into_iter().flatten().filter_map(Result::ok);
    for entry in entries.filter(|entry| entry.file_name() != "lock" && entry.file_name() != "lost+found") {
        let path = entry.path();
        let _ = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
    }
}

/// Head, sums, SHA-256 of the file, the settings' file.
type Content = (Head, Summary, [u8; 32], Option<Vec<u8>>);

/// Reads all of it, into a target if there is one.
async fn read(file: &Path, passphrase: &str, mut target: Option<&mut Target<'_>>) -> Result<Content, Failed> {
    let reading = Failed::reading(file);
    let input = File::open(file).map_err(Failed::file(file))?;
    let mut input = Opener::begin(BufReader::new(input), passphrase, &reading)?;
    let Record::Head(head) = records::next(&mut input).map_err(&reading)? else {
        return Err(Failed::damaged("it has no head"));
    };
    let layouts = layouts(&head).await?;
    if let Some(target) = target.as_deref_mut() {
        for layout in &layouts {
            let loader = Loader::begin(target.databases, layout.clone()).await?;
            target.loaders.insert(layout.part.schema.to_owned(), loader);
        }
    }
    let (mut summary, mut settings) = (Summary::default(), None);
    loop {
        match records::next(&mut input).map_err(&reading)? {
            Record::Head(_) => return Err(Failed::damaged("it has two heads")),
            Record::File { name, content } => {
                if !files::belongs(&name) {
                    return Err(Failed::damaged(format!("no data folder has a file {name}")));
                }
                summary.files += 1;
                if name == SETTINGS {
                    settings = Some(content);
                } else if let Some(target) = target.as_deref() {
                    files::write(target.folder, &name, &content)?;
                }
            }
            Record::Table { schema, table } => {
                let known = layouts.iter().find(|layout| layout.part.schema == schema);
                let known = known.and_then(|layout| layout.tables.iter().find(|known| known.name == table));
                let known = known.ok_or_else(|| Failed::damaged(format!("no database has a table {table}")))?;
                let loader = target.as_deref_mut().and_then(|target| target.loaders.get_mut(&schema));
                let sum = rows(&mut input, known, loader, &reading).await?;
                if summary.tables.insert((schema, table), sum).is_some() {
                    return Err(Failed::damaged("it has a table twice"));
                }
            }
            Record::End => return Ok((head, summary, input.digest(), settings)),
        }
    }
}

async fn rows(
    input: &mut impl Read,
    table: &Table,
    mut loader: Option<&mut Loader>,
    reading: impl Fn(std::io::Error) -> Failed,
) -> Result<super::sum::Sum, Failed> {
    let kinds: Vec<Kind> = table.columns.iter().map(|column| column.kind).collect();
    let (mut summing, mut page): (Summing, Vec<Vec<Value>>) = (Summing::default(), Vec::new());
    let end = loop {
        match records::next_row(input, &kinds).map_err(&reading)? {
            Ok(row) => {
                summing.add(&records::encoded(&row));
                page.push(row);
                if page.len() == ROWS {
                    let full = std::mem::take(&mut page);
                    if let Some(loader) = loader.as_deref_mut() {
                        loader.rows(table, full).await?;
                    }
                }
            }
            Err(end) => break end,
        }
    };
    let sum = summing.end();
    if sum != end.sum {
        return Err(Failed::damaged(format!("rows of table {} were changed", table.name)));
    }
    if let Some(loader) = loader {
        loader.rows(table, page).await?;
        loader.rows_end(table, &end).await?;
    }
    Ok(sum)
}

/// The tables as the migrations made them when the backup was made.
async fn layouts(head: &Head) -> Result<Vec<Layout>, Failed> {
    let mut layouts = Vec::new();
    for (schema, version) in &head.versions {
        let part = PARTS.into_iter().find(|part| part.schema == schema);
        let part = part.filter(|part| *version <= part.newest());
        let newer = || Refused::BackupNewer { of: format!("release {}", head.release) };
        layouts.push(Layout::of(part.ok_or_else(newer)?, *version).await?);
    }
    Ok(layouts)
}
