//! What can go wrong before there is a transport.

use olympi_transport_api::Peer;
use thiserror::Error;

/// Why a [`Verbs`](crate::Verbs) could not be opened.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StartError {
    /// libibverbs is not on this machine, or too old.
    #[error("no device: {detail}")]
    Library {
        /// What is missing, and how to get it.
        detail: String,
    },
    /// There is no device whose port could be used.
    #[error("{detail}")]
    NoDevice {
        /// Every device, and why it does not serve.
        detail: String,
    },
    /// The device refused something that every connection needs.
    #[error("{device} port {port}: {detail}")]
    Device {
        /// Which device.
        device: String,
        /// Which of its ports.
        port: u8,
        /// What it refused, why, and the remedy where one is known.
        detail: String,
    },
    /// The system refused a descriptor.
    #[error("cannot make {what}: {detail}; raise `ulimit -n` if files have run out")]
    Descriptor {
        /// What was to be made.
        what: &'static str,
        /// What the system said.
        detail: String,
    },
    /// The rank does not lie in the job.
    #[error("{me} is not one of the job's {size} ranks")]
    NotARank {
        /// The rank that was given.
        me: Peer,
        /// How many there are.
        size: u32,
    },
}

/// Why a setting was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{variable}={value:?} is not valid: expected {expected}")]
pub struct ConfigError {
    /// The environment variable.
    pub variable: &'static str,
    /// What it held.
    pub value: String,
    /// What it may hold.
    pub expected: &'static str,
}
