//! Lists that people look through: the audit, alerts by time and text, where an alert stands, keys and certificates.

use axum::http::StatusCode;
use picket_lifecycle::delivery::Acknowledged;
use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis},
    documents::activation::{Certificate, Endpoint},
    heartbeat::Confirmation,
    ids::{Cti, Epoch, StreamId},
    local_api::{
        AlertDetail, AlertPage, AlertStanding, AlertStatus, AuditRecord, CertificateView, EndpointRole, KeyKind,
        SensorState, SeverityHour, routes,
    },
};

use super::{
    super::{
        certificates::table,
        standing::{by_marks, without_route},
    },
    alerts::{epochs, log},
    world::{OTHER, World, code, snapshot, value},
};
use crate::{
    alert_log::{ConsumerMarks, LoggedAlert, NewAlert, NewAlerts, Place},
    service::Target,
};

async fn numbers(world: &World, query: &str) -> Vec<u64> {
    let records: Vec<AuditRecord> =
        value(world.call(OTHER, "GET", &format!("{}?{query}", routes::AUDIT), "").await).await;
    records.iter().map(|record| record.number).collect()
}

#[tokio::test]
async fn audit_comes_the_newest_first_before_a_number_or_with_a_text() {
    let world = World::new();
    assert_eq!(numbers(&world, "before=100&limit=2").await, [99, 98]);
    assert_eq!(numbers(&world, "text=NAMED&limit=3").await, [250, 249, 248]);
    assert_eq!(numbers(&world, "text=root&after=248").await, [250, 249]);
    assert_eq!(numbers(&world, "text=nobody").await, [0; 0]);
}

async fn search(world: &World, query: &str) -> (Vec<u64>, Option<u64>) {
    let page: AlertPage =
        value(world.call(OTHER, "GET", &format!("{}?{query}", routes::ALERTS_SEARCH), "").await).await;
    (page.alerts.iter().map(|alert| alert.place).collect(), page.next)
}

#[tokio::test]
async fn alerts_are_found_by_time_and_text_and_pages_stay_put_while_others_come() {
    let world = World::new();
    for number in 1..=4 {
        log(&world, number).await;
    }
    assert_eq!(search(&world, "").await, (vec![4, 3, 2, 1], None));
    assert_eq!(search(&world, "text=%22N%22:3").await.0, [3]);
    assert_eq!(search(&world, "from=1&until=2").await.0, [4, 3, 2, 1]);
    assert_eq!(search(&world, "from=2").await.0, [0; 0]);
    assert_eq!(search(&world, "until=1").await.0, [0; 0]);
    let (first, next) = search(&world, "limit=2&severity=high").await;
    assert_eq!((first, next), (vec![3, 1], Some(1)));
    let (first, next) = search(&world, "limit=2").await;
    log(&world, 5).await;
    let rest = search(&world, &format!("limit=2&before={}", next.unwrap())).await.0;
    assert_eq!([first, rest].concat(), [4, 3, 2, 1]);
    let unknown = code(world.call(OTHER, "GET", &format!("{}?x=1", routes::ALERTS_SEARCH), "").await).await;
    assert_eq!(unknown, (StatusCode::BAD_REQUEST, "request.invalid".into()));
}

