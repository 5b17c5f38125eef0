//! Simulators for what cannot run here: Daraja, a MikroTik, a phone.

pub mod daraja;
pub mod mikrotik;
pub mod phone;
