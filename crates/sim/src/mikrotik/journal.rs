//! The last packets, and how many there were of each kind.

use std::collections::VecDeque;
use std::sync::Mutex;

use bando_domain::Timestamp;
use bando_radius::Packet;

use super::lock;
use super::view::{Counters, Direction, PacketView};

/// Packets kept; older ones are forgotten.
const KEPT: usize = 500;

/// The router's memory of its RADIUS traffic.
#[derive(Default)]
pub(super) struct Journal(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    packets: VecDeque<PacketView>,
    counters: Counters,
}

impl Journal {
    /// Writes down a datagram; one that is no packet too.
    pub(super) fn record(
        &self,
        at: Timestamp,
        direction: Direction,
        datagram: &[u8],
        note: Option<&'static str>,
    ) {
        let (code, summary) = match Packet::parse(datagram) {
            Ok(packet) => (packet.code().name(), packet.readable().to_string()),
            Err(error) => ("malformed", error.to_string()),
        };
        let mut inner = lock(&self.0);
        if inner.packets.len() == KEPT {
            inner.packets.pop_front();
        }
        inner.packets.push_back(PacketView {
            at,
            direction,
            code,
            summary,
            note,
        });
    }

    pub(super) fn count(&self, change: impl FnOnce(&mut Counters)) {
        change(&mut lock(&self.0).counters);
    }

    pub(super) fn packets(&self) -> Vec<PacketView> {
        lock(&self.0).packets.iter().cloned().collect()
    }

    pub(super) fn counters(&self) -> Counters {
        lock(&self.0).counters
    }
}
