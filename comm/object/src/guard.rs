//! Limits that bincode does not set: a deserializer around its own.
//!
//! Three things in a few hostile bytes could cost a receiver its memory, its stack, or its time:
//!
//! - *a claimed length*. Whoever allocates for a sequence asks how many elements are to come; the guard never
//!   answers more than the message has bytes;
//! - *nesting*, one byte a level; the guard counts levels;
//! - *elements without bytes*. Every length of a `Vec<()>` is well-formed, and decoding it a loop of that length. The
//!   guard watches whether the first element of a sequence reads anything at all; if not, the rest will not either,
//!   and their number is taken out of a budget.
//!
//! Scalars pass straight through, so a `Vec` of numbers is decoded at bincode's own speed.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess,
    Visitor,
};

/// An object may be nested so many levels deep.
pub const MAX_DEPTH: u32 = 512;

/// An object may have so many elements that take no bytes.
pub const MAX_EMPTY_ELEMENTS: usize = 1 << 20;

/// What the guard knows of the message that is being decoded.
pub(crate) struct Watch {
    /// Bytes of the message: no sequence is announced as longer.
    len: usize,
    depth: u32,
    /// Elements without bytes that may still come.
    empty_left: usize,
    /// Whether anything was read since somebody last set this to false.
    read: bool,
    tripped: Option<Tripped>,
}

/// Which limit was hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tripped {
    Depth,
    Empty,
}

impl Watch {
    pub(crate) fn new(len: usize) -> Self {
        Self { len, depth: 0, empty_left: MAX_EMPTY_ELEMENTS, read: false, tripped: None }
    }

    pub(crate) fn tripped(&self) -> Option<Tripped> {
        self.tripped
    }

    #[inline]
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(self.trip(Tripped::Depth)) } else { Ok(()) }
    }

    #[inline]
    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// The first of `count` elements has been read: were there any bytes?
    fn prove<E: Error>(&mut self, count: usize) -> Result<(), E> {
        if self.read {
            return Ok(());
        }
        match self.empty_left.checked_sub(count) {
            Some(left) => self.empty_left = left,
            None => return Err(self.trip(Tripped::Empty)),
        }
        Ok(())
    }

    #[cold]
    fn trip<E: Error>(&mut self, limit: Tripped) -> E {
        self.tripped = Some(limit);
        E::custom("a limit was exceeded")
    }
}

/// Begins to decode a value under watch.
pub(crate) struct Root<'w, T>(Seed<'w, PhantomData<T>>);

impl<'w, T> Root<'w, T> {
    pub(crate) fn new(watch: &'w mut Watch) -> Self {
        Self(Seed { inner: PhantomData, watch })
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Root<'_, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.0.deserialize(deserializer)
    }
}

/// Passes the watch on to what is nested.
struct Seed<'w, S> {
    inner: S,
    watch: &'w mut Watch,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Seed<'_, S> {
    type Value = S::Value;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Guard { inner: deserializer, watch: self.watch })
    }
}

struct Guard<'w, D> {
    inner: D,
    watch: &'w mut Watch,
}

/// Scalars and texts: bytes are read, nothing is nested.
macro_rules! reads {
    ($($method:ident)*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.watch.read = true;
            self.inner.$method(visitor)
        }
    )*};
}

/// What has a length or a tag of its own and may nest more.
macro_rules! nests_and_reads {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.watch.enter()?;
            let nested = Nested { visitor, watch: &mut *self.watch, claimed: true };
            let result = self.inner.$method($($name,)* nested);
            // After what is nested, which may have set it to false.
            self.watch.read = true;
            self.watch.leave();
            result
        }
    )*};
}

