//! The three forms of a call, made once for all collectives: blocking, non-blocking (of vectors that the operation owns, or
//! in a scope of buffers that it borrows), and persistent.
//!
//! A collective says how to [invoke](Invocation) it for so many elements of a type; everything else is here.

use std::any::Any;

use olympi_coll::Schedule;
use olympi_datatype::{Equivalence, validate_or_zero};
use olympi_transport_api::RecvBuf;

use crate::collective::error::CollectiveError;
use crate::collective::invoke::{Invocation, Shape};
use crate::collective::persistent::PersistentCollective;
use crate::collective::running::Sequence;
use crate::communicator::Communicator;
use crate::error::Error;
use crate::op::{Hold, Outcome};
use crate::recv::{lend, lend_const};
use crate::request::Request;

/// A request that gives the contribution and the result back.
pub(crate) type Both<T> = Request<(Vec<T>, Vec<T>)>;

/// The vectors of a collective that owns them.
pub(crate) struct Pair<T> {
    pub(crate) call: &'static str,
    pub(crate) data: Vec<T>,
    pub(crate) result: Vec<T>,
}

impl<T: Equivalence> Hold for Pair<T> {
    fn room(&mut self, _len: usize) -> RecvBuf {
        RecvBuf::empty() // Its memory is lent to its messages one by one.
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl<T: Equivalence> Pair<T> {
    /// The vectors of a collective that has ended.
    fn finish(outcome: Outcome) -> Result<Self, Error> {
        let hold = outcome.hold.and_then(|hold| hold.into_any().downcast::<Self>().ok());
        let mut pair = *hold.unwrap_or_else(|| unreachable!("the operation has kept its vectors"));
        // Whatever has arrived, the vector holds values before anyone reads it.
        let valid = validate_or_zero(&mut pair.result);
        if let Some(fault) = outcome.fault {
            return Err(CollectiveError::of(*fault).into());
        }
        valid.map_err(|source| CollectiveError::Value { call: pair.call, source })?;
        Ok(pair)
    }
}

impl Communicator {
    /// The blocking form. In place, `data` is empty.
    #[inline]
    pub(crate) fn call<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        data: &[T],
        result: &mut [T],
    ) -> Result<(), CollectiveError> {
        let call = invocation.call;
        let fault = self.run(invocation, lend_const(data), lend(result))?;
        // What is no value of T is made one before the caller can look at it.
        let valid = if T::ANY_BITS { Ok(()) } else { validate_or_zero(result) };
        match fault {
            None => valid.map_err(|source| CollectiveError::Value { call, source }),
            Some(fault) => Err(CollectiveError::of(*fault)),
        }
    }

    /// The non-blocking form on vectors.
    pub(crate) fn call_owned<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        data: Vec<T>,
        result: Vec<T>,
    ) -> Result<Both<T>, CollectiveError> {
        let op = self.begin_owned(invocation, data, result)?;
        Ok(Request::active(self, op, |outcome, _| Pair::finish(outcome).map(|pair| (pair.data, pair.result))))
    }

    /// The non-blocking form on one vector, in place.
    pub(crate) fn call_owned_in_place<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        buffer: Vec<T>,
    ) -> Result<Request<Vec<T>>, CollectiveError> {
        let op = self.begin_owned(invocation, Vec::new(), buffer)?;
        Ok(Request::active(self, op, |outcome, _| Pair::finish(outcome).map(|pair| pair.result)))
    }

    fn begin_owned<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        data: Vec<T>,
        result: Vec<T>,
    ) -> Result<crate::op::OpRef, CollectiveError> {
        let prepared = self.prepare(invocation, Sequence::Requests)?;
        // The vectors' memory stays where it is when they move into the operation.
        let mut pair = Box::new(Pair { call: prepared.call, data, result });
        let (send, recv) = (lend_const(&pair.data), lend(&mut pair.result));
        Ok(self.begin(prepared, send, recv, Some(pair))?)
    }

    /// The persistent form.
    pub(crate) fn call_init<T: Equivalence, P: FnOnce(&Shape<'_>) -> Schedule>(
        &self,
        invocation: Invocation<P>,
        data: Vec<T>,
        result: Vec<T>,
    ) -> Result<PersistentCollective<T>, CollectiveError> {
        let prepared = self.prepare(invocation, Sequence::Calls)?;
        Ok(PersistentCollective::new(self, prepared, data, result))
    }
}

