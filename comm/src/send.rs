//! Blocking sends of raw buffers, in the four modes (MPI 5.0, sections 3.2 and 3.4).

use olympi_datatype::signature::UNCHECKED;
use olympi_datatype::{Buffer, bytes_of};
use olympi_transport::{Mode, SendBuf, SendId, Sent};
use olympi_transport_api::{Peer, RecvBuf};

use crate::bsend::needed;
use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::door::Inside;
use crate::error::SendError;
use crate::group::Group;
use crate::inbox::State;
use crate::op::{Gone, Hold, OpRef};

impl Communicator {
    /// Sends (`MPI_Send`): ends when the buffer is free again, which may be before the receive begins.
    ///
    /// `data` is a value, an array, a slice or a `Vec` of any [`Equivalence`](olympi_datatype::Equivalence) type.
    /// The receiver names the same element type.
    ///
    /// # Errors
    /// [`SendError`]: wrong rank or tag at once; a peer that is gone.
    ///
    /// ```no_run
    /// # let universe = olympi_comm::Universe::init()?;
    /// let world = universe.world();
    /// if world.rank() == 0 {
    ///     world.send(&[1.5_f64, 2.5], 1, 11)?;
    /// } else if world.rank() == 1 {
    ///     let mut data = [0.0_f64; 2];
    ///     world.recv_into(&mut data, 0, 11)?;
    ///     assert_eq!(data, [1.5, 2.5]);
    /// }
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    #[inline]
    pub fn send<B: Buffer + ?Sized>(&self, data: &B, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send_bytes(Traffic::of::<B::Item>(), Mode::Standard, bytes_of(data.items()), dest, tag)
    }

    /// Sends synchronously (`MPI_Ssend`): ends when a receive has taken the message.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn ssend<B: Buffer + ?Sized>(&self, data: &B, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send_bytes(Traffic::of::<B::Item>(), Mode::Synchronous, bytes_of(data.items()), dest, tag)
    }

    /// Sends to a receive that the program knows to be posted (`MPI_Rsend`). Here it is a standard send, which
    /// the standard allows.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    #[inline]
    pub fn rsend<B: Buffer + ?Sized>(&self, data: &B, dest: i32, tag: i32) -> Result<(), SendError> {
        self.send(data, dest, tag)
    }

    /// Sends out of the [attached buffer](crate::Job::attach_buffer) (`MPI_Bsend`): ends at once, whether or
    /// not a receive is posted.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Buffer`] where the attached buffer has no room.
    pub fn bsend<B: Buffer + ?Sized>(&self, data: &B, dest: i32, tag: i32) -> Result<(), SendError> {
        self.bsend_bytes(Traffic::of::<B::Item>(), bytes_of(data.items()), dest, tag)
    }

    /// The blocking send under all the others.
    #[inline]
    pub(crate) fn send_bytes(
        &self,
        traffic: Traffic,
        mode: Mode,
        bytes: &[u8],
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        let Some(peer) = self.destination(dest, tag)? else { return Ok(()) };
        let mut inside = self.shared.door.enter()?;
        // SAFETY: this call does not return before the operation has ended, and `bytes` is borrowed for it.
        let buf = unsafe { SendBuf::lend(bytes.as_ptr(), bytes.len()) };
        match self.begin_send(&mut inside, traffic, mode, buf, None, peer, tag)? {
            None => Ok(()),
            Some(op) => self.finish_send(inside, op),
        }
    }

    #[cold]
    fn finish_send(&self, inside: Inside<'_, State>, op: OpRef) -> Result<(), SendError> {
        let outcome = self.shared.settle(inside, op);
        match outcome {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(outcome)) => self.others().sent(outcome.failure),
            // The door opened for this thread a moment ago and cannot close: were it to, the buffer would be lent
            // to an operation that nobody waits for.
            Err(error) => unreachable!("the door closed inside a call: {error}"),
        }
    }

    pub(crate) fn bsend_bytes(
        &self,
        traffic: Traffic,
        bytes: &[u8],
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        let Some(peer) = self.destination(dest, tag)? else { return Ok(()) };
        let needed = needed(bytes.len());
        let Some(buffer) = self.bsend_buffer() else {
            return Err(SendError::Buffer { rank: dest, needed, free: 0, attached: 0 });
        };
        if needed > buffer.free() {
            self.shared.look(|_| ())?; // What has left meanwhile makes room.
        }
        let mut inside = self.shared.door.enter()?;
        let Some(piece) = buffer.copy(bytes) else {
            let (free, attached) = (buffer.free(), buffer.attached());
            return Err(SendError::Buffer { rank: dest, needed, free, attached });
        };
        // SAFETY: the piece is on the heap and belongs to the operation, if there is one; else the send is over.
        let buf = unsafe { SendBuf::lend(piece.bytes.as_ptr(), piece.bytes.len()) };
        let mut hold: Option<Box<dyn Hold>> = Some(piece);
        let begun = self.begin_send(&mut inside, traffic, Mode::Standard, buf, Some(&mut hold), peer, tag)?;
        if let Some(op) = begun {
            let _none = inside.detach(op);
        }
        Ok(())
    }

    /// Begins a send. `None`: it is over already. Else the operation keeps what `hold` held.
    #[inline]
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn begin_send(
        &self,
        state: &mut State,
        traffic: Traffic,
        mode: Mode,
        buf: SendBuf,
        hold: Option<&mut Option<Box<dyn Hold>>>,
        peer: Peer,
        tag: i32,
    ) -> Result<Option<OpRef>, SendError> {
        let envelope = self.envelope(traffic, tag, buf.len());
        let State { progress, mail } = state;
        match progress.send(peer, &envelope, mode, buf, SendId(mail.ops.next())) {
            Ok(Sent::Done) => Ok(None),
            Ok(Sent::Pending) => Ok(Some(mail.ops.begin(
                envelope.context,
                UNCHECKED,
                RecvBuf::empty(),
                hold.and_then(Option::take),
            ))),
            Err(error) => Err(self.others().send_error(Gone { peer, detail: error.to_string() })),
        }
    }
}

impl Group {
    /// What a send's end means to the user.
    #[inline]
    pub(crate) fn sent(&self, failure: Option<Box<Gone>>) -> Result<(), SendError> {
        match failure {
            None => Ok(()),
            Some(gone) => Err(self.send_error(*gone)),
        }
    }
}
