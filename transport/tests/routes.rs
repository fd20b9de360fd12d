//! Messages over each transport, and which one is chosen.
#![allow(clippy::cast_possible_truncation)]

mod rank;

use olympi_transport::{ClosedKind, Config, Kind, Mode, Peer, SendError, Sent, StartError};
use rank::{Book, Rank, config, pattern, run};

/// Lengths around what divides one protocol from the next, for any transport.
const LENGTHS: [usize; 11] = [0, 1, 8, 40, 41, 1000, 4096, 33_000, 70_000, 300_000, 2_500_000];

/// Every length, in both modes, posted before and after it arrives.
fn exchange(ranks: &mut [Rank], from: usize, to: usize) {
    for (round, len) in LENGTHS.into_iter().enumerate() {
        for mode in [Mode::Standard, Mode::Synchronous] {
            for early in [true, false] {
                let tag = round as i32;
                let bytes = pattern(len, round);
                let mut got = vec![0xAA; len + 3];
                let posted = early.then(|| ranks[to].receive(tag, &mut got));
                let (send, begun) = ranks[from].send(to as u32, tag, mode, &bytes);
                let pending = begun.expect("the peer lives") == Sent::Pending;
                assert!(pending || mode == Mode::Standard);
                let receive = posted.unwrap_or_else(|| {
                    run(ranks, |ranks| ranks[to].has_unexpected(tag));
                    assert!(mode == Mode::Standard || !ranks[from].mail.sent.contains_key(&send));
                    ranks[to].receive(tag, &mut got)
                });
                run(ranks, |ranks| {
                    ranks[to].mail.received.contains_key(&receive)
                        && (!pending || ranks[from].mail.sent.contains_key(&send))
                });
                assert_eq!(ranks[to].mail.received.remove(&receive), Some(Ok(())), "{len} bytes");
                assert_eq!(ranks[from].mail.sent.remove(&send), pending.then_some(Ok(())), "{len} bytes");
                assert!(
                    got[..len] == bytes && got[len..] == [0xAA; 3],
                    "{len} bytes, {mode:?}, early: {early}"
                );
            }
        }
    }
    run(ranks, |ranks| ranks.iter().all(|rank| rank.progress.drained()));
}

#[test]
fn messages_of_every_length_travel_over_each_transport() {
    for (variables, transport) in [
        (&[][..], "shm"),
        (&[("OLYMPI_TRANSPORTS", "shm")], "shm"),
        (&[("OLYMPI_TRANSPORTS", "^tcp")], "shm"),
        (&[("OLYMPI_TRANSPORTS", "tcp")], "tcp"),
        (&[("OLYMPI_TRANSPORTS", "tcp,shm")], "tcp"),
        (&[("OLYMPI_TRANSPORTS", "^shm")], "tcp"),
        (&[("OLYMPI_SHM_GET", "never"), ("OLYMPI_EAGER_MAX", "100")], "shm"),
        (&[("OLYMPI_SHM_GET", "1000"), ("OLYMPI_RMA_PIECE", "4096")], "shm"),
    ] {
        let mut ranks = Rank::some(&[config(variables), config(variables)]);
        exchange(&mut ranks, 0, 1);
        exchange(&mut ranks, 1, 0);
        for (me, rank) in ranks.iter_mut().enumerate() {
            let report = rank.progress.describe(Peer(1 - me as u32));
            assert_eq!(report.transport, Some(transport), "{report}");
        }
    }
}

#[test]
fn a_process_reaches_itself() {
    let mut ranks = Rank::some(&[Config::default()]);
    exchange(&mut ranks, 0, 0);
    let report = ranks[0].progress.describe(Peer(0));
    assert_eq!(report.transport, Some("self"));
    let mut ranks = Rank::some(&[Config::default(), Config::default()]);
    exchange(&mut ranks, 1, 1);
    exchange(&mut ranks, 0, 1);
}

#[test]
fn a_message_that_nobody_wants_is_discarded_and_its_sender_content() {
    for transports in ["shm", "tcp"] {
        let with = config(&[("OLYMPI_TRANSPORTS", transports)]);
        let mut ranks = Rank::some(&[with.clone(), with]);
        for len in [10, 300_000] {
            let bytes = pattern(len, 1);
            let (send, begun) = ranks[0].send(1, 5, Mode::Synchronous, &bytes);
            assert_eq!(begun, Ok(Sent::Pending));
            run(&mut ranks, |ranks| ranks[1].has_unexpected(5));
            ranks[1].discard(5);
            run(&mut ranks, |ranks| ranks[0].mail.sent.contains_key(&send));
        }
        // Discarding them has disturbed nothing.
        exchange(&mut ranks, 0, 1);
    }
}

#[test]
fn the_report_says_why_the_others_were_not_taken() {
    let local = |extra: &[(&str, &str)]| config(&[&[("OLYMPI_LOCAL_SIZE", "2")], extra].concat());
    for (variables, words) in [
        (local(&[]), "not tcp: all ranks are on this host, where shared memory works"),
        (local(&[("OLYMPI_TRANSPORTS", "^tcp")]), "not tcp: excluded by OLYMPI_TRANSPORTS=^tcp"),
        (local(&[("OLYMPI_TRANSPORTS", "shm,tcp")]), "not tcp: shm comes before it and serves"),
        (config(&[]), "not tcp: shm comes before it and serves"),
        (config(&[("OLYMPI_TRANSPORTS", "tcp")]), "not shm: excluded by OLYMPI_TRANSPORTS=tcp"),
        (config(&[("OLYMPI_TRANSPORTS", "tcp")]), "not verbs: excluded by OLYMPI_TRANSPORTS=tcp"),
        (local(&[]), "not ofi: all ranks are on this host, where shared memory works"),
        (config(&[("OLYMPI_OFI_LIBRARY", "/nowhere/libfabric.so.1")]), "not ofi: "),
        (config(&[("OLYMPI_VERBS_DEVICE", "none0")]), "not verbs: no device"),
    ] {
        let mut ranks = Rank::some(&[variables.clone(), variables]);
        let report = ranks[0].progress.describe(Peer(1)).to_string();
        assert!(report.starts_with("rank 1: ") && report.contains(words), "{report}");
    }
}

