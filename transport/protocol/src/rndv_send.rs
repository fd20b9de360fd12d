//! The sender's half of a rendezvous: announce, then let the receiver fetch, or put, or send frames.

use alloc::sync::Arc;

use olympi_transport_api::{
    Closed, Envelope, MemoryRegion, OpToken, Peer, Post, RemoteKey, SendBuf, Transport,
};

use crate::error::Nonsense;
use crate::outbox::Bulk;
use crate::pieces::Pieces;
use crate::wire::{self, Landing, Transfer};
use crate::{SendId, Thresholds, choose};

/// A message that waits at its sender.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) to: Peer,
    pub(crate) id: SendId,
    pub(crate) state: State,
    /// Set when the peer went away while the transport still reads the buffer.
    pub(crate) lost: Option<Arc<Closed>>,
    envelope: Envelope,
    buf: SendBuf,
    /// Leave to read the buffer, as long as it lives.
    region: Option<MemoryRegion>,
}

/// How far it has come.
#[derive(Debug)]
pub(crate) enum State {
    /// Not announced yet. `whole`: the announcement takes the bytes along.
    New { whole: bool },
    /// Announced; waits for its Cts or, `whole` or fetched, for its Fin alone.
    Announced { whole: bool },
    /// Being put.
    Put { landing: Landing, key: RemoteKey, pieces: Pieces },
    /// Being sent in frames.
    Frames { landing: Landing, wanted: usize, sent: usize },
}

/// How far a push came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pushed {
    /// The transport has no room.
    Busy,
    /// There is more to send, but others are to have their turn.
    More,
    /// Nothing can be posted at present.
    Enough,
    /// It goes on in another way.
    Instead(Bulk),
    /// The last frame has gone.
    Ended,
}

impl Outgoing {
    /// A message that waits at its sender from now on. The receiver gets leave to fetch it, if it is long
    /// enough and its memory can be registered. `whole`: the announcement takes the bytes along.
    pub(crate) fn new<T: Transport>(
        t: &mut T,
        (to, envelope): (Peer, &Envelope),
        (buf, id): (SendBuf, SendId),
        whole: bool,
        thresholds: &Thresholds,
    ) -> Self {
        let offer = !whole && choose::offers_get(buf.len(), t.caps(), thresholds);
        // A refusal costs speed, not the message: it travels in frames then.
        let region = if offer { t.register(buf.extent()).ok() } else { None };
        Self { to, id, envelope: *envelope, buf, region, state: State::New { whole }, lost: None }
    }

    /// Sends the announcement.
    pub(crate) fn announce<T: Transport>(&mut self, t: &mut T, row: u32) -> Post {
        let whole = matches!(self.state, State::New { whole: true });
        let post = if whole {
            t.send(self.to, &wire::sync(&self.envelope, Transfer(row)), self.buf.as_slice())
        } else {
            let key = self.region.as_ref().map(MemoryRegion::key);
            t.send(self.to, wire::rts(&self.envelope, Transfer(row), key).bytes(), &[])
        };
        if post == Post::Accepted {
            self.state = State::Announced { whole };
        }
        post
    }

    /// The receiver's Cts: it wants so many bytes, by `put` if it gave a key.
    pub(crate) fn wanted(
        &mut self,
        row: u32,
        landing: Landing,
        wanted: u64,
        key: Option<RemoteKey>,
    ) -> Result<Bulk, Nonsense> {
        if !matches!(self.state, State::Announced { whole: false }) {
            return Err(Nonsense::OutOfPlace("a CTS"));
        }
        let due = self.buf.len();
        let Some(wanted) = usize::try_from(wanted).ok().filter(|wanted| *wanted <= due) else {
            return Err(Nonsense::Length { sent: wanted, due: due as u64 });
        };
        self.region = None;
        if let Some(key) = key {
            let mut pieces = Pieces::of(wanted);
            pieces.queued = true;
            self.state = State::Put { landing, key, pieces };
            Ok(Bulk::Put(row))
        } else {
            self.state = State::Frames { landing, wanted, sent: 0 };
            Ok(Bulk::Frames(row))
        }
    }

    /// After a piece was refused: all bytes go, from the first one, in frames.
    pub(crate) fn fall_back(&mut self, row: u32) -> Option<Bulk> {
        let State::Put { landing, pieces, .. } = self.state else { return None };
        self.state = State::Frames { landing, wanted: pieces.wanted(), sent: 0 };
        Some(Bulk::Frames(row))
    }

    /// Posts puts.
    pub(crate) fn put<T: Transport>(&mut self, t: &mut T, row: u32, thresholds: &Thresholds) -> Pushed {
        let State::Put { key, pieces, .. } = &mut self.state else { return Pushed::Enough };
        while let Some((offset, len)) = pieces.next(thresholds) {
            let part = self.buf.part(offset, len);
            if t.put(self.to, part, key.at(offset as u64), put_token(row)) != Post::Accepted {
                pieces.queued = true;
                return Pushed::Busy;
            }
            pieces.posted(len);
        }
        pieces.queued = false;
        Pushed::Enough
    }

    /// Sends frames, a bounded number.
    pub(crate) fn frames<T: Transport>(&mut self, t: &mut T, thresholds: &Thresholds) -> Pushed {
        let State::Frames { landing, wanted, sent } = &mut self.state else { return Pushed::Enough };
        let (header, room) = (wire::frag(*landing), wire::room(t.caps().max_frame, wire::SHORT_HEADER));
        for _ in 0..thresholds.frames_per_poll.max(1) {
            let part = self.buf.part(*sent, room.min(*wanted - *sent));
            if t.send(self.to, &header, part.as_slice()) != Post::Accepted {
                return Pushed::Busy;
            }
            *sent += part.len();
            if *sent == *wanted {
                return Pushed::Ended;
            }
        }
        Pushed::More
    }

    /// Whether the transport still reads the buffer.
    pub(crate) fn under_way(&self) -> bool {
        matches!(&self.state, State::Put { pieces, .. } if pieces.under_way())
    }
}

/// Names a put of the outgoing message in this row.
fn put_token(row: u32) -> OpToken {
    OpToken(u64::from(row) << 1 | 1)
}

/// Whether the token is of a put (else of a get), and the row.
#[allow(clippy::cast_possible_truncation)] // tokens are made of 33 bits
pub(crate) fn read_token(op: OpToken) -> (bool, u32) {
    (op.0 & 1 == 1, (op.0 >> 1) as u32)
}

/// Names a get of the incoming message in this row.
pub(crate) fn get_token(row: u32) -> OpToken {
    OpToken(u64::from(row) << 1)
}
