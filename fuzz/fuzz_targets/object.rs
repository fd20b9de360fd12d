//! What a peer may send where an object is awaited: bytes of its own making, behind a header that is right or not.
#![no_main]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use olympi_object::{decode, encode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// As deep as the peer likes.
#[derive(Serialize, Deserialize, Default)]
enum Tree {
    #[default]
    Leaf,
    Named(String, Option<Box<Tree>>),
    Branches(Vec<Tree>),
}

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    match choice % 8 {
        0 => object::<Vec<f64>>(bytes, 8),
        1 => object::<HashMap<String, Vec<u32>>>(bytes, 8),
        2 => object::<Vec<()>>(bytes, 8),
        3 => object::<Tree>(bytes, 4),
        4 => object::<Option<(char, bool, i128)>>(bytes, 1),
        5 => object::<Vec<Vec<Option<()>>>>(bytes, 8),
        6 => object::<String>(bytes, 8),
        // No header but the peer's own.
        _ => again::<Vec<Tree>>(bytes),
    }
});

/// A true header of a `T`, whose default takes `body` bytes, and the peer's bytes behind it.
fn object<T: Serialize + DeserializeOwned + Default>(bytes: &[u8], body: usize) {
    let mut message = Vec::new();
    encode(&T::default(), &mut message).expect("a default is encoded");
    assert!(decode::<T>(&message).is_ok());
    message.truncate(message.len() - body);
    message.extend_from_slice(bytes);
    again::<T>(&message);
}

/// What is understood is what its own encoding says, byte by byte in length at least: a map has no order.
fn again<T: Serialize + DeserializeOwned>(message: &[u8]) {
    let Ok(value) = decode::<T>(message) else { return };
    let mut encoded = Vec::new();
    encode(&value, &mut encoded).expect("what was decoded can be encoded");
    assert!(encoded.len() <= message.len(), "{} bytes became {}", message.len(), encoded.len());
    assert!(decode::<T>(&encoded).is_ok(), "understood once, and not again");
}
