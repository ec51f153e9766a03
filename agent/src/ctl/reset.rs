//! `picketctl reset --erase`: the running agent forgets everything and becomes nobody's sensor. Root only.

use picket_protocol::local_api::{self, routes};

use super::{cli::Reset, client::Client, failure::Failure, screen::Screen};

pub(super) fn run(order: &Reset, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    if !order.yes && screen.has_person() {
        screen.line(
            "This erases every activation, identity, setting and alert of this sensor. The appliance id stays.",
        )?;
        screen.line("The portal is not told: delete the sensor there, too.")?;
        screen.confirm("Erase?")?;
    }
    let answer = agent.post_json(routes::RESET, &local_api::Reset { erase: order.erase })?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    screen.line("Everything is erased. This sensor is not activated.")
}
