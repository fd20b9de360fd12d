//! The contract, over every provider of the installed library that serves here.

mod common;

use olympi_conformance::{World, conformance};
use olympi_ofi::Ofi;

fn world(provider: &str, ranks: usize) -> World<Ofi> {
    let config = common::config(provider);
    let transports = (0..ranks as u32).map(|rank| common::open(&config, rank, ranks as u32)).collect();
    // Dropping it says goodbye; `tests/death.rs` kills processes.
    World::new(transports).mortal(|_, ofi| drop(ofi))
}

conformance!(tcp_rxm, |ranks| world("tcp;ofi_rxm", ranks));
conformance!(tcp, |ranks| world("tcp", ranks));
conformance!(net, |ranks| world("net", ranks));
conformance!(sockets, |ranks| world("sockets", ranks));
conformance!(shm, |ranks| world("shm", ranks));
conformance!(verbs, |ranks| world("verbs", ranks));
