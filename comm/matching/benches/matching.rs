//! What a match costs, and that depth does not change it.
//!
//! Every figure is the time of one post and one arrival. `posted`: the receive that matches stands behind `depth`
//! others. `unexpected`: `depth` messages wait and are received in some order.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use olympi_matching::{Arrived, Key, MatchQueue, Pattern, Posted};

const DEPTHS: [i32; 6] = [0, 1, 10, 100, 10_000, 100_000];

/// A queue in which receives of the tags 0 to `depth - 1` wait.
fn waiting(depth: i32) -> MatchQueue<u64, u64> {
    let mut queue = MatchQueue::new();
    for tag in 0..depth {
        post(&mut queue, Key { source: 1, tag });
    }
    queue
}

// Only single words go through `black_box`: a structure would be stored in pieces and loaded whole, and the processor's
// wait for its own stores would be most of what is measured.

#[inline(always)]
fn post(queue: &mut MatchQueue<u64, u64>, key: Key) {
    match queue.post(key.into(), black_box(1)) {
        Posted::Queued(token) => _ = black_box(token),
        Posted::Matched { .. } => panic!("no message was waiting"),
    }
}

#[inline(always)]
fn arrive(queue: &mut MatchQueue<u64, u64>, key: Key) {
    match queue.arrive(key, || 2) {
        Arrived::Matched(recv) => _ = black_box(recv),
        Arrived::Queued => panic!("the receive was posted"),
    }
}

fn posted(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matching/posted");
    for depth in DEPTHS {
        let mut queue = waiting(depth);
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter(|| {
                let key = Key { source: 1, tag: black_box(depth) };
                post(&mut queue, key);
                arrive(&mut queue, key);
            });
        });
    }
    group.finish();

    // Irregular: the next receive that matches is any of those that wait.
    let mut group = criterion.benchmark_group("matching/posted-shuffled");
    for depth in DEPTHS.into_iter().filter(|&depth| depth > 0) {
        let mut queue = waiting(depth);
        let mut tag: i32 = 0;
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter(|| {
                tag = (tag + 61_803).rem_euclid(depth);
                let key = Key { source: 1, tag };
                arrive(&mut queue, key);
                post(&mut queue, key);
            });
        });
    }
    group.finish();
}

/// Lets `depth` messages arrive and receives them all by `pattern(n)`, again and again; the time of `rounds` messages.
#[inline(always)]
fn drain(depth: i32, rounds: u64, pattern: impl Fn(i32) -> Pattern) -> Duration {
    let mut queue: MatchQueue<u64, u64> = MatchQueue::new();
    let batches = rounds.div_ceil(depth as u64);
    let mut start = Instant::now();
    for batch in 0..=batches {
        if batch == 1 {
            // The first batch only warms the queue's memory up.
            start = Instant::now();
        }
        for tag in 0..depth {
            match queue.arrive(Key { source: 1, tag: black_box(tag) }, || 2) {
                Arrived::Queued => {}
                Arrived::Matched(_) => panic!("no receive was waiting"),
            }
        }
        for nth in 0..depth {
            match queue.post(pattern(black_box(nth)), 1) {
                Posted::Matched { message, .. } => _ = black_box(message),
                Posted::Queued(_) => panic!("the message was waiting"),
            }
        }
    }
    start.elapsed().div_f64(batches as f64 * f64::from(depth)).mul_f64(rounds as f64)
}

/// Measures [`drain`] in one order at all depths.
fn unexpected_in(criterion: &mut Criterion, order: &str, pattern: impl Fn(i32, i32) -> Pattern + Copy) {
    let mut group = criterion.benchmark_group(format!("matching/unexpected-{order}"));
    for depth in DEPTHS.into_iter().filter(|&depth| depth > 0) {
        group.bench_function(BenchmarkId::from_parameter(depth), |bencher| {
            bencher.iter_custom(|rounds| drain(depth, rounds, |nth| pattern(depth, nth)));
        });
    }
    group.finish();
}

fn unexpected(criterion: &mut Criterion) {
    unexpected_in(criterion, "reverse", |depth, nth| Pattern { source: Some(1), tag: Some(depth - 1 - nth) });
    unexpected_in(criterion, "in-order", |_, nth| Pattern { source: Some(1), tag: Some(nth) });
    unexpected_in(criterion, "any-source-reverse", |depth, nth| Pattern {
        source: None,
        tag: Some(depth - 1 - nth),
    });
    unexpected_in(criterion, "any-tag", |_, _| Pattern { source: Some(1), tag: None });
}

criterion_group!(benches, posted, unexpected);
criterion_main!(benches);
