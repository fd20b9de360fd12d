//! The wire: how frames are told apart. The only file that knows the bytes; what comes out of [`decode`] needs
//! no second look, except for the ids in it, which are checked where they are looked up.
//!
//! Every frame begins with its kind. The third byte of those that begin a message is its signature. Numbers are little-endian. Offsets in bytes:
//!
//! | kind | 1 | 4 | 8 | 12 | 16 | 20 | 24 | 32.. | payload |
//! |---|---|---|---|---|---|---|---|---|---|
//! | Eager | 0 | context | source | tag | | | | | the whole message |
//! | First | 0 | context | source | tag | len (8) | | | | its first bytes |
//! | More | 0 | 0 | | | | | | | its next bytes |
//! | Sync | 0 | context | source | tag | transfer | 0 | | | the whole message |
//! | Rts | key? | context | source | tag | transfer | 0 | len (8) | key (16) | |
//! | Cts | key? | transfer | landing | 0 | wanted (8) | | key (16) | | |
//! | Frag | 0 | landing | | | | | | | next bytes of a rendezvous |
//! | Fin | refused? | transfer | | | | | | | |
//! | `PutDone` | 0 | landing | | | | | | | |
//! | Flow | hold? | 0 | | | | | | | |
//!
//! An eager header has 16 bytes, so that a cache line of shared memory holds it with 40 bytes of payload.

use olympi_transport_api::{Envelope, RemoteKey};
use thiserror::Error;

/// Names a rendezvous at its sender.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Transfer(pub(crate) u32);

/// Names a rendezvous at its receiver.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Landing(pub(crate) u32);

/// A frame, understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Frame {
    /// A whole message.
    Eager(Envelope),
    /// The beginning of a message that does not fit one frame.
    First(Envelope),
    /// More of the message begun last.
    More,
    /// A whole message whose sender waits for its `Fin`.
    Sync { envelope: Envelope, transfer: Transfer },
    /// A message that waits at its sender, with leave to read it there if there is a key.
    Rts { envelope: Envelope, transfer: Transfer, key: Option<RemoteKey> },
    /// The receiver wants the first `wanted` bytes: by `put` if there is a key, else by `Frag`s.
    Cts { transfer: Transfer, landing: Landing, wanted: u64, key: Option<RemoteKey> },
    /// More bytes of a rendezvous.
    Frag(Landing),
    /// The send has ended: the receiver has all it wanted or, `refused`, it will never receive the message.
    Fin { transfer: Transfer, refused: bool },
    /// All bytes have been put.
    PutDone(Landing),
    /// Too much has come that nobody has asked for: from now on every message is to wait for its receive, until
    /// the same frame says `!hold`.
    Flow { hold: bool },
}

/// Why a frame makes no sense.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum WireError {
    /// No header at all.
    #[error("a frame without a header")]
    Empty,
    /// No kind of this engine's.
    #[error("a frame of unknown kind {0}")]
    Kind(u8),
    /// The header is too short or too long for its kind.
    #[error("a frame of kind {kind} with a header of {len} bytes")]
    HeaderLength { kind: u8, len: usize },
    /// More or fewer payload bytes than that kind can have.
    #[error("a frame of kind {kind} with a payload of {len} bytes")]
    PayloadLength { kind: u8, len: usize },
    /// Tags are never negative.
    #[error("a message with the negative tag {0}")]
    Tag(i32),
}

pub(crate) const EAGER_HEADER: usize = 16;
pub(crate) const FIRST_HEADER: usize = 24;
pub(crate) const SYNC_HEADER: usize = 24;
/// Length of the headers that carry an id alone: More, Frag, Fin, `PutDone`; Flow carries none.
pub(crate) const SHORT_HEADER: usize = 8;
const RTS_HEADER: usize = 32;
const CTS_HEADER: usize = 24;
const KEY: usize = 16;

const EAGER: u8 = 1;
const FIRST: u8 = 2;
const MORE: u8 = 3;
const SYNC: u8 = 4;
const RTS: u8 = 5;
const CTS: u8 = 6;
const FRAG: u8 = 7;
const FIN: u8 = 8;
const PUT_DONE: u8 = 9;
const FLOW: u8 = 10;

