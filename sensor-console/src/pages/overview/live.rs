//! Overview while somebody looks: its parts again whenever the sensor's status changes, as server-sent events, until the
//! session ends.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use http_body_util::channel::{Channel, Sender};
use tokio::time::timeout;

use super::view;
use crate::{clock, console::Shared, guard::SignedIn};

/// While nothing changes, so often it is looked whether the session lives, and "2 min ago" is drawn anew.
const STILL: Duration = Duration::from_secs(15);

pub(in crate::pages) async fn live(State(console): State<Shared>, by: SignedIn) -> Response {
    let (sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(tell(sender, console, by));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// Ends when nobody reads any more, or the session has: looking alone does not keep it alive.
async fn tell(mut sender: Sender<Bytes>, console: Shared, by: SignedIn) {
    let mut seen = console.follow.look();
    loop {
        // Whether something changed or not, it is drawn.
        let _ = timeout(STILL, seen.changed()).await;
        let living = console.sessions.of(&by.name, clock::since_boot());
        if !living.iter().any(|session| session.id == by.session_id()) {
            // Whether it arrives or not, there is nothing more to do.
            let _ = sender.send_data(event("gone", "")).await;
            return;
        }
        let Some(seen) = seen.borrow_and_update().clone() else { continue };
        let parts = view::parts(&seen.now(), seen.hours.as_deref()).into_string();
        if sender.send_data(event("part", &parts)).await.is_err() {
            return;
        }
    }
}

/// An event as the standard writes it: a line end within the data begins another line of data.
fn event(name: &str, data: &str) -> Bytes {
    let data = data.replace('\r', "").replace('\n', "\ndata: ");
    format!("event: {name}\ndata: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_end_its_event() {
        assert_eq!(event("part", "a\n\nevent: b"), "event: part\ndata: a\ndata: \ndata: event: b\n\n");
    }
}
