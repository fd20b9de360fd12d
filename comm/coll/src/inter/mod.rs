//! Collectives of intercommunicators: between two groups (MPI 5.0, 6.2.3).
//!
//! What one group contributes is the other one's result. Each is composed of collectives inside the groups and of messages
//! between them; nothing is in place here. Ranks are numbered as a member sees them: first those of its own group, then
//! those of the other one.
//!
//! ```
//! use olympi_coll::inter::{self, Root, Sides};
//! use olympi_coll::{Plan, Span, Tuning};
//!
//! // Member 0 of a group of 3 hears what member 1 of the other group has to say, and passes it on in its group.
//! let (mut plan, sides) = (Plan::new(), Sides::new(0, 3, 2));
//! inter::broadcast(&mut plan, sides, Root::Far(1), Span::recv(8), None, &Tuning::default());
//! assert_eq!(plan.finish().rounds(), 2);
//! ```

mod all_gather;
mod all_reduce;
mod all_to_all;
mod barrier;
mod broadcast;
mod gather;
mod pieces;
mod reduce;
mod reduce_scatter;
mod scatter;

pub use all_gather::all_gather;
pub use all_reduce::all_reduce;
pub use all_to_all::all_to_all;
pub use barrier::barrier;
pub use broadcast::broadcast;
pub use gather::gather;
pub use reduce::reduce;
pub use reduce_scatter::reduce_scatter;
pub use scatter::scatter;

use crate::Team;

/// The two groups, seen from a member of one of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sides {
    me: u32,
    local: u32,
    remote: u32,
}

impl Sides {
    /// This is member `me` of a group of `local` members; the other group has `remote` members.
    ///
    /// # Panics
    /// If `me` is no member, or the other group has none.
    pub fn new(me: u32, local: u32, remote: u32) -> Self {
        assert!(me < local && remote > 0, "this rank is one of its group, and there is another group");
        Self { me, local, remote }
    }

    /// This member's own group.
    pub fn team(&self) -> Team {
        Team::all(self.me, self.local)
    }

    /// Which member of its group this one is.
    pub fn me(&self) -> u32 {
        self.me
    }

    /// How many members its group has.
    pub fn local(&self) -> u32 {
        self.local
    }

    /// How many members the other group has.
    pub fn remote(&self) -> u32 {
        self.remote
    }

    /// The rank of a member of the other group.
    pub fn far(&self, member: u32) -> u32 {
        debug_assert!(member < self.remote, "a member of the other group");
        self.local + member
    }

    /// Whether this member speaks for its group.
    fn leads(&self) -> bool {
        self.me == 0
    }
}

/// Who is the root of a call between two groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Root {
    /// This member is (`MPI_ROOT`).
    Me,
    /// Another one of its group is (`MPI_PROC_NULL`): there is nothing to do for this one.
    Beside,
    /// This member of the other group is.
    Far(u32),
}