/// Makes the methods of a collective with a contribution and a result.
macro_rules! forms {
    ($(
        $(#[$doc:meta])*
        $blocking:ident, $immediate:ident, $init:ident
        <$t:ident: $bound:path>($($arg:ident: $type:ty),*) = $invoke:ident, $name:literal;
    )*) => {
        impl Communicator {$(
            $(#[$doc])*
            #[inline]
            pub fn $blocking<$t: $bound, S, R>(
                &self, data: &S, into: &mut R $(, $arg: $type)*
            ) -> Result<(), CollectiveError>
            where
                S: Buffer<Item = $t> + ?Sized,
                R: BufferMut<Item = $t> + ?Sized,
            {
                let (data, into) = (data.items(), into.items_mut());
                let invocation = self.$invoke::<$t>(Lengths::apart(data, into) $(, $arg)*)?;
                self.call(invocation, data, into)
            }

            #[doc = concat!("Begins ", $name, " of vectors that the operation owns; waiting gives both back. See [`",
                stringify!($blocking), "`](Self::", stringify!($blocking), ").")]
            ///
            /// # Errors
            /// Wrong arguments at once; waiting tells the rest.
            pub fn $immediate<$t: $bound>(
                &self, data: Vec<$t>, into: Vec<$t> $(, $arg: $type)*
            ) -> Result<Request<(Vec<$t>, Vec<$t>)>, CollectiveError> {
                let invocation = self.$invoke::<$t>(Lengths::apart(&data, &into) $(, $arg)*)?;
                self.call_owned(invocation, data, into)
            }

            #[doc = concat!("Sets up ", $name, " that can be started again and again. See [`",
                stringify!($blocking), "`](Self::", stringify!($blocking), ").")]
            ///
            /// # Errors
            /// Wrong arguments.
            pub fn $init<$t: $bound>(
                &self, data: Vec<$t>, into: Vec<$t> $(, $arg: $type)*
            ) -> Result<PersistentCollective<$t>, CollectiveError> {
                let invocation = self.$invoke::<$t>(Lengths::apart(&data, &into) $(, $arg)*)?;
                self.call_init(invocation, data, into)
            }
        )*}

        impl<'scope, 'env> Scope<'scope, 'env> {$(
            #[doc = concat!("Begins ", $name, " of borrowed buffers. See [`Communicator::", stringify!($blocking), "`].")]
            ///
            /// # Errors
            /// Wrong arguments at once; waiting tells the rest.
            pub fn $immediate<$t: $bound, S, R>(
                &'scope self, data: &'env S, into: &'env mut R $(, $arg: $type)*
            ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError>
            where
                S: Buffer<Item = $t> + ?Sized,
                R: BufferMut<Item = $t> + ?Sized,
            {
                let (data, into) = (data.items(), into.items_mut());
                let invocation = self.communicator().$invoke::<$t>(Lengths::apart(data, into) $(, $arg)*)?;
                self.collective(invocation, data, into)
            }
        )*}
    };
}

/// Makes the methods of a collective on one buffer, in place.
macro_rules! forms_in_place {
    ($(
        $(#[$doc:meta])*
        $blocking:ident, $immediate:ident, $init:ident
        <$t:ident: $bound:path>($($arg:ident: $type:ty),*) = $invoke:ident, $name:literal;
    )*) => {
        impl Communicator {$(
            $(#[$doc])*
            #[inline]
            pub fn $blocking<$t: $bound, R>(
                &self, buffer: &mut R $(, $arg: $type)*
            ) -> Result<(), CollectiveError>
            where
                R: BufferMut<Item = $t> + ?Sized,
            {
                let buffer = buffer.items_mut();
                let invocation = self.$invoke::<$t>(Lengths::in_place(buffer) $(, $arg)*)?;
                self.call(invocation, &[], buffer)
            }

            #[doc = concat!("Begins ", $name, " of a vector that the operation owns; waiting gives it back. See [`",
                stringify!($blocking), "`](Self::", stringify!($blocking), ").")]
            ///
            /// # Errors
            /// Wrong arguments at once; waiting tells the rest.
            pub fn $immediate<$t: $bound>(
                &self, buffer: Vec<$t> $(, $arg: $type)*
            ) -> Result<Request<Vec<$t>>, CollectiveError> {
                let invocation = self.$invoke::<$t>(Lengths::in_place(&buffer) $(, $arg)*)?;
                self.call_owned_in_place(invocation, buffer)
            }

            #[doc = concat!("Sets up ", $name, " that can be started again and again. See [`",
                stringify!($blocking), "`](Self::", stringify!($blocking), ").")]
            ///
            /// # Errors
            /// Wrong arguments.
            pub fn $init<$t: $bound>(
                &self, buffer: Vec<$t> $(, $arg: $type)*
            ) -> Result<PersistentCollective<$t>, CollectiveError> {
                let invocation = self.$invoke::<$t>(Lengths::in_place(&buffer) $(, $arg)*)?;
                self.call_init(invocation, Vec::new(), buffer)
            }
        )*}

        impl<'scope, 'env> Scope<'scope, 'env> {$(
            #[doc = concat!("Begins ", $name, " of a borrowed buffer. See [`Communicator::", stringify!($blocking), "`].")]
            ///
            /// # Errors
            /// Wrong arguments at once; waiting tells the rest.
            pub fn $immediate<$t: $bound, R>(
                &'scope self, buffer: &'env mut R $(, $arg: $type)*
            ) -> Result<ScopedRequest<'scope, 'env>, CollectiveError>
            where
                R: BufferMut<Item = $t> + ?Sized,
            {
                let buffer = buffer.items_mut();
                let invocation = self.communicator().$invoke::<$t>(Lengths::in_place(buffer) $(, $arg)*)?;
                self.collective(invocation, &[], buffer)
            }
        )*}
    };
}

pub(crate) use {forms, forms_in_place};

/// How many elements a call was given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lengths {
    /// Of the contribution; in place that of the buffer.
    pub(crate) data: usize,
    /// Of the result.
    pub(crate) result: usize,
    pub(crate) in_place: bool,
}

impl Lengths {
    pub(crate) fn apart<T>(data: &[T], result: &[T]) -> Self {
        Self { data: data.len(), result: result.len(), in_place: false }
    }

    pub(crate) fn in_place<T>(buffer: &[T]) -> Self {
        Self { data: buffer.len(), result: buffer.len(), in_place: true }
    }

    /// An error, unless a buffer has as many elements as are needed.
    pub(crate) fn check(
        call: &'static str,
        buffer: &'static str,
        len: usize,
        needed: usize,
    ) -> Result<(), CollectiveError> {
        if len == needed { Ok(()) } else { Err(CollectiveError::Buffer { call, buffer, needed, len }) }
    }
}
