//! The constants of the MPI 5.0 standard ABI (chapter 20): integers, and the handles that are always there.

#![allow(missing_docs, reason = "the names are the standard's; groups and comments say the rest")]

use std::ffi::c_int;

// The version of the standard, and of the ABI.

pub const MPI_VERSION: c_int = 5;
pub const MPI_SUBVERSION: c_int = 0;
pub const MPI_ABI_VERSION: c_int = 1;
pub const MPI_ABI_SUBVERSION: c_int = 0;

// Error classes.

pub const MPI_SUCCESS: c_int = 0; // no error
pub const MPI_ERR_BUFFER: c_int = 1; // bad buffer address
pub const MPI_ERR_COUNT: c_int = 2; // bad count
pub const MPI_ERR_TYPE: c_int = 3; // bad datatype
pub const MPI_ERR_TAG: c_int = 4; // bad tag
pub const MPI_ERR_COMM: c_int = 5; // bad communicator
pub const MPI_ERR_RANK: c_int = 6; // bad rank
pub const MPI_ERR_REQUEST: c_int = 7; // bad request
pub const MPI_ERR_ROOT: c_int = 8; // bad root
pub const MPI_ERR_GROUP: c_int = 9; // bad group
pub const MPI_ERR_OP: c_int = 10; // bad operation, or one that the datatype has not
pub const MPI_ERR_TOPOLOGY: c_int = 11; // bad topology, or none
pub const MPI_ERR_DIMS: c_int = 12; // bad dimensions
pub const MPI_ERR_ARG: c_int = 13; // bad argument of another kind
pub const MPI_ERR_UNKNOWN: c_int = 14; // unknown error
pub const MPI_ERR_TRUNCATE: c_int = 15; // the message is longer than the receive buffer
pub const MPI_ERR_OTHER: c_int = 16; // another error; the error string says which
pub const MPI_ERR_INTERN: c_int = 17; // an error inside the library
pub const MPI_ERR_PENDING: c_int = 18; // this request of several has not completed
pub const MPI_ERR_IN_STATUS: c_int = 19; // the codes are in the statuses
pub const MPI_ERR_ACCESS: c_int = 20; // permission denied
pub const MPI_ERR_AMODE: c_int = 21; // bad access mode
pub const MPI_ERR_ASSERT: c_int = 22; // bad assertion
pub const MPI_ERR_BAD_FILE: c_int = 23; // bad file name
pub const MPI_ERR_BASE: c_int = 24; // bad base address
pub const MPI_ERR_CONVERSION: c_int = 25; // a conversion function failed
pub const MPI_ERR_DISP: c_int = 26; // bad displacement
pub const MPI_ERR_DUP_DATAREP: c_int = 27; // data representation already defined
pub const MPI_ERR_FILE_EXISTS: c_int = 28; // file exists
pub const MPI_ERR_FILE_IN_USE: c_int = 29; // file is open somewhere
pub const MPI_ERR_FILE: c_int = 30; // bad file handle
pub const MPI_ERR_INFO_KEY: c_int = 31; // key is too long or empty
pub const MPI_ERR_INFO_NOKEY: c_int = 32; // key is not there
pub const MPI_ERR_INFO_VALUE: c_int = 33; // value is too long or empty
pub const MPI_ERR_INFO: c_int = 34; // bad info object
pub const MPI_ERR_IO: c_int = 35; // another error of input or output
pub const MPI_ERR_KEYVAL: c_int = 36; // bad attribute key
pub const MPI_ERR_LOCKTYPE: c_int = 37; // bad lock type
pub const MPI_ERR_NAME: c_int = 38; // service name is not published
pub const MPI_ERR_NO_MEM: c_int = 39; // memory exhausted
pub const MPI_ERR_NOT_SAME: c_int = 40; // an argument differs among the ranks, or they call in different orders
pub const MPI_ERR_NO_SPACE: c_int = 41; // no space left
pub const MPI_ERR_NO_SUCH_FILE: c_int = 42; // file does not exist
pub const MPI_ERR_PORT: c_int = 43; // bad port name
pub const MPI_ERR_QUOTA: c_int = 44; // quota exceeded
pub const MPI_ERR_READ_ONLY: c_int = 45; // read-only file or file system
pub const MPI_ERR_RMA_ATTACH: c_int = 46; // memory cannot be attached
pub const MPI_ERR_RMA_CONFLICT: c_int = 47; // conflicting accesses to a window
pub const MPI_ERR_RMA_RANGE: c_int = 48; // memory outside the window
pub const MPI_ERR_RMA_SHARED: c_int = 49; // memory cannot be shared
pub const MPI_ERR_RMA_SYNC: c_int = 50; // wrong synchronization of a window
pub const MPI_ERR_SERVICE: c_int = 51; // service name cannot be published or withdrawn
pub const MPI_ERR_SIZE: c_int = 52; // bad size
pub const MPI_ERR_SPAWN: c_int = 53; // processes cannot be started
pub const MPI_ERR_UNSUPPORTED_DATAREP: c_int = 54; // unknown data representation
pub const MPI_ERR_UNSUPPORTED_OPERATION: c_int = 55; // not supported, for example seeking in a pipe
pub const MPI_ERR_WIN: c_int = 56; // bad window
pub const MPI_ERR_RMA_FLAVOR: c_int = 57; // window is of the wrong kind
pub const MPI_ERR_PROC_ABORTED: c_int = 58; // a peer process has died
pub const MPI_ERR_VALUE_TOO_LARGE: c_int = 59; // a value does not fit into the type of its argument
pub const MPI_ERR_SESSION: c_int = 60; // bad session
pub const MPI_ERR_ERRHANDLER: c_int = 61; // bad error handler
pub const MPI_ERR_ABI: c_int = 62; // an error of the ABI functions

