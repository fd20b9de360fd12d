//! Any bytes, in any pieces.

use olympi_tcp::fuzz::{self, MAX_HEADER, PREFIX, PUT_HEADER, Record};
use proptest::prelude::*;

/// A record as a peer may send it.
fn record() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (
            proptest::collection::vec(any::<u8>(), 0..=MAX_HEADER),
            proptest::collection::vec(any::<u8>(), 0..900)
        )
            .prop_map(|(header, payload)| {
                let mut bytes = vec![0xF1, header.len() as u8, 0, 0];
                bytes.extend((payload.len() as u32).to_le_bytes());
                bytes.extend(header);
                bytes.extend(payload);
                bytes
            }),
        (any::<u64>(), 0..1_u64 << 62, 0..1_u64 << 62).prop_map(|(key, offset, len)| {
            let mut bytes = vec![0xF2, PUT_HEADER as u8, 0, 0, 0, 0, 0, 0];
            [key, offset, len].iter().for_each(|word| bytes.extend(word.to_le_bytes()));
            bytes
        }),
        Just(vec![0xF3, 0, 0, 0, 0, 0, 0, 0]),
    ]
}

/// How many bytes a record takes.
fn length(record: Record) -> usize {
    match record {
        Record::Frame { header, payload } => PREFIX + header + payload,
        Record::Put { .. } => PREFIX + PUT_HEADER,
        Record::Bye => PREFIX,
    }
}

/// All records at the front of `bytes`, what is left, and whether it is malformed.
fn all(mut bytes: &[u8]) -> (Vec<Record>, usize, bool) {
    let mut records = Vec::new();
    loop {
        match fuzz::next(bytes, 1024) {
            Ok(Some(record)) => {
                bytes = &bytes[length(record)..];
                records.push(record);
            }
            Ok(None) => return (records, bytes.len(), false),
            Err(_) => return (records, bytes.len(), true),
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_give_records_within_them_or_a_reason(bytes: Vec<u8>, kind in 0xF0..0xF5_u8) {
        let mut bytes = bytes;
        all(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let (records, _, _) = all(&bytes);
        prop_assert!(records.iter().map(|&r| length(r)).sum::<usize>() <= bytes.len());
    }

    #[test]
    fn what_was_written_is_read_however_it_is_cut(
        records in proptest::collection::vec(record(), 0..12),
        cuts in proptest::collection::vec(1..300_usize, 1..40),
    ) {
        let stream: Vec<u8> = records.concat();
        let (whole, left, malformed) = all(&stream);
        prop_assert_eq!((whole.len(), left, malformed), (records.len(), 0, false));
        // The same records, from a buffer that is fed piece by piece.
        let (mut held, mut seen, mut fed) = (Vec::new(), Vec::new(), 0);
        for cut in cuts.iter().cycle() {
            if fed == stream.len() {
                break;
            }
            let upto = stream.len().min(fed + cut);
            held.extend_from_slice(&stream[fed..upto]);
            fed = upto;
            let (records, left, malformed) = all(&held);
            prop_assert!(!malformed);
            seen.extend(records);
            held.drain(..held.len() - left);
        }
        prop_assert_eq!(seen, whole);
    }

    #[test]
    fn nobody_is_proven_without_the_secret(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1..90_usize) {
        prop_assert!(!fuzz::handshake(&bytes, cut));
        // Beginning as it should does not help.
        let mut hello = b"OLYMPI-T\x01\0\0\0\x01\0\0\0\0\0\0\0\x02\0\0\0".to_vec();
        hello.extend(&bytes);
        prop_assert!(!fuzz::handshake(&hello, cut));
    }
}
