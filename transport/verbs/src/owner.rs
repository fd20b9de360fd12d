//! What libibverbs makes, each with an owner that keeps alive what it stands on and destroys it on drop.

use core::ffi::{c_int, c_void};
use core::ptr;
use std::sync::Arc;

use crate::ffi::{
    IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_REMOTE_READ, IBV_ACCESS_REMOTE_WRITE, ibv_ah, ibv_ah_attr,
    ibv_async_event, ibv_comp_channel, ibv_context, ibv_cq, ibv_mr, ibv_pd, ibv_qp, ibv_qp_attr,
    ibv_qp_init_attr, ibv_recv_wr, ibv_send_wr, ibv_srq, ibv_srq_attr, ibv_srq_init_attr, ibv_wc,
};
use crate::library::{Library, last_error, words};

macro_rules! owner {
    ($(#[$doc:meta])* $name:ident, $raw:ty, $destroy:ident, $keeps:ty) => {
        $(#[$doc])*
        pub(crate) struct $name {
            raw: *mut $raw,
            keeps: $keeps,
        }

        // SAFETY: the library's objects belong to no thread; its calls on them take its own locks. This crate makes all
        // calls on one of them from one thread at a time besides, since they are behind `&mut Verbs` or only read.
        unsafe impl Send for $name {}
        // SAFETY: as above; what is shared is only registered memory and what everything stands on, and of these only
        // numbers that never change are read.
        unsafe impl Sync for $name {}

        impl Drop for $name {
            fn drop(&mut self) {
                // SAFETY: made by the library, destroyed once, before what it stands on.
                let code = unsafe { (self.library().$destroy)(self.raw) };
                if code != 0 {
                    tracing::debug!(what = stringify!($name), errno = code, "verbs: could not be destroyed");
                }
            }
        }
    };
}

/// An open device.
pub(crate) struct Context {
    raw: *mut ibv_context,
    library: Arc<Library>,
}

// SAFETY: as for the other owners.
unsafe impl Send for Context {}
// SAFETY: as for the other owners.
unsafe impl Sync for Context {}

impl Context {
    /// Takes over an open device.
    ///
    /// # Safety
    /// `raw` was opened by this library, and nobody else closes it.
    pub(crate) unsafe fn own(raw: *mut ibv_context, library: Arc<Library>) -> Arc<Self> {
        Arc::new(Self { raw, library })
    }

    pub(crate) fn raw(&self) -> *mut ibv_context {
        self.raw
    }

    pub(crate) fn library(&self) -> &Arc<Library> {
        &self.library
    }

    /// The descriptor that tells of asynchronous events.
    pub(crate) fn async_fd(&self) -> c_int {
        // SAFETY: an open context, whose descriptor never changes.
        unsafe { (*self.raw).async_fd }
    }

    /// The next asynchronous event's kind. The descriptor must have been made non-blocking.
    pub(crate) fn async_event(&self) -> Option<u32> {
        // SAFETY: all zeros are a valid value: null pointers and integers.
        let mut event: ibv_async_event = unsafe { core::mem::zeroed() };
        // SAFETY: an open context; an event that was got is acknowledged once.
        unsafe {
            if (self.library.get_async_event)(self.raw, &raw mut event) != 0 {
                return None;
            }
            (self.library.ack_async_event)(&raw mut event);
        }
        Some(event.event_type)
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: opened by the library, closed once, after all that stands on it, which keeps it alive.
        unsafe { (self.library.close_device)(self.raw) };
    }
}

owner!(
    /// A protection domain: what belongs together.
    Pd, ibv_pd, dealloc_pd, Arc<Context>
);

impl Pd {
    pub(crate) fn new(context: &Arc<Context>) -> Result<Arc<Self>, String> {
        // SAFETY: an open context.
        let raw = unsafe { (context.library.alloc_pd)(context.raw) };
        if raw.is_null() {
            return Err(format!("cannot make a protection domain: {}", last_error()));
        }
        Ok(Arc::new(Self { raw, keeps: Arc::clone(context) }))
    }

    fn library(&self) -> &Library {
        &self.keeps.library
    }

    pub(crate) fn context(&self) -> &Arc<Context> {
        &self.keeps
    }
}

owner!(
    /// Registered memory.
    Mr, ibv_mr, dereg_mr, Arc<Pd>
);

impl Mr {
    /// Registers memory for this device and, with `remote`, for peers.
    ///
    /// # Errors
    /// The error number.
    ///
    /// # Safety
    /// The memory stays mapped as long as the registration lives, or what is done through it after that is to no
    /// harm: a peer or the device may then read or write pages that nobody sees any more.
    pub(crate) unsafe fn register(
        pd: &Arc<Pd>,
        address: usize,
        len: usize,
        writable: bool,
    ) -> Result<Self, i32> {
        let access = if writable {
            IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_REMOTE_READ
        } else {
            IBV_ACCESS_REMOTE_READ
        };
        // SAFETY: a live protection domain; the kernel checks the range itself.
        let raw = unsafe { (pd.library().reg_mr)(pd.raw, address as *mut c_void, len, access) };
        if raw.is_null() {
            return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO));
        }
        Ok(Self { raw, keeps: Arc::clone(pd) })
    }

    fn library(&self) -> &Library {
        self.keeps.library()
    }

    pub(crate) fn lkey(&self) -> u32 {
        // SAFETY: a live registration, whose keys never change.
        unsafe { (*self.raw).lkey }
    }

    pub(crate) fn rkey(&self) -> u32 {
        // SAFETY: as above.
        unsafe { (*self.raw).rkey }
    }
}

