//! Reading a peer's memory directly, by `process_vm_readv`.

use std::io;

use crate::copier::ticks;
use olympi_transport_api::{OpToken, Peer, RecvBuf, RemoteKey, RmaError};

/// Bytes read in one poll at most, so that a poll stays short (some 40 microseconds).
pub(crate) const PIECE: usize = 512 << 10;

/// A process whose memory is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Remote {
    pub(crate) pid: u32,
    /// Where its segment's nonce lies in its memory.
    pub(crate) witness: u64,
    /// What must be read there: the process is the one that was meant.
    pub(crate) nonce: u64,
}

impl Remote {
    /// Whether reading works, by doing it.
    pub(crate) fn probe(&self) -> Result<(), String> {
        match self.read(&RecvBuf::empty(), 0) {
            Ok(_) => Ok(()),
            Err(Refusal::Gone) => Err("the process is gone, or is not the one that was meant".to_owned()),
            Err(Refusal::System(error)) => Err(match error.raw_os_error() {
                Some(libc::EPERM) => {
                    let scope = std::fs::read_to_string("/proc/sys/kernel/yama/ptrace_scope");
                    let scope = scope.as_deref().map_or("absent", str::trim);
                    format!(
                        "process_vm_readv: {error} (kernel.yama.ptrace_scope is {scope}; a container's seccomp \
                         profile may refuse it too: allow SYS_PTRACE, or process_vm_readv)"
                    )
                }
                _ => format!("process_vm_readv: {error}"),
            }),
        }
    }

    /// How many ticks a read of some length takes here, within this process; some 50 microseconds in all.
    pub(crate) fn time_a_read(&self) -> Option<(u64, usize)> {
        const LEN: usize = 256 << 10;
        let source = vec![1_u8; LEN];
        let mut target = vec![1_u8; LEN];
        // SAFETY: the target outlives the buffer, and is not used while that is.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), LEN) };
        let mut best = u64::MAX;
        for _ in 0..2 {
            let start = ticks();
            let n = self.read(&into, source.as_ptr() as u64).ok()?;
            best = best.min(ticks().wrapping_sub(start));
            if n < LEN {
                return None;
            }
        }
        Some((best, LEN))
    }

    /// Reads from `address` on into `into`, as many bytes as come. In the same call the witness is read, so
    /// that the bytes are of the right process even if its number was given to another one meanwhile.
    fn read(&self, into: &RecvBuf, address: u64) -> Result<usize, Refusal> {
        let mut witness = 0_u64;
        let local = [
            libc::iovec { iov_base: (&raw mut witness).cast(), iov_len: 8 },
            libc::iovec { iov_base: into.as_ptr().cast(), iov_len: into.len() },
        ];
        let remote = [
            libc::iovec { iov_base: self.witness as *mut libc::c_void, iov_len: 8 },
            libc::iovec { iov_base: address as *mut libc::c_void, iov_len: into.len() },
        ];
        let count = if into.is_empty() { 1 } else { 2 };
        // SAFETY: the local vectors name the eight bytes of `witness` and the lent buffer, both writable and
        // ours alone; the remote ones are only numbers, which the kernel checks against the other process.
        let n = unsafe {
            libc::process_vm_readv(self.pid.cast_signed(), local.as_ptr(), count, remote.as_ptr(), count, 0)
        };
        let Ok(n) = usize::try_from(n) else {
            let error = io::Error::last_os_error();
            let gone = error.raw_os_error() == Some(libc::ESRCH);
            return Err(if gone { Refusal::Gone } else { Refusal::System(error) });
        };
        if n < 8 || witness != self.nonce {
            return Err(Refusal::Gone);
        }
        Ok(n - 8)
    }
}

/// Why a read did not happen.
enum Refusal {
    Gone,
    System(io::Error),
}

/// An accepted `get` that has not ended.
#[derive(Debug)]
pub(crate) struct Get {
    pub(crate) peer: Peer,
    pub(crate) op: OpToken,
    pub(crate) remote: Remote,
    into: RecvBuf,
    address: u64,
    done: usize,
    /// What the reads took, in ticks of [`ticks`].
    pub(crate) spent: u64,
    /// Why it must fail already.
    doomed: Option<String>,
}

/// Memory's key: where it ends, so that a reader notices when it is asked to read beyond.
pub(crate) fn key(address: usize, len: usize) -> RemoteKey {
    RemoteKey { address: address as u64, key: (address as u64).wrapping_add(len as u64) }
}

