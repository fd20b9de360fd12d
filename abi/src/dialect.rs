//! How functions of the program are called: with handles of the ABI that the program was built for.
//!
//! The library of the standard ABI calls them with what this crate knows; that of another ABI translates, and sets its own
//! [`Dialect`] before anything else is called.

use std::ffi::{c_int, c_void};
use std::sync::OnceLock;

use crate::types::{Comm, Count, Datatype, File, Session, Status, Win};

/// How functions of the program are called. All are `unsafe`: the function (its address comes first) has been given by the
/// program for this very purpose.
pub struct Dialect {
    /// `MPI_Comm_errhandler_function`
    pub comm_error: unsafe fn(usize, Comm, c_int),
    /// `MPI_Session_errhandler_function`
    pub session_error: unsafe fn(usize, Session, c_int),
    /// `MPI_File_errhandler_function`
    pub file_error: unsafe fn(usize, File, c_int),
    /// `MPI_Win_errhandler_function`
    pub win_error: unsafe fn(usize, Win, c_int),
    /// `MPI_User_function`: input, result, how many, of which datatype.
    pub user_op: unsafe fn(usize, *mut c_void, *mut c_void, c_int, Datatype),
    /// `MPI_User_function_c`
    pub user_op_c: unsafe fn(usize, *mut c_void, *mut c_void, Count, Datatype),
    /// `MPI_Comm_copy_attr_function`: communicator, keyval, extra state, value, place for the new value, flag.
    pub comm_copy: unsafe fn(usize, Comm, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int,
    /// `MPI_Comm_delete_attr_function`
    pub comm_delete: unsafe fn(usize, Comm, c_int, *mut c_void, *mut c_void) -> c_int,
    /// `MPI_Type_copy_attr_function`
    pub type_copy:
        unsafe fn(usize, Datatype, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int,
    /// `MPI_Type_delete_attr_function`
    pub type_delete: unsafe fn(usize, Datatype, c_int, *mut c_void, *mut c_void) -> c_int,
    /// `MPI_Win_delete_attr_function`. One that copies is never called, since windows have no duplicates.
    pub win_delete: unsafe fn(usize, Win, c_int, *mut c_void, *mut c_void) -> c_int,
    /// `MPI_Grequest_query_function`
    pub grequest_query: unsafe fn(usize, *mut c_void, *mut Status) -> c_int,
    /// `MPI_Grequest_free_function`
    pub grequest_free: unsafe fn(usize, *mut c_void) -> c_int,
    /// `MPI_Grequest_cancel_function`
    pub grequest_cancel: unsafe fn(usize, *mut c_void, c_int) -> c_int,
    /// Writes a communicator where the program has a place for one, as wide as its handles are. This is for calls that
    /// write it when their request is over, and so to the program's own place.
    pub late_comm: unsafe fn(*mut c_void, Comm),
}

static DIALECT: OnceLock<Dialect> = OnceLock::new();

/// The one that is spoken.
pub fn dialect() -> &'static Dialect {
    DIALECT.get().unwrap_or(&STANDARD)
}

/// Speaks another one from here on; the first that is set stays.
pub fn speak(dialect: Dialect) {
    // Whoever sets it twice sets the same.
    let _ = DIALECT.set(dialect);
}

type Copy<H> = unsafe extern "C" fn(H, c_int, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> c_int;
type Delete<H> = unsafe extern "C" fn(H, c_int, *mut c_void, *mut c_void) -> c_int;

/// Calls the function at an address.
macro_rules! called {
    ($address:expr, $type:ty, $($arg:expr),*) => {{
        // SAFETY: the program has given the address as that of such a function, as the caller of the dialect promises.
        let function = unsafe { std::mem::transmute::<usize, $type>($address) };
        // SAFETY: as above.
        unsafe { function($($arg),*) }
    }};
}

/// That of the standard ABI: handles as they are. Functions that take variable arguments in C are given none beyond those
/// that have names.
static STANDARD: Dialect = Dialect {
    comm_error: |function, mut comm, mut code| {
        called!(function, unsafe extern "C" fn(*mut Comm, *mut c_int, ...), &raw mut comm, &raw mut code);
    },
    session_error: |function, mut session, mut code| {
        called!(
            function,
            unsafe extern "C" fn(*mut Session, *mut c_int, ...),
            &raw mut session,
            &raw mut code
        );
    },
    file_error: |function, mut file, mut code| {
        called!(function, unsafe extern "C" fn(*mut File, *mut c_int, ...), &raw mut file, &raw mut code);
    },
    win_error: |function, mut win, mut code| {
        called!(function, unsafe extern "C" fn(*mut Win, *mut c_int, ...), &raw mut win, &raw mut code);
    },
    user_op: |function, input, inout, mut len, mut datatype| {
        type Function = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut c_int, *mut Datatype);
        called!(function, Function, input, inout, &raw mut len, &raw mut datatype);
    },
    user_op_c: |function, input, inout, mut len, mut datatype| {
        type Function = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut Count, *mut Datatype);
        called!(function, Function, input, inout, &raw mut len, &raw mut datatype);
    },
    comm_copy: |function, comm, keyval, extra, value, new, flag| {
        called!(function, Copy<Comm>, comm, keyval, extra, value, new, flag)
    },
    comm_delete: |function, comm, keyval, value, extra| {
        called!(function, Delete<Comm>, comm, keyval, value, extra)
    },
    type_copy: |function, datatype, keyval, extra, value, new, flag| {
        called!(function, Copy<Datatype>, datatype, keyval, extra, value, new, flag)
    },
    type_delete: |function, datatype, keyval, value, extra| {
        called!(function, Delete<Datatype>, datatype, keyval, value, extra)
    },
    win_delete: |function, win, keyval, value, extra| {
        called!(function, Delete<Win>, win, keyval, value, extra)
    },
    grequest_free: |function, extra| called!(function, unsafe extern "C" fn(*mut c_void) -> c_int, extra),
    grequest_cancel: |function, extra, over| {
        called!(function, unsafe extern "C" fn(*mut c_void, c_int) -> c_int, extra, over)
    },
    grequest_query: |function, extra, status| {
        called!(function, unsafe extern "C" fn(*mut c_void, *mut Status) -> c_int, extra, status)
    },
    late_comm: |place, comm| {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<Comm>().write(comm) };
    },
};
