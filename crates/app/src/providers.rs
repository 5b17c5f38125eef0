//! Providers: finding one, making one, its own settings.

use bando_domain::{Country, Currency, Language, Phone, ProviderId, Slug};
use bando_store::{Provider, ProviderStatus};

use crate::caller::Permission;
use crate::events::Change;
use crate::{App, Caller, Error, Invalid, Result};

/// What a provider may change about itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderDraft {
    /// The name customers know it by.
    pub name: String,
    /// Whom customers call, as typed; empty for nobody.
    pub support_phone: String,
    /// The IANA time zone where its days begin.
    pub time_zone: String,
    /// The language of its portal when the customer's browser asks for none we speak.
    pub language: Language,
}

impl App {
    /// The provider with this id or slug.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn provider(&self, id_or_slug: &str) -> Result<Provider> {
        let found = self
            .store
            .read_system()
            .await?
            .provider_by_name(id_or_slug)
            .await?;
        found.ok_or(Error::NotFound("business"))
    }

    /// A provider by its id.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn provider_by_id(&self, id: ProviderId) -> Result<Provider> {
        let mut tx = self.store.read(id).await?;
        tx.provider().await.map_err(|error| match error {
            bando_store::Error::Db(e) if e.is_not_found() => Error::NotFound("business"),
            other => other.into(),
        })
    }

    /// The provider that is meant where none is named: the configured default, else the only one.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there are several and no default.
    pub async fn default_provider(&self) -> Result<Provider> {
        if let Some(name) = &self.settings.default_provider {
            return self.provider(name).await;
        }
        let mut all = self.store.read_system().await?.providers().await?;
        if all.len() == 1 {
            Ok(all.remove(0))
        } else {
            Err(Error::NotFound("business"))
        }
    }

    /// All providers, oldest first. For the platform and the command line.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn providers(&self) -> Result<Vec<Provider>> {
        Ok(self.store.read_system().await?.providers().await?)
    }

    /// Changes the provider's own settings. A new time zone counts from now on; days already counted
    /// stay as they were.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the field, [`Error::Forbidden`].
    pub async fn save_provider(&self, caller: &Caller, draft: ProviderDraft) -> Result<Provider> {
        caller.need(Permission::Manage)?;
        let name = draft.name.trim();
        if name.is_empty() || name.chars().count() > 80 {
            return Err(Invalid::field("name", "give a name of at most 80 characters").into());
        }
        if jiff::tz::TimeZone::get(&draft.time_zone).is_err() {
            return Err(Invalid::field("time_zone", "choose a time zone of the list").into());
        }
        let mut tx = self.store.tenant(caller.provider).await?;
        let before = tx.provider().await?;
        let support_phone = match draft.support_phone.trim() {
            "" => None,
            typed => Some(Phone::parse(typed, before.country)?),
        };
        let provider = Provider {
            name: name.to_owned(),
            support_phone,
            time_zone: draft.time_zone,
            language: draft.language,
            ..before
        };
        tx.update_provider(&provider).await?;
        let object = format!("provider:{}", provider.id);
        tx.audit(
            self.now(),
            &caller.actor(),
            "provider.save",
            &object,
            &provider.name,
        )
        .await?;
        tx.commit().await?;
        self.events.tell(caller.provider, Change::Settings);
        Ok(provider)
    }

    /// Makes a provider in its country's currency, language and time zone.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the name or slug does not do.
    pub async fn create_provider(
        &self,
        slug: &str,
        name: &str,
        country: Country,
    ) -> Result<Provider> {
        let slug: Slug = slug
            .parse()
            .map_err(|e: bando_domain::SlugError| Invalid::field("slug", e.to_string()))?;
        let name = name.trim();
        if name.is_empty() || name.chars().count() > 80 {
            return Err(Invalid::field("name", "give a name of at most 80 characters").into());
        }
        let (currency, language, time_zone) = match country {
            Country::Ke => (Currency::Kes, Language::En, "Africa/Nairobi"),
            Country::Ug => (Currency::Ugx, Language::En, "Africa/Kampala"),
            Country::Tz => (Currency::Tzs, Language::Sw, "Africa/Dar_es_Salaam"),
            Country::Ci => (Currency::Xof, Language::Fr, "Africa/Abidjan"),
            Country::Sn => (Currency::Xof, Language::Fr, "Africa/Dakar"),
        };
        let provider = Provider {
            id: ProviderId::new(&*self.clock, &*self.entropy),
            slug,
            name: name.to_owned(),
            status: ProviderStatus::Active,
            country,
            currency,
            language,
            time_zone: time_zone.to_owned(),
            support_phone: None,
            created_at: self.now(),
        };
        let mut tx = self.store.system().await?;
        match tx.insert_provider(&provider).await {
            Err(error) if error.is_conflict() => {
                return Err(Invalid::Taken("this short name").into());
            }
            other => other?,
        }
        tx.commit().await?;
        Ok(provider)
    }
}
