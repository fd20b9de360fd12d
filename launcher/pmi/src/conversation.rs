//! One request, one answer: the client's end of the line to the launcher.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use thiserror::Error;

use crate::inherited::all_is_read;
use crate::pmi1::Request;
use crate::wire::{Decoder, Message, WireError};

/// How the launcher says that everybody has come to a fence.
pub(crate) const FENCE_OVER: &str = "barrier_out";

/// Requests and their answers over one stream.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) stream: Stream,
    decoder: Decoder,
    pub(crate) rank: usize,
    pub(crate) kvsname: String,
    pub(crate) max_key: usize,
    pub(crate) max_value: usize,
    pub(crate) fence: Fence,
}

/// Where this process stands in a fence.
#[derive(Debug)]
pub(crate) enum Fence {
    /// In none.
    Outside,
    /// It has come, and others have not.
    Waiting,
    /// The launcher has said that all have come, while the answer to something else was awaited.
    Over(Message),
}

/// Both kinds of stream read and write alike.
#[derive(Debug)]
pub(crate) enum Stream {
    Inherited(File),
    Tcp(TcpStream),
}

/// Why a request to the launcher failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PmiError {
    /// The launcher closed the connection.
    #[error(
        "rank {rank}: the launcher closed its connection during {doing}: it has ended, or is ending the job"
    )]
    Closed {
        /// Our rank.
        rank: usize,
        /// The request.
        doing: &'static str,
    },
    /// The connection failed.
    #[error("rank {rank}: the connection to the launcher failed during {doing}: {source}")]
    Io {
        /// Our rank.
        rank: usize,
        /// The request.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The launcher sent bytes that are no PMI message.
    #[error("rank {rank}: the launcher answered {doing} with something else than PMI: {source}")]
    Wire {
        /// Our rank.
        rank: usize,
        /// The request.
        doing: &'static str,
        /// What is wrong with it.
        source: WireError,
    },
    /// The launcher refused, or answered another question.
    #[error("rank {rank}: the launcher refused {doing}: {answer}")]
    Refused {
        /// Our rank.
        rank: usize,
        /// The request.
        doing: &'static str,
        /// Its answer.
        answer: String,
    },
    /// A key or value that the protocol cannot carry.
    #[error("rank {rank}: key {key:?} cannot be put or got: {reason}")]
    Unfit {
        /// Our rank.
        rank: usize,
        /// The key.
        key: String,
        /// What is wrong: a character, or the length and the limit.
        reason: String,
    },
    /// The parts of a blob are not what `put_blob` stores.
    #[error("rank {rank}: the value under key {key:?} is no blob, or parts of it are missing")]
    Damaged {
        /// Our rank.
        rank: usize,
        /// The key.
        key: String,
    },
    /// A request after `finalize`.
    #[error("rank {rank}: {doing} after the job was finalized")]
    Finalized {
        /// Our rank.
        rank: usize,
        /// The request.
        doing: &'static str,
    },
}

impl Conversation {
    pub(crate) fn new(stream: Stream, rank: Option<usize>) -> Self {
        let decoder = Decoder::new();
        Conversation {
            stream,
            decoder,
            rank: rank.unwrap_or(0),
            kvsname: String::new(),
            max_key: 63,
            max_value: 1023,
            fence: Fence::Outside,
        }
    }

    /// One request and its answer, which must be of the kind `reply`. The end of a fence may come before it.
    pub(crate) fn ask(
        &mut self,
        doing: &'static str,
        request: &Request,
        reply: &str,
    ) -> Result<Message, PmiError> {
        if matches!(self.fence, Fence::Waiting) {
            // Slurm takes one read for one request, and what says that we have come to the fence has no answer.
            while !all_is_read(self.stream.as_fd()) {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        self.send(doing, &request.to_message())?;
        let mut answer = self.receive(doing)?;
        if matches!(self.fence, Fence::Waiting) && answer.command() == FENCE_OVER {
            self.fence = Fence::Over(answer);
            answer = self.receive(doing)?;
        }
        if answer.command() == reply { Ok(answer) } else { Err(self.refused(doing, &answer)) }
    }

    /// A request goes out in one write, since Slurm takes one read for one request.
    pub(crate) fn send(&mut self, doing: &'static str, message: &Message) -> Result<(), PmiError> {
        let rank = self.rank;
        self.stream.write_all(&message.to_line()).map_err(|source| match source.kind() {
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => PmiError::Closed { rank, doing },
            _ => PmiError::Io { rank, doing, source },
        })
    }

    pub(crate) fn receive(&mut self, doing: &'static str) -> Result<Message, PmiError> {
        loop {
            if let Some(message) = self.received(doing)? {
                return Ok(message);
            }
            self.read(doing)?;
        }
    }

    /// What the launcher has said by now, if it has said something; does not wait.
    pub(crate) fn heard(&mut self, doing: &'static str) -> Result<Option<Message>, PmiError> {
        loop {
            let message = self.received(doing)?;
            let over = message.is_some() || !readable(self.stream.as_fd(), Duration::ZERO);
            if over {
                return Ok(message);
            }
            self.read(doing)?;
        }
    }

    fn received(&mut self, doing: &'static str) -> Result<Option<Message>, PmiError> {
        let rank = self.rank;
        self.decoder.next().transpose().map_err(|source| PmiError::Wire { rank, doing, source })
    }

    fn read(&mut self, doing: &'static str) -> Result<(), PmiError> {
        let rank = self.rank;
        let mut buffer = [0; 2048];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(PmiError::Closed { rank, doing }),
            Ok(count) => self.decoder.push(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Err(PmiError::Closed { rank, doing });
            }
            Err(source) => return Err(PmiError::Io { rank, doing, source }),
        }
        Ok(())
    }

    pub(crate) fn refused(&self, doing: &'static str, answer: &Message) -> PmiError {
        let answer = String::from_utf8_lossy(&answer.to_line()).trim_end().to_owned();
        PmiError::Refused { rank: self.rank, doing, answer }
    }
}

impl Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Inherited(stream) => stream.read(buffer),
            Stream::Tcp(stream) => stream.read(buffer),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            // Not `write`: a launcher that is gone must be an error, not SIGPIPE, even where a C program has
            // left that signal at its default.
            Stream::Inherited(stream) => send_all(stream.as_fd(), bytes),
            Stream::Tcp(stream) => send_all(stream.as_fd(), bytes),
        }
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Stream::Inherited(stream) => stream.as_fd(),
            Stream::Tcp(stream) => stream.as_fd(),
        }
    }
}

/// Waits until there is something to read, an end included, or until that much time is over; whether there is.
pub(crate) fn readable(stream: BorrowedFd<'_>, limit: Duration) -> bool {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let mut stream = [PollFd::from_borrowed_fd(stream, PollFlags::IN)];
    let limit = Timespec::try_from(limit).ok();
    // Whatever is wrong with the descriptor shows when it is read.
    !matches!(poll(&mut stream, limit.as_ref()), Ok(0) | Err(rustix::io::Errno::INTR))
}

fn send_all(stream: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::net::{SendFlags, send};
    while !bytes.is_empty() {
        match send(stream, bytes, SendFlags::NOSIGNAL) {
            Ok(sent) => bytes = bytes.get(sent..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            // A launcher may use a pair of FIFOs; then there is no flag to ask for.
            Err(rustix::io::Errno::NOTSOCK) => {
                let written = rustix::io::write(stream, bytes)?;
                bytes = bytes.get(written..).unwrap_or_default();
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
