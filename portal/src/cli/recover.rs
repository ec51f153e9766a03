//! `picket-portal sensor recover`: a recovery document for a console whose password is lost.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use hyper::Method;
use picket_protocol::{ids::ApplianceId, typed_code::TypedCode};
use serde_json::json;

use super::{client::Api, output};
use picket_durable as files;

#[derive(Debug, Args)]
pub(super) struct Recover {
    /// The appliance id, as the sensor console shows it.
    #[arg(long)]
    appliance: ApplianceId,
    /// The nonce of the recovery, as the sensor console shows it.
    #[arg(long)]
    nonce: TypedCode,
    /// Where to write the document.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    api: Api,
}

impl Recover {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self { appliance, nonce, out, api } = self;
        let body = json!({ "appliance": appliance, "nonce": nonce });
        let (_, document) = api.ask(Method::POST, "/api/v1/recoveries", Some(&body)).await?;
        files::replace(&out, &document).with_context(|| format!("write {}", out.display()))?;
        if api.json {
            output::json(&json!({ "file": out, "appliance": appliance }));
        } else {
            output::line(format!("{}: serves once, at the console of appliance {appliance}", out.display()));
        }
        Ok(())
    }
}
