//! What a process publishes: the addresses of all its transports in one piece.
//!
//! A version byte; then, for each transport, its kind, the length of its address (two bytes, little-endian), and the
//! address, which only that transport reads.

use olympi_transport_api::Address;

use crate::Kind;

const VERSION: u8 = 1;

/// The addresses of one process, by transport.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Addresses(Vec<(Kind, Address)>);

impl Addresses {
    pub(crate) fn add(&mut self, kind: Kind, address: Address) {
        self.0.push((kind, address));
    }

    pub(crate) fn of(&self, kind: Kind) -> Option<&Address> {
        self.0.iter().find(|(of, _)| *of == kind).map(|(_, address)| address)
    }

    /// The bytes to publish.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        for (kind, address) in &self.0 {
            let Ok(len) = u16::try_from(address.0.len()) else { continue };
            bytes.push(*kind as u8);
            bytes.extend(len.to_le_bytes());
            bytes.extend(&address.0);
        }
        bytes
    }

    /// Reads published bytes; the error says in words what is wrong with them. Kinds that we do not know are passed
    /// over.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Some((&VERSION, mut rest)) = bytes.split_first() else {
            let version = bytes.first();
            return Err(match version {
                Some(other) => {
                    format!("it is of version {other} instead of {VERSION}: another release of Olympi")
                }
                None => "it is empty".to_owned(),
            });
        };
        let mut addresses = Self::default();
        while let [kind, low, high, after @ ..] = rest {
            let len = usize::from(u16::from_le_bytes([*low, *high]));
            let Some((address, after)) = after.split_at_checked(len) else {
                return Err(format!("an address of {len} bytes ends after {}", after.len()));
            };
            if let Some(kind) = Kind::numbered(*kind) {
                addresses.add(kind, Address(address.to_vec()));
            }
            rest = after;
        }
        if rest.is_empty() { Ok(addresses) } else { Err(format!("{} bytes are left over", rest.len())) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_published_is_read() {
        let mut addresses = Addresses::default();
        addresses.add(Kind::Tcp, Address(vec![7; 200]));
        addresses.add(Kind::Shm, Address(Vec::new()));
        let read = Addresses::decode(&addresses.encode()).unwrap();
        assert_eq!(read, addresses);
        assert_eq!(read.of(Kind::Tcp), Some(&Address(vec![7; 200])));
        assert_eq!(read.of(Kind::Own), None);
    }

    #[test]
    fn nonsense_is_an_error() {
        assert!(Addresses::decode(&[]).unwrap_err().contains("empty"));
        assert!(Addresses::decode(&[9]).unwrap_err().contains("version 9"));
        assert!(Addresses::decode(&[VERSION, 1, 5, 0, 1]).unwrap_err().contains("ends after 1"));
        assert!(Addresses::decode(&[VERSION, 1]).unwrap_err().contains("left over"));
        assert_eq!(Addresses::decode(&[VERSION, 99, 1, 0, 1]), Ok(Addresses::default()));
    }
}
