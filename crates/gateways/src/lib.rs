//! Clients of the payment companies, behind one interface.
