//! The figures of collectives, on vectors of doubles: those of `compare/collectives.h`.
//!
//! The time of a call is that of the slowest rank. The root goes round from call to call, and a batch is whole rounds: were
//! it the same, it could run ahead, and the figure would tell how many calls fit into the buffers. A size is checked
//! once before it is measured.

use std::time::SystemTime;

use olympi::{Communicator, Error, Op};

use crate::figures::Bench;
use crate::measure::{Figure, TimedBy};
use crate::options::{Options, size_of};

/// Where the ranks' elements meet: how many ranks there are, and which this one is.
#[derive(Clone, Copy)]
struct Place {
    rank: usize,
    ranks: usize,
}

/// How many blocks of the size a buffer has.
#[derive(Clone, Copy)]
enum Blocks {
    One,
    /// One for each rank.
    Each,
}

struct Collective {
    /// Its name in MPI.
    name: &'static str,
    sent: Blocks,
    received: Blocks,
    call: Call,
    /// What an element of the result must be here, given its index and the elements of a block. `None`: no result.
    expected: Option<fn(Place, usize, usize) -> f64>,
    root: Root,
}

/// What the root is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Root {
    /// There is none.
    None,
    /// It gives to all.
    Gives,
    /// It alone has the result.
    Gets,
}

/// One call with this root, if it has one.
type Call = fn(&Communicator, &[f64], &mut [f64], i32) -> Result<(), Error>;

const COLLECTIVES: &[Collective] = &[
    Collective {
        name: "barrier",
        sent: Blocks::One,
        received: Blocks::One,
        call: |world, _, _, _| Ok(world.barrier()?),
        expected: None,
        root: Root::None,
    },
    Collective {
        name: "bcast",
        sent: Blocks::One,
        received: Blocks::One,
        call: |world, _, buffer, root| Ok(world.broadcast(buffer, root)?),
        expected: Some(|_, index, _| element(index, 0)),
        root: Root::Gives,
    },
    Collective {
        name: "allreduce",
        sent: Blocks::One,
        received: Blocks::One,
        call: |world, data, into, _| Ok(world.all_reduce_into(data, into, Op::sum())?),
        expected: Some(|place, index, _| sum_of(index, place.ranks)),
        root: Root::None,
    },
    Collective {
        name: "reduce",
        sent: Blocks::One,
        received: Blocks::One,
        call: |world, data, into, root| Ok(world.reduce_into(data, into, root, Op::sum())?),
        expected: Some(|place, index, _| sum_of(index, place.ranks)),
        root: Root::Gets,
    },
    Collective {
        name: "alltoall",
        sent: Blocks::Each,
        received: Blocks::Each,
        call: |world, data, into, _| Ok(world.all_to_all_into(data, into)?),
        expected: Some(|place, index, block| element(place.rank * block + index % block, index / block)),
        root: Root::None,
    },
    Collective {
        name: "allgather",
        sent: Blocks::One,
        received: Blocks::Each,
        call: |world, data, into, _| Ok(world.all_gather_into(data, into)?),
        expected: Some(|_, index, block| element(index % block, index / block)),
        root: Root::None,
    },
    Collective {
        name: "gather",
        sent: Blocks::One,
        received: Blocks::Each,
        call: |world, data, into, root| Ok(world.gather_into(data, into, root)?),
        expected: Some(|_, index, block| element(index % block, index / block)),
        root: Root::Gets,
    },
    Collective {
        name: "scatter",
        sent: Blocks::Each,
        received: Blocks::One,
        call: |world, data, into, root| Ok(world.scatter_into(data, into, root)?),
        expected: Some(|place, index, block| element(place.rank * block + index, 0)),
        root: Root::Gives,
    },
    Collective {
        name: "reduce_scatter_block",
        sent: Blocks::Each,
        received: Blocks::One,
        call: |world, data, into, _| Ok(world.reduce_scatter_block_into(data, into, Op::sum())?),
        expected: Some(|place, index, block| sum_of(place.rank * block + index, place.ranks)),
        root: Root::None,
    },
    Collective {
        name: "scan",
        sent: Blocks::One,
        received: Blocks::One,
        call: |world, data, into, _| Ok(world.scan_into(data, into, Op::sum())?),
        expected: Some(|place, index, _| sum_of(index, place.rank + 1)),
        root: Root::None,
    },
];

/// What a rank contributes: small whole numbers, whose sums are exact.
fn element(index: usize, from: usize) -> f64 {
    ((index * 7 + from * 13) % 1000) as f64
}

