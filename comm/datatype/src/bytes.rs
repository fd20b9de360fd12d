//! Values as bytes, and bytes as values once they have been checked.

use alloc::vec::Vec;
use core::any::type_name;
use core::mem::MaybeUninit;

use crate::Equivalence;

/// Some of the bytes that arrived are no values of the type that they were received as.
///
/// The elements in question were set to zero, so that the buffer holds values again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "element {index} of the message is no value of type {type_name} ({count} such element(s), now zero): check that \
     the sender sends this type"
)]
pub struct InvalidValue {
    /// The first such element.
    pub index: usize,
    /// How many there are.
    pub count: usize,
    /// The element's type.
    pub type_name: &'static str,
}

/// The memory of the elements, as it is sent.
#[inline]
pub fn bytes_of<T: Equivalence>(items: &[T]) -> &[u8] {
    const { prove_layout::<T>() };
    // SAFETY: T is Equivalence, so every byte of its values is initialized; the length is that of the slice in bytes.
    unsafe { core::slice::from_raw_parts(items.as_ptr().cast(), size_of_val(items)) }
}

/// The value that these bytes are; the value whose bytes are all zero, where they are none.
///
/// # Panics
/// If there are not `size_of::<T>()` of them.
#[inline]
pub fn read_value<T: Equivalence>(bytes: &[u8]) -> T {
    assert_eq!(bytes.len(), size_of::<T>(), "as many bytes as a value has");
    if !T::ANY_BITS && !T::is_valid(bytes) {
        return zeroed();
    }
    // SAFETY: T is Equivalence, and the bytes are a value of it; they are copied, so their alignment does not matter.
    unsafe { bytes.as_ptr().cast::<T>().read_unaligned() }
}

/// The values that these bytes are, as [`read_value`] has them; bytes behind the last whole one are left out.
pub fn read_values<T: Equivalence>(bytes: &[u8]) -> Vec<T> {
    match size_of::<T>() {
        0 => Vec::new(),
        size => bytes.chunks_exact(size).map(read_value).collect(),
    }
}

/// Writes values over the bytes of as many.
///
/// # Panics
/// If the lengths differ.
pub fn write_values<T: Equivalence>(values: &[T], bytes: &mut [u8]) {
    bytes.copy_from_slice(bytes_of(values));
}

