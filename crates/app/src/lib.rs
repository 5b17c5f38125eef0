//! The use cases: each owns its transaction and checks permission.
