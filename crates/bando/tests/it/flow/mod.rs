//! The whole program in one process, between a simulated Daraja, simulated routers and customers'
//! browsers: money and access must agree afterwards.

mod scenarios;