#[tokio::test]
async fn one_alert_comes_untouched_with_where_it_stands() {
    let world = World::new();
    log(&world, 1).await;
    let path = |place: &str| format!("{}/{place}", routes::ALERTS_AT);
    let detail: AlertDetail = value(world.call(OTHER, "GET", &path("1"), "").await).await;
    assert_eq!(detail.alert.record.get(), r#"{ "n":1, "n" : 1.0e0 }"#);
    assert!(matches!(detail.standing, AlertStanding::Kept { .. }), "{:?}", detail.standing);
    for (place, expected) in
        [("2", StatusCode::NOT_FOUND), ("0", StatusCode::NOT_FOUND), ("x", StatusCode::BAD_REQUEST)]
    {
        assert_eq!(code(world.call(OTHER, "GET", &path(place), "").await).await.0, expected, "{place}");
    }
}

#[tokio::test]
async fn alerts_are_counted_by_hour_and_severity() {
    let world = World::new();
    let now = crate::clock::wall();
    let log = world.api.alerts.log().clone();
    let mut alerts = NewAlerts::default();
    for (severity, seconds) in [(Severity::High, 0), (Severity::High, 0), (Severity::Low, -48 * 3_600)] {
        let at = UnixMillis(now.plus(seconds).0 * 1_000);
        alerts.push(NewAlert { epoch: Epoch(1), held: false, severity, at }, "{}");
    }
    tokio::task::spawn_blocking(move || log.append(alerts.into(), Vec::new(), epochs())).await.unwrap().unwrap();
    let hours = async |span: &str| -> Vec<SeverityHour> {
        value(world.call(OTHER, "GET", &format!("{}{span}", routes::ALERTS_SEVERITIES), "").await).await
    };
    let of_day = hours("").await;
    assert_eq!(of_day.len(), 1);
    assert_eq!(of_day[0].begins.0, now.0 - now.0 % 3_600);
    assert_eq!(of_day[0].counts, [(Severity::High, 2)].into());
    assert_eq!(hours("?hours=72").await.len(), 2);
}

fn alert(number: u64) -> LoggedAlert {
    LoggedAlert {
        place: Place(number),
        id: AlertId { stream: StreamId::from_bytes([7; 16]), number },
        epoch: Epoch(1),
        severity: Severity::High,
        at: UnixMillis(0),
        record: String::new(),
    }
}

#[test]
fn marks_say_where_an_alert_stands() {
    let stream = StreamId::from_bytes([7; 16]);
    let marks = ConsumerMarks {
        delivered: Place(8),
        confirmed: [(stream, Confirmation { up_to: 6, lacks: vec![(3, 4)] })].into(),
        unconfirmed: Vec::<Acknowledged>::new(),
        ..ConsumerMarks::default()
    };
    let hub = EndpointRole::Hub;
    let stands = |number, confirms| by_marks(&marks, &alert(number), hub, confirms);
    assert_eq!(stands(2, true), AlertStanding::Confirmed { by: hub });
    assert_eq!(stands(4, true), AlertStanding::Delivered { by: hub }, "the portal lacks it");
    assert_eq!(stands(7, true), AlertStanding::Delivered { by: hub });
    assert_eq!(stands(2, false), AlertStanding::Delivered { by: hub }, "nobody confirms");
    assert_eq!(stands(9, true), AlertStanding::Waiting { to: hub });
}

#[test]
fn what_nobody_takes_is_kept_for_a_reason() {
    let status = snapshot().status;
    assert_eq!(status.state, SensorState::Unactivated);
    let AlertStanding::Kept { why } = without_route(&status, &alert(1)) else { panic!("kept") };
    assert!(why.contains("not activated"), "{why}");
}

#[test]
fn certificates_have_days_left_and_stand_once() {
    let certificate = rcgen::generate_simple_self_signed(["portal".to_owned()]).unwrap().cert;
    let endpoint =
        Endpoint { url: "https://portal".into(), ca_certificates: vec![Certificate(certificate.der().to_vec())] };
    let stamp = picket_lifecycle::stamp::Stamp { epoch: Epoch(1), cti: Cti::from_bytes([1; 16]) };
    let target = |candidate| Target { role: EndpointRole::Portal, endpoint: endpoint.clone(), stamp, candidate };
    let mut snapshot = snapshot();
    snapshot.targets = vec![target(false), target(true)];
    let rows = table(&snapshot);
    let of_ca: Vec<&CertificateView> = rows.iter().filter(|row| row.kind == KeyKind::Certificate).collect();
    assert_eq!(of_ca.len(), 1, "{rows:?}");
    let (until, left) = of_ca[0].not_after.zip(of_ca[0].days_left).unwrap();
    assert_eq!(left, (until.0 - 200) / 86_400);
    snapshot.targets[0].endpoint.ca_certificates = vec![Certificate(vec![0x30])];
    assert!(table(&snapshot).iter().any(|row| row.kind == KeyKind::Certificate && row.not_after.is_none()));
}

#[tokio::test]
async fn undelivered_alerts_of_epochs_that_nobody_remembers_are_counted() {
    let world = World::new();
    log(&world, 1).await;
    log(&world, 2).await;
    // The world's state knows no epoch: both were committed too long ago.
    assert_eq!(world.api.alerts.status().counters[AlertStatus::OF_FORGOTTEN_EPOCHS], 2);
    assert_eq!(world.api.alerts.log().undelivered_but(&[Epoch(1)].into()), 1);
}
