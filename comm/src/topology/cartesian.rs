//! Grids of ranks (MPI 5.0, section 8.5).

use std::ops::Deref;
use std::sync::Arc;

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::TopologyError;
use crate::status::PROC_NULL;
use crate::topology::Topology;
use crate::topology::reorder::{coords_of, place_of, placement};

/// The shape of a grid: ranks lie in it in row-major order, the last dimension fastest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    dims: Vec<usize>,
    periods: Vec<bool>,
}

impl Grid {
    /// The number of ranks in each dimension.
    pub fn dims(&self) -> &[usize] {
        &self.dims
    }

    /// Whether the last rank of a dimension is a neighbour of its first.
    pub fn periods(&self) -> &[bool] {
        &self.periods
    }

    /// The rank so far along a dimension from another; [`PROC_NULL`] beyond the edge.
    fn along(&self, rank: usize, dimension: usize, displacement: i64) -> i32 {
        let mut coords = coords_of(rank, &self.dims);
        let (size, to) = (self.dims[dimension] as i64, coords[dimension] as i64 + displacement);
        if !self.periods[dimension] && !(0..size).contains(&to) {
            return PROC_NULL;
        }
        coords[dimension] = to.rem_euclid(size) as usize;
        place_of(&coords, &self.dims) as i32
    }

    /// The neighbours of a rank: for each dimension that at the lower coordinate, and that at the higher one.
    pub(crate) fn neighbours(&self, rank: usize) -> Vec<[Option<u32>; 2]> {
        let one = |dimension, step| u32::try_from(self.along(rank, dimension, step)).ok();
        (0..self.dims.len()).map(|dimension| [one(dimension, -1), one(dimension, 1)]).collect()
    }
}

/// A communicator whose ranks lie on a grid. It is a [`Communicator`], whose neighbour collectives go along the grid.
#[derive(Debug)]
pub struct Cartesian {
    comm: Communicator,
    grid: Arc<Grid>,
}

impl Deref for Cartesian {
    type Target = Communicator;

    fn deref(&self) -> &Communicator {
        &self.comm
    }
}

impl Communicator {
    /// Lays ranks out on a grid (`MPI_Cart_create`); `None` for ranks that find no place in it. With `reorder` the ranks of
    /// a node get a compact block of the grid, where the launcher tells who is on which node. All ranks give the same.
    ///
    /// # Errors
    /// [`TopologyError`]: a grid larger than the communicator, or of no dimensions' sizes; what [`create`](Self::create)
    /// may fail with.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let world = universe.world();
    /// let mut dims = [0, 0];
    /// olympi_comm::dims_create(world.size() as usize, &mut dims)?;
    /// let grid = world.cartesian(&dims, &[true, false], true)?.expect("the grid has room for all");
    /// let (above, below) = grid.shift(0, 1)?;
    /// let mut halo = [0.0; 2];
    /// grid.sendrecv(&[1.0, 2.0], below, 0, &mut halo, above, 0)?;
    /// assert_eq!(halo, [1.0, 2.0]);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn cartesian(
        &self,
        dims: &[usize],
        periods: &[bool],
        reorder: bool,
    ) -> Result<Option<Cartesian>, TopologyError> {
        if dims.len() != periods.len() {
            let detail = format!("{} dimensions have {} periods", dims.len(), periods.len());
            return Err(TopologyError::Dims { detail });
        }
        let ranks = self.places(dims, reorder)?;
        let Some(comm) = self.create(&self.group().incl(&ranks)?)? else { return Ok(None) };
        let grid = Arc::new(Grid { dims: dims.to_vec(), periods: periods.to_vec() });
        let comm = comm.carrying(Topology::Grid(Arc::clone(&grid)));
        Ok(Some(Cartesian { comm, grid }))
    }

    /// The rank that this one would get in a grid, with `reorder` (`MPI_Cart_map`); `None`: it would find no place.
    ///
    /// # Errors
    /// [`TopologyError`], as for [`cartesian`](Self::cartesian).
    pub fn cart_map(&self, dims: &[usize]) -> Result<Option<i32>, TopologyError> {
        let place = self.places(dims, true)?.iter().position(|rank| *rank == self.rank());
        Ok(place.map(|place| place as i32))
    }

    /// Which of this communicator's ranks takes each place of a grid.
    fn places(&self, dims: &[usize], reorder: bool) -> Result<Vec<i32>, TopologyError> {
        self.one_group()?;
        let size = dims.iter().fold(1_usize, |size, dim| size.saturating_mul(*dim));
        if size == 0 || size > self.size() as usize {
            let detail = format!("a grid of {dims:?} has {size} places, for {} ranks", self.size());
            return Err(TopologyError::Dims { detail });
        }
        let context = self.context(Traffic::Collective);
        let mut inside = self.shared.door.enter()?;
        let mail = &mut inside.mail;
        let nodes = mail.contexts.calls(context).nodes(mail.collectives.nodes.as_ref(), self.group());
        Ok(placement(dims, nodes.filter(|_| reorder)).into_iter().map(|rank| rank as i32).collect())
    }
}

