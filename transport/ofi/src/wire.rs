//! What travels inside a message: the one place where a peer's bytes are checked.
//!
//! ```text
//! proof u64 | from u32 | sequence u32 | taken u32 | payload u32 | kind u8 | header u8 | 0 u16 | header | payload
//! ```
//!
//! The proof is the beginning of an HMAC-SHA256 under the job's secret over both ranks, the sender's first. Whoever
//! cannot make it is a stranger: the message is dropped, and counted. All integers are little-endian.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

/// Bytes before a frame's header.
pub(crate) const PREFIX: usize = 28;
/// Longest header of a frame.
pub(crate) const MAX_HEADER: usize = 64;
/// Bytes of private data with a request to connect.
pub(crate) const KNOCK: usize = 8 + 4 + 4 + 4 + 16;

const MAGIC: [u8; 8] = *b"OLYMPIO\x01";

/// What a message is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// The first to a peer: the payload is the sender's address. Has a sequence number.
    Hello,
    /// A frame. Has a sequence number.
    Frame,
    /// How many numbered messages of the receiver's have been taken; so does every other kind.
    Credit,
    /// Nothing: it is sent to see whether somebody is there.
    Probe,
    /// The sender goes. Its sequence number is that of the next message that it will not send.
    Bye,
}

impl Kind {
    /// Whether such messages are numbered, and wait for room at the receiver.
    pub(crate) fn numbered(self) -> bool {
        matches!(self, Self::Hello | Self::Frame)
    }
}

/// What comes before a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Prefix {
    pub(crate) from: u32,
    pub(crate) kind: Kind,
    pub(crate) sequence: u32,
    /// How many numbered messages of the receiver's the sender has taken.
    pub(crate) taken: u32,
    pub(crate) header: usize,
    pub(crate) payload: usize,
}

/// Why a message is not heard.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(crate) enum Unheard {
    /// It was not sent by a rank of this job.
    #[error("it is not proven")]
    Stranger,
    /// A rank of this job sent nonsense.
    #[error("a malformed message: {1}")]
    Malformed(u32, &'static str),
}

impl Prefix {
    /// Writes it.
    #[inline]
    pub(crate) fn write(&self, proof: u64, into: &mut [u8; PREFIX]) {
        into[0..8].copy_from_slice(&proof.to_le_bytes());
        into[8..12].copy_from_slice(&self.from.to_le_bytes());
        into[12..16].copy_from_slice(&self.sequence.to_le_bytes());
        into[16..20].copy_from_slice(&self.taken.to_le_bytes());
        into[20..24].copy_from_slice(&(self.payload as u32).to_le_bytes());
        into[24] = self.kind as u8;
        into[25] = self.header as u8;
        into[26..28].copy_from_slice(&[0; 2]);
    }

    /// Reads and checks a whole message. `proof` tells what a rank's messages begin with; `None` for a number that is no
    /// other rank's.
    #[inline]
    pub(crate) fn read(message: &[u8], proof: impl FnOnce(u32) -> Option<u64>) -> Result<Self, Unheard> {
        let Some((prefix, rest)) = message.split_first_chunk::<PREFIX>() else {
            return Err(Unheard::Stranger);
        };
        let word =
            |at: usize| u32::from_le_bytes([prefix[at], prefix[at + 1], prefix[at + 2], prefix[at + 3]]);
        let shown = u64::from(word(0)) | u64::from(word(4)) << 32;
        let from = word(8);
        let Some(wanted) = proof(from) else { return Err(Unheard::Stranger) };
        if !bool::from(shown.ct_eq(&wanted)) {
            return Err(Unheard::Stranger);
        }
        let malformed = |what| Err(Unheard::Malformed(from, what));
        let kind = match prefix[24] {
            0 => Kind::Hello,
            1 => Kind::Frame,
            2 => Kind::Credit,
            3 => Kind::Probe,
            4 => Kind::Bye,
            _ => return malformed("of no known kind"),
        };
        let (header, payload) = (usize::from(prefix[25]), word(20) as usize);
        if header > MAX_HEADER {
            return malformed("its header is too long");
        }
        if header + payload != rest.len() {
            return malformed("its length is not what it says");
        }
        if prefix[26..28] != [0; 2] {
            return malformed("its reserved bytes are not zero");
        }
        if kind != Kind::Frame && header != 0 || !kind.numbered() && payload != 0 {
            return malformed("it carries what its kind does not");
        }
        Ok(Self { from, kind, sequence: word(12), taken: word(16), header, payload })
    }
}

/// The job's secret, and who this rank is.
pub(crate) struct Keys {
    pub(crate) me: u32,
    pub(crate) size: u32,
    pub(crate) secret: [u8; 32],
}

