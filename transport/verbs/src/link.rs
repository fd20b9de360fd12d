//! A connection to a peer: its queue pair, its credits, and what is under way on it.
//!
//! # Credits
//! Each side tells the other, as a running count, how many frames it may have sent in all: what it has taken so far plus
//! its window. The count comes with every frame; a side that has nothing to send writes it, by an inline RDMA
//! write, into a word of the other's memory. That write needs no receive buffer, no credit and no answer, so credits
//! always get through and there can be no deadlock over them; and since there are as many posted receives as credits,
//! the receiver-not-ready answer of the fabric never comes. A side that was stopped by its credits says so in its next
//! frame, and is granted a larger window.

use core::ptr;
use core::sync::atomic::{AtomicU64, Ordering};
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use olympi_transport_api::OpToken;

use crate::Config;
use crate::address::{Datagram, Reach};
use crate::device::Port;
use crate::ffi::{
    IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_REMOTE_READ, IBV_ACCESS_REMOTE_WRITE, IBV_QP_ACCESS_FLAGS, IBV_QP_AV,
    IBV_QP_DEST_QPN, IBV_QP_MAX_DEST_RD_ATOMIC, IBV_QP_MAX_QP_RD_ATOMIC, IBV_QP_MIN_RNR_TIMER,
    IBV_QP_PATH_MTU, IBV_QP_PKEY_INDEX, IBV_QP_PORT, IBV_QP_RETRY_CNT, IBV_QP_RNR_RETRY, IBV_QP_RQ_PSN,
    IBV_QP_SQ_PSN, IBV_QP_STATE, IBV_QP_TIMEOUT, IBV_QPS_ERR, IBV_QPS_INIT, IBV_QPS_RTR, IBV_QPS_RTS,
    IBV_QPT_RC, IBV_SEND_INLINE, IBV_SEND_SIGNALED, IBV_WR_RDMA_WRITE, ibv_qp_attr, ibv_qp_cap,
    ibv_qp_init_attr, ibv_send_wr, ibv_send_wr_rdma, ibv_send_wr_wr, ibv_sge,
};
use crate::owner::{Ah, Mr, Qp, QpNeeds};
use crate::rma::Move;
use crate::wire::Headers;

/// What there is to a peer.
pub(crate) enum Link {
    /// Nothing yet.
    None,
    /// A connection, or one that comes to be.
    There(Box<Connection>),
    /// It was told as closed.
    Gone,
}

/// How far a connection has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// The peer was asked for its queue pair.
    Asking,
    /// We can receive; that the peer can is not known yet.
    Answering,
    /// Both can.
    Up,
}

/// What a work request holds until it is done.
pub(crate) enum Held {
    /// A slot of the bounce buffers.
    Bounce(u32),
    /// The last request of a `put` or a `get`, and the registration of its local memory.
    Op(OpToken, Arc<Mr>),
    /// It tries whether the peer is there.
    Probe,
}

/// At most so many requests go between two with a signal: most complete without a word.
const SIGNAL_EVERY: u32 = 16;

pub(crate) struct Connection {
    // Destroyed before what it may still write to.
    pub(crate) qp: Qp,
    /// Ours, in the credit words.
    word_mr: Mr,
    pub(crate) stage: Stage,
    pub(crate) psn: u32,
    pub(crate) reach: Reach,
    pub(crate) way: Arc<Ah>,
    pub(crate) asked: Instant,
    pub(crate) next_try: Instant,
    pub(crate) tries: u32,
    /// Its process, where that can be watched.
    pub(crate) watch: Option<OwnedFd>,
    /// The code of the MTU that both have.
    pub(crate) mtu: u8,

    // --- sending ---
    /// Frames sent, and frames that may have been sent in all.
    pub(crate) sent: u32,
    pub(crate) granted: u32,
    /// Credits have stopped us since we last said so.
    pub(crate) starved: bool,
    pub(crate) headers_sent: Headers,
    /// Work requests posted and done, as running counts.
    pub(crate) posted: u32,
    pub(crate) retired: u32,
    unsignalled: u32,
    /// One request in so many has a signal; a full queue has one, so that it empties.
    signal_every: u32,
    pub(crate) held: VecDeque<(u32, Held)>,
    pub(crate) moves: VecDeque<Move>,
    word: u64,
    word_key: u32,

