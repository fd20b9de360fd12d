//! What a stranger may send to a TCP port, or publish as an address.
#![no_main]

use libfuzzer_sys::fuzz_target;
use olympi_tcp::fuzz::{self, MAX_HEADER, PREFIX, PUT_HEADER, Reach, Record};

fuzz_target!(|data: &[u8]| {
    let Some((&choice, bytes)) = data.split_first() else { return };
    match choice % 4 {
        0 => records(bytes, 1024 + usize::from(choice) * 64),
        1 => assert!(!fuzz::handshake(bytes, usize::from(choice)), "proven without the secret"),
        2 => {
            // A stranger may well begin as a peer would.
            let mut hello = vec![0; 8];
            hello.extend_from_slice(bytes);
            assert!(!fuzz::handshake(&hello, usize::from(choice)), "proven without the secret");
        }
        _ => {
            if let Ok(reach) = Reach::decode(bytes) {
                assert_eq!(Reach::decode(&reach.encode()).map(|again| again.encode()), Ok(reach.encode()));
            }
        }
    }
});

/// Cuts a stream into records: none is longer than allowed, and more bytes never change what was understood.
fn records(mut bytes: &[u8], max_frame: usize) {
    loop {
        let whole = fuzz::next(bytes, max_frame);
        for len in 0..bytes.len().min(PREFIX + PUT_HEADER + 8) {
            match fuzz::next(&bytes[..len], max_frame) {
                Ok(None) => {}
                // The words of a refusal may depend on how much was there to look at.
                Err(_) => assert!(whole.is_err(), "refused after {len} bytes, and taken after more"),
                early => assert_eq!(early, whole, "understood after {len} bytes, and otherwise after more"),
            }
        }
        let taken = match whole {
            Err(_) | Ok(None) => return,
            Ok(Some(Record::Bye)) => PREFIX,
            Ok(Some(Record::Frame { header, payload })) => {
                assert!(header <= MAX_HEADER && header + payload <= max_frame);
                assert!(bytes.len() >= PREFIX + header + payload, "a frame is told when it is whole");
                PREFIX + header + payload
            }
            Ok(Some(Record::Put { len, .. })) => {
                let follows = usize::try_from(len).unwrap_or(usize::MAX);
                (PREFIX + PUT_HEADER).saturating_add(follows)
            }
        };
        match bytes.get(taken..) {
            Some(rest) => bytes = rest,
            None => return,
        }
    }
}
