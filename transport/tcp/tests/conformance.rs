//! The contract, over IPv4 and IPv6 loopback, with ample and with scarce room.

use olympi_conformance::{World, conformance};
use olympi_tcp::{Config, Family, Tcp};
use olympi_transport_api::Peer;

fn world(ranks: usize, config: &Config) -> World<Tcp> {
    let open = |rank| Tcp::new(config.clone(), Peer(rank), ranks as u32, [3; 32]).expect("loopback is there");
    // Dropping it closes its connections, which is what its peers see of a death; `tests/death.rs` kills processes.
    // It does not say that it guards memory: a forbidden put is known as such by its receiver alone, when it is
    // done at its sender, so it ends the connection instead of being refused.
    World::new((0..ranks as u32).map(open).collect()).mortal(|_, tcp| drop(tcp))
}

/// Everything small, so that whatever can be full is.
fn scarce() -> Config {
    Config {
        max_frame: 2000,
        queue: 4096,
        read_buffer: 2048,
        socket_buffer: 128 << 10,
        spin_peers: 1,
        epoll_every: 3,
        ..Config::default()
    }
}

conformance!(over_ipv4, |ranks| world(ranks, &Config { family: Family::V4, ..Config::default() }));
conformance!(over_ipv6, |ranks| world(ranks, &Config { family: Family::V6, ..Config::default() }));
conformance!(cramped, |ranks| world(ranks, &scarce()));
