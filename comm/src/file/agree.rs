//! One verdict for all ranks: a call that fails at one of them fails at all, and nobody waits for who has left it.

use crate::class_vote::{ballot, failure};
use crate::communicator::Communicator;
use crate::file::FileError;
use crate::reduction::Op;

/// The greatest ballot, to this rank: its own result, or somebody's error.
fn verdict<T>(
    comm: &Communicator,
    call: &'static str,
    greatest: i64,
    result: Result<T, FileError>,
) -> Result<T, FileError> {
    let Some((rank, class)) = failure(comm, greatest) else { return result };
    match result {
        Err(own) if own.class() == class => Err(own),
        _ => Err(FileError::Elsewhere { call, rank, class }),
    }
}

/// Tells whether all have succeeded, and waits until all have come as far.
pub(super) fn agree<T>(
    comm: &Communicator,
    call: &'static str,
    result: Result<T, FileError>,
) -> Result<T, FileError> {
    let mine = ballot(comm, result.as_ref().err().map(FileError::class));
    let greatest = comm.all_reduce(&mine, Op::max())?;
    verdict(comm, call, greatest, result)
}

/// The same, and whether numbers are the same at all ranks, of which each has a name.
pub(super) fn agree_in<T, const N: usize>(
    comm: &Communicator,
    call: &'static str,
    result: Result<T, FileError>,
    alike: [(&'static str, i64); N],
) -> Result<T, FileError> {
    let mut mine = vec![ballot(comm, result.as_ref().err().map(FileError::class))];
    // The greatest of `!x` is `!` of the least `x`.
    mine.extend(alike.iter().flat_map(|(_, number)| [*number, !*number]));
    let all = comm.all_reduce(&mine[..], Op::max())?;
    let value = verdict(comm, call, all[0], result)?;
    let differs = all[1..].chunks_exact(2).position(|pair| pair[0] != !pair[1]);
    match differs {
        None => Ok(value),
        Some(at) => Err(FileError::NotSame { call, what: alike[at].0 }),
    }
}
