//! What a message is matched by.

/// The envelope of a message (MPI 5.0, section 3.2.3): what it is matched by, what it is made of, and how long it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// The communicator's context, with the kind of traffic (buffers, objects, ...) in its low bits.
    pub context: u32,
    /// The sender's rank in that communicator.
    pub source: u32,
    /// The tag, never negative.
    pub tag: i32,
    /// The class of the message's elements, for who gives and checks it; the floors below carry it. 0: not told.
    pub signature: u8,
    /// Length of the whole message in bytes.
    pub len: u64,
}
