//! What is known of a message that was received or probed.

use olympi_datatype::Equivalence;

/// The rank that matches any sender (`MPI_ANY_SOURCE`), for receives and probes.
pub const ANY_SOURCE: i32 = -1;
/// The tag that matches any tag (`MPI_ANY_TAG`), for receives and probes.
pub const ANY_TAG: i32 = -2;
/// The rank of nobody (`MPI_PROC_NULL`): sending to it and receiving from it end at once and do nothing.
pub const PROC_NULL: i32 = -3;
/// In the place of the root of a collective of an intercommunicator (`MPI_ROOT`): this rank is the root. The others of its
/// group give [`PROC_NULL`], and those of the other group its rank.
pub const ROOT: i32 = -4;
/// The largest tag (`MPI_TAG_UB`).
pub const TAG_UB: i32 = i32::MAX;

/// What is known of a message that was received or probed (`MPI_Status`, MPI 5.0, section 3.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    pub(crate) source: i32,
    pub(crate) tag: i32,
    pub(crate) bytes: usize,
    pub(crate) cancelled: bool,
}

impl Status {
    /// What a receive from [`PROC_NULL`] yields, at once.
    pub(crate) const PROC_NULL: Self = Self { source: PROC_NULL, tag: ANY_TAG, bytes: 0, cancelled: false };
    /// What an operation that has no message yields (a send, a request that is not active).
    pub(crate) const EMPTY: Self = Self { source: ANY_SOURCE, tag: ANY_TAG, bytes: 0, cancelled: false };

    /// The sender's rank in the communicator; [`PROC_NULL`] where there was none.
    pub fn source(&self) -> i32 {
        self.source
    }

    /// The message's tag.
    pub fn tag(&self) -> i32 {
        self.tag
    }

    /// Length of the message in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many whole elements of `T` the message held (`MPI_Get_count`); `None` where its length is no whole
    /// number of them.
    ///
    /// ```
    /// # use olympi_comm::Universe;
    /// let universe = Universe::init()?;
    /// let me = universe.self_comm();
    /// me.bsend(&[1_i32, 2, 3], 0, 5).unwrap_err(); // no buffer is attached
    /// let request = me.isend(vec![1_i32, 2, 3], 0, 5)?;
    /// let status = me.probe(0, 5)?;
    /// assert_eq!((status.bytes(), status.count::<i32>(), status.count::<[u8; 5]>()), (12, Some(3), None));
    /// let (numbers, _) = me.recv_vec::<i32>(0, 5)?;
    /// assert_eq!(request.wait()?, numbers);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn count<T: Equivalence>(&self) -> Option<usize> {
        match size_of::<T>() {
            0 => Some(0),
            size => self.bytes.is_multiple_of(size).then_some(self.bytes / size),
        }
    }

    /// Whether the receive was cancelled before a message matched it (`MPI_Test_cancelled`).
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }
}