/// The sum over the first ranks.
fn sum_of(index: usize, ranks: usize) -> f64 {
    (0..ranks).map(|rank| element(index, rank)).sum()
}

/// Measures what `--which` names, each at sizes of its own (`bcast:8:64K`) or those of `--sizes`. `Err`: that makes no
/// sense.
pub(crate) fn measure(bench: &mut Bench<'_>, options: &Options) -> Result<Result<(), String>, Error> {
    let plan = match plan(options) {
        Ok(plan) => plan,
        Err(complaint) => return Ok(Err(complaint)),
    };
    for (collective, sizes) in plan {
        for size in sizes {
            collective.measure(bench, options, size)?;
        }
    }
    Ok(Ok(()))
}

/// Which collectives are measured at which sizes.
fn plan(options: &Options) -> Result<Vec<(&'static Collective, Vec<usize>)>, String> {
    let Some(which) = &options.which else {
        return COLLECTIVES.iter().map(|collective| collective.sized(options.sizes.clone())).collect();
    };
    let named = |words: &str| {
        let mut words = words.split(':');
        let name = words.next().unwrap_or_default();
        let Some(collective) = COLLECTIVES.iter().find(|collective| collective.name == name) else {
            let all: Vec<_> = COLLECTIVES.iter().map(|collective| collective.name).collect();
            return Err(format!("--which: there is no collective {name}; there are {}", all.join(", ")));
        };
        let sizes = words.map(size_of).collect::<Result<Vec<_>, _>>()?;
        collective.sized(if sizes.is_empty() { options.sizes.clone() } else { sizes })
    };
    which.split(',').map(named).collect()
}

impl Collective {
    fn sized(&'static self, sizes: Vec<usize>) -> Result<(&'static Self, Vec<usize>), String> {
        if self.expected.is_none() {
            return Ok((self, vec![0])); // a barrier has no size
        }
        match sizes.iter().find(|size| !size.is_multiple_of(8)) {
            Some(size) => Err(format!("{} of {size} bytes: the size must be a multiple of 8", self.name)),
            None => Ok((self, sizes)),
        }
    }

    fn measure(&self, bench: &mut Bench<'_>, options: &Options, size: usize) -> Result<(), Error> {
        let (world, block) = (bench.world, size / 8);
        let place = Place { rank: world.rank() as usize, ranks: world.size() as usize };
        let elements = |blocks| match blocks {
            Blocks::One => block,
            Blocks::Each => block * place.ranks,
        };
        let data: Vec<_> = (0..elements(self.sent)).map(|index| element(index, place.rank)).collect();
        let mut into = vec![-1.0; elements(self.received)];
        self.verify(world, place, &data, &mut into)?;
        let mut figure = Figure {
            name: self.name,
            unit: "us",
            run: &mut |bench, _, iterations| {
                let mut root = 0;
                for _ in 0..iterations {
                    (self.call)(bench.world, &data, &mut into, root)?;
                    root += 1;
                    if root == bench.world.size() {
                        root = 0;
                    }
                }
                Ok(())
            },
            value: &|_, _, iterations, seconds| seconds / iterations as f64 * 1e6,
            higher_is_better: false,
            timed_by: TimedBy::Slowest(if self.root == Root::None { 1 } else { place.ranks }),
        };
        figure.measure(bench, options, size)
    }

    fn verify(
        &self,
        world: &Communicator,
        place: Place,
        data: &[f64],
        into: &mut [f64],
    ) -> Result<(), Error> {
        let Some(expected) = self.expected else { return verify_barrier(world) };
        if self.name == "bcast" && place.rank == 0 {
            into.copy_from_slice(data); // It has one buffer, which is the root's to send.
        }
        (self.call)(world, data, into, 0)?;
        let block = if matches!(self.received, Blocks::One) { into.len() } else { into.len() / place.ranks };
        for (index, &item) in into.iter().enumerate().filter(|_| place.rank == 0 || self.root != Root::Gets) {
            let right = expected(place, index, block);
            assert!(item == right, "{}: element {index} is {item} instead of {right}", self.name);
        }
        Ok(())
    }
}

/// Nobody may leave a barrier before the last one has come; all ranks share a clock.
fn verify_barrier(world: &Communicator) -> Result<(), Error> {
    let nanoseconds =
        || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
    let came = nanoseconds();
    world.barrier()?;
    let left = nanoseconds();
    let last = world.all_reduce(&came, Op::max())?;
    let first = world.all_reduce(&left, Op::min())?;
    assert!(first >= last, "a rank left the barrier {} ns before the last one came", last - first);
    Ok(())
}
