//! Access to the memory of others (MPI 5.0, section 12.3).
//!
//! Arguments are checked here. Whether the target lies inside its window is found where that is known.

use std::ffi::{c_int, c_void};

use olympi_comm::raw::{Element, Kind, Raw, Target};
use olympi_comm::{Flavor, PROC_NULL};

use crate::arguments::wanted;
use crate::collectives::usable;
use crate::constants::MPI_ERR_DISP;
use crate::fault::{Fault, Outcome};
use crate::object::TypeObject;
use crate::requests;
use crate::types::{Aint, Datatype, Number, Op, Request, Win};
use crate::windows::WindowObject;
use crate::windows::elements::{alone, combined, comparable, kind_of};

/// Elements of a window, as a program names them.
#[derive(Clone, Copy)]
struct Aim<N> {
    rank: c_int,
    displacement: Aint,
    count: N,
    datatype: Datatype,
}

impl<N: Number> Aim<N> {
    /// What that is.
    #[inline]
    fn target(self, object: &WindowObject) -> Outcome<(Target<'static>, &'static TypeObject)> {
        let Self { rank, displacement, .. } = self;
        let of = usable(self.datatype)?;
        let count = of.count(self.count)?;
        // In a dynamic window it is an address.
        if displacement < 0 && rank != PROC_NULL && object.window.flavor() != Flavor::Dynamic {
            let detail = format!("a displacement in a window is not negative, as {displacement} is");
            return Err(Fault::new(MPI_ERR_DISP, detail));
        }
        Ok((Target { rank, displacement: displacement as i64, count, datatype: &of.datatype }, of))
    }
}

/// A row: a call without a request, and the same with one, each with its MPI name and its method.
macro_rules! moves {
    ($($name:ident $call:literal $method:ident, $rname:ident $rcall:literal $rmethod:ident: $buffer:ty;)*) => {$(
        #[doc = concat!("`", $call, "`")]
        ///
        /// # Safety
        /// The elements of the origin may be read, or written, as the call says, until the window is synchronized.
        #[inline]
        pub unsafe fn $name<N: Number>(
            origin_addr: $buffer, origin_count: N, origin_datatype: Datatype, rank: c_int, displacement: Aint,
            count: N, datatype: Datatype, win: Win,
        ) -> c_int {
            win.call($call, |object| {
                let origin = origin_datatype.get()?.raw(origin_addr, origin_count)?;
                let (target, _) = Aim { rank, displacement, count, datatype }.target(object)?;
                // SAFETY: the caller's promise.
                Ok(unsafe { object.window.$method(&origin, &target) }?)
            })
        }

        #[doc = concat!("`", $rcall, "`")]
        ///
        /// # Safety
        /// The same until the request is over, and the request has a place.
        #[inline]
        pub unsafe fn $rname<N: Number>(
            origin_addr: $buffer, origin_count: N, origin_datatype: Datatype, rank: c_int, displacement: Aint,
            count: N, datatype: Datatype, win: Win, request: *mut Request,
        ) -> c_int {
            win.call($rcall, |object| {
                wanted(request)?;
                let origin = origin_datatype.get()?.raw(origin_addr, origin_count)?;
                let (target, _) = Aim { rank, displacement, count, datatype }.target(object)?;
                // SAFETY: the caller's promise.
                unsafe { requests::give(win, object.window.$rmethod(&origin, &target)?, request) }
            })
        }
    )*};
}

moves! {
    put "MPI_Put" put_raw, rput "MPI_Rput" rput_raw: *const c_void;
    get "MPI_Get" get_raw, rget "MPI_Rget" rget_raw: *mut c_void;
}

/// An accumulate that is ready to be made.
struct Accumulate {
    origin: Raw<'static>,
    target: Target<'static>,
    kind: Kind,
    element: Element,
}

/// Checks the arguments of an accumulate that fetches nothing.
#[inline]
fn accumulation<N: Number>(
    object: &WindowObject,
    (address, count, datatype): (*const c_void, N, Datatype),
    aim: Aim<N>,
    op: Op,
) -> Outcome<Accumulate> {
    let of = datatype.get()?;
    let origin = of.raw(address, count)?;
    let (target, at) = aim.target(object)?;
    let kind = kind_of(op, false)?;
    let any = target.count > 0 || !origin.is_empty();
    let (kind, element) = combined(kind, any, &[of, at])?;
    Ok(Accumulate { origin, target, kind, element })
}

/// `MPI_Accumulate`
///
/// # Safety
/// The elements of the origin may be read until the window is synchronized.
pub unsafe fn accumulate<N: Number>(
    origin_addr: *const c_void,
    origin_count: N,
    origin_datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    count: N,
    datatype: Datatype,
    op: Op,
    win: Win,
) -> c_int {
    win.call("MPI_Accumulate", |object| {
        let origin = (origin_addr, origin_count, origin_datatype);
        let aim = Aim { rank, displacement, count, datatype };
        let Accumulate { origin, target, kind, element } = accumulation(object, origin, aim, op)?;
        // SAFETY: the caller's promise.
        Ok(unsafe { object.window.accumulate_raw(&origin, &target, kind, element) }?)
    })
}

