//! Work that nobody hands out: each process takes the next piece by a counter in a window of rank 0, and adds what it
//! finds to a table that is spread over all. Run: `cargo mpiexec -n 4 --example one_sided [NUMBERS]`
//!
//! The pieces are ranges of numbers, and the table says how many of them need so many steps of Collatz to get to 1: some
//! pieces take long, and whoever has done one early takes another.

use olympi::prelude::*;
use olympi::{Asserts, Info, Window};

/// How many pieces there are.
const PIECES: i64 = 200;
/// Entries of the table. The last one is for all that take longer.
const ENTRIES: usize = 512;

fn steps(mut number: u64) -> usize {
    let mut steps = 0;
    while number > 1 {
        number = if number.is_multiple_of(2) { number / 2 } else { 3 * number + 1 };
        steps += 1;
    }
    steps
}

fn main() -> Result<(), olympi::Error> {
    let numbers: u64 = std::env::args().nth(1).map_or(200_000, |word| word.parse().expect("a number"));
    let universe = olympi::init()?;
    let world = universe.world();
    let (rank, size) = (world.rank(), world.size() as usize);

    let counter = Window::allocate::<i64>(world, usize::from(rank == 0), &Info::new())?;
    let part = ENTRIES.div_ceil(size);
    let table = Window::allocate::<u64>(world, part, &Info::new())?;
    counter.lock_all(Asserts::NONE)?;
    table.lock_all(Asserts::NONE)?;
    let mut taken = 0;
    loop {
        let piece = counter.fetch_and_op(1, 0, 0, &Op::sum())?;
        if piece >= PIECES {
            break;
        }
        taken += 1;
        let bound = |piece: i64| piece as u64 * numbers / PIECES as u64 + 1;
        let mut found = vec![0_u64; part * size];
        for number in bound(piece)..bound(piece + 1) {
            found[steps(number).min(ENTRIES - 1)] += 1;
        }
        for (owner, counts) in found.chunks(part).enumerate() {
            table.accumulate(counts, owner as i32, 0, &Op::sum())?;
        }
    }
    table.unlock_all()?;
    counter.unlock_all()?;

    // Everyone has done its last piece when all are here.
    world.barrier()?;
    let mine = table.read::<u64>(0, part)?;
    let taken = world.gather(&taken, 0)?;
    if let (Some(parts), Some(taken)) = (world.gather(&mine[..], 0)?, taken) {
        let counted: u64 = parts.iter().sum();
        let most = parts.iter().enumerate().max_by_key(|(_, count)| **count).map_or(0, |(steps, _)| steps);
        println!(
            "{counted} numbers in {} pieces; most often it takes {most} steps",
            taken.iter().sum::<i32>()
        );
    }
    table.free()?;
    counter.free()?;
    Ok(())
}
