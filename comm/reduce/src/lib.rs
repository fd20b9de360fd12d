//! Operations of reductions (MPI 5.0, section 6.9), and the kernels that apply them to memory.
//!
//! An [`Operation`] combines elements that it sees as bytes of any alignment: `into = from ∘ into`, or the other way
//! round. It is a predefined one, of a [`Kind`] on an [`Element`] that MPI's table allows, or a function of the user. The
//! typed face, `Op<T>`, is in comm, which knows what makes bytes values of a type.
//!
//! A predefined operation is one line that combines two elements (`arithmetic.rs`, `bits.rs`, `located.rs`), wrapped
//! in loops over memory of any alignment (`kernel.rs`). Those are compiled once for every set of vector instructions
//! (`tier.rs`), of which an operation takes the best that this machine has.
//!
//! ```
//! use olympi_reduce::{Element, Kind, Operation, Order};
//!
//! let sum = Operation::predefined(Kind::Sum, Element::I32)?;
//! let mut into = [1_i32.to_ne_bytes(), 2_i32.to_ne_bytes()].concat();
//! sum.apply(&[10_i32.to_ne_bytes(), 20_i32.to_ne_bytes()].concat(), &mut into, Order::FromFirst);
//! assert_eq!(into, [11_i32.to_ne_bytes(), 22_i32.to_ne_bytes()].concat());
//!
//! let refused = Operation::predefined(Kind::BitwiseOr, Element::F64).unwrap_err();
//! assert_eq!(
//!     refused.to_string(),
//!     "the bitwise or (MPI_BOR) is not defined on elements of type f64, only on integers and bytes"
//! );
//! # Ok::<(), olympi_reduce::Undefined>(())
//! ```
#![no_std]
#![warn(clippy::pedantic)]
#![allow(
    clippy::module_name_repetitions,
    clippy::must_use_candidate,
    // A loop is compiled for the vector instructions of the function that it is inlined into.
    clippy::inline_always
)]

extern crate alloc;
// To ask which vector instructions the processor has, and for nothing else.
#[cfg(any(target_arch = "x86_64", test))]
extern crate std;

mod arithmetic;
mod bits;
mod element;
mod half;
mod kernel;
mod kind;
mod located;
mod operation;
mod table;
mod tier;
mod user;
#[cfg(target_arch = "x86_64")]
mod x87;

pub use element::Element;
pub use kind::{Kind, Undefined};
pub use operation::{Operation, Order};
pub use tier::Tier;
