//! Constants that MPICH numbers otherwise, one type for each kind of argument.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use olympi_abi::constants as c;
use olympi_abi::types::{Callback, Offset};

use crate::arguments::{Argument, Loan, Translated};

/// A constant of no kind at all.
const NOTHING: c_int = c_int::MIN;

/// Declares kinds of constants: MPICH's number, and the name of ours.
macro_rules! numbered {
    ($($(#[$doc:meta])* $name:ident { $($mpich:literal = $ours:ident),* $(,)? })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Debug)]
            #[repr(transparent)]
            pub(crate) struct $name(pub(crate) c_int);

            impl Translated for $name {
                type Core = c_int;

                #[inline]
                fn to_core(self) -> c_int {
                    match self.0 {
                        $($mpich => c::$ours,)*
                        _ => NOTHING,
                    }
                }

                #[inline]
                fn from_core(core: c_int) -> Self {
                    Self(match core {
                        $(c::$ours => $mpich,)*
                        other => other,
                    })
                }
            }
        )*

        #[cfg(test)]
        mod numbers {
            use super::*;

            #[test]
            fn every_constant_goes_there_and_back() {$(
                for (mpich, ours) in [$(($mpich, c::$ours)),*] {
                    assert_eq!($name(mpich).to_core(), ours);
                    assert_eq!($name::from_core(ours), $name(mpich));
                }
            )*}
        }
    };
}

numbered! {
    /// What a comparison says.
    Comparison { 0 = MPI_IDENT, 1 = MPI_CONGRUENT, 2 = MPI_SIMILAR, 3 = MPI_UNEQUAL }

    /// A level of thread support.
    ThreadLevel {
        0 = MPI_THREAD_SINGLE,
        1 = MPI_THREAD_FUNNELED,
        2 = MPI_THREAD_SERIALIZED,
        3 = MPI_THREAD_MULTIPLE,
    }

    /// A kind of topology.
    TopologyKind { 1 = MPI_GRAPH, 2 = MPI_CART, 3 = MPI_DIST_GRAPH, -32766 = MPI_UNDEFINED }

    /// From where a place in a file is counted.
    Whence { 600 = MPI_SEEK_SET, 602 = MPI_SEEK_CUR, 604 = MPI_SEEK_END }

    /// How a window is locked.
    LockType { 234 = MPI_LOCK_EXCLUSIVE, 235 = MPI_LOCK_SHARED }

    /// How a window was made.
    Flavor {
        1 = MPI_WIN_FLAVOR_CREATE,
        2 = MPI_WIN_FLAVOR_ALLOCATE,
        3 = MPI_WIN_FLAVOR_DYNAMIC,
        4 = MPI_WIN_FLAVOR_SHARED,
    }

    /// Whether a window has one copy of its memory.
    Model { 1 = MPI_WIN_SEPARATE, 2 = MPI_WIN_UNIFIED }

    /// A way to split a communicator by where ranks run.
    SplitType {
        1 = MPI_COMM_TYPE_SHARED,
        2 = MPI_COMM_TYPE_HW_GUIDED,
        3 = MPI_COMM_TYPE_HW_UNGUIDED,
        4 = MPI_COMM_TYPE_RESOURCE_GUIDED,
        -32766 = MPI_UNDEFINED,
    }

    /// A class of types to match by size.
    TypeClass { 1 = MPI_TYPECLASS_REAL, 2 = MPI_TYPECLASS_INTEGER, 3 = MPI_TYPECLASS_COMPLEX }

    /// An order of dimensions.
    Order { 56 = MPI_ORDER_C, 57 = MPI_ORDER_FORTRAN }

    /// A distribution of a dimension.
    Distribution { 121 = MPI_DISTRIBUTE_BLOCK, 122 = MPI_DISTRIBUTE_CYCLIC, 123 = MPI_DISTRIBUTE_NONE }

    /// How a datatype was made. MPICH has three more, of calls that MPI has no longer.
    Combiner {
        1 = MPI_COMBINER_NAMED,
        2 = MPI_COMBINER_DUP,
        3 = MPI_COMBINER_CONTIGUOUS,
        4 = MPI_COMBINER_VECTOR,
        6 = MPI_COMBINER_HVECTOR,
        7 = MPI_COMBINER_INDEXED,
        9 = MPI_COMBINER_HINDEXED,
        10 = MPI_COMBINER_INDEXED_BLOCK,
        12 = MPI_COMBINER_STRUCT,
        13 = MPI_COMBINER_SUBARRAY,
        14 = MPI_COMBINER_DARRAY,
        15 = MPI_COMBINER_F90_REAL,
        16 = MPI_COMBINER_F90_COMPLEX,
        17 = MPI_COMBINER_F90_INTEGER,
        18 = MPI_COMBINER_RESIZED,
        19 = MPI_COMBINER_HINDEXED_BLOCK,
        20 = MPI_COMBINER_VALUE_INDEX,
    }

    /// For whom a variable is.
    Verbosity {
        221 = MPI_T_VERBOSITY_USER_BASIC,
        222 = MPI_T_VERBOSITY_USER_DETAIL,
        223 = MPI_T_VERBOSITY_USER_ALL,
        224 = MPI_T_VERBOSITY_TUNER_BASIC,
        225 = MPI_T_VERBOSITY_TUNER_DETAIL,
        226 = MPI_T_VERBOSITY_TUNER_ALL,
        227 = MPI_T_VERBOSITY_MPIDEV_BASIC,
        228 = MPI_T_VERBOSITY_MPIDEV_DETAIL,
        229 = MPI_T_VERBOSITY_MPIDEV_ALL,
    }

    /// What kind of object a variable belongs to.
    Binding {
        9700 = MPI_T_BIND_NO_OBJECT,
        9701 = MPI_T_BIND_MPI_COMM,
        9702 = MPI_T_BIND_MPI_DATATYPE,
        9703 = MPI_T_BIND_MPI_ERRHANDLER,
        9704 = MPI_T_BIND_MPI_FILE,
        9705 = MPI_T_BIND_MPI_GROUP,
        9706 = MPI_T_BIND_MPI_OP,
        9707 = MPI_T_BIND_MPI_REQUEST,
        9708 = MPI_T_BIND_MPI_WIN,
        9709 = MPI_T_BIND_MPI_MESSAGE,
        9710 = MPI_T_BIND_MPI_INFO,
        9711 = MPI_T_BIND_MPI_SESSION,
    }

    /// Where a control variable must be changed.
    Scope {
        60438 = MPI_T_SCOPE_CONSTANT,
        60439 = MPI_T_SCOPE_READONLY,
        60440 = MPI_T_SCOPE_LOCAL,
        60441 = MPI_T_SCOPE_GROUP,
        60442 = MPI_T_SCOPE_GROUP_EQ,
        60443 = MPI_T_SCOPE_ALL,
        60444 = MPI_T_SCOPE_ALL_EQ,
    }

    /// What a performance variable counts.
    PvarClass {
        240 = MPI_T_PVAR_CLASS_STATE,
        241 = MPI_T_PVAR_CLASS_LEVEL,
        242 = MPI_T_PVAR_CLASS_SIZE,
        243 = MPI_T_PVAR_CLASS_PERCENTAGE,
        244 = MPI_T_PVAR_CLASS_HIGHWATERMARK,
        245 = MPI_T_PVAR_CLASS_LOWWATERMARK,
        246 = MPI_T_PVAR_CLASS_COUNTER,
        247 = MPI_T_PVAR_CLASS_AGGREGATE,
        248 = MPI_T_PVAR_CLASS_TIMER,
        249 = MPI_T_PVAR_CLASS_GENERIC,
    }

    /// What a callback of events may do.
    Safety {
        0 = MPI_T_CB_REQUIRE_NONE,
        1 = MPI_T_CB_REQUIRE_MPI_RESTRICTED,
        2 = MPI_T_CB_REQUIRE_THREAD_SAFE,
        3 = MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE,
    }

    /// Whether the events of a source come in order.
    Ordering { 0 = MPI_T_SOURCE_ORDERED, 1 = MPI_T_SOURCE_UNORDERED }
}

/// `MPI_DISTRIBUTE_DFLT_DARG`, which stands among numbers.
pub(crate) const DEFAULT_ARGUMENT: c_int = -49767;

/// A rank, or one of those that are none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Rank(pub(crate) c_int);

impl Translated for Rank {
    type Core = c_int;

    #[inline]
    fn to_core(self) -> c_int {
        match self.0 {
            -1 => c::MPI_PROC_NULL,
            -2 => c::MPI_ANY_SOURCE,
            -3 => c::MPI_ROOT,
            -4 => -2, // None on either side.
            rank => rank,
        }
    }

    #[inline]
    fn from_core(core: c_int) -> Self {
        Self(match core {
            c::MPI_PROC_NULL => -1,
            c::MPI_ANY_SOURCE => -2,
            c::MPI_ROOT => -3,
            -2 => -4,
            rank => rank,
        })
    }
}

/// A tag, or any.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Tag(pub(crate) c_int);

impl Translated for Tag {
    type Core = c_int;

    #[inline]
    fn to_core(self) -> c_int {
        match self.0 {
            -1 => c::MPI_ANY_TAG,
            -2 => -1, // None on either side.
            tag => tag,
        }
    }

    #[inline]
    fn from_core(core: c_int) -> Self {
        Self(match core {
            c::MPI_ANY_TAG => -1,
            -1 => -2,
            tag => tag,
        })
    }
}

/// Where a view of a file begins: one number stands for where the shared pointer is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Displacement(pub(crate) Offset);

/// `MPI_DISPLACEMENT_CURRENT` of MPICH.
const DISPLACEMENT_CURRENT: Offset = -54_278_278;

impl Translated for Displacement {
    type Core = Offset;

    fn to_core(self) -> Offset {
        match self.0 {
            DISPLACEMENT_CURRENT => Offset::from(c::MPI_DISPLACEMENT_CURRENT),
            // None on either side.
            -1 => -2,
            other => other,
        }
    }

    fn from_core(core: Offset) -> Self {
        Self(core)
    }
}

/// How a file is opened: bits, which MPICH has in another order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct FileMode(pub(crate) c_int);

/// MPICH's bits, and ours.
const MODES: [(c_int, c_int); 9] = [
    (1, c::MPI_MODE_CREATE),
    (2, c::MPI_MODE_RDONLY),
    (4, c::MPI_MODE_WRONLY),
    (8, c::MPI_MODE_RDWR),
    (16, c::MPI_MODE_DELETE_ON_CLOSE),
    (32, c::MPI_MODE_UNIQUE_OPEN),
    (64, c::MPI_MODE_EXCL),
    (128, c::MPI_MODE_APPEND),
    (256, c::MPI_MODE_SEQUENTIAL),
];

impl Translated for FileMode {
    type Core = c_int;

    fn to_core(self) -> c_int {
        if !(0..512).contains(&self.0) {
            return NOTHING;
        }
        MODES.iter().filter(|(mpich, _)| self.0 & mpich != 0).map(|(_, ours)| ours).sum()
    }

    fn from_core(core: c_int) -> Self {
        Self(MODES.iter().filter(|(_, ours)| core & ours != 0).map(|(mpich, _)| mpich).sum())
    }
}

/// What is promised of an epoch: bits, likewise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Assertion(pub(crate) c_int);

/// MPICH's bits, and ours.
const ASSERTIONS: [(c_int, c_int); 5] = [
    (1024, c::MPI_MODE_NOCHECK),
    (2048, c::MPI_MODE_NOSTORE),
    (4096, c::MPI_MODE_NOPUT),
    (8192, c::MPI_MODE_NOPRECEDE),
    (16384, c::MPI_MODE_NOSUCCEED),
];

impl Translated for Assertion {
    type Core = c_int;

    fn to_core(self) -> c_int {
        let known: c_int = ASSERTIONS.iter().map(|(mpich, _)| mpich).sum();
        if self.0 & !known != 0 {
            return NOTHING;
        }
        ASSERTIONS.iter().filter(|(mpich, _)| self.0 & mpich != 0).map(|(_, ours)| ours).sum()
    }

    fn from_core(core: c_int) -> Self {
        Self(ASSERTIONS.iter().filter(|(_, ours)| core & ours != 0).map(|(mpich, _)| mpich).sum())
    }
}

/// A key of attributes. Those of programs have the highest bit here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Keyval(pub(crate) c_int);

macro_rules! keyvals {
    ($($mpich:literal = $ours:ident),* $(,)?) => {
        impl Translated for Keyval {
            type Core = c_int;

            fn to_core(self) -> c_int {
                match self.0 {
                    $($mpich => c::$ours,)*
                    program if program < 0 && Self::from_core(program ^ c_int::MIN) == self => program ^ c_int::MIN,
                    _ => NOTHING,
                }
            }

            fn from_core(core: c_int) -> Self {
                Self(match core {
                    $(c::$ours => $mpich,)*
                    program => program ^ c_int::MIN,
                })
            }
        }

        #[cfg(test)]
        const KEYVALS: &[(c_int, c_int)] = &[$(($mpich, c::$ours)),*];
    };
}

keyvals! {
    0x2400_0000 = MPI_KEYVAL_INVALID,
    0x6440_0001 = MPI_TAG_UB,
    0x6440_0003 = MPI_HOST,
    0x6440_0005 = MPI_IO,
    0x6440_0007 = MPI_WTIME_IS_GLOBAL,
    0x6440_0009 = MPI_UNIVERSE_SIZE,
    0x6440_000b = MPI_LASTUSEDCODE,
    0x6440_000d = MPI_APPNUM,
    0x6600_0001 = MPI_WIN_BASE,
    0x6600_0003 = MPI_WIN_SIZE,
    0x6600_0005 = MPI_WIN_DISP_UNIT,
    0x6600_0007 = MPI_WIN_CREATE_FLAVOR,
    0x6600_0009 = MPI_WIN_MODEL,
}

/// The address of a buffer, or one that has a meaning of its own: `MPI_IN_PLACE`, `MPI_BUFFER_AUTOMATIC`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct Buffer(pub(crate) *const c_void);

/// The same, of one that is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct BufferMut(pub(crate) *mut c_void);

const IN_PLACE: usize = -1_isize as usize;
const AUTOMATIC: usize = -2_isize as usize;

impl Translated for BufferMut {
    type Core = *mut c_void;

    #[inline]
    fn to_core(self) -> *mut c_void {
        match self.0 as usize {
            IN_PLACE => c::MPI_IN_PLACE as *mut c_void,
            AUTOMATIC => c::MPI_BUFFER_AUTOMATIC as *mut c_void,
            _ => self.0,
        }
    }

    #[inline]
    fn from_core(core: *mut c_void) -> Self {
        Self(match core as usize {
            c::MPI_IN_PLACE => IN_PLACE as *mut c_void,
            c::MPI_BUFFER_AUTOMATIC => AUTOMATIC as *mut c_void,
            _ => core,
        })
    }
}

impl Translated for Buffer {
    type Core = *const c_void;

    #[inline]
    fn to_core(self) -> *const c_void {
        BufferMut(self.0.cast_mut()).to_core()
    }

    #[inline]
    fn from_core(core: *const c_void) -> Self {
        Self(BufferMut::from_core(core.cast_mut()).0)
    }
}

/// The place of a buffer's address, which MPI declares as `void *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct BufferPlace(*mut BufferMut);

impl Argument for BufferPlace {
    type Core = *mut c_void;
    type Held = Option<Loan<*mut c_void>>;

    unsafe fn hold(self) -> Self::Held {
        // SAFETY: the caller's promise.
        unsafe { self.0.hold() }
    }

    fn lend(held: &mut Self::Held) -> *mut c_void {
        held.as_mut().map_or(null_mut(), |loan| (&raw mut loan.core).cast())
    }

    unsafe fn settle(self, held: Self::Held) {
        // SAFETY: the caller's promise.
        unsafe { self.0.settle(held) };
    }
}

/// A function that copies an attribute. Ours of that name is the standard ABI's number for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub(crate) struct CopyFunction(pub(crate) Callback);

impl Translated for CopyFunction {
    type Core = Callback;

    fn to_core(self) -> Callback {
        if std::ptr::addr_eq(self.0, crate::callbacks::MPIR_Dup_fn as *const ()) {
            c::MPI_COMM_DUP_FN as Callback
        } else {
            self.0
        }
    }

    fn from_core(core: Callback) -> Self {
        Self(core)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_and_tags_that_are_none_go_there_and_back() {
        assert_eq!([-1, -2, -3].map(|rank| Rank(rank).to_core()), [-3, -1, -4]);
        assert_eq!(Tag(-1).to_core(), c::MPI_ANY_TAG);
        for number in -7..7 {
            assert_eq!(Rank::from_core(Rank(number).to_core()), Rank(number));
            assert_eq!(Tag::from_core(Tag(number).to_core()), Tag(number));
        }
    }

    #[test]
    fn modes_of_files_go_there_and_back() {
        assert_eq!(FileMode(1 | 8).to_core(), c::MPI_MODE_CREATE | c::MPI_MODE_RDWR);
        assert!((0..512).all(|mode| FileMode::from_core(FileMode(mode).to_core()) == FileMode(mode)));
        assert_eq!((FileMode(512).to_core(), FileMode(-1).to_core()), (NOTHING, NOTHING));
    }

    #[test]
    fn assertions_go_there_and_back() {
        assert_eq!(Assertion(0).to_core(), 0);
        assert_eq!(Assertion(4096 | 16384).to_core(), c::MPI_MODE_NOPUT | c::MPI_MODE_NOSUCCEED);
        for bit in 10..15 {
            assert_eq!(Assertion::from_core(Assertion(1 << bit).to_core()), Assertion(1 << bit));
        }
        assert_eq!((Assertion(1).to_core(), Assertion(-1).to_core()), (NOTHING, NOTHING));
    }

    #[test]
    fn keyvals_of_programs_are_told_from_others() {
        for (mpich, ours) in KEYVALS {
            assert_eq!(Keyval(*mpich).to_core(), *ours);
            assert_eq!(Keyval::from_core(*ours), Keyval(*mpich));
            // The bit of a program's does not lead to them.
            assert_eq!(Keyval(*ours ^ c_int::MIN).to_core(), NOTHING);
        }
        for ours in [1, 2, 700, 0x4123_4567] {
            assert_eq!(Keyval::from_core(ours).to_core(), ours);
        }
        assert_eq!(Keyval(501).to_core(), NOTHING);
    }

    #[test]
    fn addresses_with_a_meaning_are_found() {
        assert_eq!(Buffer(IN_PLACE as *const c_void).to_core() as usize, c::MPI_IN_PLACE);
        assert_eq!(BufferMut(AUTOMATIC as *mut c_void).to_core() as usize, c::MPI_BUFFER_AUTOMATIC);
        assert!(Buffer(std::ptr::null()).to_core().is_null());
        let here = [0_u8; 4];
        assert_eq!(Buffer(here.as_ptr().cast()).to_core(), here.as_ptr().cast());
    }
}
