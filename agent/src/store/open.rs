//! Opens the control state, whatever lies there. The agent always starts; what it starts with is said.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use picket_protocol::refusal::Refusal;

use super::{
    Backing, Health, Store,
    database::{self, Database, Stored, VERSION},
    database_in,
    failure::Failure,
    reserve::Reserve,
    second_copy::SecondCopy,
    set_aside::{PARTS, set_aside, with_suffix},
};
use picket_durable as files;

/// The folders that the store uses.
#[derive(Debug, Clone)]
pub struct Places {
    /// Where the control state lies.
    pub state: PathBuf,
    /// Where a copy goes while that cannot be written.
    pub runtime: PathBuf,
}

impl Places {
    pub(super) fn database(&self) -> PathBuf {
        database_in(&self.state)
    }
}

/// The store, and the state to start with.
#[derive(Debug)]
pub struct Opened {
    /// The store.
    pub store: Store,
    /// The state; none for a sensor that was never activated, or that lost everything.
    pub state: Option<Vec<u8>>,
}

/// Judges bytes of a state: whether they can be read at all. A state that cannot is as corrupt as a torn page.
pub type Accept<'a> = &'a dyn Fn(&[u8]) -> Result<(), Refusal>;

impl Store {
    /// Opens the control state.
    ///
    /// # Errors
    /// Only when another agent holds it.
    pub fn open(places: Places, accept: Accept<'_>) -> Result<Opened, Refusal> {
        let path = places.database();
        // 1. Newer state than we know: start, say so, touch nothing.
        if let Some(found) = database::version_on_disk(&path).filter(|found| *found > VERSION) {
            let why = Refusal::NewerState { found: found.into(), known: VERSION.into() };
            return Ok(Self::refusing(places, why, None, None));
        }
        // 2. The folder, if this is the first start.
        if let Err(error) = make_folder(&places.state) {
            let why = Failure::from(error).refusal(&places.state);
            return Ok(Self::refusing(places, why, None, None));
        }
        // 3. The database, with a state in it that can be read.
        match open_sound(&path, accept) {
            Ok((database, stored)) => Ok(Self::sound(places, database, stored)),
            Err(Failure::InUse) => Err(Failure::InUse.refusal(&path)),
            // 4. Corrupt: set aside, and the second copy instead.
            Err(Failure::Corrupt(why)) => Self::recover(places, accept, &why),
            // 5. Cannot be written: a copy, with writes refused.
            Err(failure) => Ok(Self::from_copy(places, accept, &failure)),
        }
    }

    fn sound(places: Places, database: Database, stored: Option<Stored>) -> Opened {
        let store = Self::with(places, Backing::Writable(database), Health::Ok);
        if let Some(stored) = &stored {
            let copied = store.second_copy.read().map(|copy| copy.generation);
            // The power failed between the commit and its copy.
            if copied != Some(stored.generation)
                && let Err(error) = store.second_copy.write(stored)
            {
                tracing::warn!(%error, "the second copy was not brought up to date");
            }
        }
        if let Err(error) = store.reserve.replenish() {
            tracing::warn!(%error, "no reserve for a full disk could be made");
        }
        Opened { store, state: stored.map(|stored| stored.content) }
    }

    fn recover(places: Places, accept: Accept<'_>, why: &str) -> Result<Opened, Refusal> {
        let path = places.database();
        let aside = match set_aside(&path) {
            Ok(aside) => aside,
            Err(error) => return Ok(Self::from_copy(places, accept, &error.into())),
        };
        let state = second_copy(&places.state, accept);
        let recovered = state.is_some();
        tracing::error!(%why, aside = %aside.display(), recovered, "the control state is corrupt and was set aside");
        let mut database = match Database::open(&path) {
            Ok(database) => database,
            Err(failure) => {
                return Ok(Self::refusing(places, failure.refusal(&path), None, state.map(|state| state.content)));
            }
        };
        if let Some(state) = &state {
            // Counts on from the copy, or a later commit would look older than the copy.
            database.restore(state).map_err(|failure| failure.refusal(&path))?;
        }
        let store = Self::with(places, Backing::Writable(database), Health::SetAside { path: aside, recovered });
        let _ = store.reserve.replenish();
        Ok(Opened { store, state: state.map(|state| state.content) })
    }

    fn from_copy(places: Places, accept: Accept<'_>, failure: &Failure) -> Opened {
        let why = failure.refusal(&places.database());
        tracing::error!(code = why.code(), %why, "the control state cannot be written: starting from a copy");
        let copy = copy_to_runtime(&places).and_then(|path| open_sound(&path, accept).map_err(io::Error::other));
        match copy {
            Ok((copy, stored)) => Self::refusing(places, why, Some(copy), stored.map(|stored| stored.content)),
            Err(error) => {
                tracing::warn!(%error, "no copy could be made; the second copy is used");
                let state = second_copy(&places.state, accept).map(|stored| stored.content);
                Self::refusing(places, why, None, state)
            }
        }
    }

    fn refusing(places: Places, why: Refusal, copy: Option<Database>, state: Option<Vec<u8>>) -> Opened {
        let health = Health::Refusing(why.clone());
        Opened { store: Self::with(places, Backing::Refusing { why, copy }, health), state }
    }

    fn with(places: Places, backing: Backing, health: Health) -> Self {
        let reserve = Reserve::in_folder(&places.state);
        let second_copy = SecondCopy::in_folder(&places.state);
        Self { places, backing, reserve, second_copy, copy_due: None, health }
    }
}

fn open_sound(path: &Path, accept: Accept<'_>) -> Result<(Database, Option<Stored>), Failure> {
    let database = Database::open(path)?;
    let stored = database.state()?;
    if let Some(stored) = &stored {
        accept(&stored.content).map_err(|refusal| Failure::Corrupt(refusal.to_string()))?;
    }
    Ok((database, stored))
}

fn second_copy(folder: &Path, accept: Accept<'_>) -> Option<Stored> {
    SecondCopy::in_folder(folder).read().filter(|stored| accept(&stored.content).is_ok())
}

fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() { Ok(()) } else { files::create_private_folder(folder) }
}

/// The database as it stands, in the runtime folder, which is memory.
fn copy_to_runtime(places: &Places) -> io::Result<PathBuf> {
    let folder = places.runtime.join("read-only-state");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    files::create_private_folder(&folder)?;
    let copy = database_in(&folder);
    // Without -shm: it is made anew from the WAL.
    for part in &PARTS[..2] {
        match fs::copy(with_suffix(&places.database(), part), with_suffix(&copy, part)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !part.is_empty() => {}
            Err(error) => return Err(error),
            Ok(_) => {}
        }
    }
    Ok(copy)
}
