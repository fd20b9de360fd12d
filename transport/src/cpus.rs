//! How many CPUs the ranks of this host share.

use std::fs;
use std::path::Path;

use rustix::thread::sched_getaffinity;

/// Whether so many ranks on this host have more to run than CPUs to run on.
///
/// A launcher may have bound each rank to a CPU of its own: then this process's own affinity says nothing about the
/// others', and what counts are the CPUs of the control group that all of them run in.
pub(crate) fn too_few_for(ranks: u32) -> bool {
    let mine = sched_getaffinity(None).map_or(u32::MAX, |set| set.count());
    let group = group_cpus().unwrap_or(mine);
    let cpus = if mine < group && mine < ranks { group } else { mine };
    // The standard library knows the quotas of control groups.
    let quota =
        std::thread::available_parallelism().map_or(u32::MAX, |n| u32::try_from(n.get()).unwrap_or(u32::MAX));
    let cpus = if quota < mine { cpus.min(quota) } else { cpus };
    ranks > cpus
}

/// The CPUs that the control group of this process may use, else those of the host.
fn group_cpus() -> Option<u32> {
    let path = fs::read_to_string("/proc/self/cgroup").ok().and_then(|text| {
        let group = text.lines().find_map(|line| line.strip_prefix("0::"))?.to_owned();
        Some(Path::new("/sys/fs/cgroup").join(group.trim_start_matches('/')).join("cpuset.cpus.effective"))
    });
    let group = path.and_then(|path| fs::read_to_string(path).ok());
    let text = match group {
        Some(text) if !text.trim().is_empty() => text,
        _ => fs::read_to_string("/sys/devices/system/cpu/online").ok()?,
    };
    count(&text)
}

/// How many CPUs a list such as `0-3,8` names.
fn count(list: &str) -> Option<u32> {
    let range = |text: &str| {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to): (u32, u32) = (from.parse().ok()?, to.parse().ok()?);
        Some(to.checked_sub(from)? + 1)
    };
    list.trim().split(',').map(range).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cpus_are_counted() {
        assert_eq!((count("0-3,8\n"), count("5"), count("0-1,4-5")), (Some(5), Some(1), Some(4)));
        assert_eq!((count(""), count("3-1"), count("a-b")), (None, None, None));
    }

    #[test]
    fn one_rank_always_has_a_cpu_and_a_million_never_have() {
        assert!(!too_few_for(1));
        assert!(too_few_for(1_000_000));
    }
}
