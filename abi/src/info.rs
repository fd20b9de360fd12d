//! Info objects: keys and values (MPI 5.0, chapter 10).

use crate::fault::Outcome;
use crate::handle::Table;
use crate::object::too_many;
use crate::types::Info;
use std::sync::Mutex;

/// Info objects.
pub static INFOS: Table<Mutex<olympi_comm::Info>> = Table::new(5);

/// A handle for a new one.
///
/// # Errors
/// `MPI_ERR_NO_MEM`: there are too many.
pub fn make(info: olympi_comm::Info) -> Outcome<Info> {
    INFOS.insert(Mutex::new(info)).map(Info).ok_or_else(too_many)
}
