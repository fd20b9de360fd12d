//! Communicators of some of another one's processes, and of groups (MPI 5.0, sections 7.4.2 and 7.4.4).

use std::ffi::{c_char, c_int};

use olympi_comm::{ErrorHandler, HW_RESOURCE_TYPE, SplitType};

use crate::arguments::wanted;
use crate::communicators::{enroll, given, making};
use crate::constants::{
    MPI_COMM_TYPE_HW_GUIDED, MPI_COMM_TYPE_HW_UNGUIDED, MPI_COMM_TYPE_RESOURCE_GUIDED, MPI_COMM_TYPE_SHARED,
    MPI_ERR_ARG, MPI_MAX_STRINGTAG_LEN, MPI_UNDEFINED,
};
use crate::errors;
use crate::fault::{self, Fault, Outcome};
use crate::global;
use crate::text::copy_in;
use crate::types::{Comm, Errhandler, Group, Info};

/// `MPI_Comm_create`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_create(comm: Comm, group: Group, newcomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { making(comm, "MPI_Comm_create", newcomm, |object| Ok(object.comm.create(group.get()?)?)) }
}

/// `MPI_Comm_create_group`: who is no member gets none.
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_create_group(comm: Comm, group: Group, tag: c_int, newcomm: *mut Comm) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm, "MPI_Comm_create_group", newcomm, |object| {
            let comm = object.intra()?;
            let group = group.get()?;
            if group.rank().is_none() {
                return Ok(None);
            }
            Ok(Some(comm.create_group(group, tag)?))
        })
    }
}

/// `MPI_Comm_split`
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_split(comm: Comm, color: c_int, key: c_int, newcomm: *mut Comm) -> c_int {
    let color = (color != MPI_UNDEFINED).then_some(color);
    // SAFETY: the caller's promise.
    unsafe { making(comm, "MPI_Comm_split", newcomm, |object| Ok(object.comm.split(color, key)?)) }
}

/// A type of C; `None` is none.
fn split_type_of(split_type: c_int) -> Outcome<Option<SplitType>> {
    Ok(Some(match split_type {
        MPI_UNDEFINED => return Ok(None),
        MPI_COMM_TYPE_SHARED => SplitType::Shared,
        MPI_COMM_TYPE_HW_UNGUIDED => SplitType::HwUnguided,
        MPI_COMM_TYPE_HW_GUIDED => SplitType::HwGuided,
        MPI_COMM_TYPE_RESOURCE_GUIDED => SplitType::ResourceGuided,
        _ => {
            let detail = format!("{split_type} is no type by which communicators are split");
            return Err(Fault::new(MPI_ERR_ARG, detail));
        }
    }))
}

/// `MPI_Comm_split_type`: who is not guided learns from the info object by what the communicator was divided.
///
/// # Safety
/// The result has a place.
pub unsafe fn comm_split_type(
    comm: Comm,
    split_type: c_int,
    key: c_int,
    info: Info,
    newcomm: *mut Comm,
) -> c_int {
    // SAFETY: the caller's promise.
    unsafe {
        making(comm, "MPI_Comm_split_type", newcomm, |object| {
            let kind = split_type_of(split_type)?;
            let made = object.comm.split_type(kind, key, &info.hints()?)?;
            if kind == Some(SplitType::HwUnguided)
                && let Some(by) =
                    made.as_ref().and_then(|made| Some(made.info().get(HW_RESOURCE_TYPE)?.to_owned()))
            {
                info.tell(HW_RESOURCE_TYPE, &by)?;
            }
            Ok(made)
        })
    }
}

/// The string that tells calls apart.
pub(super) unsafe fn tag_of(stringtag: *const c_char) -> Outcome<String> {
    // SAFETY: the caller's promise: it is null, or ends with a zero.
    let tag = unsafe { copy_in(stringtag) }?;
    if tag.len() >= MPI_MAX_STRINGTAG_LEN as usize {
        let (len, most) = (tag.len(), MPI_MAX_STRINGTAG_LEN - 1);
        return Err(Fault::new(
            MPI_ERR_ARG,
            format!("a string tag has at most {most} characters, not {len}"),
        ));
    }
    Ok(tag)
}

/// Makes a communicator of no other one, with an error handler of its own, which hears of errors here too.
pub(super) unsafe fn making_new(
    call: &str,
    errhandler: Errhandler,
    newcomm: *mut Comm,
    body: impl FnOnce() -> Outcome<Option<olympi_comm::Communicator>>,
) -> c_int {
    let handler = match errors::take_for_comm(errhandler) {
        Ok(handler) => handler,
        Err(fault) => return fault::anywhere(call, || Err(fault)),
    };
    let code = fault::given(call, handler, || {
        wanted(newcomm)?;
        let made = body().and_then(|made| enroll(made, handler));
        // SAFETY: the caller's promise.
        unsafe { given(newcomm, made) }
    });
    errors::give_back(handler);
    code
}

/// `MPI_Comm_create_from_group`
///
/// # Safety
/// The string ends with a zero, and the result has a place.
pub unsafe fn comm_create_from_group(
    group: Group,
    stringtag: *const c_char,
    info: Info,
    errhandler: Errhandler,
    newcomm: *mut Comm,
) -> c_int {
    let body = || {
        let (group, info) = (group.get()?, info.hints()?);
        // SAFETY: the caller's promise.
        let tag = unsafe { tag_of(stringtag) }?;
        if group.is_empty() {
            return Ok(None);
        }
        let handler = ErrorHandler::Return;
        global::with_job(|job| Ok(Some(job.create_from_group_with(group, &tag, &info, handler)?)))
    };
    // SAFETY: as above.
    unsafe { making_new("MPI_Comm_create_from_group", errhandler, newcomm, body) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_and_tags_are_checked() {
        assert_eq!(split_type_of(MPI_UNDEFINED).unwrap(), None);
        assert_eq!(split_type_of(MPI_COMM_TYPE_SHARED).unwrap(), Some(SplitType::Shared));
        assert_eq!(split_type_of(0).unwrap_err().code, MPI_ERR_ARG);
        // SAFETY: null, and strings with a zero.
        unsafe {
            assert_eq!(tag_of(std::ptr::null()).unwrap_err().code, MPI_ERR_ARG);
            assert_eq!(tag_of(c"org.example".as_ptr()).unwrap(), "org.example");
            let mut long = [b'x'; MPI_MAX_STRINGTAG_LEN as usize + 1];
            long[MPI_MAX_STRINGTAG_LEN as usize] = 0;
            assert_eq!(tag_of(long.as_ptr().cast()).unwrap_err().code, MPI_ERR_ARG);
            long[MPI_MAX_STRINGTAG_LEN as usize - 1] = 0;
            assert!(tag_of(long.as_ptr().cast()).is_ok());
        }
    }
}