/// The header of a whole message.
#[inline]
pub(crate) fn eager(envelope: &Envelope) -> [u8; EAGER_HEADER] {
    // Made as two words, not as five stores: whoever reads it next reads words, and a read that spans several
    // stores waits until they are out of the store buffer, behind the last message's way to another core.
    let low = u64::from(EAGER) | u64::from(envelope.signature) << 16 | u64::from(envelope.context) << 32;
    let high = u64::from(envelope.source) | u64::from(envelope.tag.cast_unsigned()) << 32;
    let mut header = [0; EAGER_HEADER];
    header[..8].copy_from_slice(&low.to_le_bytes());
    header[8..].copy_from_slice(&high.to_le_bytes());
    header
}

/// The envelope of a whole message, if this is one, and sound. All else is for [`decode`].
#[inline]
#[allow(clippy::cast_possible_truncation)] // to take words apart
pub(crate) fn as_eager(header: &[u8], payload: usize) -> Option<Envelope> {
    let (&[low, high], []) = header.as_chunks::<8>() else { return None };
    // Two words, as it was written.
    let (low, high) = (u64::from_le_bytes(low), u64::from_le_bytes(high));
    let tag = (high >> 32) as u32;
    if low as u8 != EAGER || tag > i32::MAX.cast_unsigned() {
        return None;
    }
    Some(Envelope {
        context: (low >> 32) as u32,
        source: high as u32,
        tag: tag.cast_signed(),
        signature: (low >> 16) as u8,
        len: payload as u64,
    })
}

/// The header of a message's first frame.
pub(crate) fn first(envelope: &Envelope) -> [u8; FIRST_HEADER] {
    let mut header = [0; FIRST_HEADER];
    matched_by(&mut header, FIRST, envelope);
    header[16..24].copy_from_slice(&envelope.len.to_le_bytes());
    header
}

/// The header of a message's further frames.
pub(crate) fn more() -> [u8; SHORT_HEADER] {
    short(MORE, 0)
}

/// The header of a whole message whose sender waits for its match.
pub(crate) fn sync(envelope: &Envelope, transfer: Transfer) -> [u8; SYNC_HEADER] {
    let mut header = [0; SYNC_HEADER];
    matched_by(&mut header, SYNC, envelope);
    header[16..20].copy_from_slice(&transfer.0.to_le_bytes());
    header
}

/// A header whose length depends on whether there is a key in it.
#[derive(Debug)]
pub(crate) struct Keyed {
    bytes: [u8; RTS_HEADER + KEY],
    len: usize,
}

impl Keyed {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    fn new(plain: usize, key: Option<RemoteKey>) -> Self {
        let mut header = Self { bytes: [0; RTS_HEADER + KEY], len: plain };
        if let Some(key) = key {
            header.bytes[1] = 1;
            header.bytes[plain..plain + 8].copy_from_slice(&key.address.to_le_bytes());
            header.bytes[plain + 8..plain + KEY].copy_from_slice(&key.key.to_le_bytes());
            header.len += KEY;
        }
        header
    }
}

/// The header that announces a message.
pub(crate) fn rts(envelope: &Envelope, transfer: Transfer, key: Option<RemoteKey>) -> Keyed {
    let mut header = Keyed::new(RTS_HEADER, key);
    let keyed = header.bytes[1];
    matched_by(&mut header.bytes, RTS, envelope);
    header.bytes[1] = keyed;
    header.bytes[16..20].copy_from_slice(&transfer.0.to_le_bytes());
    header.bytes[24..32].copy_from_slice(&envelope.len.to_le_bytes());
    header
}

/// The header that answers an Rts.
pub(crate) fn cts(transfer: Transfer, landing: Landing, wanted: u64, key: Option<RemoteKey>) -> Keyed {
    let mut header = Keyed::new(CTS_HEADER, key);
    header.bytes[0] = CTS;
    header.bytes[4..8].copy_from_slice(&transfer.0.to_le_bytes());
    header.bytes[8..12].copy_from_slice(&landing.0.to_le_bytes());
    header.bytes[16..24].copy_from_slice(&wanted.to_le_bytes());
    header
}

/// The header of more bytes of a rendezvous.
pub(crate) fn frag(landing: Landing) -> [u8; SHORT_HEADER] {
    short(FRAG, landing.0)
}

