//! Memory that suits the transports (`MPI_Alloc_mem`, MPI 5.0, section 9.2).

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use olympi_datatype::{Buffer, BufferMut, Equivalence};
use olympi_transport::{AllocError, Allocation};

use crate::Job;

/// A buffer of `len` elements in memory that stays registered with the RDMA devices of this process from its first
/// message on: see [`Job::alloc`]. It is a slice to read and write, and a [`Buffer`] to send from and receive into.
pub struct Registered<T> {
    first: NonNull<T>,
    len: usize,
    /// What the elements lie in.
    _memory: Allocation,
}

// SAFETY: it owns its elements as a vector does; an `Equivalence` type may go to another thread.
unsafe impl<T: Equivalence> Send for Registered<T> {}
// SAFETY: shared, it gives out shared references to its elements, as a vector does.
unsafe impl<T: Equivalence + Sync> Sync for Registered<T> {}

impl Job {
    /// Allocates `len` elements, all of them zero, in whole pages of their own (`MPI_Alloc_mem`, MPI 5.0, section 9.2).
    /// Over RDMA a message in such memory needs no registration after the first, also where those of other memory cannot
    /// be kept; over other transports it is memory like any other. It lives until it is dropped.
    ///
    /// # Errors
    /// [`AllocError`], if the system has no such memory.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// let me = universe.self_comm();
    /// let mut field = universe.alloc::<f64>(1000)?;
    /// field[3] = 2.5;
    /// let sent = me.isend(vec![1.0_f64, 2.0], 0, 0)?;
    /// me.recv_into(&mut field[..2], 0, 0)?;
    /// sent.wait()?;
    /// assert_eq!(field[..4], [1.0, 2.0, 0.0, 2.5]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn alloc<T: Equivalence>(&self, len: usize) -> Result<Registered<T>, AllocError> {
        let wanted = len.checked_mul(size_of::<T>()).filter(|&bytes| isize::try_from(bytes).is_ok());
        let Some(bytes) = wanted else {
            return Err(AllocError { len, detail: "there is no such memory".to_owned() });
        };
        let memory = self.memory().allocate(bytes)?;
        let first = memory.as_ptr().cast::<T>();
        let Some(first) = NonNull::new(first).filter(|first| first.is_aligned()) else {
            let detail = format!("a page is not aligned to {} bytes", align_of::<T>());
            return Err(AllocError { len: bytes, detail });
        };
        Ok(Registered { first, len, _memory: memory })
    }
}

impl<T: Equivalence> Deref for Registered<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        // SAFETY: the allocation is at least so long, aligned, and lives as long as this value; it was all zeros, which
        // are a value of an `Equivalence` type, and only values of T were written since. It is this value's alone.
        unsafe { std::slice::from_raw_parts(self.first.as_ptr(), self.len) }
    }
}

impl<T: Equivalence> DerefMut for Registered<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above; and this value is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.first.as_ptr(), self.len) }
    }
}

impl<T: Equivalence> Buffer for Registered<T> {
    type Item = T;

    #[inline]
    fn items(&self) -> &[T] {
        self
    }
}

impl<T: Equivalence> BufferMut for Registered<T> {
    #[inline]
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

impl<T: Equivalence + fmt::Debug> fmt::Debug for Registered<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
