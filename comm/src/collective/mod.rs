//! Collectives (MPI 5.0, chapter 6): the calls, and what runs them.
//!
//! Every call becomes a schedule (of the crate `olympi-coll`) and two buffers. There is one way to run that: the blocking
//! form begins it and waits, the non-blocking form begins it and hands out a request, the persistent form begins the same
//! again at each start. A schedule is run by messages (`running.rs`), or, among the ranks of one host, on a board that
//! all of them see (`strokes.rs`, `seat.rs`).
//!
//! On an intercommunicator the same calls give each group what the other one contributes (`role.rs`).

mod areas;
mod barrier;
mod boarding;
mod calls;
mod error;
mod forms;
mod gathers;
mod invoke;
mod objects;
mod parts;
mod persistent;
mod plans;
mod reductions;
mod role;
mod running;
mod seat;
mod strokes;
mod telling;

pub(crate) use barrier::invoke_barrier;
pub(crate) use calls::Calls;
pub use error::CollectiveError;
pub(crate) use forms::{Lengths, forms};
pub(crate) use invoke::{Invocation, Shape};
pub use parts::Parts;
pub use persistent::PersistentCollective;
pub(crate) use role::{Role, share};
pub(crate) use running::{Collectives, Fault, Part, Prepared, Sequence};
