//! Eager messages: sent without asking, in one frame or in a train of frames.

use olympi_transport_api::{Envelope, Payload, Peer, Post, SendBuf, Transport};

use crate::arrivals::Arrivals;
use crate::error::Nonsense;
use crate::outbox::{Link, Train};
use crate::rndv_recv::{Incoming, State};
use crate::slab::Slab;
use crate::wire;
use crate::{Inbox, RecvId};

/// Sends a message of one frame.
#[inline]
pub(crate) fn single<T: Transport>(t: &mut T, to: Peer, envelope: &Envelope, buf: SendBuf) -> Post {
    t.send(to, &wire::eager(envelope), buf.as_slice())
}

/// Sends as much of a train as there is room for; `sent` counts the bytes. Answers whether all of it has gone.
pub(crate) fn train<T: Transport>(
    t: &mut T,
    to: Peer,
    envelope: &Envelope,
    buf: SendBuf,
    sent: &mut Option<usize>,
) -> bool {
    let max_frame = t.caps().max_frame;
    if sent.is_none() {
        let part = buf.part(0, wire::room(max_frame, wire::FIRST_HEADER));
        if t.send(to, &wire::first(envelope), part.as_slice()) != Post::Accepted {
            return false;
        }
        *sent = Some(part.len());
    }
    let sent = sent.get_or_insert_default();
    while *sent < buf.len() {
        let part = buf.part(*sent, wire::room(max_frame, wire::SHORT_HEADER));
        if t.send(to, &wire::more(), part.as_slice()) != Post::Accepted {
            return false;
        }
        *sent += part.len();
    }
    true
}

/// More of the train that is under way from a peer.
pub(crate) fn more<I: Inbox>(
    link: &mut Link,
    incoming: &mut Slab<Incoming>,
    arrivals: &mut Arrivals,
    payload: Payload<'_>,
    inbox: &mut I,
) -> Result<(), Nonsense> {
    let stray = Nonsense::OutOfPlace("more of a message that had not begun");
    let more = payload.len() as u64;
    let over = match link.train.ok_or(stray)? {
        Train::Taken(row) => {
            let taken = incoming.get_mut(row).ok_or(stray)?;
            let State::Train { arrived, total } = &mut taken.state else { return Err(stray) };
            // What lies beyond the buffer is dropped: no offset is too far.
            taken.buf.fill(usize::try_from(*arrived).unwrap_or(usize::MAX), payload);
            *arrived = within(*arrived, more, *total)?;
            let over = *arrived == *total;
            if over {
                let id: RecvId = taken.id;
                incoming.remove(row);
                inbox.received(id, Ok(()));
            }
            over
        }
        Train::Kept(row) => arrivals.more(row, payload).ok_or(stray)??,
        Train::Dropped { left } => {
            let left = left - within(0, more, left)?;
            link.train = Some(Train::Dropped { left });
            left == 0
        }
    };
    if over {
        link.train = None;
    }
    Ok(())
}

/// How many bytes have arrived after `more`, of `total` at most.
pub(crate) fn within(arrived: u64, more: u64, total: u64) -> Result<u64, Nonsense> {
    let sent = arrived.saturating_add(more);
    if sent > total { Err(Nonsense::Length { sent, due: total }) } else { Ok(sent) }
}
