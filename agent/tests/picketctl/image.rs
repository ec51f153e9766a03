//! image-prepare: erases an agent's state, and nothing else, and never under a running agent.

use std::{fs, os::unix::net::UnixListener, path::Path};

use crate::agent::{Ended, run};

fn prepare(folder: &Path, options: &[&str]) -> Ended {
    for name in ["state", "run", "trust.d"] {
        fs::create_dir_all(folder.join(name)).unwrap();
    }
    let mut config = String::new();
    for (key, name) in [("state_directory", "state"), ("runtime_directory", "run"), ("trust_directory", "trust.d")] {
        config.push_str(&format!("{key} = {:?}\n", folder.join(name)));
    }
    let path = folder.join("agent.toml");
    fs::write(&path, config).unwrap();
    let [console, key] = ["console", "key"].map(|name| folder.join(name).display().to_string());
    let places =
        ["image-prepare", "--config", path.to_str().unwrap(), "--console-state", &console, "--key-state", &key];
    run(&folder.join("unused.sock"), &[&places, options].concat(), b"")
}

fn used_state(folder: &Path) {
    let state = folder.join("state");
    fs::create_dir_all(state.join("identities/some-cti")).unwrap();
    fs::write(state.join("identities/some-cti/key.pem"), "key").unwrap();
    fs::write(state.join("control.db"), "state").unwrap();
    fs::write(state.join("appliance-id"), "id").unwrap();
}

fn left(folder: &Path) -> usize {
    fs::read_dir(folder.join("state")).unwrap().count()
}

#[test]
fn everything_of_an_agent_is_erased_and_its_trust_roots_stay() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    fs::create_dir_all(folder.path().join("trust.d")).unwrap();
    fs::write(folder.path().join("trust.d/portal.root"), "root").unwrap();
    let ended = prepare(folder.path(), &["--yes"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert_eq!(left(folder.path()), 0);
    assert!(folder.path().join("trust.d/portal.root").exists());
    assert_eq!(prepare(folder.path(), &["--yes"]).code, 0, "a second time there is nothing to do");
}

#[test]
fn what_the_console_knows_of_people_and_what_seals_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    for (name, file) in [("console", "accounts.json"), ("console", "server.pem"), ("key", "sealed")] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
        fs::write(folder.path().join(name).join(file), "of this sensor").unwrap();
    }
    let ended = prepare(folder.path(), &["--yes", "--json"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for name in ["console", "key"] {
        assert_eq!(fs::read_dir(folder.path().join(name)).unwrap().count(), 0, "{name}");
    }
    assert!(ended.out.contains("console/accounts.json"), "{}", ended.out);
}

#[test]
fn a_folder_that_is_not_the_consoles_keeps_all_from_being_erased() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    fs::create_dir_all(folder.path().join("console")).unwrap();
    fs::write(folder.path().join("console/thesis.tex"), "years of work").unwrap();
    assert_eq!(prepare(folder.path(), &["--yes"]).code, 1);
    assert_eq!(left(folder.path()), 3);
    assert!(folder.path().join("console/thesis.tex").exists());
}

#[test]
fn nothing_is_erased_while_the_consoles_user_works() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    let console = folder.path().join("console");
    fs::create_dir_all(&console).unwrap();
    fs::write(console.join("accounts.json"), "people").unwrap();
    // Only root can make a folder somebody else's.
    if std::os::unix::fs::chown(&console, Some(54_321), None).is_err() {
        return;
    }
    let mut command = std::process::Command::new("sleep");
    let mut working = std::os::unix::process::CommandExt::uid(command.arg("60"), 54_321).spawn().unwrap();
    let ended = prepare(folder.path(), &["--yes"]);
    working.kill().unwrap();
    working.wait().unwrap();
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("console is running"), "{}", ended.err);
    assert_eq!(left(folder.path()), 3);
    assert_eq!(prepare(folder.path(), &["--yes"]).code, 0);
}

#[test]
fn nothing_is_erased_without_a_yes() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    assert_eq!(prepare(folder.path(), &[]).code, 2);
    assert_eq!(left(folder.path()), 3);
}

#[test]
fn nothing_is_erased_under_a_running_agent() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    fs::create_dir_all(folder.path().join("run")).unwrap();
    let _listener = UnixListener::bind(folder.path().join("run/agent.sock")).unwrap();
    let ended = prepare(folder.path(), &["--yes"]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("the agent is running") || ended.err.contains("The agent is running"), "{}", ended.err);
    assert_eq!(left(folder.path()), 3);
}

#[test]
fn folder_that_is_not_an_agents_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("state")).unwrap();
    fs::write(folder.path().join("state/thesis.tex"), "years of work").unwrap();
    assert_eq!(prepare(folder.path(), &["--yes"]).code, 1);
    assert_eq!(left(folder.path()), 1);
}

#[test]
fn link_is_erased_and_what_it_points_to_is_not() {
    let folder = tempfile::tempdir().unwrap();
    used_state(folder.path());
    fs::create_dir_all(folder.path().join("elsewhere")).unwrap();
    fs::write(folder.path().join("elsewhere/file"), "kept").unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), folder.path().join("state/link")).unwrap();
    assert_eq!(prepare(folder.path(), &["--yes"]).code, 0);
    assert!(folder.path().join("elsewhere/file").exists());
    assert_eq!(left(folder.path()), 0);
}
