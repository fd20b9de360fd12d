//! Messages between two ranks (MPI 5.0, sections 3.2 to 3.11).

use std::ffi::{c_int, c_void};

use olympi_comm::raw::SendMode;

use crate::constants::{MPI_ERR_ARG, MPI_ERR_REQUEST};
use crate::fault::{Fault, Outcome, anywhere};
use crate::handle::Table;
use crate::object::{flag, put, too_many};
use crate::requests::{self, RequestObject};
use crate::types::{Comm, Datatype, Message, Number, Request, Status};

pub use crate::buffers::*;

macro_rules! sends {
    ($($mode:ident: $send:ident $isend:ident $init:ident, $name:literal $iname:literal $init_name:literal;)*) => {$(
        #[doc = concat!("`", $name, "`")]
        ///
        /// # Safety
        /// The elements may be read, and are initialized.
        #[inline]
        pub unsafe fn $send<N: Number>(
            buffer: *const c_void, count: N, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm,
        ) -> c_int {
            comm.call($name, |object| {
                let data = datatype.get()?.raw(buffer, count)?;
                // SAFETY: the caller's promise.
                Ok(unsafe { object.comm.send_raw(SendMode::$mode, &data, dest, tag) }?)
            })
        }

        #[doc = concat!("`", $iname, "`")]
        ///
        /// # Safety
        /// The same until the request is over, and the request has a place.
        #[inline]
        pub unsafe fn $isend<N: Number>(
            buffer: *const c_void, count: N, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm,
            request: *mut Request,
        ) -> c_int {
            comm.call($iname, |object| {
                let data = datatype.get()?.raw(buffer, count)?;
                // SAFETY: the caller's promise.
                let begun = unsafe { object.comm.isend_raw(SendMode::$mode, &data, dest, tag) }?;
                // SAFETY: as above.
                unsafe { requests::give(comm, begun, request) }
            })
        }

        #[doc = concat!("`", $init_name, "`")]
        ///
        /// # Safety
        /// The same from each start, and the request has a place.
        pub unsafe fn $init<N: Number>(
            buffer: *const c_void, count: N, datatype: Datatype, dest: c_int, tag: c_int, comm: Comm,
            request: *mut Request,
        ) -> c_int {
            comm.call($init_name, |object| {
                let data = datatype.get()?.raw(buffer, count)?;
                // SAFETY: the caller's promise.
                let made = unsafe { object.comm.send_raw_init(SendMode::$mode, &data, dest, tag) }?;
                // SAFETY: as above.
                unsafe { requests::give(comm, made, request) }
            })
        }
    )*};
}

sends! {
    Standard: send isend send_init, "MPI_Send" "MPI_Isend" "MPI_Send_init";
    Buffered: bsend ibsend bsend_init, "MPI_Bsend" "MPI_Ibsend" "MPI_Bsend_init";
    Synchronous: ssend issend ssend_init, "MPI_Ssend" "MPI_Issend" "MPI_Ssend_init";
    Ready: rsend irsend rsend_init, "MPI_Rsend" "MPI_Irsend" "MPI_Rsend_init";
}

/// `MPI_Recv`
///
/// # Safety
/// The elements may be written; the status is null or may be.
#[inline]
pub unsafe fn recv<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    status: *mut Status,
) -> c_int {
    comm.call("MPI_Recv", |object| {
        let into = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        match unsafe { object.comm.recv_raw(&into, source, tag) } {
            // SAFETY: as above.
            Ok(known) => unsafe { Status::put(status, &known) },
            // SAFETY: as above.
            Err(error) => unsafe { requests::put_failed(status, &error.into()) }?,
        }
        Ok(())
    })
}

/// `MPI_Irecv`
///
/// # Safety
/// The elements may be written until the request is over, and the request has a place.
#[inline]
pub unsafe fn irecv<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Irecv", |object| {
        let into = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        let begun = unsafe { object.comm.irecv_raw(&into, source, tag) }?;
        // SAFETY: as above.
        unsafe { requests::give(comm, begun, request) }
    })
}

