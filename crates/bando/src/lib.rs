//! The program: commands, configuration, wiring; nothing else.

pub mod commands;
pub mod config;
pub mod demo;
pub mod keys;
pub mod log;
pub mod program;
pub mod world;
