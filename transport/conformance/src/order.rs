//! "Frames to one peer arrive once, whole, and in the order in which they were accepted."

use olympi_transport_api::Transport;

use crate::flow::{Flow, boundaries, deliver, pattern, run};
use crate::world::{Guard, World};

/// Frames of every length from none to `max_frame` that is worth a look, under headers of several lengths.
pub fn every_size_arrives_whole<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let mut sizes = Vec::new();
    for total in boundaries(world.transport(a)) {
        for header in [0, 1, 8, 24, 40, 64] {
            if header <= total {
                sizes.push((header, total - header));
            }
        }
    }
    let backwards = sizes.iter().rev().copied().collect();
    run(&mut world, &mut [Flow::new(a, b, sizes)], 1);
    if a != b {
        run(&mut world, &mut [Flow::new(b, a, backwards)], usize::MAX);
    }
}

/// Headers of 0 to 64 bytes, with and without a payload.
pub fn headers_of_every_length<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let sizes = (0..=64).flat_map(|header| [0, 1, 24, 40, 700].map(|payload| (header, payload))).collect();
    run(&mut world, &mut [Flow::new(a, b, sizes)], usize::MAX);
}

/// Thousands of frames of mixed lengths, posted as fast as they are taken.
pub fn order_is_kept_under_load<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let max = world.transport(a).caps().max_frame;
    let sizes = mixed(1, 5000, max);
    run(&mut world, &mut [Flow::new(a, b, sizes)], usize::MAX);
}

/// Two ranks that send to each other at the same time, more than either takes at once.
pub fn both_directions_at_once<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let Some(mut world) = World::connected(make, 2, "both_directions_at_once") else { return };
    let max = world.transport(0).caps().max_frame;
    let flows = &mut [Flow::new(0, 1, mixed(2, 2000, max)), Flow::new(1, 0, mixed(3, 2000, max))];
    run(&mut world, flows, usize::MAX);
}

/// Several ranks flood one, without an end until each of them has been heard.
pub fn many_to_one_starves_nobody<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    const HEARD: usize = 200;
    let Some(mut world) = World::connected(make, 4, "many_to_one_starves_nobody") else { return };
    let endless = |from| Flow::new(from, 0, vec![(16, 100); 2_000_000]);
    let mut flows: Vec<_> = (1..4).map(endless).collect();
    let mut guard = Guard::new();
    while flows.iter().any(|flow| flow.seen < HEARD) {
        for flow in &mut flows {
            flow.push(&mut world, 64);
        }
        for rank in 1..4 {
            world.poll(rank);
        }
        world.poll(0);
        deliver(&mut world, &mut flows);
        let seen: Vec<_> = flows.iter().map(|flow| flow.seen).collect();
        guard.idle(true, || format!("{HEARD} frames from each of three flooding ranks; so far {seen:?}"));
    }
    // What is under way must still arrive whole.
    for flow in &mut flows {
        flow.sizes.truncate(flow.sent);
    }
    run(&mut world, &mut flows, 0);
}

/// Every rank connects to every other and sends at once: ties of simultaneous connections must be broken.
pub fn all_to_all_from_the_first_moment<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    const RANKS: usize = 5;
    let Some(mut world) = World::unconnected(make, RANKS, "all_to_all_from_the_first_moment") else { return };
    let mut flows = Vec::new();
    for from in 0..RANKS {
        for to in (0..RANKS).filter(|&to| to != from) {
            world.connect(from, to);
            let mut flow = Flow::new(from, to, mixed((from * RANKS + to) as u64, 100, 1024));
            flow.push(&mut world, 3);
            flows.push(flow);
        }
    }
    run(&mut world, &mut flows, 7);
}

/// A rank is sent frames before it has itself connected; it connects then, and answers.
pub fn answering_before_being_asked_to_connect<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let Some(mut world) = World::unconnected(make, 3, "answering_before_being_asked_to_connect") else {
        return;
    };
    // Both orders of ranks, since a tie between two connections may be broken by rank.
    for (asking, asked) in [(0, 1), (2, 1)] {
        world.connect(asking, asked);
        run(&mut world, &mut [Flow::new(asking, asked, mixed(4, 50, 1000))], 5);
        world.connect(asked, asking);
        let flows =
            &mut [Flow::new(asked, asking, mixed(5, 50, 1000)), Flow::new(asking, asked, mixed(6, 50, 1000))];
        run(&mut world, flows, 5);
    }
}

/// Lengths of header and payload in a mixture: mostly short, some long, a few of the longest.
fn mixed(tag: u64, count: usize, max_frame: usize) -> Vec<(usize, usize)> {
    let random = pattern(tag + 77, count * 4);
    let pick = |four: &[u8]| {
        let header = usize::from(four[0]) % 65;
        let any = usize::from(four[2]) * 256 + usize::from(four[3]);
        let payload = match four[1] % 64 {
            0 => max_frame - header,
            1..=7 => any % 8192,
            8..=23 => any % 600,
            _ => any % 70,
        };
        (header, payload.min(max_frame - header))
    };
    random.chunks_exact(4).map(pick).collect()
}
