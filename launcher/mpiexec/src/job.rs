//! The event loop of a job: starts the ranks, serves them, and decides when the job is over.
//!
//! Events are noted and acted upon in one order: what ranks said over PMI, then their output, then their ends,
//! so that a rank's last words are known before its end is judged.

use std::io::{self, Read as _, Write as _};
use std::mem;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use olympi_pmi::{Action, Phase, ProcessMapping, Server, ServerConfig};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process, pidfd_open};
use thiserror::Error;

use crate::args::JobSpec;
use crate::ending::{self, Cause, End, GIVE_UP, GRACE};
use crate::events::{Events, Interest, Token};
use crate::guard::Guard;
use crate::input::{self, Typed, Wait};
use crate::outputs::{Flow, Outputs, PROMPT};
use crate::program::ProgramError;
use crate::signal::Signals;
use crate::spawn::{Spawner, raise_descriptor_limit};

/// Why a job could not be run at all.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum JobError {
    #[error(transparent)]
    Program(#[from] ProgramError),
    #[error("the system refused what a job needs: {0}")]
    System(#[from] io::Error),
    #[error("{ranks} ranks need {needed} file descriptors, but only {limit} are allowed (ulimit -Hn)")]
    Descriptors { ranks: usize, needed: u64, limit: u64 },
}

impl JobError {
    /// As a shell has it: 127 for a program that is not there, 126 for one that cannot be started.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            JobError::Program(ProgramError::NotInPath { .. }) => 127,
            JobError::Program(ProgramError::NotExecutable { source, .. })
                if source.kind() == io::ErrorKind::NotFound =>
            {
                127
            }
            JobError::Program(_) => 126,
            JobError::System(_) | JobError::Descriptors { .. } => 1,
        }
    }
}

/// What the ranks' store may hold, for each rank.
const STORE_BYTES_PER_RANK: usize = 8 << 20;

/// A second Ctrl-C within this time is taken for the first: `timeout` and some shells send it twice.
const SAME_INTERRUPT: Duration = Duration::from_millis(100);

/// Runs a job to its end.
pub(crate) fn run(spec: &JobSpec) -> Result<End, JobError> {
    let size: usize = spec.programs.iter().map(|program| program.ranks).sum();
    raise_descriptor_limit(size)?;
    let name = format!("kvs_{}_{size}", getpid().as_raw_nonzero());
    let mut spawner = Spawner::new(spec, &name)?;
    let mut job = Job::new(spec, name, size)?;
    let appnums = spec.programs.iter().enumerate().flat_map(|(at, p)| std::iter::repeat_n(at, p.ranks));
    for (rank, appnum) in appnums.enumerate() {
        let stdin = if rank == 0 { input::for_rank_0() } else { Stdio::null() };
        match spawner.start(rank, appnum, stdin) {
            Ok(spawned) => job.adopt(rank, spawned.child, spawned.pmi)?,
            Err(error) => {
                let program = spec.programs.get(appnum).map(|p| p.program.clone()).unwrap_or_default();
                job.end(Cause::NotStarted { rank, program, error }, Signal::TERM);
            }
        }
        // The first ranks are served while the last are still being started.
        job.step(Some(Duration::ZERO))?;
        if job.ending != Ending::Not {
            break;
        }
    }
    drop(spawner);
    while !job.is_over() {
        let wait = job.next_deadline();
        job.step(wait)?;
    }
    Ok(End { mid_line: job.outputs.is_mid_line(), cause: job.cause.take(), given_up: job.alive })
}

/// A running job.
struct Job {
    events: Events,
    server: Server,
    ranks: Vec<Rank>,
    /// How many ranks are to be started.
    planned: usize,
    alive: usize,
    outputs: Outputs,
    signals: Signals,
    typed: Option<Typed>,
    guard: Option<Guard>,
    deadline: Option<(Instant, Duration)>,
    cause: Option<Cause>,
    ending: Ending,
    interrupted: Option<Instant>,
    happened: Vec<Token>,
}