/// The value whose bytes are all zero.
#[inline]
pub fn zeroed<T: Equivalence>() -> T {
    // SAFETY: T is Equivalence, so zero bytes are a value of it.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// Makes memory that a peer wrote hold values again: elements that are none are set to zero.
///
/// The slice must not have been read since the peer wrote to it; this function looks at its bytes only.
///
/// # Errors
/// [`InvalidValue`], if there was any such element.
#[inline]
pub fn validate_or_zero<T: Equivalence>(items: &mut [T]) -> Result<(), InvalidValue> {
    // SAFETY: a slice of T is exclusively ours and, T being Equivalence, initialized; whoever wrote to it since wrote
    // initialized bytes.
    unsafe { validate_or_zero_raw(items.as_mut_ptr(), items.len()) }
}

/// As [`validate_or_zero`], for memory that is not known to hold values yet.
///
/// # Errors
/// [`InvalidValue`], if there was any such element.
///
/// # Safety
/// Every byte of the slice is initialized.
#[inline]
pub unsafe fn validate_or_zero_uninit<T: Equivalence>(
    items: &mut [MaybeUninit<T>],
) -> Result<(), InvalidValue> {
    // SAFETY: the slice is exclusively ours, and initialized as this function's contract demands.
    unsafe { validate_or_zero_raw(items.as_mut_ptr().cast::<T>(), items.len()) }
}

/// As [`validate_or_zero`], for memory that is only known by its address.
///
/// # Errors
/// [`InvalidValue`], if there was any such element.
///
/// # Safety
/// `count` elements lie at `start`, aligned, with every byte initialized, and nobody else uses them during the call.
#[inline]
pub unsafe fn validate_or_zero_raw<T: Equivalence>(start: *mut T, count: usize) -> Result<(), InvalidValue> {
    if T::ANY_BITS || size_of::<T>() == 0 {
        return Ok(());
    }
    // SAFETY: the elements are initialized and ours; as bytes they may hold anything. Their size in bytes is that of
    // memory which exists, so it does not overflow.
    let bytes = unsafe { core::slice::from_raw_parts_mut(start.cast::<u8>(), count * size_of::<T>()) };
    if T::is_valid(bytes) { Ok(()) } else { Err(zero_invalid::<T>(bytes)) }
}

/// Sets the elements that are no values to zero, and says which they were.
#[cold]
fn zero_invalid<T: Equivalence>(bytes: &mut [u8]) -> InvalidValue {
    let mut invalid = InvalidValue { index: 0, count: 0, type_name: type_name::<T>() };
    for (index, element) in bytes.chunks_exact_mut(size_of::<T>()).enumerate() {
        if !T::is_valid(element) {
            element.fill(0);
            if invalid.count == 0 {
                invalid.index = index;
            }
            invalid.count += 1;
        }
    }
    invalid
}

/// Reading the constant is what makes the compiler prove, for a generic struct too, that it has no padding.
const fn prove_layout<T: Equivalence>() {
    let _proven = T::ANY_BITS;
}

#[cfg(test)]
mod tests {
    use std::string::ToString;
    use std::vec;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn bytes_are_those_of_memory() {
        assert_eq!(
            bytes_of(&[0x0102_u16, 0x0304]),
            [0x0102_u16.to_ne_bytes(), 0x0304_u16.to_ne_bytes()].concat()
        );
        assert_eq!(bytes_of(&[[1_u8, 2], [3, 4]]), [1, 2, 3, 4]);
        assert_eq!(bytes_of(&[true, false]), [1, 0]);
        assert_eq!(bytes_of::<f64>(&[]), []);
        assert_eq!(bytes_of(&[[0_u64; 0]; 3]), []);
    }

    #[test]
    fn zero_is_a_value() {
        assert_eq!(zeroed::<i128>(), 0);
        assert_eq!(zeroed::<f32>().to_bits(), 0);
        assert_eq!((zeroed::<char>(), zeroed::<[bool; 3]>()), ('\0', [false; 3]));
    }

    /// Receives bytes into memory for `count` elements, as a transport would: without a T in sight.
    fn receive<T: Equivalence>(bytes: &[u8]) -> (Vec<T>, Result<(), InvalidValue>) {
        let mut items: Vec<MaybeUninit<T>> = Vec::new();
        items.resize_with(bytes.len() / size_of::<T>(), MaybeUninit::uninit);
        assert_eq!(size_of_val(items.as_slice()), bytes.len());
        // SAFETY: the vector has room for exactly these bytes.
        unsafe { core::ptr::copy_nonoverlapping(bytes.as_ptr(), items.as_mut_ptr().cast(), bytes.len()) };
        // SAFETY: all of it has just been written.
        let checked = unsafe { validate_or_zero_uninit(&mut items) };
        // SAFETY: the call above made values of them.
        (items.iter().map(|item| unsafe { item.assume_init() }).collect(), checked)
    }

    #[test]
    fn bytes_that_are_no_bool_become_false() {
        assert_eq!(receive::<bool>(&[0, 1, 1]), (vec![false, true, true], Ok(())));
        let (items, checked) = receive::<bool>(&[1, 2, 0, 255, 1]);
        assert_eq!(items, [true, false, false, false, true]);
        let error = checked.unwrap_err();
        assert_eq!((error.index, error.count, error.type_name), (1, 2, "bool"));
        assert!(error.to_string().contains("element 1 of the message is no value of type bool"));
    }

    #[test]
    fn words_that_are_no_char_become_nul() {
        let words = [u32::from('é'), 0xd800, 0x0011_0000, 0x0010_ffff];
        let bytes = words.map(u32::to_ne_bytes).concat();
        let (items, checked) = receive::<char>(&bytes);
        assert_eq!(items, ['é', '\0', '\0', '\u{10ffff}']);
        assert_eq!(checked, Err(InvalidValue { index: 1, count: 2, type_name: "char" }));
    }

    #[test]
    fn an_array_is_zeroed_as_one_element() {
        let (items, checked) = receive::<[bool; 2]>(&[1, 1, 1, 7, 0, 1]);
        assert_eq!(items, [[true, true], [false, false], [false, true]]);
        assert_eq!(checked.unwrap_err().index, 1);
    }

    #[test]
    fn numbers_take_any_bytes() {
        let (items, checked) = receive::<f64>(&[0xff; 16]);
        assert!(items.iter().all(|item| item.is_nan()) && checked.is_ok());
        let mut items = [u64::MAX, 0];
        assert_eq!(validate_or_zero(&mut items), Ok(()));
        assert_eq!(items, [u64::MAX, 0]);
    }
}
