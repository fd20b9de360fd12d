//! The receiver's half of a rendezvous: it decides how the bytes travel, and says when it has them.

use alloc::sync::Arc;

use olympi_transport_api::{Closed, MemoryRegion, Payload, Peer, Post, RecvBuf, RemoteKey, Transport};

use crate::choose::Travel;
use crate::eager::within;
use crate::error::Nonsense;
use crate::pieces::Pieces;
use crate::rndv_send::{Pushed, get_token};
use crate::wire::{self, Landing, Transfer};
use crate::{RecvId, Thresholds, choose};

/// A message that a receive has taken and that is not whole yet.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) from: Peer,
    pub(crate) id: RecvId,
    /// Of a rendezvous: as many bytes as are wanted of it.
    pub(crate) buf: RecvBuf,
    pub(crate) state: State,
    /// Set when the peer went away while the transport still writes the buffer.
    pub(crate) lost: Option<Arc<Closed>>,
}

/// How far it has come.
#[derive(Debug)]
pub(crate) enum State {
    /// A train of which so many bytes have arrived.
    Train { arrived: u64, total: u64 },
    /// An Rts that is not answered yet. `plain`: frames only, since something else was refused.
    /// `region`: our buffer, when it is registered already and the answer found no room.
    Matched { transfer: Transfer, key: Option<RemoteKey>, plain: bool, region: Option<MemoryRegion> },
    /// Being fetched.
    Get { transfer: Transfer, key: RemoteKey, pieces: Pieces },
    /// The sender puts; the region is its leave to.
    Put { _region: MemoryRegion },
    /// Frames are coming.
    Frames { arrived: usize },
}

/// How the answer to an Rts went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Answered {
    /// The transport has no room for it.
    Busy,
    /// It has gone out.
    Told,
    /// None is needed: we fetch.
    Get,
}

impl Incoming {
    /// A rendezvous of `len` bytes that a receive has taken; `None` if the receive wants none of them.
    pub(crate) fn matched(
        (from, id, buf): (Peer, RecvId, RecvBuf),
        transfer: Transfer,
        len: u64,
        key: Option<RemoteKey>,
    ) -> Option<Self> {
        let buf = buf.part(0, usize::try_from(len).unwrap_or(usize::MAX));
        let state = State::Matched { transfer, key, plain: false, region: None };
        (!buf.is_empty()).then_some(Self { from, id, buf, state, lost: None })
    }

    /// Decides how the bytes travel, and tells the sender.
    pub(crate) fn answer<T: Transport>(&mut self, t: &mut T, row: u32, thresholds: &Thresholds) -> Answered {
        let State::Matched { transfer, key, plain, region } = &mut self.state else { return Answered::Told };
        let (transfer, wanted) = (*transfer, self.buf.len());
        let travel = choose::travel(wanted, t.caps(), thresholds, key.is_some());
        match (travel, *key) {
            _ if *plain => {}
            (Travel::Get, Some(key)) => {
                self.state = State::Get { transfer, key, pieces: Pieces::of(wanted) };
                return Answered::Get;
            }
            (Travel::Put, _) if region.is_none() => {
                *region = t.register(self.buf.extent()).ok();
                *plain = region.is_none();
            }
            _ => {}
        }
        let ours = region.as_ref().map(MemoryRegion::key);
        let header = wire::cts(transfer, Landing(row), wanted as u64, ours);
        if t.send(self.from, header.bytes(), &[]) != Post::Accepted {
            return Answered::Busy;
        }
        self.state = match region.take() {
            Some(region) => State::Put { _region: region },
            None => State::Frames { arrived: 0 },
        };
        Answered::Told
    }

    /// Posts gets.
    pub(crate) fn get<T: Transport>(&mut self, t: &mut T, row: u32, thresholds: &Thresholds) -> Pushed {
        let State::Get { key, pieces, .. } = &mut self.state else { return Pushed::Enough };
        while let Some((offset, len)) = pieces.next(thresholds) {
            let part = self.buf.part(offset, len);
            if t.get(self.from, part, key.at(offset as u64), get_token(row)) != Post::Accepted {
                pieces.queued = true;
                return Pushed::Busy;
            }
            pieces.posted(len);
        }
        pieces.queued = false;
        Pushed::Enough
    }

    /// After a piece was refused: all bytes are asked for again, in frames.
    pub(crate) fn fall_back(&mut self) {
        if let State::Get { transfer, .. } = self.state {
            self.state = State::Matched { transfer, key: None, plain: true, region: None };
        }
    }

    /// More bytes. Answers whether they were the last.
    pub(crate) fn frag(&mut self, payload: Payload<'_>) -> Result<bool, Nonsense> {
        if matches!(self.state, State::Put { .. }) {
            // The sender could not put. Its leave to ends here, with the region.
            self.state = State::Frames { arrived: 0 };
        }
        let State::Frames { arrived } = &mut self.state else {
            return Err(Nonsense::OutOfPlace("data that was not asked for"));
        };
        within(*arrived as u64, payload.len() as u64, self.buf.len() as u64)?;
        *arrived += self.buf.fill_part(*arrived, payload);
        Ok(*arrived == self.buf.len())
    }

    /// Whether the transport still writes the buffer.
    pub(crate) fn under_way(&self) -> bool {
        matches!(&self.state, State::Get { pieces, .. } if pieces.under_way())
    }
}
