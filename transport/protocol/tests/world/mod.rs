//! A whole job in one thread: ranks with an engine each on the simulated network, a matcher of the simplest
//! sort, and a script of messages that says what must come out.
#![allow(unreachable_pub, dead_code)] // each test crate uses some of it

use olympi_protocol::{
    Accepted, ArrivalId, Engine, Inbox, Mode, RecvError, RecvId, SendError, SendId, Sent, Thresholds,
};
use olympi_sim::{Network, NetworkConfig, Rng};
use olympi_transport_api::{Closed, ClosedKind, Envelope, Peer, RecvBuf, SendBuf, Transport};

mod grudging;

use grudging::Grudging;

/// One message of the script.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub from: usize,
    pub to: usize,
    pub context: u32,
    pub tag: i32,
    pub len: usize,
    /// Bytes that its receiver has room for.
    pub room: usize,
    pub mode: Mode,
    /// Dropped by its receiver instead of received, if it happens to be unexpected.
    pub unwanted: bool,
}

impl Message {
    pub fn byte(self, at: usize, number: usize) -> u8 {
        (at.wrapping_mul(31) ^ (at >> 8) ^ number.wrapping_mul(97)) as u8
    }

    fn key(&self) -> (usize, u32, i32) {
        (self.from, self.context, self.tag)
    }
}

/// What became of a send or a receive.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    NotBegun,
    /// The matcher has it, the engine does not know of it.
    Posted,
    UnderWay,
    Ok,
    /// Discarded by its receiver.
    Refused,
    Gone(ClosedKind),
}

impl Fate {
    pub fn ended(&self) -> bool {
        matches!(self, Fate::Ok | Fate::Refused | Fate::Gone(_))
    }
}

/// The numbers of a rank's sends and receives are those of the messages in the script.
struct Book {
    me: usize,
    script: Vec<Message>,
    sends: Vec<Fate>,
    receives: Vec<Fate>,
    room: Vec<Vec<u8>>,
    posted: Vec<usize>,
    unexpected: Vec<(Peer, Envelope, ArrivalId)>,
    gone: Vec<Closed>,
    /// Of whom neither lengths nor bytes are as in the script.
    liar: Option<Peer>,
}

impl Book {
    fn lend(&mut self, number: usize) -> RecvBuf {
        let room = &mut self.room[number];
        // SAFETY: the vector is neither moved nor touched until the receive has ended.
        unsafe { RecvBuf::lend(room.as_mut_ptr(), room.len()) }
    }

    fn end_receive(&mut self, number: usize, outcome: Result<(), RecvError>) {
        assert_eq!(self.receives[number], Fate::UnderWay, "message {number} ends once");
        self.receives[number] = match outcome {
            Ok(()) => Fate::Ok,
            Err(RecvError::PeerGone(closed)) => Fate::Gone(closed.kind),
        };
    }
}

impl Inbox for Book {
    fn arrive(&mut self, from: Peer, envelope: &Envelope, arrival: ArrivalId) -> Option<(RecvId, RecvBuf)> {
        assert!(self.gone.iter().all(|closed| closed.peer != from), "silence after {from} is closed");
        let script = &self.script;
        let wanted = (from.index(), envelope.context, envelope.tag);
        let found = self.posted.iter().position(|&number| script[number].key() == wanted);
        let Some(at) = found else {
            assert!(self.unexpected.iter().all(|(_, _, other)| *other != arrival), "{arrival:?} is taken");
            self.unexpected.push((from, *envelope, arrival));
            return None;
        };
        let number = self.posted.remove(at);
        assert!(self.liar == Some(from) || envelope.len == self.script[number].len as u64);
        self.receives[number] = Fate::UnderWay;
        Some((RecvId(number as u32), self.lend(number)))
    }

    fn received(&mut self, recv: RecvId, outcome: Result<(), RecvError>) {
        self.end_receive(recv.0 as usize, outcome);
    }

