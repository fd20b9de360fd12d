//! What comes in.

use olympi_transport_api::{ClosedKind, Inbound, Payload, Peer};

use crate::Ofi;
use crate::address::Reach;
use crate::buffers::Receives;
use crate::link::Link;
use crate::road::Road;
use crate::wire::{Kind, PREFIX, Prefix, Unheard};

impl Ofi {
    /// One message. How many events were told.
    pub(crate) fn hear(&mut self, message: &[u8], sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let (links, keys) = (&mut self.links, &self.keys);
        let read = Prefix::read(message, |from| {
            let link = links.get_mut(from as usize).filter(|_| from != keys.me)?;
            Some(*link.proof_from.get_or_insert_with(|| keys.proof(from, keys.me)))
        });
        let prefix = match read {
            Ok(prefix) => prefix,
            Err(Unheard::Stranger) => {
                self.strangers += 1;
                tracing::debug!(len = message.len(), "ofi: a message of a stranger was dropped");
                return 0;
            }
            Err(Unheard::Malformed(from, what)) => {
                self.lose(from, ClosedKind::Malformed, &format!("it sent a malformed message: {what}"));
                return 0;
            }
        };
        let from = prefix.from;
        let link = &mut self.links[from as usize];
        if !link.open() {
            return 0;
        }
        link.heard = true;
        link.heard_lately = true;
        // Of two counts that overtook each other, the older says nothing new.
        let taken = prefix.taken.wrapping_sub(link.acked);
        if taken <= link.under_way() {
            link.acked = prefix.taken;
        } else if taken.wrapping_neg() > self.config.window {
            self.lose(from, ClosedKind::Malformed, "it takes more than was sent to it");
            return 0;
        }
        match prefix.kind {
            Kind::Credit | Kind::Probe => 0,
            Kind::Bye => {
                self.goodbye(from, prefix.sequence);
                0
            }
            Kind::Hello | Kind::Frame => self.numbered(&prefix, message, sink),
        }
    }

    #[inline]
    fn numbered(&mut self, prefix: &Prefix, message: &[u8], sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let from = prefix.from;
        let link = &mut self.links[from as usize];
        let ahead = prefix.sequence.wrapping_sub(link.expected);
        if ahead == 0 {
            let mut told = self.take(prefix, message, sink);
            while let Some(next) = self.next_early(from) {
                // It was checked when it came.
                let Ok(prefix) = Prefix::read(&next, |_| self.links[from as usize].proof_from) else { break };
                told += self.take(&prefix, &next, sink);
            }
            return told;
        }
        if ahead >= self.config.window {
            self.lose(from, ClosedKind::Malformed, "its messages are numbered wrongly");
        } else if self.ordered {
            let detail = format!("{ahead} messages before the last one were lost by the fabric");
            self.lose(from, ClosedKind::Fabric, &detail);
        } else {
            link.early.insert(prefix.sequence, message.into());
        }
        0
    }

    /// The message whose turn it is now, if it came before its turn.
    fn next_early(&mut self, from: u32) -> Option<Box<[u8]>> {
        let link = &mut self.links[from as usize];
        if link.early.is_empty() || !link.open() {
            return None;
        }
        let expected = link.expected;
        let next = link.early.remove(&expected);
        if next.is_none() && link.leaves_at == Some(expected) {
            self.goodbye(from, expected);
        }
        next
    }

    /// A message whose turn it is.
    #[inline]
    fn take(&mut self, prefix: &Prefix, message: &[u8], sink: &mut impl FnMut(Inbound<'_>)) -> usize {
        let from = prefix.from;
        let link = &mut self.links[from as usize];
        link.expected = link.expected.wrapping_add(1);
        let (expected, told) = (link.expected, link.told);
        if self.due(expected, told) {
            let link = &mut self.links[from as usize];
            if !std::mem::replace(&mut link.owing, true) {
                self.owing.push(from);
            }
        }
        let (header, payload) = message[PREFIX..].split_at(prefix.header);
        if prefix.kind == Kind::Hello {
            self.introduced(from, payload);
            return 0;
        }
        sink(Inbound::Frame { from: Peer(from), header, payload: Payload::from_slice(payload) });
        1
    }

    /// Whether a peer should be told how much was taken, without waiting for a frame that goes its way.
    #[inline]
    pub(crate) fn due(&self, expected: u32, told: u32) -> bool {
        expected.wrapping_sub(told) >= self.config.window / 2
    }

    /// A peer has said where it is.
    #[cold]
    fn introduced(&mut self, from: u32, address: &[u8]) {
        let learnt = Reach::decode(address)
            .and_then(|reach| self.reach.differs(&reach).map_or(Ok(reach), Err))
            .and_then(|reach| self.learn(from, reach));
        if let Err(detail) = learnt {
            self.lose(
                from,
                ClosedKind::Malformed,
                &format!("the address that it gave is of no use: {detail}"),
            );
        }
    }

    /// A peer has said that it goes, before the message of this number.
    #[cold]
    fn goodbye(&mut self, from: u32, sequence: u32) {
        let link: &mut Link = &mut self.links[from as usize];
        link.left = true;
        if sequence == link.expected {
            let detail = "it has ended its communication: its process left, or is about to".to_owned();
            self.lose(from, ClosedKind::Died, &detail);
        } else if self.ordered {
            let missing = sequence.wrapping_sub(link.expected);
            let detail = format!("it has ended its communication; {missing} of its messages were lost");
            self.lose(from, ClosedKind::Died, &detail);
        } else {
            link.leaves_at = Some(sequence);
        }
    }

    /// The receive buffers of a connection, or of all.
    #[inline]
    pub(crate) fn receives_of(&self, home: Option<u32>) -> Option<&Receives> {
        match (home, &self.road) {
            (None, _) => self.receives.as_ref(),
            (Some(connection), Road::Connected(connections)) => connections.receives(connection),
            (Some(_), Road::Open { .. } | Road::Closed) => None,
        }
    }
}
