//! The contract, over every provider of the installed library that serves here. One test runs all checks over one
//! provider, since whether it is there is known only then.

mod common;

use olympi_conformance::{World, suite};
use olympi_ofi::{Config, Ofi};

fn world(config: &Config, ranks: usize) -> World<Ofi> {
    // Dropping it says goodbye; `tests/death.rs` kills processes.
    lasting_world(config, ranks).mortal(|_, ofi| drop(ofi))
}

/// One in which no rank goes before the end.
fn lasting_world(config: &Config, ranks: usize) -> World<Ofi> {
    World::new((0..ranks as u32).map(|rank| common::open(config, rank, ranks as u32)).collect())
}

fn contract_over(provider: &str) {
    if common::there(provider) {
        suite(&|ranks| world(&common::config(provider), ranks));
    }
}

#[test]
fn tcp_with_ofi_rxm() {
    contract_over("tcp;ofi_rxm");
}

/// In 1.17 it has connected endpoints alone (`FI_EP_MSG`).
#[test]
fn tcp() {
    contract_over("tcp");
}

#[test]
fn net() {
    contract_over("net");
}

/// Once in some ten runs on a busy machine it says that it has sent a goodbye, and does not: who goes while its process
/// lives is not missed then. Processes that end are (`tests/death.rs`).
#[test]
fn sockets() {
    if common::there("sockets") {
        suite(&|ranks| lasting_world(&common::config("sockets"), ranks));
    }
}

#[test]
fn shm() {
    if common::there("shm") && common::open(&common::config("shm"), 0, 2).library_version().0 > 1 {
        // As `tests/death.rs` shows, it does not between two processes, which is what it is for.
        eprintln!("\nSKIPPED: provider shm of libfabric 2 crashes between two endpoints of one process\n");
        return;
    }
    contract_over("shm");
}

/// Connected endpoints.
#[test]
fn verbs() {
    contract_over("verbs");
}

#[test]
fn verbs_with_ofi_rxm() {
    contract_over("verbs;ofi_rxm");
}

/// A small window, few buffers and short frames: whatever can be full is.
#[test]
fn cramped() {
    for provider in ["tcp;ofi_rxm", "tcp", "net"] {
        if common::there(provider) {
            let scarce = Config {
                window: 4,
                send_buffers: 8,
                max_frame: 2000,
                receive_memory: 64 << 10,
                ..common::config(provider)
            };
            suite(&|ranks| world(&scarce, ranks));
        }
    }
}
