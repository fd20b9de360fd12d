//! Communicators: who may speak with whom.

use std::fmt;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use olympi_matching::Pattern;
use olympi_transport::Envelope;
use olympi_transport_api::Peer;

use crate::attribute::Attributes;
use crate::bsend::Room;
use crate::context::{END, FIRST, Traffic, context};
use crate::error::{AttributeError, CreateError, RecvError, SendError};
use crate::error_handler::ErrorHandler;
use crate::group::{Comparison, Group};
use crate::info::Info;
use crate::op::Gone;
use crate::status::{ANY_SOURCE, ANY_TAG, PROC_NULL};
use crate::topology::Topology;
use crate::wait::Shared;

/// The longest name of a communicator, in bytes (`MPI_MAX_OBJECT_NAME`, less the zero at its end in C).
pub const MAX_OBJECT_NAME: usize = 127;

/// A communicator: an ordered set of processes that exchange messages which no other communicator's operations
/// can receive (MPI 5.0, section 7.1). A process is named in it by its *rank*, 0 to `size() - 1`.
///
/// The calls fall into families, each documented where it stands:
/// - sending: [`send`](Self::send), [`bsend`](Self::bsend), [`ssend`](Self::ssend), [`rsend`](Self::rsend);
/// - receiving: [`recv`](Self::recv), [`recv_into`](Self::recv_into), [`recv_vec`](Self::recv_vec);
/// - non-blocking with owned buffers: [`isend`](Self::isend), [`irecv`](Self::irecv),
///   [`irecv_vec`](Self::irecv_vec); with borrowed ones: [`scope`](Self::scope);
/// - persistent: [`send_init`](Self::send_init), [`recv_init`](Self::recv_init);
/// - partitioned: [`psend_init`](Self::psend_init), [`precv_init`](Self::precv_init);
/// - what a datatype lays out: [`send_view`](Self::send_view), [`recv_view`](Self::recv_view), and their kin;
/// - objects: [`send_object`](Self::send_object), [`recv_object`](Self::recv_object), and their kin;
/// - asking first: [`probe`](Self::probe), [`iprobe`](Self::iprobe), [`mprobe`](Self::mprobe);
/// - making others: [`dup`](Self::dup), [`split`](Self::split), [`create`](Self::create), and their kin;
/// - between two groups: [`create_inter`](Self::create_inter), [`merge`](Self::merge), [`is_inter`](Self::is_inter);
/// - what it carries: [`name`](Self::name), [`info`](Self::info), [`attr`](Self::attr),
///   [`error_handler`](Self::error_handler).
///
/// Dropping it frees it (`MPI_Comm_free`), on this process alone and without waiting for the others. Operations that are
/// under way on it end as they would have; what comes for it later is discarded.
pub struct Communicator {
    pub(crate) shared: Arc<Shared>,
    id: u32,
    rank: u32,
    size: u32,
    /// How many ranks a message can go to and come from: those of the others.
    reach: u32,
    others: Group,
    pub(crate) core: Arc<Core>,
    /// This is the user's own handle; the others are those of operations.
    owner: bool,
}

/// What all handles of a communicator have in common. It lives as long as its last operation, and its contexts with it.
///
/// It must never be dropped inside the door, which it enters.
pub(crate) struct Core {
    pub(crate) shared: Arc<Shared>,
    pub(crate) id: u32,
    /// This process's group.
    pub(crate) group: Group,
    /// With whom its messages are exchanged: the group itself, or an intercommunicator's other one.
    pub(crate) others: Group,
    /// They are an intercommunicator's other one.
    pub(crate) is_inter: bool,
    /// How many communicators have been made of it, failures included: the same at all members.
    pub(crate) children: AtomicU32,
    /// Its own buffer for buffered sends.
    pub(crate) room: Room,
    about: Mutex<About>,
}

/// What a communicator carries for its users.
#[derive(Default)]
pub(crate) struct About {
    pub(crate) name: String,
    pub(crate) info: Info,
    pub(crate) handler: ErrorHandler,
    pub(crate) attributes: Attributes,
    pub(crate) topology: Option<Topology>,
    /// The buffer of the session that it comes from, if it does.
    pub(crate) session: Option<Arc<Room>>,
}