// Error classes of the tool interface.

pub const MPI_T_ERR_CANNOT_INIT: c_int = 1001; // the tool interface cannot start
pub const MPI_T_ERR_NOT_ACCESSIBLE: c_int = 1002; // not accessible now
pub const MPI_T_ERR_NOT_INITIALIZED: c_int = 1003; // the tool interface has not been started
pub const MPI_T_ERR_NOT_SUPPORTED: c_int = 1004; // not supported
pub const MPI_T_ERR_MEMORY: c_int = 1005; // memory exhausted
pub const MPI_T_ERR_INVALID: c_int = 1006; // bad argument
pub const MPI_T_ERR_INVALID_INDEX: c_int = 1007; // bad index
pub const MPI_T_ERR_INVALID_ITEM: c_int = 1008; // bad item of an enumeration (deprecated: INVALID_INDEX)
pub const MPI_T_ERR_INVALID_SESSION: c_int = 1009; // bad session
pub const MPI_T_ERR_INVALID_HANDLE: c_int = 1010; // bad handle
pub const MPI_T_ERR_INVALID_NAME: c_int = 1011; // unknown name
pub const MPI_T_ERR_OUT_OF_HANDLES: c_int = 1012; // no more handles
pub const MPI_T_ERR_OUT_OF_SESSIONS: c_int = 1013; // no more sessions
pub const MPI_T_ERR_CVAR_SET_NOT_NOW: c_int = 1014; // variable cannot be set now
pub const MPI_T_ERR_CVAR_SET_NEVER: c_int = 1015; // variable can never be set
pub const MPI_T_ERR_PVAR_NO_WRITE: c_int = 1016; // variable cannot be written or reset
pub const MPI_T_ERR_PVAR_NO_STARTSTOP: c_int = 1017; // variable runs always
pub const MPI_T_ERR_PVAR_NO_ATOMIC: c_int = 1018; // variable cannot be read and reset in one
pub const MPI_ERR_LASTCODE: c_int = 16383; // the greatest predefined class; codes of users are greater

// Lengths of the strings that calls return, with their final zero.

pub const MPI_MAX_DATAREP_STRING: c_int = 128;
pub const MPI_MAX_ERROR_STRING: c_int = 512;
pub const MPI_MAX_INFO_KEY: c_int = 256;
pub const MPI_MAX_INFO_VAL: c_int = 1024;
pub const MPI_MAX_LIBRARY_VERSION_STRING: c_int = 8192;
pub const MPI_MAX_OBJECT_NAME: c_int = 128;
pub const MPI_MAX_PORT_NAME: c_int = 1024;
pub const MPI_MAX_PROCESSOR_NAME: c_int = 256;
pub const MPI_MAX_STRINGTAG_LEN: c_int = 1024;
pub const MPI_MAX_PSET_NAME_LEN: c_int = 1024;

