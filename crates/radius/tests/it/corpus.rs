//! Packets that other programs made, where the shared test data are present.

use std::fs;

use bando_radius::{Code, Credentials, Error, HEADER_LENGTH, Packet, Secret, dictionary};
use serde::Deserialize;

fn shared(name: &str) -> Option<String> {
    let file = bando_testkit::shared(&format!("data/radius/{name}"))?;
    Some(fs::read_to_string(file).unwrap())
}

fn lines<T: for<'de> Deserialize<'de>>(text: &str) -> Vec<T> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Everything that reads a packet, to see that none of it panics.
fn read_all(packet: &Packet<'_>) -> usize {
    let secret = Secret::new(b"testing123").unwrap();
    let _ = secret.verify_request(packet);
    let _ = secret.verify_reply(packet, packet.authenticator());
    if let Ok(Some(offered)) = packet.credentials() {
        let _ = offered.verify(&secret, b"password");
    }
    let _ = packet.eap_message();
    packet.readable().to_string().len() + packet.attributes().count()
}

#[derive(Deserialize)]
struct Sample {
    src: String,
    hex: String,
    expect: String,
}

/// Packets from the tests of FreeRADIUS and tcpdump.
///
/// FreeRADIUS refuses some of them by policy rather than by RFC 2865; all of that policy is ours
/// too, each for its own reason:
/// - unknown codes: RFC 2865 §3 has them discarded, so it is the RFC after all;
/// - attribute number 0: unassigned, and only ever met in nonsense;
/// - EAP-Message without Message-Authenticator: RFC 3579 §3.2 has it discarded;
/// - Status-Server without Message-Authenticator: RFC 5997 §3 has it discarded.
#[test]
fn packets_of_freeradius_and_tcpdump() {
    let Some(text) = shared("packets.jsonl") else {
        return;
    };
    // tcpdump prints what it can of these two, but their Length exceeds what was captured.
    let cut_short = [
        "tcpdump/radius_attr_asan.pcap#1",
        "tcpdump/radius_rfc5447_invalid_length.pcap#1",
    ];
    let (mut parsed, mut rejected) = (0, 0);
    for sample in lines::<Sample>(&text) {
        let bytes = hex::decode(&sample.hex).unwrap();
        let result = Packet::parse(&bytes);
        if sample.expect == "reject" || cut_short.contains(&sample.src.as_str()) {
            assert!(result.is_err(), "{} must be rejected", sample.src);
            rejected += 1;
        } else {
            let packet = result.unwrap_or_else(|error| panic!("{}: {error}", sample.src));
            assert!(read_all(&packet) > 0);
            parsed += 1;
        }
    }
    println!("{parsed} parsed, {rejected} rejected");
    assert_eq!((parsed, rejected), (68, 22));
}

/// The reasons given for what FreeRADIUS calls errors, where the reason is a matter of policy.
#[test]
fn policy_rejections_say_why() {
    let header = "000102030405060708090a0b0c0d0e0f";
    let mac = format!("5012{header}");
    for (hex, expected) in [
        (format!("00000014{header}"), Error::UnknownCode(0)),
        (format!("35000014{header}"), Error::UnknownCode(53)),
        (format!("ff000014{header}"), Error::UnknownCode(255)),
        (format!("01000016{header}0002"), Error::AttributeZero(20)),
        (
            format!("0c000014{header}"),
            Error::MessageAuthenticatorMissing,
        ),
        (
            format!("01000018{header}4f040101"),
            Error::MessageAuthenticatorMissing,
        ),
        (
            format!("01000019{header}5005000000"),
            Error::MessageAuthenticatorLength(20),
        ),
        (
            format!("01000038{header}{mac}{mac}"),
            Error::MessageAuthenticatorRepeated,
        ),
    ] {
        let bytes = hex::decode(hex).unwrap();
        assert_eq!(Packet::parse(&bytes).unwrap_err(), expected);
    }
}

#[derive(Deserialize)]
struct Golden {
    attrs: String,
    secret: String,
    hex: String,
    ma_offset: Option<usize>,
}

/// Requests made by radclient 3.2.9.
#[test]
fn requests_of_radclient() {
    let Some(text) = shared("golden.jsonl") else {
        return;
    };
    let golden = lines::<Golden>(&text);
    assert_eq!(golden.len(), 16);
    let wrong = Secret::new(b"testing124").unwrap();
    for Golden {
        attrs,
        secret,
        hex,
        ma_offset,
    } in golden
    {
        let secret = Secret::new(secret.as_bytes()).unwrap();
        let mut bytes = hex::decode(hex).unwrap();
        let packet = Packet::parse(&bytes).unwrap();
        secret
            .verify_request(&packet)
            .unwrap_or_else(|error| panic!("{attrs}: {error}"));
        assert!(wrong.verify_request(&packet).is_err(), "{attrs}");
        assert_eq!(
            packet.has_message_authenticator(),
            ma_offset.is_some(),
            "{attrs}"
        );
        check_attributes(&packet, &secret, &attrs);

        // Any altered octet is noticed; the identifier has a digest too.
        for at in (0..bytes.len()).filter(|at| !(2..4).contains(at)) {
            bytes[at] ^= 1;
            if let Ok(altered) = Packet::parse(&bytes) {
                let unsigned =
                    !altered.has_message_authenticator() && altered.code() == Code::AccessRequest;
                assert!(
                    unsigned || secret.verify_request(&altered).is_err(),
                    "{attrs} at {at}"
                );
            }
            bytes[at] ^= 1;
        }
    }
}

