//! What can go wrong before there is a transport.

use std::io;

use thiserror::Error;

/// Why a [`Tcp`](crate::Tcp) could not be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No socket could be made to listen.
    #[error("tcp: {me} cannot listen for its peers: {source}; raise `ulimit -n` if files have run out")]
    Listen {
        /// The rank that wanted to listen.
        me: olympi_transport_api::Peer,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A descriptor that the transport needs besides its sockets was refused.
    #[error("tcp: cannot make {what}: {source}; raise `ulimit -n` if files have run out")]
    Descriptor {
        /// What was to be made.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The interfaces of this host could not be listed.
    #[error("tcp: cannot list the network interfaces of this host: {source}")]
    Interfaces {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The settings leave no address to listen on.
    #[error(
        "tcp: no usable address is left (OLYMPI_TCP_INTERFACES={interfaces:?}, OLYMPI_TCP_FAMILY={family}); \
         the interfaces here are {present}"
    )]
    NoAddress {
        /// The setting that chose among the interfaces.
        interfaces: String,
        /// The setting that chose among the families.
        family: crate::Family,
        /// The interfaces there are, by name.
        present: String,
    },
    /// The rank does not lie in the job.
    #[error("tcp: {me} is not one of the job's {size} ranks")]
    NotARank {
        /// The rank that was given.
        me: olympi_transport_api::Peer,
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
