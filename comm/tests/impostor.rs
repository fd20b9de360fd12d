//! A rank that sends in another's name, or in a communicator that it is no member of, is not heard.

mod harness;

use std::sync::Arc;

use harness::{Book, Reader};
use olympi_comm::{ANY_SOURCE, ANY_TAG, Config, Membership, Peer, ThreadLevel, Universe};
use olympi_sim::{Network, NetworkConfig};
use olympi_transport::{
    ArrivalId, Closed, Envelope, Inbox, Mode, Progress, RecvBuf, RecvError, RecvId, SendBuf, SendError,
    SendId,
};

/// Receives nothing.
struct Deaf;

impl Inbox for Deaf {
    fn arrive(&mut self, _: Peer, _: &Envelope, _: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        None
    }
    fn received(&mut self, _: RecvId, _: Result<(), RecvError>) {}
    fn sent(&mut self, _: SendId, _: Result<(), SendError>) {}
    fn closed(&mut self, _: &Closed) {}
}

#[test]
fn a_message_in_the_name_of_another_rank_is_ignored() {
    let network = Network::new(1, 3, NetworkConfig::frames_only());
    let [honest, liar, _silent] = network.transports().try_into().unwrap();
    let book = Arc::new(Book::default());
    let member = |rank| Membership { me: Peer(rank), size: 3, secret: [7; 32] };
    let reader = || Box::new(Reader(Arc::clone(&book)));
    let mut liar = Progress::over(member(1), Config::default(), reader(), liar);
    book.enter(Peer(1), liar.address());
    let publish = |address| book.enter(Peer(0), address);
    let level = ThreadLevel::Funneled;
    let universe = Universe::simulated(level, Config::default(), member(0), reader(), honest, publish);
    // The contexts of buffers: 0 of the world, 4 of a rank alone.
    let lies = [(0, 2), (0, 0), (0, u32::MAX), (1, 2), (4, 0), (4, 1)];
    let messages = lies.into_iter().map(|(context, source)| (context, source, b"false"));
    for (context, source, data) in messages.chain([(0, 1, b"true!")]) {
        let envelope = Envelope { context, source, tag: 5, signature: 0, len: 5 };
        let _ = liar.send(Peer(0), &envelope, Mode::Standard, SendBuf::from_static(data), SendId(0)).unwrap();
    }
    let (world, alone) = (universe.world(), universe.self_comm());
    let early = world.irecv_vec::<u8>(2, ANY_TAG).unwrap();
    let mut receive = world.irecv_vec::<u8>(ANY_SOURCE, 5).unwrap();
    let (data, status) = loop {
        liar.poll(&mut Deaf);
        if let Some(received) = receive.test().unwrap() {
            break received;
        }
    };
    assert_eq!((&data[..], status.source()), (&b"true!"[..], 1));
    // All of them had come before that one.
    assert!(world.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
    assert!(world.iprobe_object(ANY_SOURCE, ANY_TAG).unwrap().is_none());
    assert!(alone.iprobe(ANY_SOURCE, ANY_TAG).unwrap().is_none());
    assert_eq!(format!("{early:?}"), "Request (active)");
}
