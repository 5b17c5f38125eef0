//! Configuration: `bando.toml`, then the environment, then flags; the later wins.
//!
//! Every key is documented in `bando.example.toml`. In the environment a key `listen` of a section
//! `[http]` is `BANDO_HTTP_LISTEN`; the names that hosting platforms use (`PORT`, `DATABASE_URL`,
//! `ENCRYPTION_KEY`, `SECRET_KEY`) are understood as they are.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use bando_app::GatewayAccount;
use bando_domain::Secret;
use serde::Deserialize;
use toml::{Table, Value};

/// The whole configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where data live.
    pub data: Data,
    /// The web server.
    pub http: Http,
    /// RADIUS.
    pub radius: Radius,
    /// M-Pesa.
    pub mpesa: Mpesa,
    /// Money collected for businesses.
    pub collection: Collection,
    /// The log.
    pub log: Log,
}

/// `[data]`: where data live.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// The directory of the SQLite file and the key file.
    pub directory: PathBuf,
    /// `postgres://…`, or none for SQLite in the directory.
    pub database_url: Option<Secret>,
    /// Encryption keys, the newest first, separated by commas; none for the key file.
    pub encryption_key: Option<Secret>,
    /// A text to sign API tokens with; none for a key made from the encryption key.
    pub secret_key: Option<Secret>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            directory: "data".into(),
            database_url: None,
            encryption_key: None,
            secret_key: None,
        }
    }
}

/// `[http]`: the web server.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where customers, gateways and routers reach it; none for `http://` and the listen address.
    pub public_url: Option<String>,
    /// Whether a proxy of yours stands in front, whose X-Forwarded-For is true.
    pub behind_proxy: bool,
    /// The business that addresses without a name mean.
    pub default_provider: Option<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            public_url: None,
            behind_proxy: false,
            default_provider: None,
        }
    }
}

/// `[radius]`: the RADIUS service.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Radius {
    /// Whether there is one; not on hosts without UDP.
    pub enabled: bool,
    /// Where Access-Requests are taken.
    pub auth_listen: SocketAddr,
    /// Where Accounting-Requests are taken.
    pub acct_listen: SocketAddr,
    /// The host that routers are told; none for the host of `public_url`.
    pub host: Option<String>,
    /// Refuse requests without Message-Authenticator from every router.
    pub require_message_authenticator: bool,
    /// Seconds between reports on an open session.
    pub interim_seconds: u32,
    /// Seconds without traffic after which a router ends a session; 0 for never.
    pub idle_seconds: u32,
}

impl Default for Radius {
    fn default() -> Self {
        let all = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
        Self {
            enabled: true,
            auth_listen: all(1812),
            acct_listen: all(1813),
            host: None,
            require_message_authenticator: false,
            interim_seconds: 60,
            idle_seconds: 0,
        }
    }
}

/// `[mpesa]`: M-Pesa.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mpesa {
    /// STK queries that one provider may cause in a minute.
    pub queries_per_minute: u32,
}

impl Default for Mpesa {
    fn default() -> Self {
        Self {
            queries_per_minute: 60,
        }
    }
}

/// `[collection]`: the platform's own M-Pesa account, by which it collects for businesses that have
/// none, and pays out to them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Collection {
    /// Whether there is one.
    pub enabled: bool,
    /// What the platform keeps of each payment, in hundredths of a percent.
    pub fee_basis_points: u32,
    /// `production`, `sandbox`, or the base URL of a simulator.
    pub environment: Option<String>,
    /// The paybill, or the store of the till.
    pub shortcode: Option<String>,
    /// The till, if it is one.
    pub till: Option<String>,
    /// Of the app in the Daraja portal.
    pub consumer_key: Option<Secret>,
    /// Of the app in the Daraja portal.
    pub consumer_secret: Option<Secret>,
    /// Of the shortcode.
    pub passkey: Option<Secret>,
    /// The user of the M-Pesa portal that pays out and sends back.
    pub initiator: Option<String>,
    /// That user's password.
    pub initiator_password: Option<Secret>,
    /// The last day of that password, as `2026-12-31`.
    pub initiator_expires: Option<String>,
    /// Safaricom's certificate of the environment, as text.
    pub certificate: Option<String>,
}

