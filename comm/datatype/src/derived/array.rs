//! Parts of arrays: subarrays, and the share of one process of an array that is distributed over many (MPI 5.0,
//! sections 5.1.3 and 5.1.4).
//!
//! Both go through the axes from the one that runs fastest to the one that runs slowest, and repeat what they have so
//! far along each. The result spans the whole array, so that the next element is the next array.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::Datatype;
use super::error::DatatypeError;
use super::layout::{Layout, Overflow};
use super::recipe::Recipe;

const EXTENT: Overflow = "extent";

/// Which index of an array runs fastest through memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// The last (`MPI_ORDER_C`).
    C,
    /// The first (`MPI_ORDER_FORTRAN`).
    Fortran,
}

/// How an axis of a distributed array is shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Not at all (`MPI_DISTRIBUTE_NONE`): the grid has one process along this axis.
    None,
    /// A block for each process (`MPI_DISTRIBUTE_BLOCK`): of so many elements, or as many as are needed.
    Block(Option<usize>),
    /// Blocks of so many elements in turns (`MPI_DISTRIBUTE_CYCLIC`); `None`: of one.
    Cyclic(Option<usize>),
}

/// An axis of a distributed array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    /// The array's extent along it, in elements.
    pub size: usize,
    /// How it is shared out.
    pub distribution: Distribution,
    /// How many processes the grid has along it.
    pub processes: usize,
}

impl Datatype {
    /// A part of an array of elements (`MPI_Type_create_subarray`): `subsizes` elements of an array of `sizes`, from
    /// `starts` on. Its extent is the whole array.
    ///
    /// # Errors
    /// [`DatatypeError::Argument`]: not as many of each; a part that reaches out of the array. As for
    /// [`contiguous`](Self::contiguous).
    ///
    /// ```
    /// use olympi_datatype::{Datatype, Order};
    ///
    /// // A field of 4 x 6 with a halo of one on each side: the upper halo row takes what the neighbour's last row has.
    /// let cell = Datatype::of::<f64>();
    /// let last_row = cell.subarray(&[6, 8], &[1, 6], &[4, 1], Order::C)?;
    /// let halo_row = cell.subarray(&[6, 8], &[1, 6], &[0, 1], Order::C)?;
    /// let neighbour: Vec<f64> = (0..48).map(f64::from).collect();
    /// let mut field = vec![0.0; 48];
    /// halo_row.view(&mut field, 1)?.unpack(&last_row.view(&neighbour, 1)?.pack())?;
    /// assert_eq!(field[..8], [0.0, 33.0, 34.0, 35.0, 36.0, 37.0, 38.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn subarray(
        &self,
        sizes: &[usize],
        subsizes: &[usize],
        starts: &[usize],
        order: Order,
    ) -> Result<Self, DatatypeError> {
        let argument = |detail| DatatypeError::Argument { constructor: "subarray", detail };
        check_axes(sizes.len()).map_err(argument)?;
        if subsizes.len() != sizes.len() || starts.len() != sizes.len() {
            return Err(argument(format!(
                "{} sizes, {} subsizes and {} starts: there must be one of each for every axis",
                sizes.len(),
                subsizes.len(),
                starts.len()
            )));
        }
        for (axis, ((size, subsize), start)) in sizes.iter().zip(subsizes).zip(starts).enumerate() {
            if start.checked_add(*subsize).is_none_or(|end| end > *size) {
                return Err(argument(format!(
                    "along axis {axis}, {subsize} elements from {start} on reach out of an array of {size}"
                )));
            }
        }
        let layout = self.along_axes(sizes, order, |axis, inner, stride| {
            let at =
                i64::try_from(starts[axis]).ok().and_then(|start| start.checked_mul(stride)).ok_or(EXTENT)?;
            inner.repeat(subsizes[axis], stride)?.at(at)
        });
        let recipe = Recipe::Subarray {
            sizes: sizes.into(),
            subsizes: subsizes.into(),
            starts: starts.into(),
            order,
            of: self.clone(),
        };
        Self::build(recipe, layout)
    }

    /// What process `rank` has of an array that is distributed over a grid of processes
    /// (`MPI_Type_create_darray`). Ranks go through the grid with the last axis fastest, whatever the array's order.
    ///
    /// # Errors
    /// [`DatatypeError::Argument`]: a rank outside of the grid; blocks that do not cover an axis; several processes
    /// along an axis that is not distributed. As for [`contiguous`](Self::contiguous).
    ///
    /// ```
    /// use olympi_datatype::{Axis, Datatype, Distribution, Order};
    ///
    /// let rows = Axis { size: 4, distribution: Distribution::Block(None), processes: 2 };
    /// let columns = Axis { size: 5, distribution: Distribution::Cyclic(None), processes: 2 };
    /// let matrix: Vec<i32> = (0..20).collect();
    /// let share = Datatype::of::<i32>().darray(3, &[rows, columns], Order::C)?; // lower half, odd columns
    /// assert_eq!(share.view(&matrix, 1)?.pack(), [11, 13, 16, 18].map(i32::to_ne_bytes).concat());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn darray(&self, rank: usize, axes: &[Axis], order: Order) -> Result<Self, DatatypeError> {
        let argument = |detail| DatatypeError::Argument { constructor: "darray", detail };
        check_axes(axes.len()).map_err(argument)?;
        let grid = axes.iter().try_fold(1_usize, |n, axis| n.checked_mul(axis.processes));
        if grid.is_none_or(|grid| rank >= grid) {
            return Err(argument(format!("rank {rank} is not in the grid of processes")));
        }
        // The place in the grid, last axis fastest.
        let mut place = Box::<[usize]>::from(&axes.iter().map(|_| 0).collect::<Vec<_>>()[..]);
        let mut rest = rank;
        for (coordinate, axis) in place.iter_mut().zip(axes).rev() {
            (rest, *coordinate) = (rest / axis.processes, rest % axis.processes);
        }
        let mut shares = Vec::new();
        for (number, (axis, place)) in axes.iter().zip(&place).enumerate() {
            shares.push(
                Share::of(axis, *place).map_err(|why| argument(format!("along axis {number}, {why}")))?,
            );
        }
        let sizes: Vec<usize> = axes.iter().map(|axis| axis.size).collect();
        let layout =
            self.along_axes(&sizes, order, |axis, inner, stride| shares[axis].of_axis(&inner, stride));
        Self::build(Recipe::Darray { rank, axes: axes.into(), order, of: self.clone() }, layout)
    }

    /// Repeats the layout along each axis, fastest first, as `along` says, which is given the axis, what there is so
    /// far, and the distance of two neighbours. The result spans the array.
    fn along_axes(
        &self,
        sizes: &[usize],
        order: Order,
        along: impl Fn(usize, Layout, i64) -> Result<Layout, Overflow>,
    ) -> Result<Layout, Overflow> {
        let mut layout = self.layout().clone();
        let mut stride = self.extent();
        for step in 0..sizes.len() {
            let axis = match order {
                Order::C => sizes.len() - 1 - step,
                Order::Fortran => step,
            };
            layout = along(axis, layout, stride)?;
            stride =
                i64::try_from(sizes[axis]).ok().and_then(|size| size.checked_mul(stride)).ok_or(EXTENT)?;
        }
        layout.resized(0, stride)
    }
}