/// What has as many parts as its type says, and no bytes beside theirs.
macro_rules! nests {
    ($($method:ident($($name:ident: $type:ty),*))*) => {$(
        #[inline]
        fn $method<V: Visitor<'de>>(self, $($name: $type,)* visitor: V) -> Result<V::Value, D::Error> {
            self.watch.enter()?;
            let nested = Nested { visitor, watch: &mut *self.watch, claimed: false };
            let result = self.inner.$method($($name,)* nested);
            self.watch.leave();
            result
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Guard<'_, D> {
    type Error = D::Error;

    reads! {
        deserialize_any deserialize_ignored_any deserialize_identifier deserialize_bool
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf
    }

    nests_and_reads! {
        deserialize_option()
        deserialize_seq()
        deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
    }

    nests! {
        deserialize_newtype_struct(name: &'static str)
        deserialize_tuple(len: usize)
        deserialize_tuple_struct(name: &'static str, len: usize)
        deserialize_struct(name: &'static str, fields: &'static [&'static str])
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit(visitor)
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

/// Hands a visitor what is nested, under watch.
struct Nested<'w, V> {
    visitor: V,
    watch: &'w mut Watch,
    /// Whether the number of elements is the message's claim, not the type's.
    claimed: bool,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Nested<'_, V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.visitor.expecting(f)
    }

    #[inline]
    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.visitor.visit_none()
    }

    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_some(Guard { inner: deserializer, watch: self.watch })
    }

    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.visitor.visit_newtype_struct(Guard { inner: deserializer, watch: self.watch })
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_seq(Elements { inner, watch: self.watch, unproven: self.claimed })
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_map(Entries { inner, watch: self.watch, unproven: self.claimed })
    }

    #[inline]
    fn visit_enum<A: EnumAccess<'de>>(self, inner: A) -> Result<V::Value, A::Error> {
        self.visitor.visit_enum(Choice { inner, watch: self.watch })
    }
}

struct Elements<'w, A> {
    inner: A,
    watch: &'w mut Watch,
    /// Until the first element has shown whether it takes bytes.
    unproven: bool,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        if !self.unproven {
            return self.inner.next_element_seed(Seed { inner: seed, watch: &mut *self.watch });
        }
        self.unproven = false;
        let count = self.inner.size_hint().unwrap_or(0);
        self.watch.read = false;
        let element = self.inner.next_element_seed(Seed { inner: seed, watch: &mut *self.watch })?;
        self.watch.prove(count)?;
        Ok(element)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|count| count.min(self.watch.len))
    }
}

struct Entries<'w, A> {
    inner: A,
    watch: &'w mut Watch,
    unproven: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Entries<'_, A> {
    type Error = A::Error;

    #[inline]
    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        if self.unproven {
            self.watch.read = false;
        }
        self.inner.next_key_seed(Seed { inner: seed, watch: &mut *self.watch })
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        // Its own entry is no longer counted in the hint.
        let count = self.inner.size_hint().unwrap_or(0).saturating_add(1);
        let value = self.inner.next_value_seed(Seed { inner: seed, watch: &mut *self.watch })?;
        if self.unproven {
            self.unproven = false;
            self.watch.prove(count)?;
        }
        Ok(value)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint().map(|count| count.min(self.watch.len))
    }
}

struct Choice<'w, A> {
    inner: A,
    watch: &'w mut Watch,
}

impl<'de, 'w, A: EnumAccess<'de>> EnumAccess<'de> for Choice<'w, A> {
    type Error = A::Error;
    type Variant = Chosen<'w, A::Variant>;

    #[inline]
    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), A::Error> {
        let (value, inner) = self.inner.variant_seed(seed)?;
        Ok((value, Chosen { inner, watch: self.watch }))
    }
}

struct Chosen<'w, A> {
    inner: A,
    watch: &'w mut Watch,
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Chosen<'_, A> {
    type Error = A::Error;

    #[inline]
    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    #[inline]
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, A::Error> {
        self.inner.newtype_variant_seed(Seed { inner: seed, watch: self.watch })
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, Nested { visitor, watch: self.watch, claimed: false })
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        self.inner.struct_variant(fields, Nested { visitor, watch: self.watch, claimed: false })
    }
}
