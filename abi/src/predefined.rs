//! The datatypes that have names (MPI 5.0, sections 3.2.2 and 6.9.4).

use std::sync::OnceLock;

use olympi_comm::{Basic, Datatype as Layout};

use crate::object::TypeObject;

/// What a predefined datatype is in C.
pub struct Predefined {
    /// Its handle.
    pub handle: usize,
    /// Its name.
    pub name: &'static str,
    /// What it is made of.
    pub kind: Kind,
    /// What reductions may do with it.
    pub class: Class,
}

/// What a predefined datatype is made of.
#[derive(Clone, Copy)]
pub enum Kind {
    /// One element.
    One(Basic),
    /// A value and an index.
    Pair(Basic, Basic),
}

/// Which operations are defined on a datatype (MPI 5.0, section 6.9.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Integers of C and Fortran, and those that count (`MPI_AINT` and its like).
    Integer,
    /// Floating point.
    Floating,
    /// Complex numbers.
    Complex,
    /// Truth values.
    Logical,
    /// Bytes.
    Byte,
    /// A value and its location.
    Pair,
    /// No operation.
    None,
}

use Class::{Byte, Complex, Floating, Integer, Logical};
use Kind::{One, Pair};

const fn one(handle: usize, name: &'static str, basic: Basic, class: Class) -> Predefined {
    Predefined { handle, name, kind: One(basic), class }
}

const fn pair(handle: usize, name: &'static str, value: Basic, index: Basic) -> Predefined {
    Predefined { handle, name, kind: Pair(value, index), class: Class::Pair }
}

/// Two numbers of half precision, and two of quadruple precision: known by their sizes alone.
const COMPLEX4: Basic = Basic::record(4, 2, olympi_comm::signature::STRUCT);
const COMPLEX32: Basic = Basic::record(32, 16, olympi_comm::signature::STRUCT);

/// All of them. A quadruple precision number of Fortran travels, and turns round, as the integer of its size.
pub static ALL: [Predefined; 67] = [
    one(0x201, "MPI_AINT", Basic::I64, Integer),
    one(0x202, "MPI_COUNT", Basic::I64, Integer),
    one(0x203, "MPI_OFFSET", Basic::I64, Integer),
    one(0x207, "MPI_PACKED", Basic::BYTE, Class::None),
    one(0x208, "MPI_SHORT", Basic::I16, Integer),
    one(0x209, "MPI_INT", Basic::I32, Integer),
    one(0x20a, "MPI_LONG", Basic::C_LONG, Integer),
    one(0x20b, "MPI_LONG_LONG", Basic::I64, Integer),
    one(0x20c, "MPI_UNSIGNED_SHORT", Basic::U16, Integer),
    one(0x20d, "MPI_UNSIGNED", Basic::U32, Integer),
    one(0x20e, "MPI_UNSIGNED_LONG", Basic::C_ULONG, Integer),
    one(0x20f, "MPI_UNSIGNED_LONG_LONG", Basic::U64, Integer),
    one(0x210, "MPI_FLOAT", Basic::F32, Floating),
    one(0x212, "MPI_C_FLOAT_COMPLEX", Basic::COMPLEX_F32, Complex),
    one(0x213, "MPI_CXX_FLOAT_COMPLEX", Basic::COMPLEX_F32, Complex),
    one(0x214, "MPI_DOUBLE", Basic::F64, Floating),
    one(0x216, "MPI_C_DOUBLE_COMPLEX", Basic::COMPLEX_F64, Complex),
    one(0x217, "MPI_CXX_DOUBLE_COMPLEX", Basic::COMPLEX_F64, Complex),
    one(0x218, "MPI_LOGICAL", Basic::LOGICAL, Logical),
    one(0x219, "MPI_INTEGER", Basic::I32, Integer),
    one(0x21a, "MPI_REAL", Basic::F32, Floating),
    one(0x21b, "MPI_COMPLEX", Basic::COMPLEX_F32, Complex),
    one(0x21c, "MPI_DOUBLE_PRECISION", Basic::F64, Floating),
    one(0x21d, "MPI_DOUBLE_COMPLEX", Basic::COMPLEX_F64, Complex),
    one(0x21e, "MPI_CHARACTER", Basic::I8, Class::None),
    one(0x220, "MPI_LONG_DOUBLE", Basic::C_LONG_DOUBLE, Floating),
    one(0x224, "MPI_C_LONG_DOUBLE_COMPLEX", Basic::C_LONG_DOUBLE_COMPLEX, Complex),
    one(0x225, "MPI_CXX_LONG_DOUBLE_COMPLEX", Basic::C_LONG_DOUBLE_COMPLEX, Complex),
    pair(0x228, "MPI_FLOAT_INT", Basic::F32, Basic::I32),
    pair(0x229, "MPI_DOUBLE_INT", Basic::F64, Basic::I32),
    pair(0x22a, "MPI_LONG_INT", Basic::C_LONG, Basic::I32),
    pair(0x22b, "MPI_2INT", Basic::I32, Basic::I32),
    pair(0x22c, "MPI_SHORT_INT", Basic::I16, Basic::I32),
    pair(0x22d, "MPI_LONG_DOUBLE_INT", Basic::C_LONG_DOUBLE, Basic::I32),
    pair(0x230, "MPI_2REAL", Basic::F32, Basic::F32),
    pair(0x231, "MPI_2DOUBLE_PRECISION", Basic::F64, Basic::F64),
    pair(0x232, "MPI_2INTEGER", Basic::I32, Basic::I32),
    one(0x238, "MPI_C_BOOL", Basic::BOOL, Logical),
    one(0x239, "MPI_CXX_BOOL", Basic::BOOL, Logical),
    one(0x23c, "MPI_WCHAR", Basic::C_WCHAR, Class::None),
    one(0x240, "MPI_INT8_T", Basic::I8, Integer),
    one(0x241, "MPI_UINT8_T", Basic::U8, Integer),
    one(0x243, "MPI_CHAR", Basic::I8, Class::None),
    one(0x244, "MPI_SIGNED_CHAR", Basic::I8, Integer),
    one(0x245, "MPI_UNSIGNED_CHAR", Basic::U8, Integer),
    one(0x247, "MPI_BYTE", Basic::BYTE, Byte),
    one(0x248, "MPI_INT16_T", Basic::I16, Integer),
    one(0x249, "MPI_UINT16_T", Basic::U16, Integer),
    one(0x250, "MPI_INT32_T", Basic::I32, Integer),
    one(0x251, "MPI_UINT32_T", Basic::U32, Integer),
    one(0x258, "MPI_INT64_T", Basic::I64, Integer),
    one(0x259, "MPI_UINT64_T", Basic::U64, Integer),
    one(0x2c0, "MPI_LOGICAL1", Basic::I8, Logical),
    one(0x2c1, "MPI_INTEGER1", Basic::I8, Integer),
    one(0x2c8, "MPI_LOGICAL2", Basic::I16, Logical),
    one(0x2c9, "MPI_INTEGER2", Basic::I16, Integer),
    one(0x2ca, "MPI_REAL2", Basic::F16, Floating),
    one(0x2d0, "MPI_LOGICAL4", Basic::LOGICAL, Logical),
    one(0x2d1, "MPI_INTEGER4", Basic::I32, Integer),
    one(0x2d2, "MPI_REAL4", Basic::F32, Floating),
    one(0x2d3, "MPI_COMPLEX4", COMPLEX4, Class::None),
    one(0x2d8, "MPI_LOGICAL8", Basic::I64, Logical),
    one(0x2d9, "MPI_INTEGER8", Basic::I64, Integer),
    one(0x2da, "MPI_REAL8", Basic::F64, Floating),
    one(0x2db, "MPI_COMPLEX8", Basic::COMPLEX_F32, Complex),
    one(0x2e1, "MPI_INTEGER16", Basic::I128, Integer),
    one(0x2e3, "MPI_COMPLEX16", Basic::COMPLEX_F64, Complex),
];

