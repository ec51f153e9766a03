//! A page while somebody looks: its parts again whenever the sensor's status changes, as server-sent events, until the
//! session ends.

use std::{convert::Infallible, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::header,
    response::{IntoResponse as _, Response},
};
use http_body_util::channel::{Channel, Sender};
use maud::Markup;
use tokio::time::timeout;

use crate::{clock, console::Shared, follow::Seen, guard::SignedIn};

/// While nothing changes, so often it is looked whether the session lives, and "2 min ago" is drawn anew.
const STILL: Duration = Duration::from_secs(15);

/// Draws what can change; none: there is another page for this now.
pub(super) type Draw = fn(&Seen, &SignedIn) -> Option<Markup>;

/// The events.
pub(super) fn stream(console: Shared, by: SignedIn, draw: Draw) -> Response {
    let (sender, body) = Channel::<Bytes, Infallible>::new(1);
    tokio::spawn(tell(sender, console, by, draw));
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::new(body)).into_response()
}

/// Ends when nobody reads any more, or the session has: looking alone does not keep it alive.
async fn tell(mut sender: Sender<Bytes>, console: Shared, by: SignedIn, draw: Draw) {
    let mut seen = console.follow.look();
    let mut drawn = false;
    loop {
        // Whether something changed or not, it is drawn.
        let _ = timeout(STILL, seen.changed()).await;
        let living = console.sessions.of(&by.name, clock::since_boot());
        if !living.iter().any(|session| session.id == by.session_id()) {
            return load_anew(sender).await;
        }
        let Some(seen) = seen.borrow_and_update().clone() else {
            if drawn {
                // How it was would be taken for how it is. The page loaded anew says that the agent does not answer.
                return load_anew(sender).await;
            }
            continue;
        };
        let Some(parts) = draw(&seen, &by) else { return load_anew(sender).await };
        drawn = true;
        if sender.send_data(event("part", &parts.into_string())).await.is_err() {
            return;
        }
    }
}

/// Whether it arrives or not, there is nothing more to do.
async fn load_anew(mut sender: Sender<Bytes>) {
    let _ = sender.send_data(event("gone", "")).await;
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
