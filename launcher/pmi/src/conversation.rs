//! One request, one answer: the client's end of the line to the launcher.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::TcpStream;
use std::os::fd::{AsFd, BorrowedFd};

use thiserror::Error;

use crate::pmi1::Request;
use crate::wire::{Decoder, Message, WireError};

/// Requests and their answers over one stream.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) stream: Stream,
    decoder: Decoder,
    pub(crate) rank: usize,
    pub(crate) kvsname: String,
    pub(crate) max_key: usize,
    pub(crate) max_value: usize,
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
        }
    }

    /// One request and its answer, which must be of the kind `reply`.
    pub(crate) fn ask(
        &mut self,
        doing: &'static str,
        request: &Request,
        reply: &str,
    ) -> Result<Message, PmiError> {
        self.send(doing, &request.to_message())?;
        let answer = self.receive(doing)?;
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
        let rank = self.rank;
        loop {
            match self.decoder.next() {
                Some(Ok(message)) => return Ok(message),
                Some(Err(source)) => return Err(PmiError::Wire { rank, doing, source }),
                None => {}
            }
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
        }
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