/// `MPI_Recv_init`
///
/// # Safety
/// The elements may be written from each start, and the request has a place.
pub unsafe fn recv_init<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    source: c_int,
    tag: c_int,
    comm: Comm,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Recv_init", |object| {
        let into = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        let made = unsafe { object.comm.recv_raw_init(&into, source, tag) }?;
        // SAFETY: as above.
        unsafe { requests::give(comm, made, request) }
    })
}

/// `MPI_Sendrecv`
///
/// # Safety
/// The elements to send may be read and are initialized, those to receive may be written, and do not overlap the others; the
/// status is null or may be written.
pub unsafe fn sendrecv<N: Number>(
    send_buffer: *const c_void,
    send_count: N,
    send_type: Datatype,
    dest: c_int,
    send_tag: c_int,
    recv_buffer: *mut c_void,
    recv_count: N,
    recv_type: Datatype,
    source: c_int,
    recv_tag: c_int,
    comm: Comm,
    status: *mut Status,
) -> c_int {
    comm.call("MPI_Sendrecv", |object| {
        let data = send_type.get()?.raw(send_buffer, send_count)?;
        let into = recv_type.get()?.raw(recv_buffer, recv_count)?;
        // SAFETY: the caller's promise.
        unsafe {
            match object.comm.sendrecv_raw(&data, dest, send_tag, &into, source, recv_tag) {
                Ok(known) => Status::put(status, &known),
                Err(error) => requests::put_failed(status, &error)?,
            }
        }
        Ok(())
    })
}

/// `MPI_Sendrecv_replace`
///
/// # Safety
/// The elements may be read and written, and are initialized; the status is null or may be written.
pub unsafe fn sendrecv_replace<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    dest: c_int,
    send_tag: c_int,
    source: c_int,
    recv_tag: c_int,
    comm: Comm,
    status: *mut Status,
) -> c_int {
    comm.call("MPI_Sendrecv_replace", |object| {
        let data = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        unsafe {
            match object.comm.sendrecv_replace_raw(&data, dest, send_tag, source, recv_tag) {
                Ok(known) => Status::put(status, &known),
                Err(error) => requests::put_failed(status, &error)?,
            }
        }
        Ok(())
    })
}

/// `MPI_Isendrecv`: both at once, in one request.
///
/// # Safety
/// As for [`sendrecv`], until the request is over; the request has a place.
pub unsafe fn isendrecv<N: Number>(
    send_buffer: *const c_void,
    send_count: N,
    send_type: Datatype,
    dest: c_int,
    send_tag: c_int,
    recv_buffer: *mut c_void,
    recv_count: N,
    recv_type: Datatype,
    source: c_int,
    recv_tag: c_int,
    comm: Comm,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Isendrecv", |object| {
        let data = send_type.get()?.raw(send_buffer, send_count)?;
        let into = recv_type.get()?.raw(recv_buffer, recv_count)?;
        // SAFETY: the caller's promise.
        unsafe {
            let mut receive = object.comm.irecv_raw(&into, source, recv_tag)?;
            match object.comm.isend_raw(SendMode::Standard, &data, dest, send_tag) {
                Ok(send) => requests::give_both(comm, receive, send, request),
                Err(error) => {
                    receive.cancel()?;
                    Err(error.into())
                }
            }
        }
    })
}

/// `MPI_Isendrecv_replace`
///
/// # Safety
/// As for [`sendrecv_replace`], until the request is over; the request has a place.
pub unsafe fn isendrecv_replace<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    dest: c_int,
    send_tag: c_int,
    source: c_int,
    recv_tag: c_int,
    comm: Comm,
    request: *mut Request,
) -> c_int {
    comm.call("MPI_Isendrecv_replace", |object| {
        let data = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise; what is sent is a copy, which the operation keeps.
        unsafe {
            let send = object.comm.isend_raw_copy(&data, dest, send_tag)?;
            let receive = object.comm.irecv_raw(&data, source, recv_tag)?;
            requests::give_both(comm, receive, send, request)
        }
    })
}

/// `MPI_Probe`
///
/// # Safety
/// The status is null or may be written.
pub unsafe fn probe(source: c_int, tag: c_int, comm: Comm, status: *mut Status) -> c_int {
    comm.call("MPI_Probe", |object| {
        let known = object.comm.probe(source, tag)?;
        // SAFETY: the caller's promise.
        unsafe { Status::put(status, &known) };
        Ok(())
    })
}

