//! The script that makes a router a hotspot of Bando.

use crate::login_page::login_page;
use crate::quoted::Quoted;
use crate::script::{Arguments, Script};
use crate::{Host, RouterOs, RouterSetup};

impl RouterSetup {
    /// The script to paste into the router's terminal. It holds the RADIUS secret.
    ///
    /// The order matters to whoever sits behind one of the hotspot's ports: these move into the
    /// hotspot's bridge last, when all else is done.
    pub fn install_script(&self) -> String {
        let mut script = Script::new(&[
            "Bando hotspot. Paste all of it into a terminal of the router; paste it again any time.",
            "Every line stands for itself: an error in one does not stop the others.",
        ]);
        self.clock(&mut script);
        self.addresses(&mut script);
        self.radius(&mut script);
        self.hotspot(&mut script);
        self.walled_gardens(&mut script);
        self.firewall(&mut script);
        self.page(&mut script);
        self.ports(&mut script);
        script.line(":put \"Bando: done.\"");
        script.finish()
    }

    fn clock(&self, script: &mut Script) {
        script.section("Name and clock");
        let name = Arguments::new().with("name", Quoted(self.identity.as_str()));
        script.command("/system identity set", &name);
        let zone = Arguments::new()
            .with("time-zone-autodetect", "no")
            .with("time-zone-name", Quoted(&self.time_zone));
        script.command("/system clock set", &zone);
        let server = self.ntp_server.to_string();
        let enabled = Arguments::new().with("enabled", "yes");
        match self.version {
            RouterOs::V6 => script.command(
                "/system ntp client set",
                &enabled.with("server-dns-names", Quoted(&server)),
            ),
            RouterOs::V7 => {
                script.command("/system ntp client set", &enabled);
                let comment = Arguments::new().with("comment", "\"bando:ntp\"");
                // The owner's own entry for this server stays the owner's.
                script.ensure(
                    "/system ntp client servers",
                    ("address", Quoted(&server)),
                    &comment,
                );
            }
        }
    }

    fn addresses(&self, script: &mut Script) {
        let (network, pool) = (self.network.cidr(), self.network.pool());
        script.section("Network of the hotspot: bridge, addresses, DHCP, DNS");
        let bridge = Arguments::new()
            .with("protocol-mode", "rstp")
            .with("comment", "\"bando:bridge\"");
        script.upsert("/interface bridge", ("name", "\"bando\""), &bridge);
        let address = Arguments::new()
            .with("address", self.network)
            .with("interface", "\"bando\"");
        script.upsert("/ip address", ("comment", "\"bando:address\""), &address);
        let ranges = Arguments::new().with("ranges", Quoted(&pool));
        script.upsert("/ip pool", ("name", "\"bando\""), &ranges);
        let served = Arguments::new()
            .with("address", Quoted(&network))
            .with("gateway", self.network.router())
            .with("dns-server", self.network.router());
        script.upsert(
            "/ip dhcp-server network",
            ("comment", "\"bando:network\""),
            &served,
        );
        let server = Arguments::new()
            .with("interface", "\"bando\"")
            .with("address-pool", "\"bando\"")
            .with("lease-time", "1h")
            .with("disabled", "no");
        script.upsert("/ip dhcp-server", ("name", "\"bando\""), &server);
        script.line("/ip dns set allow-remote-requests=yes");
    }

    fn radius(&self, script: &mut Script) {
        script.section("RADIUS: who may go online, and who must go");
        let radius = &self.radius;
        let server = Arguments::new().with("service", "hotspot");
        let server = match &radius.host {
            Host::Address(address) => server.with("address", *address),
            // The menu takes addresses only.
            Host::Name(name) => {
                script.resolve("bandoServer", Quoted(name));
                server.with("address", "$bandoServer")
            }
        };
        let server = server
            .with("secret", Quoted(radius.secret.expose()))
            .with("authentication-port", radius.auth_port)
            .with("accounting-port", radius.acct_port)
            .with("timeout", "3s")
            .with("disabled", "no");
        script.upsert("/radius", ("comment", "\"bando:radius\""), &server);
        if self.version == RouterOs::V7 {
            // The parameter came with 7.15. Before, even a guarded line would be a syntax error:
            // it must be parsed at run time.
            script.try_parsed(
                "/radius set [find comment=\"bando:radius\"] \
                 require-message-auth=yes-for-request-resp",
                "Bando: this RouterOS is older than 7.15. It works; an update makes it safer.",
            );
        }
        let incoming = Arguments::new()
            .with("accept", "yes")
            .with("port", self.coa_port);
        script.command("/radius incoming set", &incoming);
    }

