//! Datatypes by what they hold: Fortran's precisions, sizes, values with an index (MPI 5.0, sections 6.9.4 and 19.1.9).

use std::ffi::c_int;

use olympi_comm::{Basic, Datatype as Layout};

use crate::constants::{
    MPI_2DOUBLE_PRECISION, MPI_2INT, MPI_2INTEGER, MPI_2REAL, MPI_COMPLEX4, MPI_COMPLEX8, MPI_COMPLEX16,
    MPI_COMPLEX32, MPI_DOUBLE, MPI_DOUBLE_INT, MPI_DOUBLE_PRECISION, MPI_ERR_ARG, MPI_FLOAT, MPI_FLOAT_INT,
    MPI_INT, MPI_INTEGER, MPI_INTEGER1, MPI_INTEGER2, MPI_INTEGER4, MPI_INTEGER8, MPI_INTEGER16, MPI_LONG,
    MPI_LONG_DOUBLE, MPI_LONG_DOUBLE_INT, MPI_LONG_INT, MPI_REAL, MPI_REAL2, MPI_REAL4, MPI_REAL8,
    MPI_REAL16, MPI_SHORT, MPI_SHORT_INT, MPI_TYPECLASS_COMPLEX, MPI_TYPECLASS_INTEGER, MPI_TYPECLASS_REAL,
    MPI_UNDEFINED,
};
use crate::datatypes::unnamed::{Made, handle_for};
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::put;
use crate::predefined;
use crate::types::Datatype;

const INTEGERS: [(c_int, usize); 5] =
    [(1, MPI_INTEGER1), (2, MPI_INTEGER2), (4, MPI_INTEGER4), (8, MPI_INTEGER8), (16, MPI_INTEGER16)];
const REALS: [(c_int, usize); 4] = [(2, MPI_REAL2), (4, MPI_REAL4), (8, MPI_REAL8), (16, MPI_REAL16)];
const COMPLEXES: [(c_int, usize); 4] =
    [(4, MPI_COMPLEX4), (8, MPI_COMPLEX8), (16, MPI_COMPLEX16), (32, MPI_COMPLEX32)];

/// `MPI_Type_match_size`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_match_size(typeclass: c_int, size: c_int, datatype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_match_size", || {
        let (sizes, what): (&[_], _) = match typeclass {
            MPI_TYPECLASS_INTEGER => (&INTEGERS, "integer"),
            MPI_TYPECLASS_REAL => (&REALS, "real number"),
            MPI_TYPECLASS_COMPLEX => (&COMPLEXES, "complex number"),
            _ => return Err(Fault::new(MPI_ERR_ARG, format!("{typeclass} is no class of datatypes"))),
        };
        let handle = sizes
            .iter()
            .find(|(here, _)| *here == size)
            .ok_or_else(|| Fault::new(MPI_ERR_ARG, format!("there is no {what} of {size} bytes")))?
            .1;
        // SAFETY: the caller's promise.
        unsafe { put(datatype, Datatype(handle)) }
    })
}

/// Values and indices of the pairs that have names.
const PAIRS: [(usize, usize, usize); 9] = [
    (MPI_FLOAT, MPI_INT, MPI_FLOAT_INT),
    (MPI_DOUBLE, MPI_INT, MPI_DOUBLE_INT),
    (MPI_LONG, MPI_INT, MPI_LONG_INT),
    (MPI_INT, MPI_INT, MPI_2INT),
    (MPI_SHORT, MPI_INT, MPI_SHORT_INT),
    (MPI_LONG_DOUBLE, MPI_INT, MPI_LONG_DOUBLE_INT),
    (MPI_REAL, MPI_REAL, MPI_2REAL),
    (MPI_DOUBLE_PRECISION, MPI_DOUBLE_PRECISION, MPI_2DOUBLE_PRECISION),
    (MPI_INTEGER, MPI_INTEGER, MPI_2INTEGER),
];

/// The pair of a value and an index; `None`: C and Fortran have no name for it.
fn pair(value: Datatype, index: Datatype) -> Outcome<Option<Datatype>> {
    value.get()?;
    index.get()?;
    let found = PAIRS.iter().find(|known| (known.0, known.1) == (value.0, index.0));
    Ok(found.map(|(_, _, pair)| Datatype(*pair)))
}

