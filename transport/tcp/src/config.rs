//! Every setting of the transport, read once and handed down.

use std::fmt;
use std::time::Duration;

use crate::error::ConfigError;

/// The settings of a [`Tcp`](crate::Tcp). Each has an environment variable, which [`Config::from_env`] reads;
/// [`Config::settings`] lists them for `--help` and the like.
///
/// ```
/// let mut config = olympi_tcp::Config::default();
/// config.interfaces = "^docker0".into();
/// assert!(config.max_frame >= 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `OLYMPI_TCP_INTERFACES`: which interfaces are told to peers, by name, by the beginning of a name followed
    /// by `*`, or by subnet (`10.0.0.0/8`), separated by commas; a leading `^` makes it the list of those that
    /// are not. Empty: all that are up, but virtual ones (`docker*`, `veth*`, `virbr*`, `br-*`) only if there is
    /// nothing else. Loopback serves between processes of one host in any case, unless `^` excludes it.
    pub interfaces: String,
    /// `OLYMPI_TCP_FAMILY`: `any`, `4` or `6`.
    pub family: Family,
    /// `OLYMPI_TCP_MAX_FRAME`: the longest frame in bytes.
    pub max_frame: usize,
    /// `OLYMPI_TCP_EAGER_MAX`: the longest message that is best sent eagerly, in bytes.
    pub eager_max: usize,
    /// `OLYMPI_TCP_PUT_FROM`: from this length on a message is written straight into the receiver's memory.
    pub put_from: usize,
    /// `OLYMPI_TCP_QUEUE`: how many bytes of frames wait in this process for one peer's connection to take
    /// them, before sending answers `Busy`.
    pub queue: usize,
    /// `OLYMPI_TCP_READ_BUFFER`: the most that is read at once, in bytes. A buffer of this size is shared by
    /// all peers, plus one for each peer that is in the middle of a frame.
    pub read_buffer: usize,
    /// `OLYMPI_TCP_SOCKET_BUFFER`: the kernel's send and receive buffers in bytes; 0 leaves them to the kernel,
    /// which adapts them.
    pub socket_buffer: usize,
    /// `OLYMPI_TCP_LOCAL_CONGESTION`: the congestion control between ranks of one host; empty: the host's default.
    /// Between hosts it is always the default. Within one nothing is ever congested, but a default that paces what
    /// it sends, as BBR does, leaves the receiver waiting, the longer the busier the CPUs are.
    pub local_congestion: String,
    /// `OLYMPI_TCP_SPIN_PEERS`: how many most recently heard peers are read from directly, without asking
    /// first who has something.
    pub spin_peers: usize,
    /// `OLYMPI_TCP_EPOLL_EVERY`: while peers are active, the others are looked at every so many polls.
    pub epoll_every: u32,
    /// `OLYMPI_TCP_STAGGER_MS`: how long one address of a peer is tried before the next is tried beside it.
    pub stagger: Duration,
    /// `OLYMPI_TCP_CONNECT_TIMEOUT_MS`: how long a peer's addresses are tried in all.
    pub connect_timeout: Duration,
    /// `OLYMPI_TCP_CONNECT_ROUNDS`: how often all of a peer's addresses may refuse before it is given up.
    pub connect_rounds: u32,
    /// `OLYMPI_TCP_PROOF_TIMEOUT_MS`: how long a stranger may take to say who it is.
    pub proof_timeout: Duration,
    /// `OLYMPI_TCP_ANSWER_TIMEOUT_MS`: how long a connected peer may take to answer. Long, since a rank that
    /// computes answers no one.
    pub answer_timeout: Duration,
    /// `OLYMPI_TCP_STRANGERS`: how many unproven connections are kept at once; the oldest goes first.
    pub strangers: usize,
    /// `OLYMPI_TCP_DEAD_AFTER_MS`: a peer whose host has acknowledged nothing for so long is gone. A peer that
    /// only computes is not concerned: its kernel acknowledges.
    pub dead_after: Duration,
    /// `OLYMPI_TCP_LINGER_MS`: how long closing waits for the last accepted bytes to reach the peers' hosts.
    pub linger: Duration,
}

