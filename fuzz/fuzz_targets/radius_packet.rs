//! Any datagram: parsed, walked, verified, printed and answered without a panic.

#![no_main]

use bando_radius::{Builder, Code, Packet, Secret, dictionary};
use libfuzzer_sys::fuzz_target;

const ANSWERS: [Code; 8] = [
    Code::AccessAccept,
    Code::AccessReject,
    Code::AccessChallenge,
    Code::AccountingResponse,
    Code::DisconnectAck,
    Code::DisconnectNak,
    Code::CoaAck,
    Code::CoaNak,
];

fuzz_target!(|datagram: &[u8]| {
    let Ok(packet) = Packet::parse(datagram) else {
        return;
    };
    let secret = Secret::new(b"testing123").expect("not empty");

    let _ = secret.verify_request(&packet);
    let _ = secret.verify_reply(&packet, &[0; 16]);
    if let Ok(Some(offered)) = packet.credentials() {
        let _ = offered.verify(&secret, b"password");
    }

    let _ = packet.eap_message();
    let _ = packet.counter(dictionary::INPUT_OCTETS);
    for (attribute, _) in packet.attributes().take(64) {
        assert!(packet.contains(attribute));
        let _ = (
            packet.u32(attribute),
            packet.ipv4(attribute),
            packet.text(attribute),
        );
    }
    assert!(!packet.readable().to_string().contains(char::is_control));

    let mut buffer = Vec::new();
    for code in ANSWERS {
        let mut builder = Builder::reply(&mut buffer, code, &packet);
        builder.text(dictionary::REPLY_MESSAGE, "hello");
        if let Ok(bytes) = builder.finish(&secret) {
            let reply = Packet::parse(bytes).expect("we write what we can read");
            secret
                .verify_reply(&reply, packet.authenticator())
                .expect("and sign it rightly");
            let echoed = reply.values(dictionary::PROXY_STATE);
            assert!(echoed.eq(packet.values(dictionary::PROXY_STATE)));
        }
    }
});