/// The header that ends a rendezvous at its sender; `refused`: nobody has received it.
pub(crate) fn fin(transfer: Transfer, refused: bool) -> [u8; SHORT_HEADER] {
    let mut header = short(FIN, transfer.0);
    header[1] = u8::from(refused);
    header
}

/// The header that ends a rendezvous at its receiver.
pub(crate) fn put_done(landing: Landing) -> [u8; SHORT_HEADER] {
    short(PUT_DONE, landing.0)
}

/// The header that makes a sender's messages wait for their receives, or no longer.
pub(crate) fn flow(hold: bool) -> [u8; SHORT_HEADER] {
    let mut header = short(FLOW, 0);
    header[1] = u8::from(hold);
    header
}

/// How much payload goes with a header of that length. Rounded down to whole cache lines where that costs little,
/// so that the pieces of a long message are aligned as the message is.
pub(crate) fn room(max_frame: usize, header: usize) -> usize {
    let room = max_frame - header;
    if room >= 4096 { room & !63 } else { room }
}

/// Understands a frame by its header and the length of its payload.
pub(crate) fn decode(header: &[u8], payload: usize) -> Result<Frame, WireError> {
    let kind = *header.first().ok_or(WireError::Empty)?;
    let (plain, keyed) = match kind {
        EAGER => (EAGER_HEADER, false),
        FIRST => (FIRST_HEADER, false),
        SYNC => (SYNC_HEADER, false),
        MORE | FRAG | FIN | PUT_DONE | FLOW => (SHORT_HEADER, false),
        RTS => (RTS_HEADER, true),
        CTS => (CTS_HEADER, true),
        kind => return Err(WireError::Kind(kind)),
    };
    let has_key = keyed && header.len() == plain + KEY && header[1] == 1;
    if header.len() != plain && !has_key {
        return Err(WireError::HeaderLength { kind, len: header.len() });
    }
    let sound = match kind {
        EAGER | SYNC => true,
        FIRST => (payload as u64) < u64_at(header, 16),
        MORE | FRAG => payload > 0,
        CTS => payload == 0 && u64_at(header, 16) > 0,
        _ => payload == 0,
    };
    if !sound {
        return Err(WireError::PayloadLength { kind, len: payload });
    }
    let key =
        || has_key.then(|| RemoteKey { address: u64_at(header, plain), key: u64_at(header, plain + 8) });
    let matched_by = |len: u64| {
        let envelope = envelope(header, len);
        if envelope.tag < 0 { Err(WireError::Tag(envelope.tag)) } else { Ok(envelope) }
    };
    Ok(match kind {
        EAGER => Frame::Eager(matched_by(payload as u64)?),
        FIRST => Frame::First(matched_by(u64_at(header, 16))?),
        MORE => Frame::More,
        SYNC => Frame::Sync { envelope: matched_by(payload as u64)?, transfer: Transfer(u32_at(header, 16)) },
        RTS => Frame::Rts {
            envelope: matched_by(u64_at(header, 24))?,
            transfer: Transfer(u32_at(header, 16)),
            key: key(),
        },
        CTS => Frame::Cts {
            transfer: Transfer(u32_at(header, 4)),
            landing: Landing(u32_at(header, 8)),
            wanted: u64_at(header, 16),
            key: key(),
        },
        FRAG => Frame::Frag(Landing(u32_at(header, 4))),
        FIN => Frame::Fin { transfer: Transfer(u32_at(header, 4)), refused: header[1] == 1 },
        FLOW => Frame::Flow { hold: header[1] == 1 },
        _ => Frame::PutDone(Landing(u32_at(header, 4))),
    })
}

#[inline]
fn matched_by(header: &mut [u8], kind: u8, envelope: &Envelope) {
    header[0..4].copy_from_slice(&[kind, 0, envelope.signature, 0]);
    header[4..8].copy_from_slice(&envelope.context.to_le_bytes());
    header[8..12].copy_from_slice(&envelope.source.to_le_bytes());
    header[12..16].copy_from_slice(&envelope.tag.to_le_bytes());
}

#[inline]
fn envelope(header: &[u8], len: u64) -> Envelope {
    Envelope {
        context: u32_at(header, 4),
        source: u32_at(header, 8),
        tag: u32_at(header, 12).cast_signed(),
        signature: header[2],
        len,
    }
}

