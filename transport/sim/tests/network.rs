//! What a simulated network promises beyond the contract: one seed, one run; and what a test can do to it.

use olympi_sim::{Network, NetworkConfig, SimTransport, with_seeds};
use olympi_transport_api::{
    Closed, ClosedKind, Inbound, OpToken, Peer, Post, RecvBuf, RmaError, SendBuf, Transport,
};

fn connected(network: &Network) -> Vec<SimTransport> {
    let mut transports = network.transports();
    let addresses: Vec<_> = transports.iter().map(Transport::address).collect();
    for (rank, transport) in transports.iter_mut().enumerate() {
        for (peer, address) in (0..).zip(&addresses).filter(|(peer, _)| *peer as usize != rank) {
            transport.connect(Peer(peer), address).unwrap();
        }
    }
    transports
}

/// Every rank sends numbered frames to every other for a while, and one is killed. What each rank is told, in words.
fn run(seed: u64, config: NetworkConfig) -> (Vec<Vec<String>>, String) {
    let network = Network::new(seed, 4, config);
    let mut transports = connected(&network);
    let mut told = vec![Vec::new(); 4];
    for step in 0..300_u32 {
        if step == 150 {
            network.kill(3);
        }
        for rank in 0..4 {
            let to = Peer((rank as u32 + 1 + step % 3) % 4);
            let _ = transports[rank].send(to, &step.to_le_bytes(), &[rank as u8; 10]);
            transports[rank].poll(&mut |event| told[rank].push(format!("{event:?}").replace("0x", "")));
        }
    }
    let words =
        told.into_iter().map(|lines| lines.iter().map(|line| without_pointers(line)).collect()).collect();
    (words, network.trace().to_string())
}

fn without_pointers(line: &str) -> String {
    line.split("ptr: ").map(|part| part.split_once(',').map_or(part, |(_, rest)| rest)).collect()
}

#[test]
fn one_seed_is_one_run() {
    let (once, trace) = run(5, NetworkConfig::default());
    let (again, same_trace) = run(5, NetworkConfig::default());
    assert_eq!(once, again);
    assert_eq!(trace, same_trace);
    assert_ne!(once, run(6, NetworkConfig::default()).0);
    assert!(trace.contains("3 is killed"), "{trace}");
}

#[test]
fn frames_of_different_ranks_do_overtake_each_other() {
    let mut orders = std::collections::HashSet::new();
    for seed in 0..20 {
        let network = Network::new(seed, 3, NetworkConfig { busy_per_mille: 0, ..NetworkConfig::default() });
        let mut transports = connected(&network);
        network.advance(100);
        for from in [1, 2] {
            assert_eq!(transports[from].send(Peer(0), &[from as u8], &[]), Post::Accepted);
        }
        network.advance(100);
        let mut order = Vec::new();
        transports[0].poll(&mut |event| match event {
            Inbound::Frame { header, .. } => order.push(header[0]),
            other => panic!("{other:?}"),
        });
        orders.insert(order);
    }
    assert_eq!(orders.len(), 2, "{orders:?}");
}

#[test]
fn time_can_stand_still() {
    let config =
        NetworkConfig { ticks_per_poll: 0, delay: 5..=5, busy_per_mille: 0, ..NetworkConfig::default() };
    let network = Network::new(1, 2, NetworkConfig { connect_delay: 3..=3, ..config });
    let mut transports = connected(&network);
    assert_eq!(transports[0].send(Peer(1), &[1], &[]), Post::Busy, "the endpoint does not stand yet");
    network.advance(3);
    assert_eq!(transports[0].send(Peer(1), &[1], &[]), Post::Accepted);
    for now in 3..8 {
        assert_eq!(network.now(), now);
        assert!(!transports[0].drained());
        assert_eq!(transports[1].poll(&mut |event| panic!("{event:?}")), 0);
        network.advance(1);
    }
    assert!(transports[0].drained());
    assert_eq!(transports[1].poll(&mut |_| {}), 1);
}

#[test]
fn a_lost_frame_cuts_its_link_and_both_ends_are_told() {
    with_seeds(20, |seed| {
        let config = NetworkConfig { loss_per_million: 20_000, ..NetworkConfig::default() };
        let network = Network::new(seed, 2, config);
        let mut transports = connected(&network);
        let mut sent = [0_u32; 2];
        let mut seen = [0_u32; 2];
        let mut closed = [None, None];
        while closed.contains(&None) {
            for rank in 0..2 {
                let peer = Peer(1 - rank as u32);
                let posted = transports[rank].send(peer, &sent[rank].to_le_bytes(), &[0; 30]);
                sent[rank] += u32::from(posted == Post::Accepted);
                assert_eq!(posted == Post::Closed, closed[rank].is_some());
                transports[rank].poll(&mut |event| match event {
                    Inbound::Frame { header, .. } => {
                        assert!(closed[rank].is_none() && header == seen[rank].to_le_bytes(), "seed {seed}");
                        seen[rank] += 1;
                    }
                    Inbound::Closed(Closed { kind, .. }) => assert!(closed[rank].replace(kind).is_none()),
                    Inbound::Done { .. } => panic!("{event:?}"),
                });
            }
        }
        assert_eq!(closed, [Some(ClosedKind::Fabric); 2]);
        assert!(seen[0] + seen[1] < sent[0] + sent[1], "something was lost");
    });
}

