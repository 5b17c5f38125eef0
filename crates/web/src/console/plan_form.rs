//! The form of a plan: from a plan to fields, from fields to a plan.

use bando_app::{Plan, PlanDraft};
use bando_domain::{Burst, DataLimit, PlanTerms, RateLimit, SellingWindow, Starts, TermsError};

use super::fields::Fields;
use super::who::SignedInCaller;
use crate::i18n::Lang;
use crate::views::console::{Amount, PlanForm, Section};
use crate::views::{Choice, Field};

/// Seconds in the units of validity, smallest first.
const TIME_UNITS: [(&str, u64); 4] = [
    ("minutes", 60),
    ("hours", 3600),
    ("days", 86_400),
    ("weeks", 604_800),
];

/// Bytes in the units of data, smallest first.
const DATA_UNITS: [(&str, u64); 2] = [("MB", 1_000_000), ("GB", 1_000_000_000)];

/// Bits in a megabit.
const MEGA: u64 = 1_000_000;

/// The form as it was sent, or as a new one begins.
pub(super) fn form(who: &SignedInCaller, id: Option<String>, fields: &Fields) -> PlanForm {
    let t = who.t;
    let text = |name| Field::of(fields.text(name));
    let chosen = |name: &str, usual: &'static str| match fields.text(name) {
        "" => usual.to_owned(),
        typed => typed.to_owned(),
    };
    let choices = |chosen: String, all: &[(&str, &str)]| -> Vec<Choice> {
        let choice = |(value, label): &(&str, &str)| Choice {
            value: (*value).to_owned(),
            label: (*label).to_owned(),
            selected: *value == chosen,
        };
        all.iter().map(choice).collect()
    };
    let time = [
        t.unit_minutes(),
        t.unit_hours(),
        t.unit_days(),
        t.unit_weeks(),
    ];
    let time: Vec<_> = TIME_UNITS
        .iter()
        .zip(time)
        .map(|((unit, _), name)| (*unit, name))
        .collect();
    let sent = fields.has("name");
    let day = |(number, label): (usize, &str)| {
        let value = (number + 1).to_string();
        Choice {
            selected: !sent || fields.all("days").any(|day| day == value),
            label: label.to_owned(),
            value,
        }
    };
    let limits = [
        ("time", t.ends_time()),
        ("data", t.ends_data()),
        ("both", t.ends_both()),
    ];
    let starts = [
        ("purchase", t.starts_purchase()),
        ("first-use", t.starts_first_use()),
    ];
    PlanForm {
        page: who.page(Section::Plans),
        id,
        name: text("name"),
        currency: who.provider.currency.to_string(),
        price: text("price"),
        limit: choices(chosen("limit", "time"), &limits),
        validity: Amount {
            number: text("validity"),
            units: choices(chosen("validity_unit", "hours"), &time),
        },
        starts: choices(chosen("starts", "purchase"), &starts),
        data: Amount {
            number: text("data"),
            units: choices(chosen("data_unit", "GB"), &[("MB", "MB"), ("GB", "GB")]),
        },
        down: text("down"),
        up: text("up"),
        burst_down: text("burst_down"),
        burst_up: text("burst_up"),
        burst_threshold_down: text("burst_threshold_down"),
        burst_threshold_up: text("burst_threshold_up"),
        burst_seconds: text("burst_seconds"),
        devices: Field::of(if sent { fields.text("devices") } else { "1" }),
        days: week(t).into_iter().enumerate().map(day).collect(),
        from: text("from"),
        to: text("to"),
        on_sale: !sent || fields.has("on_sale"),
    }
}

