//! What a work completion's status means, in words.

/// The status in words, with what it mostly comes from.
pub(crate) fn words(status: u32) -> &'static str {
    match status {
        0 => "success",
        1 => "local length error: a message was longer than the buffer for it",
        2 => "local queue pair operation error: the queue pair or its request is inconsistent",
        4 => "local protection error: the memory of the request is not registered as it must be",
        5 => "flushed: the queue pair had failed before",
        6 => "memory window bind error",
        7 => "bad response: the peer's device answered what makes no sense",
        8 => "local access error: a buffer may not be written",
        9 => "remote invalid request: the peer's device refuses this kind of operation or its length",
        10 => "remote access error: the peer's memory is not registered for this access",
        11 => "remote operation error: the peer's device could not complete it",
        12 => {
            "transport retries exceeded: the peer's device does not answer; its process or host is gone, the cable is \
             out, or the network loses packets (RoCE: check flow control and the MTU of both ends)"
        }
        13 => "receiver-not-ready retries exceeded: the peer posts no receive buffers",
        16 => "remote aborted: the peer's queue pair was reset",
        19 => "fatal error: the device has failed",
        20 => "response timeout",
        21 => "general error",
        _ => "unknown status",
    }
}

/// An asynchronous event in words.
pub(crate) fn event(kind: u32) -> &'static str {
    use crate::ffi::{
        IBV_EVENT_COMM_EST, IBV_EVENT_CQ_ERR, IBV_EVENT_DEVICE_FATAL, IBV_EVENT_PORT_ACTIVE,
        IBV_EVENT_PORT_ERR, IBV_EVENT_QP_ACCESS_ERR, IBV_EVENT_QP_FATAL, IBV_EVENT_QP_REQ_ERR,
        IBV_EVENT_SRQ_ERR, IBV_EVENT_SRQ_LIMIT_REACHED,
    };
    match kind {
        IBV_EVENT_CQ_ERR => "a completion queue overflowed",
        IBV_EVENT_QP_FATAL => "a queue pair failed",
        IBV_EVENT_QP_REQ_ERR => "a peer sent an invalid request",
        IBV_EVENT_QP_ACCESS_ERR => "a peer tried to reach memory that is not registered for it",
        IBV_EVENT_COMM_EST => "a connection was established",
        IBV_EVENT_DEVICE_FATAL => "the device failed or was removed",
        IBV_EVENT_PORT_ACTIVE => "the port came up",
        IBV_EVENT_PORT_ERR => "the port went down",
        IBV_EVENT_SRQ_ERR => "the shared receive queue failed",
        IBV_EVENT_SRQ_LIMIT_REACHED => "the shared receive queue runs low",
        _ => "an event",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_words() {
        assert!(words(12).contains("does not answer"));
        assert!((0..=21).filter(|s| ![3, 14, 15, 17, 18].contains(s)).all(|s| words(s) != "unknown status"));
        assert!(event(8).contains("removed"));
    }
}
