//! What the algorithms of all collectives have in common: a name, by which a setting asks for one.

use alloc::string::String;

use thiserror::Error;

/// A name that is no algorithm's.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("there is no algorithm {name:?} of this collective: it is one of {known:?}")]
pub struct UnknownAlgorithm {
    /// The name that was given.
    pub name: String,
    /// The names that there are.
    pub known: &'static [&'static str],
}

/// Defines the enum of a collective's algorithms: `ALL` and `NAMES`, `name`, `Display`, `FromStr`.
macro_rules! algorithms {
    (
        $(#[$of_enum:meta])*
        pub enum $enum:ident { $( $(#[$of_variant:meta])* $variant:ident = $name:literal, )+ }
    ) => {
        $(#[$of_enum])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $enum { $( $(#[$of_variant])* $variant, )+ }

        impl $enum {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// Their names, in the order of `ALL`.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The name by which a setting asks for it and a report tells of it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl core::fmt::Display for $enum {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl core::str::FromStr for $enum {
            type Err = $crate::UnknownAlgorithm;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                let unknown = || $crate::UnknownAlgorithm { name: name.into(), known: Self::NAMES };
                Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name).ok_or_else(unknown)
            }
        }
    };
}

pub(crate) use algorithms;
