//! Which transports there are, and which of them the user allows.

use std::fmt;
use std::str::FromStr;

/// A kind of transport.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A process to itself.
    Own,
    /// Shared memory.
    Shm,
    /// TCP.
    Tcp,
    /// A simulated network, for tests: see [`Progress::over`](crate::Progress::over).
    Sim,
}

impl Kind {
    /// All kinds that users may choose from, best first.
    pub const ALL: [Self; 3] = [Self::Own, Self::Shm, Self::Tcp];

    /// The kind of this number, as it stands in published addresses.
    pub(crate) fn numbered(number: u8) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::Sim]).find(|kind| *kind as u8 == number)
    }

    /// The name that users write.
    pub fn name(self) -> &'static str {
        match self {
            Self::Own => "self",
            Self::Shm => "shm",
            Self::Tcp => "tcp",
            Self::Sim => "sim",
        }
    }

    /// One bit for each kind.
    pub(crate) fn bit(self) -> u8 {
        1 << self as u8
    }

    fn parse(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name() == name)
            .ok_or_else(|| format!("{name:?} is no transport of this program; there are self, shm and tcp"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Which transports may be used, best first: `OLYMPI_TRANSPORTS`.
///
/// A list (`tcp,shm`) allows only what it names, in that order, and what it names must start. A list that begins
/// with `^` (`^tcp`) allows all others. A process reaches itself through `self` unless that is excluded (`^self`).
///
/// ```
/// use olympi_transport::{Kind, Transports};
///
/// let first_tcp: Transports = "tcp,shm".parse().unwrap();
/// assert_eq!(first_tcp.order(), [Kind::Own, Kind::Tcp, Kind::Shm]);
/// let without: Transports = "^shm".parse().unwrap();
/// assert_eq!(without.order(), [Kind::Own, Kind::Tcp]);
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
        assert_eq!(order("^self,tcp"), Ok(vec![Kind::Shm]));
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
