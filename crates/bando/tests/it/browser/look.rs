//! What holds for every page, whatever is on it.

use crate::support::browser::Browser;

/// Whose page it is: thumbs on cheap phones need larger targets than people at work.
#[derive(Clone, Copy, Debug)]
pub(super) enum Face {
    Portal,
    Console,
}

impl Face {
    /// The least width and height of what is tapped, CSS pixels.
    fn target(self) -> u32 {
        match self {
            Self::Portal => 48,
            Self::Console => 40,
        }
    }
}

/// The targets that are smaller than `least`; of a switch, its label is tapped.
const SMALL_TARGETS: &str = "
    const least = LEAST, small = [];
    const targets = 'a[href], button, input:not([type=hidden]), select, textarea, summary';
    for (const element of document.querySelectorAll(targets)) {
        const choice = element.matches('[type=radio], [type=checkbox]');
        const box = choice ? element.labels[0] : element;
        if (!box.checkVisibility()) continue;
        const { width, height, right } = box.getBoundingClientRect();
        if (right <= 0 || (width >= least - 0.5 && height >= least - 0.5)) continue;
        small.push(`${element.tagName} ${element.innerText || element.name}: ${width} × ${height}`);
    }
    return small;";

/// What the page fetched from elsewhere; the frame of the demo is a browser of its own.
const FOREIGN: &str = "
    const names = performance.getEntriesByType('resource')
        .filter(entry => entry.initiatorType !== 'iframe').map(entry => entry.name);
    return names.filter(name => !name.startsWith(location.origin + '/') && !name.startsWith('data:'));";

/// Takes a picture of the page and checks that nobody has to scroll sideways, that every target is large enough, that
/// nothing came from elsewhere and that the browser has nothing to complain of.
pub(super) async fn see(browser: &Browser, face: Face, name: &str) {
    browser.screenshot_whole(name).await;
    assert_eq!(browser.overflow().await, 0, "{name} is too wide");
    let script = SMALL_TARGETS.replace("LEAST", &face.target().to_string());
    let small = browser.run(&script).await;
    assert_eq!(small, serde_json::json!([]), "{name} has small targets");
    let foreign = browser.run(FOREIGN).await;
    assert_eq!(
        foreign,
        serde_json::json!([]),
        "{name} fetches from elsewhere"
    );
    let here = browser.url().await;
    let mut complaints = browser.complaints().await;
    // Chromium remarks upon how a form that was not taken is marked for programs, and that the simulated internet has
    // no icon.
    let remark = |said: &str| said.starts_with(&here) && said.contains("a status of 4");
    complaints.retain(|said| !remark(said) && !said.contains("/favicon.ico "));
    assert_eq!(complaints, Vec::<String>::new(), "{name}");
}
