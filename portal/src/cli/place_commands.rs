//! `picket-portal subscription` and `picket-portal place`: where sensors are filed, and other names for it.

use clap::Subcommand;
use hyper::Method;
use serde_json::json;
use uuid::Uuid;

use super::{
    client::Api,
    output::{self, cell},
};

const SUBSCRIPTIONS: &str = "/api/v1/subscriptions";

#[derive(Debug, Subcommand)]
pub(super) enum Subscription {
    /// List subscriptions, and how many sensors are in each.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Add a subscription; prints its id.
    Add {
        /// Its name.
        name: String,
        #[command(flatten)]
        api: Api,
    },
    /// Give a subscription another name. Sensors stay whose they are.
    Rename {
        id: Uuid,
        /// Its new name.
        name: String,
        #[command(flatten)]
        api: Api,
    },
}

impl Subscription {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { api } => {
                let list = api.get(SUBSCRIPTIONS).await?;
                let columns =
                    [("ID", "/id"), ("NAME", "/name"), ("SENSORS", "/sensors"), ("LICENCE UNTIL", "/licence_until")];
                if api.json { output::json(&list) } else { output::list(&list, "subscriptions", &columns) }
            }
            Self::Add { name, api } => {
                let added = api.post(SUBSCRIPTIONS, &json!({ "name": name })).await?;
                if api.json { output::json(&added) } else { output::line(cell(&added, "/id")) }
            }
            Self::Rename { id, name, api } => {
                let body = json!({ "name": name });
                let renamed = api.ask_json(Method::PATCH, &format!("{SUBSCRIPTIONS}/{id}"), Some(&body)).await?;
                if api.json {
                    output::json(&renamed);
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Place {
    /// List sites and zones, and how many sensors are in each.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Give a site or zone another name, at all its sensors; prints how many.
    Rename {
        /// site or zone.
        #[arg(value_parser = ["site", "zone"])]
        kind: String,
        /// Its name now.
        from: String,
        /// Its new name.
        to: String,
        #[command(flatten)]
        api: Api,
    },
}

impl Place {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List { api } => {
                let list = api.get("/api/v1/places").await?;
                if api.json {
                    output::json(&list);
                    return Ok(());
                }
                for (title, kind) in [("SITE", "sites"), ("ZONE", "zones")] {
                    output::list(&list, kind, &[(title, "/name"), ("SENSORS", "/sensors")]);
                }
            }
            Self::Rename { kind, from, to, api } => {
                let body = json!({ "kind": kind, "from": from, "to": to });
                let renamed = api.post("/api/v1/places/rename", &body).await?;
                if api.json { output::json(&renamed) } else { output::line(cell(&renamed, "/sensors")) }
            }
        }
        Ok(())
    }
}
