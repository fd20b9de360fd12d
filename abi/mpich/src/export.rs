//! The macros that turn a table of names into functions of C.
//!
//! A row names an MPI function, its twin for profilers, the function of `olympi_abi` that does the work, and the arguments
//! as MPICH has them; how each one is translated is its type's own affair ([`crate::arguments::Argument`]).

/// Exports each row under its two names: `MPI_X PMPI_X = chapter::core(arguments) -> result;`.
macro_rules! export {
    ($(
        $mpi:ident $pmpi:ident = $chapter:ident::$core:ident ($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => { $(
        $crate::export::twins! { $mpi $pmpi ($($arg: $type),*) -> $result {
            $(let mut $arg = ($arg, $crate::arguments::Argument::hold($arg));)*
            let answer = olympi_abi::$chapter::$core($(
                <$type as $crate::arguments::Argument>::lend(&mut $arg.1)
            ),*);
            $($crate::arguments::Argument::settle($arg.0, $arg.1);)*
            <$result as $crate::arguments::Answer>::answer(answer)
        } }
    )* };
}

/// Exports functions of this crate, for what has to be written by hand: `MPI_X PMPI_X = function(arguments) -> result;`.
macro_rules! by_hand {
    ($(
        $mpi:ident $pmpi:ident = $function:ident $(::<$generic:ty>)? ($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => { $(
        $crate::export::twins! { $mpi $pmpi ($($arg: $type),*) -> $result {
            $function $(::<$generic>)? ($($arg),*)
        } }
    )* };
}

/// Exports calls that only say that they are not there, to the error handler of the object they would have acted on:
/// `MPI_X PMPI_X = unsupported::of_comm(comm) for (arguments) -> result;`.
macro_rules! unsupported {
    ($(
        $mpi:ident $pmpi:ident = unsupported::$whose:ident ($($object:expr)?) for
            ($($arg:ident: $type:ty),*) -> $result:ty;
    )*) => { $(
        $crate::export::twins! { $mpi $pmpi ($($arg: $type),*) -> $result {
            let answer = olympi_abi::unsupported::$whose(
                stringify!($mpi) $(, $crate::arguments::Translated::to_core($object))?
            );
            <$result as $crate::arguments::Answer>::answer(answer)
        } }
    )* };
}

/// One body under two names.
macro_rules! twins {
    ($mpi:ident $pmpi:ident ($($arg:ident: $type:ty),*) -> $result:ty { $($body:tt)* }) => {
        #[doc = concat!("`", stringify!($mpi), "`")]
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe, unused_variables, reason = "some calls are safe, some look at one argument only")]
        unsafe extern "C" fn $mpi($($arg: $type),*) -> $result {
            // SAFETY: the core asks for what the standard asks of the caller, and gets it translated.
            unsafe { $($body)* }
        }

        #[doc = concat!("`", stringify!($mpi), "` for profilers that have taken the first name.")]
        #[unsafe(no_mangle)]
        #[allow(unused_unsafe, unused_variables, reason = "some calls are safe, some look at one argument only")]
        unsafe extern "C" fn $pmpi($($arg: $type),*) -> $result {
            // SAFETY: as above.
            unsafe { $($body)* }
        }
    };
}

pub(crate) use twins;
