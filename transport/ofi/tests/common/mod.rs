//! What several tests need.
#![allow(dead_code, unused_macros, unused_imports)] // not every test needs all of it

use std::sync::OnceLock;

use olympi_ofi::{Config, Ofi, StartError};
use olympi_registration::Memory;
use olympi_transport_api::Peer;

/// What the ranks of a test share.
pub const SECRET: [u8; 32] = [3; 32];

/// The settings that take this provider. Loopback serves tests best.
pub fn config(provider: &str) -> Config {
    let mut config = Config::from_variables(|name| std::env::var(name).ok()).expect("the settings are valid");
    config.asked_for = true;
    config.provider = provider.to_owned();
    config
}

/// Opens a rank.
pub fn open(config: &Config, rank: u32, size: u32) -> Ofi {
    try_open(config, rank, size).unwrap_or_else(|error| panic!("{error}"))
}

/// Opens a rank, or says why not.
pub fn try_open(config: &Config, rank: u32, size: u32) -> Result<Ofi, StartError> {
    Ofi::new(config.clone(), Peer(rank), size, SECRET, &Memory::new())
}

/// Whether the provider is there. Says loudly if not.
pub fn there(provider: &str) -> bool {
    match try_open(&config(provider), 0, 2) {
        Ok(ofi) => {
            assert!(ofi.provider() == provider || ofi.provider().starts_with(&format!("{provider};")));
            true
        }
        Err(error) => {
            let must = std::env::var("OLYMPI_TEST_RDMA").is_ok_and(|v| v == "1") && provider != "verbs";
            assert!(!must, "OLYMPI_TEST_RDMA=1, and provider {provider} does not serve: {error}");
            eprintln!("\nSKIPPED: provider {provider} does not serve here: {error}\n");
            false
        }
    }
}
