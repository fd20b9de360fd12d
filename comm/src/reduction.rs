//! Operations of reductions (MPI 5.0, section 6.9).

use std::alloc::Layout;
use std::fmt;
use std::marker::PhantomData;

use olympi_datatype::{
    Equivalence, bytes_of, read_value, read_values, values_of, values_of_mut, with_bytes_mut, write_values,
};
use olympi_reduce::{Element, Kind, Operation, Order};

use crate::CollectiveError;

/// An operation that combines values of `T` (`MPI_Op`): predefined, or made of a closure. Cheap to clone.
///
/// An array is combined element by element. Results are the same bits on each run with the same ranks, whatever comes
/// first.
///
/// ```
/// # use olympi_comm::{Op, Universe};
/// # let universe = Universe::init()?;
/// # let me = universe.self_comm();
/// assert_eq!(me.all_reduce(&7, Op::sum())?, 7);
/// assert_eq!(me.all_reduce(&[1.5_f64, 2.5], Op::max())?, [1.5, 2.5]);
/// let longest = Op::commutative(|a: &u64, b: &u64| *a.max(b));
/// assert_eq!(me.all_reduce(&vec![3_u64, 9], longest)?, [3, 9]);
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub struct Op<T> {
    operation: Operation,
    of: PhantomData<fn(T) -> T>,
}

/// A value and where it was found: what [`Op::min_location`] and [`Op::max_location`] compare (MPI 5.0, section 6.9.4).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Default, Equivalence)]
#[equivalence(crate = "olympi_datatype")]
#[repr(C)]
pub struct Located<V, L> {
    /// What is compared.
    pub value: V,
    /// Of equal values the one with the smaller location wins.
    pub location: L,
}

mod sealed {
    pub trait Sealed {}
}

/// Values that reductions know how to combine.
pub trait Reducible: Equivalence + sealed::Sealed {
    #[doc(hidden)]
    const ELEMENT: Element;
}

/// Values with a sum and a product: integers (which wrap), floats, complex numbers, and arrays of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no predefined sum or product",
    note = "Op::commutative makes an operation of a closure"
)]
pub trait Number: Reducible {}

/// Values with a maximum and a minimum: integers and floats, and arrays of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no predefined maximum or minimum",
    note = "Op::commutative makes an operation of a closure"
)]
pub trait Ordered: Reducible {}

/// Values with logical and bitwise operations: integers and `bool`, and arrays of them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no predefined logical or bitwise operations",
    note = "Op::commutative makes an operation of a closure"
)]
pub trait Bits: Reducible {}

/// Pairs whose minimum or maximum can be located.
#[diagnostic::on_unimplemented(
    message = "the minimum or maximum of `{Self}` cannot be located",
    note = "Located of f64, i64 or u64 and an i64 can, and of f32, i32 or u32 and an i32"
)]
pub trait Locatable: Reducible {}

macro_rules! reducible {
    ($($type:ty: $element:ident, [$($class:ident),*];)*) => {$(
        impl sealed::Sealed for $type {}
        impl Reducible for $type {
            const ELEMENT: Element = Element::$element;
        }
        $(impl $class for $type {})*
    )*};
}

reducible! {
    i8: I8, [Number, Ordered, Bits];
    i16: I16, [Number, Ordered, Bits];
    i32: I32, [Number, Ordered, Bits];
    i64: I64, [Number, Ordered, Bits];
    i128: I128, [Number, Ordered, Bits];
    u8: U8, [Number, Ordered, Bits];
    u16: U16, [Number, Ordered, Bits];
    u32: U32, [Number, Ordered, Bits];
    u64: U64, [Number, Ordered, Bits];
    u128: U128, [Number, Ordered, Bits];
    f32: F32, [Number, Ordered];
    f64: F64, [Number, Ordered];
    bool: Bool, [Bits];
    Located<f64, i64>: F64I64, [Locatable];
    Located<i64, i64>: I64I64, [Locatable];
    Located<u64, i64>: U64I64, [Locatable];
    Located<f32, i32>: F32I32, [Locatable];
    Located<i32, i32>: I32I32, [Locatable];
    Located<u32, i32>: U32I32, [Locatable];
}

