//! Owners of libfabric's objects. Each keeps alive what it was made from, and closes itself on drop.
//!
//! The domain is opened for one thread at a time (`FI_THREAD_DOMAIN`). Every call on an object of a domain is made under
//! the domain's lock: a region may be dropped in another thread than the one that polls.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::StartError;
use crate::ffi::*;
use crate::library::Library;

/// A refused call: the negative number that libfabric answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) i64);

impl Refusal {
    /// Whether to try again after progress.
    pub(crate) fn again(self) -> bool {
        self.is(libc::EAGAIN)
    }

    /// Whether it is this error of the system or of libfabric.
    pub(crate) fn is(self, error: i32) -> bool {
        self.0 == -i64::from(error)
    }
}

/// What a call answered: zero or more is good.
pub(crate) fn check(answer: impl Into<i64>) -> Result<i64, Refusal> {
    let answer = answer.into();
    if answer < 0 { Err(Refusal(answer)) } else { Ok(answer) }
}

/// What a call that answers with an `ssize_t` said.
pub(crate) fn check_size(answer: isize) -> Result<usize, Refusal> {
    usize::try_from(answer).map_err(|_| Refusal(answer as i64))
}

/// Calls a function out of an object's table. All of them are there in every provider, but for those that a provider is not
/// asked for; the standard answer is then that of libfabric itself.
macro_rules! call {
    ($table:expr, $function:ident ( $($argument:expr),* $(,)? )) => {
        match (*$table).$function {
            Some(function) => function($($argument),*),
            None => (-libc::ENOSYS) as _,
        }
    };
}
pub(crate) use call;

/// What a provider offers, and how it is to be opened: an owned `fi_info`.
pub(crate) struct Info {
    raw: *mut fi_info,
    library: Arc<Library>,
}

// SAFETY: it is a private copy, reached through this owner alone.
unsafe impl Send for Info {}
// SAFETY: shared, it is only read.
unsafe impl Sync for Info {}

impl Info {
    /// Takes over what the library allocated.
    ///
    /// # Safety
    /// `raw` comes from `fi_dupinfo` or from an event, and nobody else frees it.
    pub(crate) unsafe fn adopt(raw: *mut fi_info, library: &Arc<Library>) -> Option<Self> {
        if raw.is_null() {
            return None;
        }
        let info = Self { raw, library: library.clone() };
        let fields = info.get();
        let whole = [
            fields.tx_attr.is_null(),
            fields.rx_attr.is_null(),
            fields.ep_attr.is_null(),
            fields.domain_attr.is_null(),
            fields.fabric_attr.is_null(),
        ];
        (!whole.contains(&true)).then_some(info)
    }

    /// A copy.
    ///
    /// # Safety
    /// `raw` is null (for empty hints) or a whole `fi_info`.
    pub(crate) unsafe fn duplicate(raw: *const fi_info, library: &Arc<Library>) -> Option<Self> {
        // SAFETY: the caller's promise; the copy is nobody else's.
        unsafe { Self::adopt((library.dupinfo)(raw), library) }
    }

    pub(crate) fn raw(&self) -> *mut fi_info {
        self.raw
    }

    pub(crate) fn get(&self) -> &fi_info {
        // SAFETY: not null, and alive as long as `self`.
        unsafe { &*self.raw }
    }

    pub(crate) fn tx(&self) -> &fi_tx_attr {
        // SAFETY: `adopt` has seen that it is not null; it lives with its info.
        unsafe { &*self.get().tx_attr }
    }

    pub(crate) fn rx(&self) -> &fi_rx_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().rx_attr }
    }

    pub(crate) fn ep(&self) -> &fi_ep_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().ep_attr }
    }

    pub(crate) fn domain(&self) -> &fi_domain_attr {
        // SAFETY: as for `tx`.
        unsafe { &*self.get().domain_attr }
    }

    /// Changes its attributes.
    pub(crate) fn edit(
        &mut self,
        change: impl FnOnce(&mut fi_info, &mut fi_ep_attr, &mut fi_domain_attr, &mut fi_tx_attr),
    ) {
        // SAFETY: `adopt` has seen that none is null; they are allocations of their own, and `self` is borrowed exclusively.
        unsafe {
            let info = self.raw;
            change(&mut *info, &mut *(*info).ep_attr, &mut *(*info).domain_attr, &mut *(*info).tx_attr);
        }
    }

    /// A copy that leads to an address of the provider's format.
    pub(crate) fn towards(&self, address: &[u8]) -> Option<Self> {
        // SAFETY: a whole info.
        let mut copy = unsafe { Self::duplicate(self.raw, &self.library) }?;
        // The library frees what is there, as memory of malloc.
        // SAFETY: the old address is the copy's own; the new one is of that length.
        unsafe {
            let new = libc::malloc(address.len().max(1));
            if new.is_null() {
                return None;
            }
            new.cast::<u8>().copy_from_nonoverlapping(address.as_ptr(), address.len());
            libc::free((*copy.raw).dest_addr);
            (*copy.raw).dest_addr = new;
            (*copy.raw).dest_addrlen = address.len();
        }
        copy.edit(|info, _, _, _| info.handle = ptr::null_mut());
        Some(copy)
    }

    /// The provider's name, e.g. `tcp;ofi_rxm`.
    pub(crate) fn provider(&self) -> String {
        // SAFETY: `adopt` has seen that the attributes are there; the name is null or a C string.
        unsafe { text((*self.get().fabric_attr).prov_name) }
    }

    /// The domain's name, e.g. `eth0` or `mlx5_0`.
    pub(crate) fn domain_name(&self) -> String {
        // SAFETY: the name is null or a C string.
        unsafe { text(self.domain().name) }
    }

    /// The local address in the provider's format; empty if it says none.
    pub(crate) fn source(&self) -> Vec<u8> {
        let info = self.get();
        if info.src_addr.is_null() {
            return Vec::new();
        }
        // SAFETY: the provider says how long its address is.
        unsafe { std::slice::from_raw_parts(info.src_addr.cast::<u8>(), info.src_addrlen) }.to_vec()
    }

    /// The network's rate in bits a second and its MTU in bytes, where the provider tells.
    pub(crate) fn link(&self) -> Option<(usize, usize)> {
        let nic = self.get().nic;
        if nic.is_null() {
            return None;
        }
        // SAFETY: not null; its attributes are null or live with it.
        let link = unsafe { (*nic).link_attr.as_ref() }?;
        (link.speed > 0).then_some((link.speed, link.mtu))
    }
}