/// `MPI_Iprobe`
///
/// # Safety
/// The flag has a place, the status is null or may be written.
pub unsafe fn iprobe(source: c_int, tag: c_int, comm: Comm, found: *mut c_int, status: *mut Status) -> c_int {
    comm.call("MPI_Iprobe", |object| {
        let known = object.comm.iprobe(source, tag)?;
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(known) = &known {
                Status::put(status, known);
            }
            put(found, flag(known.is_some()))
        }
    })
}

/// Messages that were taken out of the queue.
static MESSAGES: Table<(Comm, olympi_comm::Message)> = Table::new(6);

impl Message {
    fn make(comm: Comm, message: olympi_comm::Message) -> Outcome<Self> {
        if message.status().source() == olympi_comm::PROC_NULL {
            return Ok(Self::NO_PROC);
        }
        MESSAGES.insert((comm, message)).map(Self).ok_or_else(too_many)
    }
}

/// `MPI_Mprobe`
///
/// # Safety
/// The message has a place, the status is null or may be written.
pub unsafe fn mprobe(
    source: c_int,
    tag: c_int,
    comm: Comm,
    message: *mut Message,
    status: *mut Status,
) -> c_int {
    comm.call("MPI_Mprobe", |object| {
        let taken = object.comm.mprobe(source, tag)?;
        // SAFETY: the caller's promise.
        unsafe {
            Status::put(status, &taken.status());
            put(message, Message::make(comm, taken)?)
        }
    })
}

/// `MPI_Improbe`
///
/// # Safety
/// The flag and the message have places, the status is null or may be written.
pub unsafe fn improbe(
    source: c_int,
    tag: c_int,
    comm: Comm,
    found: *mut c_int,
    message: *mut Message,
    status: *mut Status,
) -> c_int {
    comm.call("MPI_Improbe", |object| {
        let taken = object.comm.improbe(source, tag)?;
        // SAFETY: the caller's promise.
        unsafe {
            put(found, flag(taken.is_some()))?;
            let Some(taken) = taken else { return Ok(()) };
            Status::put(status, &taken.status());
            put(message, Message::make(comm, taken)?)
        }
    })
}

/// Takes a message out of its place in the program; `None`: it is that of `MPI_PROC_NULL`.
unsafe fn taken(message: *mut Message) -> Outcome<Option<(Comm, olympi_comm::Message)>> {
    // SAFETY: the caller's promise: null, or a handle that may be read and written.
    let handle = unsafe { message.as_mut() }
        .ok_or_else(|| Fault::new(MPI_ERR_ARG, "the place of the message is NULL"))?;
    let found = match *handle {
        Message::NO_PROC => None,
        Message(number) => Some(MESSAGES.remove(number).ok_or_else(|| {
            Fault::new(MPI_ERR_REQUEST, format!("{number:#x} is no message, or one that was received"))
        })?),
    };
    *handle = Message::NULL;
    Ok(found)
}

/// `MPI_Mrecv`
///
/// # Safety
/// The elements may be written; the message may be read and written, and the status is null or may be written.
pub unsafe fn mrecv<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    message: *mut Message,
    status: *mut Status,
) -> c_int {
    anywhere("MPI_Mrecv", || {
        let into = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        unsafe {
            let Some((_, taken)) = taken(message)? else {
                requests::put_proc_null(status);
                return Ok(());
            };
            match taken.recv_raw(&into) {
                Ok(known) => Status::put(status, &known),
                Err(error) => requests::put_failed(status, &error.into())?,
            }
        }
        Ok(())
    })
}

/// `MPI_Imrecv`
///
/// # Safety
/// The elements may be written until the request is over; the message may be read and written, and the request has a place.
pub unsafe fn imrecv<N: Number>(
    buffer: *mut c_void,
    count: N,
    datatype: Datatype,
    message: *mut Message,
    request: *mut Request,
) -> c_int {
    anywhere("MPI_Imrecv", || {
        let into = datatype.get()?.raw(buffer, count)?;
        // SAFETY: the caller's promise.
        unsafe {
            match taken(message)? {
                None => put(request, RequestObject::of_proc_null()?),
                Some((comm, taken)) => requests::give(comm, taken.irecv_raw(&into)?, request),
            }
        }
    })
}
