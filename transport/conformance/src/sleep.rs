//! "`poll` never blocks. ... A peer's death is noticed by a caller that only polls and sleeps." And `arm`: whatever
//! arrives from then on wakes, and nothing that is there already is slept over.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use olympi_transport_api::{Inbound, Post, Transport, WakeBy};

use crate::flow::{Flow, boundaries, pattern, run};
use crate::nap::{Nap, nap};
use crate::world::{Event, Guard, PATIENCE, World, peer};

const BOTH: [WakeBy; 2] = [WakeBy::Any, WakeBy::Descriptor];

/// Ranks to which nothing was sent are told nothing, and are drained.
pub fn an_idle_poll_tells_nothing<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    for _ in 0..1000 {
        assert_eq!(world.poll(a) + world.poll(b), 0);
    }
    run(&mut world, &mut [Flow::new(a, b, vec![(8, 8); 3])], 1);
    for _ in 0..1000 {
        assert_eq!(world.poll(a) + world.poll(b), 0);
    }
}

/// While a peer floods without a pause, every single poll still returns: it tells a bounded number of events.
pub fn poll_returns_under_a_flood<T: Transport + Send>(make: &impl Fn(usize) -> World<T>) {
    let Some(world) = World::connected(make, 2, "poll_returns_under_a_flood") else { return };
    let mut transports = world.into_transports();
    let (mut flooder, mut receiver) = (transports.pop().expect("rank 1"), transports.pop().expect("rank 0"));
    let enough = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !enough.load(Ordering::Relaxed) {
                if flooder.send(peer(0), &[1; 8], &[2; 16]) == Post::Busy {
                    flooder.poll(&mut |event| panic!("rank 1 was told {event:?}"));
                }
            }
        });
        let stop = StopOnDrop(&enough);
        let mut guard = Guard::new();
        let mut polls = 0;
        while polls < 300 {
            let told =
                receiver.poll(&mut |event| assert!(matches!(event, Inbound::Frame { .. }), "{event:?}"));
            polls += usize::from(told > 0);
            guard.idle(told == 0, || format!("300 polls that bring something, {polls} so far"));
        }
        drop(stop);
    });
}

/// A frame that has left its sender is either found by `arm`, or wakes from the sleep at once.
pub fn what_is_there_is_not_slept_over<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    let big = world.transport(a).caps().max_frame - 8;
    for round in 0..100_u64 {
        let payload = vec![3; if round % 10 == 0 { big.min(32 << 10) } else { round as usize }];
        world.send(a, b, &round.to_le_bytes(), &payload);
        let mut guard = Guard::new();
        while a != b && !world.transport(a).drained() {
            let told = world.poll(a);
            guard.idle(told == 0, || "a frame to leave its process".to_owned());
        }
        let mut naps = 0;
        loop {
            match world.take(b).as_slice() {
                [] => {}
                [Event::Frame { header, .. }] if *header == round.to_le_bytes() => break,
                events => panic!("only frame {round} was sent, not {events:?}"),
            }
            let by = BOTH[round as usize % 2];
            let woken = nap(world.transport(b), by, PATIENCE);
            assert_eq!(woken, Nap::Woken, "a frame was there, and the sleep ({by:?}) went on");
            world.poll(b);
            if a != b {
                world.poll(a);
            }
            naps += 1;
            guard.idle(true, || format!("a frame that has left its sender; {naps} naps did not bring it"));
        }
    }
}

/// Arming and disarming without a sleep changes nothing, however often and in whichever way.
pub fn arming_may_be_thought_better_of<T: Transport>(make: &impl Fn(usize) -> World<T>) {
    let (mut world, a, b) = World::pair(make);
    for round in 0..50 {
        for by in BOTH {
            for rank in [a, b] {
                let _ = world.transport(rank).arm(by);
                if round % 2 == 0 {
                    world.poll(rank);
                }
                world.transport(rank).disarm();
            }
        }
        run(&mut world, &mut [Flow::new(a, b, vec![(8, round); 2])], 1);
    }
}

/// Two threads that sleep for each other's frames: no wake is ever lost.
pub fn a_frame_wakes_a_sleeper<T: Transport + Send>(make: &impl Fn(usize) -> World<T>) {
    for by in BOTH {
        ping_pong(make, "a_frame_wakes_a_sleeper", by, &|_| vec![24; 2000]);
    }
}

