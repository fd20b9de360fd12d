//! What is published, and the datagrams that bring up a connection: the wire of the wire-up, checked once, here.

use std::os::unix::fs::MetadataExt;

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The first byte of an address and of a datagram: the version of all that is shared.
const VERSION: u8 = 2;

/// Where process numbers mean the same: a boot of a host, and a namespace in it; and the process there.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Process {
    pub(crate) boot: [u8; 16],
    pub(crate) namespace: u64,
    pub(crate) pid: u32,
    /// When it started, in clock ticks since boot: tells it from a later process of the same number.
    pub(crate) started: u64,
}

impl Process {
    /// This process. What the system does not tell is zero: then nobody takes us for a process of their host.
    pub(crate) fn here() -> Self {
        let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
        let mut boot = [0; 16];
        let text = read("/proc/sys/kernel/random/boot_id");
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).take(32).collect();
        for (byte, pair) in boot.iter_mut().zip(digits.chunks(2)) {
            let pair = core::str::from_utf8(pair).unwrap_or("0");
            *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
        }
        let namespace = std::fs::metadata("/proc/self/ns/pid").map_or(0, |meta| meta.ino());
        let started = Self::started(std::process::id()).unwrap_or(0);
        Self { boot, namespace, pid: std::process::id(), started }
    }

    /// When a process started, in clock ticks since boot; `None`: there is no such process.
    pub(crate) fn started(pid: u32) -> Option<u64> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The second field is the command in parentheses, and may hold anything; the 22nd is what we look for.
        let (_, after) = stat.rsplit_once(')')?;
        after.split_ascii_whitespace().nth(19)?.parse().ok()
    }
}

/// How a port is reached by datagrams.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    pub(crate) ethernet: bool,
    pub(crate) lid: u16,
    pub(crate) gid: [u8; 16],
    /// The queue pair for datagrams.
    pub(crate) qpn: u32,
    /// Drawn at random by the process: tells it from an earlier one behind the same numbers.
    pub(crate) nonce: u64,
    pub(crate) process: Process,
}

impl Reach {
    /// Bytes of its encoding.
    pub(crate) const LEN: usize = 1 + 1 + 2 + 16 + 4 + 8 + 16 + 8 + 4 + 8;

    pub(crate) fn encode(&self) -> [u8; Self::LEN] {
        let mut out = Writer::<{ Self::LEN }>::new();
        out.put(&[VERSION, u8::from(self.ethernet)]);
        out.put(&self.lid.to_le_bytes());
        out.put(&self.gid);
        out.put(&self.qpn.to_le_bytes());
        out.put(&self.nonce.to_le_bytes());
        out.put(&self.process.boot);
        out.put(&self.process.namespace.to_le_bytes());
        out.put(&self.process.pid.to_le_bytes());
        out.put(&self.process.started.to_le_bytes());
        out.bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(other) => return Err(format!("it is of version {other}, this process speaks {VERSION}")),
            None => return Err("it is empty".to_owned()),
        }
        if bytes.len() != Self::LEN {
            return Err(format!("it has {} bytes instead of {}", bytes.len(), Self::LEN));
        }
        let mut rest = &bytes[1..];
        Ok(Self {
            ethernet: take::<1>(&mut rest)[0] != 0,
            lid: u16::from_le_bytes(take(&mut rest)),
            gid: take(&mut rest),
            qpn: u32::from_le_bytes(take(&mut rest)),
            nonce: u64::from_le_bytes(take(&mut rest)),
            process: Process {
                boot: take(&mut rest),
                namespace: u64::from_le_bytes(take(&mut rest)),
                pid: u32::from_le_bytes(take(&mut rest)),
                started: u64::from_le_bytes(take(&mut rest)),
            },
        })
    }
}

/// What a datagram is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// "Here is my queue pair; give me yours."
    Request = 1,
    /// "Here is mine; I have yours, and am ready to receive."
    Reply = 2,
    /// "I have yours, and am ready to receive."
    Ready = 3,
    /// "I am leaving."
    Bye = 4,
    /// "I cannot answer."
    Refuse = 5,
}

/// A datagram.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Datagram {
    pub(crate) kind: Kind,
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// The nonce of the process that it is for, as it published it.
    pub(crate) to_nonce: u64,
    /// Who sends, and how it is reached.
    pub(crate) reach: Reach,
    /// The queue pair of the connection.
    pub(crate) qpn: u32,
    pub(crate) psn: u32,
    /// The code of its port's MTU.
    pub(crate) mtu: u8,
    /// How many reads it serves at once.
    pub(crate) rd_atomic: u8,
    /// Longest frame that it takes.
    pub(crate) frame: u32,
    /// How many frames it takes to begin with.
    pub(crate) credits: u32,
    /// Where it wants to be told of more.
    pub(crate) word: u64,
    pub(crate) word_key: u32,
}

/// Bytes of a datagram, proof included.
pub(crate) const DATAGRAM: usize = BODY + PROOF;
const BODY: usize = 2 + 4 + 4 + 8 + Reach::LEN + 4 + 4 + 2 + 4 + 4 + 8 + 4;
const PROOF: usize = 16;

