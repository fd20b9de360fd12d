//! Which transports there are, and which of them the user allows.

use std::fmt;
use std::str::FromStr;

/// A kind of transport.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    // The numbers stand in published addresses, so they stay what they are.
    /// A process to itself.
    Own = 0,
    /// Shared memory.
    Shm = 1,
    /// InfiniBand and `RoCE`, through libibverbs.
    Verbs = 4,
    /// Any fabric for which there is a libfabric provider.
    Ofi = 5,
    /// TCP.
    Tcp = 2,
    /// A simulated network, for tests: see [`Progress::over`](crate::Progress::over).
    Sim = 3,
}

impl Kind {
    /// All kinds that users may choose from, best first.
    pub const ALL: [Self; 5] = [Self::Own, Self::Shm, Self::Verbs, Self::Ofi, Self::Tcp];
    /// Those that reach other processes.
    pub(crate) const OUTWARD: [Self; 4] = [Self::Shm, Self::Verbs, Self::Ofi, Self::Tcp];

    /// The kind of this number, as it stands in published addresses.
    pub(crate) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Sim]).find(|kind| *kind as u8 == number)
    }

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Shm => "shm",
            Self::Verbs => "verbs",
            Self::Ofi => "ofi",
            Self::Tcp => "tcp",
            Self::Sim => "sim",
        }
    }

    /// One bit for each kind.
    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }

    fn parse(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            format!("{name:?} is no transport of this program; there are self, shm, verbs, ofi and tcp")
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which transports may be used, best first: `OLYMPI_TRANSPORTS`.
///
/// A list (`verbs,shm`) allows only what it names, in that order, and what it names must start. A list that begins
/// with `^` (`^tcp`) allows all others. A process reaches itself through `self` unless that is excluded (`^self`).
///
/// ```
/// use olympi_transport::{Kind, Transports};
///
/// let first_tcp: Transports = "tcp,shm".parse().unwrap();
/// assert_eq!(first_tcp.order(), [Kind::Own, Kind::Tcp, Kind::Shm]);
/// let without: Transports = "^shm".parse().unwrap();
/// assert_eq!(without.order(), [Kind::Own, Kind::Verbs, Kind::Ofi, Kind::Tcp]);
/// assert!("infiniband".parse::<Transports>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Transports {
    order: Vec<Kind>,
    named: bool,
    text: Option<String>,
}

impl Default for Transports {
    fn default() -> Self {
        Self { order: Kind::ALL.to_vec(), named: false, text: None }
    }
}

impl Transports {
    /// What is allowed, best first.
    pub fn order(&self) -> &[Kind] {
        &self.order
    }

    /// Whether it may be used.
    pub fn allows(&self, kind: Kind) -> bool {
        self.order.contains(&kind)
    }

    /// Whether the user asked for it by name, so that it must start.
    pub fn names(&self, kind: Kind) -> bool {
        self.named && self.allows(kind)
    }

    /// What the user wrote, for messages.
    pub(crate) fn text(&self) -> String {
        let text = self.text.as_deref().unwrap_or("");
        format!("OLYMPI_TRANSPORTS={text}")
    }
}

impl FromStr for Transports {
    type Err = String;

    /// Reads a list; the error says in words what is wrong with it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (excludes, list) = match text.trim().strip_prefix('^') {
            Some(list) => (true, list),
            None => (false, text.trim()),
        };
        if list.contains('^') {
            return Err("^ stands once, before the whole list".to_owned());
        }
        let mut kinds: Vec<Kind> = Vec::new();
        for name in list.split(',') {
            let kind = Kind::parse(name.trim())?;
            if kinds.contains(&kind) {
                return Err(format!("{kind} stands there twice"));
            }
            kinds.push(kind);
        }
        let order = if excludes {
            Kind::ALL.into_iter().filter(|kind| !kinds.contains(kind)).collect()
        } else {
            let implied = if kinds.contains(&Kind::Own) { None } else { Some(Kind::Own) };
            implied.into_iter().chain(kinds).collect()
        };
        Ok(Self { order, named: !excludes, text: Some(text.trim().to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_restrict_and_order() {
        let order = |text: &str| text.parse::<Transports>().map(|t| t.order);
        assert_eq!(order("shm"), Ok(vec![Kind::Own, Kind::Shm]));
        assert_eq!(order(" tcp , self "), Ok(vec![Kind::Tcp, Kind::Own]));
        assert_eq!(order("^self,tcp"), Ok(vec![Kind::Shm, Kind::Verbs, Kind::Ofi]));
        assert_eq!(order("ofi,verbs"), Ok(vec![Kind::Own, Kind::Ofi, Kind::Verbs]));
        assert!("shm".parse::<Transports>().unwrap().names(Kind::Shm));
        assert!(!"^tcp".parse::<Transports>().unwrap().names(Kind::Shm));
        assert!(!Transports::default().names(Kind::Tcp));
    }

    #[test]
    fn nonsense_is_told_by_name() {
        let error = |text: &str| text.parse::<Transports>().unwrap_err();
        assert!(error("shm,ib").contains("\"ib\" is no transport"));
        assert!(error("sim").contains("\"sim\" is no transport"), "it is for tests");
        assert!(error("").contains("\"\" is no transport"));
        assert!(error("shm,^tcp").contains("once, before the whole list"));
        assert!(error("shm,shm").contains("twice"));
    }
}
