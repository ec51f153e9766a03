//! stub
use clap::Args;
#[derive(Args)]
pub(crate) struct Bench {}
impl Bench {
    pub(crate) fn run(&self) -> anyhow::Result<bool> {
        Ok(true)
    }
}
