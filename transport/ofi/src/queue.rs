//! Queues: what has completed, and what has happened to connections.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use crate::domain::{Domain, close};
use crate::ffi::*;
use crate::info::{Info, Refusal, call, check, check_size, text};

/// A completion queue.
pub(crate) struct Completions {
    raw: *mut fid_cq,
    pub(crate) wait: Wait,
    domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Completions {}

/// What a sleeper waits for at a completion queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wait {
    /// One descriptor.
    Descriptor(i32),
    /// The provider's own sockets, a list that changes with its connections. Such a queue costs a provider of sockets
    /// less while it is polled than one with a descriptor of its own.
    List,
    /// Nothing: it has to be looked at.
    Nothing,
}

/// A failed operation.
pub(crate) struct Failure {
    pub(crate) context: *mut c_void,
    pub(crate) flags: u64,
    pub(crate) error: i32,
    /// In words.
    pub(crate) detail: String,
}

impl Completions {
    /// Opens one that can be slept on in the best way that the provider has.
    pub(crate) fn open(domain: &Arc<Domain>, size: usize) -> Result<Self, Refusal> {
        let tries: &[c_int] = match domain.provider.as_str() {
            "tcp" => &[FI_WAIT_POLLFD, FI_WAIT_FD, FI_WAIT_NONE],
            _ => &[FI_WAIT_FD, FI_WAIT_NONE],
        };
        let mut last = Refusal(-i64::from(libc::ENOSYS));
        for &wait in tries {
            match Self::open_with(domain, size, wait) {
                Ok(queue) if wait == FI_WAIT_NONE || queue.wait != Wait::Nothing => return Ok(queue),
                Ok(_) => {}
                Err(refusal) => last = refusal,
            }
        }
        Err(last)
    }

    fn open_with(domain: &Arc<Domain>, size: usize, wait_obj: c_int) -> Result<Self, Refusal> {
        let _lock = domain.lock();
        let mut attr = fi_cq_attr {
            size,
            flags: 0,
            format: FI_CQ_FORMAT_DATA,
            wait_obj,
            signaling_vector: 0,
            wait_cond: 0,
            wait_set: ptr::null_mut(),
        };
        let mut raw = ptr::null_mut();
        // SAFETY: the domain is open, and the attributes and the answer are ours.
        check(unsafe {
            call!((*domain.raw).ops, cq_open(domain.raw, &raw mut attr, &raw mut raw, ptr::null_mut()))
        })?;
        let wait = match wait_obj {
            // SAFETY: it was just opened, with this kind of wait object.
            FI_WAIT_FD => unsafe { wait_descriptor(raw.cast()) }.map_or(Wait::Nothing, Wait::Descriptor),
            // SAFETY: as above.
            FI_WAIT_POLLFD => match unsafe { wait_list(raw.cast(), &mut Vec::new()) } {
                Some(_) => Wait::List,
                None => Wait::Nothing,
            },
            _ => Wait::Nothing,
        };
        Ok(Self { raw, wait, domain: domain.clone() })
    }

    /// The provider's own descriptors to sleep on, and a number that changes with them.
    pub(crate) fn list(&self, into: &mut Vec<libc::pollfd>) -> Option<u64> {
        let _lock = self.domain.lock();
        // SAFETY: open, with this kind of wait object if there is a list.
        (self.wait == Wait::List).then(|| unsafe { wait_list(self.fid(), into) })?
    }

    pub(crate) fn fid(&self) -> *mut fid {
        self.raw.cast()
    }

    /// Reads what has completed, and moves the provider on.
    #[inline]
    pub(crate) fn read(&self, into: &mut [fi_cq_data_entry]) -> Result<usize, Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: the queue is open and was given this format; `into` has room for as many entries.
        check_size(unsafe { call!((*self.raw).ops, read(self.raw, into.as_mut_ptr().cast(), into.len())) })
    }

    /// The next failed operation.
    #[cold]
    pub(crate) fn read_failure(&self) -> Option<Failure> {
        let _lock = self.domain.lock();
        // SAFETY: the structure is made of integers and pointers, for which zeros are valid; with no room for error data
        // the provider shows its own.
        let mut entry: fi_cq_err_entry = unsafe { std::mem::zeroed() };
        // SAFETY: the queue is open.
        let answer = unsafe { call!((*self.raw).ops, readerr(self.raw, &raw mut entry, 0)) };
        if answer <= 0 {
            return None;
        }
        let mut detail = self.domain.library.words(entry.err);
        let mut buffer = [0_u8; 128];
        // SAFETY: the error's own data is passed back as it came, and the buffer is ours; the answer is null or a C string
        // that is copied at once.
        let own = unsafe {
            let table = (*self.raw).ops;
            match (*table).strerror {
                Some(words) => text(words(
                    self.raw,
                    entry.prov_errno,
                    entry.err_data,
                    buffer.as_mut_ptr().cast(),
                    buffer.len(),
                )),
                None => String::new(),
            }
        };
        if !own.is_empty() && own != detail && entry.prov_errno != 0 {
            detail = format!("{detail} ({own})");
        }
        Some(Failure { context: entry.op_context, flags: entry.flags, error: entry.err, detail })
    }
}

impl Drop for Completions {
    fn drop(&mut self) {
        let _lock = self.domain.lock();
        // SAFETY: the endpoints that were bound to it are closed before (see `Ofi`'s order of fields).
        unsafe { close(self.raw.cast()) }
    }
}

