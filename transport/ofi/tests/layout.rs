//! The checked-in types beside the headers that are installed: every size, every offset, every constant.

use olympi_conformance::{constants, headers, layouts};
use olympi_ofi::ffi;

/// Of these only the beginning is checked in.
const SHORTER: &[&str] = &[
    "fi_ops",
    "fi_ops_fabric",
    "fi_ops_domain",
    "fi_ops_mr",
    "fi_ops_av",
    "fi_ops_ep",
    "fi_ops_msg",
    "fi_ops_rma",
    "fi_ops_cm",
    "fi_ops_eq",
    "fi_ops_cq",
    "fid_ep",
];

fn ours() -> Vec<(String, u64)> {
    let mut all = layouts! { ffi, SHORTER,
        fi_tx_attr { caps, mode, op_flags, msg_order, comp_order, inject_size, size, iov_limit, rma_iov_limit, tclass }
        fi_rx_attr { caps, mode, op_flags, msg_order, comp_order, total_buffered_recv, size, iov_limit }
        fi_ep_attr { type_, protocol, protocol_version, max_msg_size, msg_prefix_size, max_order_raw_size,
            max_order_war_size, max_order_waw_size, mem_tag_format, tx_ctx_cnt, rx_ctx_cnt, auth_key_size, auth_key }
        fi_domain_attr { domain, name, threading, control_progress, data_progress, resource_mgmt, av_type, mr_mode,
            mr_key_size, cq_data_size, cq_cnt, ep_cnt, tx_ctx_cnt, rx_ctx_cnt, max_ep_tx_ctx, max_ep_rx_ctx,
            max_ep_stx_ctx, max_ep_srx_ctx, cntr_cnt, mr_iov_limit, caps, mode, auth_key, auth_key_size, max_err_data,
            mr_cnt, tclass }
        fi_fabric_attr { fabric, name, prov_name, prov_version, api_version }
        fi_info { next, caps, mode, addr_format, src_addrlen, dest_addrlen, src_addr, dest_addr, handle, tx_attr,
            rx_attr, ep_attr, domain_attr, fabric_attr, nic }
        fi_link_attr { address, mtu, speed, state, network_type }
        fid_nic { fid, device_attr, bus_attr, link_attr, prov_attr }
        fid { fclass, context, ops }
        fi_ops { size, close, bind, control }
        fi_ops_fabric { size, domain, passive_ep, eq_open, wait_open, trywait }
        fid_fabric { fid, ops, api_version }
        fi_ops_domain { size, av_open, cq_open, endpoint, scalable_ep, cntr_open, poll_open, stx_ctx, srx_ctx }
        fi_ops_mr { size, reg }
        fid_domain { fid, ops, mr }
        fid_mr { fid, mem_desc, key }
        fi_av_attr { type_, rx_ctx_bits, count, ep_per_node, name, map_addr, flags }
        fi_ops_av { size, insert, insertsvc, insertsym, remove }
        fid_av { fid, ops }
        fi_ops_ep { size, cancel, getopt, setopt }
        fi_ops_msg { size, recv, recvv, recvmsg, send, sendv, sendmsg, inject }
        fi_msg { msg_iov, desc, iov_count, addr, context, data }
        fi_rma_iov { addr, len, key }
        fi_msg_rma { msg_iov, desc, iov_count, addr, rma_iov, rma_iov_count, context, data }
        fi_ops_rma { size, read, readv, readmsg, write, writev, writemsg }
        fi_ops_cm { size, setname, getname, getpeer, connect, listen, accept, reject, shutdown }
        fid_ep { fid, ops, cm, msg, rma }
        fid_pep { fid, ops, cm }
        fi_eq_attr { size, flags, wait_obj, signaling_vector, wait_set }
        fi_wait_pollfd { change_index, nfds, fd }
        fi_eq_err_entry { fid, context, data, err, prov_errno, err_data, err_data_size }
        fi_eq_cm_entry { fid, info }
        fi_ops_eq { size, read, readerr, write, sread, strerror }
        fid_eq { fid, ops }
        fi_cq_data_entry { op_context, flags, len, buf, data }
        fi_cq_err_entry { op_context, flags, len, buf, data, tag, olen, err, prov_errno, err_data, err_data_size }
        fi_cq_attr { size, flags, format, wait_obj, signaling_vector, wait_cond, wait_set }
        fi_ops_cq { size, read, readfrom, readerr, sread, sreadfrom, signal, strerror }
        fid_cq { fid, ops }
        fi_context2 { internal }
    };
    all.extend(constants! { ffi,
        FI_MSG FI_RMA FI_READ FI_WRITE FI_RECV FI_SEND FI_TRANSMIT FI_REMOTE_READ FI_REMOTE_WRITE FI_MULTI_RECV
        FI_COMPLETION FI_DELIVERY_COMPLETE FI_CONTEXT FI_CONTEXT2 FI_ASYNC_IOV FI_RX_CQ_DATA FI_ORDER_SAS FI_MR_LOCAL
        FI_MR_VIRT_ADDR FI_MR_ALLOCATED FI_MR_PROV_KEY FI_MR_ENDPOINT FI_EP_MSG FI_EP_RDM FI_THREAD_DOMAIN
        FI_RM_ENABLED FI_SHARED_CONTEXT FI_ADDR_UNSPEC FI_GETWAIT FI_ENABLE FI_OPT_ENDPOINT FI_OPT_MIN_MULTI_RECV
        FI_OPT_CM_DATA_SIZE FI_WAIT_NONE FI_WAIT_FD FI_WAIT_POLLFD FI_ETOOSMALL FI_CQ_FORMAT_DATA FI_CONNREQ FI_CONNECTED FI_SHUTDOWN FI_EAVAIL
        FI_ETRUNC FI_ENOKEY
    });
    all
}

#[test]
fn the_types_are_those_of_the_installed_headers() {
    let headers = [
        "rdma/fabric.h",
        "rdma/fi_cm.h",
        "rdma/fi_domain.h",
        "rdma/fi_endpoint.h",
        "rdma/fi_eq.h",
        "rdma/fi_errno.h",
        "rdma/fi_rma.h",
    ];
    headers::agree("libfabric", "libfabric-dev", &headers, &ours());
}
