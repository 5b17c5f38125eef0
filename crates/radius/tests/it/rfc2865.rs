//! The examples of RFC 2865 §7, whose secret is `xyzzy5461`.

use bando_radius::{
    Attribute, Code, Credentials, Error, FramedProtocol, Packet, Secret, ServiceType, dictionary,
};

const SECRET: &[u8] = b"xyzzy5461";

fn verify(request: &[u8], reply: &[u8], password: &[u8]) {
    let secret = Secret::new(SECRET).unwrap();
    let (request, reply) = (
        Packet::parse(request).unwrap(),
        Packet::parse(reply).unwrap(),
    );
    secret.verify_request(&request).unwrap();
    secret
        .verify_reply(&reply, request.authenticator())
        .unwrap();
    assert_eq!(request.identifier(), reply.identifier());
    let offered = request.credentials().unwrap().unwrap();
    assert!(offered.verify(&secret, password).unwrap());
    assert!(!offered.verify(&secret, b"Arctangent").unwrap());

    let wrong = Secret::new(b"xyzzy5462").unwrap();
    let refused = wrong.verify_reply(&reply, request.authenticator());
    assert_eq!(refused, Err(Error::AuthenticatorWrong));
}

#[test]
fn section_7_1_user_telnet_to_specified_host() {
    let request = hex::decode(
        "010000380f403f9473978057bd83d5cb98f4227a01066e656d6f02120dbe708d93d413ce3196e43f782a0aee\
         0406c0a80110050600000003",
    );
    let reply =
        hex::decode("0200002686fe220e7624ba2a1005f6bf9b55e0b20606000000010f06000000000e06c0a80103");
    let (request, reply) = (request.unwrap(), reply.unwrap());
    verify(&request, &reply, b"arctangent");

    let packet = Packet::parse(&request).unwrap();
    assert_eq!(packet.code(), Code::AccessRequest);
    assert_eq!(packet.text(dictionary::USER_NAME).unwrap(), "nemo");
    assert_eq!(
        packet.ipv4(dictionary::NAS_IP_ADDRESS),
        Some([192, 168, 1, 16].into())
    );
    assert_eq!(packet.u32(dictionary::NAS_PORT), Some(3));
    assert!(matches!(
        packet.credentials(),
        Ok(Some(Credentials::Pap(_)))
    ));
    let packet = Packet::parse(&reply).unwrap();
    let service = packet
        .u32(dictionary::SERVICE_TYPE)
        .and_then(ServiceType::from_u32);
    assert_eq!(service, Some(ServiceType::Login));
    let login_service = packet.u32(Attribute::standard(15));
    assert_eq!(login_service, Some(0));
}

/// The challenge of this example is the Request Authenticator.
#[test]
fn section_7_2_framed_user_authenticating_with_chap() {
    let request = hex::decode(
        "010100472aee86f08d0d55969ca5978e0d3367a20108666c6f707379031316e97557c316185895f293ff6344\
         0772750406c0a80110050600000014060600000002070600000001",
    );
    let reply = hex::decode(
        "0201003815efbc7dab26cfa3dc34d9c03c8601a40606000000020706000000010806fffffffe0a0600000002\
         0d06000000010c06000005dc",
    );
    let (request, reply) = (request.unwrap(), reply.unwrap());
    verify(&request, &reply, b"arctangent");

    let packet = Packet::parse(&request).unwrap();
    assert!(matches!(
        packet.credentials(),
        Ok(Some(Credentials::Chap(_)))
    ));
    let protocol = packet
        .u32(dictionary::FRAMED_PROTOCOL)
        .and_then(FramedProtocol::from_u32);
    assert_eq!(protocol, Some(FramedProtocol::Ppp));
}

#[test]
fn section_7_3_user_with_challenge_response_card() {
    let request = hex::decode(
        "01020039f3a47a1f6a6d76710b947ab93041a03901076d6f707379021233657573778289b570885e15084825\
         c50406c0a80110050600000007",
    );
    let reply = hex::decode(
        "0b02004e36f3c8764ae8c71157403c0c71ff9c4512304368616c6c656e67652033323736393433302e202045\
         6e74657220726573706f6e73652061742070726f6d70742e180a3332373639343330",
    );
    let reply = reply.unwrap();
    verify(&request.unwrap(), &reply, b"challenge");
    let packet = Packet::parse(&reply).unwrap();
    assert_eq!(packet.code(), Code::AccessChallenge);
    assert_eq!(packet.get(dictionary::STATE), Some(b"32769430".as_slice()));

    let request = hex::decode(
        "01030043b122556d428a13d0d6253807c457ecf001076d6f7073790212692c1f205fc081b919b95195f561a5\
         810406c0a80110050600000007180a3332373639343330",
    );
    let reply = hex::decode("03030014a42f4fca45916c4e09c8340f9e746aa0");
    verify(&request.unwrap(), &reply.unwrap(), b"99101462");
}

/// The RFC prints State's length as 0x10 where 10 is meant: it overruns the packet.
#[test]
fn section_7_3_as_misprinted_is_refused() {
    let request = hex::decode(
        "01030043b122556d428a13d0d6253807c457ecf001076d6f7073790212692c1f205fc081b919b95195f561a5\
         810406c0a8011005060000000718103332373639343330",
    );
    let refused = Packet::parse(&request.unwrap()).unwrap_err();
    assert_eq!(refused, Error::AttributeLength(57));
}

/// A MikroTik hotspot's CHAP login, captured: password `lkfgxifde`.
#[test]
fn chap_of_a_mikrotik_hotspot() {
    let challenge = hex::decode("19a63ce2e283187f977609b470b01368").unwrap();
    let response = bando_radius::chap::response(0x34, b"lkfgxifde", &challenge);
    assert_eq!(hex::encode(response), "b7226284e0fdeddd5b12a8ee74e8b25c");
}
