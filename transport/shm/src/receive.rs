//! The receiving end of one peer's ring.

use core::mem::MaybeUninit;

use olympi_transport_api::{Inbound, Payload, Peer};

use crate::calibrate::Train;
use crate::landing::Landing;
use crate::record::{Content, HEADER_MAX, PLACE, RECORD_MAX, long_payload, slots};
use crate::ring::{Consumer, HEAD, LINE, SLOT};
use crate::segment::Area;
use crate::sync::Ordering;

/// Records taken from one ring in one poll, at most.
const BUDGET: usize = 64;

/// The reading end of an area of this process's segment.
#[derive(Debug)]
pub(crate) struct In {
    consumer: Consumer,
    /// The area, mapped.
    pub(crate) area: Area,
    /// Who writes to it, checked.
    pub(crate) peer: Peer,
    /// Bytes of payload in a frame that is as long as the protocol makes them.
    longest: usize,
    /// Bytes in the window.
    window: usize,
    /// Payloads in the window that were there.
    payloads: u32,
    /// The pace of what came by the window.
    pub(crate) train: Train,
    /// How the parts of long messages are copied to where they belong.
    landing: Landing,
    /// Looked at in each poll; else the doorbell tells of it.
    pub(crate) hot: bool,
    /// Records there were at the last sweep for idle rings.
    pub(crate) swept: usize,
    /// Records there were.
    pub(crate) records: usize,
}

/// A record that makes no sense, in words.
#[derive(Debug)]
pub(crate) struct Malformed(pub(crate) String);

impl In {
    pub(crate) fn new(area: Area, peer: Peer, config: &crate::Config) -> Self {
        Self {
            consumer: Consumer::new(config.slots),
            area,
            peer,
            longest: config.frame,
            window: config.window,
            payloads: 0,
            train: Train::new(),
            landing: Landing::new(),
            hot: true,
            swept: 0,
            records: 0,
        }
    }

    /// Whether a record is there.
    #[inline]
    pub(crate) fn ready(&self) -> bool {
        self.consumer.peek(&self.area).is_some()
    }

