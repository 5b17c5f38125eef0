//! The scripts as a router's owner pastes them: word for word, against the command trees of real
//! RouterOS versions, and against hostile names.

#![expect(clippy::expect_used, reason = "a test fails by panicking")]

use std::path::PathBuf;
use std::process::Command;

use bando_routeros::{RadiusServer, RouterOs, RouterSetup, removal_script};
use proptest::prelude::*;

fn setup(version: RouterOs) -> RouterSetup {
    let radius = RadiusServer {
        host: "203.0.113.10".parse().expect("an address"),
        auth_port: 1812,
        acct_port: 1813,
        secret: "s3cret\"of$Nairobi?".parse().expect("printable"),
    };
    let portal = "https://wifi.example.net/p/mama-njeri"
        .parse()
        .expect("plain");
    RouterSetup {
        ports: vec![
            "ether3".parse().expect("a name"),
            "wlan1".parse().expect("a name"),
        ],
        payment_hosts: vec![
            "pay.example.com".parse().expect("a host"),
            "*.cards.example.com".parse().expect("a pattern"),
        ],
        ..RouterSetup::new(
            version,
            "mama-njeri-k7mpq2xw9r".parse().expect("plain"),
            radius,
            portal,
        )
    }
}

/// Compares with a kept file; `UPDATE_GOLDEN=1` writes it anew.
fn golden(name: &str, script: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("directory");
        std::fs::write(&path, script).expect("golden file");
    }
    let kept = std::fs::read_to_string(&path).expect("golden file: run with UPDATE_GOLDEN=1");
    assert!(
        kept == script,
        "{name} changed; look at it with UPDATE_GOLDEN=1 and git diff"
    );
}

#[test]
fn scripts_are_word_for_word_what_was_reviewed() {
    golden("install-v7.rsc", &setup(RouterOs::V7).install_script());
    golden("install-v6.rsc", &setup(RouterOs::V6).install_script());
    golden("remove-v7.rsc", &removal_script(RouterOs::V7));
}

#[test]
fn every_known_version_takes_every_command() {
    let Some(checker) = bando_testkit::shared("tools/rsc_check.py") else {
        return;
    };
    let Some(python) = bando_testkit::program("BANDO_TEST_PYTHON", "python3") else {
        return;
    };
    let by_name = RouterSetup {
        radius: RadiusServer {
            host: "radius.example.net".parse().expect("a name"),
            ..setup(RouterOs::V7).radius
        },
        portal: "http://203.0.113.10:8080/p/mama-njeri"
            .parse()
            .expect("plain"),
        ..setup(RouterOs::V7)
    };
    let directory = tempfile::tempdir().expect("a directory");
    for (name, script) in [
        ("install", setup(RouterOs::V7).install_script()),
        ("by-name", by_name.install_script()),
        ("remove", removal_script(RouterOs::V7)),
    ] {
        let file = directory.path().join(name);
        std::fs::write(&file, script).expect("script");
        let output = Command::new(&python)
            .arg(&checker)
            .arg(&file)
            .output()
            .expect("python3");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{name}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            said.contains(" 0 errors"),
            "{name}: nothing was checked: {said}"
        );
    }
}

#[test]
fn everything_added_is_marked_and_removed() {
    let (install, removal) = (
        setup(RouterOs::V7).install_script(),
        removal_script(RouterOs::V7),
    );
    for line in install
        .lines()
        .map(str::trim)
        .filter(|line| line.contains(" add "))
    {
        let (menu, _) = line.split_once(" add ").expect("filtered");
        if menu == "/file" {
            continue; // The hotspot's own page.
        }
        let mark = line
            .split(' ')
            .find(|w| w.starts_with("name=\"bando") || w.starts_with("comment=\"bando:"));
        let mark = mark.unwrap_or_else(|| panic!("without a mark: {line}"));
        assert!(
            removal
                .lines()
                .any(|l| l.starts_with(&format!("{menu} remove"))
                    && (l.contains(mark)
                        || (mark.starts_with("comment") && l.contains("comment~\"^bando:\"")))),
            "not removed: {line}"
        );
    }
}

/// The script with every string literal emptied; none if a literal does not end on its line.
fn skeleton(script: &str) -> Option<String> {
    let (mut bones, mut in_literal, mut escaped) = (String::new(), false, false);
    for c in script.chars() {
        match (in_literal, escaped, c) {
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (_, _, '"') => {
                in_literal = !in_literal;
                bones.push(c);
            }
            (true, _, '\n') => return None,
            (true, ..) => {}
            (false, ..) => bones.push(c),
        }
    }
    (!in_literal).then_some(bones)
}

proptest! {
    #[test]
    fn no_name_or_secret_becomes_a_command(
        secret in "[!-~]{8,64}",
        zone in any::<String>(),
        port in "[^\\p{C}\\s][^\\p{C}]{0,40}",
        path in "[^?#]{0,40}",
    ) {
        let plain = setup(RouterOs::V7);
        let Ok(portal) = format!("https://wifi.example.net/{path}").parse() else { return Ok(()) };
        let port: bando_routeros::Interface = port.parse().expect("printable");
        let hostile = RouterSetup {
            radius: RadiusServer { secret: secret.parse().expect("printable"), ..plain.radius.clone() },
            time_zone: zone,
            uplink: port.clone(),
            ports: vec![port.clone(), port],
            portal,
            ..plain.clone()
        };
        let without_page = |script: &str| -> String {
            script.lines().filter(|l| !l.starts_with(":set bandoPage")).map(|l| format!("{l}\n")).collect()
        };
        let hostile = hostile.install_script();
        prop_assert!(hostile.bytes().all(|b| b == b'\n' || (b' '..=b'~').contains(&b) && b != b'?'));
        prop_assert!(skeleton(&hostile).is_some());
        prop_assert_eq!(
            skeleton(&without_page(&hostile)),
            skeleton(&without_page(&plain.install_script()))
        );
    }
}