/// # Safety
/// An open queue whose wait object is a descriptor.
unsafe fn wait_descriptor(queue: *mut fid) -> Option<i32> {
    let mut descriptor: c_int = -1;
    // SAFETY: the caller's promise; this command writes one int.
    let answer = unsafe { call!((*queue).ops, control(queue, FI_GETWAIT, (&raw mut descriptor).cast())) };
    (answer == 0 && descriptor >= 0).then_some(descriptor)
}

/// # Safety
/// An open queue whose wait object is a list of descriptors.
unsafe fn wait_list(queue: *mut fid, into: &mut Vec<libc::pollfd>) -> Option<u64> {
    into.resize(into.capacity().max(16), libc::pollfd { fd: -1, events: 0, revents: 0 });
    for _ in 0..2 {
        let mut list = fi_wait_pollfd { change_index: 0, nfds: into.len(), fd: into.as_mut_ptr() };
        // SAFETY: the caller's promise; this command writes the structure, and as many entries as there is room for.
        let answer = unsafe { call!((*queue).ops, control(queue, FI_GETWAIT, (&raw mut list).cast())) };
        into.resize(list.nfds, libc::pollfd { fd: -1, events: 0, revents: 0 });
        if answer == 0 {
            return Some(list.change_index);
        }
        if answer != -FI_ETOOSMALL {
            return None;
        }
    }
    None
}

/// A queue of events of connections.
pub(crate) struct Events {
    raw: *mut fid_eq,
    pub(crate) descriptor: Option<i32>,
    domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Events {}

/// Private data of a connection has at most so many bytes.
pub(crate) const PRIVATE: usize = 256;

/// An event of a connection.
pub(crate) enum ConnectionEvent {
    /// Somebody wants to connect.
    Request { info: Info, data: Vec<u8> },
    /// A connection stands.
    Connected { endpoint: *mut fid },
    /// The other end has closed it.
    Shutdown { endpoint: *mut fid },
    /// It could not be made, or broke.
    Failed { endpoint: *mut fid, detail: String },
}

impl Events {
    pub(crate) fn open(domain: &Arc<Domain>) -> Result<Self, Refusal> {
        let _lock = domain.lock();
        let mut attr = fi_eq_attr {
            size: 0,
            flags: 0,
            wait_obj: FI_WAIT_FD,
            signaling_vector: 0,
            wait_set: ptr::null_mut(),
        };
        let mut raw = ptr::null_mut();
        let fabric = domain.fabric;
        // SAFETY: the fabric is open, and the attributes and the answer are ours.
        check(unsafe {
            call!((*fabric).ops, eq_open(fabric, &raw mut attr, &raw mut raw, ptr::null_mut()))
        })?;
        // SAFETY: it was just opened, with this kind of wait object.
        let descriptor = unsafe { wait_descriptor(raw.cast()) };
        Ok(Self { raw, descriptor, domain: domain.clone() })
    }

    pub(crate) fn fid(&self) -> *mut fid {
        self.raw.cast()
    }

    /// The next event, if there is one.
    pub(crate) fn next(&self) -> Option<ConnectionEvent> {
        #[repr(C)]
        struct Entry {
            head: fi_eq_cm_entry,
            data: [u8; PRIVATE],
        }
        let _lock = self.domain.lock();
        let mut entry = Entry {
            head: fi_eq_cm_entry { fid: ptr::null_mut(), info: ptr::null_mut() },
            data: [0; PRIVATE],
        };
        let mut event = 0;
        // SAFETY: the queue is open; the event and its data fit where they are told to be written.
        let answer = unsafe {
            let room = (&raw mut entry).cast();
            call!((*self.raw).ops, read(self.raw, &raw mut event, room, size_of::<Entry>(), 0))
        };
        match check_size(answer) {
            Ok(len) => match event {
                FI_CONNREQ => {
                    let have = len.saturating_sub(size_of::<fi_eq_cm_entry>()).min(PRIVATE);
                    // SAFETY: an event of this kind brings an info that its reader frees.
                    let info = unsafe { Info::adopt(entry.head.info, &self.domain.library) }?;
                    Some(ConnectionEvent::Request { info, data: entry.data[..have].to_vec() })
                }
                FI_CONNECTED => Some(ConnectionEvent::Connected { endpoint: entry.head.fid }),
                FI_SHUTDOWN => Some(ConnectionEvent::Shutdown { endpoint: entry.head.fid }),
                _ => None,
            },
            Err(refusal) if refusal.is(FI_EAVAIL) => {
                // SAFETY: made of integers and pointers, for which zeros are valid.
                let mut error: fi_eq_err_entry = unsafe { std::mem::zeroed() };
                // SAFETY: the queue is open; with no room for error data the provider shows its own.
                let answer = unsafe { call!((*self.raw).ops, readerr(self.raw, &raw mut error, 0)) };
                (answer > 0).then(|| ConnectionEvent::Failed {
                    endpoint: error.fid,
                    detail: self.domain.library.words(error.err),
                })
            }
            Err(_) => None,
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        let _lock = self.domain.lock();
        // SAFETY: the endpoints that were bound to it are closed before (see `Messages`'s order of fields).
        unsafe { close(self.raw.cast()) }
    }
}
