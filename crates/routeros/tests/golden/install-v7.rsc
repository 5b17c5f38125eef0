# Bando hotspot. Paste all of it into a terminal of the router; paste it again any time.
# Every line stands for itself: an error in one does not stop the others.

# Name and clock
/system identity set name="mama-njeri-k7mpq2xw9r"
/system clock set time-zone-autodetect=no time-zone-name="Africa/Nairobi"
/system ntp client set enabled=yes
:if ([:len [/system ntp client servers find address="pool.ntp.org"]] = 0) do={
  /system ntp client servers add address="pool.ntp.org" comment="bando:ntp"
}

# Network of the hotspot: bridge, addresses, DHCP, DNS
:if ([:len [/interface bridge find name="bando"]] = 0) do={
  /interface bridge add name="bando" protocol-mode=rstp comment="bando:bridge"
}
/interface bridge set [find name="bando"] protocol-mode=rstp comment="bando:bridge"
:if ([:len [/ip address find comment="bando:address"]] = 0) do={
  /ip address add comment="bando:address" address=10.20.0.1/22 interface="bando"
}
/ip address set [find comment="bando:address"] address=10.20.0.1/22 interface="bando"
:if ([:len [/ip pool find name="bando"]] = 0) do={
  /ip pool add name="bando" ranges="10.20.0.2-10.20.3.254"
}
/ip pool set [find name="bando"] ranges="10.20.0.2-10.20.3.254"
:if ([:len [/ip dhcp-server network find comment="bando:network"]] = 0) do={
  /ip dhcp-server network add comment="bando:network" address="10.20.0.0/22" gateway=10.20.0.1 dns-server=10.20.0.1
}
/ip dhcp-server network set [find comment="bando:network"] address="10.20.0.0/22" gateway=10.20.0.1 dns-server=10.20.0.1
:if ([:len [/ip dhcp-server find name="bando"]] = 0) do={
  /ip dhcp-server add name="bando" interface="bando" address-pool="bando" lease-time=1h disabled=no
}
/ip dhcp-server set [find name="bando"] interface="bando" address-pool="bando" lease-time=1h disabled=no
/ip dns set allow-remote-requests=yes

# RADIUS: who may go online, and who must go
:if ([:len [/radius find comment="bando:radius"]] = 0) do={
  /radius add comment="bando:radius" service=hotspot address=203.0.113.10 secret="s3cret\"of\$Nairobi\3F" authentication-port=1812 accounting-port=1813 timeout=3s disabled=no
}
/radius set [find comment="bando:radius"] service=hotspot address=203.0.113.10 secret="s3cret\"of\$Nairobi\3F" authentication-port=1812 accounting-port=1813 timeout=3s disabled=no
:do { [[:parse "/radius set \5Bfind comment=\"bando:radius\"\5D require-message-auth=yes-for-request-resp"]] } on-error={ :put "Bando: this RouterOS is older than 7.15. It works; an update makes it safer." }
/radius incoming set accept=yes port=3799

# Hotspot
:global bandoDir "hotspot"
:if ([:len [/file find name="flash"]] > 0) do={ :set bandoDir "flash/hotspot" }
:if ([:len [/ip hotspot profile find name="bando"]] = 0) do={
  /ip hotspot profile add name="bando" hotspot-address=10.20.0.1 dns-name="hotspot.internal" html-directory=$bandoDir login-by=mac,http-chap,http-pap,mac-cookie use-radius=yes radius-accounting=yes radius-interim-update=received radius-mac-format=XX:XX:XX:XX:XX:XX nas-port-type=wireless-802.11 split-user-domain=no
}
/ip hotspot profile set [find name="bando"] hotspot-address=10.20.0.1 dns-name="hotspot.internal" html-directory=$bandoDir login-by=mac,http-chap,http-pap,mac-cookie use-radius=yes radius-accounting=yes radius-interim-update=received radius-mac-format=XX:XX:XX:XX:XX:XX nas-port-type=wireless-802.11 split-user-domain=no
/ip hotspot user profile set [find default=yes] shared-users=unlimited add-mac-cookie=yes mac-cookie-timeout=1d idle-timeout=none keepalive-timeout=5m transparent-proxy=no
:if ([:len [/ip hotspot find name="bando"]] = 0) do={
  /ip hotspot add name="bando" interface="bando" address-pool="bando" profile="bando" addresses-per-mac=2 idle-timeout=5m keepalive-timeout=none disabled=no
}
/ip hotspot set [find name="bando"] interface="bando" address-pool="bando" profile="bando" addresses-per-mac=2 idle-timeout=5m keepalive-timeout=none disabled=no

# What is open before paying
/ip hotspot walled-garden remove [find comment="bando:garden"]
/ip hotspot walled-garden ip remove [find comment="bando:garden"]
/ip hotspot walled-garden add dst-host="wifi.example.net" action=allow comment="bando:garden"
/ip hotspot walled-garden ip add dst-host="wifi.example.net" action=accept comment="bando:garden"
/ip hotspot walled-garden add dst-host="pay.example.com" action=allow comment="bando:garden"
/ip hotspot walled-garden ip add dst-host="pay.example.com" action=accept comment="bando:garden"
/ip hotspot walled-garden add dst-host="*.cards.example.com" action=allow comment="bando:garden"

