//! Boards of several members in one process: what comes through, what is refused, who is woken.

use std::thread;
use std::time::{Duration, Instant};

use olympi_transport_api::{Peer, Transport, Wake, WakeBy};

use super::{Awaited, Board, CELLS, INLINE, MEMBERS, SLOTS};
use crate::{Config, Shm};

const CELL: usize = 8192;
/// A test that takes as long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

fn shm(me: usize, members: usize, crowded: bool) -> Shm {
    let config = Config { sleepy: crowded, ..Config::default() };
    Shm::new(config, Peer(u32::try_from(me).unwrap()), u32::try_from(members).unwrap()).unwrap()
}

/// Members with a board, ready for its first step.
fn world(members: usize, crowded: bool) -> Vec<(Shm, Board)> {
    let ranks: Vec<Shm> = (0..members).map(|me| shm(me, members, crowded)).collect();
    let (first, address) = ranks[0].create_board(members, CELL).unwrap();
    let mut boards = vec![first];
    boards.extend((1..members).map(|me| ranks[me].open_board(&address, me, members).unwrap()));
    boards.iter_mut().for_each(Board::settle);
    ranks.into_iter().zip(boards).collect()
}

/// Calls it for each member in a thread of its own.
fn in_threads(world: Vec<(Shm, Board)>, act: impl Fn(usize, &mut Shm, &mut Board) + Sync) {
    thread::scope(|scope| {
        for (me, (mut shm, mut board)) in world.into_iter().enumerate() {
            let act = &act;
            scope.spawn(move || act(me, &mut shm, &mut board));
        }
    });
}

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

/// What a member shows in a step, known to all.
fn shown(member: usize, seq: u64) -> Vec<u8> {
    let mut state = seq << 8 | member as u64;
    let lens = [0, 1, 8, INLINE, INLINE + 1, 2047, 2048, 4096, CELL];
    let len = lens[usize::try_from(random(&mut state)).unwrap() % lens.len()];
    (0..len).map(|i| u8::try_from((random(&mut state) + i as u64) & 0xff).unwrap()).collect()
}

/// Waits as ranks do: looks some times, and sleeps.
fn wait(shm: &mut Shm, board: &mut Board, mut awaited: impl FnMut(&mut Board) -> Option<Awaited>) {
    let begin = Instant::now();
    loop {
        if (0..10).any(|_| awaited(board).is_none()) {
            return;
        }
        let Some(whom) = awaited(board) else { return };
        assert!(begin.elapsed() < PATIENCE, "slept through a step of {whom:?}");
        board.lie_down(whom);
        if let Wake::Word { address, expected } = shm.arm(WakeBy::Any)
            && awaited(board) == Some(whom)
        {
            sleep(address, expected);
        }
        shm.disarm();
        board.get_up();
    }
}

/// Sleeps for longer than a test may take, so that a wake-up that is lost fails it.
fn sleep(address: usize, expected: u32) {
    let limit = rustix::event::Timespec { tv_sec: 2 * PATIENCE.as_secs().cast_signed(), tv_nsec: 0 };
    // SAFETY: the word lives as long as the transport, which the callers own.
    let word = unsafe { &*(address as *const std::sync::atomic::AtomicU32) };
    let _ = rustix::thread::futex::wait(word, rustix::thread::futex::Flags::empty(), expected, Some(&limit));
}

fn show(shm: &mut Shm, board: &mut Board, seq: u64, bytes: &[u8]) {
    wait(shm, board, |board| board.free(seq, bytes.len()).err().map(Awaited::Member));
    let half = bytes.len() / 2;
    board.write(seq, bytes.len(), half, &bytes[half..]);
    board.write(seq, bytes.len(), 0, &bytes[..half]);
    board.publish(seq, bytes.len(), false);
    shm.wake_board(board, seq);
}