impl Collection {
    /// The account that it describes, for the gateway of this name.
    ///
    /// # Errors
    /// [`ConfigError`] if nothing could be paid out by it, or the fee is beyond the payment.
    pub fn account(&self, gateway: &'static str) -> Result<bando_app::Collection, ConfigError> {
        if self.initiator.is_none() {
            let problem = "must be set: without it nothing can be paid out";
            return Err(ConfigError::new("collection.initiator", problem));
        }
        if self.fee_basis_points > 10_000 {
            let problem = "must be at most 10000, which is all of a payment";
            return Err(ConfigError::new("collection.fee_basis_points", problem));
        }
        let mut account = GatewayAccount::default();
        for (name, value) in [
            ("environment", &self.environment),
            ("shortcode", &self.shortcode),
            ("till", &self.till),
            ("initiator", &self.initiator),
            ("initiator_expires", &self.initiator_expires),
            ("certificate", &self.certificate),
        ] {
            let value = value.clone().map(|value| (name.to_owned(), value));
            account.settings.extend(value);
        }
        for (name, secret) in [
            ("consumer_key", &self.consumer_key),
            ("consumer_secret", &self.consumer_secret),
            ("passkey", &self.passkey),
            ("initiator_password", &self.initiator_password),
        ] {
            let secret = secret.clone().map(|secret| (name.to_owned(), secret));
            account.secrets.extend(secret);
        }
        Ok(bando_app::Collection {
            gateway,
            account,
            fee_basis_points: self.fee_basis_points,
        })
    }
}

/// `[log]`: the log, on standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// How it is written.
    pub format: LogFormat,
    /// What of it, as `info` or `info,bando_app=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Human,
            filter: "info".into(),
        }
    }
}

/// How the log is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for a person.
    Human,
    /// A line of JSON for a machine.
    Json,
}

/// What is wrong with the configuration, where, and how to mend it.
#[derive(Debug)]
pub struct ConfigError {
    place: String,
    problem: String,
}

impl ConfigError {
    /// A problem at a place (a file, an environment variable, a key).
    pub fn new(place: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self {
            place: place.to_string(),
            problem: problem.to_string(),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "configuration: {}: {}", self.place, self.problem)
    }
}

impl std::error::Error for ConfigError {}

/// Where a key of ours is found under a name of the hosting platforms.
const PLATFORM_NAMES: [(&str, &str, &str); 3] = [
    ("DATABASE_URL", "data", "database_url"),
    ("ENCRYPTION_KEY", "data", "encryption_key"),
    ("SECRET_KEY", "data", "secret_key"),
];

const SECTIONS: [&str; 6] = ["data", "http", "radius", "mpesa", "collection", "log"];

impl Config {
    /// Reads `file` (which need not be there unless it was `named`), then the environment.
    ///
    /// # Errors
    /// [`ConfigError`] names the place and what to do.
    pub fn load(
        file: &Path,
        named: bool,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => String::new(),
            Err(error) => {
                let hint = format!(
                    "cannot be read: {error}; copy bando.example.toml there, or leave --config out"
                );
                return Err(ConfigError::new(file.display(), hint));
            }
        };
        // First by itself, for an error that names the line.
        toml::from_str::<Self>(&text)
            .map_err(|e| ConfigError::new(file.display(), e.to_string().trim()))?;
        let mut table: Table =
            toml::from_str(&text).map_err(|e| ConfigError::new(file.display(), e))?;
        let mut variables: Vec<(String, String)> = environment.collect();
        variables.sort();
        for (name, value) in &variables {
            let Some((section, key)) = place_of(name) else {
                continue;
            };
            let value = if name == "PORT" {
                format!("0.0.0.0:{value}")
            } else {
                value.clone()
            };
            // By itself first, for an error that names the variable.
            let value =
                read(section, &key, &value).map_err(|e| ConfigError::new(name, e.message()))?;
            put(&mut table, section, &key, value);
        }
        table
            .try_into()
            .map_err(|e: toml::de::Error| ConfigError::new(file.display(), e))
    }

    /// The public URL, checked.
    ///
    /// # Errors
    /// [`ConfigError`] if it is no http(s) URL, or has a path.
    pub fn public_url(&self, http: SocketAddr) -> Result<String, ConfigError> {
        let Some(url) = &self.http.public_url else {
            let host = if http.ip().is_unspecified() {
                "127.0.0.1".into()
            } else {
                http.ip().to_string()
            };
            return Ok(format!("http://{host}:{}", http.port()));
        };
        let url = url.trim_end_matches('/');
        let rest = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"));
        match rest {
            Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', ' ']) => {
                Ok(url.to_owned())
            }
            _ => Err(ConfigError::new(
                "http.public_url",
                "must be a scheme and host such as https://wifi.example.com, without a path",
            )),
        }
    }
}

/// The section and key that a variable sets; none if it is not ours.
fn place_of(name: &str) -> Option<(&'static str, String)> {
    if name == "PORT" {
        return Some(("http", "listen".into()));
    }
    if let Some((_, section, key)) = PLATFORM_NAMES
        .iter()
        .find(|(platform, ..)| *platform == name)
    {
        return Some((section, (*key).to_owned()));
    }
    let ours = name.strip_prefix("BANDO_")?.to_lowercase();
    SECTIONS.iter().find_map(|section| {
        let key = ours.strip_prefix(section)?.strip_prefix('_')?;
        Some((*section, key.to_owned()))
    })
}

