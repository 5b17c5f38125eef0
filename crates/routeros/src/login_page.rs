//! The hotspot's `login.html`: it sends the customer to the portal.

use std::fmt::Write;

use crate::Portal;

/// What the portal is told, each by the hotspot variable of the same name, URL-escaped (`-esc`).
const PARAMETERS: [&str; 8] = [
    "mac",
    "ip",
    "identity",
    "link-login-only",
    "link-orig",
    "chap-id",
    "chap-challenge",
    "error",
];

/// The page in the language of RouterOS hotspot pages (manual, "Hotspot customisation").
///
/// `http-status` and `http-header` make it a real redirect; the text serves the clients that ignore
/// it. It fits into the 4095 bytes that RouterOS 6 can write into a file.
pub fn login_page(portal: &Portal) -> String {
    let mut target = portal.url().to_owned();
    for (i, name) in PARAMETERS.into_iter().enumerate() {
        let separator = if i == 0 { '?' } else { '&' };
        // Writing to a String cannot fail.
        let _ = write!(target, "{separator}{name}=$({name}-esc)");
    }
    let link = target.replace('&', "&amp;").replace('\'', "%27");
    format!(
        "$(if http-status == 302)Found$(endif)\
         $(if http-header == \"Location\")$(target)$(endif)\
         <!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta http-equiv=\"refresh\" content=\"0;url={link}\"><title>Wi-Fi</title></head>\
         <body><p><a href=\"{link}\">Wi-Fi &rarr;</a></p></body></html>\n"
    )
    .replace("$(target)", &target)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_with_every_parameter() {
        let portal = "https://wifi.example.net/p/mama-njeri"
            .parse()
            .expect("plain");
        let page = login_page(&portal);
        assert!(page.contains(
            "$(if http-header == \"Location\")https://wifi.example.net/p/mama-njeri\
             ?mac=$(mac-esc)&ip=$(ip-esc)&identity=$(identity-esc)\
             &link-login-only=$(link-login-only-esc)&link-orig=$(link-orig-esc)\
             &chap-id=$(chap-id-esc)&chap-challenge=$(chap-challenge-esc)&error=$(error-esc)$(endif)"
        ));
        assert!(page.contains("&amp;error=$(error-esc)\">"));
        assert!(page.len() < 4096);
    }
}