/// Which Internet protocols are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Both.
    Any,
    /// IPv4 alone.
    V4,
    /// IPv6 alone.
    V6,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "any",
            Self::V4 => "4",
            Self::V6 => "6",
        })
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            interfaces: String::new(),
            family: Family::Any,
            // With its prefix just below the 64 KiB that the kernel puts in one segment.
            max_frame: 60 << 10,
            // Up to here two copies through the staging buffer cost less than the three crossings of a rendezvous.
            eager_max: 128 << 10,
            put_from: 64 << 10,
            queue: 1 << 20,
            read_buffer: 128 << 10,
            socket_buffer: 0,
            local_congestion: "reno".into(),
            spin_peers: 8,
            epoll_every: 32,
            stagger: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(30),
            connect_rounds: 5,
            proof_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(3600),
            strangers: 64,
            dead_after: Duration::from_secs(20),
            linger: Duration::from_secs(2),
        }
    }
}

/// How one setting is read and shown.
struct Setting {
    variable: &'static str,
    meaning: &'static str,
    expected: &'static str,
    show: fn(&Config) -> String,
    set: fn(&mut Config, &str) -> Option<()>,
}

macro_rules! number {
    ($variable:literal, $field:ident, $meaning:literal, $range:expr, $expected:literal) => {
        Setting {
            variable: $variable,
            meaning: $meaning,
            expected: $expected,
            show: |c| c.$field.to_string(),
            set: |c, v| {
                let n = v.parse().ok().filter(|n| ($range).contains(n))?;
                c.$field = n;
                Some(())
            },
        }
    };
}

macro_rules! millis {
    ($variable:literal, $field:ident, $meaning:literal) => {
        Setting {
            variable: $variable,
            meaning: $meaning,
            expected: "milliseconds, 1 to 86400000",
            show: |c| c.$field.as_millis().to_string(),
            set: |c, v| {
                let n: u64 = v.parse().ok().filter(|n| (1..=86_400_000).contains(n))?;
                c.$field = Duration::from_millis(n);
                Some(())
            },
        }
    };
}

