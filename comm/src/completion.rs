//! Waiting for several requests: any, some, all (MPI 5.0, section 3.7.5).

use std::sync::Arc;

use olympi_datatype::Equivalence;

use crate::error::Error;
use crate::inbox::State;
use crate::partitioned::{PartitionedRecv, PartitionedSend};
use crate::persistent::Persistent;
use crate::request::{Inner, Request};
use crate::scope::ScopedRequest;
use crate::status::Status;
use crate::wait::Shared;

/// A request of any kind: what the functions of this page take a slice of.
///
/// It is *live* until its outcome has been given: by its own `wait` or `test`, or by one of these functions.
/// Those skip requests that are not live.
pub trait Completion: sealed::Sealed {
    /// What it gives.
    type Output;
}

pub(crate) mod sealed {
    use super::{Arc, Error, Shared, State};

    /// What a kind of request must know of itself.
    pub trait Sealed {
        type Given;
        /// Whether the outcome is still to be given.
        fn is_live(&self) -> bool;
        /// Where its operation is, unless it was over at once.
        #[allow(private_interfaces)]
        fn place(&self) -> Option<&Arc<Shared>>;
        /// Whether its operation is over.
        #[allow(private_interfaces)]
        fn is_over(&self, state: &mut State) -> bool;
        /// Whether nothing but its owner can bring it to its end, so that waiting for it is an error.
        fn is_stuck(&self) -> bool {
            false
        }
        /// Gives the outcome, waiting for it if need be.
        fn give(&mut self) -> Result<Self::Given, Error>;
    }
}

use sealed::Sealed;

impl<T> Completion for Request<T> {
    type Output = T;
}

impl<T> Sealed for Request<T> {
    type Given = T;
    fn is_live(&self) -> bool {
        !matches!(self.inner, Inner::Spent)
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        self.name().map(|(shared, _)| shared)
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.name().is_none_or(|(_, op)| state.mail.ops.is_done(op))
    }
    fn give(&mut self) -> Result<T, Error> {
        self.take().unwrap_or(Err(Error::Spent))
    }
}

impl Completion for ScopedRequest<'_, '_> {
    type Output = Status;
}

impl Sealed for ScopedRequest<'_, '_> {
    type Given = Status;
    fn is_live(&self) -> bool {
        !self.is_spent()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        self.name().map(|(shared, _)| shared)
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.name().is_none_or(|(_, op)| state.mail.ops.is_done(op))
    }
    fn give(&mut self) -> Result<Status, Error> {
        self.take().unwrap_or(Err(Error::Spent))
    }
}

impl<T: Equivalence> Completion for Persistent<T> {
    type Output = Status;
}

impl<T: Equivalence> Sealed for Persistent<T> {
    type Given = Status;
    fn is_live(&self) -> bool {
        self.is_active()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        self.name().map(|(shared, _)| shared)
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.name().is_none_or(|(_, op)| state.mail.ops.is_done(op))
    }
    fn give(&mut self) -> Result<Status, Error> {
        self.wait()
    }
}

impl<T: Equivalence + Sync> Completion for PartitionedSend<T> {
    type Output = Status;
}

impl<T: Equivalence + Sync> Sealed for PartitionedSend<T> {
    type Given = Status;
    fn is_live(&self) -> bool {
        self.is_active()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        Some(self.shared())
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.is_over(state)
    }
    fn is_stuck(&self) -> bool {
        self.is_unready()
    }
    fn give(&mut self) -> Result<Status, Error> {
        self.wait()
    }
}

impl<T: Equivalence + Sync> Completion for PartitionedRecv<T> {
    type Output = Status;
}

impl<T: Equivalence + Sync> Sealed for PartitionedRecv<T> {
    type Given = Status;
    fn is_live(&self) -> bool {
        self.is_active()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        Some(self.shared())
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        self.is_over(state)
    }
    fn give(&mut self) -> Result<Status, Error> {
        self.wait()
    }
}

/// A borrowed request is one, and stays its owner's.
impl<R: Completion> Completion for &mut R {
    type Output = R::Output;
}

impl<R: Sealed> Sealed for &mut R {
    type Given = R::Given;
    fn is_live(&self) -> bool {
        (**self).is_live()
    }
    #[allow(private_interfaces)]
    fn place(&self) -> Option<&Arc<Shared>> {
        (**self).place()
    }
    #[allow(private_interfaces)]
    fn is_over(&self, state: &mut State) -> bool {
        (**self).is_over(state)
    }
    fn is_stuck(&self) -> bool {
        (**self).is_stuck()
    }
    fn give(&mut self) -> Result<Self::Given, Error> {
        (**self).give()
    }
}

