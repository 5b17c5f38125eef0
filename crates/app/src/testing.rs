//! A world for tests: a shop with everything it needs, on every engine at hand, whose clock, chance,
//! gateway and routers do as they are told.

mod doubles;
mod invariants;
mod shop;

pub use bando_store::testing::{ManualClock, SeededEntropy, TestStore};
pub use doubles::{RecordingRouters, ScriptedGateway, failed_callback, paid_callback, sent_result};
pub use invariants::{INVARIANTS, assert_invariants, violations};
pub use shop::{NOON, Shop};
