//! Every page as people see it: real Chromium against the whole demo, with scripts and without, on a phone and at a
//! desk, light and dark. The pictures are in `target/screenshots`.

mod console;
mod demo;
mod look;
mod portal;
mod selling;
mod stage;
mod trouble;

use super::support::browser::View;

/// How the longest ways are walked, with a name for the pictures: every width, every colour scheme, with scripts and
/// without.
const VIEWS: [(&str, View); 4] = [
    ("phone", View::phone()),
    ("phone-plain-dark", View::phone().without_scripts().dark()),
    ("desk-dark", View::desk().dark()),
    ("desk-plain", View::desk().without_scripts()),
];
