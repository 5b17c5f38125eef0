//! One stay online, from the Access-Accept to its end. Pure: time comes in, an end comes out.

use std::net::Ipv4Addr;
use std::time::Duration;

use bando_domain::{MacAddr, Timestamp};
use bando_radius::AcctTerminateCause;

use super::grant::Grant;
use super::traffic::{Meter, Traffic};

/// A session of the hotspot.
#[derive(Clone, Debug)]
pub(super) struct Session {
    /// NAS-Port; in hexadecimal the Acct-Session-Id.
    pub(super) id: u32,
    pub(super) user: String,
    pub(super) mac: MacAddr,
    pub(super) ip: Ipv4Addr,
    pub(super) grant: Grant,
    pub(super) started: Timestamp,
    /// Up to when it has been counted.
    pub(super) now: Timestamp,
    pub(super) upload: Meter,
    pub(super) download: Meter,
    last_traffic: Timestamp,
    next_interim: Option<Timestamp>,
}

impl Session {
    pub(super) fn new(
        id: u32,
        user: &str,
        (mac, ip): (MacAddr, Ipv4Addr),
        grant: Grant,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            user: user.to_owned(),
            mac,
            ip,
            next_interim: grant.interim.map(|interval| now.plus(interval)),
            grant,
            started: now,
            now,
            upload: Meter::default(),
            download: Meter::default(),
            last_traffic: now,
        }
    }

    /// `80100014`: the service, one digit that changes with each start of the router, a number.
    pub(super) fn acct_session_id(&self) -> String {
        acct_session_id(self.id)
    }

    /// Time online.
    pub(super) fn uptime(&self) -> Duration {
        self.now.since(self.started)
    }

    /// Time until Session-Timeout.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.grant
            .session_timeout
            .map(|timeout| timeout.saturating_sub(self.uptime()))
    }

    /// Counts what flowed until `now`, and no further than Session-Timeout and the limits allow.
    pub(super) fn advance(&mut self, now: Timestamp, flowing: Traffic) {
        let end = self
            .grant
            .session_timeout
            .map_or(now, |timeout| self.started.plus(timeout));
        let until = now.min(end);
        let millis = u64::try_from(until.since(self.now).as_millis()).unwrap_or(u64::MAX);
        if millis == 0 {
            return;
        }
        self.upload
            .run(flowing.upload_bps, millis, self.most_upload());
        self.download
            .run(flowing.download_bps, millis, self.most_download());
        if flowing != Traffic::IDLE {
            self.last_traffic = until;
        }
        self.now = until;
    }

    /// Counts a page loaded just now.
    pub(super) fn load_page(&mut self, upload: u64, download: u64) {
        self.upload.add(upload, self.most_upload());
        self.download.add(download, self.most_download());
        self.last_traffic = self.now;
    }

    /// Why it is over, if it is.
    pub(super) fn end(&self) -> Option<AcctTerminateCause> {
        let (up, down) = (self.upload.octets(), self.download.octets());
        let reached = |limit: Option<u64>, octets: u64| limit.is_some_and(|l| octets >= l);
        let idle = self.now.since(self.last_traffic);
        if self
            .grant
            .session_timeout
            .is_some_and(|timeout| self.uptime() >= timeout)
        {
            Some(AcctTerminateCause::SessionTimeout)
        } else if reached(self.grant.recv_limit, up)
            || reached(self.grant.xmit_limit, down)
            || reached(self.grant.total_limit, up.saturating_add(down))
        {
            Some(AcctTerminateCause::NasRequest)
        } else if self
            .grant
            .idle_timeout
            .is_some_and(|timeout| idle >= timeout)
        {
            Some(AcctTerminateCause::IdleTimeout)
        } else {
            None
        }
    }

    /// Whether an interim update is due; if so, the next is scheduled.
    pub(super) fn interim_due(&mut self) -> bool {
        let (Some(due), Some(interval)) = (self.next_interim, self.grant.interim) else {
            return false;
        };
        if self.now < due {
            return false;
        }
        let next = due.plus(interval);
        // After a jump of the clock one update is enough.
        self.next_interim = Some(if next > self.now {
            next
        } else {
            self.now.plus(interval)
        });
        true
    }

    fn most_upload(&self) -> u64 {
        let total = self.grant.total_limit.unwrap_or(u64::MAX);
        let left = total.saturating_sub(self.download.octets());
        left.min(self.grant.recv_limit.unwrap_or(u64::MAX))
    }

    fn most_download(&self) -> u64 {
        let total = self.grant.total_limit.unwrap_or(u64::MAX);
        let left = total.saturating_sub(self.upload.octets());
        left.min(self.grant.xmit_limit.unwrap_or(u64::MAX))
    }
}