# Firewall and address translation, the least that is needed
:if ([:len [/ip firewall nat find comment="bando:masquerade"]] = 0) do={
  /ip firewall nat add comment="bando:masquerade" chain=srcnat action=masquerade src-address="10.20.0.0/22" out-interface="ether1"
}
/ip firewall nat set [find comment="bando:masquerade"] chain=srcnat action=masquerade src-address="10.20.0.0/22" out-interface="ether1"
:if ([:len [/ip firewall filter find comment="bando:coa"]] = 0) do={
  /ip firewall filter add comment="bando:coa" chain=input action=accept protocol=udp dst-port=3799 src-address=203.0.113.10
}
/ip firewall filter set [find comment="bando:coa"] chain=input action=accept protocol=udp dst-port=3799 src-address=203.0.113.10
:do { /ip firewall filter move [find comment="bando:coa"] [:pick [/ip firewall filter find dynamic=no] 0] } on-error={}
:if ([:len [/ip firewall filter find comment="bando:dhcp"]] = 0) do={
  /ip firewall filter add comment="bando:dhcp" chain=input action=accept in-interface="bando" protocol=udp dst-port=67
}
/ip firewall filter set [find comment="bando:dhcp"] chain=input action=accept in-interface="bando" protocol=udp dst-port=67
:do { /ip firewall filter move [find comment="bando:dhcp"] [:pick [/ip firewall filter find dynamic=no] 0] } on-error={}
:if ([:len [/ip firewall filter find comment="bando:dns-udp"]] = 0) do={
  /ip firewall filter add comment="bando:dns-udp" chain=input action=drop in-interface="ether1" protocol=udp dst-port=53
}
/ip firewall filter set [find comment="bando:dns-udp"] chain=input action=drop in-interface="ether1" protocol=udp dst-port=53
:do { /ip firewall filter move [find comment="bando:dns-udp"] [:pick [/ip firewall filter find dynamic=no] 0] } on-error={}
:if ([:len [/ip firewall filter find comment="bando:dns-tcp"]] = 0) do={
  /ip firewall filter add comment="bando:dns-tcp" chain=input action=drop in-interface="ether1" protocol=tcp dst-port=53
}
/ip firewall filter set [find comment="bando:dns-tcp"] chain=input action=drop in-interface="ether1" protocol=tcp dst-port=53
:do { /ip firewall filter move [find comment="bando:dns-tcp"] [:pick [/ip firewall filter find dynamic=no] 0] } on-error={}
:if ([:len [/ip firewall filter find comment="bando:guests"]] = 0) do={
  /ip firewall filter add comment="bando:guests" chain=input action=drop in-interface="bando" protocol=tcp dst-port=21,22,23,8291,8728,8729
}
/ip firewall filter set [find comment="bando:guests"] chain=input action=drop in-interface="bando" protocol=tcp dst-port=21,22,23,8291,8728,8729
:do { /ip firewall filter move [find comment="bando:guests"] [:pick [/ip firewall filter find dynamic=no] 0] } on-error={}

# The hotspot's login page sends customers to the portal
:global bandoPage ""
:set bandoPage ($bandoPage . "\$(if http-status == 302)Found\$(endif)\$(if http-header == \"Location\")https://wifi.example.net/p/mama-njeri\3Fmac=\$(mac-esc)&ip=\$(ip-esc)&identity=\$(identity-esc)&link-login-only=\$(link-login-only-esc)&li")
:set bandoPage ($bandoPage . "nk-orig=\$(link-orig-esc)&chap-id=\$(chap-id-esc)&chap-challenge=\$(chap-challenge-esc)&error=\$(error-esc)\$(endif)<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=")
:set bandoPage ($bandoPage . "\"width=device-width\"><meta http-equiv=\"refresh\" content=\"0;url=https://wifi.example.net/p/mama-njeri\3Fmac=\$(mac-esc)&amp;ip=\$(ip-esc)&amp;identity=\$(identity-esc)&amp;link-login-only=\$(link-login-only-")
:set bandoPage ($bandoPage . "esc)&amp;link-orig=\$(link-orig-esc)&amp;chap-id=\$(chap-id-esc)&amp;chap-challenge=\$(chap-challenge-esc)&amp;error=\$(error-esc)\"><title>Wi-Fi</title></head><body><p><a href=\"https://wifi.example.net/p/")
:set bandoPage ($bandoPage . "mama-njeri\3Fmac=\$(mac-esc)&amp;ip=\$(ip-esc)&amp;identity=\$(identity-esc)&amp;link-login-only=\$(link-login-only-esc)&amp;link-orig=\$(link-orig-esc)&amp;chap-id=\$(chap-id-esc)&amp;chap-challenge=\$(chap-c")
:set bandoPage ($bandoPage . "hallenge-esc)&amp;error=\$(error-esc)\">Wi-Fi &rarr;</a></p></body></html>\0A")
:global bandoFile ($bandoDir . "/login.html")
:for i from=1 to=20 do={ :if ([:len [/file find name=$bandoFile]] = 0) do={ :delay 500ms } }
:if ([:len [/file find name=$bandoFile]] = 0) do={
  /file add name=$bandoFile
}
/file set [find name=$bandoFile] contents=$bandoPage
:if ([:len [/file find name=$bandoFile]] = 0) do={ :put "Bando: no login page yet; paste this script once more in a minute." }

# Ports of the hotspot (they leave any other bridge)
:if ([:len [/interface bridge port find interface="ether3"]] = 0) do={
  /interface bridge port add interface="ether3" bridge="bando" comment="bando:port"
}
/interface bridge port set [find interface="ether3"] bridge="bando" comment="bando:port"
:if ([:len [/interface bridge port find interface="wlan1"]] = 0) do={
  /interface bridge port add interface="wlan1" bridge="bando" comment="bando:port"
}
/interface bridge port set [find interface="wlan1"] bridge="bando" comment="bando:port"
:put "Bando: done."