impl Get {
    pub(crate) fn new(peer: Peer, op: OpToken, remote: Remote, into: RecvBuf, key: RemoteKey) -> Self {
        let len = into.len() as u64;
        let fits = key.address.checked_add(len).is_some_and(|end| end <= key.key);
        let doomed = (!fits).then(|| {
            format!(
                "{len} bytes at {:#x} reach beyond the registered region, which ends at {:#x}",
                key.address, key.key
            )
        });
        Self { peer, op, remote, into, address: key.address, done: 0, spent: 0, doomed }
    }

    /// Ends this `get` in an error instead of reading.
    pub(crate) fn doom(&mut self, why: String) {
        self.doomed = Some(why);
    }

    /// How long it is.
    pub(crate) fn len(&self) -> usize {
        self.into.len()
    }

    /// Reads a piece. Says how it ended, if it did.
    pub(crate) fn advance(&mut self) -> Option<Result<(), RmaError>> {
        let refused = |peer, detail| Some(Err(RmaError::Refused { peer, detail }));
        if let Some(why) = self.doomed.take() {
            return refused(self.peer, why);
        }
        if self.done < self.into.len() {
            let piece = self.into.part(self.done, PIECE);
            let at = self.address + self.done as u64;
            let start = ticks();
            let read = self.remote.read(&piece, at);
            self.spent += ticks().wrapping_sub(start);
            match read {
                Ok(0) => {
                    return refused(
                        self.peer,
                        format!("no memory can be read at {at:#x}: it is unmapped or protected"),
                    );
                }
                Ok(n) => self.done += n,
                Err(Refusal::Gone) => return Some(Err(RmaError::PeerGone { peer: self.peer })),
                Err(Refusal::System(error)) => {
                    return refused(self.peer, format!("process_vm_readv: {error}"));
                }
            }
        }
        (self.done >= self.into.len()).then_some(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WITNESS: u64 = 0x0123_4567_89AB_CDEF;

    fn this() -> Remote {
        Remote { pid: std::process::id(), witness: &raw const WITNESS as u64, nonce: WITNESS }
    }

    fn finish(get: &mut Get) -> Result<(), RmaError> {
        loop {
            if let Some(outcome) = get.advance() {
                return outcome;
            }
        }
    }

    #[test]
    fn memory_is_read_whole_in_pieces() {
        let source: Vec<u8> = (0..3 * PIECE + 77).map(|i| u8::try_from(i * 7 % 251).unwrap()).collect();
        let mut target = vec![0_u8; source.len()];
        // SAFETY: `target` is not used while the buffer is.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), target.len()) };
        let key = key(source.as_ptr() as usize, source.len());
        let mut get = Get::new(Peer(3), OpToken(1), this(), into, key);
        assert_eq!(get.advance(), None);
        assert_eq!(finish(&mut get), Ok(()));
        assert!(target == source);
    }

    #[test]
    fn another_process_is_noticed() {
        let mut other = this();
        other.nonce ^= 1;
        assert!(this().probe().is_ok());
        assert!(other.probe().unwrap_err().contains("not the one"));
        let gone = Remote { pid: i32::MAX as u32, ..this() };
        let mut byte = 0_u8;
        // SAFETY: as above.
        let into = unsafe { RecvBuf::lend(&raw mut byte, 1) };
        let mut get = Get::new(Peer(3), OpToken(1), gone, into, key(&raw const byte as usize, 1));
        assert_eq!(finish(&mut get), Err(RmaError::PeerGone { peer: Peer(3) }));
    }

    #[test]
    fn what_lies_beyond_the_region_or_nowhere_is_refused() {
        let source = [1_u8; 16];
        let mut target = [0_u8; 32];
        // SAFETY: as above.
        let into = unsafe { RecvBuf::lend(target.as_mut_ptr(), 32) };
        let mut get = Get::new(Peer(3), OpToken(1), this(), into, key(source.as_ptr() as usize, 16));
        let error = finish(&mut get).unwrap_err().to_string();
        assert!(error.contains("beyond the registered region"), "{error}");
        let mut get = Get::new(Peer(3), OpToken(1), this(), into, key(64, 4096));
        let error = finish(&mut get).unwrap_err().to_string();
        assert!(error.contains("unmapped") || error.contains("Bad address"), "{error}");
        assert_eq!(target, [0; 32]);
    }
}
