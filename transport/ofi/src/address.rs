//! Who a process is, and how its address is written.

use std::fs;
use std::os::unix::fs::MetadataExt;

use crate::error::StartError;

/// The first byte of an address: the version of all that ranks share.
const VERSION: u8 = 1;
/// The longest address: it is published in the job's key-value space.
const MOST: usize = 200;

/// Where process numbers mean the same: a boot of a host, and a namespace in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Host {
    boot: [u8; 16],
    namespace: u64,
}

impl Host {
    /// The host of this process.
    pub(crate) fn here() -> Result<Self, StartError> {
        let unreadable = |path: &str, e: std::io::Error| StartError::System {
            what: "this host's identity",
            detail: format!("{path}: {e}; the transport needs /proc"),
        };
        let path = "/proc/sys/kernel/random/boot_id";
        let text = fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
        let mut boot = [0; 16];
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).take(32).collect();
        for (byte, pair) in boot.iter_mut().zip(digits.chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or("0");
            *byte = u8::from_str_radix(pair, 16).unwrap_or(0);
        }
        let path = "/proc/self/ns/pid";
        let namespace = fs::metadata(path).map_err(|e| unreadable(path, e))?.ino();
        Ok(Self { boot, namespace })
    }

    /// Whether it is the same machine, though perhaps another namespace of processes.
    pub(crate) fn same_boot(&self, other: &Self) -> bool {
        self.boot == other.boot
    }
}

/// What peers need to know of a rank.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    pub(crate) host: Host,
    pub(crate) pid: u32,
    /// When the process started, in clock ticks since boot: tells it from a later process of the same number.
    pub(crate) started: u64,
    /// Whether its endpoint has to be connected to (`FI_EP_MSG`).
    pub(crate) connected: bool,
    pub(crate) protocol: u32,
    pub(crate) format: u32,
    pub(crate) max_frame: u32,
    pub(crate) window: u32,
    pub(crate) provider: String,
    /// The endpoint's address in the provider's format.
    pub(crate) name: Vec<u8>,
}

impl Reach {
    /// The bytes to publish, or why there are too many.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, String> {
        let mut bytes = vec![VERSION, u8::from(self.connected)];
        bytes.extend(self.host.boot);
        bytes.extend(self.host.namespace.to_le_bytes());
        bytes.extend(self.pid.to_le_bytes());
        bytes.extend(self.started.to_le_bytes());
        for word in [self.protocol, self.format, self.max_frame, self.window] {
            bytes.extend(word.to_le_bytes());
        }
        for part in [self.provider.as_bytes(), &self.name] {
            let Ok(len) = u8::try_from(part.len()) else { return Err(format!("{} bytes", part.len())) };
            bytes.push(len);
            bytes.extend(part);
        }
        if bytes.len() > MOST {
            Err(format!("{} bytes, of which {MOST} may be", bytes.len()))
        } else {
            Ok(bytes)
        }
    }

    /// Reads published bytes.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        match bytes.first() {
            Some(&VERSION) => {}
            Some(other) => return Err(format!("it is of version {other}, this process speaks {VERSION}")),
            None => return Err("it is empty".to_owned()),
        }
        let short = || "it is too short".to_owned();
        let mut rest = &bytes[1..];
        let [connected] = take(&mut rest).ok_or_else(short)?;
        if connected > 1 {
            return Err("it names no known kind of endpoint".to_owned());
        }
        let host = Host {
            boot: take(&mut rest).ok_or_else(short)?,
            namespace: u64::from_le_bytes(take(&mut rest).ok_or_else(short)?),
        };
        let pid = u32::from_le_bytes(take(&mut rest).ok_or_else(short)?);
        let started = u64::from_le_bytes(take(&mut rest).ok_or_else(short)?);
        let mut words = [0; 4];
        for word in &mut words {
            *word = u32::from_le_bytes(take(&mut rest).ok_or_else(short)?);
        }
        let mut parts = [&bytes[..0]; 2];
        for part in &mut parts {
            let [len] = take(&mut rest).ok_or_else(short)?;
            let (own, after) = rest.split_at_checked(usize::from(len)).ok_or_else(short)?;
            *part = own;
            rest = after;
        }
        if !rest.is_empty() {
            return Err("it is too long".to_owned());
        }
        let [protocol, format, max_frame, window] = words;
        let Ok(provider) = std::str::from_utf8(parts[0]) else {
            return Err("its provider's name is no text".to_owned());
        };
        let connected = connected == 1;
        let (provider, name) = (provider.to_owned(), parts[1].to_vec());
        Ok(Self { host, pid, started, connected, protocol, format, max_frame, window, provider, name })
    }

    /// Why this rank and another cannot reach each other, if they cannot.
    pub(crate) fn differs(&self, other: &Self) -> Option<String> {
        let differ =
            |what: &str, mine: &dyn std::fmt::Display, theirs: &dyn std::fmt::Display, remedy: &str| {
                Some(format!("{what} here is {mine}, there {theirs}; {remedy}"))
            };
        if self.provider != other.provider {
            let remedy = "set OLYMPI_OFI_PROVIDER to one that both have";
            return differ("the provider", &self.provider, &other.provider, remedy);
        }
        if (self.protocol, self.connected) != (other.protocol, other.connected) {
            let remedy = "use one version of libfabric in a job";
            return differ("the provider's protocol", &self.protocol, &other.protocol, remedy);
        }
        if self.format != other.format {
            let remedy = "set OLYMPI_OFI_DOMAIN so that both have addresses of one kind";
            return differ("the format of addresses", &self.format, &other.format, remedy);
        }
        if self.max_frame != other.max_frame {
            let remedy = "set OLYMPI_OFI_MAX_FRAME to the same for all ranks";
            return differ("the longest frame", &self.max_frame, &other.max_frame, remedy);
        }
        if self.window != other.window {
            let remedy = "set OLYMPI_OFI_WINDOW to the same for all ranks";
            return differ("the window", &self.window, &other.window, remedy);
        }
        if self.provider == "shm" && !self.host.same_boot(&other.host) {
            return Some("the provider is shm, and it runs on another host".to_owned());
        }
        None
    }
}

