//! `put` and `get`: RDMA writes and reads, split at what a port moves at once and at what a queue pair has room for.

use std::sync::Arc;

use olympi_registration::Cache;
use olympi_transport_api::{
    Extent, MemoryRegion, OpToken, Peer, Post, RegionGuard, RegisterError, RemoteKey, RmaError,
};

use crate::Verbs;
use crate::ffi::{IBV_WR_RDMA_READ, ibv_sge};
use crate::library::words;
use crate::link::{Held, Link, Stage, write_wr};
use crate::owner::{Mr, Pd};

/// Requests that a `put` or `get` leaves free for frames.
const SPARE: u32 = 4;
/// Operations that wait for room in one connection.
const WAITING: usize = 4;

/// A `put` or a `get`, and how far it was posted.
pub(crate) struct Move {
    pub(crate) op: OpToken,
    read: bool,
    local: usize,
    len: usize,
    at: usize,
    remote: RemoteKey,
    pub(crate) mr: Arc<Mr>,
}

/// What a region of ours keeps alive.
struct Registered {
    _mr: Arc<Mr>,
}

impl RegionGuard for Registered {}

/// The registration of memory that covers this range: one that is there, or a new one.
fn registration(cache: &mut Cache<Mr>, pd: &Arc<Pd>, extent: Extent) -> Result<Arc<Mr>, String> {
    // A registration needs a byte.
    let len = extent.len().max(1);
    let register = |cache: &mut Cache<Mr>| {
        cache.get(extent.address(), len, extent.writable(), |start, len| {
            // SAFETY: the memory is lent until the operation ends, and lives until then. The cache keeps the
            // registration beyond that only while it is told of the end of the mapping before anything else is mapped
            // there.
            unsafe { Mr::register(pd, start, len, extent.writable()) }
        })
    };
    match register(cache) {
        Err(libc::ENOMEM) => {
            // What is kept from before may be what fills the limit.
            cache.clear();
            register(cache).map_err(words)
        }
        other => other.map_err(words),
    }
}

impl Verbs {
    pub(crate) fn register_region(&mut self, extent: Extent) -> Result<MemoryRegion, RegisterError> {
        if self.caps.get_from.is_none() {
            return Err(RegisterError::Unsupported { transport: crate::NAME });
        }
        match registration(&mut self.cache, &self.port.pd, extent) {
            Ok(mr) => {
                let key = RemoteKey { address: extent.address() as u64, key: u64::from(mr.rkey()) };
                Ok(MemoryRegion::new(key, Some(Box::new(Registered { _mr: mr }))))
            }
            Err(detail) => Err(RegisterError::Refused {
                transport: crate::NAME,
                len: extent.len(),
                detail: format!("{} port {}: {detail}", self.port.device, self.port.number),
            }),
        }
    }

    pub(crate) fn begin_move(
        &mut self,
        peer: Peer,
        extent: Extent,
        remote: RemoteKey,
        op: OpToken,
        read: bool,
    ) -> Post {
        match self.links.get(peer.index()) {
            Some(Link::There(link)) if link.stage == Stage::Up && link.moves.len() < WAITING => {}
            Some(Link::There(_) | Link::None) => return Post::Busy,
            Some(Link::Gone) | None => return Post::Closed,
        }
        let mr = match registration(&mut self.cache, &self.port.pd, extent) {
            Ok(mr) => mr,
            Err(detail) => {
                let detail = format!("{} port {}: {detail}", self.port.device, self.port.number);
                self.done(op, Err(RmaError::Refused { peer, detail }));
                return Post::Accepted;
            }
        };
        if let Some(Link::There(link)) = self.links.get_mut(peer.index()) {
            let (local, len) = (extent.address(), extent.len());
            link.moves.push_back(Move { op, read, local, len, at: 0, remote, mr });
            self.moving += 1;
            self.advance(peer);
        }
        Post::Accepted
    }

    /// Posts as much of what is to be moved as there is room for.
    pub(crate) fn advance(&mut self, peer: Peer) {
        let room = self.config.send_depth - SPARE;
        let Some(Link::There(link)) = self.links.get_mut(peer.index()) else { return };
        while let Some(front) = link.moves.front_mut() {
            if link.posted.wrapping_sub(link.retired) >= room || self.wrs >= self.wr_limit {
                return;
            }
            let left = front.len - front.at;
            let now = left.min(self.port.max_msg);
            let last = now == left;
            let mut sge =
                ibv_sge { addr: (front.local + front.at) as u64, length: now as u32, lkey: front.mr.lkey() };
            let key = front.remote.at(front.at as u64);
            // Keys are 32 bits; a peer that tells a longer one has none.
            let rkey = u32::try_from(key.key).unwrap_or(u32::MAX);
            let sges = i32::from(now > 0);
            let mut wr = write_wr(&raw mut sge, sges, key.address, rkey);
            if front.read {
                wr.opcode = IBV_WR_RDMA_READ;
            }
            let held = last.then(|| Held::Op(front.op, Arc::clone(&front.mr)));
            // SAFETY: request and list live during the call. The memory is lent until the operation's `Done`, which is
            // told when its last request is done, or the queue pair destroyed; its registration is held by then.
            match unsafe { link.post(peer.0, &mut wr, held) } {
                Ok(true) => {
                    self.wrs += 1;
                    let Some(front) = link.moves.front_mut() else { return };
                    front.at += now;
                    if last {
                        link.moves.pop_front();
                    }
                }
                Ok(false) => return,
                Err(errno) => return self.fail(peer, &format!("a request was refused: {}", words(errno))),
            }
        }
    }
}
