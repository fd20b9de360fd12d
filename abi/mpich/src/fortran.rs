//! What Fortran and C share: handles as integers, statuses, and the addresses that programs compare with.
//!
//! A handle is an `int` already, so its integer is itself.

use std::ffi::{c_char, c_int, c_void};
use std::sync::atomic::{AtomicUsize, Ordering};

use olympi_abi::{constants as c, types};

use crate::arguments::Translated;
use crate::codes::{Code, SUCCESS};
use crate::handles::File;
use crate::statuses::{Status, is_ignored};

/// `MPI_UNWEIGHTED`: programs read the address from here, so it can be the core's.
#[unsafe(no_mangle)]
static MPI_UNWEIGHTED: usize = c::MPI_UNWEIGHTED;

/// `MPI_WEIGHTS_EMPTY`: the same.
#[unsafe(no_mangle)]
static MPI_WEIGHTS_EMPTY: usize = c::MPI_WEIGHTS_EMPTY;

/// `MPI_T_PVAR_ALL_HANDLES`: the same.
#[unsafe(no_mangle)]
static MPI_T_PVAR_ALL_HANDLES: usize = c::MPI_T_PVAR_ALL_HANDLES;

/// `MPI_F_STATUS_IGNORE`, where the Fortran library writes what it has under that name.
#[unsafe(no_mangle)]
static MPI_F_STATUS_IGNORE: AtomicUsize = AtomicUsize::new(0);

/// `MPI_F_STATUSES_IGNORE`: the same.
#[unsafe(no_mangle)]
static MPI_F_STATUSES_IGNORE: AtomicUsize = AtomicUsize::new(0);

/// What `MPI_STATUS_IGNORE` is in Fortran 2008.
#[unsafe(no_mangle)]
static mut MPIR_F08_MPI_STATUS_IGNORE_OBJ: [c_int; 5] = [0; 5];

/// What `MPI_STATUSES_IGNORE` is in Fortran 2008.
#[unsafe(no_mangle)]
static mut MPIR_F08_MPI_STATUSES_IGNORE_OBJ: [c_int; 5] = [0; 5];

/// An address that is compared, never followed.
#[repr(transparent)]
struct Address(*const [c_int; 5]);

// SAFETY: a number, as it is used.
unsafe impl Sync for Address {}

/// `MPI_F08_STATUS_IGNORE`
#[unsafe(no_mangle)]
static MPI_F08_STATUS_IGNORE: Address = Address(&raw const MPIR_F08_MPI_STATUS_IGNORE_OBJ);

/// `MPI_F08_STATUSES_IGNORE`
#[unsafe(no_mangle)]
static MPI_F08_STATUSES_IGNORE: Address = Address(&raw const MPIR_F08_MPI_STATUSES_IGNORE_OBJ);

/// A handle as an integer, or an integer as a handle.
fn same(handle: c_int) -> c_int {
    handle
}

macro_rules! integers {
    ($($mpi:ident $pmpi:ident)*) => { by_hand! { $($mpi $pmpi = same(handle: c_int) -> c_int;)* } };
}

integers! {
    MPI_Comm_toint PMPI_Comm_toint
    MPI_Comm_fromint PMPI_Comm_fromint
    MPI_Comm_c2f PMPI_Comm_c2f
    MPI_Comm_f2c PMPI_Comm_f2c
    MPI_Errhandler_toint PMPI_Errhandler_toint
    MPI_Errhandler_fromint PMPI_Errhandler_fromint
    MPI_Errhandler_c2f PMPI_Errhandler_c2f
    MPI_Errhandler_f2c PMPI_Errhandler_f2c
    MPI_Group_toint PMPI_Group_toint
    MPI_Group_fromint PMPI_Group_fromint
    MPI_Group_c2f PMPI_Group_c2f
    MPI_Group_f2c PMPI_Group_f2c
    MPI_Info_toint PMPI_Info_toint
    MPI_Info_fromint PMPI_Info_fromint
    MPI_Info_c2f PMPI_Info_c2f
    MPI_Info_f2c PMPI_Info_f2c
    MPI_Message_toint PMPI_Message_toint
    MPI_Message_fromint PMPI_Message_fromint
    MPI_Message_c2f PMPI_Message_c2f
    MPI_Message_f2c PMPI_Message_f2c
    MPI_Op_toint PMPI_Op_toint
    MPI_Op_fromint PMPI_Op_fromint
    MPI_Op_c2f PMPI_Op_c2f
    MPI_Op_f2c PMPI_Op_f2c
    MPI_Request_toint PMPI_Request_toint
    MPI_Request_fromint PMPI_Request_fromint
    MPI_Request_c2f PMPI_Request_c2f
    MPI_Request_f2c PMPI_Request_f2c
    MPI_Session_toint PMPI_Session_toint
    MPI_Session_fromint PMPI_Session_fromint
    MPI_Session_c2f PMPI_Session_c2f
    MPI_Session_f2c PMPI_Session_f2c
    MPI_Type_toint PMPI_Type_toint
    MPI_Type_fromint PMPI_Type_fromint
    MPI_Type_c2f PMPI_Type_c2f
    MPI_Type_f2c PMPI_Type_f2c
    MPI_Win_toint PMPI_Win_toint
    MPI_Win_fromint PMPI_Win_fromint
    MPI_Win_c2f PMPI_Win_c2f
    MPI_Win_f2c PMPI_Win_f2c
}