    // --- receiving ---
    pub(crate) taken: u32,
    pub(crate) headers_heard: Headers,
    pub(crate) window: u32,
    told: u32,
    /// It stands in the list of those to be told of credits.
    pub(crate) owed: bool,
    pub(crate) heard: Instant,
    pub(crate) probing: bool,
}

/// What all connections of a port are made with.
pub(crate) struct Making<'a> {
    pub(crate) port: &'a Port,
    pub(crate) config: &'a Config,
    pub(crate) needs: QpNeeds,
    pub(crate) inline: u32,
    pub(crate) words: &'a Words,
}

impl Connection {
    /// Makes a queue pair for a peer, and lets it wait for the peer's.
    pub(crate) fn new(
        making: Making<'_>,
        peer: u32,
        reach: Reach,
        way: Arc<Ah>,
        now: Instant,
    ) -> Result<Self, String> {
        let Making { port, config, needs, inline, words } = making;
        let word_mr = words.register(&needs.pd, peer)?;
        let qp = make_qp(needs, config, inline)
            .map_err(|errno| format!("cannot make a queue pair: {}", crate::library::words(errno)))?;
        // SAFETY: all zeros are a valid value of these integers.
        let mut attributes: ibv_qp_attr = unsafe { core::mem::zeroed() };
        attributes.qp_state = IBV_QPS_INIT;
        attributes.pkey_index = port.pkey_index;
        attributes.port_num = port.number;
        attributes.qp_access_flags =
            (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ | IBV_ACCESS_REMOTE_WRITE) as u32;
        qp.modify(&mut attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS)
            .map_err(|why| format!("its queue pair does not initialize: {why}"))?;
        let mut psn = [0; 4];
        // A number that is not random serves as well: it only tells old packets from new ones.
        if getrandom::fill(&mut psn).is_err() {
            psn = peer.to_le_bytes();
        }
        words.clear(peer);
        Ok(Self {
            qp,
            word_mr,
            stage: Stage::Asking,
            psn: u32::from_le_bytes(psn) & 0xFF_FFFF,
            reach,
            way,
            asked: now,
            next_try: now,
            tries: 0,
            watch: None,
            mtu: port.mtu,
            sent: 0,
            granted: 0,
            starved: false,
            headers_sent: Headers::none(),
            posted: 0,
            retired: 0,
            unsignalled: 0,
            signal_every: (config.send_depth / 2).clamp(1, SIGNAL_EVERY),
            held: VecDeque::new(),
            moves: VecDeque::new(),
            word: 0,
            word_key: 0,
            taken: 0,
            headers_heard: Headers::none(),
            window: config.window,
            told: config.window,
            owed: false,
            heard: now,
            probing: false,
        })
    }

    /// Joins the peer's queue pair: from here on frames can come.
    pub(crate) fn join(&mut self, port: &Port, config: &Config, theirs: &Datagram) -> Result<(), String> {
        if theirs.frame as usize != config.frame {
            return Err(format!(
                "its receive buffers have {} bytes, ours {}: OLYMPI_VERBS_FRAME must be the same at all ranks",
                theirs.frame, config.frame
            ));
        }
        self.mtu = port.mtu.min(theirs.mtu.clamp(1, 5));
        // SAFETY: all zeros are a valid value of these integers.
        let mut attributes: ibv_qp_attr = unsafe { core::mem::zeroed() };
        attributes.qp_state = IBV_QPS_RTR;
        attributes.path_mtu = u32::from(self.mtu);
        attributes.dest_qp_num = theirs.qpn;
        attributes.rq_psn = theirs.psn;
        attributes.max_dest_rd_atomic = port.rd_atomic;
        // 0.64 ms; it never comes to that.
        attributes.min_rnr_timer = 12;
        attributes.ah_attr = port.way_to(theirs.reach.lid, &theirs.reach.gid, config);
        let mask = IBV_QP_STATE
            | IBV_QP_AV
            | IBV_QP_PATH_MTU
            | IBV_QP_DEST_QPN
            | IBV_QP_RQ_PSN
            | IBV_QP_MAX_DEST_RD_ATOMIC
            | IBV_QP_MIN_RNR_TIMER;
        self.qp
            .modify(&mut attributes, mask)
            .map_err(|why| format!("our queue pair does not become ready to receive: {why}"))?;
        attributes.qp_state = IBV_QPS_RTS;
        attributes.sq_psn = self.psn;
        attributes.timeout = config.timeout;
        attributes.retry_cnt = config.retries;
        // 7: without end, since a receiver that is not ready is one that computes.
        attributes.rnr_retry = 7;
        attributes.max_rd_atomic = port.rd_atomic.min(theirs.rd_atomic.clamp(1, 16));
        let mask = IBV_QP_STATE
            | IBV_QP_TIMEOUT
            | IBV_QP_RETRY_CNT
            | IBV_QP_RNR_RETRY
            | IBV_QP_SQ_PSN
            | IBV_QP_MAX_QP_RD_ATOMIC;
        self.qp
            .modify(&mut attributes, mask)
            .map_err(|why| format!("our queue pair does not become ready to send: {why}"))?;
        self.granted = theirs.credits.min(config.receives);
        (self.word, self.word_key) = (theirs.word, theirs.word_key);
        self.stage = Stage::Answering;
        self.tries = 0;
        Ok(())
    }

