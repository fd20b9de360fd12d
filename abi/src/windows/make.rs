//! Windows come to be, and end; memory that is attached to them (MPI 5.0, section 12.2).

use std::ffi::{c_int, c_void};

use olympi_comm::{Communicator, Window, WindowError};

use crate::arguments::{place, wanted};
use crate::attributes;
use crate::constants::{
    MPI_ERR_ARG, MPI_ERR_DISP, MPI_ERR_RMA_ATTACH, MPI_ERR_SIZE, MPI_ERR_VALUE_TOO_LARGE,
};
use crate::errors::give_back;
use crate::fault::{Fault, Outcome, anywhere, given};
use crate::object::put;
use crate::types::{Aint, Comm, Info, Number, Win};
use crate::windows::WINDOWS;

/// A number of bytes.
fn size_of(size: Aint) -> Outcome<usize> {
    usize::try_from(size)
        .map_err(|_| Fault::new(MPI_ERR_SIZE, format!("the size of a window is not negative, as {size} is")))
}

/// A unit of displacements.
fn unit_of<N: Number>(disp_unit: N) -> Outcome<usize> {
    let wide = disp_unit.wide();
    usize::try_from(wide).ok().filter(|unit| *unit > 0).ok_or_else(|| {
        Fault::new(MPI_ERR_DISP, format!("the unit of displacements has one byte at least, not {wide}"))
    })
}

/// What a rank brings to a window: bytes, the unit of displacements, hints.
type Part = (usize, usize, olympi_comm::Info);

fn part<N: Number>(size: Aint, disp_unit: N, info: Info) -> Outcome<Part> {
    Ok((size_of(size)?, unit_of(disp_unit)?, info.hints()?))
}

/// Makes a window of the processes of a communicator, where errors are raised until there is one. What is wrong at one rank
/// all hear of.
unsafe fn making<A>(
    comm: Comm,
    call: &str,
    win: *mut Win,
    arguments: impl FnOnce() -> Outcome<A>,
    make: impl FnOnce(&Communicator, A) -> Result<Window, WindowError>,
) -> c_int {
    comm.call(call, |object| {
        let comm = object.intra()?;
        let arguments = wanted(win).and_then(|()| arguments());
        let arguments = arguments.inspect_err(|fault| Window::excuse(comm, fault.class()))?;
        let window = Win::enroll(make(comm, arguments)?)?;
        // SAFETY: the caller's promise.
        unsafe { put(win, window) }
    })
}

/// The same for one that brings its memory, whose address the program wants to know.
unsafe fn allocating<N: Number>(
    comm: Comm,
    call: &str,
    (size, disp_unit, info): (Aint, N, Info),
    baseptr: *mut c_void,
    win: *mut Win,
    make: impl FnOnce(&Communicator, Part) -> Result<Window, WindowError>,
) -> c_int {
    let arguments = || wanted(baseptr).and_then(|()| part(size, disp_unit, info));
    let make = |comm: &Communicator, part: Part| {
        let window = make(comm, part)?;
        // SAFETY: the caller's promise. The address of the pointer need not be aligned as one, since C says `void *`.
        unsafe { baseptr.cast::<*mut u8>().write_unaligned(window.base()) };
        Ok(window)
    };
    // SAFETY: the caller's promise.
    unsafe { making(comm, call, win, arguments, make) }
}

/// `MPI_Win_create`
///
/// # Safety
/// The memory is there, and nobody's else, until the window is freed; the result has a place.
pub unsafe fn win_create<N: Number>(
    base: *mut c_void,
    size: Aint,
    disp_unit: N,
    info: Info,
    comm: Comm,
    win: *mut Win,
) -> c_int {
    let arguments = || {
        let part = part(size, disp_unit, info)?;
        if base.is_null() && size > 0 {
            return Err(Fault::new(MPI_ERR_ARG, format!("a window of {size} bytes at address NULL")));
        }
        Ok(part)
    };
    let make = |comm: &Communicator, (size, unit, info): Part| {
        // SAFETY: the caller's promise.
        unsafe { Window::create_raw(comm, base.cast(), size, unit, &info) }
    };
    // SAFETY: the caller's promise.
    unsafe { making(comm, "MPI_Win_create", win, arguments, make) }
}

/// `MPI_Win_allocate`
///
/// # Safety
/// `baseptr` is the address of a pointer, and the result has a place.
pub unsafe fn win_allocate<N: Number>(
    size: Aint,
    disp_unit: N,
    info: Info,
    comm: Comm,
    baseptr: *mut c_void,
    win: *mut Win,
) -> c_int {
    let make =
        |comm: &Communicator, (size, unit, info): Part| Window::allocate_bytes(comm, size, unit, &info);
    // SAFETY: the caller's promise.
    unsafe { allocating(comm, "MPI_Win_allocate", (size, disp_unit, info), baseptr, win, make) }
}

