//! The doorbell: no ring is forgotten, and (under loom) no message is slept through.

use super::*;

#[cfg(not(loom))]
mod steps {
    use super::*;

    #[test]
    fn every_ring_that_rang_is_told_once() {
        let doorbell = Doorbell::new();
        assert!(!doorbell.rung());
        for index in [0, 63, 64, 500, 1023, 500] {
            assert_eq!(doorbell.ring(index), None);
        }
        assert!(doorbell.rung());
        let mut told = Vec::new();
        doorbell.answer(|index| told.push(index));
        assert_eq!(told, [0, 63, 64, 500, 1023]);
        assert!(!doorbell.rung());
        doorbell.answer(|index| panic!("{index} is told again"));
    }

    #[test]
    fn one_call_alone_has_to_wake_the_sleeper() {
        let doorbell = Doorbell::new();
        doorbell.sleep.store(ON_PIPE, Ordering::SeqCst);
        assert_eq!(doorbell.ring(3), Some(ON_PIPE));
        assert_eq!(doorbell.ring(4), None);
    }

    #[test]
    fn arming_is_taken_away_once() {
        let word = AtomicU32::new(1);
        assert!(armed(&word, false) && armed(&word, true));
        assert!(take_arming(&word));
        assert!(!take_arming(&word) && !armed(&word, true));
    }

    #[test]
    fn the_barrier_can_be_passed_whatever_the_kernel_has() {
        let barrier = Barrier::register();
        barrier.pass();
        assert_eq!(barrier.covers_producers(), Barrier::register().covers_producers());
    }
}

#[cfg(loom)]
mod loom {
    use super::*;
    use ::loom::sync::Arc;
    use ::loom::thread;

    /// What receiver and producer share: a doorbell, a ring's arming, and the ring's newest record.
    struct Shared {
        doorbell: Doorbell,
        armed: AtomicU32,
        record: AtomicU32,
    }

    /// The receiver arms, looks a last time, and sleeps; the producer publishes one record meanwhile. In the end
    /// either the receiver has seen the record, or somebody has been told to wake it.
    #[test]
    fn loom_no_record_is_slept_through() {
        ::loom::model(|| {
            let shared = Arc::new(Shared {
                doorbell: Doorbell::new(),
                armed: AtomicU32::new(0),
                record: AtomicU32::new(0),
            });
            let theirs = Arc::clone(&shared);
            let producer = thread::spawn(move || {
                theirs.record.store(1, Ordering::Release);
                if armed(&theirs.armed, true) && take_arming(&theirs.armed) {
                    theirs.doorbell.ring(5)
                } else {
                    None
                }
            });
            // As in `prepare_sleep`.
            shared.doorbell.sleep.store(ON_WORD, Ordering::SeqCst);
            shared.armed.store(1, Ordering::Release);
            Barrier::register().pass();
            let pending = shared.doorbell.rung() || shared.record.load(Ordering::Acquire) != 0;
            let woken = producer.join().unwrap() == Some(ON_WORD);
            assert!(pending || woken, "the record is slept through");
        });
    }

    /// Two producers ring a sleeper: exactly one wakes it, and both rings are told of.
    #[test]
    fn loom_two_producers_wake_a_sleeper_once() {
        ::loom::model(|| {
            let doorbell = Arc::new(Doorbell::new());
            doorbell.sleep.store(ON_WORD, Ordering::SeqCst);
            let producers = [3, 70].map(|index| {
                let doorbell = Arc::clone(&doorbell);
                thread::spawn(move || doorbell.ring(index).is_some())
            });
            let woken: Vec<bool> = producers.into_iter().map(|p| p.join().unwrap()).collect();
            assert_eq!(woken.iter().filter(|&&woke| woke).count(), 1);
            let mut told = Vec::new();
            doorbell.answer(|index| told.push(index));
            assert_eq!(told, [3, 70]);
        });
    }

    /// A ring that is demoted while its producer publishes is looked at a last time, or rings.
    #[test]
    fn loom_a_demoted_ring_is_not_forgotten() {
        ::loom::model(|| {
            let shared = Arc::new(Shared {
                doorbell: Doorbell::new(),
                armed: AtomicU32::new(0),
                record: AtomicU32::new(0),
            });
            let theirs = Arc::clone(&shared);
            let producer = thread::spawn(move || {
                theirs.record.store(1, Ordering::Release);
                if armed(&theirs.armed, true) && take_arming(&theirs.armed) {
                    theirs.doorbell.ring(5);
                }
            });
            // As in `sweep`.
            shared.armed.store(1, Ordering::Release);
            Barrier::register().pass();
            let seen = shared.record.load(Ordering::Acquire) != 0;
            producer.join().unwrap();
            assert!(seen || shared.doorbell.rung());
        });
    }
}
