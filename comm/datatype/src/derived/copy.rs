//! Runs a program over bytes: packing copies its runs from memory into a stream, unpacking the other way.
//!
//! A range of the stream may begin and end at any byte, which fragments and short messages need. The range is cut into
//! whole programs, which run without a look at either end, and at most two broken ones a level. Whole loops over runs
//! of a common length run as loops of fixed moves, which the compiler turns into single instructions.
//!
//! Cost: O(depth) to find either end (a binary search where there is a table), then one move a run.
//!
//! Runs that overlap in memory are all right to pack. To receive into them is erroneous in MPI; here the last one in
//! the order of the type map prevails.

use core::ptr;

use super::program::{Part, Program, Run, Step, Table};

/// A layout of bytes.
pub(crate) type Copying = Program<()>;

/// The way that bytes go.
pub(crate) trait Way {
    /// Moves `len` bytes.
    ///
    /// # Safety
    /// Both are good for `len` bytes, to be read or written as this way does, and they do not overlap.
    unsafe fn run(memory: *mut u8, stream: *mut u8, len: usize);

    /// Moves as many bytes as the type of `N` bytes has.
    ///
    /// # Safety
    /// As for [`run`](Self::run).
    unsafe fn fixed<const N: usize>(memory: *mut u8, stream: *mut u8);
}

/// From memory into the stream.
pub(crate) struct Gather;

/// From the stream into memory.
pub(crate) struct Scatter;

impl Way for Gather {
    #[inline(always)]
    unsafe fn run(memory: *mut u8, stream: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { ptr::copy_nonoverlapping(memory, stream, len) }
    }

    #[inline(always)]
    unsafe fn fixed<const N: usize>(memory: *mut u8, stream: *mut u8) {
        // SAFETY: the caller's promise; arrays of bytes are aligned anywhere.
        unsafe { *stream.cast::<[u8; N]>() = *memory.cast::<[u8; N]>() }
    }
}

impl Way for Scatter {
    #[inline(always)]
    unsafe fn run(memory: *mut u8, stream: *mut u8, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { ptr::copy_nonoverlapping(stream, memory, len) }
    }

    #[inline(always)]
    unsafe fn fixed<const N: usize>(memory: *mut u8, stream: *mut u8) {
        // SAFETY: the caller's promise; arrays of bytes are aligned anywhere.
        unsafe { *memory.cast::<[u8; N]>() = *stream.cast::<[u8; N]>() }
    }
}

/// Moves the bytes `from..to` of the packed stream; `stream` is where the first of them lies.
///
/// # Safety
/// Every run of the program, seen from `memory`, lies in memory that is good for this way, and `stream` is good for
/// `to - from` bytes; the two do not overlap. `from <= to <= program.size`.
pub(crate) unsafe fn part<W: Way>(program: &Copying, memory: *mut u8, from: u64, to: u64, stream: *mut u8) {
    if from >= to {
        return;
    }
    if from == 0 && to == program.size {
        // SAFETY: the caller's promise, of which this is a part.
        unsafe { whole::<W>(program, memory, stream) };
        return;
    }
    let memory = memory.wrapping_offset(program.offset as isize);
    // SAFETY: every move below is of a piece of a run of this program, and goes to its place in the stream between
    // `from` and `to`; the caller promised both.
    unsafe {
        match &program.step {
            Step::Empty => {}
            Step::Run(()) => W::run(memory.wrapping_add(from as usize), stream, (to - from) as usize),
            Step::Loop { stride, body, .. } => {
                let copy = |index: u64| memory.wrapping_offset((index as i64).wrapping_mul(*stride) as isize);
                let (mut index, begin) = (from / body.size, from % body.size);
                let (last, end) = (to / body.size, to % body.size);
                if index == last {
                    return part::<W>(body, copy(index), begin, end, stream);
                }
                let mut stream = stream;
                if begin > 0 {
                    part::<W>(body, copy(index), begin, body.size, stream);
                    stream = stream.wrapping_add((body.size - begin) as usize);
                    index += 1;
                }
                let stream = repeat::<W>(body, last - index, *stride, copy(index), stream);
                part::<W>(body, copy(last), 0, end, stream);
            }
            Step::Table(table) => {
                let first = table.runs.partition_point(|run| run.start + run.len <= from);
                for run in table.runs[first..].iter().take_while(|run| run.start < to) {
                    let (begin, end) = (from.max(run.start), to.min(run.start + run.len));
                    let place = memory.wrapping_offset(run.offset as isize);
                    W::run(
                        place.wrapping_add((begin - run.start) as usize),
                        stream.wrapping_add((begin - from) as usize),
                        (end - begin) as usize,
                    );
                }
            }
            Step::Sequence(parts) => {
                let first = parts.partition_point(|part| part.start + part.program.size <= from);
                for Part { start, program } in parts[first..].iter().take_while(|part| part.start < to) {
                    let (begin, end) = (from.max(*start), to.min(start + program.size));
                    let stream = stream.wrapping_add((begin - from) as usize);
                    part::<W>(program, memory, begin - start, end - start, stream);
                }
            }
        }
    }
}

