//! Contexts: which traffic may meet.
//!
//! A communicator has a number of 29 bits and more, the same at all its members; each kind of its traffic has a context of its
//! own, so that buffers, objects and collectives never match one another by accident (MPI 5.0, section 7.1.2). How
//! processes come to the same number is told in `create/ballot.rs`.
//!
//! [`Contexts`] knows four states of a number: in use (it has queues), *reserved* (a creation under way would take it),
//! *retired* (freed here not long ago: what still comes for it is discarded), and free. What comes for a free or
//! reserved number waits, since its sender may know of the new communicator before this process does.

mod index;
mod numbers;

use std::collections::HashMap;

use olympi_datatype::{Equivalence, signature};
use olympi_matching::{Key, MatchQueue, Pattern};
use olympi_transport::ArrivalId;
use olympi_transport_api::{Envelope, Peer};

use crate::collective::Calls;
use crate::group::Group;
use crate::inbox::Unexpected;

use index::Index;
use numbers::Numbers;
pub(crate) use numbers::{candidate, mix};

/// A kind of traffic inside one communicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// Raw buffers: slices and vectors, of elements of this class.
    Buffers(u8),
    /// Serialized objects.
    Objects,
    /// Messages of collectives, whose schedules know what they are made of.
    Collective,
    /// The partitions of partitioned operations, of elements of this class.
    Partitions(u8),
    /// What announces these.
    Announcements(u8),
    /// Those messages of an intercommunicator's collectives that stay inside a group.
    Inside,
}

impl Traffic {
    /// Raw buffers of whatever elements.
    pub(crate) const ANY_BUFFERS: Self = Self::Buffers(signature::UNCHECKED);

    /// Partitions of whatever elements.
    pub(crate) const PARTITIONS: Self = Self::Partitions(signature::UNCHECKED);

    /// Raw buffers of these elements.
    #[inline]
    pub(crate) const fn of<T: Equivalence>() -> Self {
        Self::Buffers(T::SIGNATURE)
    }

    /// The class of the elements.
    #[inline]
    pub(crate) const fn signature(self) -> u8 {
        match self {
            Self::Buffers(signature) | Self::Partitions(signature) | Self::Announcements(signature) => {
                signature
            }
            Self::Objects | Self::Collective | Self::Inside => signature::UNCHECKED,
        }
    }
}

/// How many contexts a communicator has.
const KINDS: u32 = 6;
/// The one in which an intercommunicator's own group sends, rather than the other one.
const INSIDE: u32 = 5;

/// The communicator of all processes.
pub(crate) const WORLD: u32 = 0;
/// The communicator of this process alone.
pub(crate) const SELF: u32 = 1;
/// Where processes agree on new communicators: a rank in it is its process's number.
pub(crate) const AGREEMENTS: u32 = 2;
/// The first number that a new communicator may have.
pub(crate) const FIRST: u32 = 3;
/// Numbers from here on are given to no new communicator either.
pub(crate) const END: u32 = u32::MAX / KINDS - 1;

/// The last context of the communicator of all processes; it has the first ones.
const WORLD_CONTEXTS: u32 = KINDS - 1;

/// The number that goes into envelopes.
#[inline]
pub(crate) const fn context(communicator: u32, traffic: Traffic) -> u32 {
    let number = match traffic {
        Traffic::Buffers(_) => 0,
        Traffic::Objects => 1,
        Traffic::Collective => 2,
        Traffic::Partitions(_) => 3,
        Traffic::Announcements(_) => 4,
        Traffic::Inside => INSIDE,
    };
    communicator * KINDS + number
}

/// The number of the communicator that has this context.
#[inline]
pub(crate) const fn number_of(context: u32) -> u32 {
    context / KINDS
}

/// The matching queue of a context: receives are operations, unexpected messages are arrivals.
pub(crate) type Queue = MatchQueue<u32, Unexpected>;

/// What a communicator has here: a queue for each kind of traffic, and who may send.
struct Place {
    senders: Group,
    /// Who may send [inside](Traffic::Inside): the own group of an intercommunicator, and nobody elsewhere.
    inside: Group,
    queues: [Queue; KINDS as usize],
    /// What is remembered of its collectives.
    calls: Calls,
}

impl Place {
    fn of(senders: &Group) -> Self {
        Self::between(senders, &Group::empty())
    }