    fn sent(&mut self, send: SendId, outcome: Result<(), SendError>) {
        let number = send.0 as usize;
        assert_eq!(self.sends[number], Fate::UnderWay, "the send of message {number} ends once");
        self.sends[number] = match outcome {
            Ok(()) => Fate::Ok,
            Err(SendError::PeerGone(closed)) => Fate::Gone(closed.kind),
            Err(SendError::Unreceived { peer }) => {
                assert_eq!(peer.index(), self.script[number].to);
                Fate::Refused
            }
        };
    }

    fn closed(&mut self, closed: &Closed) {
        let peer = closed.peer.index();
        assert!(self.gone.iter().all(|other| other.peer != closed.peer), "{} is closed once", closed.peer);
        for (number, message) in self.script.iter().enumerate() {
            let send = message.from == self.me && message.to == peer;
            assert!(!send || self.sends[number] != Fate::UnderWay, "send {number} outlives its peer");
            let receive = message.to == self.me && message.from == peer;
            assert!(
                !receive || self.receives[number] != Fate::UnderWay,
                "receive {number} outlives its peer"
            );
        }
        // As comm does: what was posted for that peer cannot be matched any more.
        let (script, receives) = (&self.script, &mut self.receives);
        self.posted.retain(|&number| {
            if script[number].from == peer {
                receives[number] = Fate::Gone(closed.kind);
            }
            script[number].from != peer
        });
        self.gone.push(closed.clone());
    }
}

pub struct Rank {
    pub engine: Engine,
    pub transport: Grudging,
    book: Book,
    payloads: Vec<Vec<u8>>,
    to_send: Vec<usize>,
    to_receive: Vec<usize>,
    addresses: Vec<olympi_transport_api::Address>,
    connected: Vec<bool>,
}

impl Rank {
    pub fn sends(&self) -> &[Fate] {
        &self.book.sends
    }

    pub fn receives(&self) -> &[Fate] {
        &self.book.receives
    }

    /// The buffer of a receive; before it is written, each byte is 0xAA.
    pub fn room(&self, number: usize) -> &[u8] {
        &self.book.room[number]
    }

    pub fn gone(&self) -> &[Closed] {
        &self.book.gone
    }

    pub fn connect(&mut self, peer: Peer) {
        if !std::mem::replace(&mut self.connected[peer.index()], true) {
            self.transport.connect(peer, &self.addresses[peer.index()]).expect("an address of this network");
            self.engine.connected(peer);
        }
    }

    pub fn poll(&mut self) -> usize {
        let events = self.engine.poll(&mut self.transport, &mut self.book);
        while let Some(peer) = self.engine.stranger() {
            self.connect(peer);
        }
        events
    }

    fn send_next(&mut self) {
        let Some(number) = self.to_send.pop() else { return };
        let message = self.book.script[number];
        let to = Peer(message.to as u32);
        self.connect(to);
        self.payloads[number] = (0..message.len).map(|at| message.byte(at, number)).collect();
        let bytes = &self.payloads[number];
        // SAFETY: the vector is neither moved nor touched until the send has ended.
        let buf = unsafe { SendBuf::lend(bytes.as_ptr(), bytes.len()) };
        let envelope = Envelope {
            context: message.context,
            source: message.from as u32,
            tag: message.tag,
            signature: 0,
            len: message.len as u64,
        };
        let id = SendId(number as u32);
        let sent = self.engine.send(&mut self.transport, to, &envelope, message.mode, buf, id);
        self.book.sends[number] = match sent {
            Ok(Sent::Done) => {
                assert_eq!(message.mode, Mode::Standard, "a synchronous send waits for its match");
                // The buffer is free: whoever still reads it reads nonsense.
                self.payloads[number].fill(0xEE);
                Fate::Ok
            }
            Ok(Sent::Pending) => Fate::UnderWay,
            Err(SendError::PeerGone(closed)) => Fate::Gone(closed.kind),
            Err(SendError::Unreceived { .. }) => panic!("told before it was sent"),
        };
    }

