//! How much may be kept.

use rustix::process::{Resource, getrlimit};

/// How much a [`Cache`](crate::Cache) keeps at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Registered bytes in all.
    pub bytes: usize,
    /// Registrations: devices have room for some hundred thousand, shared by all processes of a host.
    pub entries: usize,
}

impl Limits {
    /// Half of what this process may lock (`RLIMIT_MEMLOCK`), so that there is room for what is registered besides.
    pub fn from_memlock() -> Self {
        let limit = getrlimit(Resource::Memlock).current;
        let bytes = limit.map_or(usize::MAX, |bytes| usize::try_from(bytes / 2).unwrap_or(usize::MAX));
        Self { bytes, entries: 4096 }
    }
}
