//! Handles as integers, and the ABI about itself (MPI 5.0, section 19.3 and chapter 20).
//!
//! A handle and its integer are the same number: those that are predefined are so small, and ours fit in 31 bits
//! ([`crate::handle`]).

use std::ffi::{c_int, c_void};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::constants::{
    MPI_ABI_SUBVERSION, MPI_ABI_VERSION, MPI_ERR_ABI, MPI_ERR_ARG, MPI_ERR_INFO, MPI_ERR_INFO_VALUE,
};
use crate::fault::{Fault, Outcome, anywhere};
use crate::info;
use crate::object::{flag, put};
use crate::types::{
    Comm, Count, Datatype, Errhandler, File, Group, Info, Message, Offset, Op, Request, Session, Win,
};

macro_rules! integers {
    ($($handle:ident: $to:ident $to_name:literal $from:ident $from_name:literal;)*) => {$(
        #[doc = concat!("`", $to_name, "`")]
        pub fn $to(handle: $handle) -> c_int {
            handle.0 as c_int
        }

        #[doc = concat!("`", $from_name, "`: an integer that is no handle gives one that every call refuses.")]
        pub fn $from(handle: c_int) -> $handle {
            $handle(handle as u32 as usize)
        }
    )*};
}

integers! {
    Comm: comm_toint "MPI_Comm_toint" comm_fromint "MPI_Comm_fromint";
    Errhandler: errhandler_toint "MPI_Errhandler_toint" errhandler_fromint "MPI_Errhandler_fromint";
    File: file_toint "MPI_File_toint" file_fromint "MPI_File_fromint";
    Group: group_toint "MPI_Group_toint" group_fromint "MPI_Group_fromint";
    Info: info_toint "MPI_Info_toint" info_fromint "MPI_Info_fromint";
    Message: message_toint "MPI_Message_toint" message_fromint "MPI_Message_fromint";
    Op: op_toint "MPI_Op_toint" op_fromint "MPI_Op_fromint";
    Request: request_toint "MPI_Request_toint" request_fromint "MPI_Request_fromint";
    Session: session_toint "MPI_Session_toint" session_fromint "MPI_Session_fromint";
    Datatype: type_toint "MPI_Type_toint" type_fromint "MPI_Type_fromint";
    Win: win_toint "MPI_Win_toint" win_fromint "MPI_Win_fromint";
}

/// `MPI_Abi_get_version`
///
/// # Safety
/// The results have places.
pub unsafe fn abi_get_version(major: *mut c_int, minor: *mut c_int) -> c_int {
    anywhere("MPI_Abi_get_version", || {
        // SAFETY: the caller's promise.
        unsafe {
            put(major, MPI_ABI_VERSION)?;
            put(minor, MPI_ABI_SUBVERSION)
        }
    })
}

/// `MPI_Abi_get_info`: the sizes of the integers that the ABI leaves to the platform.
///
/// # Safety
/// The result has a place.
pub unsafe fn abi_get_info(place: *mut Info) -> c_int {
    anywhere("MPI_Abi_get_info", || {
        let mut sizes = olympi_comm::Info::new();
        for (key, size) in [
            ("mpi_aint_size", size_of::<crate::types::Aint>()),
            ("mpi_count_size", size_of::<Count>()),
            ("mpi_offset_size", size_of::<Offset>()),
        ] {
            sizes.set(key, &size.to_string())?;
        }
        // SAFETY: the caller's promise.
        unsafe { put(place, info::make(sizes)?) }
    })
}

/// What the Fortran layer of a program has told of itself. The library has none of its own, so that nothing is known until
/// then.
struct Fortran {
    info: Option<olympi_comm::Info>,
    /// `.TRUE.` and `.FALSE.`, with their signs.
    booleans: Option<(i64, i64)>,
}

static FORTRAN: Mutex<Fortran> = Mutex::new(Fortran { info: None, booleans: None });

fn fortran() -> MutexGuard<'static, Fortran> {
    FORTRAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The types whose sizes the datatypes of the library fix (MPI 5.0, section 20.3).
const FIXED: [(&str, usize); 4] = [
    ("mpi_logical_size", 4),
    ("mpi_integer_size", 4),
    ("mpi_real_size", 4),
    ("mpi_double_precision_size", 8),
];

/// `MPI_Abi_get_fortran_info`: `MPI_INFO_NULL` as long as no Fortran layer has set it.
///
/// # Safety
/// The result has a place.
pub unsafe fn abi_get_fortran_info(place: *mut Info) -> c_int {
    anywhere("MPI_Abi_get_fortran_info", || {
        let known = fortran().info.clone();
        let handle = known.map_or(Ok(Info::NULL), info::make)?;
        // SAFETY: the caller's promise.
        unsafe { put(place, handle) }
    })
}

