use super::*;

fn person(name: &str) -> PersonName {
    PersonName::try_from(name.to_owned()).unwrap()
}

fn account(name: &str, role: Role) -> Account {
    Account { name: person(name), role, password: PasswordHash::of_nobody(), password_since: UnixSeconds(7) }
}

#[test]
fn what_was_changed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    assert!(accounts.is_empty());
    accounts.begin_with(account("mira", Role::Admin)).unwrap();
    accounts.add(account("jon", Role::Viewer)).unwrap();
    accounts.set_role(&person("jon"), Role::Analyst).unwrap();
    let again = Accounts::open(folder.path()).unwrap();
    assert_eq!(again.list(), accounts.list());
    assert_eq!(again.find(&person("jon")).unwrap().role, Role::Analyst);
}

#[test]
fn beginning_anew_leaves_nobody_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.begin_with(account("mira", Role::Admin)).unwrap();
    accounts.add(account("jon", Role::Viewer)).unwrap();
    accounts.begin_with(account("eve", Role::Admin)).unwrap();
    assert_eq!(accounts.list(), [account_like(&accounts, "eve")]);
}

fn account_like(accounts: &Accounts, name: &str) -> Account {
    accounts.find(&person(name)).unwrap()
}

#[test]
fn somebody_stays_an_admin() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.begin_with(account("mira", Role::Admin)).unwrap();
    assert!(matches!(accounts.remove(&person("mira")), Err(AccountsFailed::LastAdmin)));
    assert!(matches!(accounts.set_role(&person("mira"), Role::Viewer), Err(AccountsFailed::LastAdmin)));
    accounts.add(account("jon", Role::Admin)).unwrap();
    accounts.remove(&person("mira")).unwrap();
    assert_eq!(accounts.first_admin(), Some(person("jon")));
}

#[test]
fn a_damaged_file_is_no_empty_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(FILE), b"{\"accounts\":[").unwrap();
    assert!(matches!(Accounts::open(folder.path()), Err(AccountsFailed::Damaged { .. })));
}

#[test]
fn a_change_that_is_not_on_the_disk_is_not_in_force() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.begin_with(account("mira", Role::Admin)).unwrap();
    drop(folder);
    assert!(matches!(accounts.add(account("jon", Role::Viewer)), Err(AccountsFailed::Storage { .. })));
    assert!(accounts.find(&person("jon")).is_none());
}

#[test]
fn names_are_ascii_and_of_one_case() {
    assert_eq!(person("Mira.Lindt@plant-3").as_str(), "mira.lindt@plant-3");
    for bad in ["", " mira", "-mira", "mira\r\nx", "mirа", "a b", "<b>", &"a".repeat(65)] {
        assert!(PersonName::try_from(bad.to_owned()).is_err(), "{bad:?}");
    }
}

#[test]
fn a_rehearsal_judges_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    accounts.begin_with(account("mira", Role::Admin)).unwrap();
    accounts.rehearsal().add(account("jon", Role::Viewer)).unwrap();
    assert!(matches!(accounts.rehearsal().remove(&person("mira")), Err(AccountsFailed::LastAdmin)));
    assert_eq!(accounts.list().len(), 1);
    assert_eq!(Accounts::open(folder.path()).unwrap().list(), accounts.list());
}
