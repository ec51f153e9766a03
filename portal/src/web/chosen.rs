//! Several sensors at once, chosen by their check boxes: what a form says of them.

use axum::{extract::State, response::Response};
use picket_protocol::ids::SensorId;

use super::forms::Form;
use crate::{
    domain::refused::Refused,
    people::{Shared, many::archive::archive, problem::Problem},
};

/// A form as its pairs: `sensor` stands there once for each that was chosen.
pub(super) type Pairs = Vec<(String, String)>;

/// The sensors of a form.
pub(super) fn sensors(pairs: &Pairs) -> Result<Vec<SensorId>, Refused> {
    let chosen = pairs.iter().filter(|(name, _)| name == "sensor");
    let read = |id: &String| id.parse().map_err(|_| Refused::invalid(format!("{id:?} is no sensor id")));
    let chosen: Vec<SensorId> = chosen.map(|(_, id)| read(id)).collect::<Result<_, _>>()?;
    if chosen.is_empty() { Err(Refused::invalid("choose at least one sensor")) } else { Ok(chosen) }
}

/// A new activation file of each, in one archive.
pub(super) async fn files(State(portal): Shared, Form { by, form }: Form<Pairs>) -> Result<Response, Problem> {
    Ok(archive(&portal, &by.caller(), &by.actor(), &sensors(&form)?).await?)
}
