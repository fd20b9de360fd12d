//! Owners of libfabric's objects. Each keeps alive what it was made from, and closes itself on drop.
//!
//! The domain is opened for one thread at a time (`FI_THREAD_DOMAIN`). Every call on an object of a domain is made under
//! the domain's lock: a region may be dropped in another thread than the one that polls.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::StartError;
use crate::ffi::*;
use crate::info::{Info, Refusal, call, check};
use crate::library::Library;

/// Closes an object at the end of its owner.
///
/// # Safety
/// `object` was opened by libfabric, is closed once, and nothing uses it afterwards.
pub(crate) unsafe fn close(object: *mut fid) {
    // SAFETY: the caller's promise. A refusal (something still uses it) leaves the object to the end of the process.
    let answer = unsafe { call!((*object).ops, close(object)) };
    if answer != 0 {
        tracing::debug!(answer, "ofi: an object would not be closed");
    }
}

/// An opened fabric and the domain in it: the device.
pub(crate) struct Domain {
    pub(crate) raw: *mut fid_domain,
    pub(crate) fabric: *mut fid_fabric,
    pub(crate) library: Arc<Library>,
    lock: Mutex<()>,
    /// What it was opened by.
    pub(crate) info: Info,
    pub(crate) provider: String,
    pub(crate) name: String,
}

// SAFETY: libfabric's objects have no thread of their own; every call on them is made under `lock`.
unsafe impl Send for Domain {}
// SAFETY: as above.
unsafe impl Sync for Domain {}

impl Domain {
    pub(crate) fn open(library: &Arc<Library>, info: Info) -> Result<Arc<Self>, StartError> {
        let (provider, name) = (info.provider(), info.domain_name());
        let refused = |step, refusal: Refusal| StartError::Refused {
            provider: provider.clone(),
            domain: name.clone(),
            step,
            detail: library.words(refusal.0),
        };
        let mut fabric = ptr::null_mut();
        // SAFETY: the attributes live with `info`; the answer is written where there is room for it.
        check(unsafe { (library.fabric)(info.get().fabric_attr, &raw mut fabric, ptr::null_mut()) })
            .map_err(|r| refused("open the fabric", r))?;
        let mut raw = ptr::null_mut();
        // SAFETY: the fabric was just opened.
        let answer =
            unsafe { call!((*fabric).ops, domain(fabric, info.raw(), &raw mut raw, ptr::null_mut())) };
        if let Err(refusal) = check(answer) {
            // SAFETY: opened above, and of no more use.
            unsafe { close(fabric.cast()) };
            return Err(refused("open the domain", refusal));
        }
        let library = library.clone();
        Ok(Arc::new(Self { raw, fabric, library, lock: Mutex::new(()), info, provider, name }))
    }

    /// Keeps every other thread off the domain's objects.
    #[inline]
    pub(crate) fn lock(&self) -> MutexGuard<'_, ()> {
        // It guards no data of ours, so a panic elsewhere has not spoilt anything.
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn mr_mode(&self, bit: c_int) -> bool {
        self.info.domain().mr_mode & bit != 0
    }

    /// A refusal of one of this domain's objects, while the transport is being opened.
    pub(crate) fn refused(&self, step: &'static str, refusal: Refusal) -> StartError {
        let remedy =
            if refusal.is(libc::ENOMEM) { "; raise the limit on locked memory (ulimit -l)" } else { "" };
        let detail = format!("{}{remedy}", self.library.words(refusal.0));
        StartError::Refused { provider: self.provider.clone(), domain: self.name.clone(), step, detail }
    }

    /// Whether the descriptors of these queues may be slept on: nothing has come since they were read.
    pub(crate) fn may_sleep(&self, queues: &mut [*mut fid]) -> bool {
        let _lock = self.lock();
        let Ok(count) = c_int::try_from(queues.len()) else { return false };
        // SAFETY: the fabric is open, the queues are alive (their owners lend them), and the list is that long.
        let answer = unsafe { call!((*self.fabric).ops, trywait(self.fabric, queues.as_mut_ptr(), count)) };
        answer == 0
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // SAFETY: whatever was made from it holds an `Arc` of it and is gone.
        unsafe {
            close(self.raw.cast());
            close(self.fabric.cast());
        }
    }
}

/// A table of peers' addresses.
pub(crate) struct Addresses {
    raw: *mut fid_av,
    domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Addresses {}

impl Addresses {
    pub(crate) fn open(domain: &Arc<Domain>, count: usize) -> Result<Self, Refusal> {
        let _lock = domain.lock();
        let mut attr = fi_av_attr {
            type_: domain.info.domain().av_type,
            rx_ctx_bits: 0,
            count,
            ep_per_node: 0,
            name: ptr::null(),
            map_addr: ptr::null_mut(),
            flags: 0,
        };
        let mut raw = ptr::null_mut();
        // SAFETY: the domain is open, and the attributes and the answer are ours.
        check(unsafe {
            call!((*domain.raw).ops, av_open(domain.raw, &raw mut attr, &raw mut raw, ptr::null_mut()))
        })?;
        Ok(Self { raw, domain: domain.clone() })
    }

    pub(crate) fn fid(&self) -> *mut fid {
        self.raw.cast()
    }