    fn receive_next(&mut self) {
        let Some(number) = self.to_receive.pop() else { return };
        let book = &mut self.book;
        let message = book.script[number];
        let is = |(from, envelope, _): &(Peer, Envelope, ArrivalId)| {
            (from.index(), envelope.context, envelope.tag) == message.key()
        };
        if let Some(at) = book.unexpected.iter().position(is) {
            let (from, envelope, arrival) = book.unexpected.remove(at);
            assert!(book.liar == Some(from) || envelope.len == message.len as u64);
            if message.unwanted {
                self.engine.discard(&mut self.transport, arrival);
                book.receives[number] = Fate::Refused;
                return;
            }
            book.receives[number] = Fate::UnderWay;
            let buf = book.lend(number);
            match self.engine.accept(&mut self.transport, arrival, RecvId(number as u32), buf) {
                Ok(Accepted::Done) => book.end_receive(number, Ok(())),
                Ok(Accepted::Pending) => {}
                Err(error) => book.end_receive(number, Err(error)),
            }
        } else if let Some(closed) = book.gone.iter().find(|closed| closed.peer.index() == message.from) {
            book.receives[number] = Fate::Gone(closed.kind);
        } else {
            book.script[number].unwanted = false;
            book.receives[number] = Fate::Posted;
            book.posted.push(number);
        }
    }

    /// Whether nothing of the script is left to do here.
    fn ended(&self) -> bool {
        let mine = |(number, message): (usize, &Message)| {
            (message.from != self.book.me || self.book.sends[number].ended())
                && (message.to != self.book.me || self.book.receives[number].ended())
        };
        self.book.script.iter().enumerate().all(mine)
    }

    /// Checks the bytes of every message that was received here.
    fn check(&self) {
        for (number, message) in self.book.script.iter().enumerate() {
            let lie = self.book.liar.is_some_and(|liar| liar.index() == message.from);
            if message.to != self.book.me || lie || self.book.receives[number] != Fate::Ok {
                continue;
            }
            let (got, taken) = (&self.book.room[number], message.len.min(message.room));
            let taken = if message.unwanted { 0 } else { taken };
            for (at, byte) in got.iter().enumerate() {
                let due = if at < taken { message.byte(at, number) } else { 0xAA };
                assert_eq!(*byte, due, "byte {at} of message {number}: {message:?}");
            }
        }
    }
}

pub struct World {
    pub network: Network,
    pub ranks: Vec<Rank>,
    pub rng: Rng,
    dead: Vec<usize>,
}

impl World {
    /// Checks that a message was sent and received, or that its receiver did not want it and said so.
    pub fn assert_well(&self, number: usize, message: &Message) {
        let (sent, received) =
            (&self.ranks[message.from].sends()[number], &self.ranks[message.to].receives()[number]);
        if *received == Fate::Refused {
            assert!(message.unwanted, "{message:?}");
            let waited = message.mode == Mode::Synchronous;
            assert!(*sent == Fate::Refused || (!waited && *sent == Fate::Ok), "{message:?}");
        } else {
            assert_eq!((sent, received), (&Fate::Ok, &Fate::Ok), "{message:?}");
        }
    }

    pub fn new(
        seed: u64,
        size: usize,
        config: NetworkConfig,
        thresholds: Thresholds,
        script: &[Message],
    ) -> Self {
        let mut rng = Rng::new(seed ^ 0x5EED);
        let network = Network::new(seed, size, config);
        let transports = network.transports();
        let addresses: Vec<_> = transports.iter().map(Transport::address).collect();
        let rank = |(me, transport)| Rank {
            engine: Engine::new(thresholds),
            transport: Grudging::new(transport, seed),
            book: Book {
                me,
                script: script.to_vec(),
                sends: vec![Fate::NotBegun; script.len()],
                receives: vec![Fate::NotBegun; script.len()],
                room: script.iter().map(|m| vec![0xAA; if m.to == me { m.room } else { 0 }]).collect(),
                posted: Vec::new(),
                unexpected: Vec::new(),
                gone: Vec::new(),
                liar: None,
            },
            payloads: vec![Vec::new(); script.len()],
            to_send: (0..script.len()).rev().filter(|&number| script[number].from == me).collect(),
            to_receive: receive_order(me, script, &mut rng),
            addresses: addresses.clone(),
            connected: vec![false; size],
        };
        let ranks = transports.into_iter().enumerate().map(rank).collect();
        Self { network, ranks, rng, dead: Vec::new() }
    }

