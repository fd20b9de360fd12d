//! How a datatype was made (MPI 5.0, section 5.1.13).
//!
//! What was given as a large count is told as one: by the calls that have room for these alone.

use std::ffi::c_int;

use olympi_comm::{Axis, Datatype as Layout, Order, Recipe};

use crate::constants::{
    MPI_COMBINER_CONTIGUOUS, MPI_COMBINER_DARRAY, MPI_COMBINER_DUP, MPI_COMBINER_F90_COMPLEX,
    MPI_COMBINER_F90_INTEGER, MPI_COMBINER_F90_REAL, MPI_COMBINER_HINDEXED, MPI_COMBINER_HINDEXED_BLOCK,
    MPI_COMBINER_HVECTOR, MPI_COMBINER_INDEXED, MPI_COMBINER_INDEXED_BLOCK, MPI_COMBINER_NAMED,
    MPI_COMBINER_RESIZED, MPI_COMBINER_STRUCT, MPI_COMBINER_SUBARRAY, MPI_COMBINER_VECTOR, MPI_ERR_ARG,
    MPI_ERR_TYPE,
};
use crate::datatypes::arrays::{distribution_numbers, order_number};
use crate::datatypes::unnamed::{Made, handle_of, made_of};
use crate::datatypes::{LARGE, argument, exact};
use crate::fault::{Fault, Outcome, anywhere};
use crate::object::{TypeObject, put};
use crate::types::{Aint, Count, Datatype, Number};

/// The constructor of a datatype and its arguments, by their kinds.
struct Contents {
    combiner: c_int,
    integers: Vec<c_int>,
    addresses: Vec<Aint>,
    counts: Vec<Count>,
    datatypes: Vec<Layout>,
    large: bool,
}

impl Contents {
    fn of(object: &TypeObject) -> Self {
        let mut contents = Self {
            combiner: MPI_COMBINER_NAMED,
            integers: Vec::new(),
            addresses: Vec::new(),
            counts: Vec::new(),
            datatypes: Vec::new(),
            large: object.datatype.mark() == LARGE,
        };
        if object.predefined.is_none() {
            match made_of(&object.datatype) {
                Some((made, _)) => contents.unnamed(made),
                None => contents.derived(object.datatype.recipe()),
            }
        }
        contents
    }

    fn unnamed(&mut self, made: Made) {
        match made {
            Made::Real { p, r } => (self.combiner, self.integers) = (MPI_COMBINER_F90_REAL, vec![p, r]),
            Made::Complex { p, r } => (self.combiner, self.integers) = (MPI_COMBINER_F90_COMPLEX, vec![p, r]),
            Made::Integer { r } => (self.combiner, self.integers) = (MPI_COMBINER_F90_INTEGER, vec![r]),
        }
    }

    fn derived(&mut self, recipe: &Recipe) {
        match recipe {
            Recipe::Dup(of) => self.head(MPI_COMBINER_DUP, of),
            Recipe::Contiguous { count, of } => {
                self.head(MPI_COMBINER_CONTIGUOUS, of);
                self.numbers([*count]);
            }
            Recipe::Vector { count, blocklength, stride, of } => {
                self.head(MPI_COMBINER_VECTOR, of);
                self.numbers([*count, *blocklength]);
                self.strides([*stride]);
            }
            Recipe::Hvector { count, blocklength, stride, of } => {
                self.head(MPI_COMBINER_HVECTOR, of);
                self.numbers([*count, *blocklength]);
                self.bytes([*stride]);
            }
            Recipe::Indexed { blocks, of } => {
                self.head(MPI_COMBINER_INDEXED, of);
                self.numbers([blocks.len()]);
                self.numbers(blocks.iter().map(|(len, _)| *len));
                self.strides(blocks.iter().map(|(_, at)| *at));
            }
            Recipe::Hindexed { blocks, of } => {
                self.head(MPI_COMBINER_HINDEXED, of);
                self.numbers([blocks.len()]);
                self.numbers(blocks.iter().map(|(len, _)| *len));
                self.bytes(blocks.iter().map(|(_, at)| *at));
            }
            Recipe::IndexedBlock { blocklength, displacements, of } => {
                self.head(MPI_COMBINER_INDEXED_BLOCK, of);
                self.numbers([displacements.len(), *blocklength]);
                self.strides(displacements.iter().copied());
            }
            Recipe::HindexedBlock { blocklength, displacements, of } => {
                self.head(MPI_COMBINER_HINDEXED_BLOCK, of);
                self.numbers([displacements.len(), *blocklength]);
                self.bytes(displacements.iter().copied());
            }
            Recipe::Struct { blocks } => {
                self.combiner = MPI_COMBINER_STRUCT;
                self.numbers([blocks.len()]);
                self.numbers(blocks.iter().map(|(len, _, _)| *len));
                self.bytes(blocks.iter().map(|(_, at, _)| *at));
                self.datatypes = blocks.iter().map(|(_, _, of)| of.clone()).collect();
            }
            Recipe::Subarray { sizes, subsizes, starts, order, of } => {
                self.head(MPI_COMBINER_SUBARRAY, of);
                self.integers.push(sizes.len() as c_int);
                self.numbers(
                    [sizes, subsizes, starts].into_iter().flat_map(|numbers| numbers.iter().copied()),
                );
                self.integers.push(order_number(*order));
            }
            Recipe::Darray { rank, axes, order, of } => {
                self.head(MPI_COMBINER_DARRAY, of);
                self.distributed(*rank, axes, *order);
            }
            Recipe::Resized { lb, extent, of } => {
                self.head(MPI_COMBINER_RESIZED, of);
                self.bytes([*lb, *extent]);
            }
            // Those that C programs can make are above.
            _ => {}
        }
    }

