//! The trust root under a running server: keys added, withdrawn and rotated with root keys alone.

use picket_protocol::{heartbeat::Standing, ids::Kid, reading::inspect, trust::TrustStore};

use crate::{sensor::Sensor, server::Server};

fn root_key(server: &Server) -> String {
    server.data().join("root-keys/root-1.key").to_str().unwrap().to_owned()
}

fn signing_key(server: &Server) -> String {
    server.json(&["root", "show"])["keys"][0]["kid"].as_str().unwrap().to_owned()
}

async fn until_root_version(sensor: &mut Sensor, server: &Server, roots: usize) -> Vec<Vec<u8>> {
    let deadline = std::time::Duration::from_secs(20);
    let asked = async {
        loop {
            let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
            if answer.roots.len() == roots {
                return answer.roots;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(deadline, asked).await.expect("the server takes the new root by itself")
}

#[tokio::test]
async fn newer_roots_reach_a_sensor_with_its_heartbeats_once() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let out = server.scratch("v1.root");
    server.cli(&["root", "export", out.to_str().unwrap()]);
    let mut trust = TrustStore::default();
    let id = trust.pin(&std::fs::read(out).unwrap()).unwrap();

    let old: Kid = signing_key(&server).parse().unwrap();
    server.cli(&["root", "add-key", "--role", "activation", "--root-key", &root_key(&server)]);
    server.cli(&["root", "withdraw", &old.to_string(), "--root-key", &root_key(&server)]);
    let roots = until_root_version(&mut sensor, &server, 2).await;
    trust.adopt(&id, &roots).unwrap();
    assert!(trust.is_withdrawn(&id, &old));
    let answer = sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(answer.roots, Vec::<Vec<u8>>::new(), "the heartbeat before showed that the answer arrived");

    // Files are signed by the key that is left, and carry the whole chain.
    let file = server.activation_file(&sensor.id.to_string());
    assert_eq!(inspect(&file).unwrap().roots().len(), 3);
    Sensor::for_file(&server, &file);
}

#[test]
fn rotated_root_keys_sign_and_the_old_ones_do_not() {
    let server = Server::portal();
    let new_keys = server.scratch("new-root-keys");
    let out = new_keys.to_str().unwrap();
    server.cli(&[
        "root",
        "rotate",
        "--root-key",
        &root_key(&server),
        "--root-key-out",
        out,
        "--root-keys",
        "3",
        "--threshold",
        "2",
    ]);
    let add = ["root", "add-key", "--role", "activation"];
    assert!(!server.try_cli(&[&add[..], &["--root-key", &root_key(&server)]].concat()).status.success());
    let new = |number: u8| new_keys.join(format!("root-v2-{number}.key")).to_str().unwrap().to_owned();
    assert!(!server.try_cli(&[&add[..], &["--root-key", &new(1)]].concat()).status.success(), "one of two");
    server.cli(&[&add[..], &["--root-key", &new(1), "--root-key", &new(3)]].concat());
    assert_eq!(server.json(&["root", "show"])["version"], 3);
}

#[test]
fn root_keys_that_never_meet_sign_a_draft_one_after_the_other() {
    let server = Server::portal();
    let path = |name: &str| server.scratch(name).to_str().unwrap().to_owned();
    let (out, draft, elsewhere) = (path("root-keys"), path("draft.root"), path("elsewhere.root"));
    server.cli(
        &[
            &["root", "rotate", "--root-key", &root_key(&server), "--root-key-out", &out][..],
            &["--root-keys", "3", "--threshold", "2"],
        ]
        .concat(),
    );
    let key = |number: u8| format!("{out}/root-v2-{number}.key");
    let old = signing_key(&server);
    server.cli(&["root", "withdraw", &old, "--root-key", &key(1), "--draft", &draft]);
    assert_eq!(server.json(&["root", "show"])["version"], 2, "a draft changes nothing");
    assert_eq!(server.try_cli(&["root", "adopt", &draft]).status.code(), Some(3), "one of two");

    // Where the second key is, there is no data folder.
    std::fs::copy(&draft, &elsewhere).unwrap();
    let shown = server.cli_elsewhere(&["root", "sign", &elsewhere]);
    assert!(shown.contains(&format!("withdraws key {old}")), "{shown}");
    assert_eq!(std::fs::read(&draft).unwrap(), std::fs::read(&elsewhere).unwrap(), "looking signs nothing");
    assert!(!server.run(&["root", "sign", &elsewhere, "--root-key", &root_key(&server)]).status.success());
    let signed = server.cli_elsewhere(&["root", "sign", &elsewhere, "--root-key", &key(3)]);
    assert!(signed.contains("root adopt"), "{signed}");
    server.cli(&["root", "adopt", &elsewhere]);
    let shown = server.json(&["root", "show"]);
    assert_eq!((&shown["version"], &shown["withdrawn"][0]), (&3.into(), &old.into()));
    let again = server.try_cli(&["root", "adopt", &elsewhere]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("follows another version"), "{again:?}");
}