impl About {
    pub(crate) fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

impl Core {
    /// What it carries. Nobody calls a user's function meanwhile.
    pub(crate) fn about(&self) -> MutexGuard<'_, About> {
        self.about.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        if !(FIRST..END).contains(&self.id) {
            return;
        }
        match self.shared.door.enter() {
            Ok(mut inside) => {
                inside.retire(self.id);
                Shared::leave(inside);
            }
            // From a thread that may not call: one that may frees it.
            Err(_) => {
                self.shared.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(self.id);
            }
        }
    }
}

impl Communicator {
    /// The handle of a communicator whose contexts there are; with a remote group, of an intercommunicator.
    pub(crate) fn new(
        shared: &Arc<Shared>,
        id: u32,
        group: Group,
        remote: Option<Group>,
        rank: u32,
        about: About,
    ) -> Self {
        let is_inter = remote.is_some();
        let others = remote.unwrap_or_else(|| group.clone());
        let core = Arc::new(Core {
            shared: Arc::clone(shared),
            id,
            group,
            others: others.clone(),
            is_inter,
            children: AtomicU32::new(0),
            room: Room::default(),
            about: Mutex::new(about),
        });
        let (size, reach) = (core.group.len(), others.len());
        Self { shared: Arc::clone(shared), id, rank, size, reach, others, core, owner: true }
    }

    /// This process's rank (`MPI_Comm_rank`).
    #[inline]
    pub fn rank(&self) -> i32 {
        self.rank as i32
    }

    /// How many ranks there are (`MPI_Comm_size`); of an intercommunicator, in this process's group.
    #[inline]
    pub fn size(&self) -> i32 {
        self.size as i32
    }

    /// Its processes (`MPI_Comm_group`); of an intercommunicator, this process's group.
    #[inline]
    pub fn group(&self) -> &Group {
        &self.core.group
    }

    /// Whether it is an intercommunicator (`MPI_Comm_test_inter`): between two groups, whose members exchange messages with
    /// those of the other one. See [`create_inter`](Self::create_inter).
    #[inline]
    pub fn is_inter(&self) -> bool {
        self.core.is_inter
    }

    /// How many ranks the other group of an intercommunicator has (`MPI_Comm_remote_size`); `None` for any other.
    pub fn remote_size(&self) -> Option<i32> {
        self.remote_group().map(Group::size)
    }

    /// The other group of an intercommunicator (`MPI_Comm_remote_group`); `None` for any other.
    pub fn remote_group(&self) -> Option<&Group> {
        self.is_inter().then_some(&self.others)
    }

    /// Both groups of an intercommunicator in an order that both compute: first the one whose rank 0 has the lower number.
    pub(crate) fn in_order(&self) -> [&Group; 2] {
        let (mine, theirs) = (self.group(), self.others());
        if mine.peer(0) < theirs.peer(0) { [mine, theirs] } else { [theirs, mine] }
    }

    /// All its processes, of both groups if it is an intercommunicator.
    pub(crate) fn everyone(&self) -> Group {
        if !self.is_inter() {
            return self.group().clone();
        }
        Group::of(self.in_order().into_iter().flat_map(Group::peers).collect(), self.group().me())
    }

    /// What a process is called in an error: its rank, in its own group.
    pub(crate) fn name_of(&self, peer: Peer) -> i32 {
        self.group().rank_of(peer).map_or_else(|| self.others.name(peer), |rank| rank as i32)
    }

    /// An error, if this is an intercommunicator, for which a call is not defined.
    pub(crate) fn intra(&self, call: &'static str) -> Result<(), CreateError> {
        if self.is_inter() { Err(CreateError::Intercommunicator { call }) } else { Ok(()) }
    }

    /// Its number, the same at all members.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    /// With whom its messages are exchanged: its group, or an intercommunicator's other one.
    #[inline]
    pub(crate) fn others(&self) -> &Group {
        &self.others
    }

    /// Its name, for people (`MPI_Comm_get_name`): `MPI_COMM_WORLD`, `MPI_COMM_SELF`, else empty until it is given one.
    pub fn name(&self) -> String {
        self.core.about().name.clone()
    }

    /// Names it, on this process (`MPI_Comm_set_name`). What goes beyond [`MAX_OBJECT_NAME`] bytes is cut off. A
    /// duplicate does not inherit the name.
    pub fn set_name(&self, name: &str) {
        let end = name.floor_char_boundary(MAX_OBJECT_NAME);
        name[..end].clone_into(&mut self.core.about().name);
    }