#[cfg(target_pointer_width = "64")]
reducible! {
    isize: I64, [Number, Ordered, Bits];
    usize: U64, [Number, Ordered, Bits];
}

#[cfg(target_pointer_width = "32")]
reducible! {
    isize: I32, [Number, Ordered, Bits];
    usize: U32, [Number, Ordered, Bits];
}

#[cfg(feature = "complex")]
reducible! {
    num_complex::Complex<f32>: ComplexF32, [Number];
    num_complex::Complex<f64>: ComplexF64, [Number];
}

#[cfg(feature = "half")]
reducible! {
    half::f16: F16, [Number, Ordered];
    half::bf16: Bf16, [Number, Ordered];
}

impl<T: sealed::Sealed, const N: usize> sealed::Sealed for [T; N] {}
impl<T: Reducible, const N: usize> Reducible for [T; N] {
    const ELEMENT: Element = T::ELEMENT;
}
impl<T: Number, const N: usize> Number for [T; N] {}
impl<T: Ordered, const N: usize> Ordered for [T; N] {}
impl<T: Bits, const N: usize> Bits for [T; N] {}
impl<T: Locatable, const N: usize> Locatable for [T; N] {}

// The bounds stand at the functions, so that the compiler says which one does not hold, in the words above.
impl<T: Equivalence> Op<T> {
    /// The sum (`MPI_SUM`). Integers wrap.
    pub fn sum() -> Self
    where
        T: Number,
    {
        Self::predefined(Kind::Sum)
    }

    /// The product (`MPI_PROD`). Integers wrap.
    pub fn product() -> Self
    where
        T: Number,
    {
        Self::predefined(Kind::Product)
    }

    /// The maximum (`MPI_MAX`); of a float and what is not a number, the float.
    pub fn max() -> Self
    where
        T: Ordered,
    {
        Self::predefined(Kind::Maximum)
    }

    /// The minimum (`MPI_MIN`); of a float and what is not a number, the float.
    pub fn min() -> Self
    where
        T: Ordered,
    {
        Self::predefined(Kind::Minimum)
    }

    /// Whether both are true, which is not zero (`MPI_LAND`).
    pub fn logical_and() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::LogicalAnd)
    }

    /// Whether one of them is (`MPI_LOR`).
    pub fn logical_or() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::LogicalOr)
    }

    /// Whether exactly one of them is (`MPI_LXOR`).
    pub fn logical_xor() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::LogicalXor)
    }

    /// Bit by bit, whether both are set (`MPI_BAND`).
    pub fn bitwise_and() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::BitwiseAnd)
    }

    /// Bit by bit, whether one of them is (`MPI_BOR`).
    pub fn bitwise_or() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::BitwiseOr)
    }

    /// Bit by bit, whether exactly one of them is (`MPI_BXOR`).
    pub fn bitwise_xor() -> Self
    where
        T: Bits,
    {
        Self::predefined(Kind::BitwiseXor)
    }

    /// The pair with the larger value, of equal ones that with the smaller location (`MPI_MAXLOC`).
    pub fn max_location() -> Self
    where
        T: Locatable,
    {
        Self::predefined(Kind::MaximumLocation)
    }

    /// The pair with the smaller value, of equal ones that with the smaller location (`MPI_MINLOC`).
    pub fn min_location() -> Self
    where
        T: Locatable,
    {
        Self::predefined(Kind::MinimumLocation)
    }
}

impl<T: Reducible> Op<T> {
    fn predefined(kind: Kind) -> Self {
        // The traits name the pairs that are defined; a test goes through all of them.
        let operation =
            Operation::predefined(kind, T::ELEMENT).expect("the operation is defined for these values");
        Self { operation, of: PhantomData }
    }
}

