//! What a user may set.

use thiserror::Error;

use crate::window::FIRST;

/// The transport's settings. [`Config::default`] is what [`Config::from_env`] gives in an empty environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Slots of 32 bytes in a ring, a power of two in 128..=8192 (`OLYMPI_SHM_SLOTS`). More slots let a sender
    /// run further ahead of its receiver; fewer stay in both first-level caches, where lines change hands in two
    /// thirds of the time. All ranks must agree.
    pub slots: usize,
    /// Bytes of payload in the longest frame, a multiple of 4096 in 4096..=65536 (`OLYMPI_SHM_FRAME`). Short
    /// frames let the receiver copy out while the sender still copies in; long ones are fewer. All ranks must
    /// agree.
    pub frame: usize,
    /// Bytes of a pair and direction for payloads too long for the ring, a multiple of 4096 in
    /// 131072..=67108864 (`OLYMPI_SHM_WINDOW`). It should exceed the second-level cache: lines that have moved
    /// on to the third level are read by another core twice as fast as those that their writer still holds.
    /// A pair begins with 128 KiB, and grows with what it sends. All ranks must agree.
    pub window: usize,
    /// Bytes by which the windows to this process may grow in all (`OLYMPI_SHM_GROWTH`), which bounds its memory: sixteen
    /// pairs that send much have their whole window, whoever else sends little; later ones keep what they have. Where ranks
    /// outnumber CPUs it is one window in all, as they share caches too.
    pub growth: usize,
    /// How many peers may send to this process, 1..=1024 (`OLYMPI_SHM_PEERS`). It costs address space only.
    pub peers: usize,
    /// The longest message sent eagerly, in bytes (`OLYMPI_SHM_EAGER_MAX`).
    pub eager_max: usize,
    /// When a message is read straight out of its sender's memory (`OLYMPI_SHM_GET`).
    pub get: GetMode,
    /// Whether this process will sleep often, since there are more ranks than CPUs: its peers then make a fence
    /// with each message, some ten nanoseconds, so that it need not interrupt the other CPUs at each sleep, some
    /// microseconds. No variable: it follows `OLYMPI_OVERSUBSCRIBED`.
    pub sleepy: bool,
}

/// When `process_vm_readv` moves a message instead of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GetMode {
    /// From a length that is measured while the program runs.
    Auto,
    /// From this length on, in bytes.
    From(usize),
    /// Never.
    Never,
}

/// A setting that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{variable}={value}: must be {expected}")]
pub struct ConfigError {
    /// The variable.
    pub variable: &'static str,
    /// What it was set to.
    pub value: String,
    /// What would be accepted.
    pub expected: &'static str,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            slots: 256,
            frame: 16 << 10,
            window: 2 << 20,
            growth: 32 << 20,
            peers: 1024,
            eager_max: 64 << 10,
            get: GetMode::Auto,
            sleepy: false,
        }
    }
}

/// Every variable that [`Config::from_env`] reads: its name, its default, its meaning.
pub fn settings() -> &'static [(&'static str, &'static str, &'static str)] {
    &[
        ("OLYMPI_SHM_SLOTS", "256", "slots of 32 bytes in a ring: a power of two in 128..=8192"),
        (
            "OLYMPI_SHM_FRAME",
            "16384",
            "bytes of payload in the longest frame: a multiple of 4096 up to 65536",
        ),
        ("OLYMPI_SHM_WINDOW", "2097152", "bytes a pair and direction for long payloads: 131072..=67108864"),
        ("OLYMPI_SHM_GROWTH", "33554432", "bytes by which the windows to a process may grow in all"),
        ("OLYMPI_SHM_PEERS", "1024", "how many peers may send to a process: 1..=1024"),
        ("OLYMPI_SHM_EAGER_MAX", "65536", "longest message that is sent eagerly, in bytes"),
        (
            "OLYMPI_SHM_GET",
            "auto",
            "from which length process_vm_readv moves a message: auto, never, or bytes",
        ),
    ]
}

