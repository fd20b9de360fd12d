//! A peer that sends nonsense is cut off, and nobody else notices.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)]

mod world;

use olympi_protocol::{Mode, SendError, SendId, Thresholds};
use olympi_sim::{NetworkConfig, Rng, with_seeds};
use olympi_transport_api::{
    ClosedKind, Envelope, Inbound, OpToken, Peer, Post, RemoteKey, RmaError, SendBuf, Transport,
};
use world::{Fate, Message, World, script};

/// The hostile rank; it has no engine.
const HOSTILE: usize = 2;

/// Kinds of frames and the lengths of their headers, as the wire has them.
const KINDS: [(u8, usize); 10] =
    [(1, 16), (2, 24), (3, 8), (4, 24), (5, 32), (6, 24), (7, 8), (8, 8), (9, 8), (10, 8)];

/// A frame that is sound enough to get past the first look, most of the time: numbers are small, so that they name
/// what there is.
fn frame(rng: &mut Rng) -> (Vec<u8>, Vec<u8>) {
    let (kind, len) = KINDS[rng.below(KINDS.len())];
    let mut header = vec![0; len];
    header[0] = kind;
    for word in header[4..].chunks_exact_mut(4) {
        let value = match rng.below(8) {
            0 => rng.bits() as u32,
            1 => rng.below(5000) as u32,
            _ => rng.below(4) as u32,
        };
        word.copy_from_slice(&value.to_le_bytes());
    }
    if (kind == 5 || kind == 6) && rng.below(2) == 0 {
        header[1] = 1;
        header.extend((0..16).map(|_| rng.below(3) as u8));
    }
    if rng.below(20) == 0 {
        let at = rng.below(header.len());
        header[at] = rng.bits() as u8;
    }
    if rng.below(40) == 0 {
        header.truncate(rng.below(header.len()));
    }
    let payload = match rng.below(3) {
        0 => 0,
        1 => rng.below(10),
        _ => rng.below(900),
    };
    (header, vec![0x55; payload])
}

#[test]
fn arbitrary_frames_never_panic_and_disturb_nobody_else() {
    for (sort, config) in NetworkConfig::all().into_iter().enumerate() {
        with_seeds(60, |seed| {
            let mut rng = Rng::new(seed.wrapping_mul(7) + sort as u64);
            // Ranks 0 and 1 talk with each other, and each with the hostile one, of which nothing may be expected.
            let mut script = script(&mut rng, 2, 30, &config);
            for message in &mut script {
                if rng.below(3) == 0 {
                    if rng.below(2) == 0 {
                        message.to = HOSTILE
                    } else {
                        message.from = HOSTILE
                    }
                    // Matched by what a hostile frame may well carry.
                    (message.context, message.tag) = (rng.below(2) as u32, rng.below(3) as i32);
                }
            }
            let mut world = World::new(seed, 3, config.clone(), Thresholds::default(), &script);
            world.leave_alone(HOSTILE);
            world.trust_nothing_of(Peer(HOSTILE as u32));
            for victim in 0..2 {
                world.ranks[HOSTILE].connect(Peer(victim));
            }
            for _ in 0..3000 {
                world.step();
                if rng.below(4) == 0 {
                    let (header, payload) = frame(&mut rng);
                    let transport = &mut world.ranks[HOSTILE].transport;
                    let _ = transport.send(Peer(rng.below(2) as u32), &header, &payload);
                    transport.poll(&mut |_| {});
                }
            }
            world.kill(HOSTILE);
            world.run();
            for (number, message) in script.iter().enumerate() {
                if message.from != HOSTILE && message.to != HOSTILE {
                    world.assert_well(number, message);
                }
            }
        });
    }
}

