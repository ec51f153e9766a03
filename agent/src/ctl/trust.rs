//! `picketctl trust`: the trust roots that this sensor believes.

use picket_protocol::{
    local_api::{TrustConfirmation, TrustRootView, routes},
    reading,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{cli::TrustCommand, client::Client, failure::Failure, files, screen::Screen};

pub(super) fn run(command: TrustCommand, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    match command {
        TrustCommand::List => list(agent, screen),
        TrustCommand::Add { file } => {
            let answer = agent.post_file(routes::TRUST, files::trust_root_file(&file)?)?;
            if screen.json_answer(&answer)? {
                return Ok(());
            }
            pinned(&answer.value()?, screen)
        }
        TrustCommand::Confirm { file, characters } => {
            let file = files::activation_file(&file)?;
            let characters = match characters {
                Some(characters) => characters,
                None => ask_characters(&file, screen)?,
            };
            let order = TrustConfirmation { file: STANDARD.encode(file), characters };
            let answer = agent.post_json(routes::TRUST_CONFIRM, &order)?;
            if screen.json_answer(&answer)? {
                return Ok(());
            }
            pinned(&answer.value()?, screen)
        }
    }
}

fn list(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::TRUST)?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let roots: Vec<TrustRootView> = answer.value()?;
    if roots.is_empty() {
        screen.line("No trust root is pinned, so no activation file can be verified.")?;
        return screen.line("As root: picketctl trust add FILE");
    }
    roots.iter().try_for_each(|root| one(root, screen))
}

fn pinned(root: &TrustRootView, screen: &Screen) -> Result<(), Failure> {
    screen.line("The trust root is pinned. Activation files signed under it are believed from now on.")?;
    one(root, screen)
}

/// A trust root, for a person. The whole fingerprint is shown: typing its end is a comparison, not a formality.
pub(super) fn one(root: &TrustRootView, screen: &Screen) -> Result<(), Failure> {
    screen.title(&format!("Trust root {}", root.id))?;
    screen.list(&[
        ("version", Some(root.version.to_string())),
        ("root keys", Some(format!("{}, of which {} must sign", root.root_keys.len(), root.threshold))),
    ])?;
    for key in &root.keys {
        let roles: Vec<String> = key.roles.iter().map(ToString::to_string).collect();
        screen.line(&format!("  key {}  {}", key.kid.short(), roles.join(", ")))?;
    }
    root.withdrawn.iter().try_for_each(|kid| screen.line(&format!("  key {}  withdrawn", kid.short())))
}

/// The fingerprint is deliberately not shown beside the question: it must come from the portal.
fn ask_characters(file: &[u8], screen: &Screen) -> Result<String, Failure> {
    reading::inspect(file)?;
    screen.line("Open the portal's page of trust roots and compare: only its word says that this file is yours.")?;
    Ok(screen.ask("The last 16 characters of the fingerprint that the portal shows: ")?.trim().to_owned())
}
