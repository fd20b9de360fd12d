//! An engine between a hostile peer and an honest one. Whatever the hostile peer sends: nothing panics, every send
//! and receive ends exactly once, and the honest peer's messages arrive whole and in order.
#![no_main]

use std::collections::{HashMap, HashSet, VecDeque};

use libfuzzer_sys::fuzz_target;
use olympi_protocol::{
    Accepted, ArrivalId, Engine, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent, Thresholds,
};
use olympi_transport_api::{
    Address, Caps, Closed, ConnectError, Envelope, Extent, Inbound, MemoryRegion, OpToken, Payload, Peer,
    Post, RecvBuf, RegisterError, RemoteKey, RmaError, SendBuf, Transport, Wake, WakeBy,
};

const HOSTILE: Peer = Peer(1);
const HONEST: Peer = Peer(2);
/// The tag of the honest peer's messages, with their number as context.
const GREETING: i32 = 4242;
const RECEIVE: usize = 300;
static OUTGOING: [u8; 6000] = [0x55; 6000];

/// A transport that brings what the fuzzer says and takes everything.
struct Fed {
    caps: Caps,
    inbound: VecDeque<(Peer, Vec<u8>, Vec<u8>)>,
    ops: VecDeque<OpToken>,
    done: Vec<(OpToken, bool)>,
    sent: Vec<(Peer, Vec<u8>, Vec<u8>)>,
    keys: u64,
    busy: bool,
}

impl Fed {
    fn new(get: bool, put: bool) -> Self {
        let caps = Caps {
            name: "fed",
            max_frame: 1024,
            inline: 40,
            eager_max: 2000,
            get_from: get.then_some(1000),
            put_from: put.then_some(1000),
        };
        let (inbound, ops) = (VecDeque::new(), VecDeque::new());
        Self { caps, inbound, ops, done: Vec::new(), sent: Vec::new(), keys: 0, busy: false }
    }
}

impl Transport for Fed {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        Address::default()
    }

    fn connect(&mut self, _: Peer, _: &Address) -> Result<(), ConnectError> {
        Ok(())
    }

    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        assert!(header.len() <= 64 && header.len() + payload.len() <= self.caps.max_frame);
        if self.busy {
            return Post::Busy;
        }
        self.sent.push((to, header.to_vec(), payload.to_vec()));
        Post::Accepted
    }

    fn register(&mut self, _: Extent) -> Result<MemoryRegion, RegisterError> {
        self.keys += 1;
        Ok(MemoryRegion::new(RemoteKey { address: 0x1000, key: self.keys }, None))
    }

    fn put(&mut self, _: Peer, from: SendBuf, _: RemoteKey, op: OpToken) -> Post {
        assert!(self.caps.put_from.is_some() && from.len() <= OUTGOING.len());
        self.ops.push_back(op);
        Post::Accepted
    }

    fn get(&mut self, _: Peer, into: RecvBuf, _: RemoteKey, op: OpToken) -> Post {
        assert!(self.caps.get_from.is_some() && into.len() <= RECEIVE);
        into.write(0, &[0xAB; RECEIVE]);
        self.ops.push_back(op);
        Post::Accepted
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let told = self.done.len() + self.inbound.len();
        for (op, worked) in self.done.drain(..) {
            let refused = RmaError::Refused { peer: HOSTILE, detail: String::new() };
            sink(Inbound::Done { op, outcome: if worked { Ok(()) } else { Err(refused) } });
        }
        for (from, header, payload) in self.inbound.drain(..) {
            sink(Inbound::Frame { from, header: &header, payload: Payload::from_slice(&payload) });
        }
        told
    }

    fn arm(&mut self, _: WakeBy) -> Wake {
        Wake::Pending
    }

    fn disarm(&mut self) {}

    fn drained(&self) -> bool {
        true
    }

    fn describe(&self, _: Peer) -> String {
        String::new()
    }
}

/// What was matched, and what of it has ended.
#[derive(Default)]
struct Desk {
    /// Posts a receive for every message of the hostile peer, rather than leave it unexpected.
    eager_to_receive: bool,
    memory: Vec<*mut [u8]>,
    receiving: HashSet<RecvId>,
    sending: HashSet<SendId>,
    waiting: VecDeque<ArrivalId>,
    greetings: HashMap<RecvId, u32>,
    greeted: u32,
    closed: bool,
    ids: u32,
}

impl Desk {
    fn receive(&mut self) -> (RecvId, RecvBuf) {
        let memory = Box::into_raw(vec![0_u8; RECEIVE].into_boxed_slice());
        self.memory.push(memory);
        self.ids += 1;
        self.receiving.insert(RecvId(self.ids));
        // SAFETY: the memory is freed when the desk is, after the engine, and is read only after its receive ended.
        (RecvId(self.ids), unsafe { RecvBuf::lend(memory.cast(), RECEIVE) })
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        for memory in self.memory.drain(..) {
            // SAFETY: it came out of a box, once.
            drop(unsafe { Box::from_raw(memory) });
        }
    }
}

impl Inbox for Desk {
    fn arrive(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        assert!(envelope.tag >= 0);
        if from == HONEST {
            assert_eq!((envelope.context, envelope.tag), (self.greeted, GREETING));
            self.greeted += 1;
            let (id, buf) = self.receive();
            self.greetings.insert(id, envelope.context);
            return Some((id, buf));
        }
        assert!(!self.closed, "a message of a peer that is gone");
        if self.eager_to_receive {
            return Some(self.receive());
        }
        self.waiting.push_back(arrival);
        None
    }

