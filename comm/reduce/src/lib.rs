//! Operations of reductions (MPI 5.0, section 6.9), and the kernels that apply them to memory.
#![no_std]
