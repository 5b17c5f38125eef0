//! The script that takes Bando off a router.

use crate::RouterOs;
use crate::script::Script;

/// What to paste to undo [`crate::RouterSetup::install_script`].
///
/// Everything the installation added goes. What it only set stays where there is no telling what
/// was before (name, clock, DNS), or returns to RouterOS's default (user profile, incoming RADIUS).
/// Ports of the hotspot end in no bridge.
pub fn removal_script(version: RouterOs) -> String {
    let mut script =
        Script::new(&["Takes Bando off this router. Paste all of it into a terminal."]);
    script.section("Hotspot");
    for line in [
        "/ip hotspot remove [find name=\"bando\"]",
        "/ip hotspot profile remove [find name=\"bando\"]",
        "/ip hotspot walled-garden remove [find comment=\"bando:garden\"]",
        "/ip hotspot walled-garden ip remove [find comment=\"bando:garden\"]",
        "/ip hotspot user profile set [find default=yes] shared-users=1 mac-cookie-timeout=3d \
         keepalive-timeout=2m",
    ] {
        script.line(line);
    }
    script.section("RADIUS, firewall and addresses");
    for line in [
        "/radius remove [find comment=\"bando:radius\"]",
        "/radius incoming set accept=no",
        "/ip firewall filter remove [find comment~\"^bando:\"]",
        "/ip firewall nat remove [find comment~\"^bando:\"]",
        "/ip dhcp-server remove [find name=\"bando\"]",
        "/ip dhcp-server network remove [find comment=\"bando:network\"]",
        "/ip pool remove [find name=\"bando\"]",
        "/ip address remove [find comment=\"bando:address\"]",
    ] {
        script.line(line);
    }
    if version == RouterOs::V7 {
        script.line("/system ntp client servers remove [find comment=\"bando:ntp\"]");
    }
    script.line("/system script environment remove [find name~\"^bando\"]");
    script.section("Ports and bridge: whoever sits behind one of these ports is cut off here");
    script.line("/interface bridge port remove [find comment=\"bando:port\"]");
    script.line("/interface bridge remove [find name=\"bando\"]");
    script.line(":put \"Bando: removed.\"");
    script.finish()
}
