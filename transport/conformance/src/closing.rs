//! "After `Closed` for a peer, nothing more of that peer is told, and everything posted to it answers `Closed`. A
//! peer is told as closed at most once. Others are not disturbed." The world of a check watches over the silence.

use olympi_transport_api::{Closed, OpToken, Post, RemoteKey, Transport};

use crate::flow::{Flow, run};
use crate::lent::Lent;
use crate::world::{Event, Guard, World, peer};

/// A rank that has spoken dies: its peer is told once, posts are refused, and nothing follows.
pub fn a_death_is_told_once_and_then_silence<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "a_death_is_told_once_and_then_silence";
    let Some(mut world) = World::connected(make, 2, check) else { return };
    let Some(_) = world.killer(check) else { return };
    run(&mut world, &mut [Flow::new(0, 1, vec![(8, 8); 10]), Flow::new(1, 0, vec![(8, 8); 10])], 3);
    world.kill(1);
    let closed = told_of(&mut world, 0, 1);
    assert!(!closed.detail.is_empty(), "a reason is given in words: {closed:?}");
    assert_eq!(closed.transport, world.transport(0).caps().name);
    for _ in 0..3 {
        refuses_everything(&mut world, 0, 1);
        world.settle();
        assert!(world.take(0).is_empty());
    }
}

/// Two ranks go on exchanging frames while a third, to which both were talking, dies.
pub fn others_are_not_disturbed<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    const DYING: usize = 2;
    let check = "others_are_not_disturbed";
    let Some(mut world) = World::connected(make, 3, check) else { return };
    let Some(_) = world.killer(check) else { return };
    let mut flows = [Flow::new(0, 1, vec![(40, 300); 2000]), Flow::new(1, 0, vec![(40, 300); 2000])];
    let mut lost = [Flow::new(0, DYING, vec![(8, 64); 3]), Flow::new(DYING, 1, vec![(8, 64); 3])];
    run(&mut world, &mut lost, 1);
    let mut told = [false; 3];
    let mut guard = Guard::new();
    while !flows.iter().all(Flow::complete) || told != [true, true, false] {
        for flow in &mut flows {
            flow.push(&mut world, 20);
        }
        if flows[0].seen > 500 && world.alive(DYING) {
            // Frames to and from it are under way, and may be lost with it.
            for _ in 0..20 {
                let _ = world.transport(0).send(peer(DYING), &[1], &[2; 64]);
            }
            world.kill(DYING);
        }
        world.poll_all();
        for (rank, flow) in [1, 0].into_iter().zip(&mut flows) {
            for event in world.take(rank) {
                match event {
                    Event::Frame { from, header, payload } if from == peer(flow.from) => {
                        flow.absorb(&header, &payload);
                    }
                    Event::Closed(Closed { peer: gone, .. }) if gone == peer(DYING) => told[rank] = true,
                    other => panic!("rank {rank} was told {other:?}"),
                }
            }
        }
        guard.idle(true, || format!("4000 frames beside a death, told to ranks 0 and 1: {told:?}"));
    }
    run(&mut world, &mut [Flow::new(0, 1, vec![(8, 8); 10]), Flow::new(1, 0, vec![(8, 8); 10])], 3);
}

/// Operations under way to a rank that dies end once each, one way or the other, before `Closed` is told.
pub fn outstanding_operations_end_when_the_peer_dies<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "outstanding_operations_end_when_the_peer_dies";
    for (get, put) in [(true, false), (false, true)] {
        let Some(mut world) = World::connected(make, 2, check) else { return };
        let Some(_) = world.killer(check) else { return };
        let caps = world.transport(0).caps();
        if (get && caps.get_from.is_none()) || (put && caps.put_from.is_none()) {
            continue;
        }
        let (memory, own) = (Lent::filled(7, 1 << 20), Lent::filled(9, 1 << 20));
        let region = world.register(1, memory.recv().extent());
        for op in 0..16_usize {
            let (at, len) = (op << 16, 1 << 16);
            let key = region.key().at(at as u64);
            if get {
                world.get(0, 1, own.recv().part(at, len), key, op as u64);
            } else {
                world.put(0, 1, own.send().part(at, len), key, op as u64);
            }
        }
        world.kill(1);
        let mut ended = 0;
        let mut closed = false;
        world.until("16 operations to end, and the death to be told", |world| {
            for event in world.take(0) {
                match event {
                    Event::Done { .. } => ended += 1,
                    Event::Closed(end) => closed = end.peer == peer(1),
                    Event::Frame { .. } => panic!("nobody sent a frame: {event:?}"),
                }
            }
            ended == 16 && closed
        });
        refuses_everything(&mut world, 0, 1);
        drop(region);
    }
}