struct Rank {
    pid: Pid,
    child: Child,
    end: Option<OwnedFd>,
    pmi: Option<UnixStream>,
    outbox: Vec<u8>,
}

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Not,
    /// The ranks were asked; they are killed at this time.
    Asked(Instant),
    /// The ranks were killed; they are given up at this time.
    Killed(Instant),
    /// All ranks have ended; what is still in their pipes is waited for until this time.
    Draining(Instant),
}

impl Job {
    fn new(spec: &JobSpec, name: String, size: usize) -> Result<Self, JobError> {
        let signals = Signals::install()?;
        let guard = match Guard::start(size) {
            Ok(guard) => Some(guard),
            Err(error) => {
                eprintln!("mpiexec: no guard ({error}): if mpiexec itself is killed, ranks may survive it");
                None
            }
        };
        ending::adopt_orphans();
        let events = Events::new()?;
        events.watch(&signals, Token::Signals, Interest::Read)?;
        let ranks = size as u32;
        let appnums = spec.programs.iter().zip(0u32..);
        let server = Server::new(ServerConfig {
            kvsname: name,
            appnums: appnums.flat_map(|(program, at)| std::iter::repeat_n(at, program.ranks)).collect(),
            universe_size: ranks,
            mapping: ProcessMapping::one_host(ranks),
            max_store_bytes: size.saturating_mul(STORE_BYTES_PER_RANK),
        });
        Ok(Job {
            events,
            server,
            ranks: Vec::with_capacity(size),
            planned: size,
            alive: 0,
            outputs: Outputs::new(spec.labels, size)?,
            signals,
            typed: None,
            guard,
            deadline: spec.timeout.map(|timeout| (Instant::now() + timeout, timeout)),
            cause: None,
            ending: Ending::Not,
            interrupted: None,
            happened: Vec::with_capacity(64),
        })
    }

    /// Takes over a rank that was just started.
    fn adopt(&mut self, rank: usize, mut child: Child, pmi: UnixStream) -> Result<(), JobError> {
        let pid = Pid::from_child(&child);
        if let Some(guard) = &mut self.guard {
            guard.watch(pid);
        }
        let end = pidfd_open(pid, PidfdFlags::empty()).map_err(io::Error::from)?;
        self.events.watch(&pmi, Token::Pmi(rank as u32), Interest::Read)?;
        self.events.watch(&end, Token::End(rank as u32), Interest::Read)?;
        let pipes = [child.stdout.take().map(OwnedFd::from), child.stderr.take().map(OwnedFd::from)];
        self.outputs.add(&self.events, pipes)?;
        if let Some(stdin) = child.stdin.take() {
            self.typed = Some(Typed::new(stdin)?);
            self.wait_for_input(Wait::Terminal);
        }
        self.ranks.push(Rank { pid, child, end: Some(end), pmi: Some(pmi), outbox: Vec::new() });
        self.alive += 1;
        Ok(())
    }

    /// Waits for events, at most this long, and acts on them.
    fn step(&mut self, wait: Option<Duration>) -> Result<(), JobError> {
        let mut happened = mem::take(&mut self.happened);
        happened.clear();
        self.events.wait(wait, &mut happened)?;
        for token in &happened {
            match *token {
                Token::Signals => self.on_signals(),
                Token::Pmi(rank) => self.on_pmi(rank as usize),
                Token::Stream(rank, which) => {
                    let flow = self.outputs.read(&self.events, rank as usize, which);
                    self.on_flow(flow);
                }
                Token::Sink(sink) => {
                    let flow = self.outputs.flush(&self.events, sink, true);
                    self.on_flow(flow);
                }
                Token::Terminal => self.on_input(Typed::read),
                Token::Stdin => self.on_input(Typed::write),
                Token::End(_) => {}
            }
        }
        for token in &happened {
            if let Token::End(rank) = *token {
                self.on_end(rank as usize);
            }
        }
        if happened.is_empty() && wait != Some(Duration::ZERO) {
            let flow = self.outputs.show_prompts(&self.events);
            self.on_flow(flow);
        }
        self.happened = happened;
        self.on_time();
        Ok(())
    }