/// Moves all bytes of a program; returns where the stream goes on.
///
/// # Safety
/// As for [`part`] of everything.
unsafe fn whole<W: Way>(program: &Copying, memory: *mut u8, stream: *mut u8) -> *mut u8 {
    let memory = memory.wrapping_offset(program.offset as isize);
    // SAFETY: every run of the program, at its place in the stream, as the caller promised.
    unsafe {
        match &program.step {
            Step::Empty => stream,
            Step::Run(()) => {
                W::run(memory, stream, program.size as usize);
                stream.wrapping_add(program.size as usize)
            }
            Step::Loop { count, stride, body } => repeat::<W>(body, *count, *stride, memory, stream),
            Step::Table(table) => runs::<W>(table, memory, stream),
            Step::Sequence(parts) => {
                parts.iter().fold(stream, |stream, part| whole::<W>(&part.program, memory, stream))
            }
        }
    }
}

/// Moves `count` copies of a body whose offset is 0; returns where the stream goes on.
///
/// # Safety
/// As for [`whole`], for each of the copies.
unsafe fn repeat<W: Way>(
    body: &Copying,
    count: u64,
    stride: i64,
    memory: *mut u8,
    stream: *mut u8,
) -> *mut u8 {
    // SAFETY: the caller's promise for each copy.
    unsafe {
        match &body.step {
            Step::Run(()) => {
                let (len, count) = (body.size as usize, count as usize);
                strided::<W>(len, count, memory, stride as isize, stream, len);
                stream.wrapping_add(len * count)
            }
            Step::Table(table) if table.reach <= stride.unsigned_abs() && table.runs.len() < FIELDS => {
                fields::<W>(table, body.size as usize, count as usize, stride as isize, memory, stream)
            }
            _ => (0..count).fold(stream, |stream, index| {
                let place = memory.wrapping_offset((index as i64).wrapping_mul(stride) as isize);
                whole::<W>(body, place, stream)
            }),
        }
    }
}

/// A table of fewer runs is taken for the fields of a struct.
const FIELDS: usize = 64;
/// So much of memory is gone through field by field: less than what the first cache holds.
const BLOCK: usize = 16 << 10;

/// Moves `count` structs of these fields, a block of structs at a time and field by field in it, so that the length of a
/// field is looked at once a block. No field of one struct overlaps one of another, so the order does not matter.
///
/// # Safety
/// As for [`repeat`]; the fields are `size` bytes in all.
unsafe fn fields<W: Way>(
    table: &Table<()>,
    size: usize,
    count: usize,
    stride: isize,
    mut memory: *mut u8,
    mut stream: *mut u8,
) -> *mut u8 {
    let block = (BLOCK / size.max(stride.unsigned_abs())).clamp(1, 256);
    let mut left = count;
    while left > 0 {
        let now = block.min(left);
        for run in &table.runs {
            let place = memory.wrapping_offset(run.offset as isize);
            let stream = stream.wrapping_add(run.start as usize);
            // SAFETY: the caller's promise for this field of each struct.
            unsafe { strided::<W>(run.len as usize, now, place, stride, stream, size) };
        }
        memory = memory.wrapping_offset(stride.wrapping_mul(now as isize));
        stream = stream.wrapping_add(size * now);
        left -= now;
    }
    stream
}

