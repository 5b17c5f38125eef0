//! QR codes as SVG: one path, no style attributes, crisp at any size and on paper.

use fast_qr::{ECL, QRBuilder};
use std::fmt::Write as _;

/// The quiet zone around the code, in modules (ISO/IEC 18004 asks for four).
const QUIET: usize = 4;

/// Draws `text` as a QR code that reads even when a seventh of it is damaged. Empty when `text` is
/// longer than a QR code can hold (about two thousand bytes).
#[must_use]
pub fn svg(text: &str) -> String {
    let Ok(code) = QRBuilder::new(text).ecl(ECL::M).build() else {
        return String::new();
    };
    let mut path = String::new();
    for y in 0..code.size {
        let row = &code[y];
        let mut x = 0;
        while x < code.size {
            let run = row[x..].iter().take_while(|module| module.value()).count();
            if run > 0 {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    let side = code.size + 2 * QUIET;
    format!(
        "<svg class=\"qr\" viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <rect width=\"{side}\" height=\"{side}\" fill=\"#fff\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_a_code_and_refuses_a_novel() {
        let drawn = svg("https://example.org/t/7KQ4M2XTRP");
        assert!(drawn.starts_with("<svg") && drawn.contains("M4 4h7v1h-7z"));
        assert!(!drawn.contains("style"));
        assert_eq!(svg(&"x".repeat(5000)), "");
    }
}
