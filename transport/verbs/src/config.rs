//! Every setting of the transport, read once and handed down.

use std::time::Duration;

use crate::error::ConfigError;

/// The settings of a [`Verbs`](crate::Verbs). Each has an environment variable, which [`Config::from_env`] reads;
/// [`Config::settings`] lists them.
///
/// ```
/// let config = olympi_verbs::Config { device: "mlx5_0:1".into(), ..Default::default() };
/// assert!(config.frame >= 1024);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// `OLYMPI_VERBS_DEVICE`: the device and, behind a colon, its port (`mlx5_0:1`). Empty: the fastest active port.
    pub device: String,
    /// `OLYMPI_VERBS_GID_INDEX`: the entry of the port's GID table. By default the best that serves: over Ethernet
    /// `RoCEv2` with an IPv4 address before all others.
    pub gid_index: Option<u32>,
    /// `OLYMPI_VERBS_PKEY`: the partition, as a number like `0x8001`. By default the first of which the port is a full
    /// member.
    pub pkey: Option<u16>,
    /// `OLYMPI_VERBS_TRAFFIC_CLASS`: the traffic class of packets with a global route. By default 106, DSCP 26 with ECN,
    /// which lossless Ethernet is mostly set up for.
    pub traffic_class: u8,
    /// `OLYMPI_VERBS_SERVICE_LEVEL`: the service level, 0 to 15.
    pub service_level: u8,
    /// `OLYMPI_VERBS_FRAME`: the longest payload of a frame in bytes: 4096, a page and the largest packet. A receive buffer
    /// is 64 bytes longer, for the headers. The same for all ranks.
    pub frame: usize,
    /// `OLYMPI_VERBS_EAGER_MAX`: the longest message that is sent eagerly, in bytes: up to some eight packets two copies
    /// cost less than the crossings and registrations of a rendezvous.
    pub eager_max: usize,
    /// `OLYMPI_VERBS_GET_FROM`: from this length on a message is read straight out of its sender's memory.
    pub get_from: usize,
    /// `OLYMPI_VERBS_PUT_FROM`: from this length on a message is written straight into its receiver's memory instead: both
    /// take as many crossings, and devices write at a higher rate than they read; but its sender must look once more, so
    /// that shorter messages are read.
    pub put_from: usize,
    /// `OLYMPI_VERBS_WINDOW`: how many frames a new peer may have under way to us. Few, so that a peer that is only
    /// connected pins little; the window grows when a peer uses it up.
    pub window: u32,
    /// `OLYMPI_VERBS_WINDOW_MAX`: how far it grows.
    pub window_max: u32,
    /// `OLYMPI_VERBS_RECEIVES`: the most receive buffers that all peers share, which bounds pinned memory; 8192 of 4 KiB
    /// are 32 MiB.
    pub receives: u32,
    /// `OLYMPI_VERBS_SEND_DEPTH`: how many work requests of a connection may be under way.
    pub send_depth: u32,
    /// `OLYMPI_VERBS_INLINE`: the longest frame that is written into the work request itself, which saves the device a
    /// read; less where the device has less.
    pub inline: u32,
    /// `OLYMPI_VERBS_TIMEOUT`: how long the device waits for an acknowledgement before it sends again, as the exponent of
    /// the specification: 4.096 us x 2^n. By default 15, 134 ms; with seven retries a peer that is gone is noticed after
    /// about a second.
    pub timeout: u8,
    /// `OLYMPI_VERBS_RETRIES`: how often it sends again, 0 to 7.
    pub retries: u8,
    /// `OLYMPI_VERBS_KEEPALIVE_MS`: a connection that is silent for so long is tried, so that a peer's death is noticed
    /// by who only waits.
    pub keepalive: Duration,
    /// `OLYMPI_VERBS_ANSWER_TIMEOUT_MS`: how long a peer may take to answer the first datagram. Long, since a rank that
    /// computes answers no one.
    pub answer_timeout: Duration,
    /// `OLYMPI_VERBS_CACHE`: the most bytes of users' memory that stay registered between messages; 0 as far as the limit
    /// on locked memory allows.
    pub cache: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            device: String::new(),
            gid_index: None,
            pkey: None,
            traffic_class: 106,
            service_level: 0,
            frame: 4096,
            eager_max: 16 << 10,
            get_from: 16 << 10,
            put_from: 1 << 20,
            window: 2,
            window_max: 256,
            receives: 8192,
            send_depth: 64,
            inline: 512,
            timeout: 15,
            retries: 7,
            keepalive: Duration::from_millis(250),
            answer_timeout: Duration::from_hours(1),
            cache: 0,
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
    Setting {
        variable: "OLYMPI_VERBS_DEVICE",
        meaning: "device and port, like mlx5_0:1; empty: the fastest active port",
        expected: "the name of a device, and a port number behind a colon",
        show: |c| c.device.clone(),
        set: |c, v| {
            let port = v.split_once(':').map(|(_, port)| port);
            port.is_none_or(|port| port.parse::<u8>().is_ok_and(|p| p > 0))
                .then(|| v.clone_into(&mut c.device))
        },
    },
    Setting {
        variable: "OLYMPI_VERBS_GID_INDEX",
        meaning: "entry of the port's GID table; empty: the best that serves",
        expected: "a number from 0 to 255",
        show: |c| c.gid_index.map(|index| index.to_string()).unwrap_or_default(),
        set: |c, v| {
            c.gid_index = Some(v.parse().ok().filter(|&index| index < 256)?);
            Some(())
        },
    },
    Setting {
        variable: "OLYMPI_VERBS_PKEY",
        meaning: "partition (P_Key); empty: the first of which the port is a full member",
        expected: "a number like 0x8001",
        show: |c| c.pkey.map(|key| format!("{key:#06x}")).unwrap_or_default(),
        set: |c, v| {
            let key = match v.strip_prefix("0x") {
                Some(digits) => u16::from_str_radix(digits, 16),
                None => v.parse(),
            };
            c.pkey = Some(key.ok()?);
            Some(())
        },
    },
    number!(
        "OLYMPI_VERBS_TRAFFIC_CLASS",
        traffic_class,
        "traffic class of routed packets",
        0..=255,
        "0 to 255"
    ),
    number!("OLYMPI_VERBS_SERVICE_LEVEL", service_level, "InfiniBand service level", 0..=15, "0 to 15"),
    number!(
        "OLYMPI_VERBS_FRAME",
        frame,
        "longest payload of a frame, bytes (the same for all ranks)",
        1280..=(1 << 20),
        "bytes, 1280 to 1048576"
    ),
    number!(
        "OLYMPI_VERBS_EAGER_MAX",
        eager_max,
        "longest message that is sent eagerly, bytes",
        0..=(1 << 30),
        "bytes, at most 1073741824"
    ),
    number!(
        "OLYMPI_VERBS_GET_FROM",
        get_from,
        "from this length on messages are read straight from the sender's memory, bytes",
        0..=(1 << 40),
        "bytes"
    ),
    number!(
        "OLYMPI_VERBS_PUT_FROM",
        put_from,
        "from this length on messages are written straight into the receiver's memory, bytes",
        0..=(1 << 40),
        "bytes"
    ),
    number!(
        "OLYMPI_VERBS_WINDOW",
        window,
        "frames that a new peer may have under way to us",
        2..=1024,
        "2 to 1024"
    ),
    number!(
        "OLYMPI_VERBS_WINDOW_MAX",
        window_max,
        "frames that an active peer may have",
        2..=8192,
        "2 to 8192"
    ),
    number!(
        "OLYMPI_VERBS_RECEIVES",
        receives,
        "most receive buffers, shared by all peers",
        64..=(1 << 20),
        "64 to 1048576"
    ),
    number!("OLYMPI_VERBS_SEND_DEPTH", send_depth, "work requests of a connection", 8..=8192, "8 to 8192"),
    number!("OLYMPI_VERBS_INLINE", inline, "longest inline frame, bytes", 0..=4096, "bytes, at most 4096"),
    number!("OLYMPI_VERBS_TIMEOUT", timeout, "acknowledgement timeout, 4.096 us x 2^n", 1..=31, "1 to 31"),
    number!("OLYMPI_VERBS_RETRIES", retries, "how often the device sends again", 0..=7, "0 to 7"),
    millis!("OLYMPI_VERBS_KEEPALIVE_MS", keepalive, "silence after which a connection is tried"),
    millis!("OLYMPI_VERBS_ANSWER_TIMEOUT_MS", answer_timeout, "time for a peer to answer the first datagram"),
    number!(
        "OLYMPI_VERBS_CACHE",
        cache,
        "most bytes of users' memory that stay registered; 0: as the limit on locked memory allows",
        0..=(1 << 46),
        "bytes"
    ),
];

