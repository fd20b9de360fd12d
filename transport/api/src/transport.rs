//! The one way down: [`Transport`].

use alloc::string::String;

use crate::{
    Address, ConnectError, Extent, Inbound, MemoryRegion, Peer, RecvBuf, RegisterError, RemoteKey, SendBuf,
};

/// What a transport can do. Filled truthfully: the protocol is chosen from it.
#[derive(Clone, Debug)]
pub struct Caps {
    /// The transport's name, as users write it in `OLYMPI_TRANSPORTS`.
    pub name: &'static str,
    /// The longest frame it carries, header and payload together, in bytes. At least 1024.
    pub max_frame: usize,
    /// Up to this many bytes (header and payload) a frame costs the least there is, e.g. one cache line.
    pub inline: usize,
    /// The longest message that is best sent eagerly, in bytes of payload; longer ones take a rendezvous.
    /// May exceed `max_frame`: such a message goes as a train of frames.
    pub eager_max: usize,
    /// From this length on, `get` moves a message faster than frames do; `None` where there is no `get`. A
    /// transport that measures itself may change it between polls.
    pub get_from: Option<usize>,
    /// From this length on, `put` moves a message faster than frames do; `None` where there is no `put`.
    pub put_from: Option<usize>,
}

/// Names a `put` or `get` until its `Done`. Chosen by the caller, opaque to the transport.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct OpToken(pub u64);

/// The answer to something posted. Back-pressure is an answer, not an error.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub enum Post {
    /// Taken. For `send`: the bytes are copied, and the caller's are free again.
    Accepted,
    /// No room now, and nothing was changed. Poll, and try again.
    Busy,
    /// The endpoint is gone. Nothing was changed; the reason is told by [`Inbound::Closed`].
    Closed,
}

/// How a caller that is about to sleep wants to be woken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WakeBy {
    /// By any means, a futex word included: this transport is the only one to wait for.
    Any,
    /// By a file descriptor, since there are others to wait for as well.
    Descriptor,
}

/// What to sleep on, from [`Transport::arm`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wake {
    /// Something is there already, or may be: do not sleep, poll.
    Pending,
    /// Sleep in a futex wait while the 32-bit word at this address holds `expected`. The word belongs to the
    /// transport, lives as long as it does, and may lie in memory shared between processes.
    Word {
        /// Address of the word.
        address: usize,
        /// Sleep only while it holds this.
        expected: u32,
    },
    /// Sleep until this file descriptor is readable. It stays the transport's.
    Descriptor(i32),
    /// Nothing can arrive here at the moment (e.g. there is no peer yet and none can come).
    Never,
}

/// A way to carry frames and memory between this process and its peers.
///
/// # The contract
/// - Frames to one peer arrive once, whole, and in the order in which they were accepted.
/// - [`Post::Accepted`] from `send` means that the bytes are copied; the caller may reuse them.
/// - [`Post::Busy`] changes nothing; it ends when the caller goes on polling, or the peer does.
/// - Each accepted `put` and `get` ends in exactly one [`Inbound::Done`], also when the peer dies.
/// - What a `put` wrote is visible to the peer before any frame sent after its `Done`.
/// - After [`Inbound::Closed`] for a peer, nothing more of that peer is told, and everything posted to it
///   answers [`Post::Closed`]. A peer is told as closed at most once.
/// - A malformed or hostile peer is closed; others are not disturbed, and nothing panics.
/// - `poll` never blocks. It does all the work there is: also what was accepted but not yet written.
/// - A peer's death is noticed by a caller that only polls and sleeps, within about a second.
/// - A `connect` that cannot be made later on is told as [`Inbound::Closed`], with every way that was tried.
pub trait Transport {
    /// What this transport can do.
    fn caps(&self) -> &Caps;

    /// What a peer needs to reach this one. Constant after construction.
    fn address(&self) -> Address;

    /// Makes the endpoint to `peer`, or begins to. Called at most once a peer, before the first `send` to it;
    /// also allowed after frames of that peer have already arrived. It does not block: a transport whose
    /// connection takes time answers `Busy` until it stands.
    fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), ConnectError>;

    /// Copies a frame towards `to`. `header` has at most 64 bytes, and header and payload together at most
    /// `caps().max_frame`.
    fn send(&mut self, to: Peer, header: &[u8], payload: &[u8]) -> Post;

    /// Registers lent memory: peers may `get` from it, and `put` to it if it is writable, as long as the
    /// region lives. An access to any other memory, by a peer's mistake or malice, is refused where the
    /// fabric allows to check it.
    fn register(&mut self, bytes: Extent) -> Result<MemoryRegion, RegisterError>;

    /// Writes all of `from` to the peer's registered memory at `key`. `from` stays lent until the `Done`.
    fn put(&mut self, to: Peer, from: SendBuf, key: RemoteKey, op: OpToken) -> Post;

    /// Fills all of `into` from the peer's registered memory at `key`. `into` stays lent until the `Done`.
    fn get(&mut self, from: Peer, into: RecvBuf, key: RemoteKey, op: OpToken) -> Post;

    /// Tells `sink` of what has happened since, and moves everything on. Returns how many events it told.
    /// A bounded number a call, so that a caller gets to act on them.
    fn poll(&mut self, sink: &mut impl FnMut(Inbound<'_>)) -> usize
    where
        Self: Sized;

    /// Prepares for sleep: whatever arrives from now on wakes. Called after polls that brought nothing.
    fn arm(&mut self, by: WakeBy) -> Wake;

    /// After a sleep, or one that was thought better of.
    fn disarm(&mut self);

    /// Whether all that was accepted has left this process, so that it may exit without loss.
    fn drained(&self) -> bool;

    /// One line for a person: device, port, rate, addresses, how the endpoint to `peer` is made, thresholds. It names
    /// the peer only where something is amiss, so that pairs which are alike have the same line.
    fn describe(&self, peer: Peer) -> String;
}
