//! The console's words.

use super::messages;

messages! {
    stub_console_setup: "x" / "x" / "x";
}