/// Where completions wake a sleeper.
pub(crate) struct CompChannel {
    raw: *mut ibv_comp_channel,
    keeps: Arc<Context>,
}

// SAFETY: as for the other owners.
unsafe impl Send for CompChannel {}
// SAFETY: as for the other owners.
unsafe impl Sync for CompChannel {}

impl CompChannel {
    pub(crate) fn new(context: &Arc<Context>) -> Result<Arc<Self>, String> {
        // SAFETY: an open context.
        let raw = unsafe { (context.library.create_comp_channel)(context.raw) };
        if raw.is_null() {
            return Err(format!("cannot make a completion channel: {}", last_error()));
        }
        Ok(Arc::new(Self { raw, keeps: Arc::clone(context) }))
    }

    pub(crate) fn fd(&self) -> c_int {
        // SAFETY: a live channel, whose descriptor never changes.
        unsafe { (*self.raw).fd }
    }

    /// Takes and acknowledges one event. The descriptor must have been made non-blocking.
    pub(crate) fn take_event(&self) -> bool {
        let (mut cq, mut context) = (ptr::null_mut(), ptr::null_mut());
        // SAFETY: a live channel; what was got is acknowledged once, and its queue lives: queues of a channel are
        // destroyed by the owner of both, never while it polls.
        unsafe {
            if (self.keeps.library.get_cq_event)(self.raw, &raw mut cq, &raw mut context) != 0 {
                return false;
            }
            (self.keeps.library.ack_cq_events)(cq, 1);
        }
        true
    }
}

impl Drop for CompChannel {
    fn drop(&mut self) {
        // SAFETY: made by the library, destroyed once, after its queues, which keep it alive.
        unsafe { (self.keeps.library.destroy_comp_channel)(self.raw) };
    }
}

owner!(
    /// A completion queue.
    Cq, ibv_cq, destroy_cq, Arc<CompChannel>
);

impl Cq {
    pub(crate) fn new(channel: &Arc<CompChannel>, entries: u32) -> Result<Arc<Self>, String> {
        let context = &channel.keeps;
        // SAFETY: a live channel and its context.
        let raw = unsafe {
            (context.library.create_cq)(context.raw, entries as c_int, ptr::null_mut(), channel.raw, 0)
        };
        if raw.is_null() {
            return Err(format!("cannot make a completion queue of {entries} entries: {}", last_error()));
        }
        Ok(Arc::new(Self { raw, keeps: Arc::clone(channel) }))
    }

    fn library(&self) -> &Library {
        &self.keeps.keeps.library
    }

    /// Fills `into` with completions; returns how many.
    #[inline]
    pub(crate) fn poll(&self, into: &mut [ibv_wc]) -> Result<usize, i32> {
        // SAFETY: a live queue, and room for as many completions as are asked for. The function is there: the queue
        // was made by its provider.
        let n = unsafe {
            let Some(poll) = (*(*self.raw).context).ops.poll_cq else { return Err(libc::ENOSYS) };
            poll(self.raw, into.len() as c_int, into.as_mut_ptr())
        };
        usize::try_from(n).map_err(|_| n)
    }

    /// The next completion wakes who sleeps on the channel.
    pub(crate) fn notify(&self) -> bool {
        // SAFETY: a live queue.
        unsafe { (*(*self.raw).context).ops.req_notify_cq.is_some_and(|notify| notify(self.raw, 0) == 0) }
    }
}

owner!(
    /// A queue of receive buffers that all connections share.
    Srq, ibv_srq, destroy_srq, Arc<Pd>
);

impl Srq {
    pub(crate) fn new(pd: &Arc<Pd>, entries: u32) -> Result<Arc<Self>, String> {
        let mut init = ibv_srq_init_attr {
            srq_context: ptr::null_mut(),
            attr: ibv_srq_attr { max_wr: entries, max_sge: 1, srq_limit: 0 },
        };
        // SAFETY: a live protection domain.
        let raw = unsafe { (pd.library().create_srq)(pd.raw, &raw mut init) };
        if raw.is_null() {
            return Err(format!("cannot make a shared receive queue of {entries} entries: {}", last_error()));
        }
        Ok(Arc::new(Self { raw, keeps: Arc::clone(pd) }))
    }

