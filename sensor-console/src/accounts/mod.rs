//! The people who may use the console: names, roles, hashes of passwords, in one durable file.
//!
//! Few accounts, read at each request and written once a month: a file that is replaced whole needs no query language,
//! so there is none to inject into. Hashes nothing: see [`hash`].

mod person;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

pub use picket_guard::{
    hash, password,
    person_name::{InvalidPersonName, PersonName},
};
use picket_protocol::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use self::hash::PasswordHash;
pub use self::person::Role;

/// Most accounts.
pub const MAX_ACCOUNTS: usize = 64;
/// Most bytes of the file.
const MAX_FILE: usize = 64 * 1024;
const FILE: &str = "accounts.json";

/// One person's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// The name, unique.
    pub name: PersonName,
    /// What they may do.
    pub role: Role,
    /// Their password.
    pub password: PasswordHash,
    /// Since when it is so, by the wall clock.
    pub password_since: UnixSeconds,
}

/// Why accounts were not read or changed.
#[derive(Debug, thiserror::Error)]
pub enum AccountsFailed {
    /// The disk.
    #[error("accounts cannot be kept in {path}")]
    Storage {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is not what this program wrote.
    #[error("{path} is damaged: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What and where.
        why: String,
    },
    /// The name is taken.
    #[error("there is a person of this name already")]
    Exists,
    /// No such person.
    #[error("there is no person of this name")]
    Unknown,
    /// Without it nobody could change anything any more.
    #[error("the last admin stays an admin")]
    LastAdmin,
    /// The bound.
    #[error("there are {MAX_ACCOUNTS} people already")]
    Full,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Book {
    accounts: Vec<Account>,
}

/// All accounts. What it says is on the disk.
#[derive(Debug)]
pub struct Accounts {
    path: PathBuf,
    /// Whether changes are only judged.
    rehearsed: bool,
    book: Mutex<Book>,
}

impl Accounts {
    /// Reads them; none where there is no file yet.
    ///
    /// # Errors
    /// [`AccountsFailed`]: a damaged file is not overwritten, for then whoever damages it could do the first sign-in.
    pub fn open(folder: &Path) -> Result<Self, AccountsFailed> {
        let path = folder.join(FILE);
        let book = match picket_durable::read_bounded(&path, MAX_FILE) {
            Ok(content) => serde_json::from_slice(&content)
                .map_err(|error| AccountsFailed::Damaged { path: path.clone(), why: error.to_string() })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Book::default(),
            Err(source) => return Err(AccountsFailed::Storage { path, source }),
        };
        Ok(Self { path, rehearsed: false, book: Mutex::new(book) })
    }

    /// The same accounts, of which changes are judged as of these, and go nowhere.
    #[must_use]
    pub fn rehearsal(&self) -> Self {
        Self { path: self.path.clone(), rehearsed: true, book: Mutex::new(self.book().clone()) }
    }

    /// Whether nobody has an account: the first sign-in is due.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.book().accounts.is_empty()
    }

    /// The account of this name.
    #[must_use]
    pub fn find(&self, name: &PersonName) -> Option<Account> {
        self.book().accounts.iter().find(|account| account.name == *name).cloned()
    }

    /// All accounts, in the order in which they were made.
    #[must_use]
    pub fn list(&self) -> Vec<Account> {
        self.book().accounts.clone()
    }

    /// The first admin: whose password a recovery replaces.
    #[must_use]
    pub fn first_admin(&self) -> Option<PersonName> {
        self.book().accounts.iter().find(|account| account.role == Role::Admin).map(|account| account.name.clone())
    }

    /// Begins anew with one account, by the setup code: former ones, of before a reset, go.
    ///
    /// # Errors
    /// [`AccountsFailed::Storage`].
    pub fn begin_with(&self, account: Account) -> Result<(), AccountsFailed> {
        self.change(|book| {
            book.accounts = vec![account];
            Ok(())
        })
    }

    /// Adds an account.
    ///
    /// # Errors
    /// [`AccountsFailed`].
    pub fn add(&self, account: Account) -> Result<(), AccountsFailed> {
        self.change(|book| {
            if book.accounts.iter().any(|known| known.name == account.name) {
                return Err(AccountsFailed::Exists);
            }
            if book.accounts.len() >= MAX_ACCOUNTS {
                return Err(AccountsFailed::Full);
            }
            book.accounts.push(account);
            Ok(())
        })
    }

    /// Gives a person a new password.
    ///
    /// # Errors
    /// [`AccountsFailed`].
    pub fn set_password(
        &self,
        name: &PersonName,
        password: PasswordHash,
        now: UnixSeconds,
    ) -> Result<(), AccountsFailed> {
        self.change(|book| {
            let account = book.account(name)?;
            account.password = password;
            account.password_since = now;
            Ok(())
        })
    }

    /// Gives a person another role.
    ///
    /// # Errors
    /// [`AccountsFailed`].
    pub fn set_role(&self, name: &PersonName, role: Role) -> Result<(), AccountsFailed> {
        self.change(|book| {
            book.account(name)?.role = role;
            book.has_admin()
        })
    }

    /// Removes a person.
    ///
    /// # Errors
    /// [`AccountsFailed`].
    pub fn remove(&self, name: &PersonName) -> Result<(), AccountsFailed> {
        self.change(|book| {
            book.account(name)?;
            book.accounts.retain(|account| account.name != *name);
            book.has_admin()
        })
    }

    /// All or nothing: on the disk first, then in force.
    fn change(&self, change: impl FnOnce(&mut Book) -> Result<(), AccountsFailed>) -> Result<(), AccountsFailed> {
        let mut book = self.book();
        let mut next = book.clone();
        change(&mut next)?;
        if self.rehearsed {
            return Ok(());
        }
        let storage = |source| AccountsFailed::Storage { path: self.path.clone(), source };
        let content = serde_json::to_vec_pretty(&next).map_err(|error| storage(error.into()))?;
        picket_durable::replace(&self.path, &content).map_err(storage)?;
        *book = next;
        Ok(())
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    fn account(&mut self, name: &PersonName) -> Result<&mut Account, AccountsFailed> {
        self.accounts.iter_mut().find(|account| account.name == *name).ok_or(AccountsFailed::Unknown)
    }

    fn has_admin(&self) -> Result<(), AccountsFailed> {
        let admin = self.accounts.iter().any(|account| account.role == Role::Admin);
        if admin { Ok(()) } else { Err(AccountsFailed::LastAdmin) }
    }
}
