//! Every setting of this floor, read once, at the top, and handed down.

use std::time::Duration;

use olympi_protocol::Thresholds;

use crate::{ConfigError, Registration, Transports};

/// Every setting of this floor and of its transports. [`Config::default`] is what [`Config::from_env`] gives in an
/// empty environment.
///
/// ```
/// use olympi_transport::{Config, Kind};
///
/// let config = Config::from_variables(|name| (name == "OLYMPI_TRANSPORTS").then(|| "tcp".to_owned()))?;
/// assert!(!config.transports.allows(Kind::Shm));
/// # Ok::<(), olympi_transport::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Which transports may be used, best first (`OLYMPI_TRANSPORTS`). By default all, the fastest first.
    pub transports: Transports,
    /// Where one protocol ends and the next begins (`OLYMPI_EAGER_MAX`, `OLYMPI_RMA_PIECE`, `OLYMPI_UNEXPECTED_MAX`). By
    /// default as each transport has it.
    pub thresholds: Thresholds,
    /// How long a waiting rank polls before it sleeps, while there is a CPU for each rank (`OLYMPI_SPIN_US`). By
    /// default 2000 microseconds: to be woken takes ten, and a hundred where a device's interrupt wakes a virtual
    /// machine, so a wait that outlasts the spinning becomes a twentieth longer at most, and a rank that waits for
    /// long leaves its CPU to others.
    pub spin: Duration,
    /// Whether there are more ranks than CPUs on this host (`OLYMPI_OVERSUBSCRIBED`: 1 or 0). A waiting rank then
    /// sleeps at once, since the rank that it waits for needs the CPU. By default the ranks of this host are
    /// compared with the CPUs that this process may use.
    pub oversubscribed: Option<bool>,
    /// How many ranks of the job are on this host (`OLYMPI_LOCAL_SIZE`, else `MPI_LOCALNRANKS`). If that is all of
    /// them, nothing but shared memory is opened unless it is asked for by name.
    pub local_size: Option<u32>,
    /// While shared memory is polled as well and nothing comes over TCP, TCP is polled once in so many polls
    /// (`OLYMPI_TCP_POLL_EVERY`). By default 64: to ask the kernel takes as long as some ten polls of shared memory.
    pub tcp_poll_every: u32,
    /// Whether memory of users stays registered with RDMA devices between messages (`OLYMPI_REGISTRATION`: `auto` or
    /// `off`). By default where the kernel tells of mappings that go; otherwise long messages are copied.
    pub registration: Registration,
    /// Whether a line on standard error tells of RDMA hardware that is there and not used (`OLYMPI_NOTICES`: 1 or 0).
    pub notices: bool,
    /// The settings of shared memory (`OLYMPI_SHM_*`).
    pub shm: olympi_shm::Config,
    /// The settings of verbs (`OLYMPI_VERBS_*`).
    pub verbs: olympi_verbs::Config,
    /// The settings of libfabric (`OLYMPI_OFI_*`).
    pub ofi: olympi_ofi::Config,
    /// The settings of TCP (`OLYMPI_TCP_*`).
    pub tcp: olympi_tcp::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            transports: Transports::default(),
            thresholds: Thresholds::default(),
            spin: Duration::from_millis(2),
            oversubscribed: None,
            local_size: None,
            tcp_poll_every: 64,
            registration: Registration::Auto,
            notices: true,
            shm: olympi_shm::Config::default(),
            verbs: olympi_verbs::Config::default(),
            ofi: olympi_ofi::Config::default(),
            tcp: olympi_tcp::Config::default(),
        }
    }
}