#[test]
fn a_cut_leaves_other_links_alone_and_fails_what_is_under_way() {
    with_seeds(20, |seed| {
        let network = Network::new(seed, 3, NetworkConfig { rma_delay: 50..=60, ..NetworkConfig::default() });
        let mut transports = connected(&network);
        // An operation of no bytes is one, too, and needs no memory.
        let region = transports[1].register(RecvBuf::empty().extent()).unwrap();
        let bytes = SendBuf::empty();
        while transports[0].put(Peer(1), bytes, region.key(), OpToken(1)) == Post::Busy {
            transports[0].poll(&mut |_| {});
        }
        network.cut(0, 1);
        let mut told = Vec::new();
        for _ in 0..200 {
            let _ = transports[2].send(Peer(0), &[2], &[]);
            transports[2].poll(&mut |event| panic!("rank 2 has no part in it: {event:?}"));
            transports[0].poll(&mut |event| match event {
                Inbound::Frame { from: Peer(2), .. } => {}
                Inbound::Done { op, outcome } => told.push((Some(op), Some(outcome))),
                Inbound::Closed(end) if end.peer == Peer(1) => told.push((None, None)),
                other => panic!("{other:?}"),
            });
        }
        let gone = Err(RmaError::PeerGone { peer: Peer(1) });
        assert_eq!(told, [(Some(OpToken(1)), Some(gone)), (None, None)], "{}", network.trace());
        assert!(network.alive(0) && network.alive(1) && network.alive(2));
    });
}

#[test]
fn a_killed_rank_is_told_that_everyone_else_is_gone() {
    let network = Network::new(1, 3, NetworkConfig::default());
    let mut transports = connected(&network);
    network.kill(1);
    assert!(!network.alive(1) && network.alive(0));
    assert_eq!(transports[1].send(Peer(0), &[1], &[]), Post::Closed);
    let mut gone = Vec::new();
    for _ in 0..1000 {
        transports[1].poll(&mut |event| match event {
            Inbound::Closed(end) => gone.push(end.peer),
            other => panic!("{other:?}"),
        });
    }
    gone.sort();
    assert_eq!(gone, [Peer(0), Peer(2)]);
}

#[test]
fn who_connects_to_the_dead_is_told_so() {
    let network = Network::new(1, 2, NetworkConfig::default());
    let [mut a, b] = network.transports().try_into().unwrap();
    let address = b.address();
    drop(b);
    a.connect(Peer(1), &address).unwrap();
    let mut kind = None;
    for _ in 0..1000 {
        a.poll(&mut |event| match event {
            Inbound::Closed(end) => kind = Some(end.kind),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(kind, Some(ClosedKind::Unreachable));
}

#[test]
fn what_was_sent_before_an_orderly_departure_arrives() {
    with_seeds(20, |seed| {
        let network = Network::new(seed, 2, NetworkConfig::default());
        let [mut a, mut b] = connected(&network).try_into().unwrap();
        let mut sent = 0_u8;
        while sent < 10 {
            sent += u8::from(b.send(Peer(0), &[sent], &[]) == Post::Accepted);
            b.poll(&mut |event| panic!("{event:?}"));
        }
        drop(b);
        let mut told = Vec::new();
        while told.last() != Some(&u8::MAX) {
            a.poll(&mut |event| match event {
                Inbound::Frame { header, .. } => told.push(header[0]),
                Inbound::Closed(_) => told.push(u8::MAX),
                Inbound::Done { .. } => panic!("{event:?}"),
            });
        }
        assert_eq!(told, (0..10).chain([u8::MAX]).collect::<Vec<_>>());
    });
}

#[test]
#[should_panic(expected = "never connected")]
fn a_post_without_an_endpoint_is_the_callers_mistake() {
    let mut transports = Network::new(1, 2, NetworkConfig::default()).transports();
    let _ = transports[0].send(Peer(1), &[], &[]);
}

#[test]
#[should_panic(expected = "a second time")]
fn a_second_connect_is_the_callers_mistake() {
    let network = Network::new(1, 2, NetworkConfig::default());
    let mut transports = connected(&network);
    let address = transports[1].address();
    let _ = transports[0].connect(Peer(1), &address);
}

#[test]
fn an_address_of_elsewhere_is_refused() {
    let mut transports = Network::new(1, 2, NetworkConfig::default()).transports();
    let own = transports[0].address();
    assert!(transports[0].connect(Peer(1), &own).is_err());
    assert!(transports[0].connect(Peer(7), &own).is_err());
}
