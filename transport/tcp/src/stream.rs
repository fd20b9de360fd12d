//! The wire of a proven connection. Checked here once; nothing behind it fails for what a peer sent.
//!
//! A connection carries records, each a prefix of [`PREFIX`] bytes and what it announces:
//!
//! | kind | bytes 1..8 of the prefix | follows |
//! |---|---|---|
//! | [`FRAME`] | header length `u8`, 0 `u16`, payload length `u32` | header, payload |
//! | [`PUT`] | [`PUT_HEADER`] `u8`, 0 `u16`, 0 `u32` | key, offset, length (`u64` each), then the bytes |
//! | [`BYE`] | zeros | nothing: the peer leaves in good order |
//!
//! All numbers are little-endian.

/// Bytes of a record's prefix.
pub const PREFIX: usize = 8;
/// The longest frame header.
pub const MAX_HEADER: usize = 64;
/// Bytes between the prefix of a put and its payload.
pub const PUT_HEADER: usize = 24;
/// Kind of a frame.
pub(crate) const FRAME: u8 = 0xF1;
/// Kind of a put.
pub(crate) const PUT: u8 = 0xF2;
/// Kind of a goodbye.
pub(crate) const BYE: u8 = 0xF3;

/// One record at the front of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// A whole frame: `PREFIX + header + payload` bytes.
    Frame {
        /// Bytes of its header.
        header: usize,
        /// Bytes of its payload.
        payload: usize,
    },
    /// The beginning of a put: `PREFIX + PUT_HEADER` bytes, and then `len` that belong to the region.
    Put {
        /// The region's key.
        key: u64,
        /// Where in the region the bytes go.
        offset: u64,
        /// How many follow.
        len: u64,
    },
    /// The peer leaves; `PREFIX` bytes.
    Bye,
}

/// Looks at the front of `bytes`. `Ok(None)`: more bytes are needed to tell.
///
/// # Errors
/// The bytes are no record of this wire; says why.
#[inline]
pub fn next(bytes: &[u8], max_frame: usize) -> Result<Option<Record>, &'static str> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX>() else {
        return match bytes.first() {
            None | Some(&(FRAME | PUT | BYE)) => Ok(None),
            Some(_) => Err("a record of unknown kind"),
        };
    };
    let [kind, header, zero_a, zero_b, length @ ..] = *prefix;
    let payload = u32::from_le_bytes(length) as usize;
    if zero_a | zero_b != 0 {
        return Err("reserved bytes of a record are set");
    }
    match kind {
        FRAME => {
            let header = header as usize;
            if header > MAX_HEADER {
                return Err("a frame's header is too long");
            }
            // Both are below 2^32, so the sum cannot overflow a 64-bit usize.
            if header + payload > max_frame {
                return Err("a frame is longer than OLYMPI_TCP_MAX_FRAME (is it the same on all ranks?)");
            }
            Ok((rest.len() >= header + payload).then_some(Record::Frame { header, payload }))
        }
        PUT => {
            if header as usize != PUT_HEADER || payload != 0 {
                return Err("a put with a wrong header");
            }
            let Some(fields) = rest.first_chunk::<PUT_HEADER>() else { return Ok(None) };
            let word = |i: usize| u64::from_le_bytes(core::array::from_fn(|b| fields[i * 8 + b]));
            let (key, offset, len) = (word(0), word(1), word(2));
            if offset.checked_add(len).is_none_or(|end| end > i64::MAX as u64) {
                return Err("a put beyond all memory");
            }
            Ok(Some(Record::Put { key, offset, len }))
        }
        BYE if header == 0 && payload == 0 => Ok(Some(Record::Bye)),
        BYE => Err("a goodbye with something in it"),
        _ => Err("a record of unknown kind"),
    }
}

/// The prefix of a frame. `header` and `payload` have been checked against the limits.
#[inline]
pub(crate) fn frame_prefix(header: usize, payload: usize) -> [u8; PREFIX] {
    let [a, b, c, d] = (payload as u32).to_le_bytes();
    [FRAME, header as u8, 0, 0, a, b, c, d]
}

/// The prefix and header of a put.
pub(crate) fn put_prefix(key: u64, offset: u64, len: u64) -> [u8; PREFIX + PUT_HEADER] {
    let mut bytes = [0; PREFIX + PUT_HEADER];
    bytes[0] = PUT;
    bytes[1] = PUT_HEADER as u8;
    bytes[8..16].copy_from_slice(&key.to_le_bytes());
    bytes[16..24].copy_from_slice(&offset.to_le_bytes());
    bytes[24..32].copy_from_slice(&len.to_le_bytes());
    bytes
}

/// A goodbye.
pub(crate) const GOODBYE: [u8; PREFIX] = [BYE, 0, 0, 0, 0, 0, 0, 0];
