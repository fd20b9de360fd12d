//! How a body is encoded. One format exists; another can follow beside it, under a number of its own.

use std::any::type_name;

use bincode::{DefaultOptions, Options};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::guard::{Root, Tripped, Watch};
use crate::{DecodeError, EncodeError};

/// A way to encode values, without the header.
pub trait Codec {
    /// The number by which a message names the format; it never changes its meaning.
    const FORMAT: u8;

    /// Appends the value to `out`.
    ///
    /// # Errors
    /// [`EncodeError`], if the value refuses to be serialized; `out` may then have grown.
    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError>;

    /// The value that `body` is, to its last byte.
    ///
    /// # Errors
    /// [`DecodeError`], if it is none.
    fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError>;
}

/// bincode 1 with integers of fixed size, little endian.
#[derive(Clone, Copy, Debug)]
pub struct Bincode;

impl Codec for Bincode {
    const FORMAT: u8 = 1;

    fn encode<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        DefaultOptions::new().with_fixint_encoding().serialize_into(out, value).map_err(|e| refused::<T>(&e))
    }

    fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, DecodeError> {
        let mut watch = Watch::new(body.len());
        let options = DefaultOptions::new().with_fixint_encoding().with_limit(body.len() as u64);
        let result = options.deserialize_seed(Root::new(&mut watch), body);
        result.map_err(|error| malformed::<T>(error, watch.tripped()))
    }
}

#[cold]
fn refused<T: ?Sized>(error: &bincode::ErrorKind) -> EncodeError {
    let type_name = type_name::<T>();
    match error {
        bincode::ErrorKind::SequenceMustHaveLength => EncodeError::UnknownLength { type_name },
        error => EncodeError::Refused { type_name, reason: error.to_string() },
    }
}

#[cold]
fn malformed<T>(error: bincode::Error, tripped: Option<Tripped>) -> DecodeError {
    let type_name = type_name::<T>();
    match tripped {
        Some(Tripped::Depth) => DecodeError::TooDeep { type_name },
        Some(Tripped::Empty) => DecodeError::TooManyEmpty { type_name },
        None if asks_what_comes(&error) => DecodeError::NotSelfDescribing { type_name },
        None => DecodeError::Malformed { type_name, reason: reason(&error) },
    }
}

/// Whether the type wanted to be told what comes, or the name of it.
fn asks_what_comes(error: &bincode::ErrorKind) -> bool {
    match error {
        bincode::ErrorKind::DeserializeAnyNotSupported => true,
        bincode::ErrorKind::Custom(reason) => reason.starts_with("Bincode does not support Deserializer::"),
        _ => false,
    }
}

/// bincode's reason in words that mean something to who sent or received the object.
fn reason(error: &bincode::ErrorKind) -> String {
    match error {
        bincode::ErrorKind::Io(_) | bincode::ErrorKind::SizeLimit => "they end too early".into(),
        bincode::ErrorKind::Custom(reason) if reason.contains("remaining") => "some are left over".into(),
        other => other.to_string(),
    }
}
