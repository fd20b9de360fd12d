//! The contract, over every sort of simulated network, the loopback, and the wrappers.

use olympi_conformance::{World, conformance, suite};
use olympi_sim::{Faults, Faulty, Loopback, Network, NetworkConfig, SimTransport, Traced, with_seeds};
use olympi_transport_api::Peer;

fn simulated(seed: u64, ranks: usize, config: NetworkConfig) -> World<SimTransport> {
    let network = Network::new(seed, ranks, config);
    let world = World::new(network.transports()).guards_memory();
    world.mortal(move |rank, transport| {
        network.kill(rank);
        drop(transport);
    })
}

conformance!(loopback, |_| World::new(vec![Loopback::new(Peer(0))]));
conformance!(frames_only, |ranks| simulated(1, ranks, NetworkConfig::frames_only()));
conformance!(with_get, |ranks| simulated(2, ranks, NetworkConfig::with_get()));
conformance!(with_put, |ranks| simulated(3, ranks, NetworkConfig::with_put()));
conformance!(with_get_and_put, |ranks| simulated(4, ranks, NetworkConfig::default()));
conformance!(cramped, |ranks| simulated(5, ranks, NetworkConfig::cramped()));
conformance!(departing, |ranks| {
    let transports = Network::new(6, ranks, NetworkConfig::default()).transports();
    World::new(transports).guards_memory().mortal(|_, transport| drop(transport))
});
conformance!(faulty, |ranks| {
    let network = Network::new(7, ranks, NetworkConfig::default());
    let wrap = |(seed, transport)| {
        let faults = Faults { seed, busy_per_mille: 100, hold_per_mille: 300, corrupt_per_million: 0 };
        Traced::new(format!("rank {seed}"), Faulty::new(transport, faults))
    };
    let world = World::new((0..).zip(network.transports()).map(wrap).collect()).guards_memory();
    world.mortal(move |rank, transport| {
        network.kill(rank);
        drop(transport);
    })
});

#[test]
fn other_seeds() {
    with_seeds(5, |seed| {
        let config = &NetworkConfig::all()[seed as usize % 5];
        suite(&|ranks| simulated(1000 + seed, ranks, config.clone()));
    });
}