// Ranks and tags that are none, and no value at all.

pub const MPI_ANY_SOURCE: c_int = -1; // receive from whoever sends
pub const MPI_ANY_TAG: c_int = -2; // receive any tag
pub const MPI_PROC_NULL: c_int = -3; // a peer that is nobody: the message is empty and at once complete
pub const MPI_ROOT: c_int = -4; // in a collective between groups: I am the root
pub const MPI_UNDEFINED: c_int = -32766; // no value: no colour, no rank, a count that does not fit

// Buffered sends.

pub const MPI_BSEND_OVERHEAD: c_int = 512; // bytes of a buffer that one buffered message takes beside its data

// Thread levels.

pub const MPI_THREAD_SINGLE: c_int = 0; // one thread in the program
pub const MPI_THREAD_FUNNELED: c_int = 1024; // only the main thread calls MPI
pub const MPI_THREAD_SERIALIZED: c_int = 2048; // one thread at a time calls MPI
pub const MPI_THREAD_MULTIPLE: c_int = 4096; // any threads call MPI at any time

// Answers of comparisons.

pub const MPI_IDENT: c_int = 201; // the same
pub const MPI_CONGRUENT: c_int = 202; // the same ranks in another context
pub const MPI_SIMILAR: c_int = 203; // the same processes in another order
pub const MPI_UNEQUAL: c_int = 204; // different processes

// Kinds of topologies.

pub const MPI_CART: c_int = 211; // a grid
pub const MPI_GRAPH: c_int = 212; // a graph known to all
pub const MPI_DIST_GRAPH: c_int = 213; // a graph of which each rank knows its part

// Ways to split a communicator by where ranks run.

pub const MPI_COMM_TYPE_SHARED: c_int = 221; // ranks that can share memory
pub const MPI_COMM_TYPE_HW_UNGUIDED: c_int = 222; // ranks in the next smaller part of the hardware
pub const MPI_COMM_TYPE_HW_GUIDED: c_int = 223; // ranks in the part of the hardware that a hint names
pub const MPI_COMM_TYPE_RESOURCE_GUIDED: c_int = 224; // ranks at the resource that a hint names

// Keys of predefined attributes: of `MPI_COMM_WORLD`, then of windows.

pub const MPI_KEYVAL_INVALID: c_int = 0; // no key
pub const MPI_TAG_UB: c_int = 501; // the greatest tag
pub const MPI_IO: c_int = 502; // a rank that can do input and output
pub const MPI_HOST: c_int = 503; // the host process (deprecated)
pub const MPI_WTIME_IS_GLOBAL: c_int = 504; // whether all clocks agree
pub const MPI_APPNUM: c_int = 505; // which program of the job this is
pub const MPI_LASTUSEDCODE: c_int = 506; // the greatest error code in use
pub const MPI_UNIVERSE_SIZE: c_int = 507; // how many processes the job may have
pub const MPI_WIN_BASE: c_int = 601; // its address
pub const MPI_WIN_DISP_UNIT: c_int = 602; // its unit of displacements
pub const MPI_WIN_SIZE: c_int = 603; // its bytes
pub const MPI_WIN_CREATE_FLAVOR: c_int = 604; // how it was made
pub const MPI_WIN_MODEL: c_int = 605; // its memory model

// How a datatype was made.

