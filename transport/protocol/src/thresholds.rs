//! Where one protocol ends and the next begins.

/// Where one protocol ends and the next begins. The default leaves the choice of protocol to the transport's
/// own figures ([`Caps`](olympi_transport_api::Caps)), which it has measured or knows best.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Thresholds {
    /// Longest message sent eagerly, in bytes, instead of the transport's `eager_max`. Longer ones wait for
    /// their receive, which saves a copy and memory at the receiver and costs a round trip. Default: the
    /// transport's.
    pub eager_max: Option<usize>,
    /// From this length on the receiver fetches a message by `get`, instead of the transport's `get_from`.
    /// Without effect where there is no `get`. Default: the transport's.
    pub get_from: Option<usize>,
    /// From this length on the sender writes a message by `put`, instead of the transport's `put_from`.
    /// Without effect where there is no `put`. Default: the transport's.
    pub put_from: Option<usize>,
    /// Longest single `get` or `put`, in bytes; a longer message is moved piece by piece. Long enough that the
    /// fixed cost of an operation (one to two microseconds) does not show, short enough that other peers get
    /// their turn in between. Default: 1 MiB, about 80 microseconds of copying.
    pub rma_piece: usize,
    /// How many pieces of one message may be under way at once. Default: 4, enough that a fabric always has
    /// the next one at hand when one ends.
    pub rma_window: usize,
    /// How many frames of a long message go to one peer in one poll, where neither `get` nor `put` serves.
    /// Default: 64, so that polling stays short beside a stream of data.
    pub frames_per_poll: usize,
    /// How many bytes the messages that nobody has asked for yet may take, as far as their senders did not wait for
    /// their receive. Peers that send more are told to wait, all their messages then being rendezvous, until half of
    /// it is received. What is under way by then comes on top. Default: 256 MiB, which leaves room for the memory of
    /// a program on any machine that it is worth running on, and is more than programs rely on by intention.
    pub unexpected_max: usize,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            eager_max: None,
            get_from: None,
            put_from: None,
            rma_piece: 1 << 20,
            rma_window: 4,
            frames_per_poll: 64,
            unexpected_max: 256 << 20,
        }
    }
}
