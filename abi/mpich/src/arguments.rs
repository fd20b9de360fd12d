//! How an argument of an MPICH program becomes one of the core's, and how results come back.
//!
//! Three kinds are enough. Plain ones are the same in both ABIs. A [`Translated`] one has another number there. And where
//! the program gives a pointer to one of those, the core is lent a place of its own, and what it has written goes back
//! translated: places that the core has left alone stay as they are.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use olympi_abi::types::{
    Aint, Count, CvarHandle, EventInstance, EventRegistration, PvarHandle, PvarSession, TEnum,
};

/// An argument as the program passes it.
pub(crate) trait Argument: Copy {
    /// What the core takes.
    type Core;
    /// What is kept until the core has returned.
    type Held;

    /// Takes it from the program.
    ///
    /// # Safety
    /// The promise that MPI asks of the program for this argument.
    unsafe fn hold(self) -> Self::Held;

    /// Gives it to the core, which uses it no longer than `held` lives.
    fn lend(held: &mut Self::Held) -> Self::Core;

    /// Gives the program what the core has written.
    ///
    /// # Safety
    /// As for [`hold`](Self::hold).
    unsafe fn settle(self, held: Self::Held);
}

/// What has one number in MPICH's ABI and another one in ours.
pub(crate) trait Translated: Copy {
    /// What it is in the core.
    type Core: Copy + PartialEq;

    /// From the program. What MPICH does not know becomes something that the core does not know either.
    fn to_core(self) -> Self::Core;

    /// To the program.
    fn from_core(core: Self::Core) -> Self;
}

impl<T: Translated> Argument for T {
    type Core = T::Core;
    type Held = T::Core;

    #[inline]
    unsafe fn hold(self) -> T::Core {
        self.to_core()
    }

    #[inline]
    fn lend(held: &mut T::Core) -> T::Core {
        *held
    }

    #[inline]
    unsafe fn settle(self, _held: T::Core) {}
}

/// A place of the core's beside the program's own.
pub(crate) struct Loan<C> {
    pub(crate) core: C,
    was: C,
}

impl<C: Copy + PartialEq> Loan<C> {
    pub(crate) fn new(core: C) -> Self {
        Self { core, was: core }
    }

    /// What the core has written; `None`: nothing.
    pub(crate) fn written(self) -> Option<C> {
        (self.core != self.was).then_some(self.core)
    }
}

/// `None` stands for NULL, about which the core complains.
impl<T: Translated> Argument for *mut T {
    type Core = *mut T::Core;
    type Held = Option<Loan<T::Core>>;

    #[inline]
    unsafe fn hold(self) -> Self::Held {
        // SAFETY: the caller's promise. A place for a result may hold anything, which any number of this type is.
        unsafe { self.as_ref() }.map(|place| Loan::new(place.to_core()))
    }

    #[inline]
    fn lend(held: &mut Self::Held) -> *mut T::Core {
        held.as_mut().map_or(null_mut(), |loan| &raw mut loan.core)
    }

    #[inline]
    unsafe fn settle(self, held: Self::Held) {
        if let Some(core) = held.and_then(Loan::written) {
            // SAFETY: the caller's promise; it is not NULL, or there were no loan.
            unsafe { self.write(T::from_core(core)) };
        }
    }
}

/// Arguments that are the same in both ABIs.
macro_rules! plain {
    ($($type:ty),* $(,)?) => {$(
        impl Argument for $type {
            type Core = Self;
            type Held = Self;

            #[inline]
            unsafe fn hold(self) -> Self {
                self
            }

            #[inline]
            fn lend(held: &mut Self) -> Self {
                *held
            }

            #[inline]
            unsafe fn settle(self, _held: Self) {}
        }
    )*};
}

plain! {
    c_int, Count, Aint, *const c_void, *mut c_void, *const c_char, *mut c_char,
    *const c_int, *mut c_int, *const Count, *mut Count, *const Aint, *mut Aint, *const [c_int; 3],
    *mut *mut c_char, *mut *mut *mut c_char,
    // Handles of the tool interface are addresses that only the library understands.
    TEnum, CvarHandle, PvarHandle, PvarSession, EventInstance, EventRegistration,
    *mut TEnum, *mut CvarHandle, *mut PvarHandle, *mut PvarSession, *mut EventRegistration,
}

/// What a call returns.
pub(crate) trait Answer {
    /// What the core returns.
    type Core;

    /// As the program wants it.
    fn answer(core: Self::Core) -> Self;
}

impl<T: Translated> Answer for T {
    type Core = T::Core;

    #[inline]
    fn answer(core: T::Core) -> Self {
        T::from_core(core)
    }
}

impl Answer for f64 {
    type Core = Self;

    #[inline]
    fn answer(core: Self) -> Self {
        core
    }
}

impl Answer for Aint {
    type Core = Self;

    #[inline]
    fn answer(core: Self) -> Self {
        core
    }
}

/// So many are translated without memory from the heap.
pub(crate) const FEW: usize = 32;

/// Runs `body` with an array as the core has it. An array that is no array (NULL, or of a negative length) stays none.
///
/// # Safety
/// `array` is null, or has `count` elements that may be read.
#[inline]
pub(crate) unsafe fn with_array<T: Translated, R>(
    count: i64,
    array: *const T,
    body: impl FnOnce(*mut T::Core) -> R,
) -> R {
    let count = usize::try_from(count).unwrap_or(0);
    if array.is_null() || count == 0 {
        // Empty, but not NULL, if the program's is so.
        return body(if array.is_null() { null_mut() } else { std::ptr::dangling_mut() });
    }
    // SAFETY: the caller's promise.
    let given = unsafe { std::slice::from_raw_parts(array, count) };
    if count <= FEW {
        let mut few = [given[0].to_core(); FEW];
        for (place, element) in few.iter_mut().zip(given) {
            *place = element.to_core();
        }
        body(few.as_mut_ptr())
    } else {
        let mut many: Vec<T::Core> = given.iter().map(|element| element.to_core()).collect();
        body(many.as_mut_ptr())
    }
}