    fn between(senders: &Group, inside: &Group) -> Self {
        let (senders, inside) = (senders.clone(), inside.clone());
        Self { senders, inside, queues: Default::default(), calls: Calls::default() }
    }

    /// Who may send in a context of this kind.
    #[inline]
    fn senders(&self, kind: u32) -> &Group {
        if kind == INSIDE { &self.inside } else { &self.senders }
    }
}

/// A message for a communicator that is not known here yet.
struct Early {
    kind: u32,
    from: Peer,
    key: Key,
    message: Unexpected,
}

/// The queues of all communicators, found by the number of a context.
pub(crate) struct Contexts {
    /// Those of [`WORLD`], [`SELF`] and [`AGREEMENTS`] come first; one that is vacant has no senders.
    places: Vec<Place>,
    vacant: Vec<u32>,
    index: Index,
    numbers: Numbers,
    early: HashMap<u32, Vec<Early>>,
}

/// Where a message goes.
pub(crate) enum Way<'a> {
    /// Into this queue.
    To(&'a mut Queue),
    /// The sender is not who it says it is.
    Forged,
    /// Nobody here knows the communicator.
    Unknown,
}

impl Contexts {
    /// Lets all schedules of collectives be made anew.
    pub(crate) fn forget_schedules(&mut self) {
        self.places.iter_mut().for_each(|place| place.calls.forget());
    }

    /// The contexts that there are from the beginning.
    pub(crate) fn new(world: &Group, alone: &Group) -> Self {
        Self {
            places: vec![Place::of(world), Place::of(alone), Place::of(world)],
            vacant: Vec::new(),
            index: Index::default(),
            numbers: Numbers::default(),
            early: HashMap::new(),
        }
    }

    #[inline]
    fn place(&self, number: u32) -> Option<usize> {
        if number < FIRST { Some(number as usize) } else { self.index.get(number).map(|at| at as usize) }
    }

    /// The queue of a context, and who may send in it.
    #[inline]
    pub(crate) fn find(&mut self, context: u32) -> Option<(&Group, &mut Queue)> {
        let place = self.place(number_of(context))?;
        let Place { senders, inside, queues, .. } = &mut self.places[place];
        let kind = context % KINDS;
        Some((if kind == INSIDE { inside } else { senders }, &mut queues[kind as usize]))
    }

    /// The queue of a context.
    #[inline]
    pub(crate) fn queue(&mut self, context: u32) -> Option<&mut Queue> {
        self.find(context).map(|(_, queue)| queue)
    }

    /// What is remembered of the collectives of a communicator, which has a handle or runs one, so that it is in use.
    ///
    /// # Panics
    /// If it is not.
    #[inline]
    pub(crate) fn calls(&mut self, context: u32) -> &mut Calls {
        let place =
            self.place(number_of(context)).unwrap_or_else(|| unreachable!("context {context} is not in use"));
        &mut self.places[place].calls
    }