impl<T: Equivalence> Op<T> {
    /// An operation of two values that is associative and commutative (`MPI_Op_create`).
    pub fn commutative(function: impl Fn(&T, &T) -> T + Send + Sync + 'static) -> Self {
        Self::from_values(true, function)
    }

    /// An operation of two values, the lower rank's first, that is associative and need not commute: operands are
    /// combined in the order of their ranks.
    ///
    /// ```
    /// # use olympi_comm::{Op, Universe};
    /// # let universe = Universe::init()?;
    /// # let me = universe.self_comm();
    /// let compose = Op::associative(|f: &[f64; 2], g: &[f64; 2]| [f[0] * g[0], f[0] * g[1] + f[1]]);
    /// assert_eq!(me.scan(&[2.0, 1.0], compose)?, [2.0, 1.0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn associative(function: impl Fn(&T, &T) -> T + Send + Sync + 'static) -> Self {
        Self::from_values(false, function)
    }

    fn from_values(commutative: bool, function: impl Fn(&T, &T) -> T + Send + Sync + 'static) -> Self {
        let grain = size_of::<T>();
        let combine = move |input: &[u8], inout: &mut [u8]| {
            for (a, b) in input.chunks_exact(grain.max(1)).zip(inout.chunks_exact_mut(grain.max(1))) {
                let result = function(&read_value(a), &read_value(b));
                b.copy_from_slice(bytes_of(std::slice::from_ref(&result)));
            }
        };
        Self { operation: Operation::user(grain, commutative, combine), of: PhantomData }
    }

    /// An operation of many values at once, as C's user functions are: `function(input, inout)` makes each `inout` of the
    /// `input` at the same place, the lower rank's, and itself.
    pub fn from_slices(commutative: bool, function: impl Fn(&[T], &mut [T]) + Send + Sync + 'static) -> Self {
        let combine = move |input: &[u8], inout: &mut [u8]| {
            if let (Some(input), Some(inout)) = (values_of(input), values_of_mut(inout)) {
                return function(input, inout);
            }
            // A peer has sent what are no values; they are taken as zero, in a copy.
            let (input, mut values) = (read_values(input), read_values(inout));
            function(&input, &mut values);
            write_values(&values, inout);
        };
        Self { operation: Operation::user_aligned(Layout::new::<T>(), commutative, combine), of: PhantomData }
    }

    /// Whether operands may be swapped (`MPI_Op_commutative`).
    pub fn is_commutative(&self) -> bool {
        self.operation.commutative()
    }

    /// Combines two slices on this rank alone (`MPI_Reduce_local`, MPI 5.0, section 6.9.7): each of `inout` becomes `input ∘
    /// inout`.
    ///
    /// # Errors
    /// [`CollectiveError::Buffer`], if the slices are not of one length.
    ///
    /// ```
    /// let mut sums = [1, 2];
    /// olympi_comm::Op::sum().reduce_local(&[10, 20], &mut sums)?;
    /// assert_eq!(sums, [11, 22]);
    /// # Ok::<(), olympi_comm::CollectiveError>(())
    /// ```
    #[allow(clippy::similar_names)] // MPI's names
    pub fn reduce_local(&self, input: &[T], inout: &mut [T]) -> Result<(), CollectiveError> {
        if input.len() != inout.len() {
            let (needed, len) = (input.len(), inout.len());
            return Err(CollectiveError::Buffer { call: "reduce_local", buffer: "the result", needed, len });
        }
        with_bytes_mut(inout, |inout| self.operation.apply(bytes_of(input), inout, Order::FromFirst));
        Ok(())
    }

    /// One that combines elements of whatever type as bytes, for calls whose lengths are bytes.
    #[inline]
    pub(crate) fn of_bytes(operation: Operation) -> Self {
        Self { operation, of: PhantomData }
    }

    pub(crate) fn operation(&self) -> &Operation {
        &self.operation
    }
}

impl<T> Clone for Op<T> {
    fn clone(&self) -> Self {
        Self { operation: self.operation.clone(), of: PhantomData }
    }
}

impl<T> fmt::Debug for Op<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.operation, f)
    }
}