/// A plan as the fields that make it.
pub(super) fn fields(plan: &Plan) -> Fields {
    let terms = &plan.terms;
    let limit = match (terms.validity_seconds, terms.data) {
        (Some(_), Some(_)) => "both",
        (None, Some(_)) => "data",
        (_, None) => "time",
    };
    let starts = match terms.starts {
        Starts::Purchase => "purchase",
        Starts::FirstUse => "first-use",
    };
    let mut pairs = vec![
        ("name", plan.name.clone()),
        ("price", price(plan)),
        ("limit", limit.to_owned()),
        ("starts", starts.to_owned()),
        ("devices", terms.device_limit.to_string()),
    ];
    if let Some(seconds) = terms.validity_seconds {
        let (unit, number) = measured(seconds.into(), &TIME_UNITS);
        pairs.extend([("validity", number), ("validity_unit", unit.to_owned())]);
    }
    if let Some(data) = terms.data {
        let (unit, number) = measured(data.bytes(), &DATA_UNITS);
        pairs.extend([("data", number), ("data_unit", unit.to_owned())]);
    }
    if let Some(rate) = terms.rate {
        pairs.push(("down", unscaled(rate.download_bps, MEGA)));
        pairs.push(("up", unscaled(rate.upload_bps, MEGA)));
        if let Some(burst) = rate.burst {
            pairs.push(("burst_down", unscaled(burst.download_bps, MEGA)));
            pairs.push(("burst_up", unscaled(burst.upload_bps, MEGA)));
            pairs.push((
                "burst_threshold_down",
                unscaled(burst.download_threshold_bps, MEGA),
            ));
            pairs.push((
                "burst_threshold_up",
                unscaled(burst.upload_threshold_bps, MEGA),
            ));
            pairs.push(("burst_seconds", burst.seconds.to_string()));
        }
    }
    let days = plan
        .window
        .map_or(SellingWindow::ALL_DAYS, |window| window.days);
    pairs.extend(
        (0..7)
            .filter(|day| days & (1 << day) != 0)
            .map(|day| ("days", (day + 1).to_string())),
    );
    if let Some(window) = plan.window {
        let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
        pairs.push(("from", clock(window.from_minute)));
        // A clock has no 24:00; an empty field is the end of the day.
        pairs.extend((window.to_minute < 1440).then(|| ("to", clock(window.to_minute))));
    }
    if plan.on_sale {
        pairs.push(("on_sale", "1".to_owned()));
    }
    Fields::from(pairs)
}

/// The price as people type it: without cents that are none.
fn price(plan: &Plan) -> String {
    let whole = plan.price.whole_major();
    whole.map_or_else(|| plan.price.decimal(), |major| major.to_string())
}

/// The plan that the fields describe; none if some do not fit: the form then says which.
pub(super) fn read(form: &mut PlanForm, fields: &Fields, position: i64) -> Option<PlanDraft> {
    let t = form.page.t;
    let limit = fields.text("limit");
    let validity = match limit {
        "data" => Ok(None),
        _ => seconds(fields, t).map(Some),
    };
    let data = match limit {
        "data" | "both" => bytes(fields, t).map(Some),
        _ => Ok(None),
    };
    let validity = taken(validity, &mut form.validity.number);
    let data = taken(data, &mut form.data.number);
    let rate = rate(form, fields);
    let devices = fields
        .parsed::<u16>("devices")
        .filter(|n| (1..=1000).contains(n));
    let devices = taken(devices.ok_or(t.plan_devices_wrong()), &mut form.devices);
    let window = taken(window(fields, t), &mut form.from);
    if fields.text("name").is_empty() {
        form.name.error = Some(t.field_missing().to_owned());
    }
    let price = match fields.text("price") {
        "" => Err(t.field_missing()),
        typed => Ok(typed.to_owned()),
    };
    let price = taken(price, &mut form.price);
    let draft = PlanDraft {
        name: fields.text("name").to_owned(),
        price: price?,
        terms: PlanTerms {
            validity_seconds: validity?,
            data: data?,
            starts: match fields.text("starts") {
                "first-use" => Starts::FirstUse,
                _ => Starts::Purchase,
            },
            rate: rate?,
            device_limit: devices?,
        },
        window: window?,
        on_sale: fields.has("on_sale"),
        position,
    };
    form.name.error.is_none().then_some(draft)
}

