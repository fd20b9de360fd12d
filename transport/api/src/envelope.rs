//! What a message is matched by.

/// The envelope of a message (MPI 5.0, section 3.2.3): what it is matched by, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The communicator's context, with the kind of traffic (buffers, objects, ...) in its low bits.
    pub context: u32,
    /// The sender's rank in that communicator.
    pub source: u32,
    /// The tag, never negative.
    pub tag: i32,
    /// Length of the whole message in bytes.
    pub len: u64,
}
