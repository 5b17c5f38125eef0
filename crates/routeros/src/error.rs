//! What can be wrong with a description of a router.

/// Why a part of a [`crate::RouterSetup`] cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetupError {
    /// The identity is the NAS-Identifier by which the router is found: it must survive URLs.
    #[error("a router identity has 1 to 63 letters, digits, dots, dashes and underscores")]
    Identity,
    /// Neither an IP address nor a host name.
    #[error("{0:?} is neither an IPv4 address nor a host name like radius.example.net")]
    Host(String),
    /// Not a host pattern for a walled garden.
    #[error("{0:?} is not a host; write pay.example.net, or *.example.net for all below it")]
    GardenHost(String),
    /// An empty or endless interface name.
    #[error("an interface name has 1 to 64 characters, like ether3 or wlan1")]
    Interface,
    /// The secret must not be empty (RFC 2865 §3), and routers cut very long ones.
    #[error("a RADIUS secret has 8 to 64 printable ASCII characters")]
    Secret,
    /// The hotspot's network must hold the router and at least a few devices.
    #[error(
        "{0} is not a hotspot network; write the router's own address in it, like 10.20.0.1/22"
    )]
    Network(String),
    /// The portal must be a plain web address.
    #[error("{0:?} is not a portal address; write it like https://wifi.example.net/p/mama-njeri")]
    Portal(String),
}