impl Drop for Info {
    fn drop(&mut self) {
        // SAFETY: the library allocated it, and this is its only owner.
        unsafe { (self.library.freeinfo)(self.raw) }
    }
}

/// # Safety
/// Null, or a C string.
unsafe fn text(name: *const std::ffi::c_char) -> String {
    if name.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(name) }.to_string_lossy().into_owned()
}

/// Closes an object at the end of its owner.
///
/// # Safety
/// `object` was opened by libfabric, is closed once, and nothing uses it afterwards.
unsafe fn close(object: *mut fid) {
    // SAFETY: the caller's promise. A refusal (something still uses it) leaves the object to the end of the process.
    let answer = unsafe { call!((*object).ops, close(object)) };
    if answer != 0 {
        tracing::debug!(answer, "ofi: an object would not be closed");
    }
}

/// An opened fabric and the domain in it: the device.
pub(crate) struct Domain {
    raw: *mut fid_domain,
    fabric: *mut fid_fabric,
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
        let answer = unsafe { call!((*fabric).ops, domain(fabric, info.raw(), &raw mut raw, ptr::null_mut())) };
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
        let remedy = if refusal.is(libc::ENOMEM) { "; raise the limit on locked memory (ulimit -l)" } else { "" };
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
        check(unsafe { call!((*domain.raw).ops, cq_open(domain.raw, &raw mut attr, &raw mut raw, ptr::null_mut())) })?;
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
                Some(words) => {
                    text(words(self.raw, entry.prov_errno, entry.err_data, buffer.as_mut_ptr().cast(), buffer.len()))
                }
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
        check(unsafe { call!((*domain.raw).ops, av_open(domain.raw, &raw mut attr, &raw mut raw, ptr::null_mut())) })?;
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
            call!((*self.raw).ops, insert(self.raw, room.as_ptr().cast(), 1, &raw mut name, 0, ptr::null_mut()))
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
    _endpoint: Option<Arc<crate::endpoint::Endpoint>>,
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
        let _lock = domain.lock();
        let mut raw = ptr::null_mut();
        let buf = ptr::with_exposed_provenance(address);
        // SAFETY: the domain is open; registration itself reads no byte of the memory, and answers with an error if it
        // is not mapped.
        check(unsafe {
            let object = domain.raw.cast::<fid>();
            call!((*domain.raw).mr, reg(object, buf, len, access, 0, key, 0, &raw mut raw, ptr::null_mut()))
        })?;
        let mut this = Self { raw, domain: domain.clone(), _endpoint: None, address };
        if let Some(endpoint) = endpoint.filter(|_| domain.mr_mode(FI_MR_ENDPOINT)) {
            // SAFETY: both were just seen to be open; the endpoint is kept alive below. The lock is held.
            let bound = unsafe {
                let object = raw.cast::<fid>();
                check(call!((*object).ops, bind(object, endpoint.fid(), 0)))
                    .and_then(|_| check(call!((*object).ops, control(object, FI_ENABLE, ptr::null_mut()))))
            };
            this._endpoint = Some(endpoint.clone());
            if let Err(refusal) = bound {
                drop(_lock);
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
        if self.domain.mr_mode(FI_MR_VIRT_ADDR) {
            address as u64
        } else {
            (address - self.address) as u64
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let _lock = self.domain.lock();
        // SAFETY: this is its only owner; operations that use it hold an `Arc` of it.
        unsafe { close(self.raw.cast()) }
    }
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
        let mut attr =
            fi_eq_attr { size: 0, flags: 0, wait_obj: FI_WAIT_FD, signaling_vector: 0, wait_set: ptr::null_mut() };
        let mut raw = ptr::null_mut();
        let fabric = domain.fabric;
        // SAFETY: the fabric is open, and the attributes and the answer are ours.
        check(unsafe { call!((*fabric).ops, eq_open(fabric, &raw mut attr, &raw mut raw, ptr::null_mut())) })?;
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
