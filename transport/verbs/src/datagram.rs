//! The queue pair for datagrams, by which connections come to be. It is unreliable: who expects an answer asks again.

use core::ptr;
use std::sync::Arc;

use crate::address::{DATAGRAM, Datagram};
use crate::device::Port;
use crate::ffi::{
    IBV_QP_PKEY_INDEX, IBV_QP_PORT, IBV_QP_QKEY, IBV_QP_SQ_PSN, IBV_QP_STATE, IBV_QPS_INIT, IBV_QPS_RTR,
    IBV_QPS_RTS, IBV_QPT_UD, IBV_SEND_SIGNALED, IBV_WC_RECV, IBV_WC_SUCCESS, IBV_WR_SEND, ibv_qp_attr,
    ibv_qp_cap, ibv_qp_init_attr, ibv_recv_wr, ibv_send_wr, ibv_send_wr_ud, ibv_send_wr_wr, ibv_sge, ibv_wc,
};
use crate::library::words;
use crate::owner::{Ah, CompChannel, Cq, Qp, QpNeeds};
use crate::slab::Slab;

/// How many datagrams may wait for us: a rank that computes hears the others ask, and ask again.
const RECEIVES: usize = 256;
const SENDS: usize = 32;
/// The global route header that precedes every datagram, whether it had one or not.
const GRH: usize = 40;
/// A receive buffer.
const SLOT: usize = 256;
/// Room in the receive queue's numbers for those of sends.
const SEND: u64 = 1 << 32;

/// The queue pair, and its buffers.
pub(crate) struct Datagrams {
    // Destroyed before its memory goes.
    qp: Qp,
    cq: Arc<Cq>,
    slab: Slab,
    /// Send slots that are free.
    free: Vec<usize>,
    /// Ways that a datagram under way still needs.
    ways: Vec<Option<Arc<Ah>>>,
    qkey: u32,
}

impl Datagrams {
    pub(crate) fn new(port: &Port, channel: &Arc<CompChannel>, qkey: u32) -> Result<Self, String> {
        let cq = Cq::new(channel, (RECEIVES + SENDS) as u32)?;
        let slab = Slab::new(&port.pd, (RECEIVES + SENDS) * SLOT)?;
        let mut init = ibv_qp_init_attr {
            qp_context: ptr::null_mut(),
            send_cq: ptr::null_mut(),
            recv_cq: ptr::null_mut(),
            srq: ptr::null_mut(),
            cap: ibv_qp_cap {
                max_send_wr: SENDS as u32,
                max_recv_wr: RECEIVES as u32,
                max_send_sge: 1,
                max_recv_sge: 1,
                max_inline_data: 0,
            },
            qp_type: IBV_QPT_UD,
            sq_sig_all: 0,
        };
        let needs = QpNeeds {
            pd: Arc::clone(&port.pd),
            send_cq: Arc::clone(&cq),
            recv_cq: Arc::clone(&cq),
            srq: None,
        };
        let qp = Qp::new(needs, &mut init)
            .map_err(|errno| format!("cannot make a queue pair for datagrams: {}", words(errno)))?;
        // SAFETY: all zeros are a valid value of these integers.
        let mut attributes: ibv_qp_attr = unsafe { core::mem::zeroed() };
        attributes.qp_state = IBV_QPS_INIT;
        attributes.pkey_index = port.pkey_index;
        attributes.port_num = port.number;
        attributes.qkey = qkey;
        qp.modify(&mut attributes, IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_QKEY)
            .map_err(|why| format!("the queue pair for datagrams does not initialize: {why}"))?;
        let datagrams =
            Self { qp, cq, slab, free: (0..SENDS).collect(), ways: (0..SENDS).map(|_| None).collect(), qkey };
        for slot in 0..RECEIVES {
            datagrams
                .post_receive(slot)
                .map_err(|errno| format!("cannot post receives: {}", words(errno)))?;
        }
        attributes.qp_state = IBV_QPS_RTR;
        datagrams
            .qp
            .modify(&mut attributes, IBV_QP_STATE)
            .map_err(|why| format!("the queue pair for datagrams does not become ready to receive: {why}"))?;
        attributes.qp_state = IBV_QPS_RTS;
        attributes.sq_psn = 0;
        datagrams
            .qp
            .modify(&mut attributes, IBV_QP_STATE | IBV_QP_SQ_PSN)
            .map_err(|why| format!("the queue pair for datagrams does not become ready to send: {why}"))?;
        Ok(datagrams)
    }