    fn distributed(&mut self, rank: usize, axes: &[Axis], order: Order) {
        let size: usize = axes.iter().map(|axis| axis.processes).product();
        self.integers.extend([size as c_int, rank as c_int, axes.len() as c_int]);
        self.numbers(axes.iter().map(|axis| axis.size));
        let distributions = axes.iter().map(|axis| distribution_numbers(axis.distribution));
        self.integers.extend(distributions.clone().map(|(kind, _)| kind));
        self.integers.extend(distributions.map(|(_, argument)| argument));
        self.integers.extend(axes.iter().map(|axis| axis.processes as c_int));
        self.integers.push(order_number(order));
    }

    fn head(&mut self, combiner: c_int, of: &Layout) {
        self.combiner = combiner;
        self.datatypes.push(of.clone());
    }

    /// Counts. What a program has given as an `int` fits in one.
    fn numbers(&mut self, numbers: impl IntoIterator<Item = usize>) {
        self.strides(numbers.into_iter().map(|number| number as i64));
    }

    /// Counts that may be negative.
    fn strides(&mut self, numbers: impl IntoIterator<Item = i64>) {
        let numbers = numbers.into_iter();
        if self.large {
            self.counts.extend(numbers);
        } else {
            self.integers.extend(numbers.map(|number| number as c_int));
        }
    }

    /// What is in bytes.
    fn bytes(&mut self, numbers: impl IntoIterator<Item = i64>) {
        let numbers = numbers.into_iter();
        if self.large {
            self.counts.extend(numbers);
        } else {
            self.addresses.extend(numbers.map(|number| number as Aint));
        }
    }

    /// An error, if the call has no room for large counts, and there are some.
    fn small(self) -> Outcome<Self> {
        if self.counts.is_empty() {
            return Ok(self);
        }
        let detail = "the datatype was made with large counts: call the large-count form";
        Err(Fault::new(MPI_ERR_TYPE, detail))
    }

    /// Handles of the datatypes, which the program frees, but for those that are predefined.
    fn handles(&self) -> Outcome<Vec<Datatype>> {
        let handle = |of: &Layout| handle_of(of).map_or_else(|| Datatype::make(of.clone()), Ok);
        self.datatypes.iter().map(handle).collect()
    }
}

/// `MPI_Type_get_envelope`
///
/// # Safety
/// The results have places.
pub unsafe fn type_get_envelope(
    datatype: Datatype,
    num_integers: *mut c_int,
    num_addresses: *mut c_int,
    num_datatypes: *mut c_int,
    combiner: *mut c_int,
) -> c_int {
    anywhere("MPI_Type_get_envelope", || {
        let contents = Contents::of(datatype.get()?).small()?;
        // SAFETY: the caller's promise.
        unsafe {
            put(num_integers, exact(contents.integers.len() as i64)?)?;
            put(num_addresses, exact(contents.addresses.len() as i64)?)?;
            put(num_datatypes, exact(contents.datatypes.len() as i64)?)?;
            put(combiner, contents.combiner)
        }
    })
}

