//! The agent's settings: raw as TOML gives them, then checked. Unknown keys are errors, and named.
//!
//! Reads one file. What is set at run time (proxy, name) is control state, not here.

mod alerts;

use std::{
    collections::BTreeMap,
    fs, io,
    num::NonZeroU32,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::{Uid, User};
use picket_lifecycle::settings::Settings;
use picket_protocol::local_api::ProxySettings;
use serde::Deserialize;

pub use self::alerts::{AlertSettings, EngineSource};
use self::alerts::{RawAlertLog, RawDelivery, RawEngine};

use crate::{
    clock,
    proxy::{InvalidProxy, Proxy},
    upstream::tls::Greeting,
};

/// The settings, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Control state and identities.
    pub state_directory: PathBuf,
    /// The local socket.
    pub runtime_directory: PathBuf,
    /// Trust roots that the image brings, pinned at every start.
    pub trust_directory: PathBuf,
    /// Who may activate, name, set the proxy and pair. None while that user does not exist.
    pub console_user: Option<Uid>,
    /// The vendor's appliance id.
    pub appliance_id_file: PathBuf,
    /// The setup code that the vendor chose, if the file exists.
    pub setup_code_file: PathBuf,
    /// Where the setup code is shown for the machine's own screen.
    pub issue_file: PathBuf,
    /// Seconds between heartbeats until the upstream sets another.
    pub heartbeat_interval_seconds: NonZeroU32,
    /// How long a candidate may take to be proved.
    pub probation_seconds: NonZeroU32,
    /// Whether TLS offers X25519MLKEM768 first.
    pub post_quantum: bool,
    /// The proxy, until one is set at run time.
    pub proxy: Option<ProxySettings>,
    /// Detection engine, alert log and delivery.
    pub alerts: AlertSettings,
}

/// Settings that cannot be used. Names file and key.
#[derive(Debug, thiserror::Error)]
pub enum InvalidConfig {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not TOML, a key of the wrong type, or an unknown key.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What and where.
        why: String,
    },
    /// A value outside its range.
    #[error("{path}: {key} must be {expected}, found {found}")]
    Value {
        /// The file.
        path: PathBuf,
        /// The key.
        key: &'static str,
        /// What is allowed.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// The proxy cannot be used.
    #[error("{path}: proxy")]
    Proxy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: InvalidProxy,
    },
    /// A password that everybody on the sensor can read.
    #[error("{path}: holds a proxy password but is readable by others; set its mode to 0640 or 0600")]
    ReadableSecret {
        /// The file.
        path: PathBuf,
    },
}

/// A value outside its range, wherever it was written.
#[derive(Debug)]
struct Wrong {
    key: &'static str,
    expected: &'static str,
    found: String,
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Raw {
    state_directory: PathBuf,
    runtime_directory: PathBuf,
    trust_directory: PathBuf,
    console_user: String,
    appliance_id_file: PathBuf,
    setup_code_file: PathBuf,
    issue_file: Option<PathBuf>,
    heartbeat_interval_seconds: i64,
    probation_seconds: i64,
    post_quantum: bool,
    proxy: Option<ProxySettings>,
    engine: RawEngine,
    alert_log: RawAlertLog,
    delivery: RawDelivery,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            state_directory: "/var/lib/picket".into(),
            runtime_directory: "/run/picket".into(),
            trust_directory: "/etc/picket/trust.d".into(),
            console_user: "picket-console".into(),
            appliance_id_file: "/etc/picket/appliance-id".into(),
            setup_code_file: "/etc/picket/setup-code".into(),
            issue_file: None,
            heartbeat_interval_seconds: 60,
            probation_seconds: 900,
            post_quantum: true,
            proxy: None,
            engine: RawEngine::default(),
            alert_log: RawAlertLog::default(),
            delivery: RawDelivery::default(),
        }
    }
}

