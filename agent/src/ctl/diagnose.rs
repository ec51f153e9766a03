//! `picketctl diagnose`: all that whoever helps from afar needs to see. The agent leaves the secrets out.

use picket_protocol::local_api::{Diagnosis, routes};

use super::{audit, client::Client, failure::Failure, screen::Screen, status, trust};

pub(super) fn run(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(routes::DIAGNOSE)?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let diagnosis: Diagnosis = answer.value()?;
    screen.line(&format!("Diagnosis of {}. It holds no passwords, tokens or keys.", diagnosis.made_at))?;
    screen.blank()?;
    screen.title("Status")?;
    status::show(&diagnosis.status, screen)?;
    screen.blank()?;
    screen.title("Trust roots")?;
    diagnosis.trust.iter().try_for_each(|root| trust::one(root, screen))?;
    screen.blank()?;
    screen.title("Settings")?;
    let settings: Vec<(&str, Option<String>)> =
        diagnosis.settings.iter().map(|(key, value)| (key.as_str(), Some(value.clone()))).collect();
    screen.list(&settings)?;
    screen.blank()?;
    screen.title("Past activations and the last audit records")?;
    super::candidate::table(&diagnosis.activations, screen)?;
    audit::show(&diagnosis.audit, screen)
}
