//! `picketctl verify`: whether a file would be believed here, or under given trust roots with no agent at all.

use picket_protocol::{
    documents::activation::Binding,
    local_api::{VerifyAnswer, routes},
};

use super::{cli::FileToRead, client::Client, failure::Failure, files, offline, screen::Screen};

pub(super) fn run(order: &FileToRead, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let file = files::activation_file(&order.file)?;
    if order.trust_roots.is_empty() {
        let answer = agent.post_file(routes::VERIFY, file)?;
        return if screen.json_answer(&answer)? { Ok(()) } else { show(&answer.value()?, screen) };
    }
    let read = offline::read(&file, &order.trust_roots, order.appliance.as_ref())?;
    let answer = VerifyAnswer::new(&read.activation, false);
    if screen.json_value(&answer)? {
        return Ok(());
    }
    show(&answer, screen)?;
    read.notes.iter().try_for_each(|note| screen.line(note))
}

fn show(answer: &VerifyAnswer, screen: &Screen) -> Result<(), Failure> {
    screen.title("The activation file is genuine.")?;
    if answer.already_active {
        screen.line("It is in force on this sensor already.")?;
    }
    screen.list(&[
        ("sensor", Some(answer.activation.name.to_string())),
        ("sensor id", Some(answer.activation.sensor.to_string())),
        ("subscription", Some(answer.activation.subscription.name.to_string())),
        ("mode", Some(answer.activation.mode.mode().to_string())),
        ("serial", Some(answer.activation.serial.to_string())),
        ("issued", Some(answer.activation.issued_at.to_string())),
        ("upload until", Some(answer.upload_until.to_string())),
        ("bound to", bound_to(&answer.binding)),
        ("trust root", Some(answer.trust_root.to_string())),
        ("signed by key", Some(answer.signer.to_string())),
    ])
}

fn bound_to(binding: &Binding) -> Option<String> {
    match binding {
        Binding::None => None,
        Binding::Appliance(id) => Some(format!("appliance {id}")),
        Binding::Key(key) => Some(format!("the key {key} of a request")),
    }
}
