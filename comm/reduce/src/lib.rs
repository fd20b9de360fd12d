//! Operations of reductions (MPI 5.0, section 6.9), and the kernels that apply them to memory.
//!
//! An [`Operation`] combines elements that lie in memory as bytes, of any alignment. The predefined ones are made of a
//! [`Kind`] and an [`Element`]; their kernels exist for the processor's plain instructions, for AVX2 and for AVX-512,
//! and which serve is decided once, by what the processor has. Integers wrap; the larger or smaller of two floats is the
//! other one where one is not a number. Users' operations are closures.
//!
//! ```
//! use olympi_reduce::{Element, Kind, Operation, Order};
//!
//! let sum = Operation::predefined(Kind::Sum, Element::I32)?;
//! let mut total = 40_i32.to_ne_bytes();
//! sum.apply(&2_i32.to_ne_bytes(), &mut total, Order::FromFirst);
//! assert_eq!(i32::from_ne_bytes(total), 42);
//! let refused = Operation::predefined(Kind::BitwiseOr, Element::F64).unwrap_err();
//! assert_eq!(refused.to_string(), "the bitwise or of f64 is not defined");
//! # Ok::<(), olympi_reduce::Undefined>(())
//! ```
#![warn(clippy::pedantic)]
#![allow(
    clippy::must_use_candidate,
    clippy::module_name_repetitions,
    // Floats are compared for what they are, and loops are compiled anew for each kind of instructions.
    clippy::float_cmp,
    clippy::inline_always
)]

mod element;
mod function;
mod kernel;
mod located;
mod operation;

pub use element::Element;
pub use operation::{Kind, Operation, Order, Undefined};