/// Waits for all of them (`MPI_Waitall`), and gives their outcomes in order.
///
/// Requests that are given away end here. Persistent ones, which are to be started again, are lent: `wait_all(&mut
/// requests)` leaves them in their owner's hands, inactive. (`MPI_Startall` is [`start_all`](crate::start_all).)
///
/// # Errors
/// The first error of an operation, after all have ended; [`Error::Spent`] for a request whose outcome has been given.
/// A persistent one that is inactive gives an empty status.
///
/// ```
/// # let universe = olympi_comm::Universe::init()?;
/// # let me = universe.self_comm();
/// let sends = (0..3).map(|i| me.isend(vec![i], 0, i)).collect::<Result<Vec<_>, _>>()?;
/// let receives = (0..3).map(|i| me.irecv_vec::<i32>(0, i)).collect::<Result<Vec<_>, _>>()?;
/// let received = olympi_comm::wait_all(receives)?;
/// assert_eq!(received.into_iter().map(|(data, _)| data[0]).sum::<i32>(), 3);
/// olympi_comm::wait_all(sends)?;
///
/// // Left and right neighbour, again and again: here both are this rank itself.
/// let mut edges = vec![me.recv_init(vec![0.0_f64; 2], 0, 1)?, me.send_init(vec![1.5_f64; 2], 0, 1)?];
/// for step in 1..=3 {
///     edges[1].buffer_mut()?.fill(f64::from(step));
///     olympi_comm::start_all(&mut edges)?;
///     let statuses = olympi_comm::wait_all(&mut edges)?;
///     assert_eq!(statuses[0].count::<f64>(), Some(2));
///     assert_eq!(edges[0].buffer()?, [f64::from(step); 2]);
/// }
/// # Ok::<(), olympi_comm::Error>(())
/// ```
pub fn wait_all<R: Completion>(requests: impl IntoIterator<Item = R>) -> Result<Vec<R::Given>, Error> {
    let mut outcomes = Vec::new();
    let mut first = None;
    for mut request in requests {
        match request.give() {
            Ok(outcome) => outcomes.push(outcome),
            Err(error) => first = first.or(Some(error)),
        }
    }
    first.map_or(Ok(outcomes), Err)
}

/// Waits until one of them is over (`MPI_Waitany`): its index and its outcome. `None` if none is live.
///
/// # Errors
/// Those of the operation.
pub fn wait_any<R: Completion>(requests: &mut [R]) -> Result<Option<(usize, R::Given)>, Error> {
    match first_over(requests, true)? {
        Some(index) => Ok(Some((index, requests[index].give()?))),
        None => Ok(None),
    }
}

/// The first of them that is over, if any is (`MPI_Testany`).
///
/// # Errors
/// Those of the operation.
pub fn test_any<R: Completion>(requests: &mut [R]) -> Result<Option<(usize, R::Given)>, Error> {
    match first_over(requests, false)? {
        Some(index) => Ok(Some((index, requests[index].give()?))),
        None => Ok(None),
    }
}

/// Waits until at least one of them is over (`MPI_Waitsome`), and gives all that are, with their indices. Empty if
/// none is live.
///
/// # Errors
/// The first error of an operation; those after it stay live.
pub fn wait_some<R: Completion>(requests: &mut [R]) -> Result<Vec<(usize, R::Given)>, Error> {
    first_over(requests, true)?;
    give_over(requests)
}

/// All of them that are over, with their indices (`MPI_Testsome`).
///
/// # Errors
/// The first error of an operation; those after it stay live.
pub fn test_some<R: Completion>(requests: &mut [R]) -> Result<Vec<(usize, R::Given)>, Error> {
    first_over(requests, false)?;
    give_over(requests)
}

/// The outcomes of all of them in order, if all that are live are over (`MPI_Testall`); else `None`, and nothing
/// is given.
///
/// # Errors
/// The first error of an operation.
pub fn test_all<R: Completion>(requests: &mut [R]) -> Result<Option<Vec<R::Given>>, Error> {
    first_over(requests, false)?;
    if requests.iter().any(|request| request.is_live() && !is_over(request)) {
        return Ok(None);
    }
    requests.iter_mut().filter(Sealed::is_live).map(Sealed::give).collect::<Result<_, _>>().map(Some)
}

fn give_over<R: Completion>(requests: &mut [R]) -> Result<Vec<(usize, R::Given)>, Error> {
    let mut given = Vec::new();
    for (index, request) in requests.iter_mut().enumerate() {
        if request.is_live() && is_over(request) {
            given.push((index, request.give()?));
        }
    }
    Ok(given)
}

fn is_over<R: Completion>(request: &R) -> bool {
    match request.place() {
        None => true,
        Some(shared) => shared.door.enter().is_ok_and(|mut inside| request.is_over(&mut inside)),
    }
}

/// The first that is over. If none is: waits for one, or (`!wait`) moves messages on and looks once more.
pub(crate) fn first_over<R: Completion>(requests: &[R], wait: bool) -> Result<Option<usize>, Error> {
    let live = || requests.iter().enumerate().filter(|(_, request)| request.is_live());
    let at_once =
        live().find(|(_, request)| request.place().is_none() || wait && request.is_stuck()).map(|(i, _)| i);
    let Some(shared) = live().find_map(|(_, request)| request.place()) else { return Ok(at_once) };
    let under_way: Vec<_> = live().filter(|(_, request)| request.place().is_some()).collect();
    let over = |state: &mut State| {
        under_way.iter().find(|(_, request)| request.is_over(state)).map(|(index, _)| *index)
    };
    if wait && at_once.is_none() {
        return Ok(Some(shared.wait(over)?));
    }
    // One that was over at once must not keep the others from being moved on.
    Ok(shared.look(|state| at_once.or_else(|| over(state)))?)
}
