//! What an Access-Request shows: a ticket's code or a device, and whether the password fits.

use bando_app::AccessKey;
use bando_domain::{MacAddr, TicketCode};
use bando_radius::dictionary::{CALLING_STATION_ID, EAP_MESSAGE, USER_NAME, microsoft};
use bando_radius::{ChapPassword, Credentials, Packet, Secret};

/// Somebody at a router who wants in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Login {
    /// What opens the door, if what was typed can open any.
    pub(crate) key: Option<AccessKey>,
    /// The device, if the router names it.
    pub(crate) mac: Option<MacAddr>,
}

/// Reads who wants in.
///
/// - A code in User-Name, typed in any shape, with the code or nothing as password; by PAP or CHAP.
/// - A code as PAP password without User-Name.
/// - The device's own address in User-Name (RouterOS `login-by=mac`): the router vouches for it, so
///   the password, which RouterOS lets the operator set to anything, proves nothing more.
///
/// # Errors
/// What RFC 2865 calls invalid: two passwords, or one of an impossible size.
pub(crate) fn read(packet: &Packet<'_>, secret: &Secret) -> Result<Login, bando_radius::Error> {
    let mac = packet
        .text(CALLING_STATION_ID)
        .and_then(|text| text.parse().ok());
    let user = packet.text(USER_NAME).unwrap_or_default();
    let user = user.trim();
    let offered = packet.credentials()?;
    let key = if other_method(packet) {
        None
    } else if let Ok(named) = user.parse::<MacAddr>() {
        (mac == Some(named)).then_some(AccessKey::Device(named))
    } else if let Ok(code) = user.parse::<TicketCode>() {
        fits(offered, secret, code, user)?.then_some(AccessKey::Code(code))
    } else if let (true, Some(Credentials::Pap(hidden))) = (user.is_empty(), offered) {
        code_in(&hidden.reveal(secret)?).map(AccessKey::Code)
    } else {
        None
    };
    Ok(Login { key, mac })
}

/// EAP or MS-CHAP: a proof we cannot check must not pass for an empty password.
fn other_method(packet: &Packet<'_>) -> bool {
    let others = [
        EAP_MESSAGE,
        microsoft::MS_CHAP_RESPONSE,
        microsoft::MS_CHAP2_RESPONSE,
    ];
    others
        .into_iter()
        .any(|attribute| packet.contains(attribute))
}

/// Whether the password is the code, or left empty.
fn fits(
    offered: Option<Credentials<'_>>,
    secret: &Secret,
    code: TicketCode,
    typed: &str,
) -> Result<bool, bando_radius::Error> {
    match offered {
        None => Ok(true),
        Some(Credentials::Pap(hidden)) => {
            let password = hidden.reveal(secret)?;
            Ok(password.is_empty() || code_in(&password) == Some(code))
        }
        Some(Credentials::Chap(chap)) => Ok(chap_fits(&chap, code, typed)),
    }
}

/// A digest tells only whether one exact spelling was hashed, so those that people and login pages
/// use are tried.
fn chap_fits(chap: &ChapPassword<'_>, code: TicketCode, typed: &str) -> bool {
    let fits = |spelling: &str| chap.matches(spelling.as_bytes());
    if fits(typed) || fits(code.as_str()) || fits("") {
        return true;
    }
    let grouped = code.grouped();
    let dashed = grouped.replace(' ', "-");
    [code.as_str(), &grouped, &dashed]
        .into_iter()
        .any(|s| fits(s) || fits(&s.to_lowercase()))
}

fn code_in(password: &[u8]) -> Option<TicketCode> {
    std::str::from_utf8(password).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bando_radius::dictionary::{CHAP_CHALLENGE, CHAP_PASSWORD};
    use bando_radius::{Builder, chap};

    const CODE: &str = "K7MPQ2XW9R";
    const MAC: &str = "40:D3:AE:04:32:0C";

    fn secret() -> Secret {
        Secret::new(b"testing123").unwrap()
    }

    fn login(build: impl FnOnce(&mut Builder<'_>)) -> Login {
        let mut buffer = Vec::new();
        let mut builder = Builder::access_request(&mut buffer, 1, [7; 16]);
        build(&mut builder);
        let packet = Packet::parse(builder.finish(&secret()).unwrap()).unwrap();
        read(&packet, &secret()).unwrap()
    }

    fn pap(user: &str, password: &str) -> Option<AccessKey> {
        login(|b| {
            b.text(USER_NAME, user)
                .user_password(&secret(), password.as_bytes());
            b.text(CALLING_STATION_ID, MAC);
        })
        .key
    }

    fn by_chap(user: &str, password: &str) -> Option<AccessKey> {
        let digest = chap::response(9, password.as_bytes(), &[5; 16]);
        let value = [&[9], &digest[..]].concat();
        login(|b| {
            b.text(USER_NAME, user)
                .bytes(CHAP_PASSWORD, &value)
                .bytes(CHAP_CHALLENGE, &[5; 16]);
            b.text(CALLING_STATION_ID, MAC);
        })
        .key
    }

    fn code() -> Option<AccessKey> {
        Some(AccessKey::Code(CODE.parse().unwrap()))
    }

    #[test]
    fn a_code_in_any_shape() {
        for user in [CODE, "k7mpq2xw9r", "K7MPQ 2XW9R", " k7mpq-2xw9r "] {
            for password in ["", CODE, "k7mpq 2xw9r", user] {
                assert_eq!(pap(user, password), code(), "{user:?} {password:?}");
            }
            for password in [
                "",
                CODE,
                "k7mpq2xw9r",
                "K7MPQ 2XW9R",
                "k7mpq-2xw9r",
                user.trim(),
            ] {
                assert_eq!(by_chap(user, password), code(), "{user:?} {password:?}");
            }
            assert_eq!(pap(user, "K7MPQ2XW9S"), None);
            assert_eq!(by_chap(user, "K7MPQ2XW9S"), None);
        }
        assert_eq!(pap("", "k7mpq-2xw9r"), code());
        assert_eq!(by_chap("", CODE), None);
        assert_eq!(pap("bob", "hello"), None);
        assert_eq!(pap("", ""), None);
    }

    #[test]
    fn a_device_only_as_itself() {
        let device = Some(AccessKey::Device(MAC.parse().unwrap()));
        for user in [MAC, "40d3ae04320c", "40-D3-AE-04-32-0C", "40D3AE-04320C"] {
            assert_eq!(pap(user, ""), device);
            assert_eq!(pap(user, user), device);
            assert_eq!(pap(user, "what the operator chose"), device);
            assert_eq!(by_chap(user, user), device);
        }
        assert_eq!(pap("40:D3:AE:04:32:0D", ""), None);
        let unnamed = login(|b| {
            b.text(USER_NAME, MAC);
        });
        assert_eq!(
            unnamed,
            Login {
                key: None,
                mac: None
            }
        );
    }

    #[test]
    fn a_proof_of_another_kind_is_no_empty_password() {
        let ms_chap = login(|b| {
            b.text(USER_NAME, CODE)
                .bytes(microsoft::MS_CHAP2_RESPONSE, &[0; 50]);
        });
        assert_eq!(ms_chap.key, None);
        let eap = login(|b| {
            b.text(USER_NAME, CODE).bytes(EAP_MESSAGE, &[2, 0, 0, 4]);
        });
        assert_eq!(eap.key, None);
    }
}