/// A sender to which `Busy` is answered since its peer does not look learns that the peer has died.
pub fn a_sender_that_is_stuck_learns_of_the_death<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "a_sender_that_is_stuck_learns_of_the_death";
    let Some(mut world) = World::connected(make, 2, check) else { return };
    let Some(_) = world.killer(check) else { return };
    run(&mut world, &mut [Flow::new(0, 1, vec![(8, 8); 10]), Flow::new(1, 0, vec![(8, 8); 10])], 3);
    let mut flow = Flow::new(0, 1, vec![(8, 1000); 50_000]);
    let mut refusals = 0;
    while refusals < 50 && flow.sent < flow.sizes.len() {
        refusals = if flow.push(&mut world, usize::MAX) == 0 { refusals + 1 } else { 0 };
        world.poll(0);
    }
    world.kill(1);
    told_of(&mut world, 0, 1);
    refuses_everything(&mut world, 0, 1);
    assert!(world.transport(0).drained(), "what can never be delivered must not hold up an exit");
}

/// Two of four ranks die at the same time; the other two hear of both and still have each other.
pub fn two_deaths_at_once<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let check = "two_deaths_at_once";
    let Some(mut world) = World::connected(make, 4, check) else { return };
    let Some(_) = world.killer(check) else { return };
    let all = (0..4).flat_map(|from| (0..4).map(move |to| (from, to))).filter(|(from, to)| from != to);
    let mut flows: Vec<_> = all.map(|(from, to)| Flow::new(from, to, vec![(8, 50); 5])).collect();
    run(&mut world, &mut flows, 2);
    world.kill(1);
    world.kill(2);
    let mut told = Vec::new();
    world.until("two ranks to hear of two deaths", |world| {
        for rank in [0, 3] {
            for event in world.take(rank) {
                let Event::Closed(end) = event else { panic!("rank {rank} was told {event:?}") };
                told.push((rank, end.peer.index()));
            }
        }
        told.len() == 4
    });
    told.sort_unstable();
    assert_eq!(told, [(0, 1), (0, 2), (3, 1), (3, 2)]);
    run(&mut world, &mut [Flow::new(0, 3, vec![(8, 8); 10]), Flow::new(3, 0, vec![(8, 8); 10])], 3);
}

fn told_of<T: Transport>(world: &mut World<T>, rank: usize, gone: usize) -> Closed {
    let mut told = None;
    world.until("a death to be told", |world| {
        for event in world.take(rank) {
            match event {
                Event::Closed(end) => told = Some(end),
                // What was under way from it may still come before.
                Event::Frame { .. } if told.is_none() => {}
                other => panic!("rank {rank} was told {other:?}"),
            }
        }
        told.is_some()
    });
    let told = told.expect("awaited above");
    assert_eq!(told.peer, peer(gone));
    told
}

fn refuses_everything<T: Transport>(world: &mut World<T>, rank: usize, gone: usize) {
    let caps = world.transport(rank).caps().clone();
    let own = Lent::filled(0, 64);
    let transport = world.transport(rank);
    assert_eq!(transport.send(peer(gone), &[1, 2], &[3]), Post::Closed);
    let key = RemoteKey { address: 16, key: 1 };
    if caps.get_from.is_some() {
        assert_eq!(transport.get(peer(gone), own.recv(), key, OpToken(99)), Post::Closed);
    }
    if caps.put_from.is_some() {
        assert_eq!(transport.put(peer(gone), own.send(), key, OpToken(99)), Post::Closed);
    }
}