/// Puts what the use case found wrong beside its field.
pub(super) fn blame(form: &mut PlanForm, invalid: &bando_app::Invalid) {
    use bando_app::Invalid;
    let t = form.page.t;
    let (field, text) = match invalid {
        Invalid::Money(_) | Invalid::Price => (&mut form.price, t.number_wrong()),
        Invalid::Field { field: "price", .. } => (&mut form.price, t.number_wrong()),
        Invalid::Field {
            field: "window", ..
        } => (&mut form.from, t.plan_window_wrong()),
        Invalid::Terms(TermsError::Endless) => (&mut form.validity.number, t.plan_endless()),
        Invalid::Terms(TermsError::Validity) => {
            (&mut form.validity.number, t.plan_validity_wrong())
        }
        Invalid::Terms(TermsError::Data) => (&mut form.data.number, t.plan_data_wrong()),
        Invalid::Terms(TermsError::Devices) => (&mut form.devices, t.plan_devices_wrong()),
        Invalid::Terms(TermsError::Rate) | Invalid::Rate(_) => {
            let burst = !form.burst_down.value.is_empty();
            match burst {
                true => (&mut form.burst_down, t.plan_burst_wrong()),
                false => (&mut form.down, t.plan_rate_wrong()),
            }
        }
        _ => (&mut form.name, t.plan_name_wrong()),
    };
    field.error = Some(text.to_owned());
}

/// What was read, or its problem beside the field.
fn taken<T>(read: Result<T, &'static str>, field: &mut Field) -> Option<T> {
    match read {
        Ok(value) => Some(value),
        Err(problem) => {
            field.error = Some(problem.to_owned());
            None
        }
    }
}

fn seconds(fields: &Fields, t: Lang) -> Result<u32, &'static str> {
    let seconds =
        amount(fields, "validity", "validity_unit", &TIME_UNITS).ok_or(t.number_wrong())?;
    let fits = u32::try_from(seconds)
        .ok()
        .filter(|s| (1..=PlanTerms::MAX_VALIDITY_SECONDS).contains(s));
    fits.ok_or(t.plan_validity_wrong())
}

fn bytes(fields: &Fields, t: Lang) -> Result<DataLimit, &'static str> {
    let bytes = amount(fields, "data", "data_unit", &DATA_UNITS).ok_or(t.number_wrong())?;
    if bytes == 0 {
        Err(t.plan_data_wrong())
    } else {
        Ok(DataLimit::from_bytes(bytes))
    }
}

/// The speeds: none, both, or both with a whole burst.
fn rate(form: &mut PlanForm, fields: &Fields) -> Option<Option<RateLimit>> {
    let t = form.page.t;
    let speed = |name: &str| match fields.text(name) {
        "" => Ok(None),
        typed => scaled(typed, MEGA)
            .filter(|n| *n > 0)
            .map(Some)
            .ok_or(t.number_wrong()),
    };
    let down = taken(speed("down"), &mut form.down);
    let up = taken(speed("up"), &mut form.up);
    let burst = [
        taken(speed("burst_down"), &mut form.burst_down),
        taken(speed("burst_up"), &mut form.burst_up),
        taken(
            speed("burst_threshold_down"),
            &mut form.burst_threshold_down,
        ),
        taken(speed("burst_threshold_up"), &mut form.burst_threshold_up),
    ];
    let [Some(burst_down), Some(burst_up), Some(at_down), Some(at_up)] = burst else {
        return None;
    };
    let steady = match (down?, up?) {
        (None, None) => None,
        (Some(down), Some(up)) => Some(RateLimit::steady(up, down)),
        _ => {
            form.down.error = Some(t.plan_rate_wrong().to_owned());
            return None;
        }
    };
    let seconds = fields.parsed::<u32>("burst_seconds");
    match (steady, burst_down, burst_up, at_down, at_up, seconds) {
        (steady, None, None, None, None, _) => Some(steady),
        (Some(rate), Some(download), Some(upload), Some(at_down), Some(at_up), Some(seconds)) => {
            let burst = Burst {
                upload_bps: upload,
                download_bps: download,
                upload_threshold_bps: at_up,
                download_threshold_bps: at_down,
                seconds,
            };
            Some(Some(RateLimit {
                burst: Some(burst),
                ..rate
            }))
        }
        _ => {
            form.burst_down.error = Some(t.plan_burst_wrong().to_owned());
            None
        }
    }
}

