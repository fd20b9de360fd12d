//! An operation on elements of one type, applied to their bytes.

use core::alloc::Layout;
use core::fmt;
use core::hash::{Hash, Hasher};

use alloc::sync::Arc;

use crate::kernel::Kernel;
use crate::user::User;
use crate::{Element, Kind, Tier, Undefined, table};

/// Which operand is the left one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Order {
    /// `into = from ∘ into`: what comes `from` elsewhere comes of lower ranks.
    FromFirst,
    /// `into = into ∘ from`
    IntoFirst,
}

/// An operation on elements of one type, which it sees as bytes.
///
/// It is cheap to clone. Two are equal if they are the same predefined operation on the same elements, or clones of
/// one user operation; a cache that has one as a key keeps it alive.
#[derive(Clone)]
pub struct Operation(Inner);

#[derive(Clone)]
enum Inner {
    Kernel {
        kind: Kind,
        element: Element,
        kernel: &'static Kernel,
        tier: Tier,
    },
    /// One of the operands itself: the second if `second`.
    Take {
        second: bool,
        element: Element,
    },
    User(User),
}

/// How many bytes of a result [`Operation::fold`] makes at a time: they stay in the first-level cache.
const PIECE: usize = 8 << 10;

impl Operation {
    /// A predefined operation.
    ///
    /// # Errors
    /// [`Undefined`], if MPI does not define it on such elements ([`Kind::allows`]).
    #[inline]
    pub fn predefined(kind: Kind, element: Element) -> Result<Self, Undefined> {
        Ok(Self(match (kind, table::kernel(kind, element)) {
            (_, Some(kernel)) => Inner::Kernel { kind, element, kernel, tier: Tier::best() },
            (Kind::Replace | Kind::NoOp, None) => Inner::Take { second: kind == Kind::Replace, element },
            (_, None) => return Err(Undefined { kind, element }),
        }))
    }