/// Those that do not fit in the table above without an asterisk: sizes that this machine's compilers have, arithmetic that
/// it has not.
pub static SIZED: [Predefined; 4] = [
    // An extension of MPICH, which programs use that were built for it; a number that the standard leaves free.
    one(0x24a, "MPIX_C_FLOAT16", Basic::F16, Floating),
    one(0x2e0, "MPI_LOGICAL16", Basic::I128, Logical),
    one(0x2e2, "MPI_REAL16", Basic::I128, Class::None),
    one(0x2eb, "MPI_COMPLEX32", COMPLEX32, Class::None),
];

const FIRST: usize = 0x200;

/// The object of a predefined handle.
#[inline]
pub fn get(handle: usize) -> Option<&'static TypeObject> {
    objects().get(handle.wrapping_sub(FIRST))?.as_ref()
}

fn objects() -> &'static [Option<TypeObject>; 256] {
    static OBJECTS: OnceLock<Box<[Option<TypeObject>; 256]>> = OnceLock::new();
    OBJECTS.get_or_init(|| {
        let mut objects = Box::new([const { None }; 256]);
        for predefined in ALL.iter().chain(&SIZED) {
            let name = predefined.handle as u32;
            let datatype = match predefined.kind {
                One(basic) => Layout::basic(basic.named(name)),
                // Values and indices of pairs are basic types, which is all that is asked of them.
                Pair(value, index) => {
                    let (value, index) = (Layout::basic(value.named(name)), Layout::basic(index));
                    Layout::value_index(&value, &index).expect("of two predefined types")
                }
            };
            objects[predefined.handle - FIRST] = Some(TypeObject::predefined(datatype, predefined));
        }
        objects
    })
}

/// The handle under which a predefined datatype was made: that of [`Basic::name`].
pub fn handle_of(datatype: &Layout) -> Option<usize> {
    let basic = match datatype.recipe() {
        olympi_comm::Recipe::Basic(basic) => basic,
        olympi_comm::Recipe::ValueIndex { value, .. } => value,
        _ => return None,
    };
    let handle = basic.name() as usize;
    get(handle).is_some_and(|object| object.datatype == *datatype).then_some(handle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_are_found_and_tell_sizes() {
        for predefined in ALL.iter().chain(&SIZED) {
            let object = get(predefined.handle).unwrap();
            assert_eq!(object.predefined.unwrap().name, predefined.name);
            assert_eq!(handle_of(&object.datatype), Some(predefined.handle), "{}", predefined.name);
            if predefined.handle >= 0x240 {
                // Of these the handle's own bits say the size (MPI 5.0, section 20.3).
                let size = 1 << (predefined.handle >> 3 & 7);
                assert_eq!(object.datatype.size(), size, "{}", predefined.name);
            }
        }
        assert!([0, 0x1ff, 0x200, 0x204, 0x2ff, 0x300].iter().all(|handle| get(*handle).is_none()));
    }

    #[test]
    fn pairs_are_laid_out_as_in_c() {
        let size_extent = |handle| {
            let datatype = &get(handle).unwrap().datatype;
            (datatype.size(), datatype.extent())
        };
        assert_eq!(size_extent(0x229), (12, 16)); // double, int
        assert_eq!(size_extent(0x22c), (6, 8)); // short, int
        assert_eq!(size_extent(0x22d), (20, 32)); // long double, int
    }
}