/// Shows and reads through so many steps, with `delay` now and then.
fn exchange(members: usize, steps: u64, crowded: bool, delay: bool) {
    in_threads(world(members, crowded), |me, shm, board| {
        let mut state = me as u64;
        for seq in 1..=steps {
            show(shm, board, seq, &shown(me, seq));
            if delay && random(&mut state).is_multiple_of(50) {
                thread::sleep(Duration::from_micros(random(&mut state) % 200));
            }
            // Now all, now one, now nobody: members run ahead of each other.
            let roll = random(&mut (seq * 77)) % 4;
            let whom: Vec<usize> = match roll {
                0 | 1 => (0..members).filter(|member| *member != me).collect(),
                2 => vec![(me + 1) % members],
                _ => Vec::new(),
            };
            wait(shm, board, |board| {
                let missing = whom.iter().find(|member| board.look(**member, seq).is_none());
                missing.map(|member| if roll < 2 { Awaited::All(*member) } else { Awaited::Member(*member) })
            });
            for member in whom {
                let posted = board.look(member, seq).unwrap();
                let bytes = shown(member, seq);
                assert_eq!((posted.len, posted.failed), (bytes.len(), false));
                assert_eq!(board.payload(member, seq, posted, 0, usize::MAX).to_vec(), bytes);
                let part = board.payload(member, seq, posted, bytes.len() / 3, 7).to_vec();
                assert_eq!(part, bytes[bytes.len() / 3..].iter().copied().take(7).collect::<Vec<_>>());
            }
        }
    });
}

#[test]
fn bytes_come_through_slots_and_cells_used_again_and_again() {
    exchange(3, 4000, false, true);
}

#[test]
fn bytes_come_through_in_a_crowd() {
    exchange(5, 3000, true, true);
}

#[test]
fn two_members_that_hurry_lose_no_wake_up() {
    exchange(2, 20_000, false, false);
    exchange(2, 20_000, true, false);
}

#[test]
fn a_crowd_that_hurries_loses_no_wake_up() {
    exchange(8, 4000, true, false);
}

/// Barriers after which all go to sleep at once.
#[test]
fn every_sleeper_is_woken_whoever_is_late() {
    for crowded in [false, true] {
        in_threads(world(4, crowded), |me, shm, board| {
            for seq in 1..=40 {
                if me as u64 == seq % 4 {
                    thread::sleep(Duration::from_millis(1));
                }
                show(shm, board, seq, &[]);
                wait(shm, board, |board| {
                    (0..4).find(|member| board.look(*member, seq).is_none()).map(Awaited::All)
                });
            }
        });
    }
}

/// Member 0 of two boards sleeps until the other member of either has come on.
#[test]
fn a_sleeper_at_two_boards_is_woken_at_both() {
    const STEPS: u64 = 3000;
    let mut sleeper = shm(0, 3, false);
    let mut boards: Vec<(Board, u64)> = Vec::new();
    thread::scope(|scope| {
        for me in [1, 2] {
            let mut other = shm(me, 3, false);
            let (mut ours, address) = sleeper.create_board(2, CELL).unwrap();
            let mut theirs = other.open_board(&address, 1, 2).unwrap();
            ours.settle();
            theirs.settle();
            boards.push((ours, 1));
            scope.spawn(move || {
                for seq in 1..=STEPS {
                    show(&mut other, &mut theirs, seq, &seq.to_le_bytes());
                    wait(&mut other, &mut theirs, |board| {
                        board.look(0, seq).is_none().then_some(Awaited::Member(0))
                    });
                }
            });
        }
        let begin = Instant::now();
        while boards.iter().any(|(_, seq)| *seq <= STEPS) {
            assert!(begin.elapsed() < PATIENCE, "slept through a step");
            for (board, seq) in &mut boards {
                if *seq <= STEPS && board.look(1, *seq).is_some() {
                    show(&mut sleeper, board, *seq, &[]);
                    *seq += 1;
                }
            }
            for (board, _) in boards.iter_mut().filter(|(_, seq)| *seq <= STEPS) {
                board.lie_down(Awaited::Member(1));
            }
            if let Wake::Word { address, expected } = sleeper.arm(WakeBy::Any) {
                let over = boards.iter().all(|(_, seq)| *seq > STEPS);
                let there = |(board, seq): &mut (Board, u64)| *seq <= STEPS && board.look(1, *seq).is_some();
                if !over && !boards.iter_mut().any(there) {
                    sleep(address, expected);
                }
            }
            sleeper.disarm();
            for (board, _) in &mut boards {
                board.get_up();
            }
        }
    });
}