    /// Tells of the records that are there, up to a bound. Returns how many.
    #[inline]
    pub(crate) fn drain(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> Result<usize, Malformed> {
        let mut told = 0;
        while let Some(content) = self.consumer.peek(&self.area) {
            let content = Content(content);
            if content == Content::PAD {
                // It fills a line's second half, so there are never two in a row, and there are no more of them in one
                // poll than records, which the budget bounds.
                if self.consumer.slot().is_multiple_of(LINE / SLOT) {
                    return Err(Malformed("a pad in its ring lies where a line begins".to_owned()));
                }
                self.consumer.release(1, &self.area);
                continue;
            }
            let n = if content.in_window() {
                self.take_window(content, sink)?
            } else {
                self.take_inline(content, sink)?
            };
            self.consumer.release(n, &self.area);
            told += 1;
            if told == BUDGET {
                break;
            }
        }
        self.records = self.records.wrapping_add(told);
        Ok(told)
    }

    #[inline]
    fn take_inline(&self, content: Content, sink: &mut impl FnMut(Inbound<'_>)) -> Result<usize, Malformed> {
        let (h, p) = (content.header(), content.payload());
        let mut copy = Copy::new();
        let slot = self.consumer.slot();
        let bytes = self.area.slot(slot).wrapping_add(HEAD);
        if HEAD + h + p <= SLOT {
            // SAFETY: a slot holds 24 bytes behind its head.
            unsafe { copy.take::<0, 3>(bytes) };
        } else if HEAD + h + p <= LINE {
            // SAFETY: so many bytes lie behind any head, as the slots are mapped twice in a row. A sound
            // producer begins such a record at a line, so they lie in the same.
            unsafe { copy.take::<0, 7>(bytes) };
        } else {
            return self.take_long(content, sink);
        }
        let payload = Payload::from_slice(copy.bytes(h, p));
        sink(Inbound::Frame { from: self.peer, header: copy.bytes(0, h), payload });
        Ok(slots(h + p))
    }

    #[inline]
    fn take_long(&self, content: Content, sink: &mut impl FnMut(Inbound<'_>)) -> Result<usize, Malformed> {
        let (h, p) = (content.header(), content.payload());
        let start = long_payload(h);
        if h > HEADER_MAX || start + p > RECORD_MAX {
            return Err(Self::nonsense(content));
        }
        let slot = self.area.slot(self.consumer.slot());
        let bytes = slot.wrapping_add(HEAD);
        let mut copy = Copy::new();
        // SAFETY: as in `take_inline`, from which this is called.
        unsafe {
            copy.take::<0, 7>(bytes);
            if HEAD + h > LINE {
                copy.take::<7, 8>(bytes);
            }
        }
        // SAFETY: the payload lies inside the record, by the check above, and stays until it is released.
        let payload = unsafe { Payload::from_raw(slot.add(start), p) };
        sink(Inbound::Frame { from: self.peer, header: copy.bytes(0, h), payload });
        Ok(slots(start - HEAD + p))
    }

    #[inline]
    fn take_window(
        &mut self,
        content: Content,
        sink: &mut impl FnMut(Inbound<'_>),
    ) -> Result<usize, Malformed> {
        let (h, p) = (content.header(), content.payload());
        if h > HEADER_MAX {
            return Err(Self::nonsense(content));
        }
        let bytes = self.area.slot(self.consumer.slot()).wrapping_add(HEAD);
        let mut copy = Copy::new();
        // SAFETY: as in `take_inline`; the header ends at most 68 bytes behind the head.
        unsafe {
            copy.take::<0, 3>(bytes);
            if HEAD + PLACE + h > SLOT {
                copy.take::<3, 9>(bytes);
            }
        }
        let mut place = [0; PLACE];
        place.copy_from_slice(copy.bytes(0, PLACE));
        let place = u32::from_le_bytes(place) as usize;
        if place + p > self.window {
            return Err(Self::nonsense(content));
        }
        // SAFETY: the payload lies inside the window, by the check above, and stays until it is released.
        let payload = unsafe { Payload::from_raw(self.area.window().add(place), p) };
        let full = p >= self.longest;
        let payload = payload.copied_by(self.landing.way(full));
        sink(Inbound::Frame { from: self.peer, header: copy.bytes(PLACE, h), payload });
        self.payloads = self.payloads.wrapping_add(1);
        self.area.control().credit.payloads.store(self.payloads, Ordering::Release);
        self.train.note(p, full);
        self.landing.note(p, full);
        Ok(slots(PLACE + h))
    }

    #[cold]
    fn nonsense(content: Content) -> Malformed {
        Malformed(format!(
            "a record in its ring claims a header of {} and a payload of {} bytes{}",
            content.header(),
            content.payload(),
            if content.in_window() { " in the window" } else { "" }
        ))
    }
}

/// The first 72 bytes behind a record's head, copied out: what is looked at twice must not lie where a peer
/// can change it meanwhile.
struct Copy([MaybeUninit<u64>; 9]);

impl Copy {
    #[inline]
    fn new() -> Self {
        Self([MaybeUninit::uninit(); 9])
    }

    /// Takes the words from `A` up to `B`.
    ///
    /// # Safety
    /// `8 * B` bytes at `bytes`, aligned to 8, must be readable.
    #[inline]
    unsafe fn take<const A: usize, const B: usize>(&mut self, bytes: *const u8) {
        // SAFETY: the caller's promise; the target has nine words.
        unsafe {
            let (from, to) = (bytes.cast::<u64>().add(A), self.0.as_mut_ptr().cast::<u64>().add(A));
            core::ptr::copy_nonoverlapping(from, to, B - A);
        }
    }

    /// A part of what was taken.
    #[inline]
    fn bytes(&self, at: usize, len: usize) -> &[u8] {
        assert!(at + len <= 72);
        // SAFETY: inside the array, and the callers have taken all the words that they ask for.
        unsafe { core::slice::from_raw_parts(self.0.as_ptr().cast::<u8>().add(at), len) }
    }
}
