# Takes Bando off this router. Paste all of it into a terminal.

# Hotspot
/ip hotspot remove [find name="bando"]
/ip hotspot profile remove [find name="bando"]
/ip hotspot walled-garden remove [find comment="bando:garden"]
/ip hotspot walled-garden ip remove [find comment="bando:garden"]
/ip hotspot user profile set [find default=yes] shared-users=1 mac-cookie-timeout=3d keepalive-timeout=2m

# RADIUS, firewall and addresses
/radius remove [find comment="bando:radius"]
/radius incoming set accept=no
/ip firewall filter remove [find comment~"^bando:"]
/ip firewall nat remove [find comment~"^bando:"]
/ip dhcp-server remove [find name="bando"]
/ip dhcp-server network remove [find comment="bando:network"]
/ip pool remove [find name="bando"]
/ip address remove [find comment="bando:address"]
/system ntp client servers remove [find comment="bando:ntp"]
/system script environment remove [find name~"^bando"]

# Ports and bridge: whoever sits behind one of these ports is cut off here
/interface bridge port remove [find comment="bando:port"]
/interface bridge remove [find name="bando"]
:put "Bando: removed."