/// Calls the macro's argument with each length of runs that has a loop of its own.
macro_rules! by_length {
    ($len:expr, $fixed:ident, $else:expr) => {
        match $len {
            1 => $fixed!(1),
            2 => $fixed!(2),
            3 => $fixed!(3),
            4 => $fixed!(4),
            6 => $fixed!(6),
            8 => $fixed!(8),
            12 => $fixed!(12),
            16 => $fixed!(16),
            20 => $fixed!(20),
            24 => $fixed!(24),
            32 => $fixed!(32),
            40 => $fixed!(40),
            48 => $fixed!(48),
            64 => $fixed!(64),
            _ => $else,
        }
    };
}

/// Moves `count` runs of `len` bytes that lie `stride` bytes apart in memory, and `step` in the stream.
///
/// # Safety
/// As for [`repeat`].
#[inline]
unsafe fn strided<W: Way>(
    len: usize,
    count: usize,
    memory: *mut u8,
    stride: isize,
    stream: *mut u8,
    step: usize,
) {
    macro_rules! fixed {
        ($n:literal) => {
            // SAFETY: the caller's promise.
            unsafe { strided_fixed::<W, $n>(count, memory, stride, stream, step) }
        };
    }
    by_length!(len, fixed, {
        let (mut memory, mut stream) = (memory, stream);
        for _ in 0..count {
            // SAFETY: the caller's promise.
            unsafe { W::run(memory, stream, len) };
            memory = memory.wrapping_offset(stride);
            stream = stream.wrapping_add(step);
        }
    });
}

/// The same for runs of `N` bytes.
///
/// # Safety
/// As for [`strided`].
#[inline]
unsafe fn strided_fixed<W: Way, const N: usize>(
    count: usize,
    mut memory: *mut u8,
    stride: isize,
    mut stream: *mut u8,
    step: usize,
) {
    if stride.unsigned_abs() >= PAGE {
        for _ in 0..count {
            prefetch(memory.wrapping_offset(stride.wrapping_mul(AHEAD)));
            // SAFETY: the caller's promise.
            unsafe { W::fixed::<N>(memory, stream) };
            memory = memory.wrapping_offset(stride);
            stream = stream.wrapping_add(step);
        }
        return;
    }
    // Four at a time, so that several reads that miss the caches are under way at once.
    for _ in 0..count / 4 {
        for index in 0..4 {
            let place = memory.wrapping_offset(stride.wrapping_mul(index as isize));
            // SAFETY: the caller's promise.
            unsafe { W::fixed::<N>(place, stream.wrapping_add(index * step)) };
        }
        memory = memory.wrapping_offset(stride.wrapping_mul(4));
        stream = stream.wrapping_add(4 * step);
    }
    for _ in 0..count % 4 {
        // SAFETY: the caller's promise.
        unsafe { W::fixed::<N>(memory, stream) };
        memory = memory.wrapping_offset(stride);
        stream = stream.wrapping_add(step);
    }
}

/// Runs that lie so far apart are on pages of their own, which no prefetcher of the hardware foresees.
const PAGE: usize = 4096;
/// So many runs ahead they are asked for. Measured on a column of a 4096 x 4096 matrix of `f64`, whose lines all compete for
/// the same places of the first cache, so that more would drive one another out.
const AHEAD: isize = 2;

