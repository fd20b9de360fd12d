//! Views and pointers (MPI 5.0, sections 14.3, 14.4.3 and 14.4.4).

use std::ffi::{c_char, c_int};
use std::io::SeekFrom;

use olympi_comm::{FileView, Recipe, Representation};

use crate::arguments::wanted;
use crate::constants::{
    MPI_DISPLACEMENT_CURRENT, MPI_ERR_ARG, MPI_ERR_UNSUPPORTED_DATAREP, MPI_MAX_DATAREP_STRING, MPI_SEEK_CUR,
    MPI_SEEK_END, MPI_SEEK_SET,
};
use crate::datatypes::handle_of;
use crate::fault::{Fault, Outcome};
use crate::object::put;
use crate::text::{copy_in, copy_part};
use crate::types::{Datatype, File, Info, Number, Offset};

/// What a program calls a representation.
unsafe fn representation_of(datarep: *const c_char) -> Outcome<Representation> {
    // SAFETY: the caller's promise: it is null, or ends with a zero.
    let name = unsafe { copy_in(datarep) }?;
    let known = Representation::ALL.into_iter().find(|known| known.name() == name);
    known.ok_or_else(|| {
        let detail = format!("there is no data representation \"{name}\"");
        Fault::new(MPI_ERR_UNSUPPORTED_DATAREP, detail)
    })
}

/// `MPI_File_set_view`
///
/// # Safety
/// The name of the representation ends with a zero.
pub unsafe fn file_set_view(
    fh: File,
    disp: Offset,
    etype: Datatype,
    filetype: Datatype,
    datarep: *const c_char,
    info: Info,
) -> c_int {
    fh.call("MPI_File_set_view", |object| {
        let arguments = || {
            let (of, shown) = (etype.get()?, filetype.get()?);
            // SAFETY: the caller's promise.
            let representation = unsafe { representation_of(datarep) }?;
            let disp = if disp == Offset::from(MPI_DISPLACEMENT_CURRENT) { FileView::CURRENT } else { disp };
            let view = FileView::new(disp, &of.datatype, &shown.datatype).represented(representation);
            Ok((view, info.hints()?))
        };
        let (view, info) = arguments().inspect_err(|fault: &Fault| object.file.excuse_view(fault.class()))?;
        Ok(object.file.set_view(&view, &info)?)
    })
}

/// `MPI_File_get_view`: datatypes that are not predefined are new handles.
///
/// # Safety
/// The results have places, and that of the representation has room for `MPI_MAX_DATAREP_STRING` characters.
pub unsafe fn file_get_view(
    fh: File,
    disp: *mut Offset,
    etype: *mut Datatype,
    filetype: *mut Datatype,
    datarep: *mut c_char,
) -> c_int {
    fh.call("MPI_File_get_view", |object| {
        wanted(disp)?;
        wanted(etype)?;
        wanted(filetype)?;
        let view = object.file.view();
        // SAFETY: the caller's promise.
        unsafe { copy_part(view.representation().name(), datarep, MPI_MAX_DATAREP_STRING as usize) }?;
        // SAFETY: the caller's promise.
        unsafe {
            put(disp, view.displacement())?;
            put(etype, handle_for(view.etype())?)?;
            put(filetype, handle_for(view.filetype())?)
        }
    })
}

/// A predefined datatype itself, or a handle for another one, which is committed.
fn handle_for(datatype: &olympi_comm::Datatype) -> Outcome<Datatype> {
    if let Some(predefined) = handle_of(datatype) {
        return Ok(predefined);
    }
    // An element that has no name in C can but be that of a file which has just been opened.
    if matches!(datatype.recipe(), Recipe::Basic(_)) {
        return Ok(Datatype::BYTE);
    }
    let handle = Datatype::make(datatype.clone())?;
    handle.get()?.commit();
    Ok(handle)
}

/// Where a program seeks.
fn target(offset: Offset, whence: c_int) -> Outcome<SeekFrom> {
    match whence {
        MPI_SEEK_SET => u64::try_from(offset)
            .map(SeekFrom::Start)
            .map_err(|_| Fault::new(MPI_ERR_ARG, format!("there is no place {offset} in a view of a file"))),
        MPI_SEEK_CUR => Ok(SeekFrom::Current(offset)),
        MPI_SEEK_END => Ok(SeekFrom::End(offset)),
        other => {
            let detail = format!("{other} is none of MPI_SEEK_SET, MPI_SEEK_CUR and MPI_SEEK_END");
            Err(Fault::new(MPI_ERR_ARG, detail))
        }
    }
}

/// `MPI_File_seek`
///
/// # Safety
/// None.
pub unsafe fn file_seek(fh: File, offset: Offset, whence: c_int) -> c_int {
    fh.call("MPI_File_seek", |object| Ok(object.file.seek(target(offset, whence)?)?))
}

/// `MPI_File_get_position`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_position(fh: File, offset: *mut Offset) -> c_int {
    // SAFETY: the caller's promise.
    fh.call("MPI_File_get_position", |object| unsafe { put(offset, object.file.position()? as Offset) })
}

/// `MPI_File_get_byte_offset`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_byte_offset(fh: File, offset: Offset, disp: *mut Offset) -> c_int {
    // SAFETY: the caller's promise.
    fh.call("MPI_File_get_byte_offset", |object| unsafe {
        put(disp, object.file.byte_offset(offset)? as Offset)
    })
}

/// `MPI_File_seek_shared`
///
/// # Safety
/// None.
pub unsafe fn file_seek_shared(fh: File, offset: Offset, whence: c_int) -> c_int {
    fh.call("MPI_File_seek_shared", |object| Ok(object.file.seek_shared(target(offset, whence)?)?))
}

/// `MPI_File_get_position_shared`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_position_shared(fh: File, offset: *mut Offset) -> c_int {
    fh.call("MPI_File_get_position_shared", |object| {
        // SAFETY: the caller's promise.
        unsafe { put(offset, object.file.shared_position()? as Offset) }
    })
}

/// `MPI_File_get_type_extent`
///
/// # Safety
/// The result has a place.
pub unsafe fn file_get_type_extent<N: Number>(fh: File, datatype: Datatype, extent: *mut N) -> c_int {
    fh.call("MPI_File_get_type_extent", |object| {
        let wide = object.file.extent_of(&datatype.get()?.datatype)?;
        // SAFETY: the caller's promise.
        unsafe { put(extent, crate::datatypes::fitting(wide)?) }
    })
}
