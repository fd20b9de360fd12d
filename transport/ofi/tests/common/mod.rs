//! What several tests need.
#![allow(dead_code)] // not every test needs all of it

use olympi_ofi::{Config, Ofi, StartError};
use olympi_registration::Memory;
use olympi_transport_api::Peer;

/// What the ranks of a test share.
pub(crate) const SECRET: [u8; 32] = [3; 32];

/// Those that Debian's library offers everywhere.
pub(crate) const PROVIDERS: [&str; 5] = ["tcp;ofi_rxm", "tcp", "net", "sockets", "shm"];

/// The settings that take this provider.
pub(crate) fn config(provider: &str) -> Config {
    let mut config = Config::from_variables(|name| std::env::var(name).ok()).expect("the settings are valid");
    config.provider = provider.to_owned();
    // A busy machine must not cut goodbyes off: within one process nothing else tells of an end.
    config.linger = std::time::Duration::from_secs(15);
    config
}

/// Opens a rank.
pub(crate) fn open(config: &Config, rank: u32, size: u32) -> Ofi {
    try_open(config, rank, size).unwrap_or_else(|error| panic!("{error}"))
}

/// Opens a rank, or says why not.
pub(crate) fn try_open(config: &Config, rank: u32, size: u32) -> Result<Ofi, StartError> {
    Ofi::new(config.clone(), Peer(rank), size, SECRET, &Memory::new())
}

/// Whether a provider is there. Says loudly if not; with `OLYMPI_TEST_RDMA=1` it has to be.
pub(crate) fn there(provider: &str) -> bool {
    match try_open(&config(provider), 0, 2) {
        Ok(_) => true,
        Err(error) => {
            let device =
                std::fs::read_dir("/sys/class/infiniband").is_ok_and(|mut list| list.next().is_some());
            let expected = PROVIDERS.contains(&provider) || device;
            let must = std::env::var("OLYMPI_TEST_RDMA").is_ok_and(|value| value == "1") && expected;
            assert!(!must, "OLYMPI_TEST_RDMA=1, and provider {provider} does not serve: {error}");
            eprintln!("\nSKIPPED: provider {provider} does not serve here: {error}\n");
            false
        }
    }
}