/// When it is sold; none for always.
fn window(fields: &Fields, t: Lang) -> Result<Option<SellingWindow>, &'static str> {
    let days = fields.all("days").filter_map(|day| day.parse::<u8>().ok());
    let days = days
        .filter(|day| (1..=7).contains(day))
        .fold(0, |days, day| days | 1 << (day - 1));
    // A form without the days at all, as a program sends it, does not limit them.
    let days = if days == 0 && !fields.has("from") {
        SellingWindow::ALL_DAYS
    } else {
        days
    };
    let minute = |name: &str, usual: u16| match fields.text(name) {
        "" => Some(usual),
        typed => clock(typed),
    };
    let (from, to) = (minute("from", 0), minute("to", 1440));
    let (from_minute, to_minute) = from.zip(to).ok_or(t.plan_window_wrong())?;
    let window = SellingWindow {
        days,
        from_minute,
        to_minute,
    };
    let always = SellingWindow {
        days: SellingWindow::ALL_DAYS,
        from_minute: 0,
        to_minute: 1440,
    };
    match window {
        window if window == always => Ok(None),
        window if window.is_valid() => Ok(Some(window)),
        _ => Err(t.plan_window_wrong()),
    }
}

/// Minutes since midnight of `06:30`; some browsers add seconds.
fn clock(text: &str) -> Option<u16> {
    let mut parts = text.split(':').map(|part| part.parse::<u16>().ok());
    let (hour, minute) = (parts.next()??, parts.next()??);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

fn amount(fields: &Fields, name: &str, unit: &str, units: &[(&str, u64)]) -> Option<u64> {
    let unit = match fields.text(unit) {
        "" => units.get(1),
        typed => units.iter().find(|(name, _)| *name == typed),
    };
    scaled(fields.text(name), unit?.1)
}

/// A decimal number times `factor`, rounded: `2.5` or `2,5`.
fn scaled(text: &str, factor: u64) -> Option<u64> {
    let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 9;
    if !digits(whole) || !digits(part) || (whole.is_empty() && part.is_empty()) {
        return None;
    }
    let number = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u128>().ok()
        }
    };
    let tenth = 10_u128.pow(u32::try_from(part.len()).ok()?);
    let factor = u128::from(factor);
    let scaled = number(whole)? * factor + (number(part)? * factor + tenth / 2) / tenth;
    u64::try_from(scaled).ok()
}

/// The number that [`scaled`] makes `value` of.
fn unscaled(value: u64, factor: u64) -> String {
    let (whole, rest) = (value / factor, u128::from(value % factor));
    if rest == 0 {
        return whole.to_string();
    }
    let part = (rest * 1_000_000_000).div_ceil(u128::from(factor));
    format!("{whole}.{part:09}")
        .trim_end_matches('0')
        .to_owned()
}

/// An amount in the largest unit that leaves nothing over, else in the smallest.
fn measured<'a>(value: u64, units: &[(&'a str, u64)]) -> (&'a str, String) {
    let fits = units
        .iter()
        .rev()
        .find(|(_, size)| value.is_multiple_of(*size));
    let (unit, size) = *fits.or(units.first()).unwrap_or(&("", 1));
    (unit, unscaled(value, size))
}

/// The days as they are called, Monday first.
fn week(t: Lang) -> [&'static str; 7] {
    [
        t.short_monday(),
        t.short_tuesday(),
        t.short_wednesday(),
        t.short_thursday(),
        t.short_friday(),
        t.short_saturday(),
        t.short_sunday(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_as_they_were_typed() {
        for (text, factor, value) in [
            ("2.5", MEGA, 2_500_000),
            ("2,5", MEGA, 2_500_000),
            ("0.5", 60, 30),
            (".5", 60, 30),
            ("1", 86_400, 86_400),
        ] {
            assert_eq!(scaled(text, factor), Some(value), "{text}");
        }
        for value in [1, 7, 59, 61, 90, 3601] {
            assert_eq!(scaled(&unscaled(value, 60), 60), Some(value));
        }
        for text in ["", ".", "x", "-1", "1e9", "1.2.3", "9999999999"] {
            assert_eq!(scaled(text, MEGA), None, "{text}");
        }
        assert_eq!(measured(7200, &TIME_UNITS), ("hours", "2".to_owned()));
        assert_eq!(measured(60, &TIME_UNITS), ("minutes", "1".to_owned()));
    }

    #[test]
    fn clocks() {
        assert_eq!(clock("06:30"), Some(390));
        assert_eq!(clock("06:30:00"), Some(390));
        assert_eq!(clock("24:00"), None);
        assert_eq!(clock("noon"), None);
    }
}
