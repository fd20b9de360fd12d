//! Every setting of the transport, read once and handed down.

use std::time::Duration;

use crate::error::ConfigError;

/// The settings of an [`Ofi`](crate::Ofi). Each has an environment variable, which [`Config::from_variables`] reads, but
/// for `asked_for`; [`Config::settings`] lists them for `--help` and the like.
///
/// ```
/// let mut config = olympi_ofi::Config::default();
/// config.provider = "tcp;ofi_rxm".into();
/// assert!(config.max_frame >= 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Whether the user asked for this transport by name. Otherwise providers that only emulate a fabric in software
    /// are not worth starting, and are refused. A provider or a domain named here counts as asking, too. Default: no.
    pub asked_for: bool,
    /// `OLYMPI_OFI_LIBRARY`: the file of libfabric. Empty: `libfabric.so.1`, where the system has it.
    pub library: String,
    /// `OLYMPI_OFI_PROVIDER`: the provider by its name, e.g. `tcp`, `tcp;ofi_rxm`, `shm`, `verbs`. Empty: the best.
    pub provider: String,
    /// `OLYMPI_OFI_DOMAIN`: the provider's domain (a device or an interface), e.g. `eth0`, `mlx5_0`. Empty: the best.
    pub domain: String,
    /// `OLYMPI_OFI_MAX_FRAME`: the longest frame in bytes, the same for all ranks. The default fits, with what goes
    /// before it, into the buffers of 16 KiB in which `ofi_rxm` sends without asking.
    pub max_frame: usize,
    /// `OLYMPI_OFI_EAGER_MAX`: the longest message that is best sent eagerly, in bytes.
    pub eager_max: usize,
    /// `OLYMPI_OFI_RMA_FROM`: from this length on a message moves by remote memory access, where there is any.
    pub rma_from: usize,
    /// `OLYMPI_OFI_WINDOW`: how many frames may be under way to one peer that has not yet taken them. A receiver's
    /// memory for one peer is bounded by so many frames, wherever its provider keeps them.
    pub window: u32,
    /// `OLYMPI_OFI_SEND_BUFFERS`: how many frames may wait in buffers of this process for the provider to send them.
    pub send_buffers: usize,
    /// `OLYMPI_OFI_RECEIVE_MEMORY`: bytes of posted receive buffers, shared by all peers.
    pub receive_memory: usize,
    /// `OLYMPI_OFI_CACHE`: the most bytes of registered user memory that are kept, where registration costs much.
    pub cache: usize,
    /// `OLYMPI_OFI_KEEPALIVE_MS`: a peer on another host from which nothing came for so long is sent a short frame, so
    /// that its provider notices if there is nobody any more.
    pub keepalive: Duration,
    /// `OLYMPI_OFI_CONNECT_TIMEOUT_MS`: how long an endpoint may take to be connected.
    pub connect_timeout: Duration,
    /// `OLYMPI_OFI_LINGER_MS`: how long closing waits for the last frames to be sent, and operations to a peer that is
    /// gone may take to end.
    pub linger: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            asked_for: false,
            library: String::new(),
            provider: String::new(),
            domain: String::new(),
            max_frame: 16_000,
            eager_max: 64 << 10,
            rma_from: 64 << 10,
            window: 64,
            send_buffers: 512,
            receive_memory: 4 << 20,
            cache: 1 << 30,
            keepalive: Duration::from_millis(250),
            connect_timeout: Duration::from_secs(30),
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

macro_rules! text {
    ($variable:literal, $field:ident, $meaning:literal, $expected:literal) => {
        Setting {
            variable: $variable,
            meaning: $meaning,
            expected: $expected,
            show: |c| c.$field.clone(),
            set: |c, v| {
                c.$field = (!v.contains('\0')).then(|| v.to_owned())?;
                Some(())
            },
        }
    };
}

