//! The launcher's side of PMI-1 as a value: bytes of a rank in, [`Action`]s out, no I/O.
//!
//! Commands from the launcher: [`Server::receive`] when a rank's connection gave bytes, [`Server::closed`] when
//! the rank has ended. Both append to a list what the launcher must do. A rank that sends garbage, or asks
//! for what does not exist, fails alone: it gets an error reply, or an [`Action::Malformed`] that names it.

use std::collections::HashMap;

use crate::kvs::Kvs;
use crate::mapping::ProcessMapping;
use crate::pmi1::{Request, reply};
use crate::wire::{Decoder, Message};

/// What the launcher must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Write these bytes to a rank.
    Reply {
        /// The rank.
        rank: usize,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// End the job with this exit code: a rank asked for it.
    Abort {
        /// The rank that asked.
        rank: usize,
        /// The exit code it gave.
        code: i32,
        /// What it said, if anything.
        message: Option<String>,
    },
    /// A rank does not speak PMI; nothing more will be taken from it.
    Malformed {
        /// The rank.
        rank: usize,
        /// What it sent.
        reason: String,
    },
    /// A fence that can never end: `waiting` is in it, `gone` has ended without coming to it.
    Stuck {
        /// A rank that waits.
        waiting: usize,
        /// A rank that is gone.
        gone: usize,
    },
}

/// Where a rank stands in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has not said `init`: perhaps no MPI program at all.
    Silent,
    /// Between `init` and `finalize`: if it ends now, that is a failure.
    Joined,
    /// After `finalize`.
    Finalized,
}

/// What a job looks like to its ranks.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The name of the job's store; at most [`Kvs::MAX_NAME`] bytes and without blanks.
    pub kvsname: String,
    /// For each rank, which of the programs of the command line it runs.
    pub appnums: Vec<u32>,
    /// How many processes there could be.
    pub universe_size: u32,
    /// Which rank is on which host.
    pub mapping: ProcessMapping,
    /// The most bytes that the store may hold.
    pub max_store_bytes: usize,
}

/// The state of one job's conversations.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    kvs: Kvs,
    services: HashMap<String, String>,
    ranks: Vec<RankState>,
    in_fence: usize,
}

#[derive(Debug)]
struct RankState {
    decoder: Decoder,
    phase: Phase,
    in_fence: bool,
    /// Ended, or refused because of garbage.
    gone: bool,
}

/// The most published names of a job.
const MAX_SERVICES: usize = 4096;

impl Server {
    /// A job of as many ranks as there are `appnums`, none of which has spoken yet.
    pub fn new(config: ServerConfig) -> Self {
        let mut kvs = Kvs::new(&config.kvsname, config.max_store_bytes);
        // Too long a mapping leaves the key absent, which clients take as "unknown".
        let _ = kvs.put("PMI_process_mapping", &config.mapping.to_string());
        let ranks = (0..config.appnums.len())
            .map(|_| RankState {
                decoder: Decoder::new(),
                phase: Phase::Silent,
                in_fence: false,
                gone: false,
            })
            .collect();
        Server { config, kvs, services: HashMap::new(), ranks, in_fence: 0 }
    }

    /// Where a rank stands; [`Phase::Silent`] for a rank that does not exist.
    pub fn phase(&self, rank: usize) -> Phase {
        self.ranks.get(rank).map_or(Phase::Silent, |state| state.phase)
    }

    /// Takes bytes from a rank's connection.
    pub fn receive(&mut self, rank: usize, bytes: &[u8], actions: &mut Vec<Action>) {
        let Some(state) = self.ranks.get_mut(rank).filter(|state| !state.gone) else { return };
        state.decoder.push(bytes);
        loop {
            let Some(state) = self.ranks.get_mut(rank).filter(|state| !state.gone) else { return };
            match state.decoder.next() {
                None => return,
                Some(Ok(message)) => self.handle(rank, &message, actions),
                Some(Err(error)) => self.malformed(rank, error.to_string(), actions),
            }
        }
    }

    /// A rank has ended, or closed its connection.
    pub fn closed(&mut self, rank: usize, actions: &mut Vec<Action>) {
        self.leave(rank);
        self.look_for_stuck(actions);
    }

