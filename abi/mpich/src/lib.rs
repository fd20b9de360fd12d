//! `libmpi.so.12`: Olympi under the ABI of MPICH, which Intel MPI and Cray MPICH keep to. Programs that were built for one
//! of them run with it as they are.
//!
//! It is a translation and no more. The functions of the C interface are those of `olympi_abi`, to which the standard ABI
//! is native; MPICH's has handles that are `int`s, its own numbers for constants and errors, and a status of 20 bytes. The
//! folder `tables` says for each function which types its arguments have, and a type knows how it is translated
//! (`arguments.rs`). The files beside it hold what needs more than that: arrays, attributes, functions of the program.
//!
//! What is not here: the Fortran bindings, which are a library of their own with MPICH (`libmpifort.so.12`), and the calls
//! named `MPIX_`, which are no part of MPI.
#![warn(clippy::pedantic)]
#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    // MPI's own signatures.
    clippy::too_many_arguments,
    clippy::similar_names,
    non_snake_case,
    // Handles have values of their own kinds.
    clippy::cast_lossless
)]

#[macro_use]
mod export;

mod arguments;
mod arrays;
mod attributes;
mod callbacks;
mod codes;
mod constants;
mod contents;
mod events;
mod fortran;
mod handles;
mod older;
mod several;
mod statuses;
mod tables;
