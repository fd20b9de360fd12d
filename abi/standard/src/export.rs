//! The two macros that turn a table of names into functions of C.
//!
//! A row names an MPI function, its twin for profilers, and the function of `olympi_abi` that does
//! the work. The large-count form of a call (`_c`) names the same core function as the small one:
//! cores are generic over the integers in which counts and displacements come.

/// Exports each row under its two names: `MPI_X PMPI_X = chapter::core(arguments) -> result;`.
macro_rules! export {
    ($(
        $mpi:ident $pmpi:ident = $chapter:ident::$core:ident ($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => { $(
        #[doc = concat!("`", stringify!($mpi), "`, done by `", stringify!($core), "`.")]
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe, reason = "some cores, such as the clock, are safe")]
        unsafe extern "C" fn $mpi($($arg: $type),*) -> $result {
            // SAFETY: the core asks for what the standard asks of the caller, and gets it unchanged.
            unsafe { olympi_abi::$chapter::$core($($arg),*) }
        }

        #[doc = concat!("`", stringify!($mpi), "` for profilers that have taken the first name.")]
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe, reason = "some cores, such as the clock, are safe")]
        unsafe extern "C" fn $pmpi($($arg: $type),*) -> $result {
            // SAFETY: as above.
            unsafe { olympi_abi::$chapter::$core($($arg),*) }
        }
    )* };
}

/// Exports calls that only say that they are not there, to the error handler of the object they
/// would have acted on: `MPI_X PMPI_X = unsupported::of_comm(comm) for (arguments) -> c_int;`.
macro_rules! unsupported {
    ($(
        $mpi:ident $pmpi:ident = unsupported::$whose:ident ($($object:expr)?) for
            ($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => { $(
        #[doc = concat!("`", stringify!($mpi), "`, not supported.")]
        #[unsafe(no_mangle)]
        #[allow(unused_variables, reason = "the object alone matters")]
        unsafe extern "C" fn $mpi($($arg: $type),*) -> $result {
            // SAFETY: the object is the caller's, valid by its promise.
            unsafe { olympi_abi::unsupported::$whose(stringify!($mpi) $(, $object)?) }
        }

        #[doc = concat!("`", stringify!($mpi), "` for profilers that have taken the first name.")]
        #[unsafe(no_mangle)]
        #[allow(unused_variables, reason = "the object alone matters")]
        unsafe extern "C" fn $pmpi($($arg: $type),*) -> $result {
            // SAFETY: as above.
            unsafe { olympi_abi::unsupported::$whose(stringify!($mpi) $(, $object)?) }
        }
    )* };
}
