//! A process and itself: the smallest honest backend, and the `self` route of every job.

use std::mem::size_of;

use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Payload, Peer, Post, RecvBuf,
    RegisterError, RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

/// Bytes that may lie in the queue, its records' lengths included.
const CAPACITY: usize = 256 << 10;
/// Longest frame: some of them fit into the queue together.
const MAX_FRAME: usize = 64 << 10;
/// How many frames one poll tells at most.
const BATCH: usize = 64;
/// The length that stands where the next record is not: it is at the beginning of the queue.
const WRAP: u32 = u32::MAX;
const PREFIX: usize = 2 * size_of::<u32>();

/// Carries the frames of a process to itself.
///
/// The queue is one ring of bytes that is allocated at the first `send`: no frame costs an allocation, and a short one
/// is copied twice within the first-level cache. There is no `get` and no `put`: between two buffers of one process
/// they would save one copy, at the price of `unsafe` here; long messages go as trains of frames instead.
///
/// ```
/// use olympi_sim::Loopback;
/// use olympi_transport_api::{Inbound, Peer, Post, Transport};
///
/// let mut transport = Loopback::new(Peer(3));
/// let address = transport.address();
/// transport.connect(Peer(3), &address).unwrap();
/// assert_eq!(transport.send(Peer(3), b"to", b"myself"), Post::Accepted);
/// let told = transport.poll(&mut |event| match event {
///     Inbound::Frame { from: Peer(3), header: b"to", payload } => assert_eq!(payload.to_vec(), b"myself"),
///     other => panic!("unexpected: {other:?}"),
/// });
/// assert_eq!(told, 1);
/// ```
pub struct Loopback {
    me: Peer,
    caps: Caps,
    ring: Box<[u8]>,
    /// Where the next record is read, and where the next is written. Equal when there is none.
    head: usize,
    tail: usize,
}

impl Loopback {
    /// The loopback of the process that is `me` in its job.
    pub fn new(me: Peer) -> Self {
        let caps = Caps {
            name: "self",
            max_frame: MAX_FRAME,
            inline: 256,
            eager_max: MAX_FRAME,
            get_from: None,
            put_from: None,
        };
        Self { me, caps, ring: Box::default(), head: 0, tail: 0 }
    }

    /// Where a record of `len` bytes may be written: after the last one, or at the beginning if there is no room up to
    /// the end. The tail never reaches the head, since that means an empty queue.
    fn room(&self, len: usize) -> Option<usize> {
        if self.tail < self.head {
            return (self.tail + len < self.head).then_some(self.tail);
        }
        // A prefix must always fit behind a record, to say that the next one is at the beginning.
        if self.tail + len + PREFIX <= CAPACITY {
            return Some(self.tail);
        }
        (len < self.head).then_some(0)
    }

    fn prefix(&self, at: usize) -> (u32, u32) {
        let word = |at: usize| {
            let bytes: [u8; 4] = self.ring[at..at + 4].try_into().expect("four bytes are asked for");
            u32::from_ne_bytes(bytes)
        };
        (word(at), word(at + 4))
    }

    fn write_prefix(&mut self, at: usize, header: u32, payload: u32) {
        self.ring[at..at + 4].copy_from_slice(&header.to_ne_bytes());
        self.ring[at + 4..at + PREFIX].copy_from_slice(&payload.to_ne_bytes());
    }
}

impl Transport for Loopback {
    fn caps(&self) -> &Caps {
        &self.caps
    }

    fn address(&self) -> Address {
        Address(self.me.0.to_le_bytes().to_vec())
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        if peer != self.me || *address != self.address() {
            let detail = format!("this transport leads {} to itself and nowhere else", self.me);
            return Err(ConnectError::Unreachable { transport: self.caps.name, peer, detail });
        }
        Ok(())
    }