#[test]
fn who_only_shows_runs_ahead_as_far_as_there_are_slots() {
    for (total, turn) in [(INLINE, SLOTS), (INLINE + 1, CELLS)] {
        let mut world = world(2, false);
        let (_, mut reader) = world.pop().unwrap();
        let (_, mut writer) = world.pop().unwrap();
        let mut seq = 1;
        for read in 0..100 {
            while writer.free(seq, total).is_ok() {
                writer.publish(seq, total, false);
                seq += 1;
            }
            // Whose reader has published a step has still to read it, and all that come after.
            assert_eq!(
                (writer.free(seq, total), seq),
                (Err(1), read.max(1) + turn as u64 - u64::from(read == 0))
            );
            reader.publish(read + 1, 0, false);
        }
    }
}

#[test]
fn a_failure_is_seen_and_the_dead_are_not_waited_for() {
    let mut world = world(3, false);
    let (_, mut second) = world.remove(1);
    let (_, mut first) = world.remove(0);
    second.publish(1, 100, true);
    let posted = first.look(1, 1).unwrap();
    assert!(posted.failed);
    let mut buried = 0;
    for seq in 1..1000 {
        if let Err(member) = first.free(seq, 100) {
            assert_eq!(member, 2, "the one that publishes nothing");
            first.bury(2);
            buried += 1;
        }
        assert_eq!(first.free(seq, 100), Ok(()));
        first.publish(seq, 100, false);
        second.publish(seq, 0, true);
    }
    assert_eq!(buried, 1);
}

/// What a member says of its payload may be anything.
#[test]
fn a_length_that_cannot_be_is_cut() {
    let mut world = world(2, false);
    let (_, mut liar) = world.pop().unwrap();
    let (_, mut reader) = world.pop().unwrap();
    for (total, cut) in [(INLINE, CELL), (CELL, CELL)] {
        liar.publish(1, total, false);
        liar.ground.slot(1, 1).len.store(u32::MAX, crate::sync::Ordering::Release);
        let posted = reader.look(1, 1).unwrap();
        assert_eq!(posted.len, cut);
        for at in [0, 47, CELL - 1, CELL, usize::MAX] {
            let payload = reader.payload(1, 1, posted, at, usize::MAX);
            assert_eq!(payload.to_vec().len(), CELL - at.min(CELL));
        }
    }
}

#[test]
fn what_is_written_must_lie_in_what_is_published() {
    for (total, at, len) in [(8, 0, 9), (8, 8, 1), (8, 9, 0), (CELL + 1, 0, 1), (48, usize::MAX, 2)] {
        let (_, mut board) = world(1, false).remove(0);
        let write = std::panic::AssertUnwindSafe(|| board.write(1, total, at, &vec![0; len]));
        assert!(std::panic::catch_unwind(write).is_err(), "{total} {at} {len}");
    }
}

#[test]
fn what_makes_no_board_is_refused() {
    let shm = shm(0, 2, false);
    for (members, cell) in [(0, CELL), (MEMBERS + 1, CELL), (2, 0), (2, 5000), (2, 1 << 25)] {
        let why = shm.create_board(members, cell).unwrap_err();
        assert!(why.contains(&format!("{members} members")), "{why}");
    }
    shm.create_board(MEMBERS, 4096).unwrap();
}

#[test]
fn only_the_board_that_is_meant_is_opened() {
    let (here, there) = (shm(0, 4, false), shm(1, 4, false));
    let (board, address) = here.create_board(4, CELL).unwrap();
    let open = |address: &[u8], me, members| there.open_board(address, me, members).map(drop).unwrap_err();
    for (me, members) in [(4, 4), (0, MEMBERS + 1), (0, 300)] {
        assert!(open(&address, me, members).contains("too small"));
    }
    assert!(open(&address, 1, 3).contains("not the one"));
    assert!(open(&address[1..], 1, 4).contains("malformed") && open(&[], 1, 4).contains("empty"));
    for (at, reason) in [
        (1, "another host"),
        (17, "another PID namespace"),
        (33, "has ended"),
        (address.len() - 1, "not the one"),
    ] {
        let mut mangled = address.clone();
        mangled[at] ^= 1;
        assert!(open(&mangled, 1, 4).contains(reason), "{at}: {}", open(&mangled, 1, 4));
    }
    // A segment is no board.
    assert!(open(&there.address().0, 1, 4).contains("stale"));
    drop(board);
    let why = open(&address, 1, 4);
    assert!(why.contains("stale") || why.contains("read the link"), "{why}");
}
