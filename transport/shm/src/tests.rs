//! Peers that do what they should not, and limits: both ends in one process, so that one can misbehave.

use olympi_transport_api::{
    Address, Closed, ClosedKind, ConnectError, Inbound, Peer, Post, Transport, Wake, WakeBy,
};

use crate::record::Content;
use crate::ring::Memory;
use crate::segment::{CLAIMED, PeerSegment};
use crate::sync::Ordering;
use crate::{Config, GetMode, Shm, StartError, Whereabouts};

fn world(size: u32, config: &Config) -> Vec<Shm> {
    (0..size).map(|rank| Shm::new(config.clone(), Peer(rank), size).unwrap()).collect()
}

fn connect(ranks: &mut [Shm], from: usize, to: usize) {
    let address = ranks[to].address();
    ranks[from].connect(Peer(u32::try_from(to).unwrap()), &address).unwrap();
}

/// Polls often enough for everything that is rare to happen too; the frames that came, and the ends.
fn listen(shm: &mut Shm) -> (Vec<(Peer, Vec<u8>)>, Vec<Closed>) {
    let (mut frames, mut ends) = (Vec::new(), Vec::new());
    for _ in 0..40_000 {
        shm.poll(&mut |event| match event {
            Inbound::Frame { from, payload, .. } => frames.push((from, payload.to_vec())),
            Inbound::Closed(closed) => ends.push(closed),
            Inbound::Done { .. } => panic!("nothing was asked for"),
        });
    }
    (frames, ends)
}

#[test]
fn a_malformed_record_ends_its_peer_and_nobody_else() {
    let nonsense: [u32; 5] = [
        0x41,                        // a header of 65 bytes
        0x40 | 2000 << 7,            // longer than any record
        1 << 31 | 0x7f,              // a header too long, with a payload in the window
        1 << 31 | 8 | 0x1_ffff << 7, // a payload that reaches beyond the window, by its place below
        0x7e,
    ];
    for content in nonsense {
        let mut ranks = world(3, &Config::default());
        connect(&mut ranks, 0, 2);
        connect(&mut ranks, 1, 2);
        connect(&mut ranks, 2, 0);
        assert_eq!(ranks[0].send(Peer(2), b"h", b"good"), Post::Accepted);
        let out = ranks[0].outs[2].as_ref().unwrap();
        // The first record took one slot of the first lap; this is what the head of the second would be.
        // SAFETY: a slot of 32 bytes in a mapped ring.
        unsafe { out.area.slot(1).add(8).cast::<[u8; 8]>().write([0xff; 8]) };
        out.area.head(1).store(u64::from(content) << 32 | 1 << 31, Ordering::Release);
        let (frames, ends) = listen(&mut ranks[2]);
        assert_eq!(frames, [(Peer(0), b"good".to_vec())]);
        assert_eq!(
            (ends.len(), ends[0].kind, ends[0].peer),
            (1, ClosedKind::Malformed, Peer(0)),
            "{content:#x}"
        );
        assert!(ends[0].detail.contains("claims a header"), "{}", ends[0]);
        assert_eq!(ranks[2].send(Peer(0), b"", b""), Post::Closed);
        // The other peer is heard, and the one that was cut off learns of it.
        assert_eq!(ranks[1].send(Peer(2), b"h", b"fine"), Post::Accepted);
        assert_eq!(listen(&mut ranks[2]).0, [(Peer(1), b"fine".to_vec())]);
        assert_eq!(listen(&mut ranks[0]).1.len(), 1);
    }
}

/// Pads are no records, so that the budget of a poll does not bound them: a peer that writes as fast as it is read must
/// not keep a poll from its end.
#[test]
fn two_pads_in_a_row_end_their_peer() {
    let mut ranks = world(2, &Config::default());
    connect(&mut ranks, 0, 1);
    assert_eq!(ranks[0].send(Peer(1), b"h", b"good"), Post::Accepted);
    let out = ranks[0].outs[1].as_ref().unwrap();
    let pad = u64::from(Content::PAD.0) << 32 | 1 << 31;
    // The first one fills the line of the first record.
    out.area.head(1).store(pad, Ordering::Release);
    let (frames, ends) = listen(&mut ranks[1]);
    assert_eq!((frames, ends), (vec![(Peer(0), b"good".to_vec())], vec![]));
    let out = ranks[0].outs[1].as_ref().unwrap();
    out.area.head(2).store(pad, Ordering::Release);
    let (_, ends) = listen(&mut ranks[1]);
    assert_eq!((ends.len(), ends[0].kind, ends[0].peer), (1, ClosedKind::Malformed, Peer(0)));
    assert!(ends[0].detail.contains("a pad in its ring"), "{}", ends[0]);
}

