//! The system calls of the hot path, and those that rustix has no safe form for.

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;
use rustix::net::{self, RecvFlags, SendAncillaryBuffer, SendFlags};

/// Reads without waiting. `Ok(0)` is the end of the stream.
#[inline]
pub(crate) fn recv(fd: BorrowedFd<'_>, into: &mut [u8]) -> Result<usize, Errno> {
    loop {
        match net::recv(fd, &mut *into, RecvFlags::DONTWAIT) {
            Ok((n, _)) => return Ok(n),
            Err(Errno::INTR) => {}
            Err(e) => return Err(e),
        }
    }
}

/// Reads without waiting, first into `len` bytes at `first`, then into `second`.
///
/// # Safety
/// `first` must be valid for writing `len` bytes, and not overlap `second`.
pub(crate) unsafe fn recv_two(
    fd: BorrowedFd<'_>,
    first: *mut u8,
    len: usize,
    second: &mut [u8],
) -> Result<usize, Errno> {
    let iov = [
        libc::iovec { iov_base: first.cast(), iov_len: len },
        libc::iovec { iov_base: second.as_mut_ptr().cast(), iov_len: second.len() },
    ];
    loop {
        // SAFETY: both parts are writable for their lengths; the sockets here are all non-blocking.
        let n = unsafe { libc::readv(fd.as_raw_fd(), iov.as_ptr(), 2) };
        match usize::try_from(n) {
            Ok(n) => return Ok(n),
            Err(_) => match last_errno() {
                Errno::INTR => {}
                e => return Err(e),
            },
        }
    }
}

/// Writes without waiting and without SIGPIPE.
#[inline]
pub(crate) fn send(fd: BorrowedFd<'_>, bytes: &[u8]) -> Result<usize, Errno> {
    loop {
        match net::send(fd, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            answer => return answer,
        }
    }
}

/// Writes several pieces at once, without waiting and without SIGPIPE.
#[inline]
pub(crate) fn send_all(fd: BorrowedFd<'_>, pieces: &[IoSlice<'_>]) -> Result<usize, Errno> {
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    loop {
        match net::sendmsg(fd, pieces, &mut SendAncillaryBuffer::default(), flags) {
            Err(Errno::INTR) => {}
            answer => return answer,
        }
    }
}

/// Chooses the algorithm of congestion control; none for an empty name. Where the kernel does not have it, or not for
/// us, the connection works as it would have.
pub(crate) fn control(fd: BorrowedFd<'_>, congestion: &str) {
    if !congestion.is_empty() {
        let _ = net::sockopt::set_tcp_congestion(fd, congestion);
    }
}

/// Bytes written that the peer's host has not acknowledged.
pub(crate) fn unacknowledged(fd: BorrowedFd<'_>) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: this request writes one int.
    let answer = unsafe { libc::ioctl(fd.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if answer < 0 { 0 } else { usize::try_from(bytes).unwrap_or(0) }
}

/// Milliseconds since the peer's host last acknowledged anything, if it owes an answer to a retransmission or a
/// probe; `None` if it owes none.
pub(crate) fn owing(fd: BorrowedFd<'_>) -> Option<u32> {
    let mut info = MaybeUninit::<libc::tcp_info>::zeroed();
    let mut len = size_of::<libc::tcp_info>() as libc::socklen_t;
    // SAFETY: the kernel writes at most `len` bytes; tcp_info is made of integers, for which zeros are valid too.
    let info = unsafe {
        let fd = fd.as_raw_fd();
        if libc::getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &raw mut len) < 0
        {
            return None;
        }
        info.assume_init()
    };
    (info.tcpi_retransmits > 0 || info.tcpi_probes > 0).then_some(info.tcpi_last_ack_recv)
}

/// One address of one interface of this host.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub(crate) name: String,
    pub(crate) address: IpAddr,
    pub(crate) prefix: u8,
    /// Up, with a link.
    pub(crate) running: bool,
    pub(crate) loopback: bool,
}

/// Every address of every interface of this host.
pub(crate) fn interfaces() -> io::Result<Vec<Interface>> {
    let mut list: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: on success `list` is a chain that stays valid until freeifaddrs below.
    if unsafe { libc::getifaddrs(&raw mut list) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = Vec::new();
    let mut next = list;
    while !next.is_null() {
        // SAFETY: a non-null member of the chain; its name is a C string; its addresses are null or point to
        // socket addresses of the family that they state.
        unsafe {
            let entry = &*next;
            next = entry.ifa_next;
            let (Some(address), mask) = (ip(entry.ifa_addr), ip(entry.ifa_netmask)) else { continue };
            let flags = entry.ifa_flags as libc::c_int;
            let up = libc::IFF_UP | libc::IFF_RUNNING;
            found.push(Interface {
                name: std::ffi::CStr::from_ptr(entry.ifa_name).to_string_lossy().into_owned(),
                address,
                prefix: mask.map_or(if address.is_ipv4() { 32 } else { 128 }, ones),
                running: flags & up == up,
                loopback: flags & libc::IFF_LOOPBACK != 0,
            });
        }
    }
    // SAFETY: from getifaddrs, and not used after.
    unsafe { libc::freeifaddrs(list) };
    Ok(found)
}

/// # Safety
/// Null, or a socket address that is valid for its family.
unsafe fn ip(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: the family says which kind of address it is.
    unsafe {
        match libc::c_int::from((*address).sa_family) {
            libc::AF_INET => {
                let v4 = address.cast::<libc::sockaddr_in>().read_unaligned();
                Some(IpAddr::from(v4.sin_addr.s_addr.to_ne_bytes()))
            }
            libc::AF_INET6 => {
                let v6 = address.cast::<libc::sockaddr_in6>().read_unaligned();
                Some(IpAddr::from(v6.sin6_addr.s6_addr))
            }
            _ => None,
        }
    }
}

fn ones(mask: IpAddr) -> u8 {
    match mask {
        IpAddr::V4(m) => m.to_bits().leading_ones() as u8,
        IpAddr::V6(m) => m.to_bits().leading_ones() as u8,
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&io::Error::last_os_error()).unwrap_or(Errno::IO)
}