impl Config {
    /// The settings of the environment.
    ///
    /// # Errors
    /// The first variable that makes no sense.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The settings of variables that are taken from anywhere.
    ///
    /// # Errors
    /// The first variable that makes no sense.
    pub fn from_variables(variables: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let default = Self::default();
        // A variable that is set to nothing is not set.
        let variable = |name: &str| variables(name).filter(|value| !value.trim().is_empty());
        let read = Reader(&variable);
        let transports = match variable("OLYMPI_TRANSPORTS") {
            None => Transports::default(),
            Some(value) => value.parse().map_err(|reason| wrong("OLYMPI_TRANSPORTS", &value, reason))?,
        };
        let thresholds = Thresholds {
            eager_max: read.number("OLYMPI_EAGER_MAX", 0, 1 << 30)?.map(size),
            rma_piece: read
                .number("OLYMPI_RMA_PIECE", 4096, 1 << 40)?
                .map_or(default.thresholds.rma_piece, size),
            unexpected_max: read
                .number("OLYMPI_UNEXPECTED_MAX", 0, 1 << 50)?
                .map_or(default.thresholds.unexpected_max, size),
            ..default.thresholds
        };
        let local_size = match read.number("OLYMPI_LOCAL_SIZE", 1, u64::from(u32::MAX))? {
            None => read.number("MPI_LOCALNRANKS", 1, u64::from(u32::MAX))?,
            told => told,
        };
        Ok(Self {
            transports,
            thresholds,
            spin: read
                .number("OLYMPI_SPIN_US", 0, 3_600_000_000)?
                .map_or(default.spin, Duration::from_micros),
            oversubscribed: read.number("OLYMPI_OVERSUBSCRIBED", 0, 1)?.map(|told| told == 1),
            local_size: local_size.map(count),
            tcp_poll_every: read
                .number("OLYMPI_TCP_POLL_EVERY", 1, 1 << 20)?
                .map_or(default.tcp_poll_every, count),
            registration: match variable("OLYMPI_REGISTRATION") {
                None => Registration::Auto,
                Some(value) => value
                    .trim()
                    .parse()
                    .map_err(|right| wrong("OLYMPI_REGISTRATION", &value, format!("must be {right}")))?,
            },
            notices: read.number("OLYMPI_NOTICES", 0, 1)?.is_none_or(|told| told == 1),
            shm: olympi_shm::Config::read(variable)
                .map_err(|e| wrong(e.variable, &e.value, format!("must be {}", e.expected)))?,
            verbs: olympi_verbs::Config::from_variables(variable)
                .map_err(|e| wrong(e.variable, &e.value, format!("must be {}", e.expected)))?,
            ofi: olympi_ofi::Config::from_variables(variable)
                .map_err(|e| wrong(e.variable, &e.value, format!("must be {}", e.expected)))?,
            tcp: olympi_tcp::Config::from_variables(&variable)
                .map_err(|e| wrong(e.variable, &e.value, format!("must be {}", e.expected)))?,
        })
    }
}

/// One setting, as `mpiexec --info` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The variable of the environment.
    pub variable: &'static str,
    /// What holds when it is not set.
    pub default: String,
    /// What it decides, with its unit.
    pub meaning: &'static str,
}

/// Every variable that [`Config::from_env`] reads, those of the transports included.
///
/// ```
/// assert!(olympi_transport::settings().iter().any(|setting| setting.variable == "OLYMPI_TRANSPORTS"));
/// ```
pub fn settings() -> Vec<Setting> {
    let default = Config::default();
    let own = [
        (
            "OLYMPI_TRANSPORTS",
            "self,shm,verbs,ofi,tcp".to_owned(),
            "transports that may be used, best first; ^ before the list: all but these",
        ),
        (
            "OLYMPI_EAGER_MAX",
            "as the transport has it".to_owned(),
            "longest message that is sent without waiting for its receive, bytes, over any transport",
        ),
        (
            "OLYMPI_RMA_PIECE",
            default.thresholds.rma_piece.to_string(),
            "longest piece in which a long message is read or written directly, bytes",
        ),
        (
            "OLYMPI_UNEXPECTED_MAX",
            default.thresholds.unexpected_max.to_string(),
            "how much a rank keeps of messages that nobody has asked for, bytes over each transport; more waits at its \
             senders",
        ),
        (
            "OLYMPI_SPIN_US",
            default.spin.as_micros().to_string(),
            "how long a waiting rank polls before it sleeps, microseconds, while there is a CPU for each rank",
        ),
        (
            "OLYMPI_TCP_POLL_EVERY",
            default.tcp_poll_every.to_string(),
            "polls of shared memory to one of TCP, while nothing comes over TCP",
        ),
        (
            "OLYMPI_REGISTRATION",
            "auto".to_owned(),
            "whether users' memory stays registered with RDMA devices between messages: auto or off",
        ),
        (
            "OLYMPI_NOTICES",
            "1".to_owned(),
            "whether RDMA hardware that is there and not used is told of on standard error: 1 or 0",
        ),
    ];
    let shm = olympi_shm::settings().iter().map(|&(v, d, m)| (v, d.to_owned(), m));
    own.into_iter()
        .chain(shm)
        .chain(olympi_verbs::Config::settings())
        .chain(olympi_ofi::Config::settings())
        .chain(olympi_tcp::Config::settings())
        .map(|(variable, default, meaning)| Setting { variable, default, meaning })
        .collect()
}

