//! RouterOS: the configuration generator.