#[test]
fn where_one_end_lacks_the_best_the_next_one_serves() {
    let mut ranks = Rank::some(&[Config::default(), config(&[("OLYMPI_TRANSPORTS", "^shm")])]);
    exchange(&mut ranks, 0, 1);
    exchange(&mut ranks, 1, 0);
    let report = ranks[0].progress.describe(Peer(1));
    assert_eq!(report.transport, Some("tcp"));
    let shm = report.others.iter().find(|other| other.transport == "shm").expect("it is told why");
    assert_eq!(shm.reason, "the peer does not offer it");
}

#[test]
fn two_directions_may_take_different_transports() {
    // As if one could open the other's memory and not the reverse.
    let first_shm = config(&[("OLYMPI_TRANSPORTS", "shm,tcp")]);
    let first_tcp = config(&[("OLYMPI_TRANSPORTS", "tcp,shm")]);
    let mut ranks = Rank::some(&[first_shm, first_tcp]);
    exchange(&mut ranks, 0, 1);
    exchange(&mut ranks, 1, 0);
    assert_eq!(ranks[0].progress.describe(Peer(1)).transport, Some("shm"));
    assert_eq!(ranks[1].progress.describe(Peer(0)).transport, Some("tcp"));
    // When the peer goes, that is told once, though two transports notice.
    ranks.truncate(1);
    run(&mut ranks, |ranks| !ranks[0].mail.closed.is_empty());
    for _ in 0..1000 {
        ranks[0].poll();
    }
}

#[test]
fn ends_without_a_common_transport_say_so_once() {
    let mut ranks = Rank::some(&[
        config(&[("OLYMPI_TRANSPORTS", "shm")]),
        config(&[("OLYMPI_TRANSPORTS", "tcp")]),
        config(&[("OLYMPI_TRANSPORTS", "shm")]),
    ]);
    for _ in 0..2 {
        let (_, refused) = ranks[0].send(1, 0, Mode::Standard, b"x");
        let Err(SendError::PeerGone(closed)) = refused else { panic!("{refused:?}") };
        assert_eq!((closed.peer, closed.kind), (Peer(1), ClosedKind::Unreachable));
        let told = closed.to_string();
        assert!(told.contains("shm: the peer does not offer it"), "{told}");
        assert!(told.contains("tcp: excluded by OLYMPI_TRANSPORTS=shm"), "{told}");
        ranks[0].poll();
    }
    assert_eq!(ranks[0].mail.closed.len(), 1);
    let report = ranks[0].progress.describe(Peer(1));
    assert_eq!(report.transport, None);
    exchange(&mut ranks, 0, 2);
}

#[test]
fn a_peer_that_has_not_published_is_unreachable() {
    let book = Book::default();
    let mut rank = Rank::start(0, 3, Config::default(), &book).expect("starts");
    let (_, refused) = rank.send(2, 0, Mode::Standard, b"x");
    let Err(SendError::PeerGone(closed)) = refused else { panic!("{refused:?}") };
    assert!(closed.detail.contains("it has not published"), "{closed}");
    book.lock().unwrap().insert(Peer(1), b"nonsense".to_vec());
    let (_, refused) = rank.send(1, 0, Mode::Standard, b"x");
    let Err(SendError::PeerGone(closed)) = refused else { panic!("{refused:?}") };
    assert!(closed.detail.contains("malformed"), "{closed}");
    rank.poll();
    assert_eq!(rank.mail.closed.len(), 2);
}

#[test]
fn impossible_restrictions_are_errors() {
    let book = Book::default();
    let start = |size, variables: &[(&str, &str)]| Rank::start(0, size, config(variables), &book).map(drop);
    let error = start(2, &[("OLYMPI_TRANSPORTS", "self")]).unwrap_err();
    assert!(matches!(error, StartError::Nothing { .. }));
    assert!(error.to_string().contains("OLYMPI_TRANSPORTS=self leaves no transport"), "{error}");
    assert!(start(2, &[("OLYMPI_TRANSPORTS", "^shm,tcp")]).is_err());
    assert!(start(1, &[("OLYMPI_TRANSPORTS", "self")]).is_ok());
    let nowhere = [("OLYMPI_TRANSPORTS", "tcp"), ("OLYMPI_TCP_INTERFACES", "^*,lo,0.0.0.0/0,::/0")];
    let error = start(2, &nowhere).unwrap_err();
    assert!(matches!(error, StartError::Named { transport: "tcp", .. }), "{error}");
    let error = start(2, &[("OLYMPI_TRANSPORTS", "^shm"), nowhere[1]]).unwrap_err();
    assert!(matches!(error, StartError::Transports { .. }), "{error}");
    assert!(Config::default().transports.allows(Kind::Tcp));
}
