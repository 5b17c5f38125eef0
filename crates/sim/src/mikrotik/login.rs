//! Logging in: a name and a proof go to RADIUS, a session or a reason comes back.

use std::sync::Arc;

use bando_domain::MacAddr;
use bando_radius::{Code, Packet, chap, dictionary as rfc};

use super::client::{Patience, Server};
use super::config::MacPassword;
use super::grant::Grant;
use super::lock;
use super::packets::{Event, Login, Proof, access_request};
use super::router::Router;
use super::session::Session;

/// Why a device was not let in, in the words of RouterOS's `errors.txt`.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LoginError {
    /// The device is not on this Wi-Fi.
    #[error("no such device on this hotspot")]
    NotJoined,
    /// The router is off, or went off in between.
    #[error("hotspot service is shutting down")]
    Off,
    /// Another login of the device is under way.
    #[error("already authorizing, retry later")]
    Busy,
    /// The device is online already.
    #[error("already logged in")]
    AlreadyLoggedIn,
    /// A plain password where only CHAP is taken.
    #[error("web browser did not send challenge response (try again, enable JavaScript)")]
    ChallengeMissing,
    /// Access-Reject without a reason.
    #[error("invalid username or password")]
    Invalid,
    /// Access-Reject with Reply-Message.
    #[error("{0}")]
    Rejected(String),
    /// No proper answer after all sends.
    #[error("RADIUS server is not responding")]
    Timeout,
    /// Port-Limit is reached.
    #[error("no more sessions are allowed for user {0}")]
    SessionLimit(String),
    /// An Access-Accept that RouterOS cannot apply.
    #[error("internal error (RADIUS server sent a wrong attribute)")]
    WrongAttribute,
}

impl Router {
    /// What a join sets off: a try with the cookie, else by the MAC address.
    pub(super) async fn log_in_unasked(self: &Arc<Self>, mac: MacAddr) {
        let profile = &self.config.profile;
        if profile.mac_cookie {
            let cookie = lock(&self.state).cookies.get(&mac).cloned();
            if let Some((user, proof)) = cookie {
                match self.log_in(mac, user, proof).await {
                    Ok(()) => return,
                    Err(LoginError::Invalid | LoginError::Rejected(_)) => {
                        lock(&self.state).cookies.remove(&mac);
                    }
                    Err(_) => {}
                }
            }
        }
        if profile.mac {
            // The outcome is visible in the list of sessions.
            let _ = self.log_in_by_mac(mac).await;
        }
    }

    pub(super) async fn log_in_by_mac(self: &Arc<Self>, mac: MacAddr) -> Result<(), LoginError> {
        let profile = &self.config.profile;
        let user = profile.mac_format.write(mac);
        let password = match &profile.mac_password {
            MacPassword::Empty => String::new(),
            MacPassword::Fixed(password) => password.clone(),
            MacPassword::Mac => user.clone(),
        };
        let proof = if profile.mac_chap {
            let (id, challenge) = self.new_challenge();
            let response = chap::response(id, password.as_bytes(), &challenge);
            Proof::Chap {
                id,
                challenge,
                response,
            }
        } else {
            Proof::Pap(password)
        };
        self.log_in(mac, user, proof).await
    }

    /// The challenge on the device's login page; the same until it is answered.
    pub(super) fn challenge(&self, mac: MacAddr) -> Option<(u8, [u8; 16])> {
        if !self.config.profile.chap {
            return None;
        }
        let fresh = self.new_challenge();
        let mut state = lock(&self.state);
        state
            .hosts
            .get_mut(&mac)
            .map(|host| *host.challenge.get_or_insert(fresh))
    }

    /// The proof in the password field of the login form: with a challenge open, 32 hexadecimal
    /// digits are its answer.
    pub(super) fn proof_of(&self, mac: MacAddr, password: &str) -> Result<Proof, LoginError> {
        let open = lock(&self.state)
            .hosts
            .get_mut(&mac)
            .and_then(|host| host.challenge.take());
        match (open, md5_in_hex(password)) {
            (Some((id, challenge)), Some(response)) => Ok(Proof::Chap {
                id,
                challenge,
                response,
            }),
            _ if self.config.profile.pap => Ok(Proof::Pap(password.to_owned())),
            _ => Err(LoginError::ChallengeMissing),
        }
    }