pub const MPI_COMBINER_NAMED: c_int = 101;
pub const MPI_COMBINER_DUP: c_int = 102;
pub const MPI_COMBINER_CONTIGUOUS: c_int = 103;
pub const MPI_COMBINER_VECTOR: c_int = 104;
pub const MPI_COMBINER_HVECTOR: c_int = 105;
pub const MPI_COMBINER_INDEXED: c_int = 106;
pub const MPI_COMBINER_HINDEXED: c_int = 107;
pub const MPI_COMBINER_INDEXED_BLOCK: c_int = 108;
pub const MPI_COMBINER_HINDEXED_BLOCK: c_int = 109;
pub const MPI_COMBINER_STRUCT: c_int = 110;
pub const MPI_COMBINER_SUBARRAY: c_int = 111;
pub const MPI_COMBINER_DARRAY: c_int = 112;
pub const MPI_COMBINER_F90_REAL: c_int = 113;
pub const MPI_COMBINER_F90_COMPLEX: c_int = 114;
pub const MPI_COMBINER_F90_INTEGER: c_int = 115;
pub const MPI_COMBINER_RESIZED: c_int = 116;
pub const MPI_COMBINER_VALUE_INDEX: c_int = 117;

// Classes of types to match by size.

pub const MPI_TYPECLASS_INTEGER: c_int = 192;
pub const MPI_TYPECLASS_REAL: c_int = 193;
pub const MPI_TYPECLASS_COMPLEX: c_int = 194;

// Orders and distributions of arrays.

pub const MPI_ORDER_C: c_int = 12;
pub const MPI_ORDER_FORTRAN: c_int = 15;
pub const MPI_DISTRIBUTE_NONE: c_int = 16;
pub const MPI_DISTRIBUTE_BLOCK: c_int = 17;
pub const MPI_DISTRIBUTE_CYCLIC: c_int = 18;
pub const MPI_DISTRIBUTE_DFLT_DARG: c_int = 19;

// Locks, kinds and memory models of windows.

pub const MPI_LOCK_EXCLUSIVE: c_int = 301;
pub const MPI_LOCK_SHARED: c_int = 302;
pub const MPI_WIN_FLAVOR_CREATE: c_int = 311;
pub const MPI_WIN_FLAVOR_ALLOCATE: c_int = 312;
pub const MPI_WIN_FLAVOR_DYNAMIC: c_int = 313;
pub const MPI_WIN_FLAVOR_SHARED: c_int = 314;
pub const MPI_WIN_UNIFIED: c_int = 321;
pub const MPI_WIN_SEPARATE: c_int = 322;

// Modes of opening a file, then assertions about windows; each group may be combined.

pub const MPI_MODE_APPEND: c_int = 1;
pub const MPI_MODE_CREATE: c_int = 2;
pub const MPI_MODE_DELETE_ON_CLOSE: c_int = 4;
pub const MPI_MODE_EXCL: c_int = 8;
pub const MPI_MODE_RDONLY: c_int = 16;
pub const MPI_MODE_RDWR: c_int = 32;
pub const MPI_MODE_SEQUENTIAL: c_int = 64;
pub const MPI_MODE_UNIQUE_OPEN: c_int = 128;
pub const MPI_MODE_WRONLY: c_int = 256;
pub const MPI_MODE_NOCHECK: c_int = 1024;
pub const MPI_MODE_NOPRECEDE: c_int = 2048;
pub const MPI_MODE_NOPUT: c_int = 4096;
pub const MPI_MODE_NOSTORE: c_int = 8192;
pub const MPI_MODE_NOSUCCEED: c_int = 16384;

// Seeking, and the current displacement of a shared view.

pub const MPI_SEEK_CUR: c_int = 401;
pub const MPI_SEEK_END: c_int = 402;
pub const MPI_SEEK_SET: c_int = 403;
pub const MPI_DISPLACEMENT_CURRENT: c_int = -1;

// A status as integers of Fortran: how many, and where each field is.

pub const MPI_F_STATUS_SIZE: c_int = 8;
pub const MPI_F_SOURCE: c_int = 0;
pub const MPI_F_TAG: c_int = 1;
pub const MPI_F_ERROR: c_int = 2;

// For whom a variable is.

pub const MPI_T_VERBOSITY_USER_BASIC: c_int = 9;
pub const MPI_T_VERBOSITY_USER_DETAIL: c_int = 10;
pub const MPI_T_VERBOSITY_USER_ALL: c_int = 12;
pub const MPI_T_VERBOSITY_TUNER_BASIC: c_int = 17;
pub const MPI_T_VERBOSITY_TUNER_DETAIL: c_int = 18;
pub const MPI_T_VERBOSITY_TUNER_ALL: c_int = 20;
pub const MPI_T_VERBOSITY_MPIDEV_BASIC: c_int = 33;
pub const MPI_T_VERBOSITY_MPIDEV_DETAIL: c_int = 34;
pub const MPI_T_VERBOSITY_MPIDEV_ALL: c_int = 36;

