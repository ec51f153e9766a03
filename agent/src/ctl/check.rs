//! `picketctl check`: the detection engine's output, then every endpoint step by step as it goes, each with its verdict.

use picket_protocol::local_api::{CheckLine, StepResult, health_advice};

use super::{
    client::Client,
    failure::Failure,
    screen::{Screen, capitalised, shown},
};

pub(super) fn run(agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let mut end = None;
    agent.check(|line| {
        let value: CheckLine = serde_json::from_slice(line).map_err(Failure::NotUnderstood)?;
        if let CheckLine::Done { endpoints, failed } = value {
            end = Some((endpoints, failed));
        }
        if screen.is_json() { screen.line_of_bytes(line) } else { show(&value, screen) }
    })?;
    match end {
        None => Err(Failure::Local("the check broke off before its end; look at the agent's log".into())),
        Some((_, 0)) => Ok(()),
        Some((endpoints, failed)) => Err(Failure::EndpointsUnusable { failed, endpoints }),
    }
}

fn show(line: &CheckLine, screen: &Screen) -> Result<(), Failure> {
    match line {
        CheckLine::Endpoint { role, url, proxy } => {
            let through =
                proxy.as_ref().map_or_else(String::new, |proxy| format!(", through the proxy {}", shown(proxy)));
            screen.title(&format!("{} {}{through}", capitalised(&role.to_string()), shown(url)))
        }
        CheckLine::Step { step, result, took_ms } => {
            let step = capitalised(&step.to_string());
            match result {
                StepResult::Passed { seen } => {
                    screen.line(&format!("  ok       {step}: {} ({took_ms} ms)", shown(seen)))
                }
                StepResult::Failed { problem } => {
                    screen.line(&format!("  failed   {step}: {} ({took_ms} ms)", shown(&problem.detail)))
                }
                StepResult::Skipped { why } => screen.line(&format!("  skipped  {step}: {}", shown(why))),
            }
        }
        CheckLine::Verdict { role, usable, problems } => {
            let role = capitalised(&role.to_string());
            screen.line(&match (usable, problems.is_empty()) {
                (true, true) => format!("{role}: well."),
                (true, false) => format!("{role}: usable, with something to correct."),
                (false, _) => format!("{role}: cannot be used."),
            })?;
            problems.iter().try_for_each(|problem| screen.problem(problem))?;
            screen.blank()
        }
        CheckLine::Engine { source, health } => engine(source, health.as_deref(), screen),
        CheckLine::Done { endpoints: 0, .. } => {
            screen.line("There is nothing to check: this sensor has no endpoint to reach, and sends nothing.")
        }
        CheckLine::Done { endpoints, failed: 0 } => screen.line(&format!("All {endpoints} endpoints can be used.")),
        // The failure that follows says it.
        CheckLine::Done { .. } => Ok(()),
    }
}

fn engine(source: &str, health: Option<&str>, screen: &Screen) -> Result<(), Failure> {
    screen.title(&format!("Detection engine {}", shown(source)))?;
    screen.line(&match health {
        None => "Not looked at yet.".to_owned(),
        Some("ok") => "Detection engine: well.".to_owned(),
        Some(code) => format!("Detection engine: {}. {}", shown(code), health_advice(code).unwrap_or_default()),
    })?;
    screen.blank()
}