    #[inline]
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        let len = header.len() + payload.len();
        debug_assert!(header.len() <= 64 && len <= MAX_FRAME, "the caller keeps to the caps");
        if to != self.me || len > MAX_FRAME {
            return Post::Closed;
        }
        if self.ring.is_empty() {
            self.ring = vec![0; CAPACITY].into_boxed_slice();
        }
        let record = (PREFIX + len).next_multiple_of(PREFIX);
        let Some(at) = self.room(record) else { return Post::Busy };
        if at < self.tail {
            self.write_prefix(self.tail, WRAP, 0);
        }
        self.write_prefix(at, header.len() as u32, payload.len() as u32);
        let body = &mut self.ring[at + PREFIX..at + PREFIX + len];
        let (header_room, payload_room) = body.split_at_mut(header.len());
        header_room.copy_from_slice(header);
        payload_room.copy_from_slice(payload);
        self.tail = at + record;
        Post::Accepted
    }

    fn register(&mut self, _: Extent) -> Result<MemoryRegion, RegisterError> {
        Err(RegisterError::Unsupported { transport: self.caps.name })
    }

    fn put(&mut self, _: Peer, _: SendBuf, _: RemoteKey, _: OpToken) -> Post {
        debug_assert!(false, "the caps say that there is no put");
        Post::Closed
    }

    fn get(&mut self, _: Peer, _: RecvBuf, _: RemoteKey, _: OpToken) -> Post {
        debug_assert!(false, "the caps say that there is no get");
        Post::Closed
    }

    #[inline]
    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let mut told = 0;
        while self.head != self.tail && told < BATCH {
            let (mut header, mut payload) = self.prefix(self.head);
            if header == WRAP {
                self.head = 0;
                (header, payload) = self.prefix(0);
            }
            let (header, payload) = (header as usize, payload as usize);
            let at = self.head + PREFIX;
            let (header_bytes, payload_bytes) = self.ring[at..at + header + payload].split_at(header);
            let payload_bytes = Payload::from_slice(payload_bytes);
            sink(Inbound::Frame { from: self.me, header: header_bytes, payload: payload_bytes });
            self.head += (PREFIX + header + payload).next_multiple_of(PREFIX);
            told += 1;
        }
        if self.head == self.tail {
            // From the beginning again, which is in the cache.
            (self.head, self.tail) = (0, 0);
        }
        told
    }

    fn arm(&mut self, _: WakeBy) -> Wake {
        if self.head == self.tail { Wake::Never } else { Wake::Pending }
    }

    fn disarm(&mut self) {}

    fn drained(&self) -> bool {
        self.head == self.tail
    }

    fn describe(&self, peer: Peer) -> String {
        if peer == self.me {
            format!("self: a queue of {} KiB", CAPACITY >> 10)
        } else {
            format!("self: leads {} to itself only, not to {peer}", self.me)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::with_seeds;

    #[test]
    fn the_ring_agrees_with_a_queue() {
        with_seeds(30, |seed| {
            let mut rng = crate::Rng::new(seed);
            let mut transport = Loopback::new(Peer(0));
            let mut model = VecDeque::new();
            let mut refused = 0;
            for step in 0..3000_u32 {
                if rng.chance(19, 20) {
                    let long = if rng.chance(1, 4) { MAX_FRAME - 64 } else { 200 };
                    let (header, payload) =
                        (vec![step as u8; rng.below(65)], vec![!step as u8; rng.below(long)]);
                    match transport.send(Peer(0), &header, &payload) {
                        Post::Accepted => model.push_back((header, payload)),
                        Post::Busy => refused += 1,
                        Post::Closed => panic!("never closed"),
                    }
                } else {
                    let told = transport.poll(&mut |event| {
                        let Inbound::Frame { header, payload, .. } = event else { panic!("{event:?}") };
                        assert_eq!((header.to_vec(), payload.to_vec()), model.pop_front().expect("a frame"));
                    });
                    assert!(told == BATCH || model.is_empty());
                }
                assert_eq!(transport.drained(), model.is_empty());
            }
            assert!(refused > 0, "the ring never filled");
        });
    }

    #[test]
    fn three_of_the_longest_frames_or_thousands_of_the_shortest_fit() {
        let fill = |payload: &[u8]| {
            let mut transport = Loopback::new(Peer(0));
            (0..CAPACITY).take_while(|_| transport.send(Peer(0), &[], payload) == Post::Accepted).count()
        };
        assert_eq!(fill(&vec![1; MAX_FRAME]), 3);
        assert!(fill(&[]) > 30_000);
    }

    #[test]
    fn it_leads_nowhere_else() {
        let mut transport = Loopback::new(Peer(1));
        let address = transport.address();
        assert!(transport.connect(Peer(2), &address).is_err());
        assert!(transport.connect(Peer(1), &Address(vec![9])).is_err());
        assert_eq!(transport.send(Peer(2), &[], &[]), Post::Closed);
        assert!(transport.describe(Peer(2)).contains("not to rank 2"));
    }
}
