//! The string literals of a Rust file, with their lines. Comments and characters are told apart from them.

/// A string literal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal<'a> {
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    /// What stands between the quotes, escapes as written.
    pub(super) text: &'a str,
}

/// Every literal of a file, in order.
pub(super) fn literals(source: &str) -> Vec<Literal<'_>> {
    let (mut found, mut rest) = (Vec::new(), source);
    while let Some(step) = next(rest) {
        if let Some((start, end)) = step.literal {
            let offset = source.len() - rest.len() + start;
            let line = 1 + source[..offset].matches('\n').count();
            found.push(Literal {
                line,
                text: &rest[start..end],
            });
        }
        rest = &rest[step.length..];
    }
    found
}

struct Step {
    /// Bytes to go on; at least one.
    length: usize,
    /// Where in them a literal's text is.
    literal: Option<(usize, usize)>,
}

fn next(rest: &str) -> Option<Step> {
    let first = rest.chars().next()?;
    let skip = |length: usize| {
        Some(Step {
            length,
            literal: None,
        })
    };
    if rest.starts_with("//") {
        return skip(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return skip(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    match first {
        '"' => Some(quoted(rest)),
        '\'' => skip(character(rest)),
        'r' => raw(rest).or_else(|| skip(identifier(rest))),
        'b' | 'c' if rest[1..].starts_with(['"', 'r', '\'']) => skip(1),
        _ if first.is_alphanumeric() || first == '_' => skip(identifier(rest)),
        _ => skip(first.len_utf8()),
    }
}

/// `"…"`, a backslash taking the next character with it.
fn quoted(rest: &str) -> Step {
    let mut escaped = false;
    for (index, character) in rest.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => {
                return Step {
                    length: index + 1,
                    literal: Some((1, index)),
                };
            }
            _ => {}
        }
    }
    Step {
        length: rest.len(),
        literal: None,
    }
}

/// `r"…"`, `r#"…"#`, with any number of `#`.
fn raw(rest: &str) -> Option<Step> {
    let hashes = rest[1..].bytes().take_while(|&byte| byte == b'#').count();
    let start = 1 + hashes + 1;
    rest[1 + hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = start + rest[start..].find(&close)?;
    Some(Step {
        length: end + close.len(),
        literal: Some((start, end)),
    })
}

/// `'a'`, `'\n'`, `'"'`, or the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut characters = rest.char_indices().skip(1);
    match (characters.next(), characters.next()) {
        (Some((_, '\\')), Some((index, escaped))) => {
            let after = index + escaped.len_utf8();
            rest[after..]
                .find('\'')
                .map_or(rest.len(), |end| after + end + 1)
        }
        (Some(_), Some((index, '\''))) => index + 1,
        _ => 1,
    }
}

/// Words are taken whole, so that the `r` of `for"` begins nothing.
fn identifier(rest: &str) -> usize {
    rest.find(|character: char| !character.is_alphanumeric() && character != '_')
        .unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_literals_and_nothing_else() {
        let source = r###"// "no"
fn f<'a>(c: char) -> &'a str {
    /* "no" */ let q = '"'; let e = '\''; let b = b"bytes";
    let raw = r#"a "quoted" word"#; let r = "one \" two";
    "three
lines"
}"###;
        let found: Vec<_> = literals(source)
            .into_iter()
            .map(|literal| (literal.line, literal.text))
            .collect();
        let expected = [
            (3, "bytes"),
            (4, "a \"quoted\" word"),
            (4, "one \\\" two"),
            (5, "three\nlines"),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn ends_on_any_text() {
        for text in [
            "\"",
            "r#\"",
            "'",
            "'\\",
            "/*",
            "b",
            "r",
            "é'é'",
            "'\\u{1F600}'",
        ] {
            assert_eq!(literals(text), []);
        }
    }
}
