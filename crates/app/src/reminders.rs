//! Reminders: what will stop working on a day that is known.

use bando_gateways::Profile;
use bando_store::TenantTx;
use jiff::civil::Date;

use crate::{App, Result, calendar};

/// The setting with the last day of an initiator's password: M-Pesa's are good for 90 days.
const EXPIRES: &str = "initiator_expires";

/// An account's credential that expires: without it nothing can be sent back or paid out, and money
/// paid by hand cannot be asked about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    /// The gateway.
    pub gateway: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The day on which it expires, as `2026-12-31`.
    pub expires_on: String,
    /// In how many days that is; below zero when it is over.
    pub days_left: i64,
    /// How loudly it is said.
    pub urgency: Urgency,
}

/// How loudly a [`Warning`] is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Urgency {
    /// From 14 days before.
    Soon,
    /// From 7 days before.
    Near,
    /// From the day before.
    Urgent,
    /// From the day itself.
    Expired,
}

impl Urgency {
    /// How loudly something is said so many days before; none while there is time.
    const fn of(days_left: i64) -> Option<Self> {
        match days_left {
            ..=0 => Some(Self::Expired),
            1 => Some(Self::Urgent),
            2..=7 => Some(Self::Near),
            8..=14 => Some(Self::Soon),
            _ => None,
        }
    }
}

impl App {
    /// The warnings about a provider's own accounts. `today` is the provider's day.
    pub(crate) async fn warnings(&self, tx: &mut TenantTx, today: i64) -> Result<Vec<Warning>> {
        let accounts = tx.gateway_accounts().await?;
        let warnings = accounts.iter().filter(|account| account.enabled);
        let warnings = warnings.filter_map(|account| {
            let profile = self.gateways.get(&account.gateway)?.profile();
            let expires = account.settings.get(EXPIRES)?.as_str()?;
            warning(profile, expires, today)
        });
        Ok(warnings.collect())
    }

    /// The warning about the platform's own account, by which it collects.
    pub fn collection_warning(&self) -> Option<Warning> {
        let collection = self.settings.collection.as_ref()?;
        let profile = self.gateways.get(collection.gateway)?.profile();
        let today = calendar::Local::at(self.now(), "UTC").day;
        warning(profile, collection.account.setting(EXPIRES)?, today)
    }
}

fn warning(profile: &Profile, expires: &str, today: i64) -> Option<Warning> {
    let date: Date = expires.trim().parse().ok()?;
    let epoch = Date::constant(1970, 1, 1);
    let day = date.duration_since(epoch).as_hours() / 24;
    let days_left = day - today;
    Some(Warning {
        gateway: profile.name,
        title: profile.title,
        expires_on: date.to_string(),
        days_left,
        urgency: Urgency::of(days_left)?,
    })
}

#[cfg(test)]
mod tests {
    use bando_gateways::DARAJA_PROFILE;

    use super::*;

    #[test]
    fn it_is_said_louder_as_the_day_comes() {
        // 2026-11-20.
        let today = 20_777;
        let said = |date: &str| warning(&DARAJA_PROFILE, date, today).map(|w| w.urgency);
        assert_eq!(said("2026-12-05"), None);
        assert_eq!(said("2026-12-04"), Some(Urgency::Soon));
        assert_eq!(said("2026-11-28"), Some(Urgency::Soon));
        assert_eq!(said("2026-11-27"), Some(Urgency::Near));
        assert_eq!(said("2026-11-21"), Some(Urgency::Urgent));
        assert_eq!(said("2026-11-20"), Some(Urgency::Expired));
        assert_eq!(said("2026-01-01"), Some(Urgency::Expired));
        assert_eq!(said("soon"), None);
    }
}
