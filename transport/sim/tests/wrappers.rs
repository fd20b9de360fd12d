//! The fault injector and the tracer do what was asked of them, and no more.

use olympi_sim::{Faults, Faulty, Loopback, Network, NetworkConfig, SimTransport, Traced};
use olympi_transport_api::{
    ClosedKind, Inbound, OpToken, Peer, Post, RecvBuf, SendBuf, Transport, Wake, WakeBy,
};

const ME: Peer = Peer(0);

fn loopback(faults: Faults) -> Faulty<Loopback> {
    let mut transport = Faulty::new(Loopback::new(ME), faults);
    let address = transport.address();
    transport.connect(ME, &address).unwrap();
    transport
}

fn headers(transport: &mut impl Transport) -> Vec<Vec<u8>> {
    let mut headers = Vec::new();
    transport.poll(&mut |event| match event {
        Inbound::Frame { header, .. } => headers.push(header.to_vec()),
        other => panic!("{other:?}"),
    });
    headers
}

#[test]
fn without_faults_nothing_is_changed() {
    let mut transport = loopback(Faults::default());
    assert_eq!(transport.send(ME, &[1, 2], &[3]), Post::Accepted);
    assert_eq!(transport.arm(WakeBy::Any), Wake::Pending);
    transport.disarm();
    assert_eq!(headers(&mut transport), [[1, 2]]);
}

#[test]
fn a_header_is_corrupted_on_request_in_one_bit() {
    let mut transport = loopback(Faults::default());
    transport.corrupt_next(ME);
    for header in [&[][..], &[0; 8], &[0; 8]] {
        assert_eq!(transport.send(ME, header, &[]), Post::Accepted);
    }
    let flipped: Vec<u32> = headers(&mut transport)
        .iter()
        .map(|header| header.iter().map(|byte| byte.count_ones()).sum())
        .collect();
    assert_eq!(flipped, [0, 1, 0]);
}

#[test]
fn headers_are_corrupted_by_chance() {
    let mut transport = loopback(Faults { corrupt_per_million: 500_000, ..Faults::default() });
    for _ in 0..50 {
        assert_eq!(transport.send(ME, &[0; 8], &[]), Post::Accepted);
    }
    let corrupted = headers(&mut transport).iter().filter(|header| **header != [0; 8]).count();
    assert!((5..45).contains(&corrupted), "{corrupted} of 50 headers");
}

#[test]
fn held_events_come_later_and_in_order() {
    let mut transport =
        loopback(Faults { hold_per_mille: 900, busy_per_mille: 500, seed: 3, ..Faults::default() });
    let mut refused = 0;
    let mut sent = 0_u8;
    let mut polls = 0;
    let mut seen = Vec::new();
    while seen.len() < 100 {
        if sent < 100 {
            match transport.send(ME, &[sent], &[]) {
                Post::Accepted => sent += 1,
                Post::Busy => refused += 1,
                Post::Closed => panic!("closed"),
            }
            assert_eq!(
                transport.arm(WakeBy::Any),
                Wake::Pending,
                "something is there, or a post was refused"
            );
            transport.disarm();
        }
        seen.extend(headers(&mut transport).concat());
        polls += 1;
    }
    assert_eq!(seen, (0..100).collect::<Vec<u8>>());
    assert!(refused > 10 && polls > 110, "{refused} refusals, {polls} polls");
}

fn faulty_pair(network: &Network) -> [Faulty<SimTransport>; 2] {
    let [a, b] = network.transports().try_into().unwrap();
    let mut pair = [Faulty::new(a, Faults::default()), Faulty::new(b, Faults::default())];
    let addresses = [pair[0].address(), pair[1].address()];
    pair[0].connect(Peer(1), &addresses[1]).unwrap();
    pair[1].connect(Peer(0), &addresses[0]).unwrap();
    pair
}

#[test]
fn a_peer_closed_on_request_is_told_after_its_operations() {
    let network = Network::new(1, 2, NetworkConfig { rma_delay: 100..=200, ..NetworkConfig::default() });
    let [mut a, mut b] = faulty_pair(&network);
    // An operation of no bytes is one, too, and needs no memory.
    let region = b.register(RecvBuf::empty().extent()).unwrap();
    while a.put(Peer(1), SendBuf::empty(), region.key(), OpToken(5)) == Post::Busy {
        a.poll(&mut |_| {});
    }
    while b.send(Peer(0), &[1], &[]) == Post::Busy {
        b.poll(&mut |_| {});
    }
    a.close(Peer(1));
    a.close(Peer(1));
    assert_eq!(a.send(Peer(1), &[], &[]), Post::Closed);
    let mut told = Vec::new();
    for _ in 0..1000 {
        a.poll(&mut |event| match event {
            Inbound::Done { op: OpToken(5), outcome: Ok(()) } => told.push("done"),
            Inbound::Closed(end) if end.kind == ClosedKind::Fabric => told.push("closed"),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(told, ["done", "closed"]);
    network.kill(1);
    for _ in 0..1000 {
        a.poll(&mut |event| panic!("all was told: {event:?}"));
    }
}

#[test]
fn a_trace_tells_what_happened() {
    let network = Network::new(1, 2, NetworkConfig { busy_per_mille: 0, ..NetworkConfig::default() });
    let [a, mut b] = network.transports().try_into().unwrap();
    let mut a = Traced::new("a", a);
    a.connect(Peer(1), &b.address()).unwrap();
    b.connect(Peer(0), &a.address()).unwrap();
    network.advance(100);
    assert_eq!(b.send(Peer(0), &[1, 2], &[3, 4, 5]), Post::Accepted);
    network.advance(100);
    assert_eq!(a.poll(&mut |_| {}), 1);
    network.kill(1);
    network.advance(100);
    a.poll(&mut |_| {});
    let lines: Vec<_> = a.trace().lines().map(|(_, line)| line.to_owned()).collect();
    assert_eq!(lines[0], "connect to rank 1: Ok(())");
    assert_eq!(lines[1], "told a frame of rank 1, 2 + 3 bytes");
    assert!(lines[2].starts_with("told Closed: sim: rank 1 is gone"), "{lines:?}");
    assert_eq!(lines.len(), 3);
    assert!(a.trace().to_string().lines().count() == 3);
}