struct Reader<'a>(&'a dyn Fn(&str) -> Option<String>);

impl Reader<'_> {
    fn number(&self, variable: &'static str, least: u64, most: u64) -> Result<Option<u64>, ConfigError> {
        let Some(value) = (self.0)(variable) else { return Ok(None) };
        match value.trim().parse() {
            Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
            _ => Err(wrong(variable, &value, format!("must be a whole number from {least} to {most}"))),
        }
    }
}

fn wrong(variable: &str, value: &str, reason: String) -> ConfigError {
    ConfigError { variable: variable.to_owned(), value: value.to_owned(), reason }
}

/// A number that was read within bounds which every platform has room for, or the most there is room for.
fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_environment_gives_the_defaults() {
        assert_eq!(Config::from_variables(|_| None), Ok(Config::default()));
        assert_eq!(Config::from_variables(|_| Some(String::new())), Ok(Config::default()));
    }

    #[test]
    fn every_variable_has_its_effect() {
        let config = Config::from_variables(|name| {
            let value = match name {
                "OLYMPI_TRANSPORTS" => "^shm",
                "OLYMPI_EAGER_MAX" | "OLYMPI_SPIN_US" => "0",
                "OLYMPI_RMA_PIECE" => "65536",
                "OLYMPI_UNEXPECTED_MAX" => "1000",
                "OLYMPI_OVERSUBSCRIBED" => "1",
                "MPI_LOCALNRANKS" => "12",
                "OLYMPI_TCP_POLL_EVERY" => "5",
                "OLYMPI_SHM_SLOTS" => "128",
                "OLYMPI_TCP_STRANGERS" => "7",
                _ => return None,
            };
            Some(value.to_owned())
        })
        .unwrap();
        assert!(!config.transports.allows(crate::Kind::Shm));
        assert_eq!((config.thresholds.eager_max, config.thresholds.rma_piece), (Some(0), 65536));
        assert_eq!(config.thresholds.unexpected_max, 1000);
        assert_eq!((config.spin, config.oversubscribed), (Duration::ZERO, Some(true)));
        assert_eq!((config.local_size, config.tcp_poll_every), (Some(12), 5));
        assert_eq!((config.shm.slots, config.tcp.strangers), (128, 7));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for variable in ["OLYMPI_TRANSPORTS", "OLYMPI_SPIN_US", "OLYMPI_SHM_SLOTS", "OLYMPI_TCP_STRANGERS"] {
            let error =
                Config::from_variables(|name| (name == variable).then(|| "fast".to_owned())).unwrap_err();
            assert_eq!((error.variable.as_str(), error.value.as_str()), (variable, "fast"));
        }
    }

    #[test]
    fn every_setting_is_listed_once() {
        let mut names: Vec<_> = settings().iter().map(|setting| setting.variable).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert!(names.len() == all && all > 15, "{names:?}");
    }
}
