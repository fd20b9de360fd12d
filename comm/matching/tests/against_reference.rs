//! `MatchQueue` answers every sequence of operations exactly as the naive model does.

use olympi_matching::reference::{ReferencePosted, ReferenceQueue};
use olympi_matching::{Arrived, Key, MatchQueue, Pattern, PostToken, Posted};
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    Post(Pattern),
    /// Many receives of one pattern: a run, if nothing else waits.
    PostRun(Pattern, usize),
    /// Messages until nobody waits, so that the next receive begins a run.
    ArriveForAll,
    Arrive(Key),
    /// Cancels one of the receives ever posted, alive or not, by its number modulo their count.
    Cancel(usize),
    Probe(Pattern),
    Take(Pattern),
    DrainPosted(u32),
    DrainUnexpected(u32),
}

const SOURCES: u32 = 4;

/// Tags that lie close together, far apart, and below zero.
fn tag() -> impl Strategy<Value = i32> {
    prop_oneof![8 => 0..4i32, 4 => (0..4i32).prop_map(|n| n << 20), 4 => -2..0i32, 1 => any::<i32>()]
}

fn pattern() -> impl Strategy<Value = Pattern> {
    (prop::option::weighted(0.7, 0..SOURCES), prop::option::weighted(0.7, tag()))
        .prop_map(|(source, tag)| Pattern { source, tag })
}

fn key() -> impl Strategy<Value = Key> {
    (0..SOURCES, tag()).prop_map(|(source, tag)| Key { source, tag })
}

/// `posts` and `arrivals` weigh how deep either queue grows.
fn op(posts: u32, arrivals: u32) -> impl Strategy<Value = Op> {
    prop_oneof![
        posts => pattern().prop_map(Op::Post),
        arrivals => key().prop_map(Op::Arrive),
        4 => any::<usize>().prop_map(Op::Cancel),
        3 => pattern().prop_map(Op::Probe),
        3 => pattern().prop_map(Op::Take),
        2 => (pattern(), 1..20usize).prop_map(|(pattern, times)| Op::PostRun(pattern, times)),
        2 => Just(Op::ArriveForAll),
        1 => (0..SOURCES * 40).prop_map(Op::DrainPosted),
        1 => (0..SOURCES * 40).prop_map(Op::DrainUnexpected),
    ]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    // A phase floods one queue, the next the other, so that both grow deep, run empty and grow again.
    let phase = (0..3usize).prop_flat_map(|kind| {
        let (posts, arrivals) = [(20, 20), (40, 5), (5, 40)][kind];
        prop::collection::vec(op(posts, arrivals), 0..300)
    });
    prop::collection::vec(phase, 1..6).prop_map(|phases| phases.concat())
}

/// Runs of one or two patterns, that others join now and then: the queue goes from runs to the other orders and back.
fn runs() -> impl Strategy<Value = Vec<Op>> {
    let op = (pattern(), pattern()).prop_flat_map(|(one, other)| {
        let op = prop_oneof![
            30 => Just(Op::Post(one)),
            10 => (1..20usize).prop_map(move |times| Op::PostRun(one, times)),
            1 => Just(Op::Post(other)),
            20 => Just(Op::Arrive(Key { source: one.source.unwrap_or(1), tag: one.tag.unwrap_or(1) })),
            3 => key().prop_map(Op::Arrive),
            10 => any::<usize>().prop_map(Op::Cancel),
            3 => Just(Op::ArriveForAll),
            1 => Just(Op::DrainUnexpected(one.source.unwrap_or(1))),
        ];
        prop::collection::vec(op, 0..60)
    });
    prop::collection::vec(op, 1..12).prop_map(|phases| phases.concat())
}

/// The queue, the model, and the names of all receives that ever waited.
#[derive(Default)]
struct Both {
    queue: MatchQueue<usize, usize>,
    model: ReferenceQueue<usize, usize>,
    tokens: Vec<(PostToken, u64)>,
    waiting: Vec<Pattern>,
}

impl Both {
    fn post(&mut self, pattern: Pattern, serial: usize) -> Result<(), TestCaseError> {
        match (self.queue.post(pattern, serial), self.model.post(pattern, serial)) {
            (Posted::Queued(token), ReferencePosted::Queued(number)) => {
                self.tokens.push((token, number));
                self.waiting.push(pattern);
            }
            (
                Posted::Matched { key, message, recv },
                ReferencePosted::Matched { key: model_key, message: model_message, recv: model_recv },
            ) => {
                prop_assert_eq!((key, message, recv), (model_key, model_message, model_recv));
            }
            (real, model) => prop_assert!(false, "{serial}: {real:?} but the model says {model:?}"),
        }
        Ok(())
    }
}

