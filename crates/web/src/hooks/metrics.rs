//! Counters of this process, as Prometheus reads them (text format 0.0.4).

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::response::{IntoResponse, Response};
use http::header;

/// Gateways' messages by what became of them.
pub(super) static CALLBACKS: Callbacks = Callbacks {
    accepted: Counter::new(),
    unknown: Counter::new(),
    failed: Counter::new(),
};

/// See [`CALLBACKS`].
#[derive(Debug)]
pub(super) struct Callbacks {
    /// Kept, or of no interest.
    pub(super) accepted: Counter,
    /// To an address that is not ours.
    pub(super) unknown: Counter,
    /// Not kept: the database did not take them.
    pub(super) failed: Counter,
}

/// Something that is counted.
#[derive(Debug)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// One more.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// `GET /metrics`.
pub(super) async fn show() -> Response {
    let mut text = String::from(
        "# HELP bando_build_info The version that runs.\n# TYPE bando_build_info gauge\n",
    );
    let callbacks = [
        ("accepted", &CALLBACKS.accepted),
        ("unknown", &CALLBACKS.unknown),
        ("failed", &CALLBACKS.failed),
    ];
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "bando_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
    text.push_str("# HELP bando_callbacks_total Messages of gateways by what became of them.\n");
    text.push_str("# TYPE bando_callbacks_total counter\n");
    for (outcome, counter) in callbacks {
        let count = counter.0.load(Ordering::Relaxed);
        let _ = writeln!(
            text,
            "bando_callbacks_total{{outcome=\"{outcome}\"}} {count}"
        );
    }
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text,
    )
        .into_response()
}
