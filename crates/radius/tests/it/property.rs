//! What must hold for all packets, not only for those that somebody thought of.

use bando_radius::{
    Attribute, Authenticator, Builder, Code, Error, HEADER_LENGTH, MAX_LENGTH, Packet, Secret,
    dictionary,
};
use proptest::{collection::vec, prelude::*};

type Values = Vec<(Attribute, Vec<u8>)>;
type Build = fn(&mut Vec<u8>, u8, Authenticator) -> Builder<'_>;

/// Attributes that the builder has no opinion about.
fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        (1..=255_u8)
            .prop_filter("written by the builder or by a vendor", |n| ![26, 79, 80]
                .contains(n))
            .prop_map(Attribute::standard),
        (1..=u32::MAX, any::<u8>()).prop_map(|(vendor, n)| Attribute::vendor(vendor, n)),
        any::<u8>().prop_map(|n| Attribute::vendor(dictionary::mikrotik::VENDOR, n)),
    ]
}

fn values(count: usize) -> impl Strategy<Value = Values> {
    vec((attribute(), vec(any::<u8>(), 1..=247)), 0..=count)
}

/// Nonsense that looks enough like a packet to get past the header.
fn almost_a_packet() -> impl Strategy<Value = Vec<u8>> {
    let code = prop::sample::select(vec![1_u8, 2, 3, 4, 5, 11, 12, 40, 41, 42, 43, 44, 45]);
    let attribute = (
        prop::sample::select(vec![1_u8, 2, 3, 26, 33, 42, 60, 79, 80]),
        0..=20_u8,
    );
    let attributes = vec((attribute, vec(any::<u8>(), 0..=18)), 0..12);
    (code, any::<Authenticator>(), attributes, -2..=2_i8).prop_map(|(code, auth, attrs, off)| {
        let mut bytes = vec![code, 7, 0, 0];
        bytes.extend(auth);
        for ((number, length), value) in attrs {
            // Mostly the right length, so that the walk gets further.
            let right = u8::try_from(value.len() + 2).unwrap();
            bytes.extend([number, if length == 0 { length } else { right }]);
            bytes.extend(value);
        }
        let length = u16::try_from(bytes.len())
            .unwrap()
            .saturating_add_signed(off.into());
        bytes[2..4].copy_from_slice(&length.to_be_bytes());
        bytes
    })
}

fn read_all(bytes: &[u8]) {
    let Ok(packet) = Packet::parse(bytes) else {
        return;
    };
    let secret = Secret::new(b"s").unwrap();
    let _ = secret.verify_request(&packet);
    let _ = secret.verify_reply(&packet, &[0; 16]);
    if let Ok(Some(offered)) = packet.credentials() {
        let _ = offered.verify(&secret, b"password");
    }
    let _ = packet.eap_message();
    let _ = packet.counter(dictionary::INPUT_OCTETS);
    for (attribute, value) in packet.attributes() {
        assert!(packet.values(attribute).any(|found| found == value));
    }
    assert!(!packet.readable().to_string().contains('\n'));
    let mut answer = Vec::new();
    for code in [
        Code::AccessAccept,
        Code::AccountingResponse,
        Code::DisconnectNak,
        Code::CoaAck,
    ] {
        let reply = Builder::reply(&mut answer, code, &packet).finish(&secret);
        assert!(reply.is_err() || Packet::parse(reply.unwrap()).is_ok());
    }
}