/// Sends one frame to rank 0, which then has cut off its sender, or has not.
fn after(header: &[u8], payload: &[u8]) -> Option<String> {
    let mut world = World::new(1, 3, NetworkConfig::with_get_and_put(), Thresholds::default(), &[]);
    world.trust_nothing_of(Peer(2));
    world.ranks[2].connect(Peer(0));
    while world.ranks[2].transport.send(Peer(0), header, payload) == Post::Busy {
        world.ranks[2].transport.poll(&mut |_| {});
    }
    for _ in 0..200 {
        world.ranks[0].poll();
    }
    let gone = world.ranks[0].gone();
    gone.first().map(|closed| {
        assert_eq!((closed.peer, closed.kind), (Peer(2), ClosedKind::Malformed));
        closed.to_string()
    })
}

#[test]
fn each_sort_of_nonsense_is_told_by_name() {
    let eager = |tag: i32| [&[1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0][..], &tag.to_le_bytes()].concat();
    assert_eq!(after(&eager(5), b"sound"), None);
    for (header, payload, said) in [
        (eager(-1), &b""[..], "negative tag -1"),
        (vec![99; 16], b"", "unknown kind 99"),
        (vec![3, 0, 0, 0, 0, 0, 0, 0], b"more", "more of a message that had not begun"),
        (vec![8, 0, 0, 0, 7, 0, 0, 0], b"", "the send 7, which is none of its own"),
        (vec![7, 0, 0, 0, 9, 0, 0, 0], b"data", "the receive 9, which is none of its own"),
        (vec![7, 0, 0, 0, 9, 0, 0, 0], b"", "a frame of kind 7 with a payload of 0 bytes"),
        (vec![5; 31], b"", "a frame of kind 5 with a header of 31 bytes"),
    ] {
        let told = after(&header, payload).unwrap_or_else(|| panic!("{header:?} was believed"));
        assert!(told.contains(said) && told.contains("rank 2") && told.contains("cut off"), "{told}");
    }
}

/// A long message to rank 0, whose receiver lets the sender put it.
fn long(from: usize) -> Message {
    let (to, context, tag, len) = (0, 0, 0, 20_000);
    Message { from, to, context, tag, len, room: len, mode: Mode::Standard, unwanted: false }
}

/// The hostile rank sends a frame to rank 0.
fn post(world: &mut World, header: &[u8]) {
    while world.ranks[HOSTILE].transport.send(Peer(0), header, b"") == Post::Busy {
        world.ranks[HOSTILE].transport.poll(&mut |_| {});
    }
}

/// That a put is over is believed, as are the bytes themselves: both are the sender's to say. What it did not put stays
/// as it was, in this message alone, and its leave to put ends.
#[test]
fn who_claims_to_have_put_what_it_has_not_harms_its_own_message_alone() {
    let mut world = World::new(5, 3, NetworkConfig::with_put(), Thresholds::default(), &[long(HOSTILE)]);
    world.leave_alone(HOSTILE);
    world.trust_nothing_of(Peer(HOSTILE as u32));
    world.ranks[HOSTILE].connect(Peer(0));
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    post(&mut world, &words(&[5, 0, HOSTILE as u32, 0, 77, 0, 20_000, 0]));
    let mut answer = Vec::new();
    while answer.is_empty() {
        world.step();
        world.ranks[HOSTILE].transport.poll(&mut |event| {
            if let Inbound::Frame { header, .. } = event {
                answer = header.to_vec();
            }
        });
    }
    assert_eq!((answer[0], answer[1], answer.len()), (6, 1, 40), "a CTS with a key");
    let number = |at: usize| u64::from_le_bytes(answer[at..at + 8].try_into().unwrap());
    let (landing, key) = (&answer[8..12], RemoteKey { address: number(24), key: number(32) });
    let put_done = [&[9, 0, 0, 0], landing].concat();
    post(&mut world, &put_done);
    world.run();
    assert_eq!(world.ranks[0].receives()[0], Fate::Ok);
    assert!(world.ranks[0].room(0).iter().all(|byte| *byte == 0xAA));

    // The buffer is the user's again: what is put late is refused.
    static LATE: [u8; 100] = [1; 100];
    let transport = &mut world.ranks[HOSTILE].transport;
    while transport.put(Peer(0), SendBuf::from_static(&LATE), key, OpToken(1)) == Post::Busy {
        transport.poll(&mut |_| {});
    }
    let mut refused = false;
    while !refused {
        world.ranks[0].poll();
        world.ranks[HOSTILE].transport.poll(&mut |event| {
            if let Inbound::Done { outcome, .. } = event {
                assert!(matches!(outcome, Err(RmaError::Refused { .. })), "{outcome:?}");
                refused = true;
            }
        });
    }
    assert!(world.ranks[0].room(0).iter().all(|byte| *byte == 0xAA));

    post(&mut world, &put_done);
    while world.ranks[0].gone().is_empty() {
        world.ranks[0].poll();
    }
    assert!(world.ranks[0].gone()[0].detail.contains("which is none of its own"));
}

