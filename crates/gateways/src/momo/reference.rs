//! `X-Reference-Id`: MTN's name for a request, which we choose.

/// The `X-Reference-Id` of one of our own references, a UUID in its hyphenated form. MTN takes only
/// UUIDs that say of themselves that they are of version 4, and ours are of version 7: the digit that
/// tells the version is changed, so that different references stay different. None when it is no
/// UUID.
pub(super) fn reference_id(reference: &str) -> Option<String> {
    let is_uuid = reference.len() == 36
        && reference.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        });
    if !is_uuid {
        return None;
    }
    let lower = reference.to_ascii_lowercase();
    Some(format!("{}4{}", &lower[..14], &lower[15..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_of_version_7_becomes_one_of_version_4() {
        assert_eq!(
            reference_id("0193F1DE-0000-7abc-8000-000000000001").as_deref(),
            Some("0193f1de-0000-4abc-8000-000000000001")
        );
        for none in [
            "",
            "ref-1",
            "0193f1de-0000-7abc-8000-00000000000é",
            "0193f1de00007abc8000000000000001",
        ] {
            assert_eq!(reference_id(none), None, "{none}");
        }
    }
}
