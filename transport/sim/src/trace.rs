//! What happened, for the day that a test fails.

use std::collections::VecDeque;
use std::fmt;

use olympi_transport_api::{
    Address, Caps, ConnectError, Extent, Inbound, MemoryRegion, OpToken, Peer, Post, RecvBuf, RegisterError,
    RemoteKey, SendBuf, Transport, Wake, WakeBy,
};

/// How many lines a trace keeps.
const KEPT: usize = 4096;

/// The last 4096 things that happened, a line each when displayed, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    lines: VecDeque<(u64, String)>,
    forgotten: u64,
}

impl Trace {
    /// The lines that are kept, with the tick or the number of the call before each.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        self.lines.iter().map(|(at, line)| (*at, line.as_str()))
    }

    pub(crate) fn note(&mut self, at: u64, line: impl FnOnce() -> String) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
            self.forgotten += 1;
        }
        self.lines.push_back((at, line()));
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.forgotten > 0 {
            writeln!(f, "       ... {} lines before", self.forgotten)?;
        }
        self.lines.iter().try_for_each(|(at, line)| writeln!(f, "{at:>10} {line}"))
    }
}

/// A transport that writes down all that passes through it. When it is dropped in a panic, e.g. of a test, it prints
/// that to standard error.
///
/// ```
/// use olympi_sim::{Loopback, Traced};
/// use olympi_transport_api::{Peer, Transport};
///
/// let mut transport = Traced::new("rank 0", Loopback::new(Peer(0)));
/// let address = transport.address();
/// transport.connect(Peer(0), &address).unwrap();
/// let _ = transport.send(Peer(0), b"1", b"23");
/// assert_eq!(transport.trace().lines().last().unwrap().1, "send to rank 0, 1 + 2 bytes: Accepted");
/// ```
pub struct Traced<T: Transport> {
    inner: T,
    name: String,
    trace: Trace,
    calls: u64,
}

impl<T: Transport> Traced<T> {
    /// Traces `inner`; `name` heads the lines when they are printed.
    pub fn new(name: impl Into<String>, inner: T) -> Self {
        Self { inner, name: name.into(), trace: Trace::default(), calls: 0 }
    }

    /// What happened so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The transport inside.
    pub fn inner(&mut self) -> &mut T {
        &mut self.inner
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        self.calls += 1;
        self.trace.note(self.calls, line);
    }
}

impl<T: Transport> Drop for Traced<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("what {} saw, by number of the call:\n{}", self.name, self.trace);
        }
    }
}

impl<T: Transport> Transport for Traced<T> {
    fn caps(&self) -> &Caps {
        self.inner.caps()
    }

    fn address(&self) -> Address {
        self.inner.address()
    }

    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError> {
        let answer = self.inner.connect(peer, address);
        self.note(|| format!("connect to {peer}: {answer:?}"));
        answer
    }

    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post {
        let answer = self.inner.send(to, header, payload);
        self.note(|| format!("send to {to}, {} + {} bytes: {answer:?}", header.len(), payload.len()));
        answer
    }

    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError> {
        let answer = self.inner.register(bytes);
        self.note(|| format!("register {} bytes: {answer:?}", bytes.len()));
        answer
    }

    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post {
        let answer = self.inner.put(to, from, key, op);
        self.note(|| format!("put {} bytes to {to} at {key:?} as {op:?}: {answer:?}", from.len()));
        answer
    }

    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post {
        let answer = self.inner.get(from, into, key, op);
        self.note(|| format!("get {} bytes from {from} at {key:?} as {op:?}: {answer:?}", into.len()));
        answer
    }

    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let Self { inner, trace, calls, .. } = self;
        *calls += 1;
        inner.poll(&mut |event| {
            trace.note(*calls, || match &event {
                Inbound::Frame { from, header, payload } => {
                    format!("told a frame of {from}, {} + {} bytes", header.len(), payload.len())
                }
                Inbound::Done { op, outcome } => format!("told Done of {op:?}: {outcome:?}"),
                Inbound::Closed(closed) => format!("told Closed: {closed}"),
            });
            sink(event);
        })
    }

    fn arm(&mut self, by: WakeBy) -> Wake {
        let answer = self.inner.arm(by);
        self.note(|| format!("arm by {by:?}: {answer:?}"));
        answer
    }

    fn disarm(&mut self) {
        self.inner.disarm();
        self.note(|| "disarm".to_owned());
    }

    fn drained(&self) -> bool {
        self.inner.drained()
    }

    fn describe(&self, peer: Peer) -> String {
        format!("{} (traced)", self.inner.describe(peer))
    }
}
