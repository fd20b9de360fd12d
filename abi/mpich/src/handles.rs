//! Handles: `int` in MPICH, as wide as a pointer in ours.
//!
//! MPICH's bits 31 and 30 say how a handle is found: 00 is none, 01 is predefined, 10 and 11 are objects of the program;
//! with 10 begin five predefined types of pairs as well. A handle of ours that is not predefined has bit 30 and not bit 31
//! ([`olympi_abi::handle`]), so with bit 31 set besides it is none of MPICH's own. What MPICH does not know as a handle is
//! none of ours either: it becomes a number above all `int`s.

use std::ffi::c_int;

use olympi_abi::types;

use crate::arguments::{Argument, Translated};

/// Set in what a program passes that is no handle. Handles of ours are smaller.
const UNKNOWN: usize = 1 << 32;
/// Set in MPICH's form of a handle of ours that is not predefined.
const USER: u32 = 1 << 31;

/// A handle that is not predefined, as the core has it.
#[inline]
fn ours(mpich: u32) -> usize {
    if mpich >> 30 == 3 { (mpich ^ USER) as usize } else { UNKNOWN | mpich as usize }
}

/// The same, as the program has it.
#[inline]
fn mpich(ours: usize) -> u32 {
    if ours & UNKNOWN == 0 { ours as u32 ^ USER } else { ours as u32 }
}

/// Declares kinds of handles, each with the predefined ones: MPICH's number, and the name of ours.
macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident { $($mpich:literal = $ours:ident),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            #[repr(transparent)]
            pub(crate) struct $name(pub(crate) c_int);

            impl Translated for $name {
                type Core = types::$name;

                #[inline]
                fn to_core(self) -> types::$name {
                    types::$name(match self.0 as u32 {
                        $($mpich => $ours,)*
                        other => ours(other),
                    })
                }

                #[inline]
                fn from_core(core: types::$name) -> Self {
                    Self(match core.0 {
                        $($ours => $mpich,)*
                        other => mpich(other),
                    } as c_int)
                }
            }
        )*

        #[cfg(test)]
        mod predefined {
            $(
                #[allow(non_upper_case_globals, reason = "the name of a type")]
                pub(super) const $name: &[(u32, usize)] = &[$(($mpich, super::$ours)),*];
            )*
        }
    };
}

#[allow(clippy::wildcard_imports, reason = "the tables name nearly all")]
use olympi_abi::constants::*;

/// [`types::Request::SENT`]
const SENT: usize = types::Request::SENT.0;

/// [`olympi_abi::predefined::SIZED`]
const MPIX_C_FLOAT16: usize = 0x24a;