impl Cartesian {
    /// The grid that a communicator is known to carry; `None`: it carries none.
    pub fn of(comm: &Communicator) -> Option<Self> {
        match comm.topology() {
            Some(Topology::Grid(grid)) => Some(Self { comm: comm.handle(), grid }),
            _ => None,
        }
    }

    /// The communicator itself, which goes on carrying the grid.
    pub fn into_communicator(self) -> Communicator {
        self.comm
    }

    /// The grid (`MPI_Cart_get`, `MPI_Cartdim_get`).
    pub fn grid(&self) -> &Grid {
        &self.grid
    }

    /// Where a rank lies (`MPI_Cart_coords`).
    ///
    /// # Errors
    /// [`TopologyError::Rank`].
    pub fn coords(&self, rank: i32) -> Result<Vec<usize>, TopologyError> {
        Ok(coords_of(self.member(rank)?, &self.grid.dims))
    }

    /// Where this rank lies.
    pub fn my_coords(&self) -> Vec<usize> {
        coords_of(self.rank() as usize, &self.grid.dims)
    }

    /// Who lies there (`MPI_Cart_rank`). In a periodic dimension coordinates go round.
    ///
    /// # Errors
    /// [`TopologyError::Coordinates`], outside of a dimension that is not periodic, or where their number is wrong.
    pub fn rank_at(&self, coords: &[i64]) -> Result<i32, TopologyError> {
        let Grid { dims, periods } = &*self.grid;
        let outside = || TopologyError::Coordinates { coords: coords.to_vec(), dims: dims.clone() };
        if coords.len() != dims.len() {
            return Err(outside());
        }
        let inside = coords.iter().zip(dims).zip(periods).map(|((coord, dim), periodic)| {
            let wrapped = coord.rem_euclid(*dim as i64);
            (*periodic || wrapped == *coord).then_some(wrapped as usize)
        });
        let inside: Vec<usize> = inside.collect::<Option<_>>().ok_or_else(outside)?;
        Ok(place_of(&inside, dims) as i32)
    }

    /// Whom to receive from and whom to send to, to shift data so far along a dimension (`MPI_Cart_shift`):
    /// [`PROC_NULL`] beyond an edge.
    ///
    /// # Errors
    /// [`TopologyError::Dims`], if there is no such dimension.
    pub fn shift(&self, dimension: usize, displacement: i64) -> Result<(i32, i32), TopologyError> {
        self.dimension(dimension)?;
        let me = self.rank() as usize;
        Ok((self.grid.along(me, dimension, -displacement), self.grid.along(me, dimension, displacement)))
    }

    /// Divides the grid into grids of the dimensions that remain (`MPI_Cart_sub`): this rank's.
    ///
    /// # Errors
    /// [`TopologyError`]: not as many flags as dimensions; what [`split`](Communicator::split) may fail with.
    pub fn sub(&self, remain: &[bool]) -> Result<Cartesian, TopologyError> {
        let Grid { dims, periods } = &*self.grid;
        if remain.len() != dims.len() {
            let detail = format!("{} dimensions have {} flags", dims.len(), remain.len());
            return Err(TopologyError::Dims { detail });
        }
        let coords = self.my_coords();
        let of = |wanted: bool, of: &[usize]| -> Vec<usize> {
            of.iter().zip(remain).filter(|(_, stays)| **stays == wanted).map(|(x, _)| *x).collect()
        };
        let color = place_of(&of(false, &coords), &of(false, dims)) as i32;
        let key = place_of(&of(true, &coords), &of(true, dims)) as i32;
        let Some(comm) = self.split(Some(color), key)? else { unreachable!("every rank has a colour") };
        let periods = periods.iter().zip(remain).filter(|(_, stays)| **stays).map(|(x, _)| *x).collect();
        let grid = Arc::new(Grid { dims: of(true, dims), periods });
        Ok(Cartesian { comm: comm.carrying(Topology::Grid(Arc::clone(&grid))), grid })
    }

    fn dimension(&self, dimension: usize) -> Result<(), TopologyError> {
        let dims = self.grid.dims.len();
        if dimension < dims {
            return Ok(());
        }
        Err(TopologyError::Dims { detail: format!("dimension {dimension} of a grid with {dims}") })
    }
}
