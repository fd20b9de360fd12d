//! What the event loop waits for: epoll, with a word for each thing that can happen.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// What an event is about; packed into epoll's 64 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Token {
    /// Signals have come.
    Signals,
    /// A rank says something over PMI, or takes answers again.
    Pmi(u32),
    /// A rank has written to its standard output (0) or error (1).
    Stream(u32, usize),
    /// mpiexec's own standard output or error takes more.
    Sink(usize),
    /// Something was typed.
    Terminal,
    /// Rank 0 takes more standard input.
    Stdin,
    /// A rank's process has ended.
    End(u32),
}

/// What to wait for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Interest {
    Read,
    Write,
}

/// The set of everything that is waited for.
pub(crate) struct Events {
    epoll: OwnedFd,
    buffer: Vec<epoll::Event>,
}

impl Events {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Events { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, buffer: Vec::with_capacity(64) })
    }

    /// Begins to wait for a source, until it is closed or forgotten.
    pub(crate) fn watch(&self, source: impl AsFd, token: Token, interest: Interest) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, token.pack(), interest.flags())?)
    }

    /// Waits for something else of a source.
    pub(crate) fn change(&self, source: impl AsFd, token: Token, interest: Interest) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, source, token.pack(), interest.flags())?)
    }

    /// Waits for a source no more.
    pub(crate) fn forget(&self, source: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    /// Waits at most this long (without a limit: until something happens), and appends what has happened.
    pub(crate) fn wait(&mut self, limit: Option<Duration>, happened: &mut Vec<Token>) -> io::Result<()> {
        let limit = limit.map(|limit| Timespec {
            tv_sec: limit.as_secs() as i64,
            tv_nsec: i64::from(limit.subsec_nanos()),
        });
        self.buffer.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.buffer), limit.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        happened.extend(self.buffer.iter().map(|event| Token::unpack(event.data)));
        Ok(())
    }
}

impl Interest {
    fn flags(self) -> epoll::EventFlags {
        match self {
            Interest::Read => epoll::EventFlags::IN,
            Interest::Write => epoll::EventFlags::OUT,
        }
    }
}

impl Token {
    fn pack(self) -> epoll::EventData {
        let (kind, number) = match self {
            Token::Signals => (0, 0),
            Token::Pmi(rank) => (1, rank),
            Token::Stream(rank, 0) => (2, rank),
            Token::Stream(rank, _) => (3, rank),
            Token::Sink(sink) => (4, u32::from(sink != 0)),
            Token::Terminal => (5, 0),
            Token::Stdin => (6, 0),
            Token::End(rank) => (7, rank),
        };
        epoll::EventData::new_u64(kind << 32 | u64::from(number))
    }

    fn unpack(data: epoll::EventData) -> Self {
        let data = data.u64();
        let number = data as u32;
        match data >> 32 {
            0 => Token::Signals,
            1 => Token::Pmi(number),
            2 => Token::Stream(number, 0),
            3 => Token::Stream(number, 1),
            4 => Token::Sink(number as usize),
            5 => Token::Terminal,
            6 => Token::Stdin,
            _ => Token::End(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_packing() {
        for token in [
            Token::Signals,
            Token::Pmi(u32::MAX),
            Token::Stream(7, 0),
            Token::Stream(7, 1),
            Token::Sink(0),
            Token::Sink(1),
            Token::Terminal,
            Token::Stdin,
            Token::End(3),
        ] {
            assert_eq!(Token::unpack(token.pack()), token);
        }
    }
}