handles! {
    /// `MPI_Comm`
    Comm { 0x0400_0000 = MPI_COMM_NULL, 0x4400_0000 = MPI_COMM_WORLD, 0x4400_0001 = MPI_COMM_SELF }

    /// `MPI_Group`
    Group { 0x0800_0000 = MPI_GROUP_NULL, 0x4800_0000 = MPI_GROUP_EMPTY }

    /// `MPI_Win`
    Win { 0x2000_0000 = MPI_WIN_NULL }

    /// `MPI_Session`
    Session { 0x3800_0000 = MPI_SESSION_NULL }

    /// `MPI_Message`
    Message { 0x2c00_0000 = MPI_MESSAGE_NULL, 0x6c00_0000 = MPI_MESSAGE_NO_PROC }

    /// `MPI_Info`
    Info { 0x1c00_0000 = MPI_INFO_NULL, 0x5c00_0001 = MPI_INFO_ENV }

    /// `MPI_Errhandler`
    Errhandler {
        0x1400_0000 = MPI_ERRHANDLER_NULL,
        0x5400_0000 = MPI_ERRORS_ARE_FATAL,
        0x5400_0001 = MPI_ERRORS_RETURN,
        0x5400_0003 = MPI_ERRORS_ABORT,
    }

    /// `MPI_Request`: MPICH has a predefined one besides that of nothing, and 1 is not its number.
    Request { 0x2c00_0000 = MPI_REQUEST_NULL, 0x6c00_0001 = SENT }

    /// `MPI_Op`
    Op {
        0x1800_0000 = MPI_OP_NULL,
        0x5800_0001 = MPI_MAX,
        0x5800_0002 = MPI_MIN,
        0x5800_0003 = MPI_SUM,
        0x5800_0004 = MPI_PROD,
        0x5800_0005 = MPI_LAND,
        0x5800_0006 = MPI_BAND,
        0x5800_0007 = MPI_LOR,
        0x5800_0008 = MPI_BOR,
        0x5800_0009 = MPI_LXOR,
        0x5800_000a = MPI_BXOR,
        0x5800_000b = MPI_MINLOC,
        0x5800_000c = MPI_MAXLOC,
        0x5800_000d = MPI_REPLACE,
        0x5800_000e = MPI_NO_OP,
    }

    /// `MPI_Datatype`: the second byte of most predefined ones is the size.
    Datatype {
        0x0c00_0000 = MPI_DATATYPE_NULL,
        0x4c00_0101 = MPI_CHAR,
        0x4c00_0102 = MPI_UNSIGNED_CHAR,
        0x4c00_0203 = MPI_SHORT,
        0x4c00_0204 = MPI_UNSIGNED_SHORT,
        0x4c00_0405 = MPI_INT,
        0x4c00_0406 = MPI_UNSIGNED,
        0x4c00_0807 = MPI_LONG,
        0x4c00_0808 = MPI_UNSIGNED_LONG,
        0x4c00_0809 = MPI_LONG_LONG,
        0x4c00_040a = MPI_FLOAT,
        0x4c00_080b = MPI_DOUBLE,
        0x4c00_100c = MPI_LONG_DOUBLE,
        0x4c00_010d = MPI_BYTE,
        0x4c00_040e = MPI_WCHAR,
        0x4c00_010f = MPI_PACKED,
        0x4c00_0118 = MPI_SIGNED_CHAR,
        0x4c00_0819 = MPI_UNSIGNED_LONG_LONG,
        // Values and their places.
        0x8c00_0000 = MPI_FLOAT_INT,
        0x8c00_0001 = MPI_DOUBLE_INT,
        0x8c00_0002 = MPI_LONG_INT,
        0x8c00_0003 = MPI_SHORT_INT,
        0x8c00_0004 = MPI_LONG_DOUBLE_INT,
        0x4c00_0816 = MPI_2INT,
        0x4c00_0820 = MPI_2INTEGER,
        0x4c00_0821 = MPI_2REAL,
        0x4c00_1023 = MPI_2DOUBLE_PRECISION,
        // Fortran.
        0x4c00_011a = MPI_CHARACTER,
        0x4c00_041b = MPI_INTEGER,
        0x4c00_041c = MPI_REAL,
        0x4c00_041d = MPI_LOGICAL,
        0x4c00_081e = MPI_COMPLEX,
        0x4c00_081f = MPI_DOUBLE_PRECISION,
        0x4c00_1022 = MPI_DOUBLE_COMPLEX,
        0x4c00_0226 = MPI_REAL2,
        0x4c00_0427 = MPI_REAL4,
        0x4c00_0829 = MPI_REAL8,
        0x4c00_102b = MPI_REAL16,
        0x4c00_042e = MPI_COMPLEX4,
        0x4c00_0828 = MPI_COMPLEX8,
        0x4c00_102a = MPI_COMPLEX16,
        0x4c00_202c = MPI_COMPLEX32,
        0x4c00_012d = MPI_INTEGER1,
        0x4c00_022f = MPI_INTEGER2,
        0x4c00_0430 = MPI_INTEGER4,
        0x4c00_0831 = MPI_INTEGER8,
        0x4c00_1032 = MPI_INTEGER16,
        0x4c00_0147 = MPI_LOGICAL1,
        0x4c00_0248 = MPI_LOGICAL2,
        0x4c00_0449 = MPI_LOGICAL4,
        0x4c00_084a = MPI_LOGICAL8,
        0x4c00_104b = MPI_LOGICAL16,
        // C++.
        0x4c00_0133 = MPI_CXX_BOOL,
        0x4c00_0834 = MPI_CXX_FLOAT_COMPLEX,
        0x4c00_1035 = MPI_CXX_DOUBLE_COMPLEX,
        0x4c00_2036 = MPI_CXX_LONG_DOUBLE_COMPLEX,
        // C of 1999.
        0x4c00_0137 = MPI_INT8_T,
        0x4c00_0238 = MPI_INT16_T,
        0x4c00_0439 = MPI_INT32_T,
        0x4c00_083a = MPI_INT64_T,
        0x4c00_013b = MPI_UINT8_T,
        0x4c00_023c = MPI_UINT16_T,
        0x4c00_043d = MPI_UINT32_T,
        0x4c00_083e = MPI_UINT64_T,
        0x4c00_013f = MPI_C_BOOL,
        0x4c00_0840 = MPI_C_FLOAT_COMPLEX,
        0x4c00_1041 = MPI_C_DOUBLE_COMPLEX,
        0x4c00_2042 = MPI_C_LONG_DOUBLE_COMPLEX,
        // An extension of MPICH.
        0x4c00_0246 = MPIX_C_FLOAT16,
        // MPI's own.
        0x4c00_0843 = MPI_AINT,
        0x4c00_0844 = MPI_OFFSET,
        0x4c00_0845 = MPI_COUNT,
    }
}