    pub(crate) fn number(&self) -> u32 {
        self.qp.number()
    }

    fn post_receive(&self, slot: usize) -> Result<(), i32> {
        let mut sge =
            ibv_sge { addr: self.slab.at(slot * SLOT) as u64, length: SLOT as u32, lkey: self.slab.lkey() };
        let mut wr =
            ibv_recv_wr { wr_id: slot as u64, next: ptr::null_mut(), sg_list: &raw mut sge, num_sge: 1 };
        // SAFETY: request and list live during the call; the slot is read only after its completion, and registered
        // until the queue pair, which is dropped first, is destroyed.
        unsafe { self.qp.post_receive(&raw mut wr) }
    }

    /// Sends a datagram, or drops it where there is no room: who expects an answer asks again.
    pub(crate) fn send(&mut self, way: &Arc<Ah>, qpn: u32, datagram: &Datagram, secret: &[u8; 32]) {
        let Some(slot) = self.free.pop() else { return };
        let bytes = datagram.encode(secret);
        let address = self.slab.at((RECEIVES + slot) * SLOT);
        // SAFETY: a free send slot of ours, longer than a datagram.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), address, DATAGRAM) };
        let mut sge = ibv_sge { addr: address as u64, length: DATAGRAM as u32, lkey: self.slab.lkey() };
        let mut wr = ibv_send_wr {
            wr_id: SEND + slot as u64,
            next: ptr::null_mut(),
            sg_list: &raw mut sge,
            num_sge: 1,
            opcode: IBV_WR_SEND,
            send_flags: IBV_SEND_SIGNALED,
            imm_data: 0,
            wr: ibv_send_wr_wr {
                ud: ibv_send_wr_ud { ah: way.raw(), remote_qpn: qpn, remote_qkey: self.qkey },
            },
            xrc_remote_srqn: 0,
            tail: [0; 6],
        };
        self.ways[slot] = Some(Arc::clone(way));
        // SAFETY: request and list live during the call; the slot is written again only after its completion; the way
        // is kept until then.
        if let Err(errno) = unsafe { self.qp.post(&raw mut wr) } {
            tracing::debug!(errno, "verbs: a datagram was not taken");
            self.ways[slot] = None;
            self.free.push(slot);
        }
    }

    /// Takes the next datagram that makes sense; `None`: there is none.
    pub(crate) fn next(&mut self, secret: &[u8; 32]) -> Option<Datagram> {
        loop {
            // SAFETY: all zeros are a valid value of these integers.
            let mut wc: [ibv_wc; 1] = unsafe { core::mem::zeroed() };
            if self.cq.poll(&mut wc).unwrap_or(0) == 0 {
                return None;
            }
            let [wc] = wc;
            if wc.wr_id >= SEND {
                let slot = (wc.wr_id - SEND) as usize;
                if slot < SENDS {
                    self.ways[slot] = None;
                    self.free.push(slot);
                }
                continue;
            }
            let slot = wc.wr_id as usize;
            if slot >= RECEIVES {
                continue;
            }
            let mut found = None;
            if wc.status == IBV_WC_SUCCESS && wc.opcode & IBV_WC_RECV != 0 {
                let mut bytes = [0_u8; DATAGRAM];
                if wc.byte_len as usize == GRH + DATAGRAM {
                    // SAFETY: the slot is longer, and the device is done with it until it is posted again.
                    unsafe {
                        ptr::copy_nonoverlapping(
                            self.slab.at(slot * SLOT + GRH),
                            bytes.as_mut_ptr(),
                            DATAGRAM,
                        );
                    }
                    found = Datagram::decode(&bytes, secret);
                }
                if found.is_none() {
                    tracing::debug!(bytes = wc.byte_len, "verbs: dropped a stranger's datagram");
                }
            }
            if self.post_receive(slot).is_err() {
                tracing::debug!("verbs: a receive for datagrams was lost");
            }
            if found.is_some() {
                return found;
            }
        }
    }

    /// The next datagram wakes who sleeps.
    pub(crate) fn notify(&self) -> bool {
        self.cq.notify()
    }

    /// Whether all that was sent has left.
    pub(crate) fn drained(&self) -> bool {
        self.free.len() == SENDS
    }
}

const _: () = assert!(GRH + DATAGRAM <= SLOT);
