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
    /// The descriptor to sleep on, where the provider has one.
    pub(crate) descriptor: Option<i32>,
    domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Completions {}

/// A failed operation.
pub(crate) struct Failure {
    pub(crate) context: *mut c_void,
    pub(crate) flags: u64,
    pub(crate) error: i32,
    /// In words.
    pub(crate) detail: String,
}

impl Completions {
    pub(crate) fn open(domain: &Arc<Domain>, size: usize, wait: bool) -> Result<Self, Refusal> {
        let _lock = domain.lock();
        let mut attr = fi_cq_attr {
            size,
            flags: 0,
            format: FI_CQ_FORMAT_DATA,
            wait_obj: if wait { FI_WAIT_FD } else { FI_WAIT_NONE },
            signaling_vector: 0,
            wait_cond: 0,
            wait_set: ptr::null_mut(),
        };
        let mut raw = ptr::null_mut();
        // SAFETY: the domain is open, and the attributes and the answer are ours.
        check(unsafe {
            call!((*domain.raw).ops, cq_open(domain.raw, &raw mut attr, &raw mut raw, ptr::null_mut()))
        })?;
        // SAFETY: it was just opened, with this kind of wait object.
        let descriptor = if wait { unsafe { wait_descriptor(raw.cast()) } } else { None };
        Ok(Self { raw, descriptor, domain: domain.clone() })
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
