//! Reduction operations (MPI 5.0, section 6.9).

use std::ffi::{c_int, c_void};
use std::sync::Arc;

use olympi_comm::Datatype as Layout;
use olympi_comm::raw::{RawFunction, RawOp};
use olympi_reduce::Kind;

use crate::constants::{
    MPI_BAND, MPI_BOR, MPI_BXOR, MPI_ERR_ARG, MPI_ERR_BUFFER, MPI_ERR_OP, MPI_LAND, MPI_LOR, MPI_LXOR,
    MPI_MAX, MPI_MAXLOC, MPI_MIN, MPI_MINLOC, MPI_NO_OP, MPI_PROD, MPI_REPLACE, MPI_SUM,
};
use crate::datatypes::class_of;
use crate::dialect::dialect;
use crate::fault::{Fault, Outcome, anywhere};
use crate::handle::Table;
use crate::object::{TYPES, TypeObject, flag, put, too_many};
use crate::predefined::Class;
use crate::types::{Callback, Datatype, Number, Op};

/// An operation of the program.
#[derive(Clone, Copy)]
pub struct OpObject {
    /// The address of its function.
    function: usize,
    /// Whether that counts in `MPI_Count`.
    large: bool,
    /// Whether its operands may be swapped.
    commutes: bool,
}

static OPS: Table<OpObject> = Table::new(9);

/// What an operation is.
#[derive(Clone, Copy)]
pub enum Operator {
    /// One of MPI's own.
    Predefined(Kind),
    /// A function of the program.
    User(OpObject),
}

/// The kind of a predefined operation.
fn predefined(handle: usize) -> Option<Kind> {
    Some(match handle {
        MPI_SUM => Kind::Sum,
        MPI_MIN => Kind::Minimum,
        MPI_MAX => Kind::Maximum,
        MPI_PROD => Kind::Product,
        MPI_BAND => Kind::BitwiseAnd,
        MPI_BOR => Kind::BitwiseOr,
        MPI_BXOR => Kind::BitwiseXor,
        MPI_LAND => Kind::LogicalAnd,
        MPI_LOR => Kind::LogicalOr,
        MPI_LXOR => Kind::LogicalXor,
        MPI_MINLOC => Kind::MinimumLocation,
        MPI_MAXLOC => Kind::MaximumLocation,
        MPI_REPLACE => Kind::Replace,
        MPI_NO_OP => Kind::NoOp,
        _ => return None,
    })
}

/// Whether MPI defines an operation on a class of datatypes (MPI 5.0, section 6.9.2).
pub(crate) fn is_defined(kind: Kind, class: Class) -> bool {
    match kind {
        Kind::Sum | Kind::Product => matches!(class, Class::Integer | Class::Floating | Class::Complex),
        Kind::Maximum | Kind::Minimum => matches!(class, Class::Integer | Class::Floating),
        Kind::LogicalAnd | Kind::LogicalOr | Kind::LogicalXor => {
            matches!(class, Class::Integer | Class::Logical)
        }
        Kind::BitwiseAnd | Kind::BitwiseOr | Kind::BitwiseXor => {
            matches!(class, Class::Integer | Class::Byte)
        }
        Kind::MaximumLocation | Kind::MinimumLocation => class == Class::Pair,
        // For one-sided communication alone.
        Kind::Replace | Kind::NoOp => false,
    }
}

impl Op {
    /// What it is.
    ///
    /// # Errors
    /// `MPI_ERR_OP`: there is no such operation.
    #[inline]
    pub fn get(self) -> Outcome<Operator> {
        if let Some(kind) = predefined(self.0) {
            return Ok(Operator::Predefined(kind));
        }
        OPS.get(self.0).map(|object| Operator::User(*object)).ok_or_else(|| self.unknown())
    }

    #[cold]
    fn unknown(self) -> Fault {
        match self {
            Self::NULL => Fault::new(MPI_ERR_OP, "the operation is MPI_OP_NULL"),
            Self(handle) => {
                Fault::new(MPI_ERR_OP, format!("{handle:#x} is no operation, or one that was freed"))
            }
        }
    }

    /// The operation on elements of a datatype, for a reduction.
    ///
    /// # Errors
    /// `MPI_ERR_OP`: MPI does not define it on these; there is no such operation.
    #[inline]
    pub fn on(self, datatype: Datatype, object: &TypeObject) -> Outcome<RawOp> {
        match self.get()? {
            Operator::Predefined(kind) => {
                let class = match object.predefined {
                    Some(predefined) => predefined.class,
                    None => class_of(&object.datatype),
                };
                if !is_defined(kind, class) {
                    return Err(undefined(kind, object));
                }
                RawOp::of(kind, &object.datatype).map_err(|_| undefined(kind, object))
            }
            Operator::User(user) => {
                let function = user.function_on(datatype, &object.datatype);
                // SAFETY: the program has given the function for such elements, and MPI lets it touch no others.
                Ok(unsafe { RawOp::user(function, &object.datatype, user.commutes) })
            }
        }
    }
}

#[cold]
pub(crate) fn undefined(kind: Kind, object: &TypeObject) -> Fault {
    let name = object.predefined.map_or("a derived datatype", |predefined| predefined.name);
    Fault::new(MPI_ERR_OP, format!("{} is not defined on {name}", kind.mpi_name()))
}

