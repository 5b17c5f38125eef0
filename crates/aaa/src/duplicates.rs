//! The duplicate cache (RFC 5080 §2.2.2): a router that asks again gets the same octets again.

use std::collections::HashMap;
use std::mem;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bando_radius::{Authenticator, Packet};

/// An entry lives between one and two of these; RFC 5080 wants 5 to 30 seconds.
const GENERATION: Duration = Duration::from_secs(10);

/// Entries of one generation; past it the older generation is forgotten early. A router has one
/// entry per identifier, 256 for each of its source ports.
const MAX_ENTRIES: usize = 50_000;

/// Which request: who asked from where with which number. Every socket has its own cache.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Request {
    pub(crate) from: SocketAddr,
    identifier: u8,
    authenticator: Authenticator,
}

impl Request {
    pub(crate) fn new(packet: &Packet<'_>, from: SocketAddr) -> Self {
        Self {
            from,
            identifier: packet.identifier(),
            authenticator: *packet.authenticator(),
        }
    }

    fn key(&self) -> (SocketAddr, u8) {
        (self.from, self.identifier)
    }
}

/// Whether a request was seen before.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Seen<'a> {
    /// It was not; it counts as being worked on from now on.
    New,
    /// It is being worked on.
    InProgress,
    /// It was answered with this.
    Answered(&'a [u8]),
}

/// Requests of the last seconds and their answers. Only packets that passed verification may touch
/// it. Two generations, of which the older is dropped whole, bound its age and size without a timer.
#[derive(Debug)]
pub(crate) struct Duplicates {
    current: HashMap<(SocketAddr, u8), Entry>,
    previous: HashMap<(SocketAddr, u8), Entry>,
    began: Instant,
}

#[derive(Debug)]
struct Entry {
    authenticator: Authenticator,
    reply: Option<Box<[u8]>>,
}

impl Duplicates {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            current: HashMap::new(),
            previous: HashMap::new(),
            began: now,
        }
    }

    /// Looks a request up and notes that it is being worked on if it is new. A new request with the
    /// number of an old one takes its place.
    pub(crate) fn check(&mut self, request: &Request, now: Instant) -> Seen<'_> {
        if self.current.len() >= MAX_ENTRIES || now.duration_since(self.began) >= GENERATION {
            self.previous = mem::take(&mut self.current);
            self.began = now;
        }
        let key = request.key();
        if self.find(request).is_none() {
            self.previous.remove(&key);
            let entry = Entry {
                authenticator: request.authenticator,
                reply: None,
            };
            self.current.insert(key, entry);
            return Seen::New;
        }
        match self.find(request).and_then(|entry| entry.reply.as_deref()) {
            Some(reply) => Seen::Answered(reply),
            None => Seen::InProgress,
        }
    }

    /// Keeps the answer, unless the entry has been replaced or forgotten.
    pub(crate) fn answered(&mut self, request: &Request, reply: Box<[u8]>) {
        let key = request.key();
        for generation in [&mut self.current, &mut self.previous] {
            if let Some(entry) = generation.get_mut(&key)
                && entry.authenticator == request.authenticator
            {
                entry.reply = Some(reply);
                return;
            }
        }
    }

    /// Forgets a request that got no answer, so that it is worked on when it comes again.
    pub(crate) fn forget(&mut self, request: &Request) {
        let key = request.key();
        for generation in [&mut self.current, &mut self.previous] {
            if generation
                .get(&key)
                .is_some_and(|e| e.authenticator == request.authenticator)
            {
                generation.remove(&key);
            }
        }
    }

    fn find(&self, request: &Request) -> Option<&Entry> {
        let key = request.key();
        let entry = self.current.get(&key).or_else(|| self.previous.get(&key))?;
        (entry.authenticator == request.authenticator).then_some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(identifier: u8, authenticator: u8) -> Request {
        let from = SocketAddr::from(([192, 0, 2, 1], 4000));
        Request {
            from,
            identifier,
            authenticator: [authenticator; 16],
        }
    }

    #[test]
    fn a_request_is_worked_on_once_and_answered_alike() {
        let now = Instant::now();
        let mut cache = Duplicates::new(now);
        assert_eq!(cache.check(&request(1, 1), now), Seen::New);
        assert_eq!(cache.check(&request(1, 1), now), Seen::InProgress);
        cache.answered(&request(1, 1), Box::from(*b"yes"));
        assert_eq!(cache.check(&request(1, 1), now), Seen::Answered(b"yes"));
        assert_eq!(cache.check(&request(2, 1), now), Seen::New);
    }

    #[test]
    fn a_reused_number_is_a_new_request() {
        let now = Instant::now();
        let mut cache = Duplicates::new(now);
        assert_eq!(cache.check(&request(1, 1), now), Seen::New);
        assert_eq!(cache.check(&request(1, 2), now), Seen::New);
        cache.answered(&request(1, 1), Box::from(*b"late"));
        assert_eq!(cache.check(&request(1, 2), now), Seen::InProgress);
        cache.forget(&request(1, 1));
        assert_eq!(cache.check(&request(1, 2), now), Seen::InProgress);
        cache.forget(&request(1, 2));
        assert_eq!(cache.check(&request(1, 2), now), Seen::New);
    }

    #[test]
    fn an_answer_lives_ten_to_twenty_seconds() {
        let start = Instant::now();
        let mut cache = Duplicates::new(start);
        assert_eq!(cache.check(&request(1, 1), start), Seen::New);
        cache.answered(&request(1, 1), Box::from(*b"yes"));
        let later = start + Duration::from_secs(11);
        assert_eq!(cache.check(&request(1, 1), later), Seen::Answered(b"yes"));
        let much_later = start + Duration::from_secs(22);
        assert_eq!(cache.check(&request(1, 1), much_later), Seen::New);
    }

    #[test]
    fn memory_is_bounded() {
        let now = Instant::now();
        let mut cache = Duplicates::new(now);
        for i in 0..MAX_ENTRIES * 3 {
            let from = SocketAddr::from(([10, 0, (i >> 16) as u8, 1], i as u16));
            let request = Request {
                from,
                identifier: 0,
                authenticator: [0; 16],
            };
            assert_eq!(cache.check(&request, now), Seen::New);
        }
        assert!(cache.current.len() + cache.previous.len() <= 2 * MAX_ENTRIES);
    }
}