/// The Acct-Session-Id of this NAS-Port.
pub(super) fn acct_session_id(id: u32) -> String {
    format!("{id:08x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn session(grant: Grant) -> Session {
        let device = (
            MacAddr::new([2, 0, 0, 0, 0, 1]),
            Ipv4Addr::new(10, 20, 0, 10),
        );
        Session::new(0x8010_0014, "ticket", device, grant, START)
    }

    fn after(millis: u64) -> Timestamp {
        START.plus(Duration::from_millis(millis))
    }

    #[test]
    fn ends_at_the_second() {
        let mut s = session(Grant {
            session_timeout: Some(Duration::from_secs(60)),
            ..Grant::default()
        });
        assert_eq!(s.acct_session_id(), "80100014");
        s.advance(after(59_999), Traffic::new(8000, 80_000));
        assert_eq!(s.end(), None);
        assert_eq!(s.time_left(), Some(Duration::from_millis(1)));
        s.advance(after(3_600_000), Traffic::new(8000, 80_000));
        assert_eq!(s.end(), Some(AcctTerminateCause::SessionTimeout));
        assert_eq!(
            (s.uptime(), s.upload.octets()),
            (Duration::from_secs(60), 60_000)
        );
    }

    #[test]
    fn ends_at_the_octet() {
        let octets = |grant, download_bps| {
            let mut s = session(grant);
            s.advance(after(1_000), Traffic::new(8_000, download_bps));
            assert_eq!(s.end(), None);
            s.advance(after(10_000), Traffic::new(8_000, download_bps));
            assert_eq!(s.end(), Some(AcctTerminateCause::NasRequest));
            (s.upload.octets(), s.download.octets())
        };
        let none = Grant::default();
        assert_eq!(
            octets(
                Grant {
                    recv_limit: Some(5_000),
                    ..none.clone()
                },
                80_000
            ),
            (5_000, 100_000)
        );
        assert_eq!(
            octets(
                Grant {
                    xmit_limit: Some(50_000),
                    ..none.clone()
                },
                80_000
            ),
            (10_000, 50_000)
        );
        let both = Grant {
            total_limit: Some(5 << 32),
            ..none
        };
        assert_eq!(octets(both, 32 << 32), (10_000, (5 << 32) - 10_000));
    }

    #[test]
    fn ends_when_idle_and_traffic_keeps_it() {
        let grant = Grant {
            idle_timeout: Some(Duration::from_secs(30)),
            ..Grant::default()
        };
        let mut s = session(grant);
        s.advance(after(20_000), Traffic::new(1, 0));
        s.advance(after(49_999), Traffic::IDLE);
        assert_eq!(s.end(), None);
        s.load_page(100, 1000);
        s.advance(after(79_998), Traffic::IDLE);
        assert_eq!(s.end(), None);
        s.advance(after(79_999), Traffic::IDLE);
        assert_eq!(s.end(), Some(AcctTerminateCause::IdleTimeout));
    }

    #[test]
    fn interims_keep_their_pace() {
        let grant = Grant {
            interim: Some(Duration::from_secs(60)),
            ..Grant::default()
        };
        let mut s = session(grant);
        let mut due = |millis| {
            s.advance(after(millis), Traffic::IDLE);
            s.interim_due()
        };
        assert!(!due(59_000));
        assert!(due(60_500) && !due(60_600));
        assert!(due(120_000), "the pace does not drift");
        assert!(due(600_000), "one after a jump");
    }
}
