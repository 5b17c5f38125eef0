//! The attribute Class: what we tell a router in an Access-Accept and hear back in accounting.

use bando_domain::{SessionId, TicketId};
use uuid::Uuid;

/// Octets of our Class: a session's id, then its ticket's.
pub(crate) const LENGTH: usize = 32;

/// Writes the Class of a new session.
pub(crate) fn write(session: SessionId, ticket: TicketId) -> [u8; LENGTH] {
    let mut class = [0; LENGTH];
    class[..16].copy_from_slice(session.uuid().as_bytes());
    class[16..].copy_from_slice(ticket.uuid().as_bytes());
    class
}

/// Reads a Class; `None` if it is not one of ours. That both ids belong to the provider of the
/// router that sent it is for the store to see to: it reaches no other provider's rows.
pub(crate) fn read(class: &[u8]) -> Option<(SessionId, TicketId)> {
    let (session, ticket) = class.split_first_chunk::<16>()?;
    let (session, ticket) = (
        Uuid::from_bytes(*session),
        Uuid::from_bytes(ticket.try_into().ok()?),
    );
    let ours = session.get_version_num() == 7 && ticket.get_version_num() == 7;
    ours.then(|| (SessionId::from_uuid(session), TicketId::from_uuid(ticket)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_went_and_nothing_else_does() {
        let session = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);
        let ticket = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002);
        let ids = (SessionId::from_uuid(session), TicketId::from_uuid(ticket));
        let class = write(ids.0, ids.1);
        assert_eq!(read(&class), Some(ids));
        assert_eq!(read(&class[..31]), None);
        assert_eq!(read(&[&class[..], &[0]].concat()), None);
        assert_eq!(read(&[0xFF; 32]), None);
        assert_eq!(read(b"ai:0123456789abcdef0123456789abc"), None);
    }
}
