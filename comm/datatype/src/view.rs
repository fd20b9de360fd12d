//! Memory seen as bytes and as values by turns, in place.

use crate::bytes::validate_or_zero_raw;
use crate::{Equivalence, bytes_of};

/// Lets `f` change the bytes of values. Elements that are no values afterwards, be it by a panic, become zero.
///
/// ```
/// use olympi_datatype::with_bytes_mut;
///
/// let mut answers = [true, false];
/// with_bytes_mut(&mut answers, |bytes| bytes.copy_from_slice(&[7, 1]));
/// assert_eq!(answers, [false, true]);
/// ```
#[inline]
pub fn with_bytes_mut<T: Equivalence, R>(items: &mut [T], f: impl FnOnce(&mut [u8]) -> R) -> R {
    let len = bytes_of(items).len();
    let hidden = Hidden { start: items.as_mut_ptr(), count: items.len() };
    // SAFETY: T is Equivalence, so each of these bytes is initialized. They are lent to us alone, and as values nobody sees
    // them before `hidden` has made sure that they are some.
    let bytes = unsafe { core::slice::from_raw_parts_mut(hidden.start.cast::<u8>(), len) };
    f(bytes)
}

/// Values that may be none for a while.
struct Hidden<T: Equivalence> {
    start: *mut T,
    count: usize,
}

impl<T: Equivalence> Drop for Hidden<T> {
    fn drop(&mut self) {
        // SAFETY: the slice that this was made of, whose bytes were initialized and stay so. It is still ours alone: the
        // bytes were lent for less long.
        _ = unsafe { validate_or_zero_raw(self.start, self.count) };
    }
}

/// The values that lie in these bytes; `None` if they are not aligned, no whole number of elements, or not all values.
#[inline]
pub fn values_of<T: Equivalence>(bytes: &[u8]) -> Option<&[T]> {
    let count = count_of::<T>(bytes)?;
    // SAFETY: T is Equivalence and the bytes are that many values of it, aligned; they are initialized, being a slice.
    Some(unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), count) })
}

/// The same to be changed. What is written has no padding, so that the bytes stay initialized.
#[inline]
pub fn values_of_mut<T: Equivalence>(bytes: &mut [u8]) -> Option<&mut [T]> {
    let count = count_of::<T>(bytes)?;
    // SAFETY: as in `values_of`; and T being Equivalence, its values are initialized bytes.
    Some(unsafe { core::slice::from_raw_parts_mut(bytes.as_mut_ptr().cast(), count) })
}

/// How many values these bytes are, if they are values.
#[inline]
fn count_of<T: Equivalence>(bytes: &[u8]) -> Option<usize> {
    let size = size_of::<T>();
    let whole = size > 0 && bytes.len().is_multiple_of(size);
    let valid = whole && bytes.as_ptr().cast::<T>().is_aligned() && (T::ANY_BITS || T::is_valid(bytes));
    valid.then(|| bytes.len() / size)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn values_are_seen_in_their_bytes_and_changed_there() {
        let mut numbers = [1_u32, 2, 3];
        with_bytes_mut(&mut numbers, |bytes| {
            assert_eq!(values_of::<u32>(bytes), Some(&[1, 2, 3][..]));
            values_of_mut::<[u32; 3]>(bytes).unwrap()[0][1] = 7;
            assert_eq!(values_of::<u32>(&bytes[..4]), Some(&[1][..]));
            assert!(values_of::<u32>(&bytes[1..5]).is_none(), "not aligned");
            assert!(values_of::<u32>(&bytes[..5]).is_none(), "not whole");
            assert!(values_of::<[u32; 0]>(bytes).is_none(), "of no size");
            assert!(values_of_mut::<bool>(bytes).is_none(), "not all values");
        });
        assert_eq!(numbers, [1, 7, 3]);
    }

    #[test]
    fn after_a_panic_there_are_values_again() {
        let mut answers = [true; 3];
        let change = || {
            with_bytes_mut(&mut answers, |bytes| {
                bytes[1] = 2;
                panic!("in between");
            });
        };
        catch_unwind(AssertUnwindSafe(change)).unwrap_err();
        assert_eq!(answers, [true, false, true]);
    }
}
