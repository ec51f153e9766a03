//! Turning pages, one after the other, as their own links lead: none may take longer for being far from the first.

use std::time::Instant;

use anyhow::{Result, ensure};
use picket_lab::figures::quantile;
use picket_tests::Visitor;

pub(super) fn turn(visitor: &mut Visitor, most: usize) -> Result<()> {
    let (mut path, mut milliseconds) = (Some("/sensors".to_owned()), Vec::new());
    while let Some(asked) = path.take().filter(|_| milliseconds.len() < most) {
        let start = Instant::now();
        let answer = visitor.get(&asked)?;
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
        ensure!(answer.status == 200, "{asked} was answered {}", answer.status);
        path = next(&answer.body);
    }
    let [half, most, all] = [quantile(&milliseconds, 50), quantile(&milliseconds, 100), milliseconds.iter().sum()];
    println!("{} pages turned: p50 {half:.1} ms, most {most:.1} ms, {:.1} s in all", milliseconds.len(), all / 1e3);
    Ok(())
}

/// Where "Next page" leads.
fn next(page: &str) -> Option<String> {
    let before = page.split("Next page").next().filter(|before| before.len() < page.len())?;
    let (_, link) = before.rsplit_once("href=\"/sensors?")?;
    link.split('"').next().map(|link| format!("/sensors?{}", link.replace("&amp;", "&")))
}
