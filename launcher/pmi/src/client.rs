//! [`Job`]: a process's place in its job, and its conversation with the launcher.

use std::collections::HashMap;
use std::io::{self, Write as _};
use std::net::TcpStream;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

use crate::blob;
use crate::conversation::{Conversation, FENCE_OVER, Fence, PmiError, Stream, readable};
use crate::detect::{self, BootstrapError, Detected, Launcher, Lookup};
use crate::inherited::{self, TakeError};
use crate::mapping::ProcessMapping;
use crate::pmi1::Request;
use crate::wire::{MAX_REQUEST, Message};

/// A process's membership in a job: its rank, the store it shares with the others, and the way out.
///
/// A process joins once, with [`Job::from_env`], and leaves with [`Job::finalize`]. A job that is dropped
/// without it looks like a crash to the launcher, which then ends the other ranks as well.
#[derive(Debug)]
pub struct Job {
    rank: usize,
    size: usize,
    launcher: Launcher,
    secret: Option<[u8; 32]>,
    local: Option<(usize, usize)>,
    oversubscribed: Option<bool>,
    link: Link,
}

#[derive(Debug)]
enum Link {
    /// Alone: the store is our own.
    Singleton(HashMap<String, String>),
    Launcher(Box<Conversation>),
    Finalized,
}

/// The line to the launcher, to wait on and not to read from: [`Job::watch`].
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    /// Waits until the launcher has said something that nobody has read, or until that much time is over.
    pub fn wait(&self, limit: Duration) {
        readable(self.0.as_fd(), limit);
    }
}

impl Job {
    /// Joins the job that this process was started in, or one of its own if nothing started it.
    ///
    /// Speaks to the launcher named by `PMI_FD`, or by `PMI_PORT` and `PMI_ID`. Call it once in a process, before
    /// anything else might close unknown descriptors.
    ///
    /// # Errors
    /// If the process is one of several but cannot find the others (Slurm without `--mpi=pmi2`, a launcher
    /// that speaks only PMIx), or the launcher's answers make no sense.
    pub fn from_env() -> Result<Job, BootstrapError> {
        Self::from_lookup(&|name| std::env::var(name).ok())
    }

    fn from_lookup(env: Lookup<'_>) -> Result<Job, BootstrapError> {
        let (stream, rank, size) = match detect::detect(env)? {
            Detected::Singleton => return Ok(Self::singleton()),
            Detected::Descriptor { fd, rank, size } => (Stream::Inherited(take(fd)?.into()), rank, size),
            Detected::Port { address, id } => return Self::join_by_port(env, &address, id),
        };
        Self::join(env, Conversation::new(stream, rank), rank, size)
    }

    /// A job of one process.
    pub fn singleton() -> Job {
        Job {
            rank: 0,
            size: 1,
            launcher: Launcher::Singleton,
            secret: None,
            local: Some((0, 1)),
            oversubscribed: None,
            link: Link::Singleton(HashMap::new()),
        }
    }

    fn join_by_port(env: Lookup<'_>, address: &str, id: usize) -> Result<Job, BootstrapError> {
        let stream = TcpStream::connect(address)
            .and_then(|stream| stream.set_nodelay(true).map(|()| stream))
            .map_err(|source| BootstrapError::Connect { address: address.to_owned(), source })?;
        let mut talk = Conversation::new(Stream::Tcp(stream), Some(id));
        talk.send("initack", &Message::new("initack").with("pmiid", id))?;
        let (mut rank, mut size) = (None, None);
        // hydra answers with lines of their own for size, rank and debug, in this order.
        loop {
            let line = talk.receive("initack")?;
            let place = |key| line.number(key).and_then(|number| usize::try_from(number).ok());
            match line.command() {
                "initack" => {}
                "set" => {
                    rank = place("rank").or(rank);
                    size = place("size").or(size);
                    if line.field("debug").is_some() {
                        break;
                    }
                }
                _ => return Err(talk.refused("initack", &line).into()),
            }
        }
        talk.rank = rank.unwrap_or(id);
        Self::join(env, talk, rank, size)
    }