    /// The key of our credit word, for the peer.
    pub(crate) fn word_rkey(&self) -> u32 {
        self.word_mr.rkey()
    }

    /// Work requests under way.
    #[inline]
    pub(crate) fn under_way(&self) -> u32 {
        self.posted.wrapping_sub(self.retired)
    }

    /// Frames that may still be sent.
    #[inline]
    pub(crate) fn credits(&self) -> u32 {
        self.granted.wrapping_sub(self.sent)
    }

    /// Takes over a count of granted frames, whichever way it came; false: it makes no sense.
    #[inline]
    #[must_use]
    pub(crate) fn grant(&mut self, granted: u32) -> bool {
        let more = granted.wrapping_sub(self.granted).cast_signed();
        if more > 0 {
            self.granted = granted;
        }
        // A window has at most 8192 frames; older counts may come late.
        (-(1 << 20)..=8192).contains(&more)
    }

    /// How many frames the peer may have sent in all.
    #[inline]
    pub(crate) fn allowance(&self) -> u32 {
        self.taken.wrapping_add(self.window)
    }

    /// A frame has told the peer our count.
    #[inline]
    pub(crate) fn tell(&mut self) {
        self.told = self.allowance();
    }

    /// Whether the peer should be told of more credits without waiting for a frame to it.
    #[inline]
    pub(crate) fn owes(&self) -> bool {
        self.allowance().wrapping_sub(self.told) >= (self.window / 2).max(1)
    }

    /// Posts one work request for the peer `peer`. `true`: taken; `false`: there is no room.
    ///
    /// # Safety
    /// As for [`Qp::post`]; what `held` names keeps the memory until the request is done.
    #[inline]
    pub(crate) unsafe fn post(
        &mut self,
        peer: u32,
        wr: &mut ibv_send_wr,
        held: Option<Held>,
    ) -> Result<bool, i32> {
        let next = self.posted.wrapping_add(1);
        wr.wr_id = (u64::from(peer) << 32) | u64::from(next);
        let signal =
            self.unsignalled + 1 >= self.signal_every || matches!(held, Some(Held::Op(..) | Held::Probe));
        if signal {
            wr.send_flags |= IBV_SEND_SIGNALED;
        }
        // SAFETY: the caller's promise.
        match unsafe { self.qp.post(wr) } {
            Ok(()) => {
                self.posted = next;
                self.unsignalled = if signal { 0 } else { self.unsignalled + 1 };
                if let Some(held) = held {
                    self.held.push_back((next, held));
                }
                Ok(true)
            }
            Err(libc::ENOMEM) => Ok(false),
            Err(errno) => Err(errno),
        }
    }

    /// Writes our count of credits into the peer's word.
    pub(crate) fn post_credits(&mut self, peer: u32) -> Result<bool, i32> {
        let count = u64::from(self.allowance());
        let mut sge = ibv_sge { addr: (&raw const count) as u64, length: 8, lkey: 0 };
        let mut wr = write_wr(&raw mut sge, 1, self.word, self.word_key);
        wr.send_flags = IBV_SEND_INLINE;
        // SAFETY: request, list and the eight inline bytes live during the call, and are copied by it.
        let taken = unsafe { self.post(peer, &mut wr, None) }?;
        if taken {
            self.told = count as u32;
        }
        Ok(taken)
    }

