//! The scripts to paste into a router.

use bando_app::Router;
use bando_routeros::{
    Host, Interface, Network, RadiusServer, RouterOs, RouterSetup, SetupError, removal_script,
};
use url::Url;

use super::fields::Fields;
use super::who::SignedInCaller;

/// Sizes of the hotspot's network around an address that is given, the usual one first.
const PREFIXES: [u8; 2] = [22, 24];

/// What a script is for, as the address says (`?version=&uplink=&ports=`).
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub(super) version: RouterOs,
    pub(super) uplink: String,
    pub(super) ports: String,
}

impl Wanted {
    pub(super) fn of(query: &Fields) -> Self {
        let text = |name: &str, usual: &str| match query.has(name) {
            true => query.text(name).chars().take(400).collect(),
            false => usual.to_owned(),
        };
        Self {
            version: match query.text("version") {
                "6" => RouterOs::V6,
                _ => RouterOs::V7,
            },
            uplink: text("uplink", "ether1"),
            ports: text("ports", ""),
        }
    }

    /// The interface to the internet.
    pub(super) fn uplink(&self) -> Result<Interface, SetupError> {
        self.uplink.parse()
    }

    /// The interfaces of the hotspot.
    pub(super) fn ports(&self) -> Result<Vec<Interface>, SetupError> {
        let names = self
            .ports
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.map(str::parse).collect()
    }

    /// What takes Bando off again.
    pub(super) fn removal(&self) -> String {
        removal_script(self.version)
    }
}

/// The script that makes `router` a hotspot of the provider.
pub(super) fn install(
    who: &SignedInCaller,
    router: &Router,
    wanted: &Wanted,
) -> Result<String, SetupError> {
    let settings = who.app.settings();
    let radius = RadiusServer {
        host: radius_host(who).parse()?,
        auth_port: settings.radius_auth_port,
        acct_port: settings.radius_acct_port,
        secret: router.secret.expose().parse()?,
    };
    let portal = format!("{}/p/{}", settings.public_url, who.provider.slug).parse()?;
    let mut setup = RouterSetup::new(wanted.version, router.identity.parse()?, radius, portal);
    setup.uplink = wanted.uplink()?;
    setup.ports = wanted.ports()?;
    setup.time_zone.clone_from(&who.provider.time_zone);
    // The portal sends logins to this name only, so the router has to serve its pages under it.
    match router.hotspot_host.parse()? {
        // A simulator on this machine: what a real router would get, with the usual network.
        Host::Address(address) if address.is_loopback() => {}
        host => setup.dns_name = host,
    }
    if let Host::Address(address) = setup.dns_name {
        let fits = PREFIXES
            .iter()
            .find_map(|prefix| Network::new(address, *prefix).ok());
        setup.network = fits.ok_or_else(|| SetupError::Network(address.to_string()))?;
    }
    Ok(setup.install_script())
}

/// Where routers reach us: as configured, else where browsers do.
fn radius_host(who: &SignedInCaller) -> String {
    let settings = who.app.settings();
    if !settings.radius_host.is_empty() {
        return settings.radius_host.clone();
    }
    let url = Url::parse(&settings.public_url).ok();
    url.and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default()
}