    fn hotspot(&self, script: &mut Script) {
        let dns_name = self.dns_name.to_string();
        script.section("Hotspot");
        script.line(":global bandoDir \"hotspot\"");
        // On boards with a flash directory everything outside it is lost at the next start.
        script.line(
            ":if ([:len [/file find name=\"flash\"]] > 0) do={ :set bandoDir \"flash/hotspot\" }",
        );
        let profile = Arguments::new()
            .with("hotspot-address", self.network.router())
            .with("dns-name", Quoted(&dns_name))
            .with("html-directory", "$bandoDir")
            .with("login-by", "mac,http-chap,http-pap,mac-cookie")
            .with("use-radius", "yes")
            .with("radius-accounting", "yes")
            .with("radius-interim-update", "received")
            .with("radius-mac-format", "XX:XX:XX:XX:XX:XX")
            .with("nas-port-type", "wireless-802.11")
            .with("split-user-domain", "no");
        script.upsert("/ip hotspot profile", ("name", "\"bando\""), &profile);
        if self.version == RouterOs::V6 {
            script.line("/ip hotspot profile set [find name=\"bando\"] https-redirect=no");
        }
        script.line(
            "/ip hotspot user profile set [find default=yes] shared-users=unlimited \
             add-mac-cookie=yes mac-cookie-timeout=1d idle-timeout=none keepalive-timeout=5m \
             transparent-proxy=no",
        );
        let server = Arguments::new()
            .with("interface", "\"bando\"")
            .with("address-pool", "\"bando\"")
            .with("profile", "\"bando\"")
            .with("addresses-per-mac", "2")
            .with("idle-timeout", "5m")
            .with("keepalive-timeout", "none")
            .with("disabled", "no");
        script.upsert("/ip hotspot", ("name", "\"bando\""), &server);
    }

    /// Both gardens: the one by host name sees only plain HTTP, the one by address HTTPS too. Their
    /// entries are replaced as a whole, so that a host taken off the list goes.
    fn walled_gardens(&self, script: &mut Script) {
        script.section("What is open before paying");
        script.line("/ip hotspot walled-garden remove [find comment=\"bando:garden\"]");
        script.line("/ip hotspot walled-garden ip remove [find comment=\"bando:garden\"]");
        let portal = self.portal.host().to_string();
        let payment = self
            .payment_hosts
            .iter()
            .map(|host| (host.as_str(), host.is_pattern()));
        for (host, is_pattern) in std::iter::once((portal.as_str(), false)).chain(payment) {
            let by_name = Arguments::new()
                .with("dst-host", Quoted(host))
                .with("action", "allow");
            let comment = |a: Arguments| a.with("comment", "\"bando:garden\"");
            script.command("/ip hotspot walled-garden add", &comment(by_name));
            // A pattern cannot be resolved to addresses.
            if !is_pattern {
                let is_address = host.parse::<std::net::Ipv4Addr>().is_ok();
                let key = if is_address {
                    "dst-address"
                } else {
                    "dst-host"
                };
                let by_address = Arguments::new()
                    .with(key, Quoted(host))
                    .with("action", "accept");
                script.command("/ip hotspot walled-garden ip add", &comment(by_address));
            }
        }
    }

    fn firewall(&self, script: &mut Script) {
        script.section("Firewall and address translation, the least that is needed");
        let network = self.network.cidr();
        let uplink = Quoted(self.uplink.as_str());
        let rule = |chain, action| Arguments::new().with("chain", chain).with("action", action);
        let masquerade = rule("srcnat", "masquerade")
            .with("src-address", Quoted(&network))
            .with("out-interface", uplink);
        script.upsert(
            "/ip firewall nat",
            ("comment", "\"bando:masquerade\""),
            &masquerade,
        );

        let coa = rule("input", "accept")
            .with("protocol", "udp")
            .with("dst-port", self.coa_port);
        let coa = match &self.radius.host {
            Host::Address(address) => coa.with("src-address", *address),
            Host::Name(_) => coa.with("src-address", "$bandoServer"),
        };
        let dhcp = rule("input", "accept")
            .with("in-interface", "\"bando\"")
            .with("protocol", "udp")
            .with("dst-port", "67");
        // The router answers DNS for its guests; it must not do so for the whole internet.
        let resolver = |protocol| {
            rule("input", "drop")
                .with("in-interface", uplink)
                .with("protocol", protocol)
                .with("dst-port", "53")
        };
        let guests = rule("input", "drop")
            .with("in-interface", "\"bando\"")
            .with("protocol", "tcp")
            .with("dst-port", "21,22,23,8291,8728,8729");
        for (comment, arguments) in [
            ("\"bando:coa\"", coa),
            ("\"bando:dhcp\"", dhcp),
            ("\"bando:dns-udp\"", resolver("udp")),
            ("\"bando:dns-tcp\"", resolver("tcp")),
            ("\"bando:guests\"", guests),
        ] {
            script.upsert("/ip firewall filter", ("comment", comment), &arguments);
            script.first_rule(comment);
        }
    }

    fn page(&self, script: &mut Script) {
        script.section("The hotspot's login page sends customers to the portal");
        script.variable("bandoPage", &login_page(&self.portal));
        script.line(":global bandoFile ($bandoDir . \"/login.html\")");
        // The hotspot lays its stock pages there in the background; ours must come after them.
        script.line(
            ":for i from=1 to=20 do={ \
             :if ([:len [/file find name=$bandoFile]] = 0) do={ :delay 500ms } }",
        );
        if self.version == RouterOs::V7 {
            script.line(":if ([:len [/file find name=$bandoFile]] = 0) do={");
            script.line("  /file add name=$bandoFile");
            script.line("}");
        }
        script.line("/file set [find name=$bandoFile] contents=$bandoPage");
        script.line(
            ":if ([:len [/file find name=$bandoFile]] = 0) do={ :put \
             \"Bando: no login page yet; paste this script once more in a minute.\" }",
        );
    }

    fn ports(&self, script: &mut Script) {
        script.section("Ports of the hotspot (they leave any other bridge)");
        for port in &self.ports {
            let arguments = Arguments::new()
                .with("bridge", "\"bando\"")
                .with("comment", "\"bando:port\"");
            let key = ("interface", Quoted(port.as_str()));
            script.upsert("/interface bridge port", key, &arguments);
        }
    }
}
