//! `picket-portal user` and `picket-portal token`: who may do what.

use clap::{Args, Subcommand};
use hyper::Method;
use serde_json::{Value, json};

use super::{
    client::Api,
    output::{self, cell, percent_encoded},
};
use crate::domain::access::PersonRole;

#[derive(Debug, Args)]
pub(super) struct Rights {
    /// owner, security-admin, contributor or reader.
    #[arg(long)]
    role: PersonRole,
    /// Only sensors of this subscription; may be given several times. Without it: of all, or those that an edited person has.
    #[arg(long = "subscription")]
    subscriptions: Vec<String>,
    /// Sensors of all subscriptions, those to come too.
    #[arg(long, conflicts_with = "subscriptions")]
    all_subscriptions: bool,
}

impl Rights {
    fn body(&self) -> Value {
        let mut body = json!({ "role": self.role });
        if self.all_subscriptions {
            body["subscriptions"] = Value::Null;
        } else if !self.subscriptions.is_empty() {
            body["subscriptions"] = self.subscriptions.clone().into();
        }
        body
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum User {
    /// Add a person; prints the setup code with which they choose a password.
    Add {
        /// 1 to 64 letters, digits and . _ - @
        name: String,
        #[command(flatten)]
        rights: Rights,
        #[command(flatten)]
        api: Api,
    },
    /// List people.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Give a person another role and other subscriptions.
    Edit {
        name: String,
        #[command(flatten)]
        rights: Rights,
        #[command(flatten)]
        api: Api,
    },
    /// Make a new setup code, for whoever forgot the password.
    SetupCode {
        name: String,
        #[command(flatten)]
        api: Api,
    },
    /// Remove a person; their sessions end at once.
    Remove {
        name: String,
        #[command(flatten)]
        api: Api,
    },
}

impl User {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let path = |name: &str| format!("/api/v1/users/{}", percent_encoded(name));
        match self {
            Self::Add { name, rights, api } => {
                let mut body = rights.body();
                body["name"] = name.into();
                told(&api, &api.post("/api/v1/users", &body).await?, "/setup_code");
            }
            Self::List { api } => {
                let columns = [
                    ("NAME", "/name"),
                    ("ROLE", "/role"),
                    ("SUBSCRIPTIONS", "/subscriptions"),
                    ("PASSWORD SINCE", "/password_since"),
                ];
                listed(&api, &api.get("/api/v1/users").await?, "users", &columns);
            }
            Self::Edit { name, rights, api } => {
                told(&api, &api.ask_json(Method::PATCH, &path(&name), Some(&rights.body())).await?, "/role");
            }
            Self::SetupCode { name, api } => {
                told(&api, &api.post(&format!("{}/setup-code", path(&name)), &json!({})).await?, "/setup_code");
            }
            Self::Remove { name, api } => {
                let removed = api.ask_json(Method::DELETE, &path(&name), None).await?;
                if api.json {
                    output::json(&removed);
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Make an API token; printed this once.
    Add {
        /// What it is for. The audit names its bearer so.
        description: String,
        #[command(flatten)]
        rights: Rights,
        #[command(flatten)]
        api: Api,
    },
    /// List API tokens with when they were used last.
    List {
        #[command(flatten)]
        api: Api,
    },
    /// Remove an API token by its id.
    Remove {
        id: String,
        #[command(flatten)]
        api: Api,
    },
}

impl Token {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add { description, rights, api } => {
                let mut body = rights.body();
                body["description"] = description.into();
                told(&api, &api.post("/api/v1/tokens", &body).await?, "/token");
            }
            Self::List { api } => {
                let columns = [
                    ("ID", "/id"),
                    ("FOR", "/description"),
                    ("ROLE", "/role"),
                    ("SUBSCRIPTIONS", "/subscriptions"),
                    ("MADE BY", "/made_by"),
                    ("LAST USED", "/used_at"),
                ];
                listed(&api, &api.get("/api/v1/tokens").await?, "tokens", &columns);
            }
            Self::Remove { id, api } => {
                let path = format!("/api/v1/tokens/{}", percent_encoded(&id));
                let removed = api.ask_json(Method::DELETE, &path, None).await?;
                if api.json {
                    output::json(&removed);
                }
            }
        }
        Ok(())
    }
}

/// The whole answer, or the one thing that is needed of it.
fn told(api: &Api, answer: &Value, pointer: &str) {
    if api.json { output::json(answer) } else { output::line(cell(answer, pointer)) }
}

fn listed(api: &Api, answer: &Value, list: &str, columns: &[(&str, &str)]) {
    if api.json { output::json(answer) } else { output::list(answer, list, columns) }
}
