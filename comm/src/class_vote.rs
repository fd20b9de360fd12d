//! One verdict of all ranks about a call: which class of error the lowest rank has that has failed.

use crate::communicator::Communicator;
use crate::error_class::ErrorClass;

/// So many bits tell the class of an error.
const CLASS_BITS: u32 = 8;

/// What a rank says: 0, or the class of its error. The greatest is that of the lowest rank which has one.
pub(crate) fn ballot(comm: &Communicator, failed: Option<ErrorClass>) -> i64 {
    let Some(class) = failed else { return 0 };
    // There are fewer classes than the bits can tell, and `Success` is none of them.
    let class = ErrorClass::ALL.iter().position(|known| *known == class).unwrap_or(0);
    i64::from(comm.size() - comm.rank()) << CLASS_BITS | class as i64
}

/// Who has failed, by the greatest ballot, and its class; `None`: nobody.
pub(crate) fn failure(comm: &Communicator, greatest: i64) -> Option<(i32, ErrorClass)> {
    if greatest == 0 {
        return None;
    }
    let class = usize::try_from(greatest & ((1 << CLASS_BITS) - 1)).unwrap_or(0);
    let class = ErrorClass::ALL.get(class).copied().unwrap_or(ErrorClass::Other);
    Some((comm.size() - i32::try_from(greatest >> CLASS_BITS).unwrap_or(0), class))
}