    fn join(
        env: Lookup<'_>,
        mut talk: Conversation,
        rank: Option<usize>,
        size: Option<usize>,
    ) -> Result<Job, BootstrapError> {
        let (rank, size) = match (rank, size) {
            (Some(rank), Some(size)) if rank < size && i32::try_from(size).is_ok() => (rank, size),
            (rank, size) => return Err(BootstrapError::Place { rank, size }),
        };
        let init = Request::Init { version: 1, subversion: 1 };
        let answer = talk.ask("init", &init, "response_to_init")?;
        if !answer.succeeded() || answer.number("pmi_version") != Some(1) {
            let offered = String::from_utf8_lossy(&answer.to_line()).trim_end().to_owned();
            return Err(BootstrapError::Version { offered });
        }
        let maxes = talk.ask("get_maxes", &Request::GetMaxes, "maxes")?;
        // The maxima count C's terminating zero; a launcher that says nothing gets the customary ones.
        let limit = |key, default| match maxes.number(key) {
            Some(max) if max > 1 => usize::try_from(max - 1).unwrap_or(default),
            _ => default,
        };
        talk.max_key = limit("keylen_max", 63);
        talk.max_value = limit("vallen_max", 1023);
        let name = talk.ask("get_my_kvsname", &Request::GetMyKvsname, "my_kvsname")?;
        match name.field("kvsname") {
            Some(kvsname) if name.succeeded() && kvsname.len() < 256 => talk.kvsname = kvsname.to_owned(),
            _ => return Err(talk.refused("get_my_kvsname", &name).into()),
        }
        // The variables of our own mpiexec hold only for its own job: a foreign launcher that was itself
        // started by our mpiexec hands them on.
        let ours = env("OLYMPI_JOB").is_some_and(|job| job == talk.kvsname);
        let mut job = Job {
            rank,
            size,
            launcher: if ours { Launcher::Olympi } else { Launcher::Pmi1(detect::foreign_name(env)) },
            secret: None,
            local: place(env, "MPI_LOCALRANKID", "MPI_LOCALNRANKS"),
            oversubscribed: None,
            link: Link::Launcher(Box::new(talk)),
        };
        if ours {
            job.local = place(env, "OLYMPI_LOCAL_RANK", "OLYMPI_LOCAL_SIZE");
            job.oversubscribed = Some(env("OLYMPI_OVERSUBSCRIBED").is_some_and(|value| value == "1"));
            job.secret = env("OLYMPI_SECRET_FD").map(|descriptor| read_secret(&descriptor)).transpose()?;
        }
        Ok(job)
    }

    /// This process's number in the job, from 0.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// The number of processes in the job.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Who started this process.
    pub fn launcher(&self) -> &Launcher {
        &self.launcher
    }

    /// The 32 bytes that all processes of this job share and nobody else knows; `None` unless Olympi's own
    /// `mpiexec` handed them out.
    pub fn secret(&self) -> Option<[u8; 32]> {
        self.secret
    }

    /// This process's number among the job's processes on this host, if the launcher said so.
    pub fn local_rank(&self) -> Option<usize> {
        self.local.map(|(rank, _)| rank)
    }

    /// The number of the job's processes on this host, if the launcher said so.
    pub fn local_size(&self) -> Option<usize> {
        self.local.map(|(_, size)| size)
    }

    /// True if the launcher counted more processes on this host than CPUs that they may use; `None` if it did
    /// not say.
    pub fn oversubscribed(&self) -> Option<bool> {
        self.oversubscribed
    }

