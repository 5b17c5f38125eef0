//! Packets for radclient that ask our server what the meter's own packets ask the peer: the same attributes, with
//! tickets of the demo and its router.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;

/// How many tickets are asked for, over and over. A file of the peer has as many.
const ASKING: usize = 1_000;
/// How many packets of accounting there are, in how many files: radclient is slow with more in one.
const ACCOUNTED: usize = 20_000;
const FILES: usize = 10;

/// Writes `auth-pap.txt`, `auth-chap.txt` and `acct-interim-N.txt` into a directory.
pub(super) fn write(directory: &Path, identity: &str, codes: &[String]) -> Result<()> {
    fs::create_dir_all(directory)?;
    for (name, password) in [
        ("auth-pap.txt", "User-Password"),
        ("auth-chap.txt", "CHAP-Password"),
    ] {
        let mut text = String::new();
        for (index, code) in codes.iter().take(ASKING).enumerate() {
            let common = common(index, code, identity);
            writeln!(
                text,
                "{common}, {password} = \"{code}\", Message-Authenticator = 0x00\n"
            )?;
        }
        fs::write(directory.join(name), text)?;
    }
    for file in 0..FILES {
        let mut text = String::new();
        for index in (0..ACCOUNTED).skip(file).step_by(FILES) {
            let common = common(index, &codes[index % codes.len()], identity);
            writeln!(text, "{common}, {}\n", interim(index))?;
        }
        fs::write(directory.join(format!("acct-interim-{file}.txt")), text)?;
    }
    Ok(())
}

fn common(index: usize, code: &str, identity: &str) -> String {
    let [.., high, middle, low] = index.to_be_bytes();
    format!(
        "User-Name = \"{code}\", NAS-IP-Address = 10.0.0.1, NAS-Identifier = \"{identity}\", NAS-Port = {index}, \
         NAS-Port-Type = Wireless-802.11, Called-Station-Id = \"hotspot1\", \
         Calling-Station-Id = \"02:00:00:{high:02X}:{middle:02X}:{low:02X}\", Framed-IP-Address = 10.5.{middle}.{low}"
    )
}

fn interim(index: usize) -> String {
    format!(
        "NAS-Port-Id = \"bridge1\", Acct-Session-Id = \"{:08x}\", Acct-Delay-Time = 0, \
         Acct-Status-Type = Interim-Update, Acct-Session-Time = 300, Acct-Input-Octets = {}, \
         Acct-Output-Octets = {}, Acct-Input-Gigawords = 0, Acct-Output-Gigawords = 0, Acct-Input-Packets = 10, \
         Acct-Output-Packets = 20",
        0x8000_0000_usize + index,
        300_000 + index,
        900_000 + index,
    )
}
