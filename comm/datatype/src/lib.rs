//! Which Rust types travel as raw bytes, and what makes that sound.
//!
//! MPI describes the memory of a message by a datatype (MPI 5.0, chapter 5). In Rust the type itself is the
//! description: a type that is [`Equivalence`] is equivalent to the bytes it is stored in, so a slice of it is sent
//! straight out of its memory and received straight into it. Those are the integers, the floats, `bool`, `char`,
//! complex numbers (feature `complex`) and half-precision floats (feature `half`), arrays of them, and structs of
//! them through `#[derive(Equivalence)]`.
//!
//! Where the elements of a message do not lie one after the other (a column of a matrix, some fields of a struct, the
//! halo of a field), a [`Datatype`] says where they do, and a [`View`] packs and unpacks them.
//!
//! Two dangers are kept out here, once:
//!
//! - *Padding* is uninitialized memory, and must not be sent: a struct that has any does not compile.
//! - *A peer may send anything.* Not every byte is a `bool`. Types that do not accept all bits are checked after a
//!   receive, before anyone can read them; what is no value becomes zero, and the receive an error.
//!
//! ```
//! use olympi_datatype::{Equivalence, bytes_of};
//!
//! #[derive(Clone, Copy, Equivalence)]
//! #[equivalence(crate = "olympi_datatype")] // not needed by users of the crate `olympi`
//! #[repr(C)]
//! struct Particle {
//!     position: [f64; 3],
//!     charge: i32,
//!     id: u32,
//! }
//!
//! let particles = [Particle { position: [0.0; 3], charge: -1, id: 7 }];
//! assert_eq!(bytes_of(&particles).len(), 32);
//! assert!(Particle::ANY_BITS);
//! ```
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod buffer;
mod builtin;
mod bytes;
mod derived;
mod equivalence;
pub mod signature;
mod view;

pub use buffer::{Buffer, BufferMut};
pub use bytes::{
    InvalidValue, bytes_of, read_value, read_values, validate_or_zero, validate_or_zero_raw,
    validate_or_zero_uninit, write_values, zeroed,
};
pub use derived::{
    Axis, Basic, Datatype, DatatypeError, Distribution, IntoMemory, Memory, MemoryMut, Order, PackError,
    Recipe, Signature, View, ViewError,
};
pub use equivalence::Equivalence;
pub use view::{values_of, values_of_mut, with_bytes_mut};

/// Makes a struct [`Equivalence`](trait@Equivalence), if all its fields are.
///
/// The struct needs a defined layout, `#[repr(C)]` or `#[repr(transparent)]`, and `Copy`. Padding, a field that is no
/// `Equivalence`, an enum, or a union do not compile; an enum travels as an object, or as its discriminant.
///
/// ```compile_fail,E0080
/// # use olympi_datatype::{Equivalence, bytes_of};
/// #[derive(Clone, Copy, Equivalence)]
/// # #[equivalence(crate = "olympi_datatype")]
/// #[repr(C)]
/// struct Pair<A, B>(A, B);
///
/// bytes_of(&[Pair(1_u32, 2_u32)]);
/// bytes_of(&[Pair(1_u8, 2_u32)]); // a generic struct is proven where it is used: three bytes of padding
/// ```
///
/// The generated code names the crate `olympi`. Who reaches the trait by another path says so:
/// `#[equivalence(crate = "olympi_comm")]`.
pub use olympi_derive::Equivalence;
