//! The console's words.

use super::messages;

messages! {
    stub_console_ui: "x" / "x" / "x";
}