    /// The connection to the launcher, to wait for its end with `poll`; never read from it.
    pub fn launcher_fd(&self) -> Option<BorrowedFd<'_>> {
        match &self.link {
            Link::Launcher(talk) => Some(talk.stream.as_fd()),
            Link::Singleton(_) | Link::Finalized => None,
        }
    }

    /// Stores a value under a key, for everybody who asks after the next fence. The last put of a key wins.
    ///
    /// # Errors
    /// [`PmiError::Unfit`] for a key with `=` or for blanks and control characters, and for a pair too long for
    /// one line ([`Job::put_blob`] has no such limits); otherwise if the launcher fails.
    pub fn put(&mut self, key: &str, value: &str) -> Result<(), PmiError> {
        let rank = self.rank;
        match &mut self.link {
            Link::Finalized => Err(PmiError::Finalized { rank, doing: "put" }),
            Link::Singleton(store) => {
                check(rank, key, value, 63, 1023)?;
                store.insert(key.to_owned(), value.to_owned());
                Ok(())
            }
            Link::Launcher(talk) => {
                check(rank, key, value, talk.max_key, talk.max_value)?;
                let request = Request::Put {
                    kvsname: talk.kvsname.clone(),
                    key: key.to_owned(),
                    value: value.to_owned(),
                };
                let length = request.to_message().to_line().len();
                if length > MAX_REQUEST {
                    let reason = format!("a line of {length} bytes, more than {MAX_REQUEST}");
                    return Err(PmiError::Unfit { rank, key: key.to_owned(), reason });
                }
                let answer = talk.ask("put", &request, "put_result")?;
                if answer.succeeded() { Ok(()) } else { Err(talk.refused("put", &answer)) }
            }
        }
    }

    /// Waits until every process of the job has come to its fence.
    ///
    /// # Errors
    /// If the launcher ends, as it does when a process of the job dies.
    pub fn fence(&mut self) -> Result<(), PmiError> {
        self.begin_fence()?;
        let Link::Launcher(talk) = &mut self.link else { return Ok(()) };
        let answer = match std::mem::replace(&mut talk.fence, Fence::Outside) {
            Fence::Over(answer) => answer,
            Fence::Waiting | Fence::Outside => talk.receive("fence")?,
        };
        end_fence(talk, &answer)
    }

    /// Comes to the fence, and does not wait there: [`Job::fence_is_over`] tells when everybody has come. Until then
    /// nothing may be asked of the launcher but [`Job::get`] and [`Job::get_blob`]; it answers these at once, with
    /// what was put before the fence that was over last. To come twice to one fence is to come once.
    ///
    /// # Errors
    /// As [`Job::fence`].
    pub fn begin_fence(&mut self) -> Result<(), PmiError> {
        match &mut self.link {
            Link::Finalized => Err(PmiError::Finalized { rank: self.rank, doing: "fence" }),
            Link::Launcher(talk) if matches!(talk.fence, Fence::Outside) => {
                talk.send("fence", &Request::BarrierIn.to_message())?;
                talk.fence = Fence::Waiting;
                Ok(())
            }
            Link::Launcher(_) | Link::Singleton(_) => Ok(()),
        }
    }

    /// Whether this process is in no fence, or everybody has come to the one that it is in. Does not wait.
    ///
    /// # Errors
    /// As [`Job::fence`].
    pub fn fence_is_over(&mut self) -> Result<bool, PmiError> {
        let rank = self.rank;
        let talk = match &mut self.link {
            Link::Finalized => return Err(PmiError::Finalized { rank, doing: "fence" }),
            Link::Singleton(_) => return Ok(true),
            Link::Launcher(talk) => talk,
        };
        let answer = match std::mem::replace(&mut talk.fence, Fence::Outside) {
            Fence::Outside => return Ok(true),
            Fence::Over(answer) => answer,
            Fence::Waiting => match talk.heard("fence")? {
                Some(answer) => answer,
                None => {
                    talk.fence = Fence::Waiting;
                    return Ok(false);
                }
            },
        };
        end_fence(talk, &answer).map(|()| true)
    }

    /// Something to wait with, while others use the job, until the launcher speaks. `None`: there is no launcher, or
    /// no descriptor left.
    pub fn watch(&self) -> Option<Watch> {
        self.launcher_fd()?.try_clone_to_owned().ok().map(Watch)
    }

    /// The value that a process put under a key before the last fence; `None` if nobody did.
    ///
    /// # Errors
    /// As [`Job::put`].
    pub fn get(&mut self, key: &str) -> Result<Option<String>, PmiError> {
        let rank = self.rank;
        match &mut self.link {
            Link::Finalized => Err(PmiError::Finalized { rank, doing: "get" }),
            Link::Singleton(store) => Ok(store.get(key).cloned()),
            Link::Launcher(talk) => {
                check(rank, key, "", talk.max_key, talk.max_value)?;
                let request = Request::Get { kvsname: talk.kvsname.clone(), key: key.to_owned() };
                let answer = talk.ask("get", &request, "get_result")?;
                Ok(answer.field("value").filter(|_| answer.succeeded()).map(str::to_owned))
            }
        }
    }

    /// Stores any bytes under a key: as text without special characters, over as many lines as they need.
    ///
    /// # Errors
    /// As [`Job::put`]; also for more than about two megabytes.
    pub fn put_blob(&mut self, key: &str, bytes: &[u8]) -> Result<(), PmiError> {
        let parts = blob::split(bytes, self.room(key));
        if parts.len() > blob::MAX_PARTS {
            let reason = format!("{} bytes are too many for the launcher's store", bytes.len());
            return Err(PmiError::Unfit { rank: self.rank, key: key.to_owned(), reason });
        }
        for (number, part) in parts.iter().enumerate() {
            self.put(&part_key(key, number), part)?;
        }
        Ok(())
    }

    /// The bytes that a process put with [`Job::put_blob`] before the last fence; `None` if nobody did.
    ///
    /// # Errors
    /// [`PmiError::Damaged`] if what is there was not put by `put_blob`; otherwise as [`Job::get`].
    pub fn get_blob(&mut self, key: &str) -> Result<Option<Vec<u8>>, PmiError> {
        let damaged = PmiError::Damaged { rank: self.rank, key: key.to_owned() };
        let Some(first) = self.get(key)? else { return Ok(None) };
        let Some((count, text)) = blob::head(&first) else { return Err(damaged) };
        let mut text = text.to_owned();
        for number in 1..count {
            match self.get(&part_key(key, number))? {
                Some(part) => text.push_str(&part),
                None => return Err(damaged),
            }
        }
        blob::decode(&text).map(Some).ok_or(damaged)
    }

    /// How many processes the launcher could run, if it knows.
    ///
    /// # Errors
    /// If the launcher fails.
    pub fn universe_size(&mut self) -> Result<Option<usize>, PmiError> {
        self.number("universe size", &Request::GetUniverseSize, "universe_size", "size")
            .map(|size| size.filter(|size| *size > 0))
    }

    /// Which of the programs of the command line this process runs, from 0, if the launcher knows.
    ///
    /// # Errors
    /// If the launcher fails.
    pub fn appnum(&mut self) -> Result<Option<usize>, PmiError> {
        self.number("appnum", &Request::GetAppnum, "appnum", "appnum")
    }

    /// Which processes share a host, as the launcher tells it. Some launchers tell it wrong for unusual
    /// layouts, so that it may guide, but not replace, looking.
    ///
    /// # Errors
    /// If the launcher fails.
    pub fn process_mapping(&mut self) -> Result<Option<ProcessMapping>, PmiError> {
        if let Link::Singleton(_) = self.link {
            return Ok(Some(ProcessMapping::one_host(1)));
        }
        Ok(self.get("PMI_process_mapping")?.and_then(|value| ProcessMapping::parse(&value)))
    }

    /// Ends the whole job with this exit code, this process first. The message goes to standard error.
    pub fn abort(&mut self, code: i32, message: &str) -> ! {
        if !message.is_empty() {
            // A failing standard error changes nothing about the end.
            let _ = writeln!(io::stderr(), "rank {}: {message}", self.rank);
        }
        if let Link::Launcher(talk) = &mut self.link {
            // Without a launcher to tell, our own end still tells it.
            let _ = talk.send("abort", &Request::Abort { code, message: None }.to_message());
        }
        std::process::exit(code)
    }

    /// Leaves the job in good order. Nothing but dropping the job may follow.
    ///
    /// # Errors
    /// If the job was finalized before. A launcher that closes the connection instead of answering is fine.
    pub fn finalize(&mut self) -> Result<(), PmiError> {
        let rank = self.rank;
        match std::mem::replace(&mut self.link, Link::Finalized) {
            Link::Finalized => Err(PmiError::Finalized { rank, doing: "finalize" }),
            Link::Singleton(_) => Ok(()),
            Link::Launcher(mut talk) => match talk.ask("finalize", &Request::Finalize, "finalize_ack") {
                Ok(_) | Err(PmiError::Closed { .. }) => Ok(()),
                Err(error) => Err(error),
            },
        }
    }

    /// How long a value under `key` or one of its parts may be, so that neither putting nor getting it takes a
    /// line that some launcher leaves unanswered.
    fn room(&self, key: &str) -> usize {
        let (kvsname, max_value) = match &self.link {
            Link::Launcher(talk) => (talk.kvsname.len(), talk.max_value),
            Link::Singleton(_) | Link::Finalized => (0, 1023),
        };
        let around_put = "cmd=put kvsname= key=.9999 value=\n".len() + kvsname + key.len();
        // What launchers write around a value in their answer.
        let around_get = 64;
        max_value.min(MAX_REQUEST.saturating_sub(around_put.max(around_get)))
    }

    fn number(
        &mut self,
        doing: &'static str,
        request: &Request,
        reply: &str,
        field: &str,
    ) -> Result<Option<usize>, PmiError> {
        match &mut self.link {
            Link::Finalized => Err(PmiError::Finalized { rank: self.rank, doing }),
            Link::Singleton(_) => Ok(None),
            Link::Launcher(talk) => {
                let answer = talk.ask(doing, request, reply)?;
                Ok(answer.number(field).and_then(|number| usize::try_from(number).ok()))
            }
        }
    }
}

