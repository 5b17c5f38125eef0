//! Writes every page with sample content as standalone HTML, to look at:
//! `cargo run -p bando-web --example gallery -- OUTDIR`, then open `OUTDIR/index.html`.

#[path = "../tests/it/samples/mod.rs"]
mod samples;

use bando_web::{assets, i18n::Lang};
use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let out = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "target/gallery".to_owned());
    let out = Path::new(&out);
    fs::create_dir_all(out.join("assets"))?;
    for file in assets::all() {
        fs::write(out.join("assets").join(&file.name), &file.bytes)?;
    }
    let mut index = String::from("<!doctype html><meta charset=utf-8><title>Gallery</title><ul>");
    for lang in Lang::ALL {
        for (name, html) in samples::all(lang) {
            for theme in ["light", "dark"] {
                let file = format!("{name}.{}.{theme}.html", lang.code());
                fs::write(out.join(&file), standalone(&html, theme))?;
                index.push_str(&format!("<li><a href={file}>{file}</a>"));
            }
        }
    }
    fs::write(out.join("index.html"), index)
}

/// Makes a page work from a folder: assets beside it, colours fixed, the demo's phone filled.
fn standalone(html: &str, theme: &str) -> String {
    let html = html.replace(" data-theme=\"light\"", "");
    html.replacen("<html ", &format!("<html data-theme=\"{theme}\" "), 1)
        .replace("\"/assets/", "\"assets/")
        .replace(
            "<iframe src=\"/p/mama-njeri?lang=en\"",
            &format!("<iframe src=\"portal-landing.en.{theme}.html\""),
        )
}
