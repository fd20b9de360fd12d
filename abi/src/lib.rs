//! The MPI 5.0 C interface as Rust functions: handles, addresses and callbacks of C programs, translated to Olympi's own
//! calls.
//!
//! A file is a chapter of the standard. Each function has the name of its MPI function without `MPI_`, in lower case, and
//! takes what that takes; those with an `int` and a large-count form are generic over the integer ([`types::Number`]). They
//! check the arguments, and raise errors as the standard says ([`fault`]). The names that programs link to are given by the
//! libraries above: `abi/standard` (`libmpi_abi.so.1`).
//!
//! Nothing is decided here about messages: what the calls mean is in `olympi-comm`.
#![warn(clippy::pedantic)]
#![allow(
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    // Measured: on the few functions that a small message passes.
    clippy::inline_always,
    // MPI's own signatures.
    clippy::too_many_arguments,
    clippy::similar_names
)]

pub mod arguments;
pub mod attributes;
pub mod buffers;
pub mod collectives;
pub mod communicators;
#[rustfmt::skip]
pub mod constants;
pub mod conversions;
pub mod datatypes;
pub mod dialect;
pub mod environment;
pub mod errors;
pub mod fault;
pub mod files;
pub mod global;
pub mod groups;
pub mod handle;
pub mod info;
pub mod neighbours;
pub mod object;
pub mod operations;
pub mod partitioned;
pub mod point_to_point;
pub mod predefined;
pub mod requests;
pub mod sessions;
mod text;
pub mod tools;
pub mod topology;
pub mod types;
pub mod unsupported;
pub mod windows;
