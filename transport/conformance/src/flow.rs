//! A flow of frames from one rank to another, each of which can be told from every other.

use olympi_transport_api::{Post, Transport};

use crate::world::{Event, Guard, World, peer};

/// Frames that `from` sends to `to`, and how far they have come.
pub(crate) struct Flow {
    pub(crate) from: usize,
    pub(crate) to: usize,
    /// Lengths of each frame's header and payload.
    pub(crate) sizes: Vec<(usize, usize)>,
    pub(crate) sent: usize,
    pub(crate) seen: usize,
}

impl Flow {
    pub(crate) fn new(from: usize, to: usize, sizes: Vec<(usize, usize)>) -> Self {
        Self { from, to, sizes, sent: 0, seen: 0 }
    }

    /// The bytes of frame `index`.
    pub(crate) fn frame(&self, index: usize) -> (Vec<u8>, Vec<u8>) {
        let (header, payload) = self.sizes[index];
        let tag = ((self.from * 31 + self.to) * 1_000_003 + index) as u64;
        (pattern(tag, header), pattern(tag ^ 0x5555, payload))
    }

    /// Posts frames until `Busy`, at most `burst`. The buffers are overwritten at once, since they are free.
    pub(crate) fn push<T: Transport>(&mut self, world: &mut World<T>, burst: usize) -> usize {
        let before = self.sent;
        while self.sent < self.sizes.len() && self.sent - before < burst {
            let (mut header, mut payload) = self.frame(self.sent);
            match world.transport(self.from).send(peer(self.to), &header, &payload) {
                Post::Accepted => self.sent += 1,
                Post::Busy => break,
                Post::Closed => panic!("frame {} from rank {} to {}: closed", self.sent, self.from, self.to),
            }
            header.fill(0xEE);
            payload.fill(0xEE);
        }
        self.sent - before
    }

    /// Checks a frame that has arrived: it must be the next one, whole.
    pub(crate) fn absorb(&mut self, header: &[u8], payload: &[u8]) {
        let Self { from, to, seen, sent, .. } = *self;
        assert!(seen < sent, "rank {to} got a frame from rank {from} beyond the {sent} that were sent");
        let (want_header, want_payload) = self.frame(seen);
        assert!(
            header == want_header && payload == want_payload,
            "frame {seen} of {sent} from rank {from} to {to} should have lengths {:?} and has {:?}; {}",
            (want_header.len(), want_payload.len()),
            (header.len(), payload.len()),
            difference(&[want_header, want_payload].concat(), &[header, payload].concat()),
        );
        self.seen += 1;
    }

    pub(crate) fn complete(&self) -> bool {
        self.seen == self.sizes.len()
    }
}

/// Hands what every rank was told to its flow. Returns the events that are not frames.
pub(crate) fn deliver<T: Transport>(world: &mut World<T>, flows: &mut [Flow]) -> Vec<(usize, Event)> {
    let mut others = Vec::new();
    for rank in 0..world.ranks() {
        for event in world.take(rank) {
            if let Event::Frame { from, header, payload } = &event {
                let flow = flows.iter_mut().find(|flow| flow.to == rank && flow.from == from.index());
                match flow {
                    Some(flow) => flow.absorb(header, payload),
                    None => panic!("rank {rank} got a frame from {from}, who sent it none"),
                }
            } else {
                others.push((rank, event));
            }
        }
    }
    others
}

/// Drives flows until every frame has been sent and seen, and nothing follows.
pub(crate) fn run<T: Transport>(world: &mut World<T>, flows: &mut [Flow], burst: usize) {
    let mut guard = Guard::new();
    while !flows.iter().all(Flow::complete) {
        let pushed: usize = flows.iter_mut().map(|flow| flow.push(world, burst)).sum();
        let told = world.poll_all();
        let others = deliver(world, flows);
        assert!(others.is_empty(), "only frames were expected, not {others:?}");
        guard.idle(pushed + told == 0, || {
            let state: Vec<_> = flows
                .iter()
                .map(|f| format!("{}->{}: {} sent, {} seen", f.from, f.to, f.sent, f.seen))
                .collect();
            format!("the frames of {}", state.join("; "))
        });
    }
    world.settle();
    let others = deliver(world, flows);
    assert!(others.is_empty(), "nothing more was expected, not {others:?}");
}

/// Bytes that differ by tag and by place.
pub(crate) fn pattern(tag: u64, len: usize) -> Vec<u8> {
    let mut state = tag.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}

/// Where two byte strings differ first, in words.
pub(crate) fn difference(want: &[u8], got: &[u8]) -> String {
    match want.iter().zip(got).position(|(a, b)| a != b) {
        Some(at) => format!("byte {at} should be {:#04x} and is {:#04x}", want[at], got[at]),
        None => format!("{} bytes instead of {}", got.len(), want.len()),
    }
}

/// Total lengths at which something in a transport tends to change: around words, cache lines, its inline size
/// and its longest frame.
pub(crate) fn boundaries<T: Transport>(transport: &T) -> Vec<usize> {
    let caps = transport.caps();
    assert!(caps.max_frame >= 1024, "{}: max_frame is {}, below 1024", caps.name, caps.max_frame);
    let mut sizes =
        vec![0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 39, 40, 41, 47, 48, 49, 55, 56, 57];
    sizes.extend([63, 64, 65, 71, 72, 73, 127, 128, 129, 191, 192, 193, 255, 256, 257, 511, 512, 513, 1000]);
    sizes.extend((10..20).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]));
    sizes.extend([caps.inline.saturating_sub(1), caps.inline, caps.inline + 1]);
    sizes.extend([caps.max_frame / 2, caps.max_frame - 1, caps.max_frame]);
    sizes.retain(|&size| size <= caps.max_frame);
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}
