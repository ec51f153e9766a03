//! Clones, through the whole program: the weather raises nothing, a copied disk is shown.

use picket_protocol::heartbeat::Standing;

use crate::{browser::Browser, sensor::Sensor, server::Server};

#[tokio::test]
async fn lost_repeated_and_doubly_answered_heartbeats_raise_nothing() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    for _ in 0..3 {
        sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
        sensor.speak(Standing::Committed); // lost on the way
        let unanswered = sensor.speak(Standing::Committed);
        sensor.send_heartbeat(server.sensors(), &unanswered).await.unwrap(); // its answer is lost
        let twice = sensor.speak(Standing::Committed);
        sensor.send_heartbeat(server.sensors(), &twice).await.unwrap();
        sensor.send_heartbeat(server.sensors(), &twice).await.unwrap();
    }
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(server.alarms(), Vec::<String>::new());
    assert_eq!(server.sensor(&sensor.id.to_string())["health"], "ok");
}

#[tokio::test]
async fn a_copied_disk_shows_by_the_third_heartbeat_and_blocks_nothing() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    let id = sensor.id.to_string();
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let mut copy = sensor.copied_disk();
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    copy.beat(server.sensors(), Standing::Committed).await.unwrap();
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    assert_eq!(server.alarms(), ["possible-clone"]);
    assert_eq!(server.sensor(&id)["health"], "possible-clone");
    copy.beat(server.sensors(), Standing::Committed).await.unwrap();

    let alarm = server.json(&["alarm", "list", "--open"])["alarms"][0]["id"].to_string();
    server.cli(&["alarm", "clear", &alarm]);
    assert_eq!(server.sensor(&id)["health"], "ok");
    for _ in 0..3 {
        sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    assert_eq!(server.alarms(), Vec::<String>::new());
}

#[tokio::test]
async fn the_sensors_page_says_what_to_do_about_a_clone_until_somebody_clears_it() {
    let server = Server::portal();
    let mut sensor = Sensor::enrolled(&server, "One").await;
    sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
    let mut copy = sensor.copied_disk();
    for _ in 0..2 {
        sensor.beat(server.sensors(), Standing::Committed).await.unwrap();
        copy.beat(server.sensors(), Standing::Committed).await.unwrap();
    }
    let mut owner = Browser::of_the_owner(&server).await;
    let page = format!("/sensors/{}", sensor.id);
    let shown = owner.get(&page).await.body;
    let (clear, reissue) = (format!("{page}/clear"), format!("{page}/reissue"));
    for said in ["data-alarm=\"possible-clone\"", &clear, &reissue] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let alarm = server.json(&["alarm", "list", "--open"])["alarms"][0]["id"].to_string();
    let other = server.onboard("Pump 2", &[]);
    let elsewhere = owner.post(&format!("/sensors/{other}/clear"), &[("alarm", &alarm)]).await;
    assert_eq!(elsewhere.status, 404, "the alarm is not about that sensor");
    assert_eq!(owner.post(&clear, &[("alarm", &alarm)]).await.status, 303);
    assert!(!owner.get(&page).await.body.contains("data-alarm"));
    assert_eq!(server.sensor(&sensor.id.to_string())["health"], "ok");
}
