//! Comma-separated files for spreadsheets (RFC 4180), written a page at a time.

use axum::body::Body;
use futures_util::stream::{self, Stream};

use super::answer::Fault;

/// One line. What a spreadsheet would take for a formula is marked as text.
pub(super) fn line<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut line = cells
        .into_iter()
        .map(|cell| quoted(cell.as_ref()))
        .collect::<Vec<_>>()
        .join(",");
    line.push_str("\r\n");
    line
}

/// A file whose parts are made as the reader takes them: `next` makes the part after a place, and
/// says where the one after that begins; none at the end. What fails cuts the download short, so
/// that nobody takes a part for the whole.
pub(super) fn body<P, F, M>(head: String, first: P, next: M) -> Body
where
    P: Send + 'static,
    M: Fn(P) -> F + Send + 'static,
    F: Future<Output = Result<(String, Option<P>), Fault>> + Send + 'static,
{
    Body::from_stream(parts(head, first, next))
}

fn parts<P, F, M>(
    head: String,
    first: P,
    next: M,
) -> impl Stream<Item = Result<String, std::io::Error>>
where
    M: Fn(P) -> F,
    F: Future<Output = Result<(String, Option<P>), Fault>>,
{
    enum At<P> {
        Head(String, P),
        Part(P),
        End,
    }
    stream::unfold((At::Head(head, first), next), |(at, next)| async move {
        let place = match at {
            At::End => return None,
            At::Head(head, first) => return Some((Ok(head), (At::Part(first), next))),
            At::Part(place) => place,
        };
        Some(match next(place).await {
            Ok((part, Some(place))) => (Ok(part), (At::Part(place), next)),
            Ok((part, None)) => (Ok(part), (At::End, next)),
            Err(_) => (
                Err(std::io::Error::other("the rest could not be read")),
                (At::End, next),
            ),
        })
    })
}

fn quoted(cell: &str) -> String {
    // As OWASP advises: a leading apostrophe makes it text in every spreadsheet.
    let mark = if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        "'"
    } else {
        ""
    };
    if mark.is_empty() && !cell.contains([',', '"', '\r', '\n']) {
        return cell.to_owned();
    }
    format!("\"{mark}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_text() {
        assert_eq!(
            line(["a", "1 day, 2 GB", "say \"hi\""]),
            "a,\"1 day, 2 GB\",\"say \"\"hi\"\"\"\r\n"
        );
        assert_eq!(line(["=cmd|' /C calc'!A0"]), "\"'=cmd|' /C calc'!A0\"\r\n");
        for cell in ["+1", "-1", "@SUM(A1)", "\t=1"] {
            assert!(line([cell]).starts_with("\"'"), "{cell:?}");
        }
    }
}
