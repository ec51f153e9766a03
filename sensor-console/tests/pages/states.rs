//! Opens every page in every state and looks at what came. Leaves them in `CARGO_TARGET_TMPDIR/pages/STATE` to be looked at.

use std::{
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt as _;
use picket_console::{
    accounts::{Account, Accounts, PersonName, Role, hash::PasswordHash},
    agent::Agent,
    audit::Audit,
    clock,
    console::Console,
    first_sign_in::Notes,
    follow::Follow,
    guard::attempts::Attempts,
    pages::{PAGES, WhoSees, router},
    sessions::Sessions,
    settings::Settings,
    tls,
    uploads::{Held, UploadSeats},
};
use picket_protocol::time::UnixSeconds;
use tower::ServiceExt as _;

use crate::{agent, samples};

/// Pages that need more than an address: something in the log, something uploaded.
const MORE: [&str; 3] = ["/alerts/4711", "/settings/reactivation/preview", "/alerts?severity=high&within=&text="];

struct Visit {
    router: Router,
    token: String,
    // Holds state and socket.
    _folder: tempfile::TempDir,
}

fn visit(answers: agent::Answers, role: Role) -> Visit {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("agent.sock");
    agent::play(&socket, answers);
    let name = PersonName::try_from("anna".to_owned()).unwrap();
    let accounts = Accounts::open(folder.path()).unwrap();
    let password = PasswordHash::of_nobody();
    accounts
        .begin_with(Account { name: name.clone(), role, password: password.clone(), password_since: UnixSeconds(0) })
        .unwrap();
    let notes = Notes::open(folder.path()).unwrap();
    notes.settle_certificate().unwrap();
    let agent = Agent::new(socket.clone());
    let console = Arc::new(Console {
        audit: Audit::new(agent.clone()),
        follow: Follow::new(agent.clone()),
        agent,
        accounts,
        sessions: Sessions::default(),
        attempts: Attempts::default(),
        uploads: UploadSeats::default(),
        certificate: tls::open(folder.path(), "sensor", clock::build_date()).unwrap(),
        notes,
        settings: Settings {
            listen: "127.0.0.1:0".parse().unwrap(),
            agent_socket: socket,
            state_directory: folder.path().to_owned(),
            terms_file: folder.path().join("terms"),
        },
        nobody: password,
    });
    let now = clock::since_boot();
    let token = console.sessions.begin(&name, IpAddr::V4(Ipv4Addr::LOCALHOST), now);
    let session = console.sessions.touch(&token, now).unwrap();
    console.sessions.hold(session.id, Some(Held::new("file".into())));
    Visit { router: router(console), token, _folder: folder }
}

impl Visit {
    async fn ask(&self, path: &str) -> Response {
        let request = Request::get(path)
            .header(header::HOST, "sensor.example")
            .header(header::COOKIE, format!("__Host-picket={}", self.token))
            .body(Body::empty())
            .unwrap();
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let answer = self.ask(path).await;
        let status = answer.status();
        (status, String::from_utf8_lossy(&answer.into_body().collect().await.unwrap().to_bytes()).into_owned())
    }
}

fn paths() -> Vec<&'static str> {
    let listed = PAGES.iter().filter(|page| page.who != WhoSees::Everybody).map(|page| page.path);
    listed.filter(|path| !path.starts_with("/first-sign-in")).chain(MORE).collect()
}

fn keep(state: &str, path: &str, page: &str) {
    let folder: PathBuf = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages").join(state);
    fs::create_dir_all(&folder).unwrap();
    let name = path.trim_matches('/').replace(['/', '?', '&', '='], "-");
    fs::write(folder.join(if name.is_empty() { "overview".to_owned() } else { name } + ".html"), page).unwrap();
}

/// What is wrong with a page as such, whatever it says.
fn faults(page: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if page.matches("<h1").count() != 1 {
        faults.push(format!("{} titles", page.matches("<h1").count()));
    }
    for forbidden in [" style=\"", "<style", "<script>", "javascript:", " onclick=", " onerror=alert(2)>"] {
        if page.contains(forbidden) {
            faults.push(format!("has {forbidden}"));
        }
    }
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    ids.sort_unstable();
    faults.extend(ids.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| format!("two of id {}", pair[0])));
    faults
}

#[tokio::test]
async fn every_page_in_every_state_is_whole() {
    let mut wrong = Vec::new();
    for (state, answers) in samples::states() {
        let visit = visit(answers, Role::Admin);
        for path in paths() {
            let (status, page) = visit.get(path).await;
            keep(state, path, &page);
            if status != StatusCode::OK {
                wrong.push(format!("{state} {path}: {status}"));
            }
            wrong.extend(faults(&page).into_iter().map(|fault| format!("{state} {path}: {fault}")));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[tokio::test]
async fn a_viewer_is_offered_nothing_that_changes_the_sensor() {
    for (state, answers) in samples::states() {
        let visit = visit(answers, Role::Viewer);
        for path in paths().into_iter().filter(|path| path.starts_with("/settings") && !path.ends_with("/preview")) {
            let (_, page) = visit.get(path).await;
            let forms: Vec<&str> =
                page.split("method=\"post\" action=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert_eq!(forms, ["/sign-out"], "{state} {path}");
        }
    }
}

#[tokio::test]
async fn without_an_agent_the_pages_say_so() {
    let visit = visit(agent::Answers::new(), Role::Admin);
    let (status, page) = visit.get("/").await;
    keep("no-agent", "/", &page);
    assert!(!status.is_success() && page.contains("data-refusal="), "{status} {page}");
}

#[tokio::test]
async fn overview_goes_on_by_itself() {
    let (_, answers) = samples::states().swap_remove(0);
    let visit = visit(answers, Role::Viewer);
    let mut body = visit.ask("/events/overview").await.into_body();
    let first = tokio::time::timeout(Duration::from_secs(30), body.frame()).await.unwrap().unwrap().unwrap();
    let event = String::from_utf8_lossy(&first.into_data().unwrap()).into_owned();
    assert!(event.starts_with("event: part\ndata: ") && event.ends_with("\n\n"), "{event}");
    assert!(event.contains("id=\"overview-lead\"") && event.contains("data-mode=\"cloud-connected\""), "{event}");
}

#[tokio::test]
async fn exports_carry_the_record_and_are_not_for_viewers() {
    let (_, answers) = samples::states().swap_remove(0);
    let analyst = visit(answers.clone(), Role::Analyst);
    let (_, csv) = analyst.get("/alerts/export.csv").await;
    assert!(csv.starts_with("id,epoch,severity") && csv.contains("S7comm: PLC stop requested"), "{csv}");
    let (_, ndjson) = analyst.get("/alerts/export.ndjson?text=PLC").await;
    assert_eq!(ndjson.lines().count(), 1, "{ndjson}");
    let (_, none) = analyst.get("/alerts/export.ndjson?text=nowhere").await;
    assert_eq!(none, "");
    let (refused, _) = visit(answers, Role::Viewer).get("/alerts/export.csv").await;
    assert_eq!(refused, StatusCode::FORBIDDEN);
}