fn run(ops: &[Op]) -> Result<(), TestCaseError> {
    let mut both = Both::default();
    for (serial, op) in ops.iter().enumerate() {
        let serial = serial * 100;
        match *op {
            Op::Post(pattern) => both.post(pattern, serial)?,
            Op::PostRun(pattern, times) => {
                for at in 0..times {
                    both.post(pattern, serial + at)?;
                }
            }
            Op::ArriveForAll => {
                for Pattern { source, tag } in std::mem::take(&mut both.waiting) {
                    let key = Key { source: source.unwrap_or(0), tag: tag.unwrap_or(0) };
                    prop_assert_eq!(both.queue.arrive(key, || serial), both.model.arrive(key, || serial));
                }
                let all = |_: &Key, _: &usize| true;
                prop_assert_eq!(both.queue.drain_unexpected(all), both.model.drain_unexpected(all));
            }
            _ => {}
        }
        let Both { queue, model, tokens, .. } = &mut both;
        match *op {
            Op::Post(_) | Op::PostRun(..) | Op::ArriveForAll => {}
            Op::Arrive(key) => {
                let mut made = false;
                let real = queue.arrive(key, || {
                    made = true;
                    serial
                });
                prop_assert_eq!(real, model.arrive(key, || serial), "arrival {}", serial);
                prop_assert_eq!(made, real == Arrived::Queued);
            }
            Op::Cancel(which) if !tokens.is_empty() => {
                let (token, number) = tokens[which % tokens.len()];
                prop_assert_eq!(queue.cancel(token), model.cancel(number));
            }
            Op::Cancel(_) => {}
            Op::Probe(pattern) => prop_assert_eq!(queue.probe(pattern), model.probe(pattern)),
            Op::Take(pattern) => prop_assert_eq!(queue.take(pattern), model.take(pattern)),
            Op::DrainPosted(source) => {
                let dead = |pattern: &Pattern, _: &usize| pattern.source == Some(source);
                prop_assert_eq!(queue.drain_posted(dead), model.drain_posted(dead));
            }
            Op::DrainUnexpected(source) => {
                let dead = |key: &Key, _: &usize| key.source == source;
                prop_assert_eq!(queue.drain_unexpected(dead), model.drain_unexpected(dead));
            }
        }
        prop_assert_eq!(queue.posted_len(), model.posted_len());
        prop_assert_eq!(queue.unexpected_len(), model.unexpected_len());
    }
    let Both { queue, model, .. } = &mut both;
    prop_assert_eq!(queue.drain_posted(|_, _| true), model.drain_posted(|_, _| true));
    prop_assert_eq!(queue.drain_unexpected(|_, _| true), model.drain_unexpected(|_, _| true));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn answers_as_the_model(ops in ops()) {
        run(&ops)?;
    }

    #[test]
    fn runs_answer_as_the_model(ops in runs()) {
        run(&ops)?;
    }
}

const ANY: Pattern = Pattern { source: None, tag: None };

/// Deep enough that a linear search would take minutes: the hang guard of the test runner would notice.
const DEEP: i32 = 60_000;

#[test]
fn deep_unexpected_in_reverse_and_by_wildcards() {
    let mut queue: MatchQueue<(), i32> = MatchQueue::new();
    for round in 0..4 {
        for serial in 0..DEEP {
            let key = Key { source: (serial % 7) as u32, tag: serial };
            assert_eq!(queue.arrive(key, || serial), Arrived::Queued);
        }
        for serial in (0..DEEP).rev() {
            let (source, tag) = ((serial % 7) as u32, serial);
            let pattern = match (round, serial % 2) {
                (0, _) => Pattern { source: Some(source), tag: Some(tag) },
                (1, _) | (2, 0) => Pattern { source: None, tag: Some(tag) },
                (2, _) => Pattern { source: Some(source), tag: Some(tag) },
                _ => Pattern { source: Some(source), tag: None },
            };
            let (key, message) = queue.take(pattern).expect("every message is still there");
            assert!(pattern.matches(key));
            if round < 3 {
                assert_eq!(message, serial);
            }
        }
        assert_eq!(queue.unexpected_len(), 0);
    }
}

#[test]
fn deep_posted_with_strided_tags_and_cancels_from_the_middle() {
    for stride in [1, 2, 8, 64, 1 << 12, 1 << 13, 6_700_417] {
        let mut queue: MatchQueue<i32, ()> = MatchQueue::new();
        let name = |serial: i32| Key { source: serial as u32 % 3, tag: serial.wrapping_mul(stride) };
        // One key for all strides that wrap round to the same tag would only test the list, so tags stay distinct.
        let count = DEEP.min(i32::MAX / stride);
        let mut tokens = Vec::new();
        for serial in 0..count {
            match queue.post(name(serial).into(), serial) {
                Posted::Queued(token) => tokens.push(token),
                matched => panic!("nothing has arrived, yet {matched:?}"),
            }
        }
        for serial in (1..count).step_by(2) {
            assert_eq!(queue.cancel(tokens[serial as usize]), Some(serial));
            assert_eq!(queue.cancel(tokens[serial as usize]), None);
        }
        for serial in (0..count).step_by(2).rev() {
            assert_eq!(queue.arrive(name(serial), || ()), Arrived::Matched(serial));
            assert_eq!(queue.cancel(tokens[serial as usize]), None);
        }
        assert_eq!(queue.posted_len(), 0);
    }
}