proptest! {
    #[test]
    fn no_octets_cause_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_all(&bytes);
    }

    #[test]
    fn no_likely_octets_cause_a_panic(bytes in almost_a_packet()) {
        read_all(&bytes);
    }

    #[test]
    fn what_is_written_is_read(
        id: u8,
        auth: Authenticator,
        secret in vec(any::<u8>(), 1..100),
        values in values(12),
        padding in vec(any::<u8>(), 0..8),
    ) {
        let secret = Secret::new(&secret).unwrap();
        let mut buffer = Vec::new();
        let builders: [Build; 5] = [
            |buffer, id, auth| Builder::access_request(buffer, id, auth),
            |buffer, id, auth| Builder::unsigned_access_request(buffer, id, auth),
            |buffer, id, _| Builder::accounting_request(buffer, id),
            |buffer, id, _| Builder::coa_request(buffer, id),
            |buffer, id, _| Builder::disconnect_request(buffer, id),
        ];
        for build in builders {
            let mut builder = build(&mut buffer, id, auth);
            for (attribute, value) in &values {
                builder.bytes(*attribute, value);
            }
            let mut bytes = builder.finish(&secret).unwrap().to_vec();
            bytes.extend(&padding);
            let packet = Packet::parse(&bytes).unwrap();
            secret.verify_request(&packet).unwrap();
            prop_assert_eq!(packet.identifier(), id);
            let skip = usize::from(packet.has_message_authenticator());
            let read: Values =
                packet.attributes().skip(skip).map(|(a, value)| (a, value.to_vec())).collect();
            prop_assert_eq!(&read, &values);
        }
    }

    #[test]
    fn a_reply_is_verified_by_the_request_it_answers_and_no_other(
        auth: Authenticator,
        other: Authenticator,
        values in values(8),
    ) {
        prop_assume!(auth != other);
        let secret = Secret::new(b"testing123").unwrap();
        let (mut question, mut answer) = (Vec::new(), Vec::new());
        let request = Builder::access_request(&mut question, 1, auth).finish(&secret).unwrap();
        let request = Packet::parse(request).unwrap();
        let mut builder = Builder::reply(&mut answer, Code::AccessAccept, &request);
        for (attribute, value) in &values {
            builder.bytes(*attribute, value);
        }
        let reply = Packet::parse(builder.finish(&secret).unwrap()).unwrap();
        secret.verify_reply(&reply, &auth).unwrap();
        prop_assert_eq!(secret.verify_reply(&reply, &other), Err(Error::AuthenticatorWrong));
    }

    #[test]
    fn too_much_is_an_error_and_never_a_longer_packet(values in values(60)) {
        let secret = Secret::new(b"testing123").unwrap();
        let mut buffer = Vec::new();
        let mut builder = Builder::coa_request(&mut buffer, 1);
        let mut size = HEADER_LENGTH + 18;
        for (attribute, value) in &values {
            builder.bytes(*attribute, value);
            size += value.len() + if attribute.vendor_id().is_some() { 8 } else { 2 };
        }
        match builder.finish(&secret) {
            Ok(bytes) => prop_assert!(bytes.len() == size && size <= MAX_LENGTH),
            Err(error) => prop_assert!(error == Error::PacketTooLong && size > MAX_LENGTH),
        }
    }

    /// A trailing NUL cannot be told from padding, so no password ends in one.
    #[test]
    fn a_password_comes_back(
        auth: Authenticator,
        secret in vec(any::<u8>(), 1..80),
        password in vec(any::<u8>(), 0..=128)
            .prop_filter("ends in NUL", |password| password.last() != Some(&0)),
    ) {
        let secret = Secret::new(&secret).unwrap();
        let mut buffer = Vec::new();
        let mut builder = Builder::access_request(&mut buffer, 1, auth);
        builder.user_password(&secret, &password);
        let packet = Packet::parse(builder.finish(&secret).unwrap()).unwrap();
        let offered = packet.credentials().unwrap().unwrap();
        prop_assert!(offered.verify(&secret, &password).unwrap());
        prop_assert!(!offered.verify(&secret, b"\xFFother").unwrap() || password == b"\xFFother");
    }

    #[test]
    fn a_64_bit_count_comes_back(count: u64) {
        let secret = Secret::new(b"testing123").unwrap();
        let mut buffer = Vec::new();
        let mut builder = Builder::accounting_request(&mut buffer, 1);
        builder.counter(dictionary::OUTPUT_OCTETS, count);
        let packet = Packet::parse(builder.finish(&secret).unwrap()).unwrap();
        prop_assert_eq!(packet.counter(dictionary::OUTPUT_OCTETS), Some(count));
        prop_assert_eq!(packet.counter(dictionary::INPUT_OCTETS), None);
    }
}