/// Handles of files are addresses, but ours fit in an integer.
fn file_to_int(file: File) -> c_int {
    file.0 as c_int
}

fn file_from_int(file: c_int) -> File {
    File(file as u32 as usize)
}

/// Copies a status from one language to another: it has the same integers in all of them.
///
/// # Safety
/// The first may be read, the second written.
unsafe fn copy(from: *const Status, to: *mut Status) -> Code {
    let ignored = [&MPI_F_STATUS_IGNORE, &MPI_F_STATUSES_IGNORE]
        .iter()
        .any(|address| address.load(Ordering::Relaxed) == from as usize);
    let ignored = ignored
        || [&MPI_F08_STATUS_IGNORE, &MPI_F08_STATUSES_IGNORE].iter().any(|address| address.0.cast() == from);
    if ignored || is_ignored(from) || is_ignored(to) {
        return Code(12); // MPI_ERR_ARG: there is nothing to copy, or no place for it.
    }
    // SAFETY: the caller's promise.
    unsafe { to.write(from.read()) };
    SUCCESS
}

by_hand! {
    MPI_File_toint PMPI_File_toint = file_to_int(file: File) -> c_int;
    MPI_File_fromint PMPI_File_fromint = file_from_int(file: c_int) -> File;
    MPI_File_c2f PMPI_File_c2f = file_to_int(file: File) -> c_int;
    MPI_File_f2c PMPI_File_f2c = file_from_int(file: c_int) -> File;

    MPI_Status_c2f PMPI_Status_c2f = copy(from: *const Status, to: *mut Status) -> Code;
    MPI_Status_f2c PMPI_Status_f2c = copy(from: *const Status, to: *mut Status) -> Code;
    MPI_Status_c2f08 PMPI_Status_c2f08 = copy(from: *const Status, to: *mut Status) -> Code;
    MPI_Status_f082c PMPI_Status_f082c = copy(from: *const Status, to: *mut Status) -> Code;
    MPI_Status_f2f08 PMPI_Status_f2f08 = copy(from: *const Status, to: *mut Status) -> Code;
    MPI_Status_f082f PMPI_Status_f082f = copy(from: *const Status, to: *mut Status) -> Code;
}

/// `MPI_Abi_get_version`: this is not the standard ABI, and says so with numbers below zero (MPI 5.0, section 20.2).
///
/// # Safety
/// The results have places.
unsafe fn abi_get_version(major: *mut c_int, minor: *mut c_int) -> Code {
    // SAFETY: the caller's promise.
    unsafe {
        major.write(-1);
        minor.write(-1);
    }
    SUCCESS
}

by_hand! {
    MPI_Abi_get_version PMPI_Abi_get_version = abi_get_version(major: *mut c_int, minor: *mut c_int) -> Code;
}

/// An error that a Fortran library built for MPICH has found by itself: it goes to the handler of `MPI_COMM_SELF`, as all
/// errors do that are on no object. What it names first are objects of MPICH's inside, which there are none of.
///
/// # Safety
/// None.
unsafe fn raised(_object: *const c_void, _function: *const c_char, code: Code) -> Code {
    // SAFETY: it asks for nothing.
    unsafe { olympi_abi::errors::comm_call_errhandler(types::Comm::SELF, code.to_core()) };
    code
}

/// Exports `raised` under MPICH's names for it.
macro_rules! raising {
    ($($name:ident)*) => {$(
        #[doc = concat!("`", stringify!($name), "`")]
        #[unsafe(no_mangle)]
        unsafe extern "C" fn $name(object: *const c_void, function: *const c_char, code: Code) -> Code {
            // SAFETY: the caller's promise.
            unsafe { raised(object, function, code) }
        }
    )*};
}

raising! {
    MPIR_Err_return_comm
    MPIR_Err_return_comm_create_from_group
    MPIR_Err_return_group
    MPIR_Err_return_session
    MPIR_Err_return_session_init
    MPIR_Err_return_win
}

/// `MPIR_Err_create_code`: a code for such an error. A code is a class here; the texts that may follow are MPICH's.
#[unsafe(no_mangle)]
extern "C" fn MPIR_Err_create_code(
    _last_code: c_int,
    _fatal: c_int,
    _function: *const c_char,
    _line: c_int,
    class: Code,
) -> Code {
    class
}
