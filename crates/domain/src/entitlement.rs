//! What a ticket is worth at this moment.

use std::time::Duration;

use crate::{EndReason, Language, PlanTerms, TicketState, Timestamp};

/// What a ticket has used so far, by the routers' accounting.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Usage {
    /// Bytes from the customer (upload; RADIUS Acct-Input-Octets).
    pub octets_in: u64,
    /// Bytes to the customer (download; RADIUS Acct-Output-Octets).
    pub octets_out: u64,
}

impl Usage {
    /// Both directions together.
    pub const fn total(self) -> u64 {
        self.octets_in.saturating_add(self.octets_out)
    }
}

/// What a ticket still allows: the one answer that RADIUS, the portal and the console all show.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Entitlement {
    /// The end, once the time runs; none for a ticket that only data ends.
    pub expires_at: Option<Timestamp>,
    /// Time until the end. For an unused ticket: the whole validity.
    pub remaining: Option<Duration>,
    /// Bytes left, both directions together; none for unlimited.
    pub remaining_octets: Option<u64>,
    /// Whether using it now begins its time.
    pub activates: bool,
}

/// Why a device is not let in.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Refusal {
    /// No such code, or nothing paid for this device.
    Unknown,
    /// The time is over.
    Expired,
    /// The data is spent.
    UsedUp,
    /// Taken back by the provider.
    Revoked,
    /// As many devices online as the plan allows.
    DeviceLimit,
    /// Too many wrong codes from there; wait.
    TooManyTries,
    /// The provider is suspended.
    ProviderSuspended,
}

impl From<EndReason> for Refusal {
    fn from(reason: EndReason) -> Self {
        match reason {
            EndReason::UsedUp => Self::UsedUp,
            EndReason::Expired => Self::Expired,
            EndReason::Revoked => Self::Revoked,
        }
    }
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Unknown,
        Self::Expired,
        Self::UsedUp,
        Self::Revoked,
        Self::DeviceLimit,
        Self::TooManyTries,
        Self::ProviderSuspended,
    ];

    /// The name in logs, metrics and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Expired => "expired",
            Self::UsedUp => "used_up",
            Self::Revoked => "revoked",
            Self::DeviceLimit => "device_limit",
            Self::TooManyTries => "too_many_tries",
            Self::ProviderSuspended => "provider_suspended",
        }
    }

    /// The reason in one short sentence. RADIUS sends it as Reply-Message (at most 253 octets,
    /// RFC 2865 §5.18); it has no quotes or angle brackets, for RouterOS puts it into its page as it
    /// is.
    pub const fn sentence(self, language: Language) -> &'static str {
        use Language::{En, Fr, Sw};
        match (self, language) {
            (Self::Unknown, En) => "This code is not known here. Check it, or buy a new one.",
            (Self::Unknown, Sw) => "Nambari hii haijulikani hapa. Iangalie tena, au nunua mpya.",
            (Self::Unknown, Fr) => "Ce code est inconnu ici. Vérifiez-le ou achetez-en un autre.",
            (Self::Expired, En) => "Your time is over. Buy again to go on.",
            (Self::Expired, Sw) => "Muda wako umeisha. Nunua tena ili uendelee.",
            (Self::Expired, Fr) => "Votre temps est écoulé. Rachetez un forfait pour continuer.",
            (Self::UsedUp, En) => "Your data is used up. Buy again to go on.",
            (Self::UsedUp, Sw) => "Data yako imeisha. Nunua tena ili uendelee.",
            (Self::UsedUp, Fr) => {
                "Votre volume de données est épuisé. Rachetez un forfait pour continuer."
            }
            (Self::Revoked, En) => "This ticket was cancelled. Please ask the staff.",
            (Self::Revoked, Sw) => "Tiketi hii imefutwa. Tafadhali waulize wahudumu.",
            (Self::Revoked, Fr) => "Ce ticket a été annulé. Adressez-vous au personnel.",
            (Self::DeviceLimit, En) => {
                "This ticket is in use on as many devices as it allows. Disconnect one first."
            }
            (Self::DeviceLimit, Sw) => {
                "Tiketi hii tayari inatumika kwenye vifaa vyote inavyoruhusu. Ondoa kimoja kwanza."
            }
            (Self::DeviceLimit, Fr) => {
                "Ce ticket est déjà utilisé sur tous les appareils permis. Déconnectez-en un."
            }
            (Self::TooManyTries, En) => "Too many wrong codes. Wait a few minutes and try again.",
            (Self::TooManyTries, Sw) => {
                "Umekosea nambari mara nyingi. Subiri dakika chache ujaribu tena."
            }
            (Self::TooManyTries, Fr) => {
                "Trop de codes erronés. Attendez quelques minutes et réessayez."
            }
            (Self::ProviderSuspended, En) => {
                "This network is closed for now. Please ask the staff."
            }
            (Self::ProviderSuspended, Sw) => {
                "Mtandao huu umefungwa kwa sasa. Tafadhali waulize wahudumu."
            }
            (Self::ProviderSuspended, Fr) => {
                "Ce réseau est fermé pour le moment. Adressez-vous au personnel."
            }
        }
    }

    /// The reason that this sentence gives, in whichever language.
    pub fn from_sentence(text: &str) -> Option<Self> {
        let says = |refusal: &Self| Language::ALL.iter().any(|l| refusal.sentence(*l) == text);
        Self::ALL.into_iter().find(says)
    }
}

