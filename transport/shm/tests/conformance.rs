//! The contract, running over shared memory: with the usual shape, and with the smallest rings there can be.
//! All ranks live in one process here; `processes.rs` has what only separate processes show.

use olympi_conformance::{World, conformance};
use olympi_shm::{Config, Shm};
use olympi_transport_api::Peer;

fn world(ranks: usize, config: &Config) -> World<Shm> {
    let size = u32::try_from(ranks).expect("few ranks");
    let open = |rank| Shm::new(config.clone(), Peer(rank), size).expect("shared memory");
    // A segment whose owner has dropped it looks to its peers like that of a process that has ended.
    World::new((0..size).map(open).collect()).mortal(|_, shm| drop(shm))
}

conformance!(usual, |ranks| world(ranks, &Config::default()));

conformance!(cramped, |ranks| {
    world(ranks, &Config { slots: 128, frame: 4096, window: 128 << 10, ..Config::default() })
});
