//! Bytes as values of a key-value store that only holds short words.
//!
//! PMI-1 values may hold no space; some launchers also trip over `=`, `;` and backslashes, and none carries
//! more than a kilobyte. Six bits become one of `A-Z a-z 0-9 - _`, and the text is cut into parts: the value
//! under the key itself begins with the number of parts and a dot, the others are under `key.1`, `key.2`...

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The most parts that one value may claim to have, so that a damaged store cannot keep a reader busy.
pub(crate) const MAX_PARTS: usize = 4096;

/// The bytes as text of the alphabet, without padding.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let word =
            group.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for position in 0..=group.len() {
            let digit = (word >> (18 - 6 * position)) & 63;
            text.push(char::from(ALPHABET[digit as usize]));
        }
    }
    text
}

/// The bytes that [`encode`] made this text of; `None` if it never made it.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for group in text.as_bytes().chunks(4) {
        let mut word = 0u32;
        for letter in group {
            let digit = match letter {
                b'A'..=b'Z' => letter - b'A',
                b'a'..=b'z' => letter - b'a' + 26,
                b'0'..=b'9' => letter - b'0' + 52,
                b'-' => 62,
                b'_' => 63,
                _ => return None,
            };
            word = word << 6 | u32::from(digit);
        }
        word <<= 6 * (4 - group.len());
        let whole = word.to_be_bytes();
        let (used, rest) = whole.get(1..)?.split_at(group.len() - 1);
        if used.is_empty() || rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(used);
    }
    Some(bytes)
}

/// The values to put, first the one for the key itself; none is longer than `room` bytes.
pub(crate) fn split(bytes: &[u8], room: usize) -> Vec<String> {
    let text = encode(bytes);
    // The head takes at most five letters: four of the number (MAX_PARTS) and the dot.
    let room = room.saturating_sub(5).max(1);
    let mut parts: Vec<String> =
        text.as_bytes().chunks(room).map(|part| String::from_utf8_lossy(part).into_owned()).collect();
    if parts.is_empty() {
        parts.push(String::new());
    }
    parts[0] = format!("{}.{}", parts.len(), parts[0]);
    parts
}

/// The number of parts and the text of the first, from the value under the key itself.
pub(crate) fn head(value: &str) -> Option<(usize, &str)> {
    let (count, text) = value.split_once('.')?;
    let count = count.parse().ok()?;
    (1..=MAX_PARTS).contains(&count).then_some((count, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_answers() {
        for (bytes, text) in
            [(&b""[..], ""), (b"f", "Zg"), (b"fo", "Zm8"), (b"foo", "Zm9v"), (&[251, 255], "-_8")]
        {
            assert_eq!(encode(bytes), text);
            assert_eq!(decode(text).as_deref(), Some(bytes));
        }
        for text in ["A", "Zh", "Z=", "Zm9\u{e9}"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parts_join_to_what_was_split(bytes: Vec<u8>, room in 6usize..200) {
            let parts = split(&bytes, room);
            prop_assert!(parts.iter().all(|part| part.len() <= room));
            let (count, first) = head(&parts[0]).unwrap();
            prop_assert_eq!(count, parts.len());
            let text = [&[first.to_owned()], &parts[1..]].concat().concat();
            prop_assert_eq!(decode(&text), Some(bytes));
        }

        #[test]
        fn any_text_is_decoded_or_refused(text: String) {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(&encode(&bytes), &text);
            }
            let _ = head(&text);
        }
    }
}
