//! Random traffic over every sort of simulated network: each message once, in order, with the right bytes.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

mod world;

use std::cell::Cell;

use olympi_protocol::{Mode, SendId, Sent, Thresholds};
use olympi_sim::{NetworkConfig, Rng, with_seeds};
use olympi_transport_api::{Envelope, Peer, SendBuf};
use world::{Message, World, script};

const SIZE: usize = 4;

/// Small pieces and few frames a poll, so that short messages go every way there is.
fn small_steps() -> Thresholds {
    Thresholds { rma_piece: 3000, rma_window: 2, frames_per_poll: 3, ..Thresholds::default() }
}

#[test]
fn every_message_arrives_once_in_order_and_whole() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        with_seeds(30, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(5) + sort as u64);
            let script = script(&mut rng, SIZE, 60, &config);
            let thresholds = if seed % 2 == 0 { small_steps() } else { Thresholds::default() };
            let mut world = World::new(seed, SIZE, config.clone(), thresholds, &script);
            world.run();
            for (number, message) in script.iter().enumerate() {
                world.assert_well(number, message);
            }
        });
    }
}

#[test]
fn when_a_rank_dies_everything_ends_and_others_are_not_disturbed() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        with_seeds(40, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(5) + sort as u64);
            let script = script(&mut rng, SIZE, 50, &config);
            let mut world = World::new(seed, SIZE, config.clone(), small_steps(), &script);
            for _ in 0..world.rng.below(4000) {
                world.step();
            }
            let dead = world.rng.below(SIZE);
            world.kill(dead);
            world.run();
            for (number, message) in script.iter().enumerate() {
                if message.from != dead && message.to != dead {
                    world.assert_well(number, message);
                }
            }
        });
    }
}

#[test]
fn a_cut_link_ends_what_went_over_it_at_both_ends() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        with_seeds(20, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(5) + sort as u64);
            let script = script(&mut rng, SIZE, 50, &config);
            let mut world = World::new(seed, SIZE, config.clone(), small_steps(), &script);
            for _ in 0..world.rng.below(3000) {
                world.step();
            }
            let (a, b) = (world.rng.below(SIZE), world.rng.below(SIZE));
            world.network.cut(a, b);
            world.run();
            for (number, message) in script.iter().enumerate() {
                if (message.from, message.to) != (a, b) && (message.from, message.to) != (b, a) {
                    world.assert_well(number, message);
                }
            }
        });
    }
}

#[test]
fn what_is_refused_travels_in_frames() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate().skip(1) {
        with_seeds(20, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(5) + sort as u64);
            let script = script(&mut rng, SIZE, 60, &config);
            let mut world = World::new(seed, SIZE, config.clone(), small_steps(), &script);
            for rank in &mut world.ranks {
                rank.transport.percent = 30;
            }
            world.run();
            assert!(world.ranks.iter().any(|rank| rank.transport.refused.get() > 0), "something was refused");
            for (number, message) in script.iter().enumerate() {
                world.assert_well(number, message);
            }
        });
    }
}

#[test]
fn what_nobody_asks_for_is_bounded_and_arrives_all_the_same() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        with_seeds(20, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(5) + sort as u64);
            let unexpected_max = [0, 1000, 20_000][rng.below(3)];
            let thresholds = Thresholds { unexpected_max, ..small_steps() };
            let script = script(&mut rng, SIZE, 100, &config);
            let mut world = World::new(seed, SIZE, config.clone(), thresholds, &script);
            world.run();
            for (number, message) in script.iter().enumerate() {
                world.assert_well(number, message);
            }
            assert!(world.ranks.iter().all(|rank| rank.engine.unexpected_bytes() == 0));
        });
    }
}

/// A flood that nobody asks for: its sender hears that it is to wait, though it is never refused, and goes on as before
/// when the receiver has caught up.
#[test]
fn a_flood_waits_at_its_sender() {
    const BOUND: usize = 100_000;
    let message = |tag: i32, len: usize| Message {
        from: 1,
        to: 0,
        context: 0,
        tag,
        len,
        room: len,
        mode: Mode::Standard,
        unwanted: false,
    };
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        let at_once = Cell::new(0);
        with_seeds(10, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(3) + sort as u64);
            let longest = config.caps.eager_max;
            let script: Vec<_> = (0..1000).map(|_| message(0, rng.below(longest + 1))).collect();
            let thresholds = Thresholds { unexpected_max: BOUND, ..small_steps() };
            let mut world = World::new(seed, 2, config.clone(), thresholds, &script);
            let mut most = 0;
            for _ in 0..30_000 {
                world.step_deaf();
                most = most.max(world.ranks[0].engine.unexpected_bytes());
            }
            let ended = world.ranks[1].sends().iter().filter(|fate| fate.ended()).count();
            assert!(ended > 0 && ended < script.len(), "{ended} sends have ended");
            // What is sent until the word has come comes on top: here a few times what the network holds.
            let under_way = 4 * config.queue.max(8) * (config.caps.max_frame + 200) + longest;
            assert!(
                most > BOUND && most <= BOUND + under_way,
                "{most} bytes were kept, {under_way} under way"
            );
            world.run();
            for (number, message) in script.iter().enumerate() {
                world.assert_well(number, message);
            }
            assert_eq!(world.ranks[0].engine.unexpected_bytes(), 0);
            let rank = &mut world.ranks[1];
            for _ in 0..200 {
                rank.poll();
            }
            let envelope = Envelope { context: 0, source: 1, tag: 9, signature: 0, len: 1 };
            let buf = SendBuf::from_static(b"x");
            let sent =
                rank.engine.send(&mut rank.transport, Peer(0), &envelope, Mode::Standard, buf, SendId(0));
            at_once.set(at_once.get() + usize::from(sent == Ok(Sent::Done)));
        });
        assert!(at_once.get() > 0, "afterwards messages go at once again");
    }
}
