//! What is sold.

use super::Page;
use crate::views::{Choice, Field};
use askama::Template;

/// All plans.
#[derive(Clone, Debug, Template)]
#[template(path = "console/plans.html")]
pub struct Plans {
    /// Frame.
    pub page: Page,
    /// In the order customers see them.
    pub rows: Vec<PlanRow>,
}

/// A plan as a row.
#[derive(Clone, Debug)]
pub struct PlanRow {
    /// Its form.
    pub href: String,
    /// `1 hour`.
    pub name: String,
    /// `5 Mbps · 2 devices`.
    pub facts: String,
    /// `KES 20`.
    pub price: String,
    /// Whether customers see it.
    pub on_sale: bool,
}

/// A number with a unit to choose: two inputs, `{name}` and `{name}_unit`.
#[derive(Clone, Debug)]
pub struct Amount {
    /// The number as typed.
    pub number: Field,
    /// The units: `minutes hours days weeks`, or `MB GB`.
    pub units: Vec<Choice>,
}

/// The form of a plan: new (posts to `/console/plans`) or existing (posts to its own address).
///
/// Fields: `name`, `price`, `limit` (`time`/`data`/`both`), `validity` + `validity_unit`, `starts`
/// (`purchase`/`first-use`), `data` + `data_unit`, `down`, `up` (Mbps), `burst_down`, `burst_up`,
/// `burst_threshold_down`, `burst_threshold_up` (Mbps), `burst_seconds`, `devices`, `days` (several
/// of `1`…`7`, Monday first), `from`, `to` (`HH:MM`), `on_sale`. `delete` is a button's name.
#[derive(Clone, Debug, Template)]
#[template(path = "console/plan_form.html")]
pub struct PlanForm {
    /// Frame.
    pub page: Page,
    /// Its id; `None` for a new plan.
    pub id: Option<String>,
    /// The name customers see.
    pub name: Field,
    /// The currency before the price: `KES`.
    pub currency: String,
    /// The price in major units, as typed.
    pub price: Field,
    /// What ends it: `time`, `data`, `both`.
    pub limit: Vec<Choice>,
    /// How long it lasts.
    pub validity: Amount,
    /// From when the time counts: `purchase`, `first-use`.
    pub starts: Vec<Choice>,
    /// How much data it has.
    pub data: Amount,
    /// Speed down, in Mbps.
    pub down: Field,
    /// Speed up, in Mbps.
    pub up: Field,
    /// Burst speed down, in Mbps; empty for none.
    pub burst_down: Field,
    /// Burst speed up, in Mbps.
    pub burst_up: Field,
    /// Average below which bursting is allowed, down, in Mbps.
    pub burst_threshold_down: Field,
    /// Average below which bursting is allowed, up, in Mbps.
    pub burst_threshold_up: Field,
    /// Seconds over which the average is taken.
    pub burst_seconds: Field,
    /// Devices at a time.
    pub devices: Field,
    /// Days it is sold, Monday first; all seven means always.
    pub days: Vec<Choice>,
    /// Sold from this time of day; empty for midnight.
    pub from: Field,
    /// Sold until this time of day.
    pub to: Field,
    /// Whether customers see it.
    pub on_sale: bool,
}

impl PlanForm {
    fn action(&self) -> String {
        self.id.as_ref().map_or_else(
            || "/console/plans".to_owned(),
            |id| format!("/console/plans/{id}"),
        )
    }

    fn has_burst(&self) -> bool {
        !self.burst_down.value.is_empty() || self.burst_down.error.is_some()
    }

    fn has_window(&self) -> bool {
        !self.from.value.is_empty()
            || self.from.error.is_some()
            || self.days.iter().any(|day| !day.selected)
    }
}
