//! Clones, through the whole program: the weather raises nothing, a copied disk is shown.

use picket_protocol::heartbeat::Standing;

use crate::{sensor::Sensor, server::Server};

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
