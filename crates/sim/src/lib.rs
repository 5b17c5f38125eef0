//! Simulators for what cannot run here: Daraja, a MikroTik, a phone.
