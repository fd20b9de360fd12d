//! Dividing a communicator by where its ranks run (MPI 5.0, section 7.4.2, `MPI_Comm_split_type`).
//!
//! Each rank tells the others its host, and which package, NUMA node, cache and core its CPUs lie in, so that all compute
//! the same division. A rank that may run in two of a kind lies in none.

use std::fs;

use crate::communicator::Communicator;
use crate::create::split::word;
use crate::create::{Conclusion, Kind};
use crate::error::CreateError;
use crate::info::Info;
use crate::session::{HOST, SELF, WORLD};

/// The key of an [`Info`] that names a kind of hardware, for [`Communicator::split_type`].
pub const HW_RESOURCE_TYPE: &str = "mpi_hw_resource_type";

/// The key of an [`Info`] that names a process set, for [`SplitType::ResourceGuided`].
pub const PSET_NAME: &str = "mpi_pset_name";

/// By what [`Communicator::split_type`] divides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SplitType {
    /// Ranks that can share memory come together: those of a host (`MPI_COMM_TYPE_SHARED`).
    Shared,
    /// Those that run in the same resource of the kind that [`HW_RESOURCE_TYPE`] names (`MPI_COMM_TYPE_HW_GUIDED`).
    HwGuided,
    /// Those that run in the same resource of the largest kind that divides the ranks at all
    /// (`MPI_COMM_TYPE_HW_UNGUIDED`).
    HwUnguided,
    /// As [`HwGuided`](Self::HwGuided); or those that are in the same process set, which [`PSET_NAME`] names
    /// (`MPI_COMM_TYPE_RESOURCE_GUIDED`).
    ResourceGuided,
}

/// A kind of place, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resource {
    Host,
    Package,
    Numa,
    Cache,
    Core,
    /// No hardware: all ranks are in one place.
    Everywhere,
    /// No hardware: each rank is in a place of its own.
    Process,
}

impl Resource {
    /// The kinds of hardware, largest first.
    const ALL: [Self; 5] = [Self::Host, Self::Package, Self::Numa, Self::Cache, Self::Core];
    /// What process sets are (see `session.rs`).
    const SETS: [(&str, Self); 3] = [(WORLD, Self::Everywhere), (SELF, Self::Process), (HOST, Self::Host)];

    /// What it is called in an info object, first as MPI or hwloc say.
    const fn names(self) -> &'static [&'static str] {
        match self {
            Self::Host => &["mpi_shared_memory", "machine", "host", "node"],
            Self::Package => &["package", "socket"],
            Self::Numa => &["numanode", "numa"],
            Self::Cache => &["l3cache", "l3"],
            Self::Core => &["core"],
            Self::Everywhere | Self::Process => &[],
        }
    }

    /// What the hints of a call name.
    fn hinted(kind: Option<SplitType>, info: &Info) -> Option<Self> {
        let set = info.get(PSET_NAME).filter(|_| kind == Some(SplitType::ResourceGuided));
        match (info.get(HW_RESOURCE_TYPE), set) {
            (Some(name), _) => Self::named(name),
            (None, Some(set)) => {
                Self::SETS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(set)).map(|(_, of)| of)
            }
            (None, None) => None,
        }
    }

    fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let name = name.strip_prefix("hwloc://").unwrap_or(&name);
        Self::ALL.into_iter().find(|resource| resource.names().contains(&name))
    }
}

/// Where a rank runs: its host, and for each smaller kind which one of that host's, if it is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Whereabouts {
    host: [u8; 24],
    within: [Option<i32>; 4],
}

impl Whereabouts {
    /// The place of that kind.
    fn at(&self, resource: Resource) -> Option<([u8; 24], i32)> {
        match resource {
            Resource::Host => Some((self.host, 0)),
            Resource::Everywhere | Resource::Process => None,
            smaller => self.within[smaller as usize - 1].map(|number| (self.host, number)),
        }
    }
}

impl Communicator {
    /// Divides the ranks by where they run (`MPI_Comm_split_type`), in order of their keys; a rank without a type
    /// (`MPI_UNDEFINED`) gets none. All ranks call it, with the same type and hints.
    ///
    /// Kinds of hardware, as [`HW_RESOURCE_TYPE`] names them: `mpi_shared_memory` (a host), `package`, `numanode`,
    /// `l3cache`, `core`; `hwloc://` may stand before. Where no such kind is named, or the system does not tell where a
    /// rank runs, or lets it run in several of that kind, it gets none. The [hints](Self::info) of the new communicator
    /// name the kind by which it was divided.
    ///
    /// # Errors
    /// [`CreateError`], at all ranks: a rank [is gone](CreateError#where-a-rank-dies), or the ranks do not do the same.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// use olympi_comm::{Info, SplitType};
    ///
    /// let node = universe.world().split_type(Some(SplitType::Shared), 0, &Info::new())?.unwrap();
    /// println!("rank {} of {} on this host", node.rank(), node.size());
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn split_type(
        &self,
        kind: Option<SplitType>,
        key: i32,
        info: &Info,
    ) -> Result<Option<Communicator>, CreateError> {
        let named = Resource::hinted(kind, info);
        let entry = encode(kind, key, named, &whereabouts(self.group().me().0 as i32));
        let Conclusion { number, table, .. } = self.agree(Kind::SplitType, entry, None)?;
        let ranks: Vec<_> = table.chunks_exact(ENTRY).map(Told::decode).collect();
        let (by, colors) = divide(&ranks);
        let keys: Vec<_> = ranks.iter().map(|told| told.key).collect();
        let part = self.part(number, &colors, &keys)?;
        if let (Some(part), Some(by)) = (&part, by) {
            let hints = &mut part.core.about().info;
            // The names are short enough.
            let _ = match (by.names().first(), info.get(PSET_NAME)) {
                (Some(name), _) => hints.set(HW_RESOURCE_TYPE, name),
                (None, Some(set)) => hints.set(PSET_NAME, set),
                (None, None) => Ok(()),
            };
        }
        Ok(part)
    }
}

