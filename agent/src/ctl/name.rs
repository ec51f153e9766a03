//! `picketctl name`: names a locally managed sensor.

use picket_protocol::{
    local_api::{NameChange, routes},
    names::SensorName,
    refusal::Refusal,
};

use super::{client::Client, failure::Failure, screen::Screen};

pub(super) fn run(name: String, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let checked = name.parse::<SensorName>();
    let name = checked.map_err(|why| Refusal::InvalidName { found: name, why: why.to_string() })?;
    let answer = agent.put_json(routes::NAME, &NameChange { name: name.clone() })?;
    if screen.json_answer(&answer)? { Ok(()) } else { screen.line(&format!("The sensor is named {name}.")) }
}
