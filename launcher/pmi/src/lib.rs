//! How a process of a job learns its rank and finds its peers: the PMI-1.1 protocol.
//!
//! A launcher (Olympi's own `mpiexec`, MPICH's and Intel's hydra, `srun --mpi=pmi2`) keeps one stream
//! socket to each process it starts. Over it the process asks for its place in the job, puts pairs of
//! key and value into a store that the whole job shares, waits at a fence until everybody has put theirs,
//! and gets the pairs of others.
//!
//! - [`Job`] is the client: what a process does first, and what it does last.
//! - [`Server`] is the launcher's side as a value without I/O: bytes of a rank go in, [`Action`]s come out.
//! - [`wire`] parses and formats the lines; [`pmi1`] gives them their meaning.
//!
//! ```no_run
//! let mut job = olympi_pmi::Job::from_env()?;
//! job.put(&format!("card-{}", job.rank()), "10.0.0.1:4000")?;
//! job.fence()?;
//! for peer in 0..job.size() {
//!     println!("{peer} is at {:?}", job.get(&format!("card-{peer}"))?);
//! }
//! job.finalize()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The only `unsafe` is in `inherited.rs`: taking over a descriptor whose number the environment names.
#![deny(unsafe_code)]

mod blob;
mod client;
mod conversation;
mod detect;
mod inherited;
mod kvs;
mod mapping;
pub mod pmi1;
mod server;
mod setting;
pub mod wire;

pub use client::{Job, Watch};
pub use conversation::PmiError;
pub use detect::{BootstrapError, Launcher};
pub use kvs::{Kvs, KvsError};
pub use mapping::ProcessMapping;
pub use server::{Action, Phase, Server, ServerConfig};
pub use setting::{SETTINGS, Setting};
