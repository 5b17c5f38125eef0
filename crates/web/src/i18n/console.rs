//! The console's words.

use super::messages;

messages! {
    stub_console: "x" / "x" / "x";
}
