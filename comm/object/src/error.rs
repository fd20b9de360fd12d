//! What can go wrong, for each direction.

use crate::guard::{MAX_DEPTH, MAX_EMPTY_ELEMENTS};

/// Why an object could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The type's own `Serialize` failed.
    #[error("a value of type {type_name} cannot be serialized: {reason}")]
    Refused {
        /// The type.
        type_name: &'static str,
        /// The serializer's reason.
        reason: String,
    },
    /// The type does not say beforehand how many elements it has: `#[serde(flatten)]`, or a `Serialize` of its own.
    #[error(
        "a value of type {type_name} cannot be sent as an object: it, or something in it, does not tell the number of \
         its elements before the first one; in place of #[serde(flatten)] make the part a field of its own, or send a \
         text, such as serde_json::to_string makes"
    )]
    UnknownLength {
        /// The type.
        type_name: &'static str,
    },
}

/// Why a message could not be decoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes do not begin as an object does.
    #[error("the {len} bytes are no object: they do not begin with an object's header")]
    NoObject {
        /// How many bytes there are.
        len: usize,
    },
    /// The sender encodes objects in a way that this program does not know.
    #[error(
        "the object is encoded in format {format}, which this version does not know: build all programs of the job \
         with the same version"
    )]
    UnknownFormat {
        /// The format's number.
        format: u8,
    },
    /// The object is of another type than was asked for.
    #[error(
        "an object of type `{sent}` was sent, but `{expected}` was asked for: receive the type that was sent (or its \
         owned form, such as String for &str), and check that both sides mean the same message by its source and tag"
    )]
    TypeMismatch {
        /// The sender's type, as it names itself.
        sent: String,
        /// The receiver's type.
        expected: &'static str,
    },
    /// The type agrees, but the bytes are no value of it.
    #[error(
        "the bytes are no value of type `{type_name}`: {reason}; if the programs of the job were built from different \
         sources, the type may have changed"
    )]
    Malformed {
        /// The receiver's type.
        type_name: &'static str,
        /// The deserializer's reason.
        reason: String,
    },
    /// The type chooses by what it finds how to go on, and an object does not tell what is in it: `#[serde(tag = ..)]`,
    /// `#[serde(untagged)]`, `#[serde(flatten)]`, or a type for any value, such as `serde_json::Value`. It can be sent
    /// all the same, as its `Serialize` gives no hint of it.
    #[error(
        "a value of type `{type_name}` cannot be received as an object: it, or something in it, must see what comes to \
         know what it is, and objects do not describe themselves; leave out #[serde(tag = ..)], \
         #[serde(untagged)] and #[serde(flatten)], or send a text, such as serde_json::to_string makes"
    )]
    NotSelfDescribing {
        /// The receiver's type.
        type_name: &'static str,
    },
    /// The object is nested too deeply; decoding it might exhaust the stack.
    #[error(
        "the object of type `{type_name}` is nested more than {MAX_DEPTH} levels deep: send it in a flatter form"
    )]
    TooDeep {
        /// The receiver's type.
        type_name: &'static str,
    },
    /// The object claims too many elements that take no bytes, such as `()`.
    #[error(
        "the object of type `{type_name}` claims more than {MAX_EMPTY_ELEMENTS} elements without contents: send their \
         number instead"
    )]
    TooManyEmpty {
        /// The receiver's type.
        type_name: &'static str,
    },
}
