//! An endpoint: what messages are posted to.

use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use crate::domain::{Domain, open};
use crate::ffi::*;
use crate::info::{Info, Refusal, call, check, check_size};
use crate::queue::{Completions, Events};

/// An endpoint, or the receive buffers that several endpoints share. Closing it ends every access of the provider to the
/// memory that was posted to it.
pub(crate) struct Endpoint {
    raw: *mut fid_ep,
    pub(crate) domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Endpoint {}
// SAFETY: as above.
unsafe impl Sync for Endpoint {}

/// A buffer to be sent from or received into, and how it is registered.
#[derive(Clone, Copy)]
pub(crate) struct Piece {
    pub(crate) address: *mut u8,
    pub(crate) len: usize,
    pub(crate) description: *mut c_void,
}

/// Memory of a peer.
#[derive(Clone, Copy)]
pub(crate) struct Remote {
    pub(crate) address: u64,
    pub(crate) key: u64,
}

impl Endpoint {
    /// Opens one by `info`; it is bound and enabled by its user.
    pub(crate) fn open(domain: &Arc<Domain>, info: &Info) -> Result<Self, Refusal> {
        Ok(Self { raw: open::endpoint(domain, info)?, domain: domain.clone() })
    }

    /// Opens a pool of shared receive buffers.
    pub(crate) fn shared_receives(domain: &Arc<Domain>) -> Result<Self, Refusal> {
        Ok(Self { raw: open::shared_receives(domain)?, domain: domain.clone() })
    }

    pub(crate) fn fid(&self) -> *mut fid {
        self.raw.cast()
    }

    /// Binds a queue or a table to it.
    ///
    /// # Safety
    /// `object` is an open object of the same domain, and lives longer than this endpoint.
    pub(crate) unsafe fn bind(&self, object: *mut fid, flags: u64) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open, and the caller's promise.
        check(unsafe { call!((*self.fid()).ops, bind(self.fid(), object, flags)) }).map(drop)
    }

    /// Binds a completion queue for both directions.
    ///
    /// # Safety
    /// The queue lives longer than this endpoint.
    pub(crate) unsafe fn complete_to(&self, queue: &Completions) -> Result<(), Refusal> {
        // SAFETY: the caller's promise.
        unsafe { self.bind(queue.fid(), FI_TRANSMIT | FI_RECV) }
    }

    pub(crate) fn enable(&self) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open; this command takes nothing.
        check(unsafe { call!((*self.fid()).ops, control(self.fid(), FI_ENABLE, ptr::null_mut())) }).map(drop)
    }

    /// From how much room on a buffer of several messages is kept.
    pub(crate) fn set_least_room(&self, bytes: usize) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open; this option is a size_t.
        check(unsafe {
            let value = (&raw const bytes).cast();
            call!(
                (*self.raw).ops,
                setopt(self.fid(), FI_OPT_ENDPOINT, FI_OPT_MIN_MULTI_RECV, value, size_of::<usize>())
            )
        })
        .map(drop)
    }

    /// Its address in the provider's format.
    pub(crate) fn name(&self) -> Result<Vec<u8>, Refusal> {
        // SAFETY: open, and of this domain.
        unsafe { name(&self.domain, self.fid(), (*self.raw).cm) }
    }

    /// Posts a message.
    ///
    /// # Safety
    /// The piece is readable, registered where the provider asks for it, and stays as it is until the completion that
    /// brings `context`, which is room of a `fi_context2` that stays in place as long.
    #[inline]
    pub(crate) unsafe fn send(
        &self,
        piece: Piece,
        to: fi_addr_t,
        context: *mut c_void,
    ) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open and enabled; the caller's promise.
        check_size(unsafe {
            let Piece { address, len, description } = piece;
            call!((*self.raw).msg, send(self.raw, address.cast(), len, description, to, context))
        })
        .map(drop)
    }

    /// Sends a short message, whose bytes are free again at once.
    #[inline]
    pub(crate) fn inject(&self, bytes: &[u8], to: fi_addr_t) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open and enabled; the bytes are readable during the call, which is all that it needs.
        check_size(unsafe {
            call!((*self.raw).msg, inject(self.raw, bytes.as_ptr().cast(), bytes.len(), to))
        })
        .map(drop)
    }

    /// Posts a buffer for one message, or for as many as fit.
    ///
    /// # Safety
    /// The piece is writable and nobody else's, registered where the provider asks for it, until the completion that
    /// releases it or the end of the endpoint. As for `context`, see [`send`](Self::send).
    #[inline]
    pub(crate) unsafe fn receive(
        &self,
        piece: Piece,
        many: bool,
        context: *mut c_void,
    ) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        let Piece { address, len, description } = piece;
        // SAFETY: open and enabled; the caller's promise.
        check_size(unsafe {
            if many {
                let part = libc::iovec { iov_base: address.cast(), iov_len: len };
                let mut description = description;
                let message = fi_msg {
                    msg_iov: &raw const part,
                    desc: &raw mut description,
                    iov_count: 1,
                    addr: FI_ADDR_UNSPEC,
                    context,
                    data: 0,
                };
                call!((*self.raw).msg, recvmsg(self.raw, &raw const message, FI_MULTI_RECV))
            } else {
                call!(
                    (*self.raw).msg,
                    recv(self.raw, address.cast(), len, description, FI_ADDR_UNSPEC, context)
                )
            }
        })
        .map(drop)
    }

    /// Fills the piece from a peer's memory.
    ///
    /// # Safety
    /// As for [`receive`](Self::receive), until the completion.
    pub(crate) unsafe fn read(
        &self,
        into: Piece,
        from: fi_addr_t,
        remote: Remote,
        context: *mut c_void,
    ) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        let Piece { address, len, description } = into;
        let Remote { address: there, key } = remote;
        // SAFETY: open and enabled; the caller's promise.
        check_size(unsafe {
            call!(
                (*self.raw).rma,
                read(self.raw, address.cast(), len, description, from, there, key, context)
            )
        })
        .map(drop)
    }

    /// Writes the piece to a peer's memory. Its completion tells that the bytes are there.
    ///
    /// # Safety
    /// As for [`send`](Self::send).
    pub(crate) unsafe fn write(
        &self,
        from: Piece,
        to: fi_addr_t,
        remote: Remote,
        context: *mut c_void,
    ) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        let part = libc::iovec { iov_base: from.address.cast(), iov_len: from.len };
        let there = fi_rma_iov { addr: remote.address, len: from.len, key: remote.key };
        let mut description = from.description;
        let message = fi_msg_rma {
            msg_iov: &raw const part,
            desc: &raw mut description,
            iov_count: 1,
            addr: to,
            rma_iov: &raw const there,
            rma_iov_count: 1,
            context,
            data: 0,
        };
        // SAFETY: open and enabled; the caller's promise.
        check_size(unsafe {
            call!(
                (*self.raw).rma,
                writemsg(self.raw, &raw const message, FI_COMPLETION | FI_DELIVERY_COMPLETE)
            )
        })
        .map(drop)
    }

    /// Begins to connect it to a passive endpoint.
    pub(crate) fn connect(&self, to: &[u8], data: &[u8]) -> Result<(), Refusal> {
        let mut room = [0_u8; 256];
        let len = to.len().min(room.len());
        room[..len].copy_from_slice(&to[..len]);
        let _lock = self.domain.lock();
        // SAFETY: open; an address of the provider's format, in room that is longer than any, and the data are readable.
        check(unsafe {
            call!((*self.raw).cm, connect(self.raw, room.as_ptr().cast(), data.as_ptr().cast(), data.len()))
        })
        .map(drop)
    }

    /// Accepts the connection that it was opened for.
    pub(crate) fn accept(&self) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        // SAFETY: open, out of the info of a request.
        check(unsafe { call!((*self.raw).cm, accept(self.raw, ptr::null(), 0)) }).map(drop)
    }

    /// Ends its connection.
    pub(crate) fn shut_down(&self) {
        let _lock = self.domain.lock();
        // SAFETY: open. If there is no connection any more, nothing is to be done.
        let _ = unsafe { call!((*self.raw).cm, shutdown(self.raw, 0)) };
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        // SAFETY: this is its only owner.
        unsafe { open::shut(&self.domain, self.fid()) }
    }
}

