//! Functions of the program: they are called with MPICH's handles, and their error codes are MPICH's.

use std::ffi::{c_int, c_void};

use olympi_abi::dialect::{self, Dialect};
use olympi_abi::types;

use crate::arguments::Translated;
use crate::codes::{Code, SUCCESS};
use crate::constants::Keyval;
use crate::handles::{Comm, Datatype, File, Session, Win};
use crate::statuses::Status;

/// Runs when the library is loaded: programs may give functions away before `MPI_Init`.
#[used]
#[unsafe(link_section = ".init_array")]
static SPEAK: extern "C" fn() = {
    extern "C" fn speak() {
        dialect::speak(MPICH);
    }
    speak
};

/// `MPI_DUP_FN`, which is a function in MPICH: copies the value of an attribute.
///
/// # Safety
/// What MPI asks of who calls a function that copies attributes.
#[unsafe(no_mangle)]
pub(crate) unsafe extern "C" fn MPIR_Dup_fn(
    _object: c_int,
    _keyval: c_int,
    _extra_state: *mut c_void,
    value: *mut c_void,
    copy: *mut c_void,
    flag: *mut c_int,
) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        copy.cast::<*mut c_void>().write(value);
        flag.write(1);
    }
    SUCCESS
}

type Handler<H> = unsafe extern "C" fn(*mut H, *mut Code, ...);
type Operation<N> = unsafe extern "C" fn(*mut c_void, *mut c_void, *mut N, *mut Datatype);
type Copy<H> = unsafe extern "C" fn(H, Keyval, *mut c_void, *mut c_void, *mut c_void, *mut c_int) -> Code;
type Delete<H> = unsafe extern "C" fn(H, Keyval, *mut c_void, *mut c_void) -> Code;
type Free = unsafe extern "C" fn(*mut c_void) -> Code;
type Cancel = unsafe extern "C" fn(*mut c_void, c_int) -> Code;
type Query = unsafe extern "C" fn(*mut c_void, *mut Status) -> Code;

/// Calls the function at an address.
macro_rules! called {
    ($address:expr, $type:ty, $($arg:expr),*) => {{
        // SAFETY: the program has given the address as that of such a function, as the caller of the dialect promises.
        let function = unsafe { std::mem::transmute::<usize, $type>($address) };
        // SAFETY: as above.
        unsafe { function($($arg),*) }
    }};
}

/// How functions are called that were compiled with MPICH's `mpi.h`.
const MPICH: Dialect = Dialect {
    comm_error: |function, comm, code| {
        let (mut comm, mut code) = (Comm::from_core(comm), Code::from_core(code));
        called!(function, Handler<Comm>, &raw mut comm, &raw mut code);
    },
    session_error: |function, session, code| {
        let (mut session, mut code) = (Session::from_core(session), Code::from_core(code));
        called!(function, Handler<Session>, &raw mut session, &raw mut code);
    },
    file_error: |function, file, code| {
        let (mut file, mut code) = (File::from_core(file), Code::from_core(code));
        called!(function, Handler<File>, &raw mut file, &raw mut code);
    },
    win_error: |function, win, code| {
        let (mut win, mut code) = (Win::from_core(win), Code::from_core(code));
        called!(function, Handler<Win>, &raw mut win, &raw mut code);
    },
    user_op: |function, input, inout, mut len, datatype| {
        let mut datatype = Datatype::from_core(datatype);
        called!(function, Operation<c_int>, input, inout, &raw mut len, &raw mut datatype);
    },
    user_op_c: |function, input, inout, mut len, datatype| {
        let mut datatype = Datatype::from_core(datatype);
        called!(function, Operation<types::Count>, input, inout, &raw mut len, &raw mut datatype);
    },
    comm_copy: |function, comm, keyval, extra, value, new, flag| {
        let (comm, keyval) = (Comm::from_core(comm), Keyval::from_core(keyval));
        called!(function, Copy<Comm>, comm, keyval, extra, value, new, flag).to_core()
    },
    comm_delete: |function, comm, keyval, value, extra| {
        let (comm, keyval) = (Comm::from_core(comm), Keyval::from_core(keyval));
        called!(function, Delete<Comm>, comm, keyval, value, extra).to_core()
    },
    type_copy: |function, datatype, keyval, extra, value, new, flag| {
        let (datatype, keyval) = (Datatype::from_core(datatype), Keyval::from_core(keyval));
        called!(function, Copy<Datatype>, datatype, keyval, extra, value, new, flag).to_core()
    },
    type_delete: |function, datatype, keyval, value, extra| {
        let (datatype, keyval) = (Datatype::from_core(datatype), Keyval::from_core(keyval));
        called!(function, Delete<Datatype>, datatype, keyval, value, extra).to_core()
    },
    win_delete: |function, win, keyval, value, extra| {
        let (win, keyval) = (Win::from_core(win), Keyval::from_core(keyval));
        called!(function, Delete<Win>, win, keyval, value, extra).to_core()
    },
    grequest_free: |function, extra| called!(function, Free, extra).to_core(),
    grequest_cancel: |function, extra, over| called!(function, Cancel, extra, over).to_core(),
    grequest_query: |function, extra, status| {
        // SAFETY: one of the core's.
        let core = unsafe { &mut *status };
        let mut status = Status::from_core(core);
        let code = called!(function, Query, extra, &raw mut status);
        *core = status.to_core();
        code.to_core()
    },
    late_comm: |place, comm| {
        // SAFETY: the caller's promise.
        unsafe { place.cast::<Comm>().write(Comm::from_core(comm)) };
    },
};

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn query(extra: *mut c_void, status: *mut Status) -> Code {
        // SAFETY: called below.
        unsafe {
            *status =
                Status { count_lo: 24, count_hi_and_cancelled: 1, source: -1, tag: extra as c_int, error: 0 };
        }
        Code(14)
    }

    #[test]
    fn the_status_of_a_query_comes_back_translated() {
        let mut status = types::Status::EMPTY;
        // SAFETY: such a function.
        let code =
            unsafe { (MPICH.grequest_query)(query as *const () as usize, 9 as *mut c_void, &raw mut status) };
        assert_eq!(code, olympi_abi::constants::MPI_ERR_TRUNCATE);
        assert_eq!((status.bytes(), status.is_cancelled(), status.tag), (24, true, 9));
        assert_eq!(status.source, olympi_abi::constants::MPI_PROC_NULL);
    }

    unsafe extern "C" fn sum(
        input: *mut c_void,
        inout: *mut c_void,
        len: *mut c_int,
        datatype: *mut Datatype,
    ) {
        // SAFETY: called below.
        unsafe {
            assert_eq!((*datatype).0, 0x4c00_0405);
            for i in 0..*len as usize {
                *inout.cast::<c_int>().add(i) += *input.cast::<c_int>().add(i);
            }
        }
    }

    #[test]
    fn an_operation_is_told_of_mpich_datatypes() {
        let (mut input, mut inout) = ([1, 2, 3], [10, 20, 30]);
        let (from, into) = (input.as_mut_ptr().cast(), inout.as_mut_ptr().cast());
        let int = types::Datatype(olympi_abi::constants::MPI_INT);
        // SAFETY: such a function.
        unsafe { (MPICH.user_op)(sum as *const () as usize, from, into, 3, int) };
        assert_eq!(inout, [11, 22, 33]);
    }
}