impl Keys {
    /// What messages from one rank to another begin with.
    pub(crate) fn proof(&self, from: u32, to: u32) -> u64 {
        let mac = self.mac(b"frame", from, to);
        u64::from_le_bytes([mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], mac[6], mac[7]])
    }

    /// What goes along with a request of this rank to be connected to `to`.
    pub(crate) fn knock(&self, to: u32) -> [u8; KNOCK] {
        let mut bytes = [0; KNOCK];
        bytes[..8].copy_from_slice(&MAGIC);
        for (at, word) in [self.me, to, self.size].into_iter().enumerate() {
            bytes[8 + 4 * at..12 + 4 * at].copy_from_slice(&word.to_le_bytes());
        }
        bytes[20..].copy_from_slice(&self.mac(b"knock", self.me, to)[..16]);
        bytes
    }

    /// Who wants to be connected to this rank, if it is a rank of this job. A provider may pad what was sent.
    pub(crate) fn who_knocks(&self, data: &[u8]) -> Option<u32> {
        let data: &[u8; KNOCK] = data.first_chunk()?;
        let word = |at: usize| u32::from_le_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]]);
        let (from, to, size) = (word(8), word(12), word(16));
        if data[..8] != MAGIC || to != self.me || size != self.size || from >= size || from == to {
            return None;
        }
        let proven = self.mac(b"knock", from, to)[..16].ct_eq(&data[20..]);
        bool::from(proven).then_some(from)
    }

    fn mac(&self, label: &[u8], from: u32, to: u32) -> [u8; 32] {
        // Any length of key is good, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) else { return [0; 32] };
        mac.update(&MAGIC);
        mac.update(label);
        for word in [self.size, from, to] {
            mac.update(&word.to_le_bytes());
        }
        mac.finalize().into_bytes().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys = Keys { me: 1, size: 4, secret: [9; 32] };

    fn message(prefix: &Prefix, proof: u64) -> Vec<u8> {
        let mut head = [0; PREFIX];
        prefix.write(proof, &mut head);
        let mut bytes = head.to_vec();
        bytes.resize(PREFIX + prefix.header + prefix.payload, 7);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Prefix, Unheard> {
        Prefix::read(bytes, |from| (from < KEYS.size && from != KEYS.me).then(|| KEYS.proof(from, KEYS.me)))
    }

    #[test]
    fn what_is_written_is_read() {
        for (kind, header, payload) in [
            (Kind::Hello, 0, 100),
            (Kind::Frame, 64, 1000),
            (Kind::Frame, 0, 0),
            (Kind::Credit, 0, 0),
            (Kind::Probe, 0, 0),
            (Kind::Bye, 0, 0),
        ] {
            let prefix = Prefix { from: 2, kind, sequence: u32::MAX, taken: 5, header, payload };
            assert_eq!(read(&message(&prefix, KEYS.proof(2, 1))), Ok(prefix));
        }
    }

    #[test]
    fn strangers_are_known_as_such() {
        let prefix = Prefix { from: 2, kind: Kind::Frame, sequence: 0, taken: 0, header: 4, payload: 4 };
        let good = message(&prefix, KEYS.proof(2, 1));
        for len in 0..PREFIX {
            assert_eq!(read(&good[..len]), Err(Unheard::Stranger));
        }
        // Another direction, another sender, another job, no such rank, and every single bit of the proof.
        assert_eq!(read(&message(&prefix, KEYS.proof(1, 2))), Err(Unheard::Stranger));
        assert_eq!(read(&message(&prefix, KEYS.proof(3, 1))), Err(Unheard::Stranger));
        let other = Keys { secret: [8; 32], ..KEYS };
        assert_eq!(read(&message(&prefix, other.proof(2, 1))), Err(Unheard::Stranger));
        for from in [1, 4, u32::MAX] {
            assert_eq!(
                read(&message(&Prefix { from, ..prefix }, KEYS.proof(from, 1))),
                Err(Unheard::Stranger)
            );
        }
        for bit in 0..64 {
            assert_eq!(read(&message(&prefix, KEYS.proof(2, 1) ^ 1 << bit)), Err(Unheard::Stranger));
        }
    }

    #[test]
    fn nonsense_of_a_rank_is_malformed() {
        let prefix = Prefix { from: 2, kind: Kind::Frame, sequence: 0, taken: 0, header: 4, payload: 4 };
        let good = message(&prefix, KEYS.proof(2, 1));
        let cases: [(usize, u8); 6] = [(24, 5), (24, 0xFF), (25, 65), (25, 5), (20, 5), (26, 1)];
        for (at, byte) in cases {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(matches!(read(&bad), Err(Unheard::Malformed(2, _))), "byte {at} is {byte}");
        }
        let mut bad = good.clone();
        bad.push(0);
        assert!(matches!(read(&bad), Err(Unheard::Malformed(2, _))));
        for kind in [Kind::Credit, Kind::Probe, Kind::Bye] {
            let bad = message(&Prefix { kind, header: 0, payload: 1, ..prefix }, KEYS.proof(2, 1));
            assert!(matches!(read(&bad), Err(Unheard::Malformed(2, _))));
        }
    }

    #[test]
    fn only_ranks_of_the_job_may_knock() {
        let zero = Keys { me: 0, ..KEYS };
        let knock = zero.knock(1);
        assert_eq!(KEYS.who_knocks(&knock), Some(0));
        assert_eq!(KEYS.who_knocks(&[&knock[..], &[0; 20]].concat()), Some(0), "a provider may pad it");
        assert_eq!(Keys { me: 2, ..KEYS }.who_knocks(&knock), None);
        assert_eq!(KEYS.who_knocks(&KEYS.knock(1)), None);
        for at in 0..KNOCK {
            let mut bad = knock;
            bad[at] ^= 1;
            assert_eq!(KEYS.who_knocks(&bad), None);
            assert_eq!(KEYS.who_knocks(&knock[..at]), None);
        }
    }
}
