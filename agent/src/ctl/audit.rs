//! `picketctl audit`: who changed what, from what to what.

use picket_protocol::local_api::{AuditRecord, routes};

use super::{
    client::Client,
    failure::Failure,
    screen::{Screen, shown},
};

pub(super) fn run(after: u64, limit: u32, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let answer = agent.get(&format!("{}?after={after}&limit={limit}", routes::AUDIT))?;
    if screen.json_answer(&answer)? {
        return Ok(());
    }
    let records: Vec<AuditRecord> = answer.value()?;
    if records.is_empty() {
        return screen.line("There is no such record: nothing has been changed since.");
    }
    show(&records, screen)?;
    let last = records.last().map_or(after, |record| record.number);
    let full = u32::try_from(records.len()).is_ok_and(|count| count >= limit);
    if full { screen.line(&format!("There may be more: picketctl audit --after {last}")) } else { Ok(()) }
}

/// Each record in a few lines: before and after are sentences, too wide for a table.
pub(super) fn show(records: &[AuditRecord], screen: &Screen) -> Result<(), Failure> {
    for record in records {
        screen.line(&format!(
            "{}  {}  {}: {}",
            record.number,
            record.at,
            shown(&record.who.to_string()),
            record.what
        ))?;
        screen.list(&[("before", record.before.clone()), ("after", record.after.clone())])?;
    }
    Ok(())
}