fn end_fence(talk: &Conversation, answer: &Message) -> Result<(), PmiError> {
    let over = answer.command() == FENCE_OVER && answer.succeeded();
    if over { Ok(()) } else { Err(talk.refused("fence", answer)) }
}

fn take(fd: i32) -> Result<OwnedFd, BootstrapError> {
    inherited::take(fd).map_err(|error| match error {
        TakeError::NotOpen => BootstrapError::NotOpen(fd),
        TakeError::NotInherited => BootstrapError::AlreadyJoined(fd),
    })
}

/// Reads the secret from its beginning, wherever another reader of the same file left off, and closes it.
fn read_secret(descriptor: &str) -> Result<[u8; 32], BootstrapError> {
    let failed = |reason: &str| BootstrapError::Secret {
        descriptor: descriptor.to_owned(),
        reason: reason.to_owned(),
    };
    let number = descriptor.parse().map_err(|_| failed("not a descriptor's number"))?;
    let file = inherited::take(number).map_err(|error| match error {
        TakeError::NotOpen => failed("not open in this process"),
        TakeError::NotInherited => failed("not inherited from the launcher"),
    })?;
    let mut secret = [0; 32];
    let mut filled = 0;
    while filled < secret.len() {
        let rest = secret.get_mut(filled..).unwrap_or_default();
        match rustix::io::pread(&file, rest, filled as u64) {
            Ok(0) => return Err(failed("shorter than 32 bytes")),
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(failed(&error.to_string())),
        }
    }
    Ok(secret)
}