// What kind of object a variable belongs to.

pub const MPI_T_BIND_NO_OBJECT: c_int = 1;
pub const MPI_T_BIND_MPI_COMM: c_int = 2;
pub const MPI_T_BIND_MPI_DATATYPE: c_int = 3;
pub const MPI_T_BIND_MPI_ERRHANDLER: c_int = 4;
pub const MPI_T_BIND_MPI_FILE: c_int = 5;
pub const MPI_T_BIND_MPI_GROUP: c_int = 6;
pub const MPI_T_BIND_MPI_OP: c_int = 7;
pub const MPI_T_BIND_MPI_REQUEST: c_int = 8;
pub const MPI_T_BIND_MPI_WIN: c_int = 9;
pub const MPI_T_BIND_MPI_MESSAGE: c_int = 10;
pub const MPI_T_BIND_MPI_INFO: c_int = 11;
pub const MPI_T_BIND_MPI_SESSION: c_int = 12;

// Where a control variable must be changed.

pub const MPI_T_SCOPE_CONSTANT: c_int = 1;
pub const MPI_T_SCOPE_READONLY: c_int = 2;
pub const MPI_T_SCOPE_LOCAL: c_int = 3;
pub const MPI_T_SCOPE_GROUP: c_int = 4;
pub const MPI_T_SCOPE_GROUP_EQ: c_int = 5;
pub const MPI_T_SCOPE_ALL: c_int = 6;
pub const MPI_T_SCOPE_ALL_EQ: c_int = 7;

// What a performance variable counts.

pub const MPI_T_PVAR_CLASS_STATE: c_int = 1;
pub const MPI_T_PVAR_CLASS_LEVEL: c_int = 2;
pub const MPI_T_PVAR_CLASS_SIZE: c_int = 3;
pub const MPI_T_PVAR_CLASS_PERCENTAGE: c_int = 4;
pub const MPI_T_PVAR_CLASS_HIGHWATERMARK: c_int = 5;
pub const MPI_T_PVAR_CLASS_LOWWATERMARK: c_int = 6;
pub const MPI_T_PVAR_CLASS_COUNTER: c_int = 7;
pub const MPI_T_PVAR_CLASS_AGGREGATE: c_int = 8;
pub const MPI_T_PVAR_CLASS_TIMER: c_int = 9;
pub const MPI_T_PVAR_CLASS_GENERIC: c_int = 10;

// Whether the events of a source come in order.

pub const MPI_T_SOURCE_ORDERED: c_int = 1;
pub const MPI_T_SOURCE_UNORDERED: c_int = 2;

// What a callback of events may do.

pub const MPI_T_CB_REQUIRE_NONE: c_int = 0;
pub const MPI_T_CB_REQUIRE_MPI_RESTRICTED: c_int = 3;
pub const MPI_T_CB_REQUIRE_THREAD_SAFE: c_int = 15;
pub const MPI_T_CB_REQUIRE_ASYNC_SIGNAL_SAFE: c_int = 63;

// Communicators.

pub const MPI_COMM_NULL: usize = 0x100;
pub const MPI_COMM_WORLD: usize = 0x101;
pub const MPI_COMM_SELF: usize = 0x102;

// Groups.

pub const MPI_GROUP_NULL: usize = 0x108;
pub const MPI_GROUP_EMPTY: usize = 0x109;

// Windows, files and sessions.

pub const MPI_WIN_NULL: usize = 0x110;
pub const MPI_FILE_NULL: usize = 0x118;
pub const MPI_SESSION_NULL: usize = 0x120;

// Messages that a probe has taken.

pub const MPI_MESSAGE_NULL: usize = 0x128;
pub const MPI_MESSAGE_NO_PROC: usize = 0x129;

// Hints.

pub const MPI_INFO_NULL: usize = 0x130;
pub const MPI_INFO_ENV: usize = 0x131;