#[test]
fn one_key_a_thousand_times_keeps_its_order_beside_wildcards() {
    let mut queue: MatchQueue<i32, i32> = MatchQueue::new();
    let key = Key { source: 5, tag: 9 };
    let patterns =
        [key.into(), ANY, Pattern { source: Some(5), tag: None }, Pattern { source: None, tag: Some(9) }];
    for serial in 0..4_000 {
        assert!(matches!(queue.post(patterns[serial as usize % 4], serial), Posted::Queued(_)));
    }
    for serial in 0..4_000 {
        assert_eq!(queue.arrive(key, || -1), Arrived::Matched(serial));
    }
    for serial in 0..4_000 {
        assert_eq!(queue.arrive(key, || serial), Arrived::Queued);
    }
    for serial in 0..4_000 {
        let pattern = patterns[serial as usize % 4];
        assert_eq!(queue.probe(pattern), Some((key, &serial)));
        assert_eq!(queue.post(pattern, 1), Posted::Matched { key, message: serial, recv: 1 });
    }
}

/// A window of one pattern, of any depth, that another receive joins; and what was cancelled in it stays out.
#[test]
fn a_run_keeps_its_order_when_others_join_it() {
    let key = Key { source: 5, tag: 9 };
    for depth in [1, 2, 7, 8, 9, 100] {
        let mut queue: MatchQueue<i32, i32> = MatchQueue::new();
        for _ in 0..3 {
            let post = |queue: &mut MatchQueue<i32, i32>, pattern, recv| match queue.post(pattern, recv) {
                Posted::Queued(token) => token,
                matched => panic!("nothing has arrived, yet {matched:?}"),
            };
            let tokens: Vec<_> = (0..depth).map(|serial| post(&mut queue, key.into(), serial)).collect();
            assert_eq!(queue.cancel(tokens[0]), Some(0));
            assert_eq!(queue.cancel(tokens[depth as usize - 1]), (depth > 1).then_some(depth - 1));
            let again = post(&mut queue, key.into(), depth);
            assert_eq!(queue.cancel(again), Some(depth));
            post(&mut queue, key.into(), depth + 1);
            post(&mut queue, ANY, depth + 2);
            post(&mut queue, key.into(), depth + 3);
            for serial in (1..depth - 1).chain(depth + 1..depth + 4) {
                assert_eq!(queue.arrive(key, || -1), Arrived::Matched(serial));
            }
            assert_eq!((queue.posted_len(), queue.unexpected_len()), (0, 0));
        }
    }
}

/// Tags that are used once and never again must neither slow the queue down nor hide the ones that stay.
#[test]
fn fresh_tags_for_ever_beside_some_that_stay() {
    let mut queue: MatchQueue<i32, i32> = MatchQueue::new();
    let staying = |n: i32| Key { source: 1, tag: -1 - n * 3 };
    for n in 0..20 {
        assert!(matches!(queue.post(staying(n).into(), n), Posted::Queued(_)));
        assert_eq!(queue.arrive(Key { source: 2, tag: n }, || n), Arrived::Queued);
    }
    for tag in 0..DEEP {
        let key = Key { source: 3, tag };
        assert!(matches!(queue.post(key.into(), tag), Posted::Queued(_)));
        assert_eq!(queue.arrive(key, || 0), Arrived::Matched(tag));
        assert_eq!(queue.arrive(key, || tag), Arrived::Queued);
        assert_eq!(queue.post(key.into(), 0), Posted::Matched { key, message: tag, recv: 0 });
        let n = tag % 20;
        assert_eq!(queue.arrive(staying(n), || 0), Arrived::Matched(n));
        assert!(matches!(queue.post(staying(n).into(), n), Posted::Queued(_)));
        assert_eq!(queue.probe(Key { source: 2, tag: n }.into()), Some((Key { source: 2, tag: n }, &n)));
    }
    assert_eq!((queue.posted_len(), queue.unexpected_len()), (20, 20));
}

#[test]
fn a_stale_token_does_not_cancel_the_receive_that_reuses_its_slot() {
    let mut queue: MatchQueue<&str, ()> = MatchQueue::new();
    let Posted::Queued(first) = queue.post(ANY, "first") else { panic!("nothing has arrived") };
    assert_eq!(queue.arrive(Key { source: 0, tag: 0 }, || ()), Arrived::Matched("first"));
    let Posted::Queued(second) = queue.post(ANY, "second") else { panic!("nothing has arrived") };
    assert_eq!(queue.cancel(first), None);
    assert_eq!(queue.cancel(second), Some("second"));
    assert_eq!(queue.cancel(second), None);
}