/// The next `N` bytes.
fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = bytes.split_first_chunk()?;
    *bytes = tail;
    Some(*head)
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

    fn here() -> Reach {
        let pid = std::process::id();
        Reach {
            host: Host::here().unwrap(),
            pid,
            started: start_time(pid).unwrap(),
            connected: true,
            protocol: 2,
            format: 3,
            max_frame: 16_000,
            window: 64,
            provider: "tcp;ofi_rxm".into(),
            name: vec![2; 16],
        }
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let here = here();
        let bytes = here.encode().unwrap();
        assert!(bytes.len() <= 200);
        assert_eq!(Reach::decode(&bytes), Ok(here.clone()));
        assert_eq!(here.differs(&here), None);
        let long = Reach { name: vec![0; 128], ..here.clone() };
        assert!(long.encode().unwrap().len() <= 200, "names of 128 bytes have room");
        assert!(Reach { name: vec![0; 256], ..here }.encode().is_err());
    }

    #[test]
    fn a_mangled_address_is_an_error() {
        let good = here().encode().unwrap();
        assert!(Reach::decode(&[]).unwrap_err().contains("empty"));
        for len in 1..good.len() {
            assert!(Reach::decode(&good[..len]).is_err());
        }
        assert!(Reach::decode(&[&good[..], &[0]].concat()).unwrap_err().contains("too long"));
        let mut other = good;
        other[0] = 9;
        assert!(Reach::decode(&other).unwrap_err().contains("version 9"));
    }

    #[test]
    fn what_differs_is_said() {
        let here = here();
        for (other, word) in [
            (Reach { provider: "shm".into(), ..here.clone() }, "OLYMPI_OFI_PROVIDER"),
            (Reach { protocol: 9, ..here.clone() }, "protocol"),
            (Reach { connected: false, ..here.clone() }, "protocol"),
            (Reach { format: 9, ..here.clone() }, "format"),
            (Reach { max_frame: 9, ..here.clone() }, "OLYMPI_OFI_MAX_FRAME"),
            (Reach { window: 9, ..here.clone() }, "OLYMPI_OFI_WINDOW"),
        ] {
            let reason = here.differs(&other).unwrap();
            assert!(reason.contains(word), "{reason}");
        }
        let mut far = Reach { provider: "shm".into(), ..here.clone() };
        let near = far.clone();
        far.host.boot[0] ^= 1;
        assert!(near.differs(&far).unwrap().contains("another host"));
    }
}
