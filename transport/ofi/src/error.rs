//! What can go wrong before there is a transport.

use olympi_transport_api::Peer;
use thiserror::Error;

/// Why an [`Ofi`](crate::Ofi) could not be started.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting makes no sense.
    #[error("ofi: {0}")]
    Config(#[from] ConfigError),
    /// The rank does not lie in the job.
    #[error("ofi: {me} is not one of the job's {size} ranks")]
    NotARank {
        /// The rank that was given.
        me: Peer,
        /// How many there are.
        size: u32,
    },
    /// libfabric could not be loaded.
    #[error("ofi: no libfabric: {detail}; {remedy}")]
    Library {
        /// What the loader said.
        detail: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// No provider serves.
    #[error("ofi: {library} offers no provider that serves{wanted}: {reasons}")]
    NoProvider {
        /// The library that was asked.
        library: String,
        /// What the settings ask for, in words; empty without such settings.
        wanted: String,
        /// Every provider that it offers, and why that is not taken.
        reasons: String,
    },
    /// There are providers, but other transports of this library serve their networks better.
    #[error(
        "ofi: only providers that other transports outdo ({providers}): OLYMPI_TRANSPORTS=ofi,... takes them"
    )]
    Outdone {
        /// Their names.
        providers: String,
    },
    /// A provider refused a step of being opened.
    #[error("ofi: provider {provider}, domain {domain}: cannot {step}: {detail}")]
    Refused {
        /// The provider.
        provider: String,
        /// Its domain: a device or an interface.
        domain: String,
        /// What was being done.
        step: &'static str,
        /// What it said, with the remedy if one is known.
        detail: String,
    },
    /// The system refused something that the transport needs beside libfabric.
    #[error("ofi: cannot make {what}: {detail}")]
    System {
        /// What was to be made.
        what: &'static str,
        /// What the system said, with the remedy if one is known.
        detail: String,
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