    fn received(&mut self, recv: RecvId, outcome: Result<(), RecvError>) {
        assert!(self.receiving.remove(&recv), "a receive ended that was not under way");
        if let Some(number) = self.greetings.remove(&recv) {
            assert!(outcome.is_ok(), "the honest peer's message {number} was lost: {outcome:?}");
            let memory = self.memory[recv.0 as usize - 1];
            // SAFETY: the receive has ended, so nobody writes there.
            assert!(unsafe { &*memory }[..4] == number.to_le_bytes());
        }
    }

    fn sent(&mut self, send: SendId, _: Result<(), SendError>) {
        assert!(self.sending.remove(&send), "a send ended that was not under way");
    }

    fn closed(&mut self, closed: &Closed) {
        assert_eq!(closed.peer, HOSTILE, "the wrong peer was cut off: {closed}");
        assert!(!std::mem::replace(&mut self.closed, true), "told twice");
    }
}

/// Takes numbers off the fuzzer's bytes; zeros when they are used up.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn byte(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn take(&mut self, len: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(len.min(self.0.len()));
        self.0 = rest;
        taken
    }
}

fuzz_target!(|data: &[u8]| {
    let mut bytes = Bytes(data);
    let setup = bytes.byte();
    let mut t = Fed::new(setup & 1 != 0, setup & 2 != 0);
    let mut desk = Desk::default();
    desk.eager_to_receive = setup & 4 != 0;
    // The honest peer has an engine and a wire of its own.
    let mut honest_wire = Fed::new(false, false);
    let mut honest = Engine::new(Thresholds::default());
    let mut engine = Engine::new(Thresholds { rma_piece: 128, rma_window: 2, ..Thresholds::default() });
    honest.connected(Peer(0));
    engine.connected(HOSTILE);
    engine.connected(HONEST);
    let mut greetings = 0_u32;
    while !bytes.0.is_empty() {
        let step = bytes.byte();
        match step % 8 {
            // A frame: often of a true kind and length, so that the fuzzer gets past the first look.
            0 | 1 => {
                let kind = bytes.byte();
                let len = [16, 24, 24, 32, 48, 8, 40, 24][usize::from(step >> 3) % 8];
                let len = if step & 1 == 0 { len } else { usize::from(kind % 65) };
                let mut header = bytes.take(len.saturating_sub(4)).to_vec();
                if step & 1 == 0 {
                    header.splice(0..0, [1 + kind % 9, kind >> 7, 0, 0]);
                    header.resize(len, 0);
                }
                let payload = match bytes.byte() {
                    long @ 224.. => vec![long; usize::from(long) * 4 - 64],
                    short => bytes.take(usize::from(short)).to_vec(),
                };
                t.inbound.push_back((HOSTILE, header, payload));
            }
            2 => {
                let len = usize::from(bytes.byte()) * 23;
                let mode = if step & 8 == 0 { Mode::Standard } else { Mode::Synchronous };
                desk.ids += 1;
                desk.memory.push(Box::into_raw(Box::default()));
                let envelope = Envelope { context: 1, source: 0, tag: 1, signature: 0, len: len as u64 };
                let buf = SendBuf::from_static(&OUTGOING[..len]);
                match engine.send(&mut t, HOSTILE, &envelope, mode, buf, SendId(desk.ids)) {
                    Ok(Sent::Pending) => assert!(desk.sending.insert(SendId(desk.ids))),
                    Ok(Sent::Done) => {}
                    Err(_) => assert!(desk.closed),
                }
            }
            3 => {
                let Some(arrival) = desk.waiting.pop_front() else { continue };
                if step & 8 == 0 {
                    engine.discard(&mut t, arrival);
                } else {
                    let (id, buf) = desk.receive();
                    if !matches!(engine.accept(&mut t, arrival, id, buf), Ok(Accepted::Pending)) {
                        desk.receiving.remove(&id);
                    }
                }
            }
            4 => {
                let envelope = Envelope { context: greetings, source: 2, tag: GREETING, signature: 0, len: 4 };
                let number = greetings.to_le_bytes();
                greetings += 1;
                // SAFETY: one frame takes it, which copies it before `send` returns.
                let buf = unsafe { SendBuf::lend(number.as_ptr(), 4) };
                let sent = honest.send(&mut honest_wire, Peer(0), &envelope, Mode::Standard, buf, SendId(0));
                assert!(matches!(sent, Ok(Sent::Done)));
                let frames = honest_wire.sent.drain(..).map(|(_, header, payload)| (HONEST, header, payload));
                t.inbound.extend(frames);
            }
            5 => {
                if let Some(op) = t.ops.pop_front() {
                    t.done.push((op, step & 8 == 0));
                }
            }
            6 => t.busy = step & 8 != 0,
            _ => {
                engine.poll(&mut t, &mut desk);
                while engine.stranger().is_some() {}
            }
        }
    }
    // In the end the hostile peer goes, and then nothing of it is left.
    t.busy = false;
    engine.poll(&mut t, &mut desk);
    let closed = Closed {
        transport: "fed",
        peer: HOSTILE,
        kind: olympi_transport_api::ClosedKind::Died,
        detail: String::new(),
    };
    if !desk.closed {
        engine.close(closed, &mut desk);
    }
    while let Some(op) = t.ops.pop_front() {
        t.done.push((op, true));
    }
    for _ in 0..3 {
        engine.poll(&mut t, &mut desk);
    }
    assert_eq!(desk.greeted, greetings, "messages of the honest peer are missing");
    assert!(desk.sending.is_empty(), "sends that never ended: {:?}", desk.sending);
    assert!(desk.receiving.is_empty(), "receives that never ended: {:?}", desk.receiving);
    assert!(engine.idle());
    drop(engine);
});
