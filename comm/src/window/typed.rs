//! Windows of elements of one type: safe accesses, out of and into slices.
//!
//! The raw accesses go on until their epoch ends, which no borrow can promise to outlive; these return when the buffer is
//! free, or filled. What they write is done at the target when the epoch ends.

use olympi_datatype::{Datatype, Equivalence};

use crate::communicator::Communicator;
use crate::info::Info;
use crate::raw::{Raw, Target};
use crate::reduction::{Number, Op};
use crate::window::{Layout, Window, WindowError};

/// Elements as the raw calls see them.
fn raw<T: Equivalence>(items: &[T]) -> Raw<'static> {
    Raw::Run { start: items.as_ptr().cast_mut().cast(), len: size_of_val(items) }
}

fn raw_mut<T: Equivalence>(items: &mut [T]) -> Raw<'static> {
    Raw::Run { start: items.as_mut_ptr().cast(), len: size_of_val(items) }
}

impl Window {
    /// Makes a window of `count` elements at this rank, all of them zero, whose displacements count elements
    /// (`MPI_Win_allocate`). All ranks of the communicator call it, and may give different counts.
    ///
    /// # Errors
    /// [`WindowError`], at all ranks: no such memory; an intercommunicator.
    pub fn allocate<T: Number>(comm: &Communicator, count: usize, info: &Info) -> Result<Self, WindowError> {
        Self::allocate_bytes(comm, count.saturating_mul(size_of::<T>()), size_of::<T>(), info)
    }

    /// Writes to a rank's part, from its displacement `at` on (`MPI_Put`). The data are there when the epoch ends.
    ///
    /// # Errors
    /// [`WindowError`]: a wrong rank, or a place that is not part of the window; no open epoch; a rank that is gone.
    pub fn put<T: Number>(&self, data: &[T], rank: i32, at: i64) -> Result<(), WindowError> {
        let datatype = Datatype::of::<T>();
        let target = Target { rank, displacement: at, count: data.len(), datatype: &datatype };
        // SAFETY: `data` is borrowed until this call returns, and its access has ended then.
        unsafe { self.put_raw(&raw(data), &target) }?;
        self.settle_at("Window::put", rank)
    }