    /// Writes nothing, signalled: tells whether the peer is there, and that all before is done.
    pub(crate) fn post_probe(&mut self, peer: u32) -> Result<bool, i32> {
        let mut wr = write_wr(ptr::null_mut(), 0, self.word, self.word_key);
        // SAFETY: the request lives during the call, and names no memory.
        let taken = unsafe { self.post(peer, &mut wr, Some(Held::Probe)) }?;
        self.probing |= taken;
        Ok(taken)
    }

    /// Whether the last requests were posted without a signal.
    pub(crate) fn has_tail(&self) -> bool {
        self.unsignalled > 0
    }

    /// Stops the queue pair.
    pub(crate) fn stop(&self) {
        // SAFETY: all zeros are a valid value of these integers.
        let mut attributes: ibv_qp_attr = unsafe { core::mem::zeroed() };
        attributes.qp_state = IBV_QPS_ERR;
        // It may be there already; what counts is that it is destroyed next.
        let _ = self.qp.modify(&mut attributes, IBV_QP_STATE);
    }
}

/// A request to write; addresses and flags as given.
pub(crate) fn write_wr(list: *mut ibv_sge, sges: i32, remote: u64, key: u32) -> ibv_send_wr {
    ibv_send_wr {
        wr_id: 0,
        next: ptr::null_mut(),
        sg_list: list,
        num_sge: sges,
        opcode: IBV_WR_RDMA_WRITE,
        send_flags: 0,
        imm_data: 0,
        wr: ibv_send_wr_wr { rdma: ibv_send_wr_rdma { remote_addr: remote, rkey: key } },
        xrc_remote_srqn: 0,
        tail: [0; 6],
    }
}

/// Makes a connected queue pair with that much room for inline data.
pub(crate) fn make_qp(needs: QpNeeds, config: &Config, inline: u32) -> Result<Qp, i32> {
    let mut init = ibv_qp_init_attr {
        qp_context: ptr::null_mut(),
        send_cq: ptr::null_mut(),
        recv_cq: ptr::null_mut(),
        srq: ptr::null_mut(),
        cap: ibv_qp_cap {
            max_send_wr: config.send_depth,
            max_recv_wr: 0,
            max_send_sge: 2,
            max_recv_sge: 0,
            max_inline_data: inline,
        },
        qp_type: IBV_QPT_RC,
        sq_sig_all: 0,
    };
    Qp::new(needs, &mut init)
}

/// The words into which peers write how many frames they grant us: one for each rank, each registered alone, so that a
/// peer reaches its own and no other.
pub(crate) struct Words {
    words: Box<[AtomicU64]>,
}

impl Words {
    pub(crate) fn new(size: u32) -> Self {
        Self { words: (0..size).map(|_| AtomicU64::new(0)).collect() }
    }

    fn register(&self, pd: &Arc<crate::owner::Pd>, peer: u32) -> Result<Mr, String> {
        // SAFETY: the words live as long as the transport, which drops its connections, and this registration with
        // them, before. They are atomics: what a peer writes at any time is a number.
        unsafe { Mr::register(pd, self.address(peer) as usize, 8, true) }
            .map_err(|errno| format!("cannot register its credit word: {}", crate::library::words(errno)))
    }

    pub(crate) fn address(&self, peer: u32) -> u64 {
        self.words[peer as usize].as_ptr() as u64
    }

    fn clear(&self, peer: u32) {
        self.words[peer as usize].store(0, Ordering::Relaxed);
    }

    /// What the peer has written; `None`: nothing yet.
    #[inline]
    pub(crate) fn read(&self, peer: u32) -> Option<u32> {
        // A window is never empty, so a count of 0 is one that wrapped, or none: it comes again in the next frame.
        let word = self.words[peer as usize].load(Ordering::Acquire);
        (word != 0).then_some(word as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_apart() {
        let words = Words::new(3);
        assert_eq!(words.address(2) - words.address(1), 8);
        assert_eq!(words.read(1), None);
        words.words[1].store(7, Ordering::Relaxed);
        assert_eq!((words.read(0), words.read(1)), (None, Some(7)));
        words.clear(1);
        assert_eq!(words.read(1), None);
    }
}