    /// Asks RADIUS and begins a session. It goes on if whoever asked stops waiting, as on a router
    /// whose customer closes the page.
    pub(super) async fn log_in(
        self: &Arc<Self>,
        mac: MacAddr,
        user: String,
        proof: Proof,
    ) -> Result<(), LoginError> {
        let router = Arc::clone(self);
        let task = self.runtime.spawn(async move {
            let mut boots = router.boots.subscribe();
            let id = router.begin_login(mac)?;
            let outcome = tokio::select! {
                _ = boots.changed() => Err(LoginError::Off),
                outcome = router.authorize(id, mac, &user, &proof) => outcome,
            };
            if let Some(host) = lock(&router.state).hosts.get_mut(&mac) {
                host.authorizing = false;
            }
            router.begin_session(id, mac, (user, proof), outcome?)
        });
        task.await.unwrap_or(Err(LoginError::Off))
    }

    /// Numbers the session to be.
    fn begin_login(&self, mac: MacAddr) -> Result<u32, LoginError> {
        let mut state = lock(&self.state);
        if !state.on {
            return Err(LoginError::Off);
        }
        if state.sessions.contains_key(&mac) {
            return Err(LoginError::AlreadyLoggedIn);
        }
        let host = state.hosts.get_mut(&mac).ok_or(LoginError::NotJoined)?;
        if std::mem::replace(&mut host.authorizing, true) {
            return Err(LoginError::Busy);
        }
        Ok(state.next_session())
    }

    async fn authorize(
        &self,
        session: u32,
        mac: MacAddr,
        user: &str,
        proof: &Proof,
    ) -> Result<Grant, LoginError> {
        let ip = lock(&self.state)
            .hosts
            .get(&mac)
            .map(|h| h.ip)
            .ok_or(LoginError::NotJoined)?;
        let mut authenticator = [0; 16];
        self.config.entropy.fill(&mut authenticator);
        let login = Login {
            session,
            mac,
            ip,
            user,
            proof,
        };
        let build = |id| access_request(&self.config, self.key(), id, authenticator, &login);
        let answer = self
            .exchange(Server::Authentication, Patience::Limited, build)
            .await;
        let answer = answer.ok_or(LoginError::Timeout)?;
        let answer = Packet::parse(&answer).map_err(|_| LoginError::Timeout)?;
        if answer.code() == Code::AccessAccept {
            return Grant::from_accept(&answer).map_err(|_| LoginError::WrongAttribute);
        }
        match answer.text(rfc::REPLY_MESSAGE) {
            Some(reason) => Err(LoginError::Rejected(reason.into_owned())),
            None => Err(LoginError::Invalid),
        }
    }

    fn begin_session(
        self: &Arc<Self>,
        id: u32,
        mac: MacAddr,
        (user, proof): (String, Proof),
        grant: Grant,
    ) -> Result<(), LoginError> {
        let session = {
            let mut state = lock(&self.state);
            let ip = state
                .hosts
                .get(&mac)
                .map(|h| h.ip)
                .ok_or(LoginError::NotJoined)?;
            let others = state.sessions.values().filter(|s| s.user == user).count();
            if grant
                .port_limit
                .is_some_and(|limit| others >= limit as usize)
            {
                return Err(LoginError::SessionLimit(user));
            }
            let session = Session::new(id, &user, (mac, ip), grant, self.now());
            state.sessions.insert(mac, session.clone());
            let profile = &self.config.profile;
            // What a MAC login would remember is the MAC address.
            if profile.mac_cookie && user != profile.mac_format.write(mac) {
                state.cookies.insert(mac, (user, proof));
            }
            session
        };
        self.account(session, Event::Start);
        Ok(())
    }

    fn new_challenge(&self) -> (u8, [u8; 16]) {
        let (mut id, mut challenge) = ([0], [0; 16]);
        self.config.entropy.fill(&mut id);
        self.config.entropy.fill(&mut challenge);
        (id[0], challenge)
    }
}

fn md5_in_hex(text: &str) -> Option<[u8; 16]> {
    if text.len() != 32 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    u128::from_str_radix(text, 16).ok().map(u128::to_be_bytes)
}