    /// Reads a rank's part, from its displacement `at` on (`MPI_Get`).
    ///
    /// # Errors
    /// As for [`put`](Self::put).
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{Asserts, Info, LockKind, Window};
    ///
    /// let window = Window::allocate::<f64>(universe.world(), 3, &Info::new())?;
    /// window.lock(LockKind::Exclusive, 0, Asserts::NONE)?;
    /// window.put(&[0.5_f64, 1.5], 0, 1)?;
    /// window.flush(0)?;
    /// let mut got = [1.0_f64; 3];
    /// window.get(&mut got, 0, 0)?;
    /// window.unlock(0)?;
    /// assert_eq!(got, [0.0, 0.5, 1.5]);
    /// window.free()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn get<T: Number>(&self, into: &mut [T], rank: i32, at: i64) -> Result<(), WindowError> {
        let datatype = Datatype::of::<T>();
        let target = Target { rank, displacement: at, count: into.len(), datatype: &datatype };
        // SAFETY: `into` is borrowed until this call returns, and its access has ended then. Any bytes are a number.
        unsafe { self.get_raw(&raw_mut(into), &target) }?;
        self.settle_at("Window::get", rank)
    }

    /// Combines elements with those of a rank, into its part (`MPI_Accumulate`): each becomes itself `op` the one given here.
    /// What several ranks combine with one element happens one after the other.
    ///
    /// # Errors
    /// As for [`put`](Self::put); an operation that is not a predefined one.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{Asserts, Info, Op, Window};
    ///
    /// let world = universe.world();
    /// let window = Window::allocate::<i32>(world, 1, &Info::new())?;
    /// window.fence(Asserts::NONE)?;
    /// window.accumulate(&[1], 0, 0, &Op::sum())?;
    /// window.fence(Asserts::NONE)?;
    /// if world.rank() == 0 {
    ///     assert_eq!(window.read::<i32>(0, 1)?, [world.size()]);
    /// }
    /// window.free()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn accumulate<T: Number>(
        &self,
        data: &[T],
        rank: i32,
        at: i64,
        op: &Op<T>,
    ) -> Result<(), WindowError> {
        let datatype = Datatype::of::<T>();
        let (kind, element) = predefined("Window::accumulate", op)?;
        let target = Target { rank, displacement: at, count: data.len(), datatype: &datatype };
        // SAFETY: `data` is borrowed for this call, which copies it.
        unsafe { self.accumulate_raw(&raw(data), &target, kind, element) }
    }

    /// The same, and `into` gets what was there before (`MPI_Get_accumulate`). It is as long as `data`.
    ///
    /// # Errors
    /// As for [`accumulate`](Self::accumulate).
    pub fn get_accumulate<T: Number>(
        &self,
        data: &[T],
        into: &mut [T],
        rank: i32,
        at: i64,
        op: &Op<T>,
    ) -> Result<(), WindowError> {
        const CALL: &str = "Window::get_accumulate";
        let datatype = Datatype::of::<T>();
        let (kind, element) = predefined(CALL, op)?;
        let target = Target { rank, displacement: at, count: into.len(), datatype: &datatype };
        // SAFETY: both are borrowed until this call returns, and the access has ended then.
        unsafe { self.get_accumulate_raw(&raw(data), &raw_mut(into), &target, kind, element) }?;
        self.settle_at(CALL, rank)
    }

    /// Combines one element, and gives what was there before (`MPI_Fetch_and_op`).
    ///
    /// # Errors
    /// As for [`accumulate`](Self::accumulate).
    pub fn fetch_and_op<T: Number>(
        &self,
        value: T,
        rank: i32,
        at: i64,
        op: &Op<T>,
    ) -> Result<T, WindowError> {
        let mut old = [value];
        self.get_accumulate(&[value], &mut old, rank, at, op)?;
        Ok(old[0])
    }

    /// Puts `swap` where `compare` is found, bit for bit, and gives what was there before (`MPI_Compare_and_swap`).
    ///
    /// # Errors
    /// As for [`put`](Self::put); elements of more than 32 bytes.
    pub fn compare_and_swap<T: Number>(
        &self,
        compare: T,
        swap: T,
        rank: i32,
        at: i64,
    ) -> Result<T, WindowError> {
        let datatype = Datatype::of::<T>();
        let target = Target { rank, displacement: at, count: 1, datatype: &datatype };
        let mut old = [compare];
        let (swap, compare) = ([swap], [compare]);
        // SAFETY: all live until this call returns, and the access has ended then.
        unsafe { self.compare_and_swap_raw(&raw(&swap), &raw(&compare), &raw_mut(&mut old), &target) }?;
        self.settle_at("Window::compare_and_swap", rank)?;
        Ok(old[0])
    }

    /// Waits until a rank's accesses have ended here.
    fn settle_at(&self, call: &'static str, rank: i32) -> Result<(), WindowError> {
        match u32::try_from(rank) {
            Ok(rank) => self.settle(call, Some(rank), false),
            Err(_) => Ok(()), // PROC_NULL: there is none.
        }
    }

    /// Copies elements out of this process's own part, from displacement `at` on.
    ///
    /// # Errors
    /// [`WindowError::Range`]: they are not all part of it.
    pub fn read<T: Number>(&self, at: usize, count: usize) -> Result<Vec<T>, WindowError> {
        let mut items = vec![olympi_datatype::zeroed::<T>(); count];
        let bytes = self.at_home("Window::read", at, size_of_val(&items[..]), |side, layout| {
            Some(side.exposed.read(layout))
        })?;
        // Any bytes are numbers.
        crate::recv::lend(&mut items).write(0, &bytes);
        Ok(items)
    }

    /// Copies elements into this process's own part, from displacement `at` on.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn write<T: Number>(&self, at: usize, data: &[T]) -> Result<(), WindowError> {
        let bytes = olympi_datatype::bytes_of(data);
        self.at_home("Window::write", at, bytes.len(), |side, layout| {
            side.exposed.write(layout, bytes).then(Vec::new)
        })?;
        Ok(())
    }

    fn at_home(
        &self,
        call: &'static str,
        at: usize,
        len: usize,
        act: impl FnOnce(&crate::window::TargetSide, &Layout) -> Option<Vec<u8>>,
    ) -> Result<Vec<u8>, WindowError> {
        let (size, unit) = (self.size(), self.unit());
        let offset = at.checked_mul(unit).filter(|at| *at <= size && len <= size - at);
        let beyond = || {
            let detail = format!("{len} bytes at displacement {at} of a part of {size} bytes");
            WindowError::Range { call, detail }
        };
        let layout = Layout::run(offset.ok_or_else(beyond)? as i64, len as u64);
        let mut inside = self.comm.shared.door.enter()?;
        inside.window(self.comm.id()).and_then(|side| act(side, &layout)).ok_or_else(beyond)
    }
}

/// What a predefined operation is.
fn predefined<T: Number>(
    call: &'static str,
    op: &Op<T>,
) -> Result<(olympi_reduce::Kind, olympi_reduce::Element), WindowError> {
    let operation = op.operation();
    if let (Some(kind), Some(element)) = (operation.kind(), operation.element()) {
        return Ok((kind, element));
    }
    let detail = "only predefined operations are known to the target".to_owned();
    Err(WindowError::Operation { call, detail })
}
