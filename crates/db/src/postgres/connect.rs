//! From a URL to a pool.

use std::sync::Arc;
use std::time::Duration;

use ::url::Url;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::configuration;
use crate::db::Options;
use crate::error::Result;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that vanished without a word is noticed after about this long.
const DEAD_AFTER: Duration = Duration::from_secs(30);

/// A pool for the URL. Connections are made when needed.
///
/// `sslmode` is read as libpq does, but a certificate is always verified against the system's
/// roots and `sslrootcert`. Without `sslmode` the connection is not encrypted.
pub(super) fn pool(url: &Url, options: &Options) -> Result<Pool> {
    let (url, tls) = Tls::split(url)?;
    let mut config: Config = url.as_str().parse().map_err(configuration)?;
    config.ssl_mode(tls.mode);
    if config.get_application_name().is_none() {
        config.application_name("bando");
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(DEAD_AFTER);
    }
    config.keepalives_idle(DEAD_AFTER);
    if config.get_target_session_attrs() == TargetSessionAttrs::Any {
        // After a failover the old primary must not be used, nor a standby.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = if tls.mode == SslMode::Disable {
        Manager::from_config(config, NoTls, recycling)
    } else {
        Manager::from_config(
            config,
            MakeRustlsConnect::new(tls.client_config()?),
            recycling,
        )
    };
    Pool::builder(manager)
        .max_size(options.postgres_connections.max(1))
        .wait_timeout(Some(options.busy_timeout))
        .create_timeout(Some(options.busy_timeout))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(configuration)
}

struct Tls {
    mode: SslMode,
    root_certificate: Option<String>,
}

impl Tls {
    /// Takes the parameters that are ours to read out of the URL.
    fn split(url: &Url) -> Result<(Url, Self)> {
        let mut tls = Self {
            mode: SslMode::Disable,
            root_certificate: None,
        };
        let mut others = Vec::new();
        for (key, value) in url.query_pairs() {
            match (&*key, &*value) {
                ("sslmode", "disable" | "allow") => tls.mode = SslMode::Disable,
                ("sslmode", "prefer") => tls.mode = SslMode::Prefer,
                ("sslmode", "require" | "verify-ca" | "verify-full") => tls.mode = SslMode::Require,
                ("sslmode", other) => {
                    return Err(configuration(format!("sslmode={other} is not known")));
                }
                ("sslrootcert", path) => tls.root_certificate = Some(path.to_owned()),
                _ => others.push((key.into_owned(), value.into_owned())),
            }
        }
        let mut url = url.clone();
        url.set_query(None);
        if !others.is_empty() {
            url.query_pairs_mut().extend_pairs(others);
        }
        Ok((url, tls))
    }

    fn client_config(&self) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = &self.root_certificate {
            let unreadable = |error| configuration(format!("sslrootcert {path}: {error}"));
            for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
                roots
                    .add(certificate.map_err(unreadable)?)
                    .map_err(configuration)?;
            }
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        Ok(builder
            .map_err(configuration)?
            .with_root_certificates(roots)
            .with_no_client_auth())
    }
}
