//! Random traffic over every sort of simulated network: each message once, in order, with the right bytes.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

mod world;

use olympi_protocol::Thresholds;
use olympi_sim::{NetworkConfig, Rng, with_seeds};
use world::{World, script};

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