fn place(env: Lookup<'_>, rank: &str, size: &str) -> Option<(usize, usize)> {
    let number = |name| env(name)?.trim().parse::<usize>().ok();
    number(rank).zip(number(size)).filter(|(rank, size)| rank < size)
}

fn part_key(key: &str, number: usize) -> String {
    if number == 0 { key.to_owned() } else { format!("{key}.{number}") }
}

/// What every known launcher carries: no blank and no control character anywhere, no `=` in a key.
fn check(rank: usize, key: &str, value: &str, max_key: usize, max_value: usize) -> Result<(), PmiError> {
    let unfit = |reason: String| Err(PmiError::Unfit { rank, key: key.to_owned(), reason });
    if key.is_empty() || key.len() > max_key {
        return unfit(format!("a key of {} bytes; 1 to {max_key} are allowed", key.len()));
    }
    if value.len() > max_value {
        return unfit(format!("a value of {} bytes; at most {max_value} are allowed", value.len()));
    }
    let bad = |c: &char| !c.is_ascii_graphic();
    if let Some(c) = key.chars().find(|c| bad(c) || *c == '=' || *c == '\\') {
        return unfit(format!("{c:?} in the key"));
    }
    match value.chars().find(|c| bad(c) || *c == '\\') {
        Some(c) => unfit(format!("{c:?} in the value; put_blob carries any bytes")),
        None => Ok(()),
    }
}

#[cfg(test)]
#[path = "client_tests.rs"]
mod tests;