/// `MPI_Abi_set_fortran_info`: once, and with the sizes that `MPI_INTEGER` and its kin have.
///
/// # Safety
/// None.
pub unsafe fn abi_set_fortran_info(handle: Info) -> c_int {
    anywhere("MPI_Abi_set_fortran_info", || {
        let object = info::INFOS
            .get(handle.0)
            .ok_or_else(|| Fault::new(MPI_ERR_INFO, format!("{:#x} is no info object", handle.0)))?;
        let given = object.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (key, ours) in FIXED {
            let Some(value) = given.get(key) else { continue };
            let size: usize = value.trim().parse().map_err(|_| {
                Fault::new(MPI_ERR_INFO_VALUE, format!("{key} is a number of bytes, not \"{value}\""))
            })?;
            if size != ours {
                let detail = format!("{key} is {size}; the library's datatypes were made for {ours}");
                return Err(Fault::new(MPI_ERR_ABI, detail));
            }
        }
        let mut fortran = fortran();
        if fortran.info.is_some() {
            return Err(Fault::new(MPI_ERR_ABI, "the Fortran layer has been described already, and is once"));
        }
        fortran.info = Some(given);
        Ok(())
    })
}

/// `MPI_Abi_get_fortran_booleans`: nothing is written but the flag as long as no Fortran layer has set them.
///
/// # Safety
/// There is room for two values of that size, and a place for the flag.
pub unsafe fn abi_get_fortran_booleans(
    size: c_int,
    true_place: *mut c_void,
    false_place: *mut c_void,
    is_set: *mut c_int,
) -> c_int {
    anywhere("MPI_Abi_get_fortran_booleans", || {
        let size = logical_size(size)?;
        let known = fortran().booleans;
        // SAFETY: the caller's promise.
        unsafe {
            if let Some((yes, no)) = known {
                put_logical(true_place, yes, size)?;
                put_logical(false_place, no, size)?;
            }
            put(is_set, flag(known.is_some()))
        }
    })
}

/// `MPI_Abi_set_fortran_booleans`: once.
///
/// # Safety
/// Both values may be read, and have that size.
pub unsafe fn abi_set_fortran_booleans(
    size: c_int,
    true_place: *mut c_void,
    false_place: *mut c_void,
) -> c_int {
    anywhere("MPI_Abi_set_fortran_booleans", || {
        let size = logical_size(size)?;
        // SAFETY: the caller's promise.
        let booleans = unsafe { (logical(true_place, size)?, logical(false_place, size)?) };
        if booleans.0 == booleans.1 {
            return Err(Fault::new(MPI_ERR_ARG, "true and false are the same"));
        }
        let mut fortran = fortran();
        if fortran.booleans.is_some() {
            return Err(Fault::new(
                MPI_ERR_ABI,
                "Fortran's truth values have been set already, and are once",
            ));
        }
        fortran.booleans = Some(booleans);
        Ok(())
    })
}

/// The size of a `LOGICAL`.
fn logical_size(size: c_int) -> Outcome<usize> {
    match size {
        1 | 2 | 4 | 8 => Ok(size as usize),
        _ => Err(Fault::new(MPI_ERR_ARG, format!("a LOGICAL has 1, 2, 4 or 8 bytes, not {size}"))),
    }
}

unsafe fn put_logical(place: *mut c_void, value: i64, size: usize) -> Outcome {
    if place.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "there is no place for a truth value: an argument is NULL"));
    }
    // The first bytes are those of the shorter integers: all the machines that the library runs on are little-endian.
    // SAFETY: the caller's promise: room for so many bytes, at most eight.
    unsafe { std::ptr::copy_nonoverlapping(value.to_le_bytes().as_ptr(), place.cast(), size) };
    Ok(())
}

unsafe fn logical(place: *const c_void, size: usize) -> Outcome<i64> {
    if place.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "a truth value is NULL"));
    }
    let mut bytes = [0; 8];
    // SAFETY: the caller's promise: so many bytes, at most eight.
    unsafe { std::ptr::copy_nonoverlapping(place.cast(), bytes.as_mut_ptr(), size) };
    let unused = 64 - 8 * size as u32;
    // Sign-extended, as `.TRUE.` is -1 with some compilers.
    Ok(i64::from_le_bytes(bytes) << unused >> unused)
}