/// `MPI_Type_get_envelope_c`
///
/// # Safety
/// The results have places.
pub unsafe fn type_get_envelope_c(
    datatype: Datatype,
    num_integers: *mut Count,
    num_addresses: *mut Count,
    num_large_counts: *mut Count,
    num_datatypes: *mut Count,
    combiner: *mut c_int,
) -> c_int {
    anywhere("MPI_Type_get_envelope_c", || {
        let contents = Contents::of(datatype.get()?);
        // SAFETY: the caller's promise.
        unsafe {
            put(num_integers, contents.integers.len() as Count)?;
            put(num_addresses, contents.addresses.len() as Count)?;
            put(num_large_counts, contents.counts.len() as Count)?;
            put(num_datatypes, contents.datatypes.len() as Count)?;
            put(combiner, contents.combiner)
        }
    })
}

/// What a datatype was made of, which is not predefined under a name.
fn contents_of(datatype: Datatype) -> Outcome<Contents> {
    let contents = Contents::of(datatype.get()?);
    if contents.combiner == MPI_COMBINER_NAMED {
        return Err(Fault::new(
            MPI_ERR_TYPE,
            "a named datatype is not made of anything (MPI_COMBINER_NAMED)",
        ));
    }
    Ok(contents)
}

/// Whether there is room for numbers of a kind.
fn check<T, N: Number>(numbers: &[T], room: N, array: *const T, what: &str) -> Outcome {
    let room = argument(room, what)?;
    if numbers.len() > room {
        let detail =
            format!("there is room for {room} {what}, and the datatype was made with {}", numbers.len());
        return Err(Fault::new(MPI_ERR_ARG, detail));
    }
    if array.is_null() && !numbers.is_empty() {
        return Err(Fault::new(MPI_ERR_ARG, format!("the array of {what} is NULL")));
    }
    Ok(())
}

/// Copies them out, once there is known to be room.
///
/// # Safety
/// The array has room for so many.
unsafe fn copy<T: Copy>(numbers: &[T], array: *mut T) {
    if !numbers.is_empty() {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(numbers.as_ptr(), array, numbers.len()) };
    }
}

/// Checks the room for datatypes, and only then makes handles for them.
///
/// # Safety
/// As for [`type_get_contents`].
unsafe fn hand_out<N: Number>(contents: &Contents, room: N, array: *mut Datatype) -> Outcome {
    check(&contents.datatypes, room, array.cast_const().cast(), "datatypes")?;
    // SAFETY: the caller's promise, and the room has been checked.
    unsafe { copy(&contents.handles()?, array) };
    Ok(())
}

/// `MPI_Type_get_contents`
///
/// # Safety
/// The arrays have room for so many elements.
pub unsafe fn type_get_contents(
    datatype: Datatype,
    max_integers: c_int,
    max_addresses: c_int,
    max_datatypes: c_int,
    integers: *mut c_int,
    addresses: *mut Aint,
    datatypes: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_get_contents", || {
        let contents = contents_of(datatype)?.small()?;
        check(&contents.integers, max_integers, integers, "integers")?;
        check(&contents.addresses, max_addresses, addresses, "addresses")?;
        // SAFETY: the caller's promise; the room has been checked.
        unsafe {
            hand_out(&contents, max_datatypes, datatypes)?;
            copy(&contents.integers, integers);
            copy(&contents.addresses, addresses);
        }
        Ok(())
    })
}

/// `MPI_Type_get_contents_c`
///
/// # Safety
/// The arrays have room for so many elements.
pub unsafe fn type_get_contents_c(
    datatype: Datatype,
    max_integers: Count,
    max_addresses: Count,
    max_large_counts: Count,
    max_datatypes: Count,
    integers: *mut c_int,
    addresses: *mut Aint,
    large_counts: *mut Count,
    datatypes: *mut Datatype,
) -> c_int {
    anywhere("MPI_Type_get_contents_c", || {
        let contents = contents_of(datatype)?;
        check(&contents.integers, max_integers, integers, "integers")?;
        check(&contents.addresses, max_addresses, addresses, "addresses")?;
        check(&contents.counts, max_large_counts, large_counts, "large counts")?;
        // SAFETY: the caller's promise; the room has been checked.
        unsafe {
            hand_out(&contents, max_datatypes, datatypes)?;
            copy(&contents.integers, integers);
            copy(&contents.addresses, addresses);
            copy(&contents.counts, large_counts);
        }
        Ok(())
    })
}