    /// Where a message of this peer goes.
    #[inline]
    pub(crate) fn way(&mut self, from: Peer, envelope: &Envelope) -> Way<'_> {
        // In the world a rank is its process's number, so that nearly all are checked by two comparisons.
        if envelope.context <= WORLD_CONTEXTS && envelope.source == from.0 {
            return Way::To(&mut self.places[WORLD as usize].queues[envelope.context as usize]);
        }
        self.other_way(from, envelope)
    }

    #[inline(never)]
    fn other_way(&mut self, from: Peer, envelope: &Envelope) -> Way<'_> {
        match self.find(envelope.context) {
            None => Way::Unknown,
            Some((senders, queue)) if senders.is(envelope.source, from) => Way::To(queue),
            Some(_) => Way::Forged,
        }
    }

    /// Whether what comes for a communicator that is not known comes too late, rather than early.
    pub(crate) fn is_late(&self, context: u32) -> bool {
        self.numbers.is_retired(number_of(context))
    }

    /// Keeps a message until its communicator is known.
    pub(crate) fn keep(&mut self, context: u32, from: Peer, key: Key, message: Unexpected) {
        let (number, kind) = (number_of(context), context % KINDS);
        self.early.entry(number).or_default().push(Early { kind, from, key, message });
    }

    /// Reserves a number for a creation that is under way; whether it was free.
    pub(crate) fn reserve(&mut self, number: u32) -> bool {
        self.place(number).is_none() && self.numbers.reserve(number)
    }

    /// A creation has not come to take its number.
    pub(crate) fn release(&mut self, number: u32) {
        self.numbers.release(number);
    }

    /// A communicator has come to be, with the number that was reserved for it: who sends in it, and who does
    /// [inside](Traffic::Inside). Gives the messages in another's name, which are to be discarded.
    #[must_use]
    pub(crate) fn enroll(&mut self, number: u32, senders: &Group, inside: &Group) -> Vec<ArrivalId> {
        self.numbers.release(number);
        let mut place = Place::between(senders, inside);
        let mut forged = Vec::new();
        for Early { kind, from, key, message } in self.early.remove(&number).unwrap_or_default() {
            if place.senders(kind).is(key.source, from) {
                place.queues[kind as usize].arrive(key, || message);
            } else {
                forged.push(message.arrival);
            }
        }
        if let Some(at) = self.vacant.pop() {
            self.places[at as usize] = place;
            self.index.insert(number, at);
        } else {
            self.index.insert(number, self.places.len() as u32);
            self.places.push(place);
        }
        forged
    }

    /// The communicator, or its creation, has come to its end here: what comes for it from now on is discarded. Gives the
    /// messages that nobody has received, which are to be discarded, and the receives that no message has matched.
    #[must_use]
    pub(crate) fn retire(&mut self, number: u32) -> (Vec<ArrivalId>, Vec<u32>) {
        self.numbers.retire(number);
        let early = self.early.remove(&number).unwrap_or_default();
        let mut messages: Vec<_> = early.into_iter().map(|early| early.message.arrival).collect();
        let mut receives = Vec::new();
        if let Some(at) = self.index.remove(number) {
            for queue in &mut self.places[at as usize].queues {
                let unexpected = queue.drain_unexpected(|_, _| true);
                messages.extend(unexpected.into_iter().map(|(_, message)| message.arrival));
                receives.extend(queue.drain_posted(|_, _| true).into_iter().map(|(_, slot)| slot));
            }
            self.places[at as usize] = Place::of(&Group::empty());
            self.vacant.push(at);
        }
        (messages, receives)
    }

    /// Takes all messages that nobody has received.
    pub(crate) fn drain_unexpected(&mut self) -> Vec<ArrivalId> {
        let early = self.early.drain().flat_map(|(_, early)| early);
        let mut messages: Vec<_> = early.map(|early| early.message.arrival).collect();
        for queue in self.places.iter_mut().flat_map(|place| &mut place.queues) {
            if queue.unexpected_len() > 0 {
                let unexpected = queue.drain_unexpected(|_, _| true);
                messages.extend(unexpected.into_iter().map(|(_, message)| message.arrival));
            }
        }
        messages
    }

    /// Takes all receives that wait for this peer, which is gone; by a wildcard too.
    pub(crate) fn drain_posted(&mut self, gone: Peer) -> Vec<u32> {
        let mut receives = Vec::new();
        for Place { senders, inside, queues, .. } in &mut self.places {
            let (outside, inside) = (senders.rank_of(gone), inside.rank_of(gone));
            for (kind, queue) in (0..).zip(queues) {
                let Some(rank) = (if kind == INSIDE { inside } else { outside }) else { continue };
                let waits = |pattern: &Pattern, _: &u32| pattern.source.is_none_or(|source| source == rank);
                receives.extend(queue.drain_posted(waits).into_iter().map(|(_, slot)| slot));
            }
        }
        receives
    }

    /// How many receives of buffers and objects wait for a message, and how many such messages for a receive.
    pub(crate) fn waiting(&self) -> (usize, usize) {
        let users = self.places.iter().enumerate().filter(|(at, _)| *at != AGREEMENTS as usize);
        // Their contexts are the first two of a communicator.
        let queues = users.flat_map(|(_, place)| &place.queues[..2]);
        queues.fold((0, 0), |(posted, unexpected), queue| {
            (posted + queue.posted_len(), unexpected + queue.unexpected_len())
        })
    }

    /// How many entries the tables have: communicators, room for them, numbers that are reserved, retired, and waited for
    /// by early messages.
    pub(crate) fn sizes(&self) -> [usize; 5] {
        let (reserved, retired) = self.numbers.sizes();
        [self.places.len() - self.vacant.len(), self.places.len(), reserved, retired, self.early.len()]
    }
}
