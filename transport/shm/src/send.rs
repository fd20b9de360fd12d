//! The sending end towards one peer.

use std::os::fd::OwnedFd;
use std::ptr;

use crate::copier::Copier;
use crate::doorbell::{armed, take_arming};
use crate::record::{
    Content, FRAME_SLACK, HEADER_MAX, PLACE, RECORD_MAX, copy_short, long_payload, read_word, slots,
};
use crate::ring::{BadCredit, HEAD, LINE, Producer, SLOT};
use crate::segment::{Area, CLAIMED, LEFT, PeerSegment, Segment};
use crate::sync::Ordering;
use crate::window::{Backing, Window};

/// The writing end of the area that this process has claimed in a peer's segment.
#[derive(Debug)]
pub(crate) struct Out {
    producer: Producer,
    /// Our area in the peer's segment, mapped.
    pub(crate) area: Area,
    fenced: bool,
    frame: usize,
    window: Window,
    copier: Copier,
    /// The peer's segment: its header, and which area is ours.
    pub(crate) segment: PeerSegment,
    pipe: Option<OwnedFd>,
}

impl Out {
    /// Completes the claim in the peer's name table and rings for the first time, so that the peer opens
    /// its end.
    pub(crate) fn open(
        own: &Segment,
        me: u32,
        segment: PeerSegment,
        area: Area,
        config: &crate::Config,
    ) -> Self {
        let whereabouts = own.whereabouts();
        let control = area.control_ptr();
        // SAFETY: the area was claimed by us alone, and its owner reads the claim only once `state` says that
        // it is complete, which is stored behind this.
        unsafe {
            (*control).claim.peer = me;
            (*control).claim.pid = whereabouts.pid;
            (*control).claim.started = whereabouts.started;
            (*control).claim.nonce = whereabouts.nonce;
            (*control).claim.home = own.header().home;
        }
        area.control().claim.state.store(CLAIMED, Ordering::Release);
        let window = Window::new(segment.populated, config.window, config.slots);
        let fenced = segment.header().fenced != 0 || own.header().fenced != 0;
        let producer = Producer::new(config.slots);
        let copier = Copier::new();
        let mut out =
            Self { producer, area, fenced, frame: config.frame, window, copier, segment, pipe: None };
        out.ring();
        out
    }

    /// Copies a frame towards the peer, if there is room.
    #[inline]
    pub(crate) fn send(&mut self, header: &[u8], payload: &[u8]) -> Result<bool, BadCredit> {
        let len = header.len() + payload.len();
        if HEAD + len > LINE {
            return self.send_long(header, payload);
        }
        if HEAD + len <= SLOT {
            return self.send_short(header, payload);
        }
        let n = slots(len);
        if !self.reserve(n)? {
            return Ok(false);
        }
        let slot = self.area.slot(self.producer.slot());
        // SAFETY: the slots are reserved, so the peer does not read them yet, and the bytes fit in them.
        unsafe {
            copy_short(header.as_ptr(), slot.add(HEAD), header.len());
            copy_short(payload.as_ptr(), slot.add(HEAD + header.len()), payload.len());
        }
        self.publish(n, Content::inline(header.len(), payload.len()));
        Ok(true)
    }

    /// Copies a frame that fits in one slot. What bounds a burst of them is how many lines the processor can ask
    /// for at a time, and it asks for as many as its queue of stores holds: so they are put together in
    /// registers, and stored in three.
    #[inline]
    fn send_short(&mut self, header: &[u8], payload: &[u8]) -> Result<bool, BadCredit> {
        if !self.producer.reserve(1, &self.area)? {
            return Ok(false);
        }
        let slot = self.area.slot(self.producer.slot());
        let (h, p) = (header.len(), payload.len());
        // SAFETY: the slot is reserved, so the peer does not read it yet, and 24 bytes are its content; of the
        // header and the payload only their own bytes are read.
        unsafe {
            let content = slot.add(HEAD);
            if h == 16 && p <= 8 {
                let words = header.as_ptr().cast::<[u64; 2]>().read_unaligned();
                content.cast::<[u64; 2]>().write_unaligned(words);
                content.add(16).cast::<u64>().write(read_word(payload.as_ptr(), p));
            } else {
                copy_short(header.as_ptr(), content, h);
                copy_short(payload.as_ptr(), content.add(h), p);
            }
        }
        self.publish(1, Content::inline(h, p));
        Ok(true)
    }