#[test]
fn credit_that_cannot_be_ends_the_peer() {
    let mut ranks = world(2, &Config::default());
    connect(&mut ranks, 0, 1);
    let out = ranks[0].outs[1].as_ref().unwrap();
    out.area.control().credit.slots.store(1 << 40, Ordering::Release);
    let mut post = Post::Accepted;
    for _ in 0..1000 {
        post = ranks[0].send(Peer(1), b"h", b"p");
        if post != Post::Accepted {
            break;
        }
    }
    assert_eq!(post, Post::Closed);
    let ends = listen(&mut ranks[0]).1;
    assert_eq!((ends.len(), ends[0].kind), (1, ClosedKind::Malformed));

    let mut ranks = world(2, &Config::default());
    connect(&mut ranks, 0, 1);
    let out = ranks[0].outs[1].as_ref().unwrap();
    out.area.control().credit.payloads.store(7, Ordering::Release);
    assert_eq!(ranks[0].send(Peer(1), b"h", &[0; 9000]), Post::Closed);
}

#[test]
fn a_false_claim_is_ignored() {
    for (number, nonce) in [(1, 0), (0, 1), (7, 0), (u32::MAX, 0)] {
        let mut ranks = world(3, &Config::default());
        connect(&mut ranks, 0, 2);
        assert_eq!(ranks[0].send(Peer(2), b"h", b"one"), Post::Accepted);
        assert_eq!(listen(&mut ranks[2]).0.len(), 1);
        // Rank 1's process claims to be another rank, or another process.
        let to = *ranks[2].segment.whereabouts();
        let (segment, area) = PeerSegment::claim(&ranks[1].segment, to).unwrap();
        let own = *ranks[1].segment.whereabouts();
        // SAFETY: the area is this test's.
        unsafe {
            let claim = &raw mut (*area.control_ptr()).claim;
            (*claim).peer = if number == 1 { 0 } else { number };
            (*claim).pid = own.pid;
            (*claim).started = own.started;
            (*claim).nonce = own.nonce ^ nonce;
        }
        area.control().claim.state.store(CLAIMED, Ordering::Release);
        segment.header().doorbell.ring(segment.index);
        // Rings that nobody has claimed are nonsense as well.
        segment.header().doorbell.ring(2);
        segment.header().doorbell.ring(1000);
        let (frames, ends) = listen(&mut ranks[2]);
        assert!(frames.is_empty() && ends.is_empty());
        assert_eq!(ranks[0].send(Peer(2), b"h", b"two"), Post::Accepted);
        assert_eq!(listen(&mut ranks[2]).0, [(Peer(0), b"two".to_vec())]);
    }
}

#[test]
fn idle_rings_are_left_to_the_doorbell_and_heard_again() {
    let mut ranks = world(20, &Config::default());
    for from in 1..20 {
        connect(&mut ranks, from, 0);
    }
    let (_, ends) = listen(&mut ranks[0]);
    assert!(ends.is_empty() && ranks[0].hot.len() <= 8, "{} rings are hot", ranks[0].hot.len());
    for round in 0..5_u8 {
        for rank in &mut ranks[1..] {
            assert_eq!(rank.send(Peer(0), b"h", &[round; 3]), Post::Accepted);
        }
        let (frames, _) = listen(&mut ranks[0]);
        assert_eq!(frames.len(), 19);
        assert!(frames.iter().all(|(_, payload)| *payload == [round; 3]));
        // Asleep, a frame by a cold ring wakes as well.
        assert!(matches!(ranks[0].arm(WakeBy::Any), Wake::Word { .. }));
        assert_eq!(ranks[7].send(Peer(0), b"h", b"wake"), Post::Accepted);
        assert_eq!(ranks[0].segment.header().doorbell.sleep.load(Ordering::Acquire), 0, "nobody woke it");
        ranks[0].disarm();
        assert_eq!(listen(&mut ranks[0]).0, [(Peer(7), b"wake".to_vec())]);
    }
}

