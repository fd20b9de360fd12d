//! What ranks that hold the secret may send, and must not.

use olympi_registration::Memory;
use olympi_transport_api::{ClosedKind, Inbound, Peer, Post, Transport};

use crate::wire::{Kind, PREFIX, Prefix};
use crate::{Config, Ofi};

/// A rank of three over whichever provider there is; none where there is no library.
fn rank(me: u32) -> Option<Ofi> {
    let config = Config { asked_for: true, window: 8, ..Config::default() };
    match Ofi::new(config, Peer(me), 3, [5; 32], &Memory::new()) {
        Ok(ofi) => Some(ofi),
        Err(error) => {
            eprintln!("\nSKIPPED: {error}\n");
            None
        }
    }
}

/// A proven message of rank 1 to rank 0.
fn message(ofi: &Ofi, prefix: Prefix, tail: &[u8]) -> Vec<u8> {
    let mut head = [0; PREFIX];
    prefix.write(ofi.keys.proof(1, 0), &mut head);
    [&head[..], tail].concat()
}

#[test]
fn a_rank_that_sends_nonsense_is_cut_off() {
    let good = Prefix { from: 1, kind: Kind::Frame, sequence: 0, taken: 0, header: 2, payload: 3 };
    let bad = [
        (Prefix { header: 4, ..good }, &b"HHppp"[..]),
        (Prefix { payload: 4, ..good }, b"HHppp"),
        (Prefix { sequence: 8, ..good }, b"HHppp"),
        (Prefix { sequence: u32::MAX, ..good }, b"HHppp"),
        (Prefix { taken: 9, ..good }, b"HHppp"),
        (Prefix { kind: Kind::Hello, header: 0, payload: 5, ..good }, b"HHppp"),
    ];
    for (prefix, tail) in bad {
        let Some(mut ofi) = rank(0) else { return };
        let bytes = message(&ofi, prefix, tail);
        let mut told = 0;
        ofi.hear(&bytes, &mut |_| told += 1);
        let mut kinds = Vec::new();
        ofi.poll(&mut |event| match event {
            Inbound::Closed(closed) => kinds.push((closed.peer, closed.kind)),
            event => panic!("{event:?}"),
        });
        assert_eq!(kinds, [(Peer(1), ClosedKind::Malformed)], "{prefix:?}");
        assert_eq!(told, 0);
        assert_eq!(ofi.send(Peer(1), b"", b""), Post::Closed);
        let good = message(&ofi, good, b"HHppp");
        assert_eq!(ofi.hear(&good, &mut |_| told += 1), 0, "nothing more is heard of it");
        assert_ne!(ofi.send(Peer(2), b"", b""), Post::Closed, "others are intact");
    }
}

#[test]
fn messages_that_overtake_each_other_are_put_in_order() {
    let Some(mut ofi) = rank(0) else { return };
    ofi.ordered = false;
    let mut heard = Vec::new();
    for sequence in [2, 0, 3, 1, 4] {
        let prefix = Prefix { from: 1, kind: Kind::Frame, sequence, taken: 0, header: 1, payload: 0 };
        let bytes = message(&ofi, prefix, &[sequence as u8]);
        ofi.hear(&bytes, &mut |event| match event {
            Inbound::Frame { from: Peer(1), header, .. } => heard.push(header[0]),
            event => panic!("{event:?}"),
        });
    }
    assert_eq!(heard, [0, 1, 2, 3, 4]);
    // Where the fabric keeps the order, a gap is a loss.
    ofi.ordered = true;
    let prefix = Prefix { from: 1, kind: Kind::Frame, sequence: 6, taken: 0, header: 0, payload: 0 };
    let bytes = message(&ofi, prefix, &[]);
    ofi.hear(&bytes, &mut |event| panic!("{event:?}"));
    let mut kinds = Vec::new();
    ofi.poll(&mut |event| match event {
        Inbound::Closed(closed) => kinds.push(closed.kind),
        event => panic!("{event:?}"),
    });
    assert_eq!(kinds, [ClosedKind::Fabric]);
}
