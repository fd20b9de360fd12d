//! Frames in: what precedes a payload is read, and the payload is told where it lies.

use core::ptr;

use olympi_transport_api::{Inbound, Payload, Peer};

use crate::Verbs;
use crate::ffi::{IBV_WC_SUCCESS, IBV_WC_WITH_IMM, ibv_wc};
use crate::link::{Connection, Link, Stage};
use crate::status;
use crate::wire::{MAX_HEADER, PREFIX, Place, Prefix, Repeat, place_of};

/// What precedes a frame's payload.
struct Front {
    /// Its length.
    len: usize,
    /// Where the header is kept.
    place: Place,
    /// What the sender says of credits.
    granted: u32,
    starved: bool,
}

/// Reads what precedes the payload of a frame of `len` bytes, and keeps its header.
///
/// # Safety
/// `len` bytes may be read at `slot`.
#[inline]
unsafe fn headed(link: &mut Connection, slot: *const u8, len: usize) -> Result<Front, &'static str> {
    if len < PREFIX {
        return Err("a frame is shorter than its prefix");
    }
    let mut prefix = [0_u8; PREFIX];
    // SAFETY: the caller's promise, and the length was looked at.
    unsafe { ptr::copy_nonoverlapping(slot, prefix.as_mut_ptr(), PREFIX) };
    let prefix = Prefix::decode(prefix, len).ok_or("a frame's prefix makes no sense")?;
    let mut room = [0_u8; MAX_HEADER];
    let header = &mut room[..usize::from(prefix.header)];
    // SAFETY: as above; the prefix says no more than the frame has, and no more than there is room for.
    unsafe { ptr::copy_nonoverlapping(slot.add(PREFIX), header.as_mut_ptr(), header.len()) };
    let place = place_of(header);
    link.headers_heard.keep(place, header);
    let len = PREFIX + header.len();
    Ok(Front { len, place, granted: prefix.granted, starved: prefix.starved })
}

/// Reads the immediate data of a frame that has a header of one before.
#[inline]
fn repeated(link: &Connection, immediate: u32) -> Result<Front, &'static str> {
    let Repeat { place, granted, starved } =
        Repeat::decode(immediate, link.granted).ok_or("a frame's immediate data makes no sense")?;
    match link.headers_heard.at(place) {
        Some(_) => Ok(Front { len: 0, place, granted, starved }),
        None => Err("a frame has the header of one before, and there was none"),
    }
}

impl Verbs {
    /// One frame, or what else came in a receive buffer. Returns whether it was told.
    #[inline]
    pub(crate) fn receive(&mut self, wc: &ibv_wc, sink: &mut impl FnMut(Inbound<'_>)) -> bool {
        let number = wc.wr_id as u32;
        let Some(slot) = self.receives.slot(number) else { return false };
        let told = self.frame(wc, slot, sink);
        self.receives.give_back(number);
        told
    }

    #[inline]
    fn frame(&mut self, wc: &ibv_wc, slot: *const u8, sink: &mut impl FnMut(Inbound<'_>)) -> bool {
        let Some(&peer) = self.by_qpn.get(&wc.qp_num) else { return false };
        let from = Peer(peer);
        let Some(Link::There(link)) = self.links.get_mut(from.index()) else { return false };
        if wc.status != IBV_WC_SUCCESS {
            self.fail(from, status::words(wc.status));
            return false;
        }
        let len = (wc.byte_len as usize).min(PREFIX + self.caps.max_frame);
        let read = if wc.wc_flags & IBV_WC_WITH_IMM != 0 {
            repeated(link, wc.imm_data)
        } else {
            // SAFETY: the slot has room for the longest frame with all that precedes its payload, and is ours to read
            // until it is posted again.
            unsafe { headed(link, slot, len) }
        };
        let front = match read {
            Ok(read) => read,
            Err(why) => {
                self.malformed(from, why);
                return false;
            }
        };
        if !link.grant(front.granted) {
            self.malformed(from, "it grants more frames than any window has");
            return false;
        }
        // SAFETY: as above; `front.len <= len`. What a device may write to it meanwhile, by a fault, are bytes.
        let payload = unsafe { Payload::from_raw(slot.add(front.len), len - front.len) };
        link.stage = Stage::Up;
        link.taken = link.taken.wrapping_add(1);
        self.traffic = true;
        if front.starved && link.window < self.config.window_max {
            let more = link.window.min(self.config.window_max - link.window);
            if self.receives.grant(more).is_ok() {
                link.window += more;
            }
        }
        if !link.owed && link.owes() {
            link.owed = true;
            self.owing.push(peer);
        }
        let header = link.headers_heard.at(front.place).unwrap_or_default();
        sink(Inbound::Frame { from, header, payload });
        true
    }
}