    /// Enters an address; its name from then on.
    pub(crate) fn insert(&self, address: &[u8]) -> Result<fi_addr_t, Refusal> {
        let _lock = self.domain.lock();
        // A provider reads as much as its format has; what a peer sent may be shorter.
        let mut room = [0_u8; 256];
        let len = address.len().min(room.len());
        room[..len].copy_from_slice(&address[..len]);
        let mut name = FI_ADDR_UNSPEC;
        // SAFETY: the table is open, and one address is there to be read.
        let answer = unsafe {
            call!(
                (*self.raw).ops,
                insert(self.raw, room.as_ptr().cast(), 1, &raw mut name, 0, ptr::null_mut())
            )
        };
        match check(answer)? {
            1 => Ok(name),
            _ => Err(Refusal(-i64::from(libc::EINVAL))),
        }
    }
}

impl Drop for Addresses {
    fn drop(&mut self) {
        let _lock = self.domain.lock();
        // SAFETY: the endpoint that was bound to it is closed before (see `Ofi`'s order of fields).
        unsafe { close(self.raw.cast()) }
    }
}

/// Registered memory. A null description serves where the provider does not ask for registration.
pub(crate) struct Registration {
    raw: *mut fid_mr,
    domain: Arc<Domain>,
    /// With some providers a region belongs to an endpoint.
    endpoint: Option<Arc<crate::endpoint::Endpoint>>,
    address: usize,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Registration {}
// SAFETY: as above; shared, its description and key are only read.
unsafe impl Sync for Registration {}

impl Registration {
    /// Registers `len` bytes at `address`. The memory is only named here: whoever uses the registration sees to it that it
    /// is there when it is accessed.
    pub(crate) fn new(
        domain: &Arc<Domain>,
        endpoint: Option<&Arc<crate::endpoint::Endpoint>>,
        address: usize,
        len: usize,
        access: u64,
        key: u64,
    ) -> Result<Self, Refusal> {
        let lock = domain.lock();
        let mut raw = ptr::null_mut();
        let buf = ptr::with_exposed_provenance(address);
        // SAFETY: the domain is open; registration itself reads no byte of the memory, and answers with an error if it
        // is not mapped.
        check(unsafe {
            let object = domain.raw.cast::<fid>();
            call!((*domain.raw).mr, reg(object, buf, len, access, 0, key, 0, &raw mut raw, ptr::null_mut()))
        })?;
        let mut this = Self { raw, domain: domain.clone(), endpoint: None, address };
        if let Some(endpoint) = endpoint.filter(|_| domain.mr_mode(FI_MR_ENDPOINT)) {
            // SAFETY: both were just seen to be open; the endpoint is kept alive below. The lock is held.
            let bound = unsafe {
                let object = raw.cast::<fid>();
                check(call!((*object).ops, bind(object, endpoint.fid(), 0)))
                    .and_then(|_| check(call!((*object).ops, control(object, FI_ENABLE, ptr::null_mut()))))
            };
            this.endpoint = Some(endpoint.clone());
            if let Err(refusal) = bound {
                drop(lock);
                return Err(refusal);
            }
        }
        Ok(this)
    }

    /// What local operations on this memory pass along.
    #[inline]
    pub(crate) fn description(&self) -> *mut c_void {
        // SAFETY: open as long as `self`.
        unsafe { (*self.raw).mem_desc }
    }

    /// What peers name it by.
    pub(crate) fn key(&self) -> u64 {
        // SAFETY: as above.
        unsafe { (*self.raw).key }
    }

    /// How peers address the byte at `address` in it.
    pub(crate) fn remote_address(&self, address: usize) -> u64 {
        if self.domain.mr_mode(FI_MR_VIRT_ADDR) { address as u64 } else { (address - self.address) as u64 }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _lock = self.domain.lock();
        // SAFETY: this is its only owner; operations that use it hold an `Arc` of it.
        unsafe { close(self.raw.cast()) }
    }
}

pub(crate) mod open {
    //! How endpoints are opened out of a domain.

    use super::*;

    /// An endpoint, not yet enabled.
    pub(crate) fn endpoint(domain: &Domain, info: &Info) -> Result<*mut fid_ep, Refusal> {
        let mut raw = ptr::null_mut();
        let _lock = domain.lock();
        // SAFETY: the domain is open, and the info is whole.
        check(unsafe {
            call!((*domain.raw).ops, endpoint(domain.raw, info.raw(), &raw mut raw, ptr::null_mut()))
        })?;
        Ok(raw)
    }

    /// Receive buffers that endpoints share.
    pub(crate) fn shared_receives(domain: &Domain) -> Result<*mut fid_ep, Refusal> {
        let mut raw = ptr::null_mut();
        let _lock = domain.lock();
        // SAFETY: as above; the attributes live with the domain's info.
        check(unsafe {
            let attr = domain.info.get().rx_attr;
            call!((*domain.raw).ops, srx_ctx(domain.raw, attr, &raw mut raw, ptr::null_mut()))
        })?;
        Ok(raw)
    }

    /// An endpoint that others connect to.
    pub(crate) fn passive(domain: &Domain) -> Result<*mut fid_pep, Refusal> {
        let mut raw = ptr::null_mut();
        let _lock = domain.lock();
        // SAFETY: as above.
        check(unsafe {
            call!(
                (*domain.fabric).ops,
                passive_ep(domain.fabric, domain.info.raw(), &raw mut raw, ptr::null_mut())
            )
        })?;
        Ok(raw)
    }

    /// Closes what was opened here.
    ///
    /// # Safety
    /// As for [`super::close`].
    pub(crate) unsafe fn shut(domain: &Domain, object: *mut fid) {
        let _lock = domain.lock();
        // SAFETY: the caller's promise.
        unsafe { super::close(object) }
    }
}