macro_rules! number {
    ($variable:literal, $field:ident, $meaning:literal, $range:expr, $expected:literal) => {
        Setting {
            variable: $variable,
            meaning: $meaning,
            expected: $expected,
            show: |c| c.$field.to_string(),
            set: |c, v| {
                c.$field = v.parse().ok().filter(|n| ($range).contains(n))?;
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
    text!(
        "OLYMPI_OFI_LIBRARY",
        library,
        "file of libfabric; empty: the system's libfabric.so.1",
        "the name of a file"
    ),
    text!(
        "OLYMPI_OFI_PROVIDER",
        provider,
        "libfabric provider; empty: the best",
        "a name as fi_info shows it, e.g. tcp;ofi_rxm"
    ),
    text!(
        "OLYMPI_OFI_DOMAIN",
        domain,
        "the provider's domain; empty: the best",
        "a name as fi_info shows it, e.g. eth0"
    ),
    number!(
        "OLYMPI_OFI_MAX_FRAME",
        max_frame,
        "longest frame, bytes (the same for all ranks)",
        1024..=(1 << 20),
        "bytes, 1024 to 1048576"
    ),
    number!(
        "OLYMPI_OFI_EAGER_MAX",
        eager_max,
        "longest message that is sent eagerly, bytes",
        0..=(1 << 30),
        "bytes, at most 1073741824"
    ),
    number!(
        "OLYMPI_OFI_RMA_FROM",
        rma_from,
        "from this length on messages move by remote memory access, bytes",
        0..=(1 << 40),
        "bytes"
    ),
    number!(
        "OLYMPI_OFI_WINDOW",
        window,
        "frames under way to a peer that has not taken them",
        4..=65_536,
        "4 to 65536"
    ),
    number!(
        "OLYMPI_OFI_SEND_BUFFERS",
        send_buffers,
        "frames that wait in buffers of this process",
        8..=65_536,
        "8 to 65536"
    ),
    number!(
        "OLYMPI_OFI_RECEIVE_MEMORY",
        receive_memory,
        "posted receive buffers, shared by all peers, bytes",
        (64 << 10)..=(1 << 32),
        "bytes, 65536 to 4294967296"
    ),
    number!(
        "OLYMPI_OFI_CACHE",
        cache,
        "most bytes of registered user memory that are kept",
        0..=(1 << 46),
        "bytes"
    ),
    millis!("OLYMPI_OFI_KEEPALIVE_MS", keepalive, "silence after which a peer on another host is probed"),
    millis!("OLYMPI_OFI_CONNECT_TIMEOUT_MS", connect_timeout, "time for an endpoint to be connected"),
    millis!("OLYMPI_OFI_LINGER_MS", linger, "time that closing waits for the last frames to be sent"),
];

impl Config {
    /// Reads the `OLYMPI_OFI_*` variables from anywhere; what is not set keeps its default.
    ///
    /// # Errors
    /// A variable that holds something else than it may.
    ///
    /// ```
    /// use olympi_ofi::Config;
    /// let config = Config::from_variables(|v| (v == "OLYMPI_OFI_WINDOW").then(|| "8".into())).unwrap();
    /// assert_eq!(config.window, 8);
    /// assert!(Config::from_variables(|v| (v == "OLYMPI_OFI_WINDOW").then(|| "no".into())).is_err());
    /// ```
    pub fn from_variables(get: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config = Self::default();
        for setting in SETTINGS {
            let Some(value) = get(setting.variable) else { continue };
            let (variable, expected) = (setting.variable, setting.expected);
            (setting.set)(&mut config, value.trim()).ok_or(ConfigError { variable, value, expected })?;
        }
        Ok(config)
    }

    /// Every setting: its variable, its default, its meaning.
    pub fn settings() -> impl IntoIterator<Item = (&'static str, String, &'static str)> {
        let default = Self::default();
        SETTINGS.iter().map(move |s| (s.variable, (s.show)(&default), s.meaning))
    }

    /// Whether a provider that only emulates a fabric is taken, too.
    pub(crate) fn takes_software(&self) -> bool {
        self.asked_for || !self.provider.is_empty() || !self.domain.is_empty()
    }
}