// Error handlers.

pub const MPI_ERRHANDLER_NULL: usize = 0x140;
pub const MPI_ERRORS_ARE_FATAL: usize = 0x141;
pub const MPI_ERRORS_ABORT: usize = 0x142;
pub const MPI_ERRORS_RETURN: usize = 0x143;

// Requests.

pub const MPI_REQUEST_NULL: usize = 0x180;

// Operations.

pub const MPI_OP_NULL: usize = 0x020;
pub const MPI_SUM: usize = 0x021;
pub const MPI_MIN: usize = 0x022;
pub const MPI_MAX: usize = 0x023;
pub const MPI_PROD: usize = 0x024;
pub const MPI_BAND: usize = 0x028;
pub const MPI_BOR: usize = 0x029;
pub const MPI_BXOR: usize = 0x02a;
pub const MPI_LAND: usize = 0x030;
pub const MPI_LOR: usize = 0x031;
pub const MPI_LXOR: usize = 0x032;
pub const MPI_MINLOC: usize = 0x038;
pub const MPI_MAXLOC: usize = 0x039;
pub const MPI_REPLACE: usize = 0x03c;
pub const MPI_NO_OP: usize = 0x03d;

// None, bytes, and the types of MPI.

pub const MPI_DATATYPE_NULL: usize = 0x200;
pub const MPI_AINT: usize = 0x201;
pub const MPI_COUNT: usize = 0x202;
pub const MPI_OFFSET: usize = 0x203;
pub const MPI_PACKED: usize = 0x207;
pub const MPI_BYTE: usize = 0x247;

// Types of C.

pub const MPI_SHORT: usize = 0x208;
pub const MPI_INT: usize = 0x209;
pub const MPI_LONG: usize = 0x20a;
pub const MPI_LONG_LONG_INT: usize = 0x20b;
pub const MPI_LONG_LONG: usize = 0x20b;
pub const MPI_UNSIGNED_SHORT: usize = 0x20c;
pub const MPI_UNSIGNED: usize = 0x20d;
pub const MPI_UNSIGNED_LONG: usize = 0x20e;
pub const MPI_UNSIGNED_LONG_LONG: usize = 0x20f;
pub const MPI_FLOAT: usize = 0x210;
pub const MPI_DOUBLE: usize = 0x214;
pub const MPI_LONG_DOUBLE: usize = 0x220;
pub const MPI_WCHAR: usize = 0x23c;
pub const MPI_CHAR: usize = 0x243;
pub const MPI_SIGNED_CHAR: usize = 0x244;
pub const MPI_UNSIGNED_CHAR: usize = 0x245;

// Types of `<stdint.h>`.

pub const MPI_INT8_T: usize = 0x240;
pub const MPI_UINT8_T: usize = 0x241;
pub const MPI_INT16_T: usize = 0x248;
pub const MPI_UINT16_T: usize = 0x249;
pub const MPI_INT32_T: usize = 0x250;
pub const MPI_UINT32_T: usize = 0x251;
pub const MPI_INT64_T: usize = 0x258;
pub const MPI_UINT64_T: usize = 0x259;

// Booleans and complex numbers of C.

pub const MPI_C_COMPLEX: usize = 0x212;
pub const MPI_C_FLOAT_COMPLEX: usize = 0x212;
pub const MPI_C_DOUBLE_COMPLEX: usize = 0x216;
pub const MPI_C_LONG_DOUBLE_COMPLEX: usize = 0x224;
pub const MPI_C_BOOL: usize = 0x238;

// Types of C++.

pub const MPI_CXX_FLOAT_COMPLEX: usize = 0x213;
pub const MPI_CXX_DOUBLE_COMPLEX: usize = 0x217;
pub const MPI_CXX_LONG_DOUBLE_COMPLEX: usize = 0x225;
pub const MPI_CXX_BOOL: usize = 0x239;

// Types of Fortran.

pub const MPI_LOGICAL: usize = 0x218;
pub const MPI_INTEGER: usize = 0x219;
pub const MPI_REAL: usize = 0x21a;
pub const MPI_COMPLEX: usize = 0x21b;
pub const MPI_DOUBLE_PRECISION: usize = 0x21c;
pub const MPI_DOUBLE_COMPLEX: usize = 0x21d;
pub const MPI_CHARACTER: usize = 0x21e;

