//! "`Accepted` means that the bytes are copied. `Busy` changes nothing; it ends when the caller goes on polling,
//! or the peer does."

use olympi_transport_api::{Post, Transport};

use crate::flow::{Flow, run};
use crate::world::{Event, Guard, World, peer};

/// One buffer serves for all frames; it is overwritten the moment that a frame is accepted.
pub fn accepted_means_copied<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let len = world.transport(a).caps().max_frame.min(5000) - 8;
    let mut buffer = vec![0; len];
    for round in 0..200_u64 {
        let part = if round % 3 == 0 { len } else { (round as usize * 7) % 200 };
        buffer[..part].fill(round as u8);
        world.send(a, b, &round.to_le_bytes(), &buffer[..part]);
        buffer.fill(0xEE);
    }
    let mut seen = 0;
    world.until("200 frames", |world| {
        for event in world.take(b) {
            let Event::Frame { header, payload, .. } = event else { panic!("unexpected: {event:?}") };
            assert_eq!(header, u64::to_le_bytes(seen));
            assert!(
                payload.iter().all(|&byte| byte == seen as u8),
                "frame {seen} was changed after it was accepted"
            );
            seen += 1;
        }
        seen == 200
    });
}

/// Frames are posted to a peer that does not look until one is refused: then exactly the accepted ones arrive.
pub fn busy_changes_nothing<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let max = world.transport(a).caps().max_frame;
    for payload in [0, 24, 1000, max / 2, max - 8] {
        // A transport may take much, e.g. into a socket's buffer; it need not refuse at all.
        let most = (64 << 20) / (payload + 64);
        let mut flow = Flow::new(a, b, vec![(8, payload); most.min(20_000)]);
        let mut refusals = 0;
        while refusals < 10 && flow.sent < flow.sizes.len() {
            refusals = if flow.push(&mut world, usize::MAX) == 0 { refusals + 1 } else { 0 };
            if a != b {
                world.poll(a);
            }
        }
        flow.sizes.truncate(flow.sent);
        run(&mut world, &mut [flow], 0);
        run(&mut world, &mut [Flow::new(a, b, vec![(8, payload); 3])], 1);
    }
}

/// Time and again a link is filled to `Busy` and drained: it always takes more afterwards.
pub fn busy_ends<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let max = world.transport(a).caps().max_frame;
    for round in 0..20 {
        let count = 30 + 7 * round;
        run(&mut world, &mut [Flow::new(a, b, vec![(40, (max - 40).min(16 << 10)); count])], usize::MAX);
    }
}

/// A rank that never polls fills up; its sender still gets frames to, and from, a third rank.
pub fn a_stuck_peer_stalls_nobody_else<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    const STUCK: usize = 1;
    let Some(mut world) = World::connected(make, 3, "a_stuck_peer_stalls_nobody_else") else { return };
    // The endpoints stand, and have carried something.
    let hello = |from, to| Flow::new(from, to, vec![(8, 8); 3]);
    run(&mut world, &mut [hello(0, STUCK), hello(0, 2), hello(2, 0)], usize::MAX);

    let mut stuck = Flow::new(0, STUCK, vec![(40, 960); 50_000]);
    let mut refusals = 0;
    while refusals < 100 && stuck.sent < stuck.sizes.len() {
        refusals = if stuck.push(&mut world, usize::MAX) == 0 { refusals + 1 } else { 0 };
        world.poll(0);
    }
    let mut there = Flow::new(0, 2, vec![(40, 500); 500]);
    let mut back = Flow::new(2, 0, vec![(40, 500); 500]);
    let mut guard = Guard::new();
    while !there.complete() || !back.complete() {
        let pushed = there.push(&mut world, usize::MAX) + back.push(&mut world, usize::MAX);
        let told = world.poll(0) + world.poll(2);
        for (rank, flow) in [(2, &mut there), (0, &mut back)] {
            for event in world.take(rank) {
                let Event::Frame { header, payload, .. } = event else { panic!("unexpected: {event:?}") };
                flow.absorb(&header, &payload);
            }
        }
        guard.idle(pushed + told == 0, || {
            format!("ranks 0 and 2 to exchange frames while rank {STUCK} sleeps")
        });
    }
    stuck.sizes.truncate(stuck.sent);
    run(&mut world, &mut [stuck], 0);
}

/// `drained` comes true by polling alone once the peer takes what was sent, and does not change the frames.
pub fn what_was_accepted_drains<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let max = world.transport(a).caps().max_frame;
    let mut flow = Flow::new(a, b, vec![(16, max - 16); 50]);
    let mut guard = Guard::new();
    while flow.sent < flow.sizes.len() {
        let pushed = flow.push(&mut world, usize::MAX);
        let told = world.poll_all();
        guard.idle(pushed + told == 0, || "50 long frames to be accepted".to_owned());
    }
    world.until("everything accepted to leave its process", |world| world.transport(a).drained());
    run(&mut world, &mut [flow], 0);
    assert!(world.transport(a).drained(), "nothing was sent since, and something is left to be written");
    assert_ne!(world.transport(a).send(peer(b), &[1], &[]), Post::Closed);
}