impl OpObject {
    /// The function as it is called, with elements of a datatype. What it needs of that it keeps.
    #[cold]
    fn function_on(self, datatype: Datatype, layout: &Layout) -> RawFunction {
        let Self { function, large, .. } = self;
        let (extent, layout) = (layout.extent() as isize, layout.clone());
        Arc::new(move |input, inout, count| {
            let handle = Named::of(datatype, &layout);
            if large {
                // SAFETY: the program has given the function to be called with such elements.
                unsafe {
                    let (input, inout) = (input.cast_mut().cast(), inout.cast());
                    (dialect().user_op_c)(function, input, inout, count as i64, handle.0);
                };
                return;
            }
            let most = c_int::MAX as usize;
            for begin in (0..count).step_by(most) {
                let (shift, len) = (extent.wrapping_mul(begin as isize), (count - begin).min(most));
                let (input, inout) = (input.wrapping_offset(shift).cast_mut(), inout.wrapping_offset(shift));
                // SAFETY: as above; so many elements are left.
                unsafe { (dialect().user_op)(function, input.cast(), inout.cast(), len as c_int, handle.0) };
            }
        })
    }
}

/// A handle under which a function of the program knows a datatype: the one that it was given, or, if that has been freed
/// while the operation was under way, one for this call.
struct Named(Datatype, bool);

impl Named {
    fn of(datatype: Datatype, layout: &Layout) -> Self {
        if datatype.get().is_ok_and(|object| object.datatype == *layout) {
            return Self(datatype, false);
        }
        let object = TypeObject::new(layout.clone());
        object.commit();
        TYPES.insert(object).map_or(Self(datatype, false), |handle| Self(Datatype(handle), true))
    }
}

impl Drop for Named {
    fn drop(&mut self) {
        if self.1 {
            TYPES.remove(self.0.0);
        }
    }
}

fn create(user_fn: Callback, commute: c_int, large: bool) -> Outcome<Op> {
    if user_fn.is_null() {
        return Err(Fault::new(MPI_ERR_ARG, "the function is NULL"));
    }
    let object = OpObject { function: user_fn as usize, large, commutes: commute != 0 };
    OPS.insert(object).map(Op).ok_or_else(too_many)
}

/// `MPI_Op_create`
///
/// # Safety
/// The function is an `MPI_User_function`; the result has a place.
pub unsafe fn op_create(user_fn: Callback, commute: c_int, op: *mut Op) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Op_create", || unsafe { put(op, create(user_fn, commute, false)?) })
}

/// `MPI_Op_create_c`
///
/// # Safety
/// The function is an `MPI_User_function_c`; the result has a place.
pub unsafe fn op_create_c(user_fn: Callback, commute: c_int, op: *mut Op) -> c_int {
    // SAFETY: the caller's promise.
    anywhere("MPI_Op_create_c", || unsafe { put(op, create(user_fn, commute, true)?) })
}

/// `MPI_Op_free`: operations that are under way go on with it.
///
/// # Safety
/// The operation may be read and written.
pub unsafe fn op_free(op: *mut Op) -> c_int {
    anywhere("MPI_Op_free", || {
        // SAFETY: the caller's promise: null, or may be read and written.
        let place = unsafe { op.as_mut() }
            .ok_or_else(|| Fault::new(MPI_ERR_ARG, "the place of the operation is NULL"))?;
        if let Operator::Predefined(_) = place.get()? {
            return Err(Fault::new(MPI_ERR_OP, "a predefined operation is not freed"));
        }
        OPS.remove(place.0);
        *place = Op::NULL;
        Ok(())
    })
}

/// `MPI_Op_commutative`
///
/// # Safety
/// The result has a place.
pub unsafe fn op_commutative(op: Op, commute: *mut c_int) -> c_int {
    anywhere("MPI_Op_commutative", || {
        let commutes = match op.get()? {
            Operator::Predefined(kind) => kind.commutative(),
            Operator::User(user) => user.commutes,
        };
        // SAFETY: the caller's promise.
        unsafe { put(commute, flag(commutes)) }
    })
}

/// `MPI_Reduce_local`
///
/// # Safety
/// The elements may be read and are initialized, and those of the second buffer may be written.
pub unsafe fn reduce_local<N: Number>(
    inbuf: *const c_void,
    inoutbuf: *mut c_void,
    count: N,
    datatype: Datatype,
    op: Op,
) -> c_int {
    anywhere("MPI_Reduce_local", || {
        let object = datatype.get()?;
        let operation = op.on(datatype, object)?;
        let in_place = crate::constants::MPI_IN_PLACE;
        if [inbuf as usize, inoutbuf as usize].contains(&in_place) {
            return Err(Fault::new(MPI_ERR_BUFFER, "MPI_IN_PLACE is for calls with other ranks"));
        }
        let (from, into) = (object.raw(inbuf, count)?, object.raw(inoutbuf, count)?);
        if inbuf == inoutbuf.cast_const() && !from.is_empty() {
            return Err(Fault::new(MPI_ERR_BUFFER, "both operands are at the same address"));
        }
        // SAFETY: the caller's promise.
        unsafe { Ok(operation.reduce_local(&from, &into)?) }
    })
}