    /// How alike two communicators are (`MPI_Comm_compare`): the same, of the same processes in the same order
    /// ([`Congruent`](Comparison::Congruent)), in another order ([`Similar`](Comparison::Similar)), or not.
    pub fn compare(&self, other: &Self) -> Comparison {
        if Arc::ptr_eq(&self.core, &other.core) {
            return Comparison::Ident;
        }
        if self.is_inter() != other.is_inter() {
            return Comparison::Unequal;
        }
        let groups = [(self.group(), other.group()), (self.others(), other.others())];
        let likeness = groups.map(|(mine, theirs)| mine.compare(theirs));
        if likeness.contains(&Comparison::Unequal) {
            Comparison::Unequal
        } else if likeness.contains(&Comparison::Similar) {
            Comparison::Similar
        } else {
            Comparison::Congruent
        }
    }

    /// Frees it (`MPI_Comm_free`), as dropping it does, and tells whether the delete callbacks of its attributes went
    /// well.
    ///
    /// # Errors
    /// The first error of a delete callback. The communicator is freed all the same, and the other callbacks were
    /// called.
    pub fn free(self) -> Result<(), AttributeError> {
        self.drop_attributes()
    }

    /// Another handle of the same communicator, for a request that outlives a borrow.
    pub(crate) fn handle(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            id: self.id,
            rank: self.rank,
            size: self.size,
            reach: self.reach,
            others: self.others.clone(),
            core: Arc::clone(&self.core),
            owner: false,
        }
    }

    #[inline]
    pub(crate) fn context(&self, traffic: Traffic) -> u32 {
        context(self.id, traffic)
    }

    /// The envelope of a message of ours.
    #[inline]
    pub(crate) fn envelope(&self, traffic: Traffic, tag: i32, len: usize) -> Envelope {
        let signature = traffic.signature();
        Envelope { context: self.context(traffic), source: self.rank, tag, signature, len: len as u64 }
    }

    /// Whom a message goes to; `None` for `PROC_NULL`.
    #[inline]
    pub(crate) fn destination(&self, dest: i32, tag: i32) -> Result<Option<Peer>, SendError> {
        if tag < 0 {
            return Err(SendError::Tag { tag });
        }
        // A negative rank becomes a large number, so one comparison checks both ends.
        if (dest as u32) < self.reach {
            return Ok(Some(self.others.peer(dest as u32)));
        }
        if dest == PROC_NULL {
            Ok(None)
        } else {
            Err(SendError::Rank { rank: dest, size: self.others.size() })
        }
    }

    /// What a receive matches; `None` for `PROC_NULL`.
    #[inline]
    pub(crate) fn pattern(&self, source: i32, tag: i32) -> Result<Option<Pattern>, RecvError> {
        let tag = match tag {
            0.. => Some(tag),
            ANY_TAG => None,
            _ => return Err(RecvError::Tag { tag }),
        };
        if (source as u32) < self.reach {
            return Ok(Some(Pattern { source: Some(source as u32), tag }));
        }
        match source {
            ANY_SOURCE => Ok(Some(Pattern { source: None, tag })),
            PROC_NULL => Ok(None),
            _ => Err(RecvError::Rank { rank: source, size: self.others.size() }),
        }
    }
}

impl Drop for Communicator {
    fn drop(&mut self) {
        if self.owner
            && let Err(error) = self.drop_attributes()
        {
            tracing::warn!(comm = ?self, %error, "freed all the same");
        }
    }
}

impl Group {
    /// What a process is called in an error: its rank.
    pub(crate) fn name(&self, peer: Peer) -> i32 {
        self.rank_of(peer).unwrap_or(peer.0) as i32
    }

    #[cold]
    pub(crate) fn send_error(&self, gone: Gone) -> SendError {
        SendError::PeerGone { rank: self.name(gone.peer), detail: gone.detail }
    }

    #[cold]
    pub(crate) fn recv_error(&self, gone: Gone) -> RecvError {
        RecvError::PeerGone { rank: self.name(gone.peer), detail: gone.detail }
    }
}

impl fmt::Debug for Communicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Communicator {} (rank {} of {}", self.id, self.rank, self.size())?;
        if self.is_inter() { write!(f, ", and {} others)", self.reach) } else { f.write_str(")") }
    }
}