impl Config {
    /// Most bytes of a configuration file.
    pub const MAX_FILE: usize = 64 * 1024;

    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`InvalidConfig`], which names the file and the key.
    pub fn load(path: &Path) -> Result<Self, InvalidConfig> {
        let unreadable = |source| InvalidConfig::Unreadable { path: path.to_owned(), source };
        let malformed = |why: String| InvalidConfig::Malformed { path: path.to_owned(), why };
        let content = picket_durable::read_bounded(path, Self::MAX_FILE).map_err(unreadable)?;
        let text = String::from_utf8(content).map_err(|_| malformed("not UTF-8".into()))?;
        let raw: Raw = config::Config::builder()
            .add_source(config::File::from_str(&text, config::FileFormat::Toml))
            .build()
            .and_then(config::Config::try_deserialize)
            .map_err(|error| malformed(error.to_string()))?;
        if raw.proxy.as_ref().is_some_and(|proxy| proxy.password.is_some()) {
            let mode = fs::metadata(path).map_err(unreadable)?.permissions().mode();
            if mode & 0o007 != 0 {
                return Err(InvalidConfig::ReadableSecret { path: path.to_owned() });
            }
        }
        raw.check(path)
    }

    /// The settings as they may be shown to anyone.
    #[must_use]
    pub fn shown(&self) -> BTreeMap<String, String> {
        let path = |path: &Path| path.display().to_string();
        let shown = [
            ("state_directory", path(&self.state_directory)),
            ("runtime_directory", path(&self.runtime_directory)),
            ("trust_directory", path(&self.trust_directory)),
            ("console_user", self.console_user.map_or("does not exist".into(), |uid| uid.to_string())),
            ("appliance_id_file", path(&self.appliance_id_file)),
            ("setup_code_file", path(&self.setup_code_file)),
            ("issue_file", path(&self.issue_file)),
            ("heartbeat_interval_seconds", self.heartbeat_interval_seconds.to_string()),
            ("probation_seconds", self.probation_seconds.to_string()),
            ("post_quantum", self.post_quantum.to_string()),
            ("proxy", self.proxy.as_ref().map_or("none".into(), |proxy| proxy.url.clone())),
        ];
        let mut shown: BTreeMap<_, _> = shown.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        self.alerts.show(&mut shown);
        shown
    }

    /// What the lifecycle has to know.
    #[must_use]
    pub fn lifecycle(&self) -> Settings {
        let seconds = |seconds: NonZeroU32| Duration::from_secs(seconds.get().into());
        Settings {
            build_date: clock::build_date(),
            heartbeat_interval: seconds(self.heartbeat_interval_seconds),
            probation: seconds(self.probation_seconds),
            proxy: self.proxy.clone(),
            // The vendor's file is read when the agent starts.
            setup_code: None,
        }
    }

    /// Whether TLS greets post-quantum.
    #[must_use]
    pub const fn greeting(&self) -> Greeting {
        if self.post_quantum { Greeting::PostQuantum } else { Greeting::Classical }
    }

    /// The local API's socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.runtime_directory.join("agent.sock")
    }
}

impl Raw {
    fn check(self, path: &Path) -> Result<Config, InvalidConfig> {
        let wrong =
            |Wrong { key, expected, found }| InvalidConfig::Value { path: path.to_owned(), key, expected, found };
        let value = |key, expected, found: String| wrong(Wrong { key, expected, found });
        let issue_file = self.issue_file.unwrap_or_else(|| self.runtime_directory.join("issue"));
        let folders = [
            ("state_directory", &self.state_directory),
            ("runtime_directory", &self.runtime_directory),
            ("trust_directory", &self.trust_directory),
            ("appliance_id_file", &self.appliance_id_file),
            ("setup_code_file", &self.setup_code_file),
            ("issue_file", &issue_file),
        ];
        for (key, folder) in folders {
            if !folder.is_absolute() {
                return Err(value(key, "an absolute path", folder.display().to_string()));
            }
        }
        let seconds = |key, expected, found: i64, most: u32| {
            let checked = u32::try_from(found).ok().and_then(NonZeroU32::new).filter(|seconds| seconds.get() <= most);
            checked.ok_or_else(|| value(key, expected, found.to_string()))
        };
        let heartbeat = seconds("heartbeat_interval_seconds", "1 to 900", self.heartbeat_interval_seconds, 900)?;
        let probation = seconds("probation_seconds", "1 to 86400", self.probation_seconds, 86_400)?;
        if let Some(proxy) = &self.proxy {
            Proxy::try_from(proxy).map_err(|source| InvalidConfig::Proxy { path: path.to_owned(), source })?;
        }
        let alerts = AlertSettings::check(self.engine, &self.alert_log, &self.delivery).map_err(wrong)?;
        Ok(Config {
            console_user: resolve_user(&self.console_user),
            state_directory: self.state_directory,
            runtime_directory: self.runtime_directory,
            trust_directory: self.trust_directory,
            appliance_id_file: self.appliance_id_file,
            setup_code_file: self.setup_code_file,
            issue_file,
            heartbeat_interval_seconds: heartbeat,
            probation_seconds: probation,
            post_quantum: self.post_quantum,
            proxy: self.proxy,
            alerts,
        })
    }
}

