//! Memory that is known by its address, ways to lay elements out in it, and the three forms of a call.

use olympi_comm::raw::{Raw, RawBlocks, RawCollective};
use olympi_comm::{Communicator, Config, Datatype, Universe};

use super::{run_with, transports};

/// What lies where nothing is written.
pub const GAP: i32 = -777;

/// Where ranks may meet: with a board and without.
pub fn everywhere(ranks: u32, body: impl Fn(&Communicator) + Send + Sync + Copy + 'static) {
    // Often enough that a board is asked for on the way.
    let whole = move |universe: &Universe| (0..2).for_each(|_| body(universe.world()));
    for (transport, local_size) in [("shm", Some(ranks)), (*transports().last().unwrap(), None)] {
        let transports = transport.parse().unwrap();
        let oversubscribed = Some(ranks > 2);
        run_with(Config { transports, local_size, oversubscribed, ..Config::default() }, ranks, whole);
    }
}

/// Numbers in memory that only its address leads to.
pub struct Numbers {
    start: *mut i32,
    len: usize,
}

impl Numbers {
    pub fn new(numbers: Vec<i32>) -> Self {
        let len = numbers.len();
        Self { start: Box::into_raw(numbers.into_boxed_slice()).cast(), len }
    }

    /// The address of a number.
    pub fn at(&self, index: usize) -> *mut u8 {
        self.start.wrapping_add(index).cast()
    }

    pub fn set(&self, numbers: &[i32]) {
        assert_eq!(numbers.len(), self.len);
        // SAFETY: the memory is as long, and lent to nobody while a test sets it.
        unsafe { self.start.copy_from_nonoverlapping(numbers.as_ptr(), self.len) };
    }

    pub fn get(&self) -> Vec<i32> {
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }.to_vec()
    }
}

impl Drop for Numbers {
    fn drop(&mut self) {
        // SAFETY: made of a box of as many numbers.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(self.start, self.len)) });
    }
}

/// Elements of two numbers each.
#[derive(Clone, Debug)]
pub struct Layout {
    pub datatype: Datatype,
    /// Numbers from one element to the next.
    pub stride: usize,
    /// Where the two lie.
    places: [usize; 2],
}

impl Layout {
    pub fn plain() -> Self {
        let datatype = Datatype::of::<i32>().contiguous(2).unwrap();
        Self { datatype, stride: 2, places: [0, 1] }
    }

    /// With a gap after each.
    pub fn strided() -> Self {
        let datatype = Datatype::of::<i32>().vector(2, 1, 2).unwrap().resized(0, 16).unwrap();
        Self { datatype, stride: 4, places: [0, 2] }
    }

    /// One element is in one piece, two are not.
    pub fn apart() -> Self {
        let datatype = Datatype::of::<i32>().contiguous(2).unwrap().resized(0, 12).unwrap();
        Self { datatype, stride: 3, places: [0, 1] }
    }

    /// The second before the first.
    pub fn swapped() -> Self {
        let datatype = Datatype::of::<i32>().indexed_block(1, [1, 0]).unwrap();
        Self { datatype, stride: 2, places: [1, 0] }
    }

    pub fn all() -> [Self; 4] {
        [Self::plain(), Self::strided(), Self::apart(), Self::swapped()]
    }

    /// Elements as they lie in memory.
    pub fn lay(&self, numbers: &[i32]) -> Vec<i32> {
        let mut memory = vec![GAP; numbers.len() / 2 * self.stride];
        for (element, pair) in memory.chunks_mut(self.stride).zip(numbers.chunks(2)) {
            element[self.places[0]] = pair[0];
            element[self.places[1]] = pair[1];
        }
        memory
    }

    /// So many elements that are still to come.
    pub fn room(&self, count: usize) -> Vec<i32> {
        vec![GAP; count * self.stride]
    }

    pub fn raw<'a>(&'a self, memory: &Numbers, count: usize) -> Raw<'a> {
        Raw::new(memory.at(0), count, &self.datatype)
    }

    pub fn even<'a>(&'a self, memory: &Numbers, count: usize) -> RawBlocks<'a> {
        RawBlocks::Even { start: memory.at(0), count, datatype: &self.datatype }
    }
}

/// The numbers that one rank has for another.
pub fn numbers(from: i32, to: i32, count: usize) -> Vec<i32> {
    (0..2 * count as i32).map(|at| from * 1_000_000 + to * 10_000 + at).collect()
}

/// Runs a call in each form.
pub fn three_forms(comm: &Communicator, call: RawCollective<'_>, before: impl Fn(), after: impl Fn(&str)) {
    before();
    // SAFETY: the tests give memory that lives as long as the call, and look at it in between alone.
    unsafe {
        comm.collective_raw(call).unwrap();
        after("blocking");
        before();
        let mut request = comm.icollective_raw(call).unwrap();
        request.wait().unwrap();
        after("non-blocking");
        let mut persistent = comm.collective_raw_init(call).unwrap();
        for _ in 0..2 {
            before();
            persistent.start().unwrap();
            persistent.wait().unwrap();
            after("persistent");
        }
    }
}
