//! The codec of the object path: anything that serde serializes, as a message that names its own type.
//!
//! [`encode`] writes a small header (the format of the body, the name of the type) and the body behind it into one
//! buffer; [`decode`] checks the header, then makes a value of the body. A receiver that asks for another type than
//! was sent gets an error that names both, not a value made of the wrong bytes.
//!
//! The receiver may ask for the owned form of what was sent, since both are encoded alike: `String` for `&str`,
//! `Vec<T>` for `&[T]`, `T` for `&T`, `Box<T>`, `Rc<T>`, `Arc<T>` or `Cow<T>`, at any depth.
//!
//! **What does not travel.** An object does not describe itself, so a type that must see what comes to know what it is
//! (`#[serde(tag = ..)]`, `#[serde(untagged)]`, `#[serde(flatten)]`, `serde_json::Value`) is an error that names it.
//! `#[serde(skip_serializing_if = ..)]` must be left out too: its receiver would miss what was skipped.
//!
//! **Hostile bytes.** A message comes from a peer and is trusted in nothing: lengths that it claims are never
//! allocated before its bytes are there, nesting has a limit, and so have elements that take no bytes at all (a
//! `Vec<()>` of any length is eight bytes long). What is malformed is an error, never a panic.
//!
//! **Speed.** Numbers in a `Vec` are encoded about as quickly as memory is written. A `Vec<u8>` is moved byte by byte;
//! wrap long byte strings in `serde_bytes::ByteBuf`, which is encoded alike and copied whole.
//!
//! ```
//! use olympi_object::{DecodeError, decode, encode};
//!
//! let mut message = Vec::new();
//! encode(&[("one", 1), ("two", 2)][..], &mut message)?;
//! assert_eq!(decode::<Vec<(String, i32)>>(&message)?, [("one".to_string(), 1), ("two".to_string(), 2)]);
//! assert!(matches!(decode::<Vec<i32>>(&message), Err(DecodeError::TypeMismatch { .. })));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod codec;
mod error;
mod guard;
mod header;
mod type_name;

pub use codec::{Bincode, Codec};
pub use error::{DecodeError, EncodeError};
pub use guard::{MAX_DEPTH, MAX_EMPTY_ELEMENTS};

use std::any::type_name;

use serde::Serialize;
use serde::de::DeserializeOwned;

use header::Header;

/// Appends the object to `out`, header first.
///
/// Give it a buffer that was used before, and nothing is allocated once it is large enough.
///
/// # Errors
/// [`EncodeError`], if the value refuses to be serialized; `out` is then as it was.
pub fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let before = out.len();
    Header { format: Bincode::FORMAT, type_name: type_name::<T>() }.write(out);
    Bincode::encode(value, out).inspect_err(|_| out.truncate(before))
}

/// The object in `message`, which must be exactly what one call of [`encode`] wrote.
///
/// # Errors
/// [`DecodeError`]: another type was sent, or the bytes are not an object of this type.
pub fn decode<T: DeserializeOwned>(message: &[u8]) -> Result<T, DecodeError> {
    let (header, body) = Header::read(message)?;
    if header.format != Bincode::FORMAT {
        return Err(DecodeError::UnknownFormat { format: header.format });
    }
    let expected = type_name::<T>();
    if !type_name::same(header.type_name, expected) {
        return Err(DecodeError::TypeMismatch { sent: header::display(header.type_name), expected });
    }
    Bincode::decode(body)
}

/// Feeds arbitrary bytes to everything that reads what a peer sent; the entry of a fuzzer.
///
/// The bytes are decoded as whole messages and as bodies, as types that together use every part of the decoder.
/// Panicking, hanging, or taking memory without bounds is a defect; any result is fine.
pub fn fuzz_decode(bytes: &[u8]) {
    use std::collections::{BTreeMap, HashMap};

    #[derive(serde::Deserialize)]
    #[expect(dead_code, reason = "only decoded")]
    enum Tree {
        Leaf,
        Text(String),
        Pair(Box<Tree>, Option<Box<Tree>>),
        Many { name: char, children: Vec<Tree> },
    }

    fn both<T: DeserializeOwned>(bytes: &[u8]) {
        // The results are dropped: only the way there is tested.
        let _whole = decode::<T>(bytes);
        let _body = Bincode::decode::<T>(bytes);
    }

    both::<Tree>(bytes);
    both::<String>(bytes);
    both::<Vec<f64>>(bytes);
    both::<Vec<()>>(bytes);
    both::<Vec<Vec<((), [u8; 0])>>>(bytes);
    both::<HashMap<(), ()>>(bytes);
    both::<BTreeMap<String, Vec<Option<bool>>>>(bytes);
    both::<(u8, i128, Option<char>, Result<(), f32>)>(bytes);
    if let Ok((header, _)) = Header::read(bytes) {
        type_name::same(header.type_name, "alloc::vec::Vec<alloc::string::String>");
    }
}