/// A variable's value as its key wants it: text where text will do, so that a password of digits keeps
/// its zeros, else a number or truth value.
fn read(section: &str, key: &str, text: &str) -> Result<Value, toml::de::Error> {
    let fits = |value: &Value| {
        let mut alone = Table::new();
        put(&mut alone, section, key, value.clone());
        alone.try_into::<Config>().map(|_| ())
    };
    let as_text = Value::String(text.to_owned());
    let Err(error) = fits(&as_text) else {
        return Ok(as_text);
    };
    let other = match text {
        "true" => Some(Value::Boolean(true)),
        "false" => Some(Value::Boolean(false)),
        _ => text.parse().ok().map(Value::Integer),
    };
    match other {
        Some(other) => fits(&other).map(|()| other),
        None => Err(error),
    }
}

fn put(table: &mut Table, section: &str, key: &str, value: Value) {
    let section = table
        .entry(section)
        .or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(section) = section {
        section.insert(key.to_owned(), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let directory = tempfile::tempdir().expect("temp dir");
        let file = directory.path().join("bando.toml");
        std::fs::write(&file, text).expect("write");
        let variables = environment
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        Config::load(&file, true, variables).map_err(|e| e.to_string())
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let config = load("[http]\nlisten = \"127.0.0.1:1\"", &[("PORT", "9000")]).expect("good");
        assert_eq!(config.http.listen.port(), 9000);
        let config = load(
            "",
            &[
                ("BANDO_RADIUS_ENABLED", "false"),
                ("BANDO_TEST_POSTGRES", "x"),
            ],
        )
        .expect("good");
        assert!(!config.radius.enabled);
        let config = load("", &[("DATABASE_URL", "postgres://h/d")]).expect("good");
        assert_eq!(
            config.data.database_url.expect("set").expose(),
            "postgres://h/d"
        );
    }

    #[test]
    fn errors_name_the_place() {
        let said = load("[http]\nlisten = 5", &[]).expect_err("a number");
        assert!(
            said.contains("bando.toml") && said.contains("line 2"),
            "{said}"
        );
        let said = load("[http]\nlissten = \"x\"", &[]).expect_err("a typo");
        assert!(
            said.contains("lissten") && said.contains("listen"),
            "{said}"
        );
        let said = load("", &[("PORT", "many")]).expect_err("no port");
        assert!(said.contains("PORT"), "{said}");
        let said = load("", &[("BANDO_LOG_FORMAT", "xml")]).expect_err("no format");
        assert!(
            said.contains("BANDO_LOG_FORMAT") && said.contains("json"),
            "{said}"
        );
    }

    #[test]
    fn the_platforms_own_account_may_come_from_the_environment() {
        let variables = [
            ("BANDO_COLLECTION_ENABLED", "true"),
            ("BANDO_COLLECTION_FEE_BASIS_POINTS", "150"),
            ("BANDO_COLLECTION_SHORTCODE", "600584"),
            ("BANDO_COLLECTION_INITIATOR", "payer"),
            ("BANDO_COLLECTION_INITIATOR_PASSWORD", "007"),
        ];
        let config = load("[collection]\nenvironment = \"sandbox\"", &variables).expect("good");
        assert!(config.collection.enabled);
        let collection = config.collection.account("mpesa").expect("good");
        assert_eq!(collection.fee_basis_points, 150);
        assert_eq!(collection.account.setting("shortcode"), Some("600584"));
        assert_eq!(collection.account.setting("environment"), Some("sandbox"));
        let password = collection.account.secret("initiator_password");
        assert_eq!(password.expect("set").expose(), "007");
        let mut without = config.collection.clone();
        without.initiator = None;
        assert!(without.account("mpesa").is_err());
        let mut greedy = config.collection;
        greedy.fee_basis_points = 10_001;
        assert!(greedy.account("mpesa").is_err());
    }

    #[test]
    fn a_public_url_is_scheme_and_host() {
        let listen = SocketAddr::from(([0, 0, 0, 0], 8080));
        let mut config = Config::default();
        assert_eq!(
            config.public_url(listen).expect("default"),
            "http://127.0.0.1:8080"
        );
        config.http.public_url = Some("https://wifi.example.com/".into());
        assert_eq!(
            config.public_url(listen).expect("good"),
            "https://wifi.example.com"
        );
        config.http.public_url = Some("wifi.example.com".into());
        assert!(config.public_url(listen).is_err());
    }

    #[test]
    fn the_example_is_the_default() {
        let example = include_str!("../../../bando.example.toml");
        let on: String = example
            .lines()
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|l| l.contains(" = "))
                    .unwrap_or(line)
            })
            .map(|line| format!("{line}\n"))
            .collect();
        toml::from_str::<Config>(&on).expect("every documented key exists");
    }
}
