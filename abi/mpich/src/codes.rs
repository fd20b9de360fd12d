//! Error classes and codes: MPICH numbers them in another order.
//!
//! Classes and codes that programs add come after all others in both ABIs. A number that is no code at all, such as a
//! function of the program may return, is none on the other side either, and itself again when it comes back.

use std::ffi::c_int;

use olympi_abi::constants as c;

use crate::arguments::Translated;

/// An error class or code as MPICH has it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Code(pub(crate) c_int);

/// `MPI_SUCCESS`
pub(crate) const SUCCESS: Code = Code(0);

/// `MPI_ERR_LASTCODE` of MPICH: what programs add is greater.
const LAST: c_int = 0x3fff_ffff;
/// From here the core has numbers below zero, which it cannot have: `!x` for a negative `x`.
const NEGATIVE: c_int = 0x6000_0000;

macro_rules! codes {
    ($($mpich:literal = $ours:ident),* $(,)?) => {
        impl Translated for Code {
            type Core = c_int;

            #[inline]
            fn to_core(self) -> c_int {
                match self.0 {
                    $($mpich => c::$ours,)*
                    LAST.. => (self.0 - LAST).saturating_add(c::MPI_ERR_LASTCODE).min(NEGATIVE - 1),
                    0.. => !self.0,
                    ..0 => NEGATIVE.saturating_add(!self.0),
                }
            }

            #[inline]
            fn from_core(core: c_int) -> Self {
                Self(match core {
                    $(c::$ours => $mpich,)*
                    NEGATIVE.. => !(core - NEGATIVE),
                    c::MPI_ERR_LASTCODE.. => core - c::MPI_ERR_LASTCODE + LAST,
                    ..0 => !core,
                    // No class of the standard: MPI_ERR_UNKNOWN.
                    0.. => 13,
                })
            }
        }

        #[cfg(test)]
        const CODES: &[(c_int, c_int)] = &[$(($mpich, c::$ours)),*];
    };
}

codes! {
    0 = MPI_SUCCESS,
    1 = MPI_ERR_BUFFER,
    2 = MPI_ERR_COUNT,
    3 = MPI_ERR_TYPE,
    4 = MPI_ERR_TAG,
    5 = MPI_ERR_COMM,
    6 = MPI_ERR_RANK,
    7 = MPI_ERR_ROOT,
    8 = MPI_ERR_GROUP,
    9 = MPI_ERR_OP,
    10 = MPI_ERR_TOPOLOGY,
    11 = MPI_ERR_DIMS,
    12 = MPI_ERR_ARG,
    13 = MPI_ERR_UNKNOWN,
    14 = MPI_ERR_TRUNCATE,
    15 = MPI_ERR_OTHER,
    16 = MPI_ERR_INTERN,
    17 = MPI_ERR_IN_STATUS,
    18 = MPI_ERR_PENDING,
    19 = MPI_ERR_REQUEST,
    20 = MPI_ERR_ACCESS,
    21 = MPI_ERR_AMODE,
    22 = MPI_ERR_BAD_FILE,
    23 = MPI_ERR_CONVERSION,
    24 = MPI_ERR_DUP_DATAREP,
    25 = MPI_ERR_FILE_EXISTS,
    26 = MPI_ERR_FILE_IN_USE,
    27 = MPI_ERR_FILE,
    28 = MPI_ERR_INFO,
    29 = MPI_ERR_INFO_KEY,
    30 = MPI_ERR_INFO_VALUE,
    31 = MPI_ERR_INFO_NOKEY,
    32 = MPI_ERR_IO,
    33 = MPI_ERR_NAME,
    34 = MPI_ERR_NO_MEM,
    35 = MPI_ERR_NOT_SAME,
    36 = MPI_ERR_NO_SPACE,
    37 = MPI_ERR_NO_SUCH_FILE,
    38 = MPI_ERR_PORT,
    39 = MPI_ERR_QUOTA,
    40 = MPI_ERR_READ_ONLY,
    41 = MPI_ERR_SERVICE,
    42 = MPI_ERR_SPAWN,
    43 = MPI_ERR_UNSUPPORTED_DATAREP,
    44 = MPI_ERR_UNSUPPORTED_OPERATION,
    45 = MPI_ERR_WIN,
    46 = MPI_ERR_BASE,
    47 = MPI_ERR_LOCKTYPE,
    48 = MPI_ERR_KEYVAL,
    49 = MPI_ERR_RMA_CONFLICT,
    50 = MPI_ERR_RMA_SYNC,
    51 = MPI_ERR_SIZE,
    52 = MPI_ERR_DISP,
    53 = MPI_ERR_ASSERT,
    55 = MPI_ERR_RMA_RANGE,
    56 = MPI_ERR_RMA_ATTACH,
    57 = MPI_ERR_RMA_SHARED,
    58 = MPI_ERR_RMA_FLAVOR,
    59 = MPI_T_ERR_MEMORY,
    60 = MPI_T_ERR_NOT_INITIALIZED,
    61 = MPI_T_ERR_CANNOT_INIT,
    62 = MPI_T_ERR_INVALID_INDEX,
    63 = MPI_T_ERR_INVALID_ITEM,
    64 = MPI_T_ERR_INVALID_HANDLE,
    65 = MPI_T_ERR_OUT_OF_HANDLES,
    66 = MPI_T_ERR_OUT_OF_SESSIONS,
    67 = MPI_T_ERR_INVALID_SESSION,
    68 = MPI_T_ERR_CVAR_SET_NOT_NOW,
    69 = MPI_T_ERR_CVAR_SET_NEVER,
    70 = MPI_T_ERR_PVAR_NO_STARTSTOP,
    71 = MPI_T_ERR_PVAR_NO_WRITE,
    72 = MPI_T_ERR_PVAR_NO_ATOMIC,
    73 = MPI_T_ERR_INVALID_NAME,
    74 = MPI_T_ERR_INVALID,
    75 = MPI_ERR_SESSION,
    76 = MPI_ERR_PROC_ABORTED,
    77 = MPI_ERR_VALUE_TOO_LARGE,
    78 = MPI_T_ERR_NOT_SUPPORTED,
    79 = MPI_T_ERR_NOT_ACCESSIBLE,
    80 = MPI_ERR_ERRHANDLER,
    81 = MPI_ERR_ABI,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_goes_there_and_back() {
        for (mpich, ours) in CODES {
            assert_eq!(Code(*mpich).to_core(), *ours);
            assert_eq!(Code::from_core(*ours), Code(*mpich));
        }
        // All of the standard's, and of its tool interface.
        for ours in (0..=c::MPI_ERR_ABI).chain(c::MPI_T_ERR_CANNOT_INIT..=c::MPI_T_ERR_PVAR_NO_ATOMIC) {
            assert!(CODES.iter().any(|(_, known)| *known == ours), "{ours}");
        }
    }

    #[test]
    fn what_programs_add_is_greater_than_the_last_code() {
        assert_eq!(Code::from_core(c::MPI_ERR_LASTCODE), Code(LAST));
        for added in [1, 2, 1000] {
            let code = Code::from_core(c::MPI_ERR_LASTCODE + added);
            assert_eq!(code, Code(LAST + added));
            assert_eq!(code.to_core(), c::MPI_ERR_LASTCODE + added);
        }
    }

    #[test]
    fn what_is_no_code_comes_back_as_it_was() {
        for nothing in [54, 82, 999, 16384, LAST - 1, -1, -100] {
            let core = Code(nothing).to_core();
            assert_eq!(Code::from_core(core), Code(nothing), "{core}");
            assert!(olympi_abi::fault::text(core).is_none());
        }
    }
}
