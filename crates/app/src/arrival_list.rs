//! Arrivals as members see them.

use bando_domain::ArrivalId;
use bando_store::{Arrival, ArrivalFilter, Cursor, Page};

use crate::caller::Permission;
use crate::{App, Caller, Error, Result};

impl App {
    /// Money that came otherwise than asked for, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`], [`Error::Store`].
    pub async fn arrivals(
        &self,
        caller: &Caller,
        filter: &ArrivalFilter,
        after: Option<Cursor>,
        size: usize,
    ) -> Result<Page<Arrival>> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        Ok(tx.arrivals(filter, after, size).await?)
    }

    /// One arrival.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn arrival(&self, caller: &Caller, id: ArrivalId) -> Result<Arrival> {
        caller.need(Permission::Look)?;
        let mut tx = self.store.read(caller.provider).await?;
        tx.arrival(id).await?.ok_or(Error::NotFound("arrival"))
    }
}