// Types of Fortran by their size in bytes.

pub const MPI_LOGICAL1: usize = 0x2c0;
pub const MPI_INTEGER1: usize = 0x2c1;
pub const MPI_LOGICAL2: usize = 0x2c8;
pub const MPI_INTEGER2: usize = 0x2c9;
pub const MPI_REAL2: usize = 0x2ca;
pub const MPI_LOGICAL4: usize = 0x2d0;
pub const MPI_INTEGER4: usize = 0x2d1;
pub const MPI_REAL4: usize = 0x2d2;
pub const MPI_COMPLEX4: usize = 0x2d3;
pub const MPI_LOGICAL8: usize = 0x2d8;
pub const MPI_INTEGER8: usize = 0x2d9;
pub const MPI_REAL8: usize = 0x2da;
pub const MPI_COMPLEX8: usize = 0x2db;
pub const MPI_LOGICAL16: usize = 0x2e0;
pub const MPI_INTEGER16: usize = 0x2e1;
pub const MPI_REAL16: usize = 0x2e2;
pub const MPI_COMPLEX16: usize = 0x2e3;
pub const MPI_COMPLEX32: usize = 0x2eb;

// Pairs of a value and an index, for `MPI_MINLOC` and `MPI_MAXLOC`.

pub const MPI_FLOAT_INT: usize = 0x228;
pub const MPI_DOUBLE_INT: usize = 0x229;
pub const MPI_LONG_INT: usize = 0x22a;
pub const MPI_2INT: usize = 0x22b;
pub const MPI_SHORT_INT: usize = 0x22c;
pub const MPI_LONG_DOUBLE_INT: usize = 0x22d;
pub const MPI_2REAL: usize = 0x230;
pub const MPI_2DOUBLE_PRECISION: usize = 0x231;
pub const MPI_2INTEGER: usize = 0x232;

// Addresses with a meaning of their own.

pub const MPI_BOTTOM: usize = 0;
pub const MPI_IN_PLACE: usize = 1;
pub const MPI_BUFFER_AUTOMATIC: usize = 2;

// Arguments left out.

pub const MPI_ARGVS_NULL: usize = 0;
pub const MPI_ARGV_NULL: usize = 0;
pub const MPI_ERRCODES_IGNORE: usize = 0;
pub const MPI_STATUSES_IGNORE: usize = 0;
pub const MPI_STATUS_IGNORE: usize = 0;
pub const MPI_UNWEIGHTED: usize = 10;
pub const MPI_WEIGHTS_EMPTY: usize = 11;

// Callbacks of attributes that copy nothing, copy the value, delete nothing; conversions that convert nothing.

pub const MPI_COMM_NULL_COPY_FN: usize = 0;
pub const MPI_COMM_DUP_FN: usize = 1;
pub const MPI_COMM_NULL_DELETE_FN: usize = 0;
pub const MPI_WIN_NULL_COPY_FN: usize = 0;
pub const MPI_WIN_DUP_FN: usize = 1;
pub const MPI_WIN_NULL_DELETE_FN: usize = 0;
pub const MPI_TYPE_NULL_COPY_FN: usize = 0;
pub const MPI_TYPE_DUP_FN: usize = 1;
pub const MPI_TYPE_NULL_DELETE_FN: usize = 0;
pub const MPI_CONVERSION_FN_NULL: usize = 0;
pub const MPI_CONVERSION_FN_NULL_C: usize = 0;
pub const MPI_NULL_COPY_FN: usize = 0;
pub const MPI_DUP_FN: usize = 1;
pub const MPI_NULL_DELETE_FN: usize = 0;

// Handles of the tool interface that are none, and all.

pub const MPI_T_ENUM_NULL: usize = 0;
pub const MPI_T_CVAR_HANDLE_NULL: usize = 0;
pub const MPI_T_PVAR_HANDLE_NULL: usize = 0;
pub const MPI_T_PVAR_SESSION_NULL: usize = 0;
pub const MPI_T_PVAR_ALL_HANDLES: usize = 1;