const SETTINGS: &[Setting] = &[
    Setting {
        variable: "OLYMPI_TCP_INTERFACES",
        meaning: "interfaces (names, name*, subnets) told to peers; a leading ^ excludes instead",
        expected: "names or subnets separated by commas",
        show: |c| c.interfaces.clone(),
        set: |c, v| {
            c.interfaces = v.to_owned();
            Some(())
        },
    },
    Setting {
        variable: "OLYMPI_TCP_FAMILY",
        meaning: "Internet protocols in use",
        expected: "any, 4 or 6",
        show: |c| c.family.to_string(),
        set: |c, v| {
            c.family = match v {
                "any" => Family::Any,
                "4" => Family::V4,
                "6" => Family::V6,
                _ => return None,
            };
            Some(())
        },
    },
    number!(
        "OLYMPI_TCP_MAX_FRAME",
        max_frame,
        "longest frame, bytes (the same for all ranks)",
        1024..=(16 << 20),
        "bytes, 1024 to 16777216"
    ),
    number!(
        "OLYMPI_TCP_EAGER_MAX",
        eager_max,
        "longest message that is sent eagerly, bytes",
        0..=(1 << 30),
        "bytes, at most 1073741824"
    ),
    number!(
        "OLYMPI_TCP_PUT_FROM",
        put_from,
        "from this length on messages are written straight into the receiver's memory, bytes",
        0..=(1 << 40),
        "bytes"
    ),
    number!(
        "OLYMPI_TCP_QUEUE",
        queue,
        "bytes of frames that wait for one peer before sending answers Busy",
        1024..=(1 << 30),
        "bytes, 1024 to 1073741824"
    ),
    number!(
        "OLYMPI_TCP_READ_BUFFER",
        read_buffer,
        "most bytes read at once",
        1024..=(64 << 20),
        "bytes, 1024 to 67108864"
    ),
    number!(
        "OLYMPI_TCP_SOCKET_BUFFER",
        socket_buffer,
        "kernel buffers of a connection, bytes; 0: the kernel adapts them",
        0..=(1 << 30),
        "bytes, at most 1073741824"
    ),
    Setting {
        variable: "OLYMPI_TCP_LOCAL_CONGESTION",
        meaning: "congestion control between ranks of one host; empty: the host's default",
        expected: "a name of at most 15 letters, digits and _, as in net.ipv4.tcp_available_congestion_control",
        show: |c| c.local_congestion.clone(),
        set: |c, v| {
            let fits = v.len() < 16 && v.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            fits.then(|| c.local_congestion = v.to_owned())
        },
    },
    number!(
        "OLYMPI_TCP_SPIN_PEERS",
        spin_peers,
        "most recently heard peers that are read from directly",
        1..=1024,
        "1 to 1024"
    ),
    number!(
        "OLYMPI_TCP_EPOLL_EVERY",
        epoll_every,
        "polls between two looks at the peers that are not active",
        1..=1_000_000,
        "1 to 1000000"
    ),
    millis!("OLYMPI_TCP_STAGGER_MS", stagger, "time before a peer's next address is tried beside the last"),
    millis!("OLYMPI_TCP_CONNECT_TIMEOUT_MS", connect_timeout, "time for all of a peer's addresses"),
    number!(
        "OLYMPI_TCP_CONNECT_ROUNDS",
        connect_rounds,
        "how often all addresses may refuse",
        1..=1_000_000,
        "1 to 1000000"
    ),
    millis!("OLYMPI_TCP_PROOF_TIMEOUT_MS", proof_timeout, "time for a stranger to say who it is"),
    millis!("OLYMPI_TCP_ANSWER_TIMEOUT_MS", answer_timeout, "time for a connected peer to answer"),
    number!("OLYMPI_TCP_STRANGERS", strangers, "unproven connections kept at once", 1..=65_536, "1 to 65536"),
    millis!("OLYMPI_TCP_DEAD_AFTER_MS", dead_after, "silence of a peer's host after which it is gone"),
    millis!("OLYMPI_TCP_LINGER_MS", linger, "time that closing waits for the last bytes to arrive"),
];

impl Config {
    /// Reads the `OLYMPI_TCP_*` variables of this process; what is not set keeps its default.
    ///
    /// # Errors
    /// A variable that holds something else than it may.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_variables(|name| std::env::var(name).ok())
    }

    /// As [`from_env`](Self::from_env), with the variables taken from anywhere.
    ///
    /// # Errors
    /// A variable that holds something else than it may.
    ///
    /// ```
    /// use olympi_tcp::Config;
    /// let config = Config::from_variables(|v| (v == "OLYMPI_TCP_STRANGERS").then(|| "8".into())).unwrap();
    /// assert_eq!(config.strangers, 8);
    /// assert!(Config::from_variables(|_| Some("no".into())).is_err());
    /// ```
    pub fn from_variables(mut get: impl FnMut(&'static str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for setting in SETTINGS {
            let Some(value) = get(setting.variable) else { continue };
            let (variable, expected) = (setting.variable, setting.expected);
            (setting.set)(&mut config, value.trim()).ok_or(ConfigError { variable, value, expected })?;
        }
        Ok(config)
    }

    /// Every setting: its variable, its default, its meaning.
    pub fn settings() -> Vec<(&'static str, String, &'static str)> {
        let default = Self::default();
        SETTINGS.iter().map(|s| (s.variable, (s.show)(&default), s.meaning)).collect()
    }

    /// The size of a staging buffer: the longest frame fits in it whole.
    pub(crate) fn staging(&self) -> usize {
        self.read_buffer.max(self.max_frame + crate::stream::PREFIX)
    }
}