    /// A user's operation (`MPI_Op_create`) on elements of `grain` bytes: `function(input, inout)` makes `inout = input ∘
    /// inout`, element by element, of as many whole elements as it is given, which is at least one. It must be
    /// associative, and is called with bytes of any alignment.
    ///
    /// Where `into = into ∘ from` is asked of one that does not commute, or alignment of what has none
    /// ([`user_aligned`](Self::user_aligned)), operands are copied.
    ///
    /// ```
    /// use olympi_reduce::{Operation, Order};
    ///
    /// // "The left one" is associative, but does not commute.
    /// let first = Operation::user(1, false, |input, inout| inout.copy_from_slice(input));
    /// let mut into = *b"into";
    /// first.apply(b"from", &mut into, Order::IntoFirst);
    /// assert_eq!(&into, b"into");
    /// first.apply(b"from", &mut into, Order::FromFirst);
    /// assert_eq!(&into, b"from");
    /// ```
    pub fn user(
        grain: usize,
        commutative: bool,
        function: impl Fn(&[u8], &mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        Self(Inner::User(User { grain, align: 1, commutative, function: Arc::new(function) }))
    }

    /// As [`user`](Self::user), for a function that takes the bytes for elements of a type: both slices are aligned as
    /// `element` says, whatever [`apply`](Self::apply) was given.
    pub fn user_aligned(
        element: Layout,
        commutative: bool,
        function: impl Fn(&[u8], &mut [u8]) + Send + Sync + 'static,
    ) -> Self {
        let (grain, align) = (element.size(), element.align());
        Self(Inner::User(User { grain, align, commutative, function: Arc::new(function) }))
    }

    /// The predefined operation that this is.
    pub fn kind(&self) -> Option<Kind> {
        match &self.0 {
            Inner::Kernel { kind, .. } => Some(*kind),
            Inner::Take { second, .. } => Some(if *second { Kind::Replace } else { Kind::NoOp }),
            Inner::User(_) => None,
        }
    }

    /// The type of the elements, if this is a predefined operation.
    pub fn element(&self) -> Option<Element> {
        match &self.0 {
            Inner::Kernel { element, .. } | Inner::Take { element, .. } => Some(*element),
            Inner::User(_) => None,
        }
    }

    /// The size of an element in bytes, at least 1: data may be divided at its multiples.
    pub fn grain(&self) -> usize {
        match &self.0 {
            Inner::Kernel { element, .. } | Inner::Take { element, .. } => element.size(),
            Inner::User(user) => user.grain.max(1),
        }
    }

    /// Whether the operands may be swapped (`MPI_Op_commutative`).
    pub fn commutative(&self) -> bool {
        match &self.0 {
            Inner::Kernel { .. } => true,
            Inner::Take { .. } => false,
            Inner::User(user) => user.commutative,
        }
    }

    /// The same operation with other vector instructions; for measurements and tests.
    #[must_use]
    pub fn with_tier(mut self, with: Tier) -> Self {
        if let Inner::Kernel { tier, .. } = &mut self.0 {
            *tier = with;
        }
        self
    }

    /// Combines elements: `into = from ∘ into`, or `into = into ∘ from`. The order is kept even where MPI lets it be
    /// changed, so that a schedule's result does not depend on it.
    ///
    /// A predefined operation does not allocate. A panic of a user's function goes through; `into` then holds some of the
    /// elements combined.
    ///
    /// # Panics
    /// If the slices differ in length, or do not hold whole elements.
    #[inline]
    pub fn apply(&self, from: &[u8], into: &mut [u8], order: Order) {
        self.check(from.len(), into.len());
        match (&self.0, order) {
            (Inner::Kernel { kernel, tier, .. }, Order::FromFirst) => (kernel.from_first)(*tier, from, into),
            (Inner::Kernel { kernel, tier, .. }, Order::IntoFirst) => (kernel.into_first)(*tier, from, into),
            (Inner::Take { second, .. }, order) => {
                if *second == (order == Order::IntoFirst) {
                    into.copy_from_slice(from);
                }
            }
            (Inner::User(user), order) => user.apply(from, into, order),
        }
    }

    /// Combines two sources into a third place: `out = first ∘ second`.
    ///
    /// # Panics
    /// As [`apply`](Self::apply).
    #[inline]
    pub fn combine(&self, first: &[u8], second: &[u8], out: &mut [u8]) {
        self.check(first.len(), out.len());
        self.check(second.len(), out.len());
        match &self.0 {
            Inner::Kernel { kernel, tier, .. } => (kernel.apart)(*tier, first, second, out),
            Inner::Take { second: takes_second, .. } => {
                out.copy_from_slice(if *takes_second { second } else { first });
            }
            Inner::User(user) => {
                out.copy_from_slice(second);
                user.apply(first, out, Order::FromFirst);
            }
        }
    }

    /// Combines any number of sources in their order: `out = source(0) ∘ source(1) ∘ ...`, from the left to the right.
    /// It goes by pieces that stay in the cache, so each source is read from memory once and `out` written once.
    ///
    /// # Panics
    /// If there is no source; and as [`apply`](Self::apply).
    pub fn fold<'a>(&self, sources: usize, source: impl Fn(usize) -> &'a [u8], out: &mut [u8]) {
        assert!(sources > 0, "a reduction has operands");
        if sources == 1 {
            out.copy_from_slice(source(0));
            return;
        }
        let step = (PIECE / self.grain()).max(1) * self.grain();
        for begin in (0..out.len()).step_by(step) {
            let piece = begin..out.len().min(begin + step);
            let out = &mut out[piece.clone()];
            self.combine(&source(0)[piece.clone()], &source(1)[piece.clone()], out);
            for at in 2..sources {
                self.apply(&source(at)[piece.clone()], out, Order::IntoFirst);
            }
        }
    }

    #[inline(always)]
    fn check(&self, one: usize, other: usize) {
        assert_eq!(one, other, "operands of a reduction have one length");
        assert_eq!(one % self.grain(), 0, "operands of a reduction are whole elements");
    }
}

impl PartialEq for Operation {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::User(one), Inner::User(other)) => one.address() == other.address(),
            (Inner::User(_), _) | (_, Inner::User(_)) => false,
            _ => (self.kind(), self.element()) == (other.kind(), other.element()),
        }
    }
}

impl Eq for Operation {}

impl Hash for Operation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Inner::User(user) => user.address().hash(state),
            _ => (self.kind(), self.element()).hash(state),
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let (Some(kind), Some(element)) = (self.kind(), self.element()) {
            return write!(f, "the {} of {element}", kind.name());
        }
        let commutes = if self.commutative() { "commutes" } else { "does not commute" };
        write!(f, "a user's operation on elements of {} bytes, which {commutes}", self.grain())
    }
}