/// A rank's entry in the table.
struct Told {
    kind: u8,
    named: u8,
    key: i32,
    whereabouts: Whereabouts,
}

const ENTRY: usize = 2 + 4 + 24 + 4 * 4;

fn encode(kind: Option<SplitType>, key: i32, named: Option<Resource>, at: &Whereabouts) -> Vec<u8> {
    let mut entry = vec![kind.map_or(0, |kind| kind as u8 + 1), named.map_or(0, |named| named as u8 + 1)];
    entry.extend(key.to_le_bytes());
    entry.extend(at.host);
    entry.extend(at.within.iter().flat_map(|number| number.unwrap_or(-1).to_le_bytes()));
    entry
}

impl Told {
    fn decode(entry: &[u8]) -> Self {
        let mut host = [0; 24];
        host.copy_from_slice(&entry[6..30]);
        let mut within = [None; 4];
        for (number, bytes) in within.iter_mut().zip(entry[30..].chunks_exact(4)) {
            *number = Some(word(bytes)).filter(|&number| number >= 0);
        }
        let whereabouts = Whereabouts { host, within };
        Self { kind: entry[0], named: entry[1], key: word(&entry[2..6]), whereabouts }
    }
}

/// A place: a host, and the number of what lies in it.
type Place = ([u8; 24], i32);

/// By what the ranks are divided, and where each comes.
fn divide(ranks: &[Told]) -> (Option<Resource>, Vec<Option<Place>>) {
    let nowhere = || (None, vec![None; ranks.len()]);
    // All that have a type have the same.
    let Some(first) = ranks.iter().find(|told| told.kind != 0) else { return nowhere() };
    let at = |resource: Resource| {
        ranks.iter().enumerate().map(move |(rank, told)| match resource {
            _ if told.kind == 0 => None,
            Resource::Everywhere => Some(([0; 24], 0)),
            Resource::Process => Some(([0; 24], rank as i32)),
            hardware => told.whereabouts.at(hardware),
        })
    };
    let by = if first.kind == SplitType::Shared as u8 + 1 {
        Some(Resource::Host)
    } else if first.kind == SplitType::HwUnguided as u8 + 1 {
        let divides = |&resource: &Resource| {
            let mut places = at(resource).flatten();
            let first = places.next();
            places.any(|place| Some(place) != first)
        };
        Resource::ALL.into_iter().find(divides)
    } else {
        let all = Resource::ALL.into_iter().chain([Resource::Everywhere, Resource::Process]);
        all.into_iter().find(|&resource| resource as u8 + 1 == first.named)
    };
    match by {
        Some(by) => (Some(by), at(by).collect()),
        None => nowhere(),
    }
}

/// Where this rank runs.
fn whereabouts(process: i32) -> Whereabouts {
    let host = olympi_transport::host_key().unwrap_or_else(|| {
        // A rank that does not know its host shares it with nobody.
        let mut key = [0xFF; 24];
        key[..4].copy_from_slice(&process.to_le_bytes());
        key
    });
    let Some(cpus) = my_cpus() else { return Whereabouts { host, within: [None; 4] } };
    let common = |of: fn(u32) -> Option<i32>| {
        let first = of(*cpus.first()?)?;
        cpus.iter().all(|&cpu| of(cpu) == Some(first)).then_some(first)
    };
    Whereabouts { host, within: [common(package), common(numa_node), common(cache), common(core)] }
}

/// The CPUs that the calling thread may run on.
fn my_cpus() -> Option<Vec<u32>> {
    let status = fs::read_to_string("/proc/thread-self/status").ok()?;
    let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    numbers(list)
}

/// The numbers of a list such as `0-3,8`.
fn numbers(list: &str) -> Option<Vec<u32>> {
    let mut all = Vec::new();
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        // No machine has more CPUs.
        all.extend(from..=to.min(from.saturating_add(1 << 16)));
    }
    Some(all)
}

fn package(cpu: u32) -> Option<i32> {
    let path = format!("/sys/devices/system/cpu/cpu{cpu}/topology/physical_package_id");
    fs::read_to_string(path).ok()?.trim().parse().ok().filter(|&number| number >= 0)
}

