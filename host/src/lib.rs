//! The sensor: a host that runs connector plugins in a sandbox and keeps an inventory of certificates.
//! Above: `main`, the tests. Below: nothing; the modules' order of dependence stands in ARCHITECTURE.md.
//! Invariant: `api` and `plugin` never meet; `store` and `plugin` meet only where a run commits a page.

pub mod app;
pub mod backend;
pub mod bindings;
pub mod capability;
pub mod cli;
pub mod config;
pub mod connector;
pub mod credential;
pub mod custody;
pub mod delivery;
pub mod grant;
pub mod issuer;
pub mod ledger;
pub mod model;
pub mod plugin;
pub mod revocation;
pub mod store;
mod web;
