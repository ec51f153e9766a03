//! `picketctl preview`: what a file would make of this sensor, or of an unactivated one with no agent at all.

use picket_protocol::local_api::{Manner, Present, Preview, routes};

use super::{
    cli::FileToRead,
    client::Client,
    failure::Failure,
    files, offline,
    screen::{Screen, shown},
};

pub(super) fn run(order: &FileToRead, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let file = files::activation_file(&order.file)?;
    if order.trust_roots.is_empty() {
        let answer = agent.post_file(routes::PREVIEW, file)?;
        return if screen.json_answer(&answer)? { Ok(()) } else { show(&answer.value()?, screen) };
    }
    let read = offline::read(&file, &order.trust_roots, order.appliance.as_ref())?;
    let unactivated = Present { now: Some(crate::clock::wall()), ..Present::default() };
    let preview = Preview::new(&read.activation, false, &unactivated);
    if screen.json_value(&preview)? {
        return Ok(());
    }
    show(&preview, screen)?;
    screen.line("Shown for a sensor that is not activated and has no proxy: no agent was asked.")?;
    read.notes.iter().try_for_each(|note| screen.line(note))
}

/// A preview, for a person.
pub(super) fn show(preview: &Preview, screen: &Screen) -> Result<(), Failure> {
    screen.title(&shown(&preview.sentence))?;
    screen.line(match preview.manner {
        Manner::AtOnce => "It takes effect at once.",
        Manner::OnceProved => "It takes over once the portal and the IoT hub have answered.",
        Manner::AlreadyActive => "It is in force already; nothing would change.",
    })?;
    screen.blank()?;
    screen.changes(&preview.changes)?;
    screen.blank()?;
    preview.stays.iter().chain(&preview.stops).try_for_each(|sentence| screen.line(&shown(sentence)))?;
    if preview.firewall.is_empty() {
        screen.line("No firewall rule is needed: the sensor sends nothing.")?;
    } else {
        screen.blank()?;
        let rules: Vec<Vec<String>> = preview
            .firewall
            .iter()
            .map(|rule| vec![rule.host.clone(), format!("TCP {}", rule.port), rule.why.clone()])
            .collect();
        screen.table(&["let through to", "port", "for"], &rules)?;
    }
    preview.warnings.iter().try_for_each(|warning| screen.line(&format!("Notice: {}", shown(warning))))
}