impl Config {
    /// Reads the `OLYMPI_VERBS_*` variables of this process; what is not set keeps its default.
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
    /// use olympi_verbs::Config;
    /// let config = Config::from_variables(|v| (v == "OLYMPI_VERBS_WINDOW").then(|| "8".into())).unwrap();
    /// assert_eq!(config.window, 8);
    /// assert!(Config::from_variables(|v| (v == "OLYMPI_VERBS_WINDOW").then(|| "0".into())).is_err());
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

    /// The device that is asked for by name, and its port.
    pub(crate) fn wanted(&self) -> (Option<&str>, Option<u8>) {
        match self.device.split_once(':') {
            _ if self.device.is_empty() => (None, None),
            Some((device, port)) => (Some(device), port.parse().ok()),
            None => (Some(&self.device), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_and_numbers_are_read() {
        let config = Config::from_variables(|name| match name {
            "OLYMPI_VERBS_DEVICE" => Some("mlx5_0:2".into()),
            "OLYMPI_VERBS_PKEY" => Some("0x8001".into()),
            "OLYMPI_VERBS_GID_INDEX" => Some("3".into()),
            _ => None,
        })
        .unwrap();
        assert_eq!(config.wanted(), (Some("mlx5_0"), Some(2)));
        assert_eq!((config.pkey, config.gid_index), (Some(0x8001), Some(3)));
        assert_eq!(Config::default().wanted(), (None, None));
    }

    #[test]
    fn nonsense_is_named() {
        for (variable, value) in [
            ("OLYMPI_VERBS_DEVICE", "mlx5_0:x"),
            ("OLYMPI_VERBS_TIMEOUT", "0"),
            ("OLYMPI_VERBS_PKEY", "key"),
            ("OLYMPI_VERBS_KEEPALIVE_MS", "soon"),
        ] {
            let error = Config::from_variables(|v| (v == variable).then(|| value.into())).unwrap_err();
            assert_eq!((error.variable, error.value.as_str()), (variable, value));
        }
    }
}