/// The same with frames of all lengths: a sleeper also goes on writing what could not be written at once.
pub fn large_frames_wake_sleepers<T: Transport + Send>(make: &impl Fn(usize) -> World<T>) {
    let sizes = |transport: &T| boundaries(transport).into_iter().rev().collect();
    for by in BOTH {
        ping_pong(make, "large_frames_wake_sleepers", by, &sizes);
    }
}

fn ping_pong<T: Transport + Send>(
    make: &impl Fn(usize) -> World<T>,
    check: &str,
    by: WakeBy,
    lengths: &dyn Fn(&T) -> Vec<usize>,
) {
    let Some(world) = World::connected(make, 2, check) else { return };
    let transports = world.into_transports();
    let lengths = lengths(&transports[0]);
    let turns = lengths.len();
    std::thread::scope(|scope| {
        let lengths = &lengths;
        for (rank, mut transport) in transports.into_iter().enumerate() {
            scope.spawn(move || {
                for (turn, &len) in lengths.iter().enumerate() {
                    if turn % 2 == rank {
                        let bytes = pattern(turn as u64, len);
                        let mut guard = Guard::new();
                        while transport.send(peer(1 - rank), &[], &bytes) == Post::Busy {
                            let told = transport.poll(&mut |event| panic!("rank {rank} was told {event:?}"));
                            guard.idle(told == 0, || format!("frame {turn} of {turns} to be accepted"));
                        }
                    } else {
                        await_frame(&mut transport, by, &pattern(turn as u64, len), turn);
                    }
                    // Now and then one side is late, so that the other really sleeps.
                    if turn % 97 == 0 {
                        std::thread::sleep(Duration::from_millis(1));
                    }
                }
                let mut guard = Guard::new();
                while !transport.drained() {
                    let told = transport.poll(&mut |_| {});
                    guard.idle(told == 0, || "the last frame to leave".to_owned());
                }
                transport
            });
        }
    });
}

fn await_frame(transport: &mut impl Transport, by: WakeBy, want: &[u8], turn: usize) {
    let mut got = None;
    loop {
        transport.poll(&mut |event| match event {
            Inbound::Frame { payload, .. } => {
                assert!(got.replace(payload.to_vec()).is_none(), "one frame was sent");
            }
            // The peer is through first after the last turn.
            Inbound::Closed(end) => assert!(got.is_some(), "{end} before frame {turn}"),
            event @ Inbound::Done { .. } => panic!("nothing but a frame was sent: {event:?}"),
        });
        if let Some(got) = got {
            assert!(
                got == want,
                "frame {turn} should be {} bytes and is other {} bytes",
                want.len(),
                got.len()
            );
            return;
        }
        let nap = nap(transport, by, PATIENCE);
        assert_eq!(
            nap,
            Nap::Woken,
            "frame {turn} of a sleeping ping-pong did not wake its receiver ({by:?})"
        );
    }
}

/// A rank that sleeps (at most a second at a time) hears of the death of a peer that never spoke to it since.
pub fn a_sleeper_notices_a_death<T: Transport + Send + 'static>(make: &impl Fn(usize) -> World<T>) {
    let check = "a_sleeper_notices_a_death";
    for by in BOTH {
        let Some(mut world) = World::connected(make, 2, check) else { return };
        let Some(kill) = world.killer(check) else { return };
        run(&mut world, &mut [Flow::new(0, 1, vec![(8, 8); 3]), Flow::new(1, 0, vec![(8, 8); 3])], 1);
        let mut transports = world.into_transports();
        let (dying, mut sleeper) = (transports.pop().expect("rank 1"), transports.pop().expect("rank 0"));
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                kill(1, dying);
            });
            let since = Instant::now();
            let mut told = false;
            while !told {
                sleeper.poll(&mut |event| match event {
                    Inbound::Closed(end) if end.peer == peer(1) => told = true,
                    event => panic!("rank 0 was told {event:?}"),
                });
                if !told {
                    nap(&mut sleeper, by, Duration::from_secs(1));
                }
                assert!(since.elapsed() < PATIENCE, "a sleeper ({by:?}) did not hear of a death");
            }
        });
    }
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