/// Asks for the line at an address, which need not be one of ours: nothing happens then.
#[inline(always)]
fn prefetch(address: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 processor has the instruction, which reads nothing that the program could see.
    unsafe {
        core::arch::x86_64::_mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T0 }>(address.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = address;
}

/// Moves the runs of a table; returns where the stream goes on.
///
/// # Safety
/// As for [`whole`].
unsafe fn runs<W: Way>(table: &Table<()>, memory: *mut u8, stream: *mut u8) -> *mut u8 {
    /// # Safety
    /// As for [`runs`]; every run has `N` bytes.
    unsafe fn runs_fixed<W: Way, const N: usize>(
        runs: &[Run<()>],
        memory: *mut u8,
        stream: *mut u8,
    ) -> *mut u8 {
        runs.iter().fold(stream, |stream, run| {
            // SAFETY: the caller's promise.
            unsafe { W::fixed::<N>(memory.wrapping_offset(run.offset as isize), stream) };
            stream.wrapping_add(N)
        })
    }
    macro_rules! fixed {
        ($n:literal) => {
            // SAFETY: the caller's promise; the table says that every run has this length.
            unsafe { runs_fixed::<W, $n>(&table.runs, memory, stream) }
        };
    }
    by_length!(table.uniform.unwrap_or(0), fixed, {
        table.runs.iter().fold(stream, |stream, run| {
            let place = memory.wrapping_offset(run.offset as isize);
            // SAFETY: the caller's promise.
            unsafe { short::<W>(place, stream, run.len as usize) };
            stream.wrapping_add(run.len as usize)
        })
    })
}

/// Moves a run that is likely short: the fields of a struct.
///
/// # Safety
/// As for [`Way::run`].
#[inline]
unsafe fn short<W: Way>(memory: *mut u8, stream: *mut u8, len: usize) {
    macro_rules! fixed {
        ($n:literal) => {
            // SAFETY: the caller's promise.
            unsafe { W::fixed::<$n>(memory, stream) }
        };
    }
    // SAFETY: the caller's promise.
    by_length!(len, fixed, unsafe { W::run(memory, stream, len) });
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    /// The stream of a program over a memory whose bytes are their own indices, and back into an empty one.
    fn there_and_back(program: &Copying, room: usize, base: usize, from: u64, to: u64) -> (Vec<u8>, Vec<u8>) {
        let mut memory: Vec<u8> = (0..room).map(|at| at as u8).collect();
        let mut stream = vec![0; (to - from) as usize];
        // SAFETY: the tests' programs stay within `room` bytes, seen from `base`; the stream has the right length.
        unsafe {
            part::<Gather>(program, memory.as_mut_ptr().wrapping_add(base), from, to, stream.as_mut_ptr())
        };
        let mut back = vec![0xee; room];
        // SAFETY: as above.
        unsafe {
            part::<Scatter>(program, back.as_mut_ptr().wrapping_add(base), from, to, stream.as_mut_ptr())
        };
        (stream, back)
    }

    #[test]
    fn every_length_of_run_and_every_cut() {
        for len in (1..=50).chain([64, 65]) {
            let program = Program::run(len, ()).repeat(3, 70).at(5);
            let all: Vec<u8> = [5, 75, 145].iter().flat_map(|&at| at..at + len as u8).collect();
            for from in [0, 1, len / 2, len, len + 1, 2 * len] {
                for to in [from, from + 1, 3 * len - 1, 3 * len] {
                    let (from, to) = (from.min(3 * len), to.clamp(from, 3 * len));
                    let (stream, back) = there_and_back(&program, 220, 0, from, to);
                    assert_eq!(stream, all[from as usize..to as usize], "{len} {from} {to}");
                    let written = back.iter().filter(|&&byte| byte != 0xee).count();
                    assert!(
                        written as u64 <= to - from
                            && stream.iter().all(|&b| b == 0xee || back[b as usize] == b)
                    );
                }
            }
        }
    }

    #[test]
    fn runs_on_pages_of_their_own() {
        for stride in [4096, 5000, -4096] {
            let program = Program::run(2, ()).repeat(3, stride);
            let base = if stride < 0 { 2 * 4096 } else { 0 };
            let (stream, back) = there_and_back(&program, 10_100, base, 0, 6);
            let places = [0, 1, 2].map(|index| (base as i64 + index * stride) as usize);
            assert_eq!(stream, places.map(|place| [place as u8, (place + 1) as u8]).concat());
            assert!(places.iter().all(|&place| back[place..place + 2] == [place as u8, place as u8 + 1]));
            assert_eq!(back.iter().filter(|&&byte| byte != 0xee).count(), 6);
        }
    }

    #[test]
    fn loops_of_tables_and_sequences_run_in_order() {
        let table = Program::sequence([(3, 2), (0, 1), (7, 4)].map(|(at, len)| Program::run(len, ()).at(at)));
        let program = Program::sequence([
            table.repeat(2, 20),
            Program::run(2, ()).repeat(3, -4).at(60),
            Program::run(1, ()).at(50),
        ]);
        let all = [3, 4, 0, 7, 8, 9, 10, 23, 24, 20, 27, 28, 29, 30, 60, 61, 56, 57, 52, 53, 50];
        assert_eq!(program.size, all.len() as u64);
        for from in 0..=all.len() {
            for to in from..=all.len() {
                let (stream, _) = there_and_back(&program, 80, 0, from as u64, to as u64);
                assert_eq!(stream, all[from..to]);
            }
        }
    }
}
