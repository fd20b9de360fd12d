//! `libmpi_abi.so.1`: the functions of the MPI 5.0 standard ABI, each a line in a table.
//!
//! Nothing is decided here. A table holds the C signature of each call and the function of the
//! crate `olympi_abi` that does the work; one table is one chapter, and the core module has its
//! name (the three tables of collectives share one). The same names and signatures stand in
//! `abi/include/mpi.h`; `ci/abi-header` compares the two.

#[macro_use]
mod export;

// A chapter is exported as soon as the core has all of it.
mod attributes;
mod collectives;
mod collectives_nonblocking;
mod collectives_persistent;
mod communicators;
mod conversions;
mod datatypes;
mod environment;
mod errors;
mod files;
mod groups;
mod info;
mod neighbours;
mod one_sided;
mod operations;
mod partitioned;
mod point_to_point;
mod processes;
mod requests;
mod sessions;
mod tools;
mod topology;