    /// One random thing at one random rank.
    pub fn step(&mut self) {
        let rank = self.rng.below(self.ranks.len());
        if self.dead.contains(&rank) {
            return;
        }
        let rank = &mut self.ranks[rank];
        match self.rng.below(5) {
            0 => rank.send_next(),
            1 => rank.receive_next(),
            _ => {
                rank.poll();
            }
        }
    }

    /// As [`World::step`], but nobody asks for a message.
    pub fn step_deaf(&mut self) {
        let rank = self.rng.below(self.ranks.len());
        let rank = &mut self.ranks[rank];
        if self.rng.below(3) == 0 {
            rank.send_next();
        } else {
            rank.poll();
        }
    }

    /// Kills a rank. Its own code runs on for nobody.
    pub fn kill(&mut self, rank: usize) {
        self.network.kill(rank);
        self.dead.push(rank);
    }

    /// Lets a rank act no more by itself, without killing it.
    pub fn leave_alone(&mut self, rank: usize) {
        self.dead.push(rank);
    }

    /// A peer may send anything.
    pub fn trust_nothing_of(&mut self, liar: Peer) {
        self.ranks.iter_mut().for_each(|rank| rank.book.liar = Some(liar));
    }

    /// Until everything has ended at every rank that lives, and nothing is open any more.
    pub fn run(&mut self) {
        for _ in 0..5_000_000 {
            self.step();
            let mut alive = (0..self.ranks.len()).filter(|rank| !self.dead.contains(rank));
            if alive.all(|rank| self.ranks[rank].ended() && self.ranks[rank].engine.idle()) {
                self.ranks.iter().for_each(Rank::check);
                return;
            }
        }
        let open = |rank: &Rank| {
            let left = rank.book.script.iter().enumerate().filter(|(number, m)| {
                m.from == rank.book.me && !rank.sends()[*number].ended()
                    || m.to == rank.book.me && !rank.receives()[*number].ended()
            });
            left.map(|(number, m)| (number, *m)).collect::<Vec<_>>()
        };
        let open: Vec<_> = self.ranks.iter().map(open).collect();
        panic!("this never ends: {open:#?}\ngone: {:?}", self.dead);
    }
}

/// A random order of a rank's receives in which those with one key are in the order of their sends; last first.
fn receive_order(me: usize, script: &[Message], rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..script.len()).filter(|&number| script[number].to == me).collect();
    // Shuffled near their places, so that few messages wait for a receive at the very end.
    for at in 1..order.len() {
        let other = at - rng.below(at.min(8) + 1);
        order.swap(at, other);
    }
    let mut numbers: Vec<usize> = (0..script.len()).filter(|&number| script[number].to == me).collect();
    for place in &mut order {
        let key = script[*place].key();
        let at = numbers.iter().position(|&number| script[number].key() == key).expect("as many as places");
        *place = numbers.remove(at);
    }
    order.reverse();
    order
}

/// A random script for `size` ranks, of lengths around every threshold.
pub fn script(rng: &mut Rng, size: usize, messages: usize, config: &NetworkConfig) -> Vec<Message> {
    let (frame, eager) = (config.caps.max_frame, config.caps.eager_max);
    let edges = [0, 1, 8, 40, 41, frame - 24, frame - 16, frame - 8, frame, eager, 2048, 4 * frame, 50_000];
    let one = |_| {
        let len = match rng.below(4) {
            0 => (edges[rng.below(edges.len())] + rng.below(3)).saturating_sub(1),
            1 => rng.below(20_000),
            _ => rng.below(100),
        };
        let room = match rng.below(6) {
            0 => rng.below(len + 1),
            1 => len + rng.below(100),
            _ => len,
        };
        Message {
            from: rng.below(size),
            to: rng.below(size),
            context: rng.below(2) as u32,
            tag: rng.below(3) as i32,
            len,
            room,
            mode: if rng.below(4) == 0 { Mode::Synchronous } else { Mode::Standard },
            unwanted: rng.below(10) == 0,
        }
    };
    (0..messages).map(one).collect()
}
