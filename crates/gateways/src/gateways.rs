//! The list of all gateways: the one place that names them.

use std::sync::Arc;

use bando_domain::Clock;

use crate::{Daraja, Gateway, Momo, Pesapal, SetupError, Timeouts, Wave, WaveLink};

/// The gateways an installation has, in the order in which they are offered.
#[derive(Clone, Default)]
pub struct Gateways(Vec<Arc<dyn Gateway>>);

impl Gateways {
    /// All that there are.
    ///
    /// # Errors
    /// [`SetupError`] when the machine cannot do HTTPS.
    pub fn all(clock: &Arc<dyn Clock>, timeouts: Timeouts) -> Result<Self, SetupError> {
        Ok(Self(vec![
            Arc::new(Daraja::new(clock.clone(), timeouts)?),
            Arc::new(Wave::new(clock.clone(), timeouts)?),
            Arc::new(WaveLink::new(clock.clone(), timeouts)?),
            Arc::new(Pesapal::new(clock.clone(), timeouts)?),
            Arc::new(Momo::new(clock.clone(), timeouts)?),
        ]))
    }

    /// The one of this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Gateway>> {
        self.iter().find(|gateway| gateway.profile().name == name)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Gateway>> {
        self.0.iter()
    }
}

impl FromIterator<Arc<dyn Gateway>> for Gateways {
    fn from_iter<T: IntoIterator<Item = Arc<dyn Gateway>>>(gateways: T) -> Self {
        Self(gateways.into_iter().collect())
    }
}
