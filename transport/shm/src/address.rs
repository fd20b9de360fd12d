//! Who a process is, and how its address is written.

use std::fs;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::fs::MetadataExt;

use olympi_transport_api::Address;

use crate::StartError;

/// The first byte of an address: the version of all that is shared.
const VERSION: u8 = 2;
/// Bytes in an address.
pub(crate) const LEN: usize = 1 + 16 + 8 + 4 + 4 + 8 + 8;

/// Where process numbers mean the same: a boot of a host, and a namespace in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Host {
    boot: [u8; 16],
    namespace: u64,
}

impl Host {
    /// Whether the other is another host, rather than another namespace of this one.
    pub(crate) fn boot_differs(&self, other: &Self) -> bool {
        self.boot != other.boot
    }

    /// The host of this process.
    pub(crate) fn here() -> Result<Self, StartError> {
        let path = "/proc/sys/kernel/random/boot_id";
        let text =
            fs::read_to_string(path).map_err(|source| StartError::Proc { path: path.to_owned(), source })?;
        let mut boot = [0; 16];
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).take(32).collect();
        for (byte, pair) in boot.iter_mut().zip(digits.chunks(2)) {
            let pair = core::str::from_utf8(pair).unwrap_or("0");
            *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
        }
        let path = "/proc/self/ns/pid";
        let namespace =
            fs::metadata(path).map_err(|source| StartError::Proc { path: path.to_owned(), source })?.ino();
        Ok(Self { boot, namespace })
    }
}

/// What the processes that can share memory with this one have in common: 24 bytes for a boot of a host and a namespace of
/// process numbers in it. `None` where the system does not tell.
///
/// ```
/// assert_eq!(olympi_shm::host_key(), olympi_shm::host_key());
/// ```
pub fn host_key() -> Option<[u8; 24]> {
    let Host { boot, namespace } = Host::here().ok()?;
    let mut key = [0; 24];
    key[..16].copy_from_slice(&boot);
    key[16..].copy_from_slice(&namespace.to_le_bytes());
    Some(key)
}

/// What names a process's segment among all there ever were.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Whereabouts {
    /// The host and namespace.
    pub(crate) host: Host,
    /// The process.
    pub(crate) pid: u32,
    /// Its descriptor of the segment.
    pub(crate) fd: RawFd,
    /// When it started, in clock ticks since boot: tells it from a later process of the same number.
    pub(crate) started: u64,
    /// A random number that the segment holds too.
    pub(crate) nonce: u64,
}

impl Whereabouts {
    /// No process's.
    pub(crate) const NOWHERE: &Self =
        &Self { host: Host { boot: [0; 16], namespace: 0 }, pid: 0, fd: -1, started: 0, nonce: 0 };

    /// What names a file of this process among all there ever were.
    pub(crate) fn of(file: &OwnedFd) -> Result<Self, StartError> {
        let host = Host::here()?;
        let pid = std::process::id();
        let started = start_time(pid).ok_or_else(|| StartError::Proc {
            path: format!("/proc/{pid}/stat"),
            source: std::io::ErrorKind::NotFound.into(),
        })?;
        let nonce = getrandom::u64().map_err(|error| StartError::Segment {
            step: "draw a random number",
            bytes: 8,
            source: std::io::Error::other(error.to_string()),
            remedy: "the kernel's random source must be readable",
        })?;
        Ok(Self { host, pid, fd: file.as_raw_fd(), started, nonce })
    }

    /// The bytes to publish.
    pub(crate) fn encode(&self) -> Address {
        let mut bytes = Vec::with_capacity(LEN);
        bytes.push(VERSION);
        bytes.extend(self.host.boot);
        bytes.extend(self.host.namespace.to_le_bytes());
        bytes.extend(self.pid.to_le_bytes());
        bytes.extend(self.fd.to_le_bytes());
        bytes.extend(self.started.to_le_bytes());
        bytes.extend(self.nonce.to_le_bytes());
        Address(bytes)
    }

    /// Reads published bytes.
    pub(crate) fn decode(address: &Address) -> Result<Self, String> {
        let bytes = &address.0;
        match bytes.first() {
            Some(&VERSION) => {}
            Some(other) => return Err(format!("it is of version {other}, this process speaks {VERSION}")),
            None => return Err("it is empty".to_owned()),
        }
        if bytes.len() != LEN {
            return Err(format!("it has {} bytes instead of {LEN}", bytes.len()));
        }
        let mut rest = &bytes[1..];
        Ok(Self {
            host: Host { boot: take(&mut rest), namespace: u64::from_le_bytes(take(&mut rest)) },
            pid: u32::from_le_bytes(take(&mut rest)),
            fd: RawFd::from_le_bytes(take(&mut rest)),
            started: u64::from_le_bytes(take(&mut rest)),
            nonce: u64::from_le_bytes(take(&mut rest)),
        })
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

/// When a process started, in clock ticks since boot. `None` if there is no such process.
pub(crate) fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command in parentheses, and may hold anything; the 22nd is what we look for.
    let (_, after) = stat.rsplit_once(')')?;
    after.split_ascii_whitespace().nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> Whereabouts {
        let pid = std::process::id();
        let started = start_time(pid).unwrap();
        Whereabouts { host: Host::here().unwrap(), pid, fd: 7, started, nonce: 0xFEED }
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let here = here();
        let address = here.encode();
        assert!(address.0.len() <= 200);
        assert_eq!(Whereabouts::decode(&address), Ok(here));
        assert_ne!(here.host.boot, [0; 16]);
    }

    #[test]
    fn a_mangled_address_is_an_error() {
        let good = here().encode().0;
        assert!(Whereabouts::decode(&Address(Vec::new())).unwrap_err().contains("empty"));
        for len in 1..good.len() {
            assert!(Whereabouts::decode(&Address(good[..len].to_vec())).is_err());
        }
        let mut other = good;
        other[0] = 9;
        assert!(Whereabouts::decode(&Address(other)).unwrap_err().contains("version 9"));
    }

    #[test]
    fn only_living_processes_have_a_start_time() {
        assert!(start_time(std::process::id()).is_some());
        assert!(start_time(u32::MAX).is_none());
    }
}
