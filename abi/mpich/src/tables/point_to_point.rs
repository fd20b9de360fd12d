//! Messages between two ranks (MPI 5.0, sections 3.2 to 3.11).

use std::ffi::{c_int, c_void};

use olympi_abi::types::Count;

use crate::codes::Code;
use crate::constants::{BufferMut, BufferPlace, Rank, Tag};
use crate::handles::{Comm, Datatype, Message, Request, Session};
use crate::statuses::Status;

export! {
    // Blocking sends.
    MPI_Send PMPI_Send = point_to_point::send(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Send_c PMPI_Send_c = point_to_point::send(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Bsend PMPI_Bsend = point_to_point::bsend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Bsend_c PMPI_Bsend_c = point_to_point::bsend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Ssend PMPI_Ssend = point_to_point::ssend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Ssend_c PMPI_Ssend_c = point_to_point::ssend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Rsend PMPI_Rsend = point_to_point::rsend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;
    MPI_Rsend_c PMPI_Rsend_c = point_to_point::rsend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm) -> Code;

    // Nonblocking sends.
    MPI_Isend PMPI_Isend = point_to_point::isend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Isend_c PMPI_Isend_c = point_to_point::isend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ibsend PMPI_Ibsend = point_to_point::ibsend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ibsend_c PMPI_Ibsend_c = point_to_point::ibsend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Issend PMPI_Issend = point_to_point::issend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Issend_c PMPI_Issend_c = point_to_point::issend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Irsend PMPI_Irsend = point_to_point::irsend(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Irsend_c PMPI_Irsend_c = point_to_point::irsend(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;

    // Persistent sends.
    MPI_Send_init PMPI_Send_init = point_to_point::send_init(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Send_init_c PMPI_Send_init_c = point_to_point::send_init(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Bsend_init PMPI_Bsend_init = point_to_point::bsend_init(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Bsend_init_c PMPI_Bsend_init_c = point_to_point::bsend_init(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ssend_init PMPI_Ssend_init = point_to_point::ssend_init(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Ssend_init_c PMPI_Ssend_init_c = point_to_point::ssend_init(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Rsend_init PMPI_Rsend_init = point_to_point::rsend_init(
        buf: *const c_void, count: c_int, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Rsend_init_c PMPI_Rsend_init_c = point_to_point::rsend_init(
        buf: *const c_void, count: Count, datatype: Datatype, dest: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;

    // Receives.
    MPI_Recv PMPI_Recv = point_to_point::recv(
        buf: *mut c_void, count: c_int, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        status: *mut Status) -> Code;
    MPI_Recv_c PMPI_Recv_c = point_to_point::recv(
        buf: *mut c_void, count: Count, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        status: *mut Status) -> Code;
    MPI_Irecv PMPI_Irecv = point_to_point::irecv(
        buf: *mut c_void, count: c_int, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Irecv_c PMPI_Irecv_c = point_to_point::irecv(
        buf: *mut c_void, count: Count, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Recv_init PMPI_Recv_init = point_to_point::recv_init(
        buf: *mut c_void, count: c_int, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Recv_init_c PMPI_Recv_init_c = point_to_point::recv_init(
        buf: *mut c_void, count: Count, datatype: Datatype, source: Rank, tag: Tag, comm: Comm,
        request: *mut Request) -> Code;

    // Probes, and receives of what they matched.
    MPI_Probe PMPI_Probe = point_to_point::probe(
        source: Rank, tag: Tag, comm: Comm, status: *mut Status) -> Code;
    MPI_Iprobe PMPI_Iprobe = point_to_point::iprobe(
        source: Rank, tag: Tag, comm: Comm, flag: *mut c_int, status: *mut Status) -> Code;
    MPI_Mprobe PMPI_Mprobe = point_to_point::mprobe(
        source: Rank, tag: Tag, comm: Comm, message: *mut Message, status: *mut Status) -> Code;
    MPI_Improbe PMPI_Improbe = point_to_point::improbe(
        source: Rank, tag: Tag, comm: Comm, flag: *mut c_int, message: *mut Message,
        status: *mut Status) -> Code;
    MPI_Mrecv PMPI_Mrecv = point_to_point::mrecv(
        buf: *mut c_void, count: c_int, datatype: Datatype, message: *mut Message,
        status: *mut Status) -> Code;
    MPI_Mrecv_c PMPI_Mrecv_c = point_to_point::mrecv(
        buf: *mut c_void, count: Count, datatype: Datatype, message: *mut Message,
        status: *mut Status) -> Code;
    MPI_Imrecv PMPI_Imrecv = point_to_point::imrecv(
        buf: *mut c_void, count: c_int, datatype: Datatype, message: *mut Message,
        request: *mut Request) -> Code;
    MPI_Imrecv_c PMPI_Imrecv_c = point_to_point::imrecv(
        buf: *mut c_void, count: Count, datatype: Datatype, message: *mut Message,
        request: *mut Request) -> Code;

    // Sends and receives in one.
    MPI_Sendrecv PMPI_Sendrecv = point_to_point::sendrecv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, dest: Rank, sendtag: Tag,
        recvbuf: *mut c_void, recvcount: c_int, recvtype: Datatype, source: Rank, recvtag: Tag, comm: Comm,
        status: *mut Status) -> Code;
    MPI_Sendrecv_c PMPI_Sendrecv_c = point_to_point::sendrecv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, dest: Rank, sendtag: Tag,
        recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, source: Rank, recvtag: Tag, comm: Comm,
        status: *mut Status) -> Code;
    MPI_Sendrecv_replace PMPI_Sendrecv_replace = point_to_point::sendrecv_replace(
        buf: *mut c_void, count: c_int, datatype: Datatype, dest: Rank, sendtag: Tag, source: Rank,
        recvtag: Tag, comm: Comm, status: *mut Status) -> Code;
    MPI_Sendrecv_replace_c PMPI_Sendrecv_replace_c = point_to_point::sendrecv_replace(
        buf: *mut c_void, count: Count, datatype: Datatype, dest: Rank, sendtag: Tag, source: Rank,
        recvtag: Tag, comm: Comm, status: *mut Status) -> Code;
    MPI_Isendrecv PMPI_Isendrecv = point_to_point::isendrecv(
        sendbuf: *const c_void, sendcount: c_int, sendtype: Datatype, dest: Rank, sendtag: Tag,
        recvbuf: *mut c_void, recvcount: c_int, recvtype: Datatype, source: Rank, recvtag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Isendrecv_c PMPI_Isendrecv_c = point_to_point::isendrecv(
        sendbuf: *const c_void, sendcount: Count, sendtype: Datatype, dest: Rank, sendtag: Tag,
        recvbuf: *mut c_void, recvcount: Count, recvtype: Datatype, source: Rank, recvtag: Tag, comm: Comm,
        request: *mut Request) -> Code;
    MPI_Isendrecv_replace PMPI_Isendrecv_replace = point_to_point::isendrecv_replace(
        buf: *mut c_void, count: c_int, datatype: Datatype, dest: Rank, sendtag: Tag, source: Rank,
        recvtag: Tag, comm: Comm, request: *mut Request) -> Code;
    MPI_Isendrecv_replace_c PMPI_Isendrecv_replace_c = point_to_point::isendrecv_replace(
        buf: *mut c_void, count: Count, datatype: Datatype, dest: Rank, sendtag: Tag, source: Rank,
        recvtag: Tag, comm: Comm, request: *mut Request) -> Code;

    // Buffers for buffered sends: of the process, of a communicator, of a session.
    MPI_Buffer_attach PMPI_Buffer_attach = point_to_point::buffer_attach(
        buffer: BufferMut, size: c_int) -> Code;
    MPI_Buffer_attach_c PMPI_Buffer_attach_c = point_to_point::buffer_attach(
        buffer: BufferMut, size: Count) -> Code;
    MPI_Buffer_detach PMPI_Buffer_detach = point_to_point::buffer_detach(
        buffer_addr: BufferPlace, size: *mut c_int) -> Code;
    MPI_Buffer_detach_c PMPI_Buffer_detach_c = point_to_point::buffer_detach(
        buffer_addr: BufferPlace, size: *mut Count) -> Code;
    MPI_Buffer_flush PMPI_Buffer_flush = point_to_point::buffer_flush() -> Code;
    MPI_Buffer_iflush PMPI_Buffer_iflush = point_to_point::buffer_iflush(request: *mut Request) -> Code;
    MPI_Comm_attach_buffer PMPI_Comm_attach_buffer = point_to_point::comm_attach_buffer(
        comm: Comm, buffer: BufferMut, size: c_int) -> Code;
    MPI_Comm_attach_buffer_c PMPI_Comm_attach_buffer_c = point_to_point::comm_attach_buffer(
        comm: Comm, buffer: BufferMut, size: Count) -> Code;
    MPI_Comm_detach_buffer PMPI_Comm_detach_buffer = point_to_point::comm_detach_buffer(
        comm: Comm, buffer_addr: BufferPlace, size: *mut c_int) -> Code;
    MPI_Comm_detach_buffer_c PMPI_Comm_detach_buffer_c = point_to_point::comm_detach_buffer(
        comm: Comm, buffer_addr: BufferPlace, size: *mut Count) -> Code;
    MPI_Comm_flush_buffer PMPI_Comm_flush_buffer = point_to_point::comm_flush_buffer(comm: Comm) -> Code;
    MPI_Comm_iflush_buffer PMPI_Comm_iflush_buffer = point_to_point::comm_iflush_buffer(
        comm: Comm, request: *mut Request) -> Code;
    MPI_Session_attach_buffer PMPI_Session_attach_buffer = point_to_point::session_attach_buffer(
        session: Session, buffer: BufferMut, size: c_int) -> Code;
    MPI_Session_attach_buffer_c PMPI_Session_attach_buffer_c = point_to_point::session_attach_buffer(
        session: Session, buffer: BufferMut, size: Count) -> Code;
    MPI_Session_detach_buffer PMPI_Session_detach_buffer = point_to_point::session_detach_buffer(
        session: Session, buffer_addr: BufferPlace, size: *mut c_int) -> Code;
    MPI_Session_detach_buffer_c PMPI_Session_detach_buffer_c = point_to_point::session_detach_buffer(
        session: Session, buffer_addr: BufferPlace, size: *mut Count) -> Code;
    MPI_Session_flush_buffer PMPI_Session_flush_buffer = point_to_point::session_flush_buffer(
        session: Session) -> Code;
    MPI_Session_iflush_buffer PMPI_Session_iflush_buffer = point_to_point::session_iflush_buffer(
        session: Session, request: *mut Request) -> Code;
}
