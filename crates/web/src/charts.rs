//! Small charts as SVG: no script, no style attributes, they print, and each says its figures in
//! words to those who do not see it.

use std::fmt::Write as _;

/// One bar of [`bars`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Below the bar: a weekday, an hour.
    pub label: String,
    /// Above the bar, and read aloud: `KES 4,250`.
    pub text: String,
    /// Its height, in any unit the bars share.
    pub value: u64,
}

/// A line without axes, as wide as a word: the shape of a day or a week. `title` says what it shows.
#[must_use]
pub fn sparkline(values: &[u64], title: &str) -> String {
    const WIDTH: f64 = 96.0;
    const HEIGHT: f64 = 28.0;
    const EDGE: f64 = 2.0;
    let top = values.iter().copied().max().unwrap_or(0).max(1) as f64;
    let step = (WIDTH - 2.0 * EDGE) / (values.len().max(2) - 1) as f64;
    let points: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(i, value)| {
            let x = EDGE + step * i as f64;
            let y = HEIGHT - EDGE - (*value as f64 / top) * (HEIGHT - 2.0 * EDGE);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    let dot = points
        .last()
        .and_then(|last| last.split_once(','))
        .map_or_else(String::new, |(x, y)| {
            format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"2\"/>")
        });
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\
         <polyline points=\"{}\"/>{dot}</svg>",
        escape(title),
        points.join(" ")
    )
}

/// Bars side by side, the last one stressed. `title` says what they show.
#[must_use]
pub fn bars(bars: &[Bar], title: &str) -> String {
    const SLOT: usize = 44;
    const HEIGHT: u64 = 72;
    const TOP: u64 = 16;
    let most = bars.iter().map(|bar| bar.value).max().unwrap_or(0).max(1);
    let width = bars.len().max(1) * SLOT;
    let spoken: Vec<String> = bars
        .iter()
        .map(|bar| format!("{} {}", bar.label, bar.text))
        .collect();
    let mut svg = format!(
        "<svg class=\"bars\" viewBox=\"0 0 {width} {}\" role=\"img\" aria-label=\"{}: {}\">",
        TOP + HEIGHT + 20,
        escape(title),
        escape(&spoken.join(", "))
    );
    for (i, bar) in bars.iter().enumerate() {
        let height = (u128::from(bar.value) * u128::from(HEIGHT) / u128::from(most)) as u64;
        let height = height.max(2);
        let (left, middle, y) = (i * SLOT + 6, i * SLOT + SLOT / 2, TOP + HEIGHT - height);
        let last = if i + 1 == bars.len() {
            " class=\"last\""
        } else {
            ""
        };
        // Writing to a String cannot fail.
        let _ = write!(
            svg,
            "<g{last}><rect x=\"{left}\" y=\"{y}\" width=\"{}\" height=\"{height}\" rx=\"3\"/>\
             <text x=\"{middle}\" y=\"{}\">{}</text><text class=\"v\" x=\"{middle}\" y=\"{}\">{}</text></g>",
            SLOT - 12,
            TOP + HEIGHT + 15,
            escape(&bar.label),
            y - 5,
            escape(&bar.text)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// How much is left, as a bar from 0 to 100; it turns to the colour of waiting below a tenth.
#[must_use]
pub fn gauge(percent: u8, title: &str) -> String {
    let percent = percent.min(100);
    let low = if percent <= 10 { " low" } else { "" };
    format!(
        "<svg class=\"gauge{low}\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{}\">\
         <rect class=\"well\" width=\"100\" height=\"4\"/><rect class=\"fill\" width=\"{percent}\" height=\"4\"/></svg>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_stays_inside_its_frame_and_escapes_its_words() {
        let drawn = sparkline(&[0, u64::MAX, 3], "a \"b\" <c>");
        assert!(drawn.contains("a &quot;b&quot; &lt;c&gt;"));
        assert!(!drawn.contains("NaN") && !drawn.contains(",-"));
        assert!(sparkline(&[], "nothing").contains("points=\"\""));
        let bar = |value| Bar {
            label: "Mon".into(),
            text: "<1>".into(),
            value,
        };
        assert!(bars(&[bar(u64::MAX), bar(0)], "week").contains("Mon &lt;1&gt;"));
        assert!(gauge(250, "left").contains("width=\"100\" height=\"4\"/></svg>"));
    }
}
