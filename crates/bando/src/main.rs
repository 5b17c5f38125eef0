//! The program: commands, configuration, wiring.
fn main() {}
