//! Objects: anything that serde can serialize (what mpi4py's lower-case calls do with pickle).
//!
//! Objects have a context of their own, so that they never meet a raw buffer by accident; each carries the name of
//! its type, so that a receiver that asks for another type gets an error that names both.

use olympi_object::{decode, encode};
use olympi_transport::Mode;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::communicator::Communicator;
use crate::context::Traffic;
use crate::error::{Error, RecvError, SendError};
use crate::group::Group;
use crate::op::Outcome;
use crate::recv::Growing;
use crate::request::Request;
use crate::status::Status;

/// Objects. Long byte strings inside them want [`serde_bytes`](https://docs.rs/serde_bytes): plain serde moves a
/// `Vec<u8>` byte by byte.
impl Communicator {
    /// Sends an object (mpi4py's `send`): ends when the object is free again.
    ///
    /// The receiver may ask for an owned form of what was sent: `String` for `&str`, `Vec<T>` for `&[T]`.
    ///
    /// # Errors
    /// As [`send`](Self::send), and [`SendError::Encode`].
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// # use std::collections::BTreeMap;
    /// let send = me.isend_object(&BTreeMap::from([("a", 7), ("b", 3)]), 0, 11)?;
    /// let (map, status) = me.recv_object::<BTreeMap<String, i32>>(0, 11)?;
    /// assert_eq!((map["a"], status.tag()), (7, 11));
    /// # send.wait()?;
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn send_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        self.send_bytes(Traffic::Objects, Mode::Standard, &encoded(object, dest)?, dest, tag)
    }

    /// Sends an object synchronously (mpi4py's `ssend`): ends when a receive has taken it.
    ///
    /// # Errors
    /// As [`send_object`](Self::send_object).
    pub fn ssend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        self.send_bytes(Traffic::Objects, Mode::Synchronous, &encoded(object, dest)?, dest, tag)
    }

    /// Sends an object to a receive that the program knows to be posted.
    ///
    /// # Errors
    /// As [`send_object`](Self::send_object).
    pub fn rsend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        self.send_object(object, dest, tag)
    }

    /// Sends an object out of the attached buffer (mpi4py's `bsend`).
    ///
    /// # Errors
    /// As [`send_object`](Self::send_object) and [`bsend`](Self::bsend).
    pub fn bsend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<(), SendError> {
        self.bsend_bytes(Traffic::Objects, &encoded(object, dest)?, dest, tag)
    }

    /// Begins to send an object (mpi4py's `isend`). The object itself is free at once.
    ///
    /// # Errors
    /// As [`send_object`](Self::send_object).
    pub fn isend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.isend_owned(Traffic::Objects, Mode::Standard, encoded(object, dest)?, dest, tag, sent)
    }

    /// Begins to send an object synchronously (mpi4py's `issend`).
    ///
    /// # Errors
    /// As [`send_object`](Self::send_object).
    pub fn issend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.isend_owned(Traffic::Objects, Mode::Synchronous, encoded(object, dest)?, dest, tag, sent)
    }

    /// Sends an object out of the attached buffer (mpi4py's `ibsend`); the request is over at once.
    ///
    /// # Errors
    /// As [`bsend_object`](Self::bsend_object).
    pub fn ibsend_object<T: Serialize + ?Sized>(
        &self,
        object: &T,
        dest: i32,
        tag: i32,
    ) -> Result<Request<()>, SendError> {
        self.bsend_object(object, dest, tag)?;
        Ok(Request::over(()))
    }

    /// Receives an object (mpi4py's `recv`).
    ///
    /// # Errors
    /// As [`recv_into`](Self::recv_into), and [`RecvError::Decode`]: another type was sent, or bytes that are no
    /// object. The message is consumed, later ones are intact.
    pub fn recv_object<T: DeserializeOwned>(&self, source: i32, tag: i32) -> Result<(T, Status), RecvError> {
        match self.post_hold(Traffic::Objects, source, tag, Box::new(Growing::<u8>::default()))? {
            None => Err(no_object()),
            Some(op) => finish(self.shared.outcome(op)?, self.others()),
        }
    }

    /// Begins to receive an object (mpi4py's `irecv`).
    ///
    /// # Errors
    /// Wrong rank or tag at once; waiting tells the rest.
    pub fn irecv_object<T: DeserializeOwned>(
        &self,
        source: i32,
        tag: i32,
    ) -> Result<Request<(T, Status)>, RecvError> {
        match self.post_hold(Traffic::Objects, source, tag, Box::new(Growing::<u8>::default()))? {
            None => Err(no_object()),
            Some(op) => Ok(Request::active(self, op, |outcome, group| Ok(finish(outcome, group)?))),
        }
    }

    /// Sends an object and receives one at once (mpi4py's `sendrecv`).
    ///
    /// # Errors
    /// Those of [`send_object`](Self::send_object) and [`recv_object`](Self::recv_object).
    pub fn sendrecv_object<S: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        object: &S,
        dest: i32,
        send_tag: i32,
        source: i32,
        recv_tag: i32,
    ) -> Result<(R, Status), Error> {
        let request = self.isend_object(object, dest, send_tag)?;
        let received = self.recv_object(source, recv_tag)?;
        request.wait()?;
        Ok(received)
    }
}

fn encoded<T: Serialize + ?Sized>(object: &T, rank: i32) -> Result<Vec<u8>, SendError> {
    let mut bytes = Vec::new();
    encode(object, &mut bytes).map_err(|source| SendError::Encode { rank, source })?;
    Ok(bytes)
}

pub(crate) fn sent(mut outcome: Outcome, group: &Group) -> Result<(), Error> {
    Ok(group.sent(outcome.failure.take())?)
}

/// The object of a receive that has ended.
pub(crate) fn finish<T: DeserializeOwned>(outcome: Outcome, group: &Group) -> Result<(T, Status), RecvError> {
    if outcome.status.is_cancelled() {
        return Err(RecvError::Cancelled);
    }
    let (bytes, status) = Growing::<u8>::finish(outcome, group)?;
    match decode(&bytes) {
        Ok(object) => Ok((object, status)),
        Err(source) => Err(RecvError::Decode { source_rank: status.source, tag: status.tag, source }),
    }
}

/// There is no object to make out of nothing.
#[cold]
pub(crate) fn no_object() -> RecvError {
    RecvError::NoObject
}