    fn handle(&mut self, rank: usize, message: &Message, actions: &mut Vec<Action>) {
        let request = match Request::parse(message) {
            Ok(request) => request,
            Err(error) => return self.malformed(rank, error.to_string(), actions),
        };
        let Some(state) = self.ranks.get_mut(rank) else { return };
        // A rank that leaves may still have to find another, which waits for its answer.
        if state.in_fence && !matches!(request, Request::Abort { .. } | Request::Get { .. }) {
            return self.malformed(
                rank,
                format!("{:?} while waiting in a fence", message.command()),
                actions,
            );
        }
        match (&request, state.phase) {
            (Request::Init { .. } | Request::Abort { .. }, _) | (_, Phase::Joined) => {}
            (_, Phase::Silent) => {
                return self.malformed(rank, format!("{:?} before init", message.command()), actions);
            }
            (_, Phase::Finalized) => {
                return self.malformed(rank, format!("{:?} after finalize", message.command()), actions);
            }
        }
        match request {
            Request::Abort { code, message } => actions.push(Action::Abort { rank, code, message }),
            Request::BarrierIn => {
                state.in_fence = true;
                self.in_fence += 1;
                self.fence(actions);
            }
            other => {
                let bytes = self.answer(rank, other).to_line();
                actions.push(Action::Reply { rank, bytes });
            }
        }
    }

    /// The reply to everything that is answered at once.
    fn answer(&mut self, rank: usize, request: Request) -> Message {
        match request {
            Request::Init { version, .. } => {
                let accepted = version == 1;
                if accepted {
                    self.set_phase(rank, Phase::Joined);
                }
                reply::init(accepted)
            }
            Request::GetMaxes => reply::maxes(),
            Request::GetAppnum => reply::appnum(self.config.appnums.get(rank).copied().unwrap_or(0)),
            Request::GetMyKvsname => reply::my_kvsname(self.kvs.name()),
            Request::GetUniverseSize => reply::universe_size(self.config.universe_size),
            Request::Get { kvsname, key } => {
                let known = kvsname == self.kvs.name();
                reply::get(if known { self.kvs.get(&key) } else { None })
            }
            Request::Put { kvsname, key, value } => {
                if kvsname != self.kvs.name() {
                    return reply::done("put_result", Err("no such kvsname"));
                }
                match self.kvs.put(&key, &value) {
                    Ok(()) => reply::done("put_result", Ok(())),
                    Err(error) => reply::done("put_result", Err(&error.to_string())),
                }
            }
            Request::Finalize => {
                self.set_phase(rank, Phase::Finalized);
                reply::finalize_ack()
            }
            Request::PublishName { service, port } => {
                let room = self.services.len() < MAX_SERVICES || self.services.contains_key(&service);
                if !room {
                    return reply::done("publish_result", Err("too many names"));
                }
                self.services.insert(service, port);
                reply::done("publish_result", Ok(())).with("info", "ok")
            }
            Request::LookupName { service } => reply::lookup(self.services.get(&service).map(String::as_str)),
            Request::UnpublishName { service } => match self.services.remove(&service) {
                Some(_) => reply::done("unpublish_result", Ok(())).with("info", "ok"),
                None => reply::done("unpublish_result", Err("service not found")),
            },
            Request::Spawn(_) => {
                reply::done("spawn_result", Err("this launcher starts no further processes"))
            }
            Request::Unknown(command) => reply::done(&format!("{command}_result"), Err("unknown command")),
            // Answered by `handle`.
            Request::BarrierIn => reply::barrier_out(),
            Request::Abort { .. } => reply::done("abort_result", Ok(())),
        }
    }

    fn set_phase(&mut self, rank: usize, phase: Phase) {
        if let Some(state) = self.ranks.get_mut(rank) {
            state.phase = phase;
        }
    }

    /// Lets everybody out once everybody is in.
    fn fence(&mut self, actions: &mut Vec<Action>) {
        if self.in_fence == self.ranks.len() {
            self.in_fence = 0;
            for (rank, state) in self.ranks.iter_mut().enumerate() {
                state.in_fence = false;
                actions.push(Action::Reply { rank, bytes: reply::barrier_out().to_line() });
            }
        }
        self.look_for_stuck(actions);
    }

    fn look_for_stuck(&self, actions: &mut Vec<Action>) {
        let waiting = self.ranks.iter().position(|state| state.in_fence);
        let gone = self.ranks.iter().position(|state| state.gone);
        if let (Some(waiting), Some(gone)) = (waiting, gone) {
            actions.push(Action::Stuck { waiting, gone });
        }
    }

    fn malformed(&mut self, rank: usize, reason: String, actions: &mut Vec<Action>) {
        self.leave(rank);
        actions.push(Action::Malformed { rank, reason });
    }

    fn leave(&mut self, rank: usize) {
        if let Some(state) = self.ranks.get_mut(rank) {
            state.gone = true;
            if std::mem::take(&mut state.in_fence) {
                self.in_fence -= 1;
            }
        }
    }
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