    fn library(&self) -> &Library {
        self.keeps.library()
    }

    /// Posts a chain of receives.
    ///
    /// # Safety
    /// Every element of the chain is valid during the call, and the memory that it names stays registered and ours to
    /// be written by the device until its completion was taken or the queue is destroyed.
    pub(crate) unsafe fn post(&self, first: *mut ibv_recv_wr) -> Result<(), i32> {
        let mut bad = ptr::null_mut();
        // SAFETY: a live queue; the chain by the caller's promise.
        let code = unsafe {
            let Some(post) = (*(*self.raw).context).ops.post_srq_recv else { return Err(libc::ENOSYS) };
            post(self.raw, first, &raw mut bad)
        };
        if code == 0 { Ok(()) } else { Err(code) }
    }
}

/// What a queue pair stands on besides its protection domain.
pub(crate) struct QpNeeds {
    pub(crate) pd: Arc<Pd>,
    pub(crate) send_cq: Arc<Cq>,
    pub(crate) recv_cq: Arc<Cq>,
    pub(crate) srq: Option<Arc<Srq>>,
}

owner!(
    /// A queue pair.
    Qp, ibv_qp, destroy_qp, QpNeeds
);

impl Qp {
    /// Makes a queue pair; `init`'s queues are those of `needs`. The caps that were granted are written back.
    pub(crate) fn new(needs: QpNeeds, init: &mut ibv_qp_init_attr) -> Result<Self, i32> {
        init.send_cq = needs.send_cq.raw;
        init.recv_cq = needs.recv_cq.raw;
        init.srq = needs.srq.as_ref().map_or(ptr::null_mut(), |srq| srq.raw);
        // SAFETY: a live protection domain, and live queues.
        let raw = unsafe { (needs.pd.library().create_qp)(needs.pd.raw, init) };
        if raw.is_null() {
            return Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO));
        }
        Ok(Self { raw, keeps: needs })
    }

    fn library(&self) -> &Library {
        self.keeps.pd.library()
    }

    pub(crate) fn number(&self) -> u32 {
        // SAFETY: a live queue pair, whose number never changes.
        unsafe { (*self.raw).qp_num }
    }

    /// Moves it to another state.
    pub(crate) fn modify(&self, attributes: &mut ibv_qp_attr, mask: c_int) -> Result<(), String> {
        // SAFETY: a live queue pair.
        let code = unsafe { (self.library().modify_qp)(self.raw, attributes, mask) };
        if code == 0 { Ok(()) } else { Err(words(code)) }
    }

    /// Posts a chain of work requests.
    ///
    /// # Safety
    /// Every element of the chain is valid during the call, and the memory that it names (unless inline) stays
    /// registered and lent until its completion, or a later one's, was taken or the queue pair is destroyed.
    #[inline]
    pub(crate) unsafe fn post(&self, first: *mut ibv_send_wr) -> Result<(), i32> {
        let mut bad = ptr::null_mut();
        // SAFETY: a live queue pair; the chain by the caller's promise.
        let code = unsafe {
            let Some(post) = (*(*self.raw).context).ops.post_send else { return Err(libc::ENOSYS) };
            post(self.raw, first, &raw mut bad)
        };
        if code == 0 { Ok(()) } else { Err(code) }
    }

    /// Posts a chain of receives of its own, where it has no shared queue.
    ///
    /// # Safety
    /// As for [`Srq::post`].
    pub(crate) unsafe fn post_receive(&self, first: *mut ibv_recv_wr) -> Result<(), i32> {
        let mut bad = ptr::null_mut();
        // SAFETY: a live queue pair; the chain by the caller's promise.
        let code = unsafe {
            let Some(post) = (*(*self.raw).context).ops.post_recv else { return Err(libc::ENOSYS) };
            post(self.raw, first, &raw mut bad)
        };
        if code == 0 { Ok(()) } else { Err(code) }
    }
}

owner!(
    /// The way to a port, for datagrams.
    Ah, ibv_ah, destroy_ah, Arc<Pd>
);

impl Ah {
    pub(crate) fn new(pd: &Arc<Pd>, attributes: &ibv_ah_attr) -> Result<Self, String> {
        let mut attributes = *attributes;
        // SAFETY: a live protection domain.
        let raw = unsafe { (pd.library().create_ah)(pd.raw, &raw mut attributes) };
        if raw.is_null() { Err(last_error()) } else { Ok(Self { raw, keeps: Arc::clone(pd) }) }
    }

    fn library(&self) -> &Library {
        self.keeps.library()
    }

    pub(crate) fn raw(&self) -> *mut ibv_ah {
        self.raw
    }
}
