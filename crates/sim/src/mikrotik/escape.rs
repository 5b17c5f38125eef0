//! How RouterOS writes values into pages and addresses.

use std::fmt::Write;

/// The `-esc` of hotspot variables: everything but letters, digits and `-._~` as `%XX`.
pub(super) fn percent(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// `chap-id` and `chap-challenge`: every octet as `\ooo`, meant for a JavaScript string.
pub(super) fn octal(octets: &[u8]) -> String {
    octets.iter().fold(
        String::with_capacity(octets.len() * 4),
        |mut text, octet| {
            let _ = write!(text, "\\{octet:03o}");
            text
        },
    )
}

/// Text that stands in HTML as itself.
pub(super) fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_router_os_writes() {
        assert_eq!(octal(&[0xF9, 0, b'A']), "\\371\\000\\101");
        assert_eq!(percent("\\371 é:/"), "%5C371%20%C3%A9%3A%2F");
        assert_eq!(html("<a b=\"&\">"), "&lt;a b=&quot;&amp;&quot;&gt;");
    }
}
