//! Simulators for what cannot run here: payment companies, a MikroTik, a phone.

pub mod daraja;
pub mod mikrotik;
pub mod momo;
pub mod pesapal;
pub mod phone;
mod server;
pub mod wave;