    /// How long nothing has to be done unless something happens; `None`: until something happens.
    fn next_deadline(&self) -> Option<Duration> {
        let phase = match self.ending {
            Ending::Not => None,
            Ending::Asked(until) | Ending::Killed(until) | Ending::Draining(until) => Some(until),
        };
        let timeout = self.deadline.filter(|_| self.ending == Ending::Not).map(|(until, _)| until);
        let left = phase.or(timeout).map(|until| until.saturating_duration_since(Instant::now()));
        // Never zero, which would mean a step without waiting.
        let left = left.map(|left| left.max(Duration::from_millis(1)));
        if self.outputs.prompting() { Some(left.map_or(PROMPT, |left| left.min(PROMPT))) } else { left }
    }

    /// Nothing is left to wait for.
    fn is_over(&self) -> bool {
        matches!(self.ending, Ending::Draining(_)) && self.outputs.are_drained() || self.given_up()
    }

    fn given_up(&self) -> bool {
        matches!(self.ending, Ending::Killed(until) if until <= Instant::now())
    }

    fn on_pmi(&mut self, rank: usize) {
        let mut actions = Vec::new();
        let Some(state) = self.ranks.get_mut(rank) else { return };
        // A rank that does not take its answers is asked nothing more until it does.
        if !state.outbox.is_empty() {
            self.send(rank, &[]);
            return;
        }
        let Some(pmi) = &mut state.pmi else { return };
        let mut bytes = [0; 4096];
        match pmi.read(&mut bytes) {
            Ok(count) if count > 0 => {
                self.server.receive(rank, bytes.get(..count).unwrap_or_default(), &mut actions);
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            // What it means is known when the process has ended.
            Ok(_) | Err(_) => state.pmi = None,
        }
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Reply { rank, bytes } => self.send(rank, &bytes),
                Action::Abort { rank, code, message } => {
                    self.end(Cause::Aborted { rank, code, message }, Signal::TERM);
                }
                Action::Malformed { rank, reason } => {
                    self.end(Cause::Malformed { rank, reason }, Signal::TERM)
                }
                Action::Stuck { waiting, gone } => self.end(Cause::Stuck { waiting, gone }, Signal::TERM),
            }
        }
    }

    /// Writes to a rank, or keeps what it does not take now.
    fn send(&mut self, rank: usize, bytes: &[u8]) {
        let Some(state) = self.ranks.get_mut(rank) else { return };
        let had = !state.outbox.is_empty();
        state.outbox.extend_from_slice(bytes);
        let Some(pmi) = &mut state.pmi else { return };
        while !state.outbox.is_empty() {
            match pmi.write(&state.outbox) {
                Ok(count) => drop(state.outbox.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // Its end will be seen when it is read.
                Err(_) => state.outbox.clear(),
            }
        }
        let has = !state.outbox.is_empty();
        if had != has {
            let interest = if has { Interest::Write } else { Interest::Read };
            // It is watched already, so that this does not fail.
            let _ = self.events.change(pmi, Token::Pmi(rank as u32), interest);
        }
    }

    fn on_flow(&mut self, flow: Flow) {
        if flow == Flow::Broken {
            self.end(Cause::OutputClosed, Signal::TERM);
        }
    }

    fn on_input(&mut self, act: impl FnOnce(&mut Typed) -> Wait) {
        let Some(typed) = &mut self.typed else { return };
        let next = act(typed);
        self.wait_for_input(next);
    }

    fn wait_for_input(&mut self, next: Wait) {
        let Some(typed) = &self.typed else { return };
        // Of these two at most one is watched.
        let _ = self.events.forget(typed.terminal());
        let _ = self.events.forget(typed.pipe());
        let added = match next {
            Wait::Terminal => self.events.watch(typed.terminal(), Token::Terminal, Interest::Read),
            Wait::Rank0 => self.events.watch(typed.pipe(), Token::Stdin, Interest::Write),
            Wait::Foreground => Ok(()),
            Wait::Nothing => {
                // Dropping the pipe tells rank 0.
                self.typed = None;
                Ok(())
            }
        };
        if added.is_err() {
            self.typed = None;
        }
    }

    fn on_end(&mut self, rank: usize) {
        // Its last words first.
        while self.ranks.get(rank).is_some_and(|state| state.pmi.is_some() && has_input(state.pmi.as_ref())) {
            self.on_pmi(rank);
            if self.ranks.get(rank).is_some_and(|state| !state.outbox.is_empty()) {
                break;
            }
        }
        self.reap(rank);
        let mut actions = Vec::new();
        self.server.closed(rank, &mut actions);
        self.act(actions);
    }

    /// Judges the end of a rank's process, if it has ended.
    fn reap(&mut self, rank: usize) {
        let phase = self.server.phase(rank);
        let Some(state) = self.ranks.get_mut(rank).filter(|state| state.end.is_some()) else { return };
        let pid = state.pid;
        let status = match state.child.try_wait() {
            Ok(Some(status)) => status,
            Ok(None) => return,
            // Someone else has waited for it; all that is known is that it is gone.
            Err(_) => std::os::unix::process::ExitStatusExt::from_raw(0),
        };
        state.end = None;
        self.alive -= 1;
        if !status.success() {
            self.end(Cause::Rank { rank, pid, status }, Signal::TERM);
        } else if phase == Phase::Joined {
            self.end(Cause::NotFinalized { rank, pid }, Signal::TERM);
        }
    }

    fn on_signals(&mut self) {
        for signal in self.signals.take() {
            match signal {
                Signal::USR1 | Signal::USR2 => self.tell(signal),
                Signal::TSTP => {
                    self.tell(Signal::STOP);
                    // Execution goes on below when somebody continues us.
                    let _ = kill_process(getpid(), Signal::STOP);
                }
                Signal::CONT => {
                    self.tell(Signal::CONT);
                    if self.typed.as_ref().is_some_and(Typed::in_foreground) {
                        self.on_input(Typed::write);
                    }
                }
                _ => self.interrupt(signal),
            }
        }
    }

    /// Ctrl-C and its like: the first is passed on to the ranks, the second kills them.
    fn interrupt(&mut self, signal: Signal) {
        match self.interrupted {
            Some(first) if first.elapsed() < SAME_INTERRUPT => {}
            Some(_) => self.kill(),
            None => {
                self.interrupted = Some(Instant::now());
                match self.ending {
                    Ending::Not => self.end(Cause::Signal(signal), signal),
                    // The ranks are gone, and whoever should read their output does not.
                    Ending::Draining(_) => self.outputs.discard(),
                    Ending::Asked(_) | Ending::Killed(_) => self.kill(),
                }
            }
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        if let (Some((until, timeout)), Ending::Not) = (self.deadline, self.ending)
            && until <= now
        {
            self.end(Cause::Timeout(timeout), Signal::TERM);
        }
        match self.ending {
            Ending::Asked(until) if until <= now && self.alive > 0 => self.kill(),
            Ending::Draining(until) if until <= now => {
                self.outputs.close_streams();
                self.ending = Ending::Draining(now + GIVE_UP);
            }
            _ => {}
        }
        // A job that is ending starts no further ranks.
        let started = self.ranks.len() == self.planned || self.ending != Ending::Not;
        if self.alive == 0 && started && !matches!(self.ending, Ending::Draining(_)) {
            ending::end_orphans(self.guard.as_ref().map(Guard::id));
            if let Some(guard) = &mut self.guard {
                guard.release();
            }
            self.ending = Ending::Draining(now + GIVE_UP);
        }
    }

    /// Begins the end, for the first reason there is.
    fn end(&mut self, cause: Cause, signal: Signal) {
        if self.cause.is_none() {
            self.cause = Some(cause);
        }
        if self.ending == Ending::Not {
            self.tell(signal);
            self.ending = Ending::Asked(Instant::now() + GRACE);
        }
    }

    fn kill(&mut self) {
        self.tell(Signal::KILL);
        if let Ending::Not | Ending::Asked(_) = self.ending {
            self.ending = Ending::Killed(Instant::now() + GIVE_UP);
        }
    }

    fn tell(&self, signal: Signal) {
        for rank in self.ranks.iter().filter(|rank| rank.end.is_some()) {
            ending::signal_rank(rank.pid, signal);
        }
    }
}

fn has_input(pmi: Option<&UnixStream>) -> bool {
    use rustix::net::{RecvFlags, recv};
    let mut byte = [0u8; 1];
    pmi.is_some_and(|pmi| {
        recv(pmi, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT).is_ok_and(|(_, count)| count > 0)
    })
}
