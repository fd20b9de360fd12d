//! Whoever does not hold the job's secret changes nothing.

mod common;

use olympi_ofi::Ofi;
use olympi_registration::Memory;
use olympi_transport_api::{Address, Inbound, Peer, Post, Transport};

fn connect(a: &mut Ofi, b: &Ofi, peer: u32) {
    a.connect(Peer(peer), &b.address()).expect("it can be reached");
}

/// Rank 2 belongs to another job; it sends to rank 0 all it can, while ranks 0 and 1 speak.
#[test]
fn a_stranger_is_not_heard() {
    for provider in common::PROVIDERS {
        if !common::there(provider) {
            continue;
        }
        let config = common::config(provider);
        let (mut zero, mut one) = (common::open(&config, 0, 3), common::open(&config, 1, 3));
        let mut stranger = Ofi::new(config, Peer(2), 3, [4; 32], &Memory::new()).expect("it is opened");
        connect(&mut zero, &one, 1);
        connect(&mut one, &zero, 0);
        connect(&mut stranger, &zero, 0);
        let (mut heard, mut refused) = (0_u32, false);
        let mut sent = 0_u32;
        let begin = std::time::Instant::now();
        while heard < 500 || (zero.strangers() < 1 && !refused) {
            let _ = stranger.send(Peer(0), b"strange", &[9; 100]);
            stranger.poll(&mut |event| refused |= matches!(event, Inbound::Closed(_)));
            if sent < 500 && one.send(Peer(0), &sent.to_le_bytes(), &[1; 50]) == Post::Accepted {
                sent += 1;
            }
            one.poll(&mut |event| panic!("{provider}: rank 1 was told {event:?}"));
            zero.poll(&mut |event| match event {
                Inbound::Frame { from: Peer(1), header, .. } if header == heard.to_le_bytes() => heard += 1,
                event => panic!("{provider}: rank 0 was told {event:?}"),
            });
            assert!(
                begin.elapsed().as_secs() < 30,
                "{provider}: {heard} frames, {} strangers",
                zero.strangers()
            );
        }
        assert!(zero.strangers() > 0, "{provider}: it was counted");
    }
}

#[test]
fn an_address_of_nonsense_is_refused() {
    let Some(provider) = common::PROVIDERS.into_iter().find(|provider| common::there(provider)) else {
        return;
    };
    let mut ofi = common::open(&common::config(provider), 0, 2);
    let own = ofi.address().0;
    for len in 0..own.len() {
        assert!(ofi.connect(Peer(1), &Address(own[..len].to_vec())).is_err());
    }
    assert!(ofi.connect(Peer(0), &Address(own.clone())).is_err(), "not with itself");
    assert!(ofi.connect(Peer(7), &Address(own)).is_err(), "no such rank");
}