/// `MPI_Win_allocate_shared`
///
/// # Safety
/// `baseptr` is the address of a pointer, and the result has a place.
pub unsafe fn win_allocate_shared<N: Number>(
    size: Aint,
    disp_unit: N,
    info: Info,
    comm: Comm,
    baseptr: *mut c_void,
    win: *mut Win,
) -> c_int {
    let make = |comm: &Communicator, (size, unit, info): Part| {
        Window::allocate_shared_bytes(comm, size, unit, &info)
    };
    // SAFETY: the caller's promise.
    unsafe { allocating(comm, "MPI_Win_allocate_shared", (size, disp_unit, info), baseptr, win, make) }
}

/// `MPI_Win_create_dynamic`
///
/// # Safety
/// The result has a place.
pub unsafe fn win_create_dynamic(info: Info, comm: Comm, win: *mut Win) -> c_int {
    let make = |comm: &Communicator, info: olympi_comm::Info| Window::create_dynamic(comm, &info);
    // SAFETY: the caller's promise.
    unsafe { making(comm, "MPI_Win_create_dynamic", win, || info.hints(), make) }
}

/// `MPI_Win_shared_query`
///
/// # Safety
/// `baseptr` is the address of a pointer, and the other results have places.
pub unsafe fn win_shared_query<N: Number>(
    win: Win,
    rank: c_int,
    size: *mut Aint,
    disp_unit: *mut N,
    baseptr: *mut c_void,
) -> c_int {
    win.call("MPI_Win_shared_query", |object| {
        wanted(baseptr)?;
        let (bytes, unit, base) = object.window.shared_query(rank)?;
        let unit = N::narrow(unit as i64).ok_or_else(|| {
            Fault::new(MPI_ERR_VALUE_TOO_LARGE, format!("a unit of {unit} bytes does not fit in an int"))
        })?;
        // SAFETY: the caller's promise. The address of the pointer need not be aligned as one, since C says `void *`.
        unsafe {
            put(size, bytes as Aint)?;
            put(disp_unit, unit)?;
            baseptr.cast::<*mut u8>().write_unaligned(base);
        }
        Ok(())
    })
}

/// `MPI_Win_attach`
///
/// # Safety
/// The memory is there, and nobody's else, until it is detached or the window is freed.
pub unsafe fn win_attach(win: Win, base: *mut c_void, size: Aint) -> c_int {
    win.call("MPI_Win_attach", |object| {
        let size = size_of(size)?;
        if base.is_null() && size > 0 {
            return Err(Fault::new(
                MPI_ERR_RMA_ATTACH,
                format!("{size} bytes at address NULL are no memory"),
            ));
        }
        // SAFETY: the caller's promise.
        Ok(unsafe { object.window.attach_raw(base.cast(), size) }?)
    })
}

/// `MPI_Win_detach`
///
/// # Safety
/// None.
pub unsafe fn win_detach(win: Win, base: *const c_void) -> c_int {
    win.call("MPI_Win_detach", |object| Ok(object.window.detach_raw(base.cast())?))
}

/// `MPI_Win_free`: an epoch that is open, and attributes that cannot be deleted, keep it; any other error goes to the handler
/// that it had.
///
/// # Safety
/// The handle may be read and written, and no other call on the window is under way.
pub unsafe fn win_free(win: *mut Win) -> c_int {
    const CALL: &str = "MPI_Win_free";
    // SAFETY: the caller's promise.
    let handle = match unsafe { place(win) } {
        Ok(handle) => handle,
        Err(fault) => return anywhere(CALL, || Err(fault)),
    };
    let of = *handle;
    let mut ended = None;
    let code = of.call(CALL, |object| {
        object.window.may_end()?;
        attributes::drop_win(of, object)?;
        *handle = Win::NULL;
        ended = WINDOWS.remove(of.0);
        Ok(())
    });
    let Some(object) = ended else { return code };
    let handler = object.handler();
    let code = given(CALL, handler, || Ok(object.window.free()?));
    give_back(handler);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_units_are_checked() {
        assert_eq!(size_of(0).unwrap(), 0);
        assert_eq!(size_of(-1).unwrap_err().code, MPI_ERR_SIZE);
        assert_eq!(unit_of(8).unwrap(), 8);
        assert_eq!(unit_of(1_i64 << 40).unwrap(), 1 << 40);
        assert_eq!(unit_of(0).unwrap_err().code, MPI_ERR_DISP);
        assert_eq!(unit_of(-4_isize).unwrap_err().code, MPI_ERR_DISP);
    }
}