fn short(kind: u8, id: u32) -> [u8; SHORT_HEADER] {
    let mut header = [kind, 0, 0, 0, 0, 0, 0, 0];
    header[4..8].copy_from_slice(&id.to_le_bytes());
    header
}

#[inline]
fn u32_at(header: &[u8], at: usize) -> u32 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&header[at..at + 4]);
    u32::from_le_bytes(bytes)
}

fn u64_at(header: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn envelopes() -> impl Strategy<Value = Envelope> {
        (any::<u32>(), any::<u32>(), 0..=i32::MAX, any::<u8>(), 1..=u64::MAX).prop_map(
            |(context, source, tag, signature, len)| Envelope { context, source, tag, signature, len },
        )
    }

    fn keys() -> impl Strategy<Value = Option<RemoteKey>> {
        proptest::option::of((any::<u64>(), any::<u64>()))
            .prop_map(|key| key.map(|(address, key)| RemoteKey { address, key }))
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_understood(
            envelope in envelopes(), id in any::<u32>(), other in any::<u32>(), key in keys(),
            payload in 0..5000_usize,
        ) {
            let whole = Envelope { len: payload as u64, ..envelope };
            let (transfer, landing) = (Transfer(id), Landing(other));
            prop_assert_eq!(decode(&eager(&whole), payload), Ok(Frame::Eager(whole)));
            prop_assert_eq!(as_eager(&eager(&whole), payload), Some(whole));
            let train = Envelope { len: envelope.len.max(5000), ..envelope };
            prop_assert_eq!(decode(&first(&train), payload), Ok(Frame::First(train)));
            prop_assert_eq!(decode(&more(), payload + 1), Ok(Frame::More));
            prop_assert_eq!(decode(&sync(&whole, transfer), payload), Ok(Frame::Sync { envelope: whole, transfer }));
            prop_assert_eq!(decode(rts(&envelope, transfer, key).bytes(), 0), Ok(Frame::Rts { envelope, transfer, key }));
            prop_assert_eq!(
                decode(cts(transfer, landing, envelope.len, key).bytes(), 0),
                Ok(Frame::Cts { transfer, landing, wanted: envelope.len, key })
            );
            prop_assert_eq!(decode(&frag(landing), payload + 1), Ok(Frame::Frag(landing)));
            for refused in [false, true] {
                prop_assert_eq!(decode(&fin(transfer, refused), 0), Ok(Frame::Fin { transfer, refused }));
                prop_assert_eq!(decode(&flow(refused), 0), Ok(Frame::Flow { hold: refused }));
            }
            prop_assert_eq!(decode(&put_done(landing), 0), Ok(Frame::PutDone(landing)));
        }

        #[test]
        fn nonsense_is_an_error_and_never_a_panic(
            header in proptest::collection::vec(any::<u8>(), 0..64), payload in 0..5000_usize,
        ) {
            // What is understood says the same when it is written again, but for bytes that mean nothing.
            if let Ok(Frame::Eager(envelope)) = decode(&header, payload) {
                prop_assert_eq!(as_eager(&header, payload), Some(envelope));
                prop_assert!(envelope.tag >= 0);
            } else {
                prop_assert_eq!(as_eager(&header, payload), None);
            }
        }
    }

    #[test]
    fn each_kind_of_nonsense_has_its_name() {
        let envelope = Envelope { context: 1, source: 2, tag: 3, signature: 5, len: 4 };
        assert_eq!(decode(&[], 0), Err(WireError::Empty));
        assert_eq!(decode(&[77; 8], 0), Err(WireError::Kind(77)));
        assert_eq!(decode(&[EAGER; 15], 0), Err(WireError::HeaderLength { kind: EAGER, len: 15 }));
        assert_eq!(decode(&fin(Transfer(1), false), 3), Err(WireError::PayloadLength { kind: FIN, len: 3 }));
        assert_eq!(decode(&more(), 0), Err(WireError::PayloadLength { kind: MORE, len: 0 }));
        assert_eq!(decode(&first(&envelope), 4), Err(WireError::PayloadLength { kind: FIRST, len: 4 }));
        assert_eq!(decode(&eager(&Envelope { tag: -1, ..envelope }), 0), Err(WireError::Tag(-1)));
        assert_eq!(
            decode(cts(Transfer(1), Landing(2), 0, None).bytes(), 0),
            Err(WireError::PayloadLength { kind: CTS, len: 0 })
        );
    }
}