/// `MPI_File`, which is an address in MPICH too. Its NULL is NULL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct File(pub(crate) usize);

impl Translated for File {
    type Core = types::File;

    #[inline]
    fn to_core(self) -> types::File {
        match self.0 {
            0 => types::File::NULL,
            user if olympi_abi::handle::is_user(user) && user >> 31 == 0 => types::File(user),
            other => types::File(other | UNKNOWN),
        }
    }

    #[inline]
    fn from_core(core: types::File) -> Self {
        Self(if core == types::File::NULL { 0 } else { core.0 })
    }
}

/// The place of a communicator that is written when a request is over. The core has it as it is, and asks the dialect to
/// write to it.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct LateComm(*mut Comm);

impl Argument for LateComm {
    type Core = *mut types::Comm;
    type Held = *mut types::Comm;

    unsafe fn hold(self) -> *mut types::Comm {
        self.0.cast()
    }

    fn lend(held: &mut *mut types::Comm) -> *mut types::Comm {
        *held
    }

    unsafe fn settle(self, _held: *mut types::Comm) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All that the core has as predefined, found from the number of MPICH and back.
    macro_rules! there_and_back {
        ($($name:ident)*) => {$(
            for (mpich, ours) in predefined::$name {
                let handle = $name(*mpich as c_int);
                assert_eq!(handle.to_core().0, *ours, "{handle:?}");
                assert_eq!($name::from_core(types::$name(*ours)), handle);
            }
            // Objects of the program: of any kind, any age, any place.
            for user in [1 << 30, 1 << 30 | 0x345_6789, (1 << 31) - 1] {
                let handle = $name::from_core(types::$name(user));
                assert_eq!(handle.0 as u32 >> 30, 3);
                assert_eq!(handle.to_core().0, user);
            }
            // What is no handle: it is above all that are, and stays itself on the way back.
            for nothing in [0, 1, 0x101, 0x209, 0x4000_0000, 0x4c00_0011, 0x8c00_0005, 0x3fff_ffff] {
                if predefined::$name.iter().all(|(mpich, _)| *mpich != nothing) {
                    let handle = $name(nothing as c_int);
                    assert!(handle.to_core().0 > u32::MAX as usize);
                    assert_eq!($name::from_core(handle.to_core()), handle);
                }
            }
        )*};
    }

    #[test]
    fn every_handle_is_found_there_and_back() {
        there_and_back!(Comm Group Win Session Message Info Errhandler Request Op Datatype);
    }

    #[test]
    fn no_datatype_is_forgotten() {
        let known: Vec<usize> = predefined::Datatype.iter().map(|(_, ours)| *ours).collect();
        for ours in olympi_abi::predefined::ALL.iter().chain(&olympi_abi::predefined::SIZED) {
            assert!(known.contains(&ours.handle), "{}", ours.name);
        }
        assert_eq!(known.len(), 1 + olympi_abi::predefined::ALL.len() + olympi_abi::predefined::SIZED.len());
    }

    #[test]
    fn sizes_stand_in_the_handles_of_mpich() {
        for (mpich, ours) in predefined::Datatype {
            if mpich >> 24 == 0x4c {
                let object = types::Datatype(*ours).get().unwrap();
                assert_eq!(object.datatype.size(), u64::from(mpich >> 8 & 0xff), "{mpich:#x}");
            }
        }
    }

    #[test]
    fn files_are_addresses() {
        assert_eq!(File(0).to_core(), types::File::NULL);
        assert_eq!(File::from_core(types::File::NULL), File(0));
        assert_eq!(File(1 << 30 | 5).to_core().0, 1 << 30 | 5);
        assert_ne!(File(types::File::NULL.0).to_core(), types::File::NULL);
    }
}
