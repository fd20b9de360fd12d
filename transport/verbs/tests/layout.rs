//! The checked-in types beside the headers that are installed: every size, every offset, every constant.

use std::mem::{offset_of, size_of};

use olympi_conformance::{constants, headers, layouts};

#[path = "../src/ffi.rs"]
mod ffi;

/// Of these only the beginning is checked in.
const SHORTER: &[&str] = &["ibv_srq", "ibv_qp", "ibv_cq"];

fn ours() -> Vec<(String, u64)> {
    let mut all = layouts! { ffi, SHORTER,
        ibv_gid_entry { gid, gid_index, port_num, gid_type, ndev_ifindex }
        ibv_device_attr { fw_ver, max_mr_size, max_qp_wr, max_sge, max_cqe, max_qp_rd_atom, max_qp_init_rd_atom,
            max_srq_wr, max_pkeys, local_ca_ack_delay, phys_port_cnt }
        ibv_port_attr { state, max_mtu, active_mtu, gid_tbl_len, max_msg_sz, pkey_tbl_len, lid, lmc, active_width,
            active_speed, link_layer, flags, port_cap_flags2 }
        ibv_async_event { element, event_type }
        ibv_wc { wr_id, status, opcode, vendor_err, byte_len, imm_data, qp_num, src_qp, wc_flags, slid,
            dlid_path_bits }
        ibv_pd { context, handle }
        ibv_mr { context, pd, addr, length, handle, lkey, rkey }
        ibv_global_route { dgid, flow_label, sgid_index, hop_limit, traffic_class }
        ibv_ah_attr { grh, dlid, sl, src_path_bits, static_rate, is_global, port_num }
        ibv_srq_attr { max_wr, max_sge, srq_limit }
        ibv_srq_init_attr { srq_context, attr }
        ibv_qp_cap { max_send_wr, max_recv_wr, max_send_sge, max_recv_sge, max_inline_data }
        ibv_qp_init_attr { qp_context, send_cq, recv_cq, srq, cap, qp_type, sq_sig_all }
        ibv_qp_attr { qp_state, path_mtu, qkey, rq_psn, sq_psn, dest_qp_num, qp_access_flags, cap, ah_attr,
            pkey_index, max_rd_atomic, max_dest_rd_atomic, min_rnr_timer, port_num, timeout, retry_cnt, rnr_retry,
            rate_limit }
        ibv_sge { addr, length, lkey }
        ibv_send_wr { wr_id, next, sg_list, num_sge, opcode, send_flags, imm_data, wr }
        ibv_recv_wr { wr_id, next, sg_list, num_sge }
        ibv_srq { context, srq_context, pd, handle }
        ibv_qp { context, qp_context, pd, send_cq, recv_cq, srq, handle, qp_num }
        ibv_comp_channel { context, fd, refcnt }
        ibv_cq { context, channel, cq_context, handle, cqe }
        ibv_ah { context, pd, handle }
        ibv_context_ops { poll_cq, req_notify_cq, post_srq_recv, post_send, post_recv }
        ibv_context { device, ops, cmd_fd, async_fd, num_comp_vectors, abi_compat }
    };
    all.extend([
        ("sizeof(union ibv_gid)".to_owned(), size_of::<ffi::ibv_gid>() as u64),
        (
            "offsetof(struct ibv_send_wr, qp_type)".to_owned(),
            offset_of!(ffi::ibv_send_wr, xrc_remote_srqn) as u64,
        ),
        ("offsetof(struct ibv_send_wr, tso)".to_owned(), offset_of!(ffi::ibv_send_wr, tail) as u64),
        (
            "offsetof(struct verbs_context, context) - offsetof(struct verbs_context, sz)".to_owned(),
            ffi::VERBS_CONTEXT_SZ_BEFORE as u64,
        ),
        (
            "offsetof(struct verbs_context, context) - offsetof(struct verbs_context, query_port)".to_owned(),
            ffi::VERBS_CONTEXT_QUERY_PORT_BEFORE as u64,
        ),
        ("(uintptr_t)__VERBS_ABI_IS_EXTENDED".to_owned(), ffi::VERBS_ABI_IS_EXTENDED as u64),
    ]);
    all.extend(constants! { ffi,
        IBV_GID_TYPE_IB IBV_GID_TYPE_ROCE_V1 IBV_GID_TYPE_ROCE_V2 IBV_PORT_ACTIVE IBV_LINK_LAYER_ETHERNET
        IBV_EVENT_CQ_ERR IBV_EVENT_QP_FATAL IBV_EVENT_QP_REQ_ERR IBV_EVENT_QP_ACCESS_ERR IBV_EVENT_COMM_EST
        IBV_EVENT_DEVICE_FATAL IBV_EVENT_PORT_ACTIVE IBV_EVENT_PORT_ERR IBV_EVENT_SRQ_ERR IBV_EVENT_SRQ_LIMIT_REACHED
        IBV_WC_SUCCESS IBV_WC_WR_FLUSH_ERR IBV_WC_RECV IBV_WC_WITH_IMM IBV_ACCESS_LOCAL_WRITE IBV_ACCESS_REMOTE_WRITE
        IBV_ACCESS_REMOTE_READ IBV_QPT_RC IBV_QPT_UD IBV_QPS_INIT IBV_QPS_RTR IBV_QPS_RTS IBV_QPS_ERR IBV_QP_STATE
        IBV_QP_ACCESS_FLAGS IBV_QP_PKEY_INDEX IBV_QP_PORT IBV_QP_QKEY IBV_QP_AV IBV_QP_PATH_MTU IBV_QP_TIMEOUT
        IBV_QP_RETRY_CNT IBV_QP_RNR_RETRY IBV_QP_RQ_PSN IBV_QP_MAX_QP_RD_ATOMIC IBV_QP_MIN_RNR_TIMER IBV_QP_SQ_PSN
        IBV_QP_MAX_DEST_RD_ATOMIC IBV_QP_DEST_QPN IBV_WR_RDMA_WRITE IBV_WR_SEND IBV_WR_SEND_WITH_IMM IBV_WR_RDMA_READ IBV_SEND_SIGNALED
        IBV_SEND_INLINE IBV_FORK_UNNEEDED
    });
    all
}

#[test]
fn the_types_are_those_of_the_installed_headers() {
    let headers = ["infiniband/verbs.h"];
    headers::agree("libibverbs", "libibverbs-dev", &headers, &ours());
}