impl Datagram {
    /// The bytes to send, with the proof that a member of the job sends them.
    pub(crate) fn encode(&self, secret: &[u8; 32]) -> [u8; DATAGRAM] {
        let mut out = Writer::<DATAGRAM>::new();
        out.put(&[VERSION, self.kind as u8]);
        out.put(&self.from.to_le_bytes());
        out.put(&self.to.to_le_bytes());
        out.put(&self.to_nonce.to_le_bytes());
        out.put(&self.reach.encode());
        out.put(&self.qpn.to_le_bytes());
        out.put(&self.psn.to_le_bytes());
        out.put(&[self.mtu, self.rd_atomic]);
        out.put(&self.frame.to_le_bytes());
        out.put(&self.credits.to_le_bytes());
        out.put(&self.word.to_le_bytes());
        out.put(&self.word_key.to_le_bytes());
        let proof = mac(secret, &out.bytes[..BODY]).finalize().into_bytes();
        out.put(&proof[..PROOF]);
        out.bytes
    }

    /// Reads a datagram; `None`: it is not of this job, or makes no sense.
    pub(crate) fn decode(bytes: &[u8], secret: &[u8; 32]) -> Option<Self> {
        if bytes.len() != DATAGRAM || bytes[0] != VERSION {
            return None;
        }
        let (body, proof) = bytes.split_at(BODY);
        mac(secret, body).verify_truncated_left(proof).ok()?;
        let mut rest = &body[1..];
        let kind = match take::<1>(&mut rest)[0] {
            1 => Kind::Request,
            2 => Kind::Reply,
            3 => Kind::Ready,
            4 => Kind::Bye,
            5 => Kind::Refuse,
            _ => return None,
        };
        Some(Self {
            kind,
            from: u32::from_le_bytes(take(&mut rest)),
            to: u32::from_le_bytes(take(&mut rest)),
            to_nonce: u64::from_le_bytes(take(&mut rest)),
            reach: Reach::decode(&take::<{ Reach::LEN }>(&mut rest)).ok()?,
            qpn: u32::from_le_bytes(take(&mut rest)),
            psn: u32::from_le_bytes(take(&mut rest)),
            mtu: take::<1>(&mut rest)[0],
            rd_atomic: take::<1>(&mut rest)[0],
            frame: u32::from_le_bytes(take(&mut rest)),
            credits: u32::from_le_bytes(take(&mut rest)),
            word: u64::from_le_bytes(take(&mut rest)),
            word_key: u32::from_le_bytes(take(&mut rest)),
        })
    }
}

fn mac(secret: &[u8; 32], body: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(b"olympi verbs wire-up");
    mac.update(body);
    mac
}

/// The key that datagrams must carry, derived from the secret: what a port drops itself, it does not wake us for. The
/// highest bit is the system's.
pub(crate) fn qkey(secret: &[u8; 32]) -> u32 {
    let digest = mac(secret, b"qkey").finalize().into_bytes();
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]]) & 0x7FFF_FFFF
}

struct Writer<const N: usize> {
    bytes: [u8; N],
    at: usize,
}

impl<const N: usize> Writer<N> {
    fn new() -> Self {
        Self { bytes: [0; N], at: 0 }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}

/// The next `N` bytes; zeros where there are no more.
fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let n = N.min(bytes.len());
    let (head, tail) = bytes.split_at(n);
    out[..n].copy_from_slice(head);
    *bytes = tail;
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach() -> Reach {
        let process = Process { boot: [7; 16], namespace: 8, pid: 9, started: 10 };
        Reach { ethernet: true, lid: 3, gid: [5; 16], qpn: 17, nonce: 0xFEED, process }
    }

    fn datagram() -> Datagram {
        Datagram {
            kind: Kind::Reply,
            from: 1,
            to: 2,
            to_nonce: 99,
            reach: reach(),
            qpn: 18,
            psn: 0xAB_CDEF,
            mtu: 5,
            rd_atomic: 16,
            frame: 4096,
            credits: 2,
            word: u64::MAX - 7,
            word_key: 4,
        }
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Reach::decode(&reach().encode()), Ok(reach()));
        const { assert!(Reach::LEN <= 200) };
        let bytes = datagram().encode(&[1; 32]);
        assert_eq!(Datagram::decode(&bytes, &[1; 32]), Some(datagram()));
    }

    #[test]
    fn every_flipped_bit_of_a_datagram_is_noticed() {
        let bytes = datagram().encode(&[1; 32]);
        assert_eq!(Datagram::decode(&bytes, &[2; 32]), None, "of another job");
        for bit in 0..bytes.len() * 8 {
            let mut other = bytes;
            other[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Datagram::decode(&other, &[1; 32]), None, "bit {bit}");
        }
        for len in 0..bytes.len() {
            assert_eq!(Datagram::decode(&bytes[..len], &[1; 32]), None);
        }
    }

    #[test]
    fn a_mangled_address_is_an_error() {
        let good = reach().encode();
        assert!(Reach::decode(&[]).unwrap_err().contains("empty"));
        assert!((1..good.len()).all(|len| Reach::decode(&good[..len]).is_err()));
        let mut other = good;
        other[0] = 9;
        assert!(Reach::decode(&other).unwrap_err().contains("version 9"));
    }
}
