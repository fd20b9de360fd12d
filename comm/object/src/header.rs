//! What stands before an object's body.
//!
//! | bytes | meaning |
//! |---|---|
//! | 2 | `O`, `b`: an object |
//! | 1 | version of this header |
//! | 1 | format of the body |
//! | 2 | length n of the type's name, little endian |
//! | n | the type's name |

use crate::DecodeError;

const MAGIC: [u8; 2] = *b"Ob";
const VERSION: u8 = 1;
const FIXED: usize = 6;

/// The header of an object, its type's name as whatever bytes the sender gave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<N = &'static str> {
    pub(crate) format: u8,
    pub(crate) type_name: N,
}

impl Header {
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // A name that is longer than any sane one is cut, here as on the other side.
        let name = cut(self.type_name);
        let len = (name.len() as u16).to_le_bytes();
        out.extend_from_slice(&[MAGIC[0], MAGIC[1], VERSION, self.format, len[0], len[1]]);
        out.extend_from_slice(name);
    }
}

impl<'a> Header<&'a [u8]> {
    /// Splits a message into header and body.
    pub(crate) fn read(message: &'a [u8]) -> Result<(Self, &'a [u8]), DecodeError> {
        let no_object = DecodeError::NoObject { len: message.len() };
        let Some((&[magic_0, magic_1, version, format, len_0, len_1], rest)) =
            message.split_first_chunk::<FIXED>()
        else {
            return Err(no_object);
        };
        if [magic_0, magic_1] != MAGIC {
            return Err(no_object);
        }
        if version != VERSION {
            return Err(DecodeError::UnknownFormat { format: version });
        }
        let len = usize::from(u16::from_le_bytes([len_0, len_1]));
        let (type_name, body) = rest.split_at_checked(len).ok_or(no_object)?;
        Ok((Self { format, type_name }, body))
    }
}

/// As much of a name as a header holds.
pub(crate) fn cut(name: &str) -> &[u8] {
    &name.as_bytes()[..name.len().min(usize::from(u16::MAX))]
}

/// A peer's name for a type, fit for a message to the user.
pub(crate) fn display(name: &[u8]) -> String {
    const ENOUGH: usize = 300;
    let text = String::from_utf8_lossy(name);
    let shown: String = text.chars().take(ENOUGH).flat_map(char::escape_debug).collect();
    if text.chars().nth(ENOUGH).is_some() { shown + "..." } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let mut message = vec![];
        Header { format: 9, type_name: "i32" }.write(&mut message);
        message.extend([1, 2, 3]);
        let (header, body) = Header::read(&message).unwrap();
        assert_eq!((header.format, header.type_name, body), (9, &b"i32"[..], &[1, 2, 3][..]));
    }

    #[test]
    fn refuses_what_is_no_header() {
        let mut message = vec![];
        Header { format: 1, type_name: "i32" }.write(&mut message);
        for len in 0..message.len() {
            assert_eq!(Header::read(&message[..len]).unwrap_err(), DecodeError::NoObject { len });
        }
        message[0] ^= 1;
        assert!(matches!(Header::read(&message), Err(DecodeError::NoObject { .. })));
        message[0] ^= 1;
        message[2] = 77;
        assert_eq!(Header::read(&message).unwrap_err(), DecodeError::UnknownFormat { format: 77 });
    }

    #[test]
    fn a_hostile_name_is_shown_short_and_escaped() {
        assert_eq!(display(b"a\n\x1b\xff"), "a\\n\\u{1b}\u{fffd}");
        assert_eq!(display(&[b'x'; 1000]).len(), 303);
    }
}