/// An endpoint that others connect to.
pub(crate) struct Passive {
    raw: *mut fid_pep,
    domain: Arc<Domain>,
}

// SAFETY: every call on it is made under the domain's lock.
unsafe impl Send for Passive {}

impl Passive {
    pub(crate) fn open(domain: &Arc<Domain>) -> Result<Self, Refusal> {
        Ok(Self { raw: open::passive(domain)?, domain: domain.clone() })
    }

    /// Listens; requests come by `events`.
    ///
    /// # Safety
    /// The queue lives longer than this.
    pub(crate) unsafe fn listen(&self, events: &Events) -> Result<(), Refusal> {
        let _lock = self.domain.lock();
        let object = self.raw.cast::<fid>();
        // SAFETY: both are open; the caller's promise.
        unsafe {
            check(call!((*object).ops, bind(object, events.fid(), 0)))?;
            check(call!((*self.raw).cm, listen(self.raw))).map(drop)
        }
    }

    /// The address that it listens on.
    pub(crate) fn name(&self) -> Result<Vec<u8>, Refusal> {
        // SAFETY: open, and of this domain.
        unsafe { name(&self.domain, self.raw.cast(), (*self.raw).cm) }
    }

    /// Sends somebody away.
    pub(crate) fn reject(&self, request: &Info) {
        let _lock = self.domain.lock();
        // SAFETY: the handle is that of a request that is answered nowhere else.
        let _ = unsafe { call!((*self.raw).cm, reject(self.raw, request.get().handle, ptr::null(), 0)) };
    }

    /// How many bytes may go along with a request to connect.
    pub(crate) fn private_room(&self) -> usize {
        let _lock = self.domain.lock();
        let (mut room, mut len) = (0_usize, size_of::<usize>());
        // SAFETY: open; this option is a size_t.
        let answer = unsafe {
            let value = (&raw mut room).cast();
            call!(
                (*self.raw).ops,
                getopt(self.raw.cast(), FI_OPT_ENDPOINT, FI_OPT_CM_DATA_SIZE, value, &raw mut len)
            )
        };
        if answer == 0 { room } else { 0 }
    }
}

impl Drop for Passive {
    fn drop(&mut self) {
        // SAFETY: this is its only owner.
        unsafe { open::shut(&self.domain, self.raw.cast()) }
    }
}

/// # Safety
/// An open endpoint of the domain, and its table of connections.
unsafe fn name(domain: &Domain, object: *mut fid, table: *mut fi_ops_cm) -> Result<Vec<u8>, Refusal> {
    let _lock = domain.lock();
    let mut bytes = [0_u8; 256];
    let mut len = bytes.len();
    // SAFETY: the caller's promise; the answer fits, or is refused.
    check(unsafe { call!(table, getname(object, bytes.as_mut_ptr().cast(), &raw mut len)) })?;
    Ok(bytes[..len.min(bytes.len())].to_vec())
}