#[test]
fn who_cannot_be_reached_is_told_with_the_reason() {
    let mut ranks = world(3, &Config { peers: 1, ..Config::default() });
    let here = ranks[2].address();
    assert_eq!(ranks[0].reaches(&here), Ok(()));
    let elsewhere = |at: usize| {
        let mut bytes = here.0.clone();
        bytes[at] ^= 1;
        Address(bytes)
    };
    for (at, reason) in [(3, "another host"), (17, "another PID namespace"), (33, "has ended")] {
        assert!(ranks[0].reaches(&elsewhere(at)).unwrap_err().contains(reason));
        let error = ranks[0].connect(Peer(2), &elsewhere(at)).unwrap_err();
        assert!(matches!(error, ConnectError::Unreachable { .. }) && error.to_string().contains(reason));
    }
    // Descriptor 2 is not a segment; another nonce is another segment.
    let mut whereabouts = Whereabouts::decode(&here).unwrap();
    whereabouts.fd = 2;
    assert!(ranks[0].reaches(&whereabouts.encode()).unwrap_err().contains("stale"));
    let error = ranks[0].connect(Peer(2), &elsewhere(41)).unwrap_err().to_string();
    assert!(error.contains("stale"), "{error}");
    let error = ranks[0].connect(Peer(2), &Address(vec![1, 2])).unwrap_err();
    assert!(matches!(error, ConnectError::BadAddress { .. }));

    connect(&mut ranks, 0, 2);
    let error = ranks[1].connect(Peer(2), &here).unwrap_err().to_string();
    assert!(error.contains("OLYMPI_SHM_PEERS"), "{error}");
    let error = ranks[1].connect(Peer(9), &here).unwrap_err().to_string();
    assert!(error.contains("job of 3"), "{error}");

    let other = Shm::new(Config { frame: 8192, ..Config::default() }, Peer(1), 3).unwrap();
    let error = ranks[0].connect(Peer(1), &other.address()).unwrap_err().to_string();
    assert!(error.contains("OLYMPI_SHM_FRAME"), "{error}");
}

#[test]
fn what_cannot_start_says_why() {
    let error = Shm::new(Config { slots: 100, ..Config::default() }, Peer(0), 1).unwrap_err();
    assert!(matches!(error, StartError::Config(_)) && error.to_string().contains("OLYMPI_SHM_SLOTS=100"));
    let error = Shm::new(Config::default(), Peer(4), 4).unwrap_err();
    assert!(matches!(error, StartError::Rank { rank: 4, size: 4 }));
    let error = StartError::segment("allocate", 4096, rustix::io::Errno::NOMEM).to_string();
    assert!(error.contains("4096 bytes") && error.contains("memory limit"), "{error}");
}

#[test]
fn without_get_it_says_so() {
    let never = Config { get: GetMode::Never, ..Config::default() };
    let shm = Shm::new(never, Peer(0), 2).unwrap();
    assert_eq!(shm.caps().get_from, None);
    assert!(shm.describe(Peer(1)).contains("OLYMPI_SHM_GET=never"));
    let fixed = Shm::new(Config { get: GetMode::From(4096), ..Config::default() }, Peer(0), 2).unwrap();
    assert!(fixed.caps().get_from.is_none_or(|from| from == 4096));
}

#[test]
fn a_frame_longer_than_the_longest_is_the_callers_mistake() {
    let mut ranks = world(2, &Config::default());
    connect(&mut ranks, 0, 1);
    let max = ranks[0].caps().max_frame;
    assert_eq!(ranks[0].send(Peer(1), &[1; 64], &vec![2; max - 64]), Post::Accepted);
    let (frames, _) = listen(&mut ranks[1]);
    assert_eq!(frames, [(Peer(0), vec![2; max - 64])]);
    let too_long = std::panic::AssertUnwindSafe(|| ranks[0].send(Peer(1), &[1; 64], &vec![2; max]));
    assert!(std::panic::catch_unwind(too_long).is_err());
}
