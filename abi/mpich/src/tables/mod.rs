//! The functions, chapter by chapter as in `abi/standard`: a row is an MPI function, the core function that does it, and
//! its arguments with their types of MPICH's ABI.

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
