//! The ring's protocol: step by step, against a model, and (under loom) in every interleaving.

#![allow(clippy::cast_possible_truncation)]

use super::*;

/// A ring in private memory. What a long record fills its lines with looks like heads of every lap.
struct Memory64 {
    heads: Vec<AtomicU64>,
    consumed: AtomicU64,
}

impl Memory64 {
    fn new(slots: usize) -> Self {
        Self { heads: (0..slots).map(|_| AtomicU64::new(0)).collect(), consumed: AtomicU64::new(0) }
    }

    /// Fills a reserved record of `n` slots with what would be taken for records if it were looked at as heads.
    fn fill(&self, first: usize, n: usize, lap: u64) {
        for i in 1..n {
            let slot = (first + i) % self.heads.len();
            self.heads[slot]
                .store(tagged(0xBAD, (lap + 1) * self.heads.len() as u64, self.shift()), Ordering::Relaxed);
        }
    }

    fn shift(&self) -> u32 {
        self.heads.len().trailing_zeros()
    }
}

impl Memory for Memory64 {
    fn head(&self, slot: usize) -> &AtomicU64 {
        &self.heads[slot]
    }

    fn consumed(&self) -> &AtomicU64 {
        &self.consumed
    }
}

/// Publishes a record of `n` slots, as `send` does: at the beginning of a line if it is longer than one slot.
fn offer(producer: &mut Producer, n: usize, content: u32, memory: &Memory64) -> bool {
    let pad = n > 1 && producer.slot() % 2 == 1;
    if !producer.reserve(n + usize::from(pad), memory).expect("sound credit") {
        return false;
    }
    if pad {
        producer.publish(1, 0, memory);
    }
    memory.fill(producer.slot(), n, producer.position >> producer.shift);
    producer.publish(n, content, memory);
    true
}

/// Takes the next record, if one is there; pads are passed over. Its length is in its content.
fn take(consumer: &mut Consumer, memory: &Memory64) -> Option<u32> {
    loop {
        let content = consumer.peek(memory)?;
        consumer.release(if content == 0 { 1 } else { content as usize & 0xff }, memory);
        if content != 0 {
            return Some(content);
        }
    }
}

#[cfg(not(loom))]
mod steps {
    use super::*;
    use std::collections::VecDeque;

    #[test]
    fn records_of_all_lengths_come_as_they_were_sent_over_many_laps() {
        for slots in [64, 256] {
            let memory = Memory64::new(slots);
            let (mut producer, mut consumer) = (Producer::new(slots), Consumer::new(slots));
            let mut sent = VecDeque::new();
            let mut state = 7_u32;
            let mut number = 0;
            for _ in 0..200_000 {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let roll = state >> 24;
                if roll < 140 {
                    let n = [1, 1, 1, 2, 4, 16, 32][roll as usize % 7];
                    number = (number + 1) & 0xff_ffff;
                    let content = number << 8 | n;
                    if offer(&mut producer, n as usize, content, &memory) {
                        sent.push_back(content);
                    }
                } else {
                    assert_eq!(take(&mut consumer, &memory), sent.pop_front());
                }
            }
            assert!(producer.position > 100 * slots as u64);
        }
    }

    #[test]
    fn a_full_ring_has_room_again_once_its_consumer_has_told() {
        let memory = Memory64::new(64);
        let (mut producer, mut consumer) = (Producer::new(64), Consumer::new(64));
        let mut n = 0;
        while offer(&mut producer, 1, 1, &memory) {
            n += 1;
        }
        assert_eq!(n, 63, "one slot stays free");
        for _ in 0..15 {
            assert!(take(&mut consumer, &memory).is_some());
        }
        assert!(!offer(&mut producer, 1, 1, &memory), "the consumer tells once every quarter");
        assert!(take(&mut consumer, &memory).is_some());
        assert!(offer(&mut producer, 1, 1, &memory));
    }

    #[test]
    fn the_longest_record_always_fits_in_the_end() {
        let longest = crate::record::slots(crate::record::RECORD_MAX - HEAD);
        let memory = Memory64::new(64);
        let (mut producer, mut consumer) = (Producer::new(64), Consumer::new(64));
        for round in 0..1000 {
            assert!(offer(&mut producer, longest, (round + 1) << 8 | longest as u32, &memory), "{round}");
            assert!(offer(&mut producer, 1, 1, &memory));
            assert_eq!(take(&mut consumer, &memory), Some((round + 1) << 8 | longest as u32));
            assert_eq!(take(&mut consumer, &memory), Some(1));
            assert_eq!(take(&mut consumer, &memory), None);
        }
    }

    #[test]
    fn credit_that_cannot_be_is_an_error() {
        for lie in [1000, u64::MAX] {
            let memory = Memory64::new(64);
            let mut producer = Producer::new(64);
            while offer(&mut producer, 1, 1, &memory) {}
            memory.consumed.store(lie, Ordering::Relaxed);
            assert_eq!(producer.reserve(1, &memory), Err(BadCredit));
        }
    }
}

#[cfg(loom)]
mod loom {
    use super::*;
    use ::loom::sync::Arc;
    use ::loom::thread;

    /// Runs these records through a ring of `slots` in every interleaving; the ring begins where a producer of
    /// `before` long records would have left it.
    fn run(slots: usize, before: usize, records: &'static [usize]) {
        let mut model = ::loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(move || {
            let memory = Arc::new(Memory64::new(slots));
            let (mut producer, mut consumer) = (Producer::new(slots), Consumer::new(slots));
            for _ in 0..before {
                assert!(offer(&mut producer, 2, 2, &memory));
                assert_eq!(take(&mut consumer, &memory), Some(2));
            }
            let theirs = Arc::clone(&memory);
            let sender = thread::spawn(move || {
                for (number, &n) in (1_u32..).zip(records) {
                    while !offer(&mut producer, n, number << 8 | n as u32, &theirs) {
                        thread::yield_now();
                    }
                }
            });
            for (number, &n) in (1_u32..).zip(records) {
                loop {
                    if let Some(content) = take(&mut consumer, &memory) {
                        assert_eq!(content, number << 8 | n as u32);
                        break;
                    }
                    thread::yield_now();
                }
            }
            sender.join().unwrap();
            assert_eq!(take(&mut consumer, &memory), None);
        });
    }

    #[test]
    fn loom_records_are_taken_in_order_and_only_when_whole() {
        run(8, 0, &[1, 1, 2]);
    }

    #[test]
    fn loom_a_full_ring_waits_for_credit_and_wraps() {
        run(4, 0, &[1, 1, 1, 1, 1]);
    }

    #[test]
    fn loom_bytes_of_long_records_are_never_taken_for_heads() {
        run(8, 3, &[4, 1, 2, 1]);
    }
}
