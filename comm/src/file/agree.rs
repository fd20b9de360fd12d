//! One verdict for all ranks: a call that fails at one of them fails at all, and nobody waits for who has left it.

use crate::communicator::Communicator;
use crate::error_class::ErrorClass;
use crate::file::FileError;
use crate::reduction::Op;

/// So many bits tell the class of an error.
const CLASS_BITS: u32 = 8;

/// What a rank says: 0, or an error. The greatest is that of the lowest rank which has one.
fn ballot(comm: &Communicator, failed: Option<&FileError>) -> i64 {
    let Some(error) = failed else { return 0 };
    let class = error.class();
    // There are fewer classes than the bits can tell, and `Success` is none of them.
    let class = ErrorClass::ALL.iter().position(|known| *known == class).unwrap_or(0);
    i64::from(comm.size() - comm.rank()) << CLASS_BITS | class as i64
}

/// The greatest ballot, to this rank: its own result, or somebody's error.
fn verdict<T>(
    comm: &Communicator,
    call: &'static str,
    greatest: i64,
    result: Result<T, FileError>,
) -> Result<T, FileError> {
    if greatest == 0 {
        return result;
    }
    let class = usize::try_from(greatest & ((1 << CLASS_BITS) - 1)).unwrap_or(0);
    let class = ErrorClass::ALL.get(class).copied().unwrap_or(ErrorClass::Other);
    let rank = comm.size() - i32::try_from(greatest >> CLASS_BITS).unwrap_or(0);
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
    let mine = ballot(comm, result.as_ref().err());
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
    let mut mine = vec![ballot(comm, result.as_ref().err())];
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