fn check_axes(axes: usize) -> Result<(), String> {
    match axes {
        0 => Err("an array has at least one axis".into()),
        1..=64 => Ok(()),
        _ => Err(format!("an array has at most 64 axes, not {axes}")),
    }
}

/// What a process has of an axis: blocks at equal distances, and perhaps a shorter one behind them.
struct Share {
    first: usize,
    block: usize,
    /// How many whole blocks.
    blocks: usize,
    distance: usize,
    /// The length of the shorter one.
    rest: usize,
}

impl Share {
    fn of(axis: &Axis, place: usize) -> Result<Self, String> {
        let Axis { size, distribution, processes } = *axis;
        let block = match distribution {
            Distribution::None if processes != 1 => {
                return Err(format!(
                    "which is not distributed, the grid must have 1 process, not {processes}"
                ));
            }
            Distribution::None => size.max(1),
            Distribution::Block(None) => size.div_ceil(processes).max(1),
            Distribution::Block(Some(block)) => {
                if block.checked_mul(processes).is_some_and(|covered| covered < size) {
                    return Err(format!("{processes} blocks of {block} do not cover {size} elements"));
                }
                block
            }
            Distribution::Cyclic(block) => block.unwrap_or(1),
        };
        if block == 0 {
            return Err("a block must have at least one element".into());
        }
        // Beyond the end of the axis no number matters, so an overflow means: nothing there.
        let first = place.checked_mul(block).filter(|&first| first < size);
        let Some(first) = first else {
            return Ok(Self { first: 0, block, blocks: 0, distance: 0, rest: 0 });
        };
        let distance = block.saturating_mul(processes);
        let blocks = match size - first {
            left if left < block => 0,
            left => (left - block) / distance + 1,
        };
        let next = blocks.checked_mul(distance).and_then(|passed| passed.checked_add(first));
        let rest = next.map_or(0, |next| size.saturating_sub(next));
        Ok(Self { first, block, blocks, distance, rest: rest.min(block) })
    }

    fn of_axis(&self, inner: &Layout, stride: i64) -> Result<Layout, Overflow> {
        let bytes =
            |elements: usize| i64::try_from(elements).ok().and_then(|n| n.checked_mul(stride)).ok_or(EXTENT);
        let whole = match self.blocks {
            0 => Layout::EMPTY,
            1 => inner.repeat(self.block, stride)?.at(bytes(self.first)?)?,
            _ => inner
                .repeat(self.block, stride)?
                .repeat(self.blocks, bytes(self.distance)?)?
                .at(bytes(self.first)?)?,
        };
        if self.rest == 0 {
            return Ok(whole);
        }
        let behind = self.first + self.blocks * self.distance;
        let rest = inner.repeat(self.rest, stride)?.at(bytes(behind)?)?;
        Layout::sequence([Ok(whole), Ok(rest)].into_iter())
    }
}