/// A user that does not exist (yet) grants nothing, and stops nothing.
fn resolve_user(name: &str) -> Option<Uid> {
    if let Ok(uid) = name.parse() {
        return Some(Uid::from_raw(uid));
    }
    User::from_name(name).ok().flatten().map(|user| user.uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, mode: u32) -> Result<Config, InvalidConfig> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("agent.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        Config::load(&path)
    }

    fn refusal(text: &str) -> String {
        load(text, 0o644).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_gives_the_documented_defaults() {
        let config = load("", 0o644).unwrap();
        assert_eq!(config.state_directory, Path::new("/var/lib/picket"));
        assert_eq!(config.socket(), Path::new("/run/picket/agent.sock"));
        assert_eq!((config.heartbeat_interval_seconds.get(), config.probation_seconds.get()), (60, 900));
        assert!(config.post_quantum);
        assert_eq!(config.proxy, None);
        assert_eq!(config.alerts.source, EngineSource::File("/var/log/suricata/eve.json".into()));
        assert_eq!((config.alerts.max_bytes, config.alerts.max_age.as_secs()), (2 << 30, 30 * 86_400));
        assert_eq!((config.alerts.anomalies, config.alerts.kilobits_per_second), (false, None));
    }

    #[test]
    fn each_key_is_in_the_docs() {
        let docs = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/settings.md")).unwrap();
        let shown = load("", 0o644).unwrap().shown();
        for key in
            shown.keys().map(String::as_str).filter(|key| *key != "proxy").chain(["proxy.url", "engine.eve_socket"])
        {
            assert!(docs.contains(&format!("\n| `{key}` |")), "{key}");
        }
    }

    #[test]
    fn takes_a_socket_in_place_of_the_file_and_not_beside_it() {
        let socket = "[engine]\neve_socket = \"/run/picket/eve.sock\"";
        assert_eq!(load(socket, 0o644).unwrap().alerts.source, EngineSource::Socket("/run/picket/eve.sock".into()));
        let both = format!("{socket}\neve_file = \"/var/log/suricata/eve.json\"");
        assert!(refusal(&both).contains("engine.eve_socket"));
    }

    #[test]
    fn names_an_unknown_key() {
        assert!(refusal("heartbeat_intervall_seconds = 3").contains("heartbeat_intervall_seconds"));
        assert!(refusal("[proxy]\nurl = \"http://a:1\"\nusr = \"a\"").contains("usr"));
        assert!(refusal("[alert_log]\nmax_megabytes = 1").contains("max_megabytes"));
    }

    #[test]
    fn names_the_key_of_a_value_outside_its_range() {
        assert!(refusal("heartbeat_interval_seconds = 0").contains("heartbeat_interval_seconds must be 1 to 900"));
        assert!(refusal("probation_seconds = 86401").contains("probation_seconds"));
        assert!(refusal("probation_seconds = -1").contains("probation_seconds"));
        assert!(refusal("state_directory = \"var\"").contains("state_directory"));
        assert!(refusal("post_quantum = \"perhaps\"").contains("post_quantum"));
        assert!(refusal("[engine]\neve_file = \"eve.json\"").contains("engine.eve_file must be an absolute path"));
        assert!(refusal("[engine]\neve_socket = \"eve.sock\"").contains("engine.eve_socket"));
        assert!(refusal("[alert_log]\nmax_mebibytes = 7").contains("alert_log.max_mebibytes must be 8 to 1048576"));
        assert!(refusal("[alert_log]\nmax_days = 0").contains("alert_log.max_days"));
        assert!(refusal("[delivery]\nkilobits_per_second = 0").contains("delivery.kilobits_per_second"));
    }

    #[test]
    fn takes_a_numeric_console_user_and_none_that_does_not_exist() {
        assert_eq!(load("console_user = \"1234\"", 0o644).unwrap().console_user, Some(Uid::from_raw(1234)));
        assert_eq!(load("console_user = \"no-such-user-here\"", 0o644).unwrap().console_user, None);
    }

    #[test]
    fn a_proxy_password_needs_a_private_file() {
        let text = "[proxy]\nurl = \"http://proxy:3128\"\nuser = \"ot\"\npassword = \"secret\"";
        assert!(matches!(load(text, 0o644), Err(InvalidConfig::ReadableSecret { .. })));
        assert!(load(text, 0o640).unwrap().proxy.unwrap().password.is_some());
    }
}