/// `MPI_Raccumulate`
///
/// # Safety
/// The elements of the origin may be read until the request is over, and the request has a place.
pub unsafe fn raccumulate<N: Number>(
    origin_addr: *const c_void,
    origin_count: N,
    origin_datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    count: N,
    datatype: Datatype,
    op: Op,
    win: Win,
    request: *mut Request,
) -> c_int {
    win.call("MPI_Raccumulate", |object| {
        wanted(request)?;
        let origin = (origin_addr, origin_count, origin_datatype);
        let aim = Aim { rank, displacement, count, datatype };
        let Accumulate { origin, target, kind, element } = accumulation(object, origin, aim, op)?;
        // SAFETY: the caller's promise.
        unsafe {
            let begun = object.window.raccumulate_raw(&origin, &target, kind, element)?;
            requests::give(win, begun, request)
        }
    })
}

/// Checks the arguments of one that fetches what was there. With `MPI_NO_OP` those of the origin mean nothing.
#[inline]
fn fetching<N: Number>(
    object: &WindowObject,
    (address, count, datatype): (*const c_void, N, Datatype),
    (result_addr, result_count, result_datatype): (*mut c_void, N, Datatype),
    aim: Aim<N>,
    op: Op,
) -> Outcome<(Accumulate, Raw<'static>)> {
    let kind = kind_of(op, true)?;
    let to = result_datatype.get()?;
    let into = to.raw(result_addr, result_count)?;
    let (target, at) = aim.target(object)?;
    let any = target.count > 0 || !into.is_empty();
    let (origin, (kind, element)) = if kind == Kind::NoOp {
        (Raw::NONE, combined(kind, any, &[to, at])?)
    } else {
        let of = datatype.get()?;
        let origin = of.raw(address, count)?;
        (origin, combined(kind, any || !origin.is_empty(), &[of, to, at])?)
    };
    Ok((Accumulate { origin, target, kind, element }, into))
}

/// `MPI_Get_accumulate`
///
/// # Safety
/// The elements of the origin may be read, and those of the result written, until the window is synchronized.
pub unsafe fn get_accumulate<N: Number>(
    origin_addr: *const c_void,
    origin_count: N,
    origin_datatype: Datatype,
    result_addr: *mut c_void,
    result_count: N,
    result_datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    count: N,
    datatype: Datatype,
    op: Op,
    win: Win,
) -> c_int {
    win.call("MPI_Get_accumulate", |object| {
        let origin = (origin_addr, origin_count, origin_datatype);
        let result = (result_addr, result_count, result_datatype);
        let aim = Aim { rank, displacement, count, datatype };
        let (Accumulate { origin, target, kind, element }, into) = fetching(object, origin, result, aim, op)?;
        // SAFETY: the caller's promise.
        Ok(unsafe { object.window.get_accumulate_raw(&origin, &into, &target, kind, element) }?)
    })
}

/// `MPI_Rget_accumulate`
///
/// # Safety
/// The same until the request is over, and the request has a place.
pub unsafe fn rget_accumulate<N: Number>(
    origin_addr: *const c_void,
    origin_count: N,
    origin_datatype: Datatype,
    result_addr: *mut c_void,
    result_count: N,
    result_datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    count: N,
    datatype: Datatype,
    op: Op,
    win: Win,
    request: *mut Request,
) -> c_int {
    win.call("MPI_Rget_accumulate", |object| {
        wanted(request)?;
        let origin = (origin_addr, origin_count, origin_datatype);
        let result = (result_addr, result_count, result_datatype);
        let aim = Aim { rank, displacement, count, datatype };
        let (Accumulate { origin, target, kind, element }, into) = fetching(object, origin, result, aim, op)?;
        // SAFETY: the caller's promise.
        unsafe {
            let begun = object.window.rget_accumulate_raw(&origin, &into, &target, kind, element)?;
            requests::give(win, begun, request)
        }
    })
}

/// `MPI_Fetch_and_op`
///
/// # Safety
/// The element of the origin may be read, and that of the result written, until the window is synchronized.
pub unsafe fn fetch_and_op(
    origin_addr: *const c_void,
    result_addr: *mut c_void,
    datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    op: Op,
    win: Win,
) -> c_int {
    win.call("MPI_Fetch_and_op", |object| {
        alone(datatype.get()?)?;
        let (origin, result) = ((origin_addr, 1, datatype), (result_addr, 1, datatype));
        let aim = Aim { rank, displacement, count: 1, datatype };
        let (Accumulate { origin, target, kind, element }, into) = fetching(object, origin, result, aim, op)?;
        // SAFETY: the caller's promise.
        Ok(unsafe { object.window.get_accumulate_raw(&origin, &into, &target, kind, element) }?)
    })
}

/// `MPI_Compare_and_swap`
///
/// # Safety
/// The elements of the origin and to compare with may be read, and that of the result written, until the window is
/// synchronized.
pub unsafe fn compare_and_swap(
    origin_addr: *const c_void,
    compare_addr: *const c_void,
    result_addr: *mut c_void,
    datatype: Datatype,
    rank: c_int,
    displacement: Aint,
    win: Win,
) -> c_int {
    win.call("MPI_Compare_and_swap", |object| {
        let of = datatype.get()?;
        comparable(of)?;
        let (origin, compare) = (of.raw(origin_addr, 1)?, of.raw(compare_addr, 1)?);
        let into = of.raw(result_addr, 1)?;
        let (target, _) = Aim { rank, displacement, count: 1, datatype }.target(object)?;
        // SAFETY: the caller's promise.
        Ok(unsafe { object.window.compare_and_swap_raw(&origin, &compare, &into, &target) }?)
    })
}
