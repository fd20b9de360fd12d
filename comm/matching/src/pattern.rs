//! What a receive asks for, what a message is called, and both as machine words.

/// What a receive matches: a source and a tag, each of which may be a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pattern {
    /// The sender's rank; `None` is `MPI_ANY_SOURCE`.
    pub source: Option<u32>,
    /// The message's tag; `None` is `MPI_ANY_TAG`.
    pub tag: Option<i32>,
}

/// A message's name within its context: who sent it, under which tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The sender's rank.
    pub source: u32,
    /// The message's tag.
    pub tag: i32,
}

impl Pattern {
    /// Whether a message of this name satisfies the receive.
    #[inline]
    pub fn matches(&self, key: Key) -> bool {
        self.source.is_none_or(|source| source == key.source) && self.tag.is_none_or(|tag| tag == key.tag)
    }

    /// The pattern as a word of wanted bits and a word that says which bits count.
    #[inline]
    pub(crate) fn words(&self) -> Words {
        let (source, source_mask) = self.source.map_or((0, 0), |source| (source, u32::MAX));
        let (tag, tag_mask) = self.tag.map_or((0, 0), |tag| (tag as u32, u32::MAX));
        Words { bits: join(source, tag), mask: join(source_mask, tag_mask) }
    }
}

impl Key {
    /// The whole name in one word: source above, tag below.
    #[inline]
    pub(crate) fn bits(self) -> u64 {
        join(self.source, self.tag as u32)
    }

    /// The inverse of [`Key::bits`].
    #[inline]
    pub(crate) fn from_bits(bits: u64) -> Self {
        Self { source: source_bits(bits) as u32, tag: bits as u32 as i32 }
    }
}

impl From<Key> for Pattern {
    /// The pattern without wildcards that matches exactly this name.
    fn from(key: Key) -> Self {
        Self { source: Some(key.source), tag: Some(key.tag) }
    }
}

/// A [`Pattern`] as two words, so that a comparison is one exclusive or and one mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) bits: u64,
    pub(crate) mask: u64,
}

pub(crate) const CLASSES: [Class; 4] = [Class::Exact, Class::Source, Class::Tag, Class::Any];

/// The four classes of patterns; each has its own index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Source and tag are named.
    Exact,
    /// Any tag of a named source.
    Source,
    /// Any source, a named tag.
    Tag,
    /// Anything.
    Any,
}

impl Words {
    /// Those of the pattern that matches everything.
    pub(crate) const ANY: Self = Self { bits: 0, mask: 0 };

    #[inline]
    pub(crate) fn matches(self, key: u64) -> bool {
        (self.bits ^ key) & self.mask == 0
    }

    #[inline]
    pub(crate) fn class(self) -> Class {
        match (self.mask >> 32 != 0, self.mask as u32 != 0) {
            (true, true) => Class::Exact,
            (true, false) => Class::Source,
            (false, true) => Class::Tag,
            (false, false) => Class::Any,
        }
    }

    /// The inverse of [`Pattern::words`].
    pub(crate) fn pattern(self) -> Pattern {
        let Key { source, tag } = Key::from_bits(self.bits);
        Pattern {
            source: (self.mask >> 32 != 0).then_some(source),
            tag: (self.mask as u32 != 0).then_some(tag),
        }
    }
}

/// The key of the per-source indexes.
#[inline]
pub(crate) fn source_bits(bits: u64) -> u64 {
    bits >> 32
}

/// The key of the per-tag indexes.
#[inline]
pub(crate) fn tag_bits(bits: u64) -> u64 {
    bits & u64::from(u32::MAX)
}

#[inline]
fn join(source: u32, tag: u32) -> u64 {
    u64::from(source) << 32 | u64::from(tag)
}
