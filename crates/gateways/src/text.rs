//! Texts on their way in and out.

/// What somebody else said, fit for a log line and a screen: no control characters, 200 characters
/// at most.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect::<String>()
        .trim()
        .to_owned()
}

/// The first `max` ASCII letters and digits (and spaces, if `spaces`).
pub(crate) fn clamp(text: &str, max: usize, spaces: bool) -> String {
    text.chars()
        .filter(|c| c.is_ascii_alphanumeric() || (spaces && *c == ' '))
        .take(max)
        .collect::<String>()
        .trim()
        .to_owned()
}
