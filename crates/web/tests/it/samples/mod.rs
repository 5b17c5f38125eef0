//! Every page with made-up but plausible content, for the tests and for the gallery.

mod console;
mod demo;
mod portal;

use askama::Template;
use bando_web::format;
use bando_web::i18n::Lang;
use bando_web::views::Gauge;

/// A rendered page: its file name and its HTML.
pub(crate) type Sample = (String, String);

const CODE: &str = "7KQ4M2XTRP";

/// Every template, in `lang`.
pub(crate) fn all(lang: Lang) -> Vec<Sample> {
    let mut pages = portal::pages(lang);
    pages.extend(console::pages(lang));
    pages.push(demo::page(lang));
    pages
}

fn render(page: &impl Template) -> String {
    page.render()
        .unwrap_or_else(|error| panic!("a template does not render: {error}"))
}

fn s(text: &str) -> String {
    text.to_owned()
}

fn time_gauge(lang: Lang) -> Gauge {
    Gauge {
        percent: 62,
        left: lang.left(format::short_duration(lang, 53_520)),
        detail: lang.until("18:42"),
    }
}
