//! What the ranks write, on its way through pipes, the joining of lines, and the sinks.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, OwnedFd};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};

use crate::events::{Events, Interest, Token};
use crate::lines::Joiner;
use crate::sink::{Flushed, Sink, same_place};

/// After this silence the beginning of a line is shown on a terminal.
pub(crate) const PROMPT: Duration = Duration::from_millis(50);

/// How much is read from a stream at once.
const READ: usize = 64 * 1024;

/// Pipes of this size, in bytes, for jobs of few ranks; the user's total is limited.
const PIPE: usize = 256 * 1024;
const FEW_RANKS: usize = 32;

/// All streams of all ranks, and where they go.
pub(crate) struct Outputs {
    /// Standard output and error; one only if both lead to the same place.
    sinks: Vec<SinkState>,
    /// Each rank's standard output and error.
    streams: Vec<[Option<Stream>; 2]>,
    few_ranks: bool,
    buffer: Vec<u8>,
}

struct Stream {
    pipe: File,
    sink: usize,
    /// Its number in the sink's joiner.
    number: usize,
}

struct SinkState {
    sink: Sink,
    /// It is full: the streams that lead to it are not read.
    blocked: bool,
}

/// Whether somebody reads what we write.
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use]
pub(crate) enum Flow {
    On,
    /// A reader has just gone.
    Broken,
}

impl Outputs {
    /// The way to our own standard output and error, for a job of so many ranks.
    pub(crate) fn new(labels: bool, ranks: usize) -> io::Result<Self> {
        let (out, err) = (io::stdout(), io::stderr());
        let mut sinks = vec![Sink::new(out.as_fd(), 1, labels)?];
        if !same_place(out.as_fd(), err.as_fd()) {
            sinks.push(Sink::new(err.as_fd(), 2, labels)?);
        }
        Ok(Outputs {
            sinks: sinks.into_iter().map(|sink| SinkState { sink, blocked: false }).collect(),
            streams: Vec::with_capacity(ranks),
            few_ranks: ranks <= FEW_RANKS,
            buffer: vec![0; READ],
        })
    }

    /// Takes over the next rank's standard output and error.
    pub(crate) fn add(&mut self, events: &Events, pipes: [Option<OwnedFd>; 2]) -> io::Result<()> {
        let rank = self.streams.len();
        let mut streams = [None, None];
        for (which, (pipe, place)) in pipes.into_iter().zip(&mut streams).enumerate() {
            let Some(pipe) = pipe else { continue };
            fcntl_setfl(&pipe, fcntl_getfl(&pipe)? | OFlags::NONBLOCK)?;
            if self.few_ranks && which == 0 {
                // A smaller pipe only means more turns.
                let _ = rustix::pipe::fcntl_setpipe_size(&pipe, PIPE);
            }
            let sink = which.min(self.sinks.len() - 1);
            let Some(state) = self.sinks.get_mut(sink) else { continue };
            let number = state.sink.joiner.add(rank);
            if !state.blocked {
                events.watch(&pipe, Token::Stream(rank as u32, which), Interest::Read)?;
            }
            *place = Some(Stream { pipe: pipe.into(), sink, number });
        }
        self.streams.push(streams);
        Ok(())
    }

    /// A rank has written something, or closed its end.
    pub(crate) fn read(&mut self, events: &Events, rank: usize, which: usize) -> Flow {
        let Some(place) = self.streams.get_mut(rank).and_then(|streams| streams.get_mut(which)) else {
            return Flow::On;
        };
        let Some(stream) = place else { return Flow::On };
        let (sink, number) = (stream.sink, stream.number);
        let Some(target) = self.sinks.get_mut(sink).filter(|target| !target.blocked) else { return Flow::On };
        match stream.pipe.read(&mut self.buffer) {
            Ok(count) if count > 0 => {
                let bytes = self.buffer.get(..count).unwrap_or_default();
                target.sink.feed(|joiner, out| joiner.push(number, bytes, out));
            }
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Ok(_) | Err(_) => {
                *place = None;
                target.sink.feed(|joiner, out| joiner.close(number, out));
            }
        }
        self.flush(events, sink, false)
    }

    /// Writes what a sink takes; `ready` says that it has just announced room.
    pub(crate) fn flush(&mut self, events: &Events, sink: usize, ready: bool) -> Flow {
        let Some(state) = self.sinks.get_mut(sink) else { return Flow::On };
        let flushed = state.sink.flush(ready);
        let has = flushed == Flushed::Blocked;
        if state.sink.waits() {
            // Watching twice and forgetting twice both fail and change nothing.
            if has {
                let _ = events.watch(&state.sink, Token::Sink(sink), Interest::Write);
            } else if ready {
                let _ = events.forget(&state.sink);
            }
        }
        let blocked = has && (state.sink.is_full() || state.blocked);
        if blocked != state.blocked {
            state.blocked = blocked;
            for (rank, streams) in self.streams.iter().enumerate() {
                for (which, stream) in streams.iter().enumerate() {
                    let Some(stream) = stream.as_ref().filter(|stream| stream.sink == sink) else { continue };
                    // It was added once, so that neither fails.
                    let _ = match blocked {
                        true => events.forget(&stream.pipe),
                        false => {
                            events.watch(&stream.pipe, Token::Stream(rank as u32, which), Interest::Read)
                        }
                    };
                }
            }
        }
        if flushed == Flushed::Broken { Flow::Broken } else { Flow::On }
    }

    /// Whether the beginning of a line waits to be shown on a terminal.
    pub(crate) fn prompting(&self) -> bool {
        self.sinks.iter().any(|state| state.sink.is_terminal() && state.sink.joiner.has_partial())
    }

    /// Shows beginnings of lines on terminals.
    pub(crate) fn show_prompts(&mut self, events: &Events) -> Flow {
        let mut flow = Flow::On;
        for sink in 0..self.sinks.len() {
            if let Some(state) = self.sinks.get_mut(sink).filter(|state| state.sink.is_terminal()) {
                state.sink.feed(Joiner::flush_partials);
                if self.flush(events, sink, false) == Flow::Broken {
                    flow = Flow::Broken;
                }
            }
        }
        flow
    }

    /// Whether the output ends in the middle of a line, so that a word of our own begins with a line end.
    pub(crate) fn is_mid_line(&self) -> bool {
        self.sinks.iter().any(|state| state.sink.joiner.is_mid_line())
    }

    /// Whether everything that will ever come has been written.
    pub(crate) fn are_drained(&self) -> bool {
        self.streams.iter().flatten().all(Option::is_none)
            && !self.sinks.iter().any(|state| state.sink.has_pending())
    }

    /// Waits for no more from the ranks; what has come is still written.
    pub(crate) fn close_streams(&mut self) {
        for stream in self.streams.iter_mut().flatten() {
            let Some(Stream { sink, number, .. }) = stream.take() else { continue };
            if let Some(state) = self.sinks.get_mut(sink) {
                state.sink.feed(|joiner, out| joiner.close(number, out));
            }
        }
    }

    /// Drops everything: nobody reads it.
    pub(crate) fn discard(&mut self) {
        self.streams.clear();
        for state in &mut self.sinks {
            state.sink.discard();
        }
    }
}
