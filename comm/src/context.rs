//! Contexts: which traffic may meet.
//!
//! A communicator has a number; each kind of its traffic has a context of its own, so that buffers, objects and
//! collectives never match one another by accident (MPI 5.0, section 7.1.2).

use std::collections::HashMap;

use olympi_datatype::{Equivalence, signature};
use olympi_matching::MatchQueue;
use olympi_transport_api::Peer;

use crate::collective::Calls;
use crate::group::Group;
use crate::inbox::Unexpected;

/// A kind of traffic inside one communicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Raw buffers: slices and vectors, of elements of this class.
    Buffers(u8),
    /// Serialized objects.
    Objects,
    /// What collectives send.
    Collective,
}

impl Traffic {
    /// Raw buffers of whatever elements.
    pub(crate) const ANY_BUFFERS: Self = Self::Buffers(signature::UNCHECKED);

    /// Raw buffers of these elements.
    #[inline]
    pub(crate) const fn of<T: Equivalence>() -> Self {
        Self::Buffers(T::SIGNATURE)
    }

    /// The class of the elements.
    #[inline]
    pub(crate) const fn signature(self) -> u8 {
        match self {
            Self::Buffers(signature) => signature,
            Self::Objects | Self::Collective => signature::UNCHECKED,
        }
    }
}

/// The communicator of all processes.
pub(crate) const WORLD: u32 = 0;
/// The communicator of this process alone.
pub(crate) const SELF: u32 = 1;

/// The last context of the communicator of all processes; it has the first ones.
pub(crate) const WORLD_CONTEXTS: u32 = context(WORLD, Traffic::Collective);
/// A context that no communicator has: what lies in its queue is never received.
pub(crate) const NOWHERE: u32 = u32::MAX;

/// The number that goes into envelopes.
#[inline]
pub(crate) const fn context(communicator: u32, traffic: Traffic) -> u32 {
    let number = match traffic {
        Traffic::Buffers(_) => 0,
        Traffic::Objects => 1,
        Traffic::Collective => 2,
    };
    communicator * 4 + number
}

/// The matching queue of a context: receives are operations, unexpected messages are arrivals.
pub(crate) type Queue = MatchQueue<u32, Unexpected>;

/// One context: its queue, and who may send in it.
pub(crate) struct Context {
    pub(crate) queue: Queue,
    /// The communicator's members; unknown while only messages have come, and no communicator yet.
    pub(crate) group: Option<Group>,
    /// Of the context of collectives: how many calls there were, and the schedules of some.
    pub(crate) calls: Calls,
}

/// All contexts, found by number: small ones directly, since nearly all are, others by hash, so that a
/// number from the wire cannot claim memory.
#[derive(Default)]
pub(crate) struct Contexts {
    direct: Vec<Context>,
    rest: HashMap<u32, Context>,
}

const DIRECT: u32 = 1024;

impl Contexts {
    /// The context of that number, made if there is none.
    #[inline]
    pub(crate) fn get(&mut self, number: u32) -> &mut Context {
        if (number as usize) < self.direct.len() {
            return &mut self.direct[number as usize];
        }
        self.make(number)
    }

    #[cold]
    fn make(&mut self, number: u32) -> &mut Context {
        let new = || Context { queue: Queue::new(), group: None, calls: Calls::default() };
        if number >= DIRECT {
            return self.rest.entry(number).or_insert_with(new);
        }
        self.direct.resize_with(number as usize + 1, new);
        &mut self.direct[number as usize]
    }

    /// Every context there is.
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut Context> {
        self.direct.iter_mut().chain(self.rest.values_mut())
    }

    /// Names the members of a context.
    pub(crate) fn enroll(&mut self, number: u32, group: &Group) {
        self.get(number).group = Some(group.clone());
    }
}

impl Context {
    /// The rank of a peer in this context's communicator, if it is known to be a member.
    pub(crate) fn rank_of(&self, peer: Peer) -> Option<u32> {
        self.group.as_ref().and_then(|group| group.rank_of(peer))
    }
}
