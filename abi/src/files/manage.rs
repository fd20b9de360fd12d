//! Opening, closing, sizes and hints (MPI 5.0, sections 14.2 and 14.6.1).

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use olympi_comm::FileMode;

use crate::arguments::{place, wanted};
use crate::constants::{MPI_ERR_AMODE, MPI_ERR_BAD_FILE};
use crate::errors::{give_back, inherit};
use crate::fault::{Fault, Outcome};
use crate::files::{FILES, FileObject, handler, raised};
use crate::object::{flag, put, too_many};
use crate::types::{Comm, File, Group, Info, Offset};

/// The name of a file.
unsafe fn path_of<'a>(filename: *const c_char) -> Outcome<&'a Path> {
    if filename.is_null() {
        return Err(Fault::new(MPI_ERR_BAD_FILE, "the name of the file is NULL"));
    }
    // SAFETY: the caller's promise: it ends with a zero.
    Ok(Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(filename) }.to_bytes())))
}

/// The mode of a number.
fn mode_of(amode: c_int) -> Outcome<FileMode> {
    let mode = u32::try_from(amode).ok().and_then(FileMode::from_bits);
    mode.ok_or_else(|| Fault::new(MPI_ERR_AMODE, format!("{amode} is no mode of files")))
}

/// `MPI_File_open`
///
/// # Safety
/// The name ends with a zero, and the file has a place.
pub unsafe fn file_open(
    comm: Comm,
    filename: *const c_char,
    amode: c_int,
    info: Info,
    fh: *mut File,
) -> c_int {
    let body = || {
        let comm = &comm.get()?.comm;
        let arguments = || {
            wanted(fh)?;
            // SAFETY: the caller's promise.
            Ok((unsafe { path_of(filename) }?, mode_of(amode)?, info.hints()?))
        };
        let (path, mode, info) = arguments().inspect_err(|fault: &Fault| {
            olympi_comm::File::excuse_open(comm, fault.class());
        })?;
        let file = olympi_comm::File::open(comm, path, mode, &info)?;
        let object = FileObject::new(file, inherit(handler(File::NULL)));
        let handle = FILES.insert(object).ok_or_else(too_many)?;
        // SAFETY: the caller's promise.
        unsafe { put(fh, File(handle)) }
    };
    raised("MPI_File_open", File::NULL, body())
}

/// `MPI_File_close`: errors go to the file's own handler.
///
/// # Safety
/// The handle may be read and written, and no other call on the file is under way.
pub unsafe fn file_close(fh: *mut File) -> c_int {
    const CALL: &str = "MPI_File_close";
    // SAFETY: the caller's promise.
    let handle = match unsafe { place(fh) } {
        Ok(handle) => handle,
        Err(fault) => return raised(CALL, File::NULL, Err(fault)),
    };
    let given = *handle;
    let Some(object) = FILES.remove(given.0) else {
        return raised(CALL, File::NULL, Err(given.unknown()));
    };
    *handle = File::NULL;
    let handler = object.handler();
    let closed = object.file.close();
    let code = crate::fault::given(CALL, handler, || Ok(closed?));
    give_back(handler);
    code
}

/// `MPI_File_delete`
///
/// # Safety
/// The name ends with a zero.
pub unsafe fn file_delete(filename: *const c_char, info: Info) -> c_int {
    let body = || {
        // SAFETY: the caller's promise.
        let path = unsafe { path_of(filename) }?;
        Ok(olympi_comm::File::delete(path, &info.hints()?)?)
    };
    raised("MPI_File_delete", File::NULL, body())
}

/// `MPI_File_set_size`: a negative size becomes one that is too large, which all ranks hear of.
///
/// # Safety
/// None.
pub unsafe fn file_set_size(fh: File, size: Offset) -> c_int {
    fh.call("MPI_File_set_size", |object| Ok(object.file.set_size(size as u64)?))
}

/// `MPI_File_preallocate`, with sizes as above.
///
/// # Safety
/// None.
pub unsafe fn file_preallocate(fh: File, size: Offset) -> c_int {
    fh.call("MPI_File_preallocate", |object| Ok(object.file.preallocate(size as u64)?))
}

/// `MPI_File_get_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_size(fh: File, size: *mut Offset) -> c_int {
    // SAFETY: the caller's promise.
    fh.call("MPI_File_get_size", |object| unsafe { put(size, object.file.size()? as Offset) })
}

/// `MPI_File_get_group`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_group(fh: File, group: *mut Group) -> c_int {
    fh.call("MPI_File_get_group", |object| {
        wanted(group)?;
        // SAFETY: the caller's promise.
        unsafe { put(group, Group::make(object.file.group().clone())?) }
    })
}

/// `MPI_File_get_amode`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_amode(fh: File, amode: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    fh.call("MPI_File_get_amode", |object| unsafe { put(amode, object.file.mode().bits() as c_int) })
}

/// `MPI_File_set_info`
///
/// # Safety
/// None.
pub unsafe fn file_set_info(fh: File, info: Info) -> c_int {
    fh.call("MPI_File_set_info", |object| {
        object.file.set_info(&info.hints()?);
        Ok(())
    })
}

/// `MPI_File_get_info`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_info(fh: File, info: *mut Info) -> c_int {
    fh.call("MPI_File_get_info", |object| {
        wanted(info)?;
        // SAFETY: the caller's promise.
        unsafe { put(info, crate::info::make(object.file.info())?) }
    })
}

/// `MPI_File_set_atomicity`
///
/// # Safety
/// None.
pub unsafe fn file_set_atomicity(fh: File, atomic: c_int) -> c_int {
    fh.call("MPI_File_set_atomicity", |object| Ok(object.file.set_atomicity(atomic != 0)?))
}

/// `MPI_File_get_atomicity`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_atomicity(fh: File, atomic: *mut c_int) -> c_int {
    // SAFETY: the caller's promise.
    fh.call("MPI_File_get_atomicity", |object| unsafe { put(atomic, flag(object.file.atomicity())) })
}

/// `MPI_File_sync`
///
/// # Safety
/// None.
pub unsafe fn file_sync(fh: File) -> c_int {
    fh.call("MPI_File_sync", |object| Ok(object.file.sync()?))
}