/// `MPI_Type_get_value_index`: `MPI_DATATYPE_NULL`, if there is no such pair.
///
/// # Safety
/// The result has a place.
pub unsafe fn type_get_value_index(
    value_type: Datatype,
    index_type: Datatype,
    pair_type: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_get_value_index", || {
        let pair = pair(value_type, index_type)?.unwrap_or(Datatype::NULL);
        // SAFETY: the caller's promise.
        unsafe { put(pair_type, pair) }
    })
}

/// Real numbers that Fortran's compilers have here: decimal digits, decimal exponents, and how a number and a pair of them
/// are laid out, which those that have no arithmetic here share with integers of their size.
fn reals() -> [(c_int, c_int, Basic, Basic); 4] {
    let of = |handle| match predefined::get(handle).and_then(|object| object.predefined) {
        Some(predefined::Predefined { kind: predefined::Kind::One(basic), .. }) => *basic,
        _ => Basic::BYTE,
    };
    [
        (6, 37, Basic::F32, Basic::COMPLEX_F32),
        (15, 307, Basic::F64, Basic::COMPLEX_F64),
        // Of the x87; elsewhere `long double` is that of the next line, which holds as many digits.
        (18, 4931, Basic::C_LONG_DOUBLE, Basic::C_LONG_DOUBLE_COMPLEX),
        (33, 4931, of(MPI_REAL16), of(MPI_COMPLEX32)),
    ]
}

/// The first real number that has so many digits and exponents; either may be left open, but not both.
fn real(p: c_int, r: c_int) -> Outcome<(Basic, Basic)> {
    let open = |number| number == MPI_UNDEFINED;
    let wrong = |number| number < 0 && !open(number);
    if (open(p) && open(r)) || wrong(p) || wrong(r) {
        let detail =
            format!("precision {p} and range {r} are not two numbers, of which one may be left undefined");
        return Err(Fault::new(MPI_ERR_ARG, detail));
    }
    reals()
        .into_iter()
        .find(|(digits, exponents, ..)| (open(p) || p <= *digits) && (open(r) || r <= *exponents))
        .map(|(_, _, real, complex)| (real, complex))
        .ok_or_else(|| Fault::new(MPI_ERR_ARG, format!("no real number has precision {p} and range {r}")))
}

/// `MPI_Type_create_f90_real`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_create_f90_real(p: c_int, r: c_int, newtype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_create_f90_real", || {
        let (basic, _) = real(p, r)?;
        let handle = handle_for(Made::Real { p, r }, |name| Ok(Layout::basic(basic.named(name))))?;
        // SAFETY: the caller's promise.
        unsafe { put(newtype, handle) }
    })
}

/// `MPI_Type_create_f90_complex`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_create_f90_complex(p: c_int, r: c_int, newtype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_create_f90_complex", || {
        let (_, basic) = real(p, r)?;
        let handle = handle_for(Made::Complex { p, r }, |name| Ok(Layout::basic(basic.named(name))))?;
        // SAFETY: the caller's promise.
        unsafe { put(newtype, handle) }
    })
}

/// `MPI_Type_create_f90_integer`
///
/// # Safety
/// The result has a place.
pub unsafe fn type_create_f90_integer(r: c_int, newtype: *mut Datatype) -> c_int {
    anywhere("MPI_Type_create_f90_integer", || {
        let basic = match r {
            ..0 => return Err(Fault::new(MPI_ERR_ARG, format!("a range is not negative, as {r} is"))),
            0..=2 => Basic::I8,
            3..=4 => Basic::I16,
            5..=9 => Basic::I32,
            10..=18 => Basic::I64,
            19..=38 => Basic::I128,
            _ => return Err(Fault::new(MPI_ERR_ARG, format!("no integer has range {r}"))),
        };
        let handle = handle_for(Made::Integer { r }, |name| Ok(Layout::basic(basic.named(name))))?;
        // SAFETY: the caller's promise.
        unsafe { put(newtype, handle) }
    })
}