fn numa_node(cpu: u32) -> Option<i32> {
    let entries = fs::read_dir(format!("/sys/devices/system/cpu/cpu{cpu}")).ok()?;
    entries.flatten().find_map(|entry| entry.file_name().to_str()?.strip_prefix("node")?.parse().ok())
}

/// The cache of the third level: the first CPU that has it stands for it.
fn cache(cpu: u32) -> Option<i32> {
    (0..8).find_map(|index| {
        let path = format!("/sys/devices/system/cpu/cpu{cpu}/cache/index{index}");
        let level = fs::read_to_string(format!("{path}/level")).ok()?;
        (level.trim() == "3").then(|| first_of(&format!("{path}/shared_cpu_list"))).flatten()
    })
}

/// The core: its first CPU stands for it.
fn core(cpu: u32) -> Option<i32> {
    first_of(&format!("/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"))
}

fn first_of(path: &str) -> Option<i32> {
    let list = numbers(&fs::read_to_string(path).ok()?)?;
    list.first().and_then(|&cpu| i32::try_from(cpu).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: Option<SplitType>, named: Option<&str>, host: u8, within: [i32; 4]) -> Told {
        let within = within.map(|number| (number >= 0).then_some(number));
        let named = named.and_then(Resource::named);
        Told::decode(&encode(kind, 7, named, &Whereabouts { host: [host; 24], within }))
    }

    #[test]
    fn ranks_are_divided_by_the_kind_that_is_asked_for() {
        let at = [(1, [0, 0, 0, 0]), (1, [0, 1, 4, 5]), (1, [0, 1, 4, -1]), (2, [0, 0, 0, 0])];
        let ask = |kind, named, of: &[usize]| {
            let ranks: Vec<_> =
                of.iter().map(|&rank| told(Some(kind), named, at[rank].0, at[rank].1)).collect();
            let (by, places) = divide(&ranks);
            (
                by,
                places
                    .into_iter()
                    .map(|place| place.map(|(host, number)| (host[0], number)))
                    .collect::<Vec<_>>(),
            )
        };
        let everyone = [0, 1, 2, 3];
        let hosts = vec![Some((1, 0)), Some((1, 0)), Some((1, 0)), Some((2, 0))];
        assert_eq!(ask(SplitType::Shared, None, &everyone), (Some(Resource::Host), hosts.clone()));
        assert_eq!(ask(SplitType::HwUnguided, None, &everyone), (Some(Resource::Host), hosts.clone()));
        let guided = |named, of: &[usize]| ask(SplitType::HwGuided, Some(named), of);
        assert_eq!(guided("mpi_shared_memory", &everyone), (Some(Resource::Host), hosts));
        let numa = vec![Some((1, 0)), Some((1, 1)), Some((1, 1)), Some((2, 0))];
        assert_eq!(guided("hwloc://NUMANode", &everyone), (Some(Resource::Numa), numa));
        // On one host and in one package, the NUMA nodes are the largest that divide.
        let numa = vec![Some((1, 0)), Some((1, 1)), Some((1, 1))];
        assert_eq!(ask(SplitType::HwUnguided, None, &[0, 1, 2]), (Some(Resource::Numa), numa));
        // One that may run on several cores has none.
        assert_eq!(guided("core", &[1, 2]), (Some(Resource::Core), vec![Some((1, 5)), None]));
        assert_eq!(ask(SplitType::HwUnguided, None, &[1, 2]), (None, vec![None, None]));
        assert_eq!(guided("abacus", &[0, 1]), (None, vec![None, None]));
        assert_eq!(ask(SplitType::ResourceGuided, None, &[0]), (None, vec![None]));
    }

    #[test]
    fn process_sets_divide_where_they_may() {
        let hint = |kind, key, value| {
            let mut info = Info::new();
            info.set(key, value).unwrap();
            Resource::hinted(Some(kind), &info)
        };
        let guided = SplitType::ResourceGuided;
        assert_eq!(hint(guided, PSET_NAME, "mpi://world"), Some(Resource::Everywhere));
        assert_eq!(hint(guided, PSET_NAME, "mpi://MOON"), None);
        assert_eq!(hint(guided, HW_RESOURCE_TYPE, "core"), Some(Resource::Core));
        assert_eq!(hint(SplitType::HwGuided, PSET_NAME, "mpi://SELF"), None);
        let divided = |by: Resource| {
            let ranks = [Some(guided), None, Some(guided)]
                .map(|kind| Told { named: by as u8 + 1, ..told(kind, None, 1, [0; 4]) });
            divide(&ranks).1.into_iter().map(|place| place.map(|(_, number)| number)).collect::<Vec<_>>()
        };
        assert_eq!(divided(Resource::Everywhere), [Some(0), None, Some(0)]);
        assert_eq!(divided(Resource::Process), [Some(0), None, Some(2)]);
    }

    #[test]
    fn lists_of_cpus_are_read() {
        assert_eq!(numbers(" 0-2,7,9-9\n"), Some(vec![0, 1, 2, 7, 9]));
        assert_eq!(numbers(""), None);
        assert_eq!(numbers("3-x"), None);
        assert!(my_cpus().is_some_and(|cpus| !cpus.is_empty()));
    }
}