/// What the packet says must be what radclient was told to say.
fn check_attributes(packet: &Packet<'_>, secret: &Secret, told: &str) {
    for pair in told.split(", ") {
        let (name, value) = pair.split_once(" = ").unwrap();
        let value = value.trim_matches('"');
        let found = packet
            .attributes()
            .find(|(attribute, _)| attribute.to_string() == name);
        match name {
            "User-Name" | "User-Password" if value.is_empty() => assert!(found.is_none()),
            "User-Password" | "CHAP-Password" => {
                let offered = packet.credentials().unwrap().unwrap();
                assert_eq!(
                    matches!(offered, Credentials::Pap(_)),
                    name == "User-Password"
                );
                assert!(offered.verify(secret, value.as_bytes()).unwrap());
                assert!(!offered.verify(secret, b"other").unwrap());
            }
            "MS-CHAP-Password" | "Message-Authenticator" => {}
            "User-Name" => assert_eq!(found.unwrap().1, value.as_bytes()),
            "CHAP-Challenge" => assert_eq!(format!("0x{}", hex::encode(found.unwrap().1)), value),
            "Proxy-State" => {
                let states = packet.values(dictionary::PROXY_STATE);
                assert!(
                    states
                        .map(|octets| format!("0x{}", hex::encode(octets)))
                        .any(|s| s == value)
                );
            }
            "NAS-IPv6-Address" | "Framed-IPv6-Prefix" => assert!(found.is_some()),
            _ => {
                let line = format!("{} ", packet.readable());
                let (bare, quoted) = (format!(" {name}={value} "), format!(" {name}=\"{value}\" "));
                assert!(
                    line.contains(&bare) || line.contains(&quoted),
                    "{name} in {line}"
                );
            }
        }
    }
    if told.contains("Acct-Input-Gigawords = 2") {
        let expected = (2_u64 << 32) + 4_294_967_295;
        assert_eq!(packet.counter(dictionary::INPUT_OCTETS), Some(expected));
        assert_eq!(
            packet.counter(dictionary::OUTPUT_OCTETS),
            Some((3 << 32) + 1)
        );
    }
}

#[derive(Deserialize)]
struct KnownAnswer {
    name: String,
    secret: Option<String>,
    request: Option<String>,
    request_fixed: Option<String>,
    response: Option<String>,
    user_password: Option<String>,
    chap_password: Option<String>,
    ma_request_ok: Option<bool>,
    ma_response_ok: Option<bool>,
    response_authenticator_ok: Option<bool>,
}

/// RFC 2865 §7 again, and two captures of Cisco LEAP with Message-Authenticator both ways.
#[test]
fn known_answers() {
    let Some(text) = shared("kat.json") else {
        return;
    };
    let mut checked = 0;
    for known in serde_json::from_str::<Vec<KnownAnswer>>(&text).unwrap() {
        // The others are of MS-CHAP.
        let (Some(secret), Some(request), Some(response)) = (
            known.secret,
            known.request_fixed.or(known.request),
            known.response,
        ) else {
            continue;
        };
        let secret = Secret::new(secret.as_bytes()).unwrap();
        let (request, response) = (
            hex::decode(request).unwrap(),
            hex::decode(response).unwrap(),
        );
        let request = Packet::parse(&request).unwrap();
        let response = Packet::parse(&response).unwrap();
        assert!(request.as_bytes().len() > HEADER_LENGTH);
        secret.verify_request(&request).unwrap();
        secret
            .verify_message_authenticator(&response, request.authenticator())
            .unwrap();
        assert_eq!(
            request.has_message_authenticator(),
            known.ma_request_ok == Some(true)
        );
        assert_eq!(
            response.has_message_authenticator(),
            known.ma_response_ok == Some(true)
        );
        if known.response_authenticator_ok == Some(true) {
            secret
                .verify_reply(&response, request.authenticator())
                .unwrap();
        }
        if let Some(password) = known.user_password.or(known.chap_password) {
            let offered = request.credentials().unwrap().unwrap();
            assert!(
                offered.verify(&secret, password.as_bytes()).unwrap(),
                "{}",
                known.name
            );
        }
        checked += 1;
    }
    assert_eq!(checked, 6);
}