impl Entitlement {
    /// Judges a ticket at `now`. An end that has come counts even when nobody has written it down
    /// yet: our clock decides, not the speed of a background job.
    ///
    /// # Errors
    /// The reason why the ticket gives nothing any more.
    pub fn of(
        state: TicketState,
        terms: &PlanTerms,
        expires_at: Option<Timestamp>,
        usage: Usage,
        now: Timestamp,
    ) -> Result<Self, EndReason> {
        match state {
            TicketState::Expired => return Err(EndReason::Expired),
            TicketState::UsedUp => return Err(EndReason::UsedUp),
            TicketState::Revoked => return Err(EndReason::Revoked),
            TicketState::Unused | TicketState::Active => {}
        }
        let activates = state == TicketState::Unused;
        let expires_at = if activates {
            terms.validity().map(|validity| now.plus(validity))
        } else {
            expires_at
        };
        if expires_at.is_some_and(|end| end <= now) {
            return Err(EndReason::Expired);
        }
        let remaining_octets = terms.data.map(|d| d.bytes().saturating_sub(usage.total()));
        if remaining_octets == Some(0) {
            return Err(EndReason::UsedUp);
        }
        Ok(Self {
            expires_at,
            remaining: expires_at.map(|end| end.since(now)),
            remaining_octets,
            activates,
        })
    }

    /// What to tell a router in Session-Timeout: whole seconds, rounded up so that the last part of
    /// a second is not stolen. At least 1, because RouterOS reads 0 as "no limit".
    pub fn session_timeout(&self) -> Option<u32> {
        self.remaining.map(|left| {
            let seconds = left.as_millis().div_ceil(1000);
            u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sentence_fits_and_is_safe_in_a_page() {
        for refusal in Refusal::ALL {
            for language in Language::ALL {
                let text = refusal.sentence(language);
                assert!((20..=253).contains(&text.len()), "{text}");
                assert!(!text.contains(['<', '>', '"', '\'', '&', '$']), "{text}");
                assert_eq!(Refusal::from_sentence(text), Some(refusal));
            }
        }
        assert_eq!(Refusal::from_sentence("pay to 0700"), None);
    }
    use crate::{DataLimit, Starts};

    const TERMS: PlanTerms = PlanTerms {
        validity_seconds: Some(60),
        data: Some(DataLimit::from_bytes(1000)),
        starts: Starts::FirstUse,
        rate: None,
        device_limit: 1,
    };

    fn at(now: i64, usage: u64) -> Result<Entitlement, EndReason> {
        let end = Some(Timestamp::from_seconds(60));
        let usage = Usage {
            octets_in: usage,
            octets_out: 0,
        };
        Entitlement::of(
            TicketState::Active,
            &TERMS,
            end,
            usage,
            Timestamp::from_millis(now),
        )
    }

    #[test]
    fn ends_at_the_second() {
        assert_eq!(at(0, 0).map(|e| e.session_timeout()), Ok(Some(60)));
        assert_eq!(at(59_001, 0).map(|e| e.session_timeout()), Ok(Some(1)));
        assert_eq!(at(60_000, 0), Err(EndReason::Expired));
    }

    #[test]
    fn ends_at_the_byte() {
        assert_eq!(at(0, 999).map(|e| e.remaining_octets), Ok(Some(1)));
        assert_eq!(at(0, 1000), Err(EndReason::UsedUp));
        assert_eq!(at(0, u64::MAX), Err(EndReason::UsedUp));
    }

    #[test]
    fn an_unused_ticket_has_all_its_time() {
        let now = Timestamp::from_seconds(1_000_000);
        let got = Entitlement::of(TicketState::Unused, &TERMS, None, Usage::default(), now);
        assert_eq!(
            got.map(|e| (e.activates, e.session_timeout())),
            Ok((true, Some(60)))
        );
    }
}