    /// Whether there are so many slots free; a record of more than one begins at a line.
    #[inline]
    fn reserve(&mut self, n: usize) -> Result<bool, BadCredit> {
        let pad = n > 1 && !self.producer.slot().is_multiple_of(LINE / SLOT);
        if !self.producer.reserve(n + usize::from(pad), &self.area)? {
            return Ok(false);
        }
        if pad {
            self.producer.publish(1, Content::PAD.0, &self.area);
        }
        Ok(true)
    }

    /// Copies a frame that does not fit in one line.
    fn send_long(&mut self, header: &[u8], payload: &[u8]) -> Result<bool, BadCredit> {
        let (h, p) = (header.len(), payload.len());
        assert!(
            h <= HEADER_MAX && h + p <= self.frame + FRAME_SLACK,
            "a frame is at most caps().max_frame long"
        );
        let start = long_payload(h);
        if start + p > RECORD_MAX {
            return self.send_by_window(header, payload);
        }
        let n = slots(start - HEAD + p);
        if !self.reserve(n)? {
            return Ok(false);
        }
        let slot = self.area.slot(self.producer.slot());
        // SAFETY: `n` slots are reserved and lie in one piece (the slots are mapped twice in a row); the bytes
        // fit in them by the choice of `n`.
        unsafe {
            copy_short(header.as_ptr(), slot.add(HEAD), h);
            ptr::copy_nonoverlapping(payload.as_ptr(), slot.add(start), p);
        }
        self.publish(n, Content::inline(h, p));
        Ok(true)
    }

    /// Copies a frame whose payload goes by the window.
    #[inline]
    fn send_by_window(&mut self, header: &[u8], payload: &[u8]) -> Result<bool, BadCredit> {
        let (h, p) = (header.len(), payload.len());
        let n = slots(PLACE + h);
        let size = self.window.size();
        let Some(at) = self.window.find(p, &(&self.area, &self.segment))? else { return Ok(false) };
        if self.window.size() != size {
            self.copier.forget();
        }
        if !self.reserve(n)? {
            return Ok(false);
        }
        let waiting = self.window.flying();
        self.window.take(at, p);
        // SAFETY: the window says that the peer does not read there, and that `p` bytes have memory there.
        unsafe { self.copier.copy(payload, self.area.window().add(at), waiting) };
        let slot = self.area.slot(self.producer.slot());
        #[allow(clippy::cast_possible_truncation)] // a window has far less than 4 GiB
        let place = (at as u32).to_le_bytes();
        // SAFETY: as in `send_long`.
        unsafe {
            ptr::copy_nonoverlapping(place.as_ptr(), slot.add(HEAD), PLACE);
            copy_short(header.as_ptr(), slot.add(HEAD + PLACE), h);
        }
        self.publish(n, Content::window(h, p));
        Ok(true)
    }

    #[inline]
    fn publish(&mut self, n: usize, content: Content) {
        self.producer.publish(n, content.0, &self.area);
        if armed(&self.area.control().armed, self.fenced) {
            self.notify();
        }
    }

    /// The receiver looks elsewhere, or sleeps.
    #[cold]
    fn notify(&mut self) {
        if take_arming(&self.area.control().armed) {
            self.ring();
        }
    }

    /// Rings the doorbell, and wakes the peer if it sleeps.
    #[cold]
    fn ring(&mut self) {
        let header = self.segment.header();
        if let Some(sleep) = header.doorbell.ring(self.segment.index) {
            self.segment.wake(sleep, &mut self.pipe);
        }
    }

    /// Says to the peer that nothing will follow.
    pub(crate) fn leave(&mut self) {
        self.area.control().claim.state.store(LEFT, Ordering::Release);
        self.ring();
    }
}

impl Backing for (&Area, &PeerSegment) {
    #[inline]
    fn released(&self) -> u32 {
        self.0.control().credit.payloads.load(Ordering::Acquire)
    }

    fn grant(&self, bytes: usize) -> bool {
        self.1.grant_growth(bytes)
    }

    fn populate(&self, from: usize, to: usize) -> bool {
        let populated = self.0.populate_window(from, to);
        if let Err(error) = populated {
            tracing::warn!(%error, "shm: no memory to let a window grow beyond {from} bytes");
        }
        populated.is_ok()
    }
}
