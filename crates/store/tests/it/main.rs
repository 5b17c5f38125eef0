//! The store on both engines.

mod support;

mod every_method;
