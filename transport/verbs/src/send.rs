//! Frames out: inline where they are short, through a bounce buffer where they are not.

use core::ptr;

use olympi_transport_api::{Peer, Post};

use crate::Verbs;
use crate::ffi::{IBV_SEND_INLINE, IBV_WR_SEND, IBV_WR_SEND_WITH_IMM, ibv_sge};
use crate::library::{memlock, words};
use crate::link::{Held, Link, Stage, write_wr};
use crate::wire::{MAX_HEADER, PREFIX, Prefix, Repeat, place_of};

impl Verbs {
    /// Sends a frame to a peer, if there is room.
    #[inline]
    pub(crate) fn send_frame(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        let link = match self.links.get_mut(to.index()) {
            Some(Link::There(link)) if link.stage == Stage::Up => link,
            Some(Link::There(_) | Link::None) => return Post::Busy,
            Some(Link::Gone) | None => return Post::Closed,
        };
        if link.credits() == 0 {
            let word = self.words.read(to.0);
            if word.is_some_and(|word| !link.grant(word)) {
                self.malformed(to, "it grants more frames than any window has");
                return Post::Closed;
            }
            if link.credits() == 0 {
                link.starved = true;
                return Post::Busy;
            }
        }
        if link.under_way() >= self.config.send_depth || self.wrs >= self.wr_limit {
            return Post::Busy;
        }
        // What precedes the payload: nothing, or the prefix and the header, which has at most 64 bytes.
        let place = place_of(header);
        let repeated = link.headers_sent.at(place) == Some(header);
        let mut room = [0_u8; PREFIX + MAX_HEADER];
        let front = if repeated {
            &room[..0]
        } else {
            let prefix =
                Prefix { granted: link.allowance(), header: header.len() as u8, starved: link.starved };
            room[..PREFIX].copy_from_slice(&prefix.encode());
            room[PREFIX..PREFIX + header.len()].copy_from_slice(header);
            &room[..PREFIX + header.len()]
        };
        let len = front.len() + payload.len();
        let inline = len <= self.inline;
        let mut held = None;
        let mut sges = [
            ibv_sge { addr: front.as_ptr() as u64, length: front.len() as u32, lkey: 0 },
            ibv_sge { addr: payload.as_ptr() as u64, length: payload.len() as u32, lkey: 0 },
        ];
        if !inline {
            let Some((slot, address, lkey)) = self.bounces.take() else {
                if self.bounces.barren() {
                    let why = format!("no memory for frames could be registered; {}", memlock());
                    self.fail(to, &why);
                    return Post::Closed;
                }
                return Post::Busy;
            };
            // SAFETY: a free slot of ours, as long as a frame.
            unsafe {
                ptr::copy_nonoverlapping(front.as_ptr(), address, front.len());
                ptr::copy_nonoverlapping(payload.as_ptr(), address.add(front.len()), payload.len());
            }
            sges[0] = ibv_sge { addr: address as u64, length: len as u32, lkey };
            held = Some((slot, Held::Bounce(slot)));
        }
        // Inline, the two parts are gathered, of which either may be empty; else both lie in the slot.
        let first = usize::from(inline && front.is_empty());
        let end = 1 + usize::from(inline && !payload.is_empty());
        let parts = &mut sges[first..end];
        let mut wr = write_wr(parts.as_mut_ptr(), parts.len() as i32, 0, 0);
        wr.opcode = IBV_WR_SEND;
        if repeated {
            wr.opcode = IBV_WR_SEND_WITH_IMM;
            wr.imm_data = Repeat { place, granted: link.allowance(), starved: link.starved }.encode();
        }
        wr.send_flags = if inline { IBV_SEND_INLINE } else { 0 };
        let slot = held.as_ref().map(|(slot, _)| *slot);
        // SAFETY: request and list live during the call. Inline bytes are copied by it; a bounce slot is not written
        // again before the request is done.
        match unsafe { link.post(to.0, &mut wr, held.map(|(_, held)| held)) } {
            Ok(true) => {
                link.tell();
                if !repeated {
                    link.headers_sent.keep(place, header);
                }
                link.sent = link.sent.wrapping_add(1);
                link.starved = false;
                self.wrs += 1;
                self.quiet = 0;
                Post::Accepted
            }
            Ok(false) => {
                if let Some(slot) = slot {
                    self.bounces.give_back(slot);
                }
                Post::Busy
            }
            Err(errno) => {
                if let Some(slot) = slot {
                    self.bounces.give_back(slot);
                }
                self.fail(to, &format!("a frame was refused: {}", words(errno)));
                Post::Closed
            }
        }
    }
}