impl Config {
    /// Reads the settings from the environment; what is not set is as by default.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::read(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// Reads the settings through `lookup`.
    ///
    /// # Errors
    /// The first setting that makes no sense.
    pub fn read(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let default = Self::default();
        let number = |variable, default, expected, sound: fn(usize) -> bool| {
            let Some(value) = lookup(variable) else { return Ok(default) };
            match value.trim().parse() {
                Ok(number) if sound(number) => Ok(number),
                _ => Err(ConfigError { variable, value, expected }),
            }
        };
        Ok(Self {
            slots: number(
                "OLYMPI_SHM_SLOTS",
                default.slots,
                "a power of two from 128 to 8192",
                slots_are_sound,
            )?,
            frame: number(
                "OLYMPI_SHM_FRAME",
                default.frame,
                "a multiple of 4096 from 4096 to 65536",
                frame_is_sound,
            )?,
            window: number("OLYMPI_SHM_WINDOW", default.window, WINDOW, window_is_sound)?,
            growth: number("OLYMPI_SHM_GROWTH", default.growth, "a number of bytes", |_| true)?,
            peers: number("OLYMPI_SHM_PEERS", default.peers, "from 1 to 1024", peers_are_sound)?,
            eager_max: number(
                "OLYMPI_SHM_EAGER_MAX",
                default.eager_max,
                "a number of bytes up to 1073741824",
                |n| n <= 1 << 30,
            )?,
            get: match lookup("OLYMPI_SHM_GET") {
                None => default.get,
                Some(value) => match value.trim() {
                    "auto" => GetMode::Auto,
                    "never" => GetMode::Never,
                    number => number.parse().map(GetMode::From).map_err(|_| ConfigError {
                        variable: "OLYMPI_SHM_GET",
                        value: value.clone(),
                        expected: "auto, never, or a number of bytes",
                    })?,
                },
            },
            sleepy: default.sleepy,
        })
    }

    /// Checks a configuration that a program has built itself.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let checks = [
            ("OLYMPI_SHM_SLOTS", self.slots, slots_are_sound(self.slots), "a power of two from 128 to 8192"),
            ("OLYMPI_SHM_FRAME", self.frame, frame_is_sound(self.frame), "a multiple of 4096 up to 65536"),
            ("OLYMPI_SHM_WINDOW", self.window, window_is_sound(self.window), WINDOW),
            ("OLYMPI_SHM_PEERS", self.peers, peers_are_sound(self.peers), "from 1 to 1024"),
        ];
        for (variable, value, sound, expected) in checks {
            if !sound {
                return Err(ConfigError { variable, value: value.to_string(), expected });
            }
        }
        Ok(())
    }
}

fn slots_are_sound(n: usize) -> bool {
    n.is_power_of_two() && (128..=8192).contains(&n)
}

fn frame_is_sound(n: usize) -> bool {
    n.is_multiple_of(4096) && (4096..=64 << 10).contains(&n)
}

const WINDOW: &str = "a multiple of 4096 from 131072 to 67108864";

fn window_is_sound(n: usize) -> bool {
    n.is_multiple_of(4096) && (FIRST..=64 << 20).contains(&n)
}

fn peers_are_sound(n: usize) -> bool {
    (1..=1024).contains(&n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_environment_gives_the_defaults_that_are_told() {
        let default = Config::read(|_| None).unwrap();
        assert_eq!(default, Config::default());
        assert_eq!(default.check(), Ok(()));
        let told = |name: &str| settings().iter().find(|s| s.0 == name).map(|s| s.1.to_owned());
        assert_eq!(Config::read(told).unwrap(), default);
        assert_eq!(told("OLYMPI_SHM_WINDOW").unwrap(), default.window.to_string());
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (variable, value) in [
            ("OLYMPI_SHM_SLOTS", "100"),
            ("OLYMPI_SHM_FRAME", "-1"),
            ("OLYMPI_SHM_WINDOW", "4096"),
            ("OLYMPI_SHM_PEERS", "many"),
            ("OLYMPI_SHM_EAGER_MAX", ""),
            ("OLYMPI_SHM_GET", "perhaps"),
        ] {
            let error = Config::read(|name| (name == variable).then(|| value.to_owned())).unwrap_err();
            assert_eq!((error.variable, error.value.as_str()), (variable, value));
            assert!(error.to_string().starts_with(&format!("{variable}={value}: must be ")));
        }
        assert_eq!(
            Config { slots: 65, ..Config::default() }.check().unwrap_err().variable,
            "OLYMPI_SHM_SLOTS"
        );
    }

    #[test]
    fn sound_values_are_taken() {
        let config = Config::read(|name| match name {
            "OLYMPI_SHM_SLOTS" => Some("128".into()),
            "OLYMPI_SHM_GET" => Some("65536".into()),
            _ => None,
        });
        assert_eq!(config, Ok(Config { slots: 128, get: GetMode::From(65536), ..Config::default() }));
    }
}
