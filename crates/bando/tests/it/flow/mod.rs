//! The whole program in one process, between a simulated Daraja, simulated routers and customers'
//! browsers: money and access must agree afterwards.

mod forged;
mod forgeries;
mod outages;
mod portal;
mod scenarios;
mod tenants;