#[test]
fn nobody_ends_the_put_of_another() {
    with_seeds(50, |seed| {
        let mut world = World::new(seed, 3, NetworkConfig::with_put(), Thresholds::default(), &[long(1)]);
        world.leave_alone(HOSTILE);
        world.trust_nothing_of(Peer(HOSTILE as u32));
        world.ranks[HOSTILE].connect(Peer(0));
        while world.ranks[0].receives()[0] != Fate::UnderWay {
            world.step();
        }
        // The first landing that rank 0 gives is 0.
        post(&mut world, &[9, 0, 0, 0, 0, 0, 0, 0]);
        world.run();
        assert_eq!(world.ranks[0].receives()[0], Fate::Ok);
        while world.ranks[0].gone().is_empty() {
            world.ranks[0].poll();
        }
        assert!(world.ranks[0].gone()[0].detail.contains("the receive 0, which is none of its own"));
    });
}

#[test]
fn to_a_peer_that_was_cut_off_nothing_is_sent_any_more() {
    let message = Message {
        from: 0,
        to: 2,
        context: 0,
        tag: 0,
        len: 9000,
        room: 9000,
        mode: Mode::Synchronous,
        unwanted: false,
    };
    let mut world = World::new(3, 3, NetworkConfig::with_get(), Thresholds::default(), &[message]);
    world.leave_alone(2);
    world.ranks[2].connect(Peer(0));
    while world.ranks[0].sends()[0] == Fate::NotBegun {
        world.step();
    }
    while world.ranks[2].transport.send(Peer(0), &[77], b"") == Post::Busy {
        world.ranks[2].transport.poll(&mut |_| {});
    }
    world.run();
    assert_eq!(world.ranks[0].sends()[0], Fate::Gone(ClosedKind::Malformed));
    let (mut quiet, mut frames) = (0, 0);
    while quiet < 300 {
        let told = world.ranks[2]
            .transport
            .poll(&mut |event| frames += usize::from(matches!(event, Inbound::Frame { .. })));
        quiet = if told == 0 { quiet + 1 } else { 0 };
    }
    let rank = &mut world.ranks[0];
    let envelope = Envelope { context: 0, source: 0, tag: 0, signature: 0, len: 1 };
    let buf = SendBuf::from_static(b"x");
    let refused = rank.engine.send(&mut rank.transport, Peer(2), &envelope, Mode::Standard, buf, SendId(1));
    let Err(SendError::PeerGone(closed)) = refused else { panic!("sent to a peer that was cut off") };
    assert_eq!(closed.kind, ClosedKind::Malformed);
    // However often it is tried.
    for id in 0..1000 {
        let refused =
            rank.engine.send(&mut rank.transport, Peer(2), &envelope, Mode::Standard, buf, SendId(id));
        assert!(matches!(refused, Err(SendError::PeerGone(_))));
    }
    assert!(rank.engine.idle());
    for _ in 0..300 {
        world.ranks[0].poll();
        world.ranks[2].transport.poll(&mut |event| assert!(!matches!(event, Inbound::Frame { .. })));
    }
    assert!(frames <= 1, "the announcement at most");
}
