//! A transport and the engine that speaks over it.

use olympi_protocol::{Engine, Inbox, Lane as Number, Mode, SendError, SendId, Sent, Thresholds};
use olympi_transport_api::{Address, Closed, ConnectError, Envelope, Peer, SendBuf, Transport, Wake, WakeBy};

use crate::Kind;
use crate::falling::{Fallen, Through};
use crate::rhythm::Rhythm;

/// A transport and the engine that speaks over it.
pub(crate) struct Lane<T> {
    // The engine goes first, with the regions that it has registered.
    pub(crate) engine: Engine,
    pub(crate) transport: T,
    /// How often it is polled beside quicker ones.
    pub(crate) rhythm: Rhythm,
    kind: Kind,
}

impl<T: Transport> Lane<T> {
    /// A lane that is polled each time.
    pub(crate) fn new(kind: Kind, transport: T, thresholds: Thresholds) -> Self {
        Self::paced(kind, transport, thresholds, 1)
    }

    /// A lane that is polled once in so many times while it is quiet and there are quicker ones.
    pub(crate) fn paced(kind: Kind, transport: T, thresholds: Thresholds, every: u32) -> Self {
        let engine = Engine::on_lane(thresholds, Number::new(kind as u8));
        Self { engine, transport, rhythm: Rhythm::new(every), kind }
    }

    /// Makes the endpoint to a peer.
    pub(crate) fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), String> {
        self.transport.connect(peer, address).map_err(|error| match error {
            // Who and over what is told by who asks, so that peers of which the same is true are told alike.
            ConnectError::Unreachable { detail, .. } => detail,
            ConnectError::BadAddress { detail, .. } => format!("the peer's address is malformed: {detail}"),
        })?;
        self.engine.connected(peer);
        Ok(())
    }

    #[inline]
    pub(crate) fn send(
        &mut self,
        to: Peer,
        envelope: &Envelope,
        mode: Mode,
        buf: SendBuf,
        id: SendId,
    ) -> Result<Sent, SendError> {
        self.engine.send(&mut self.transport, to, envelope, mode, buf, id)
    }

    #[inline]
    pub(crate) fn poll<I: Inbox>(&mut self, inbox: &mut I, fallen: &mut Fallen) -> usize {
        let mut through = Through { inbox, fallen, lane: self.kind };
        self.engine.poll(&mut self.transport, &mut through)
    }

    /// Polls it if its turn has come, or if nothing is quicker.
    pub(crate) fn poll_in_turn<I: Inbox>(
        &mut self,
        quickest: bool,
        before: usize,
        inbox: &mut I,
        fallen: &mut Fallen,
    ) -> usize {
        if !quickest && !self.rhythm.due(before) {
            return 0;
        }
        let brought = self.poll(inbox, fallen);
        self.rhythm.polled(brought, self.engine.backlogged());
        brought
    }

    /// Ends everything with a peer.
    pub(crate) fn close<I: Inbox>(&mut self, closed: Closed, inbox: &mut I, fallen: &mut Fallen) {
        let mut through = Through { inbox, fallen, lane: self.kind };
        self.engine.close(closed, &mut through);
    }

    pub(crate) fn arm(&mut self, by: WakeBy) -> Wake {
        self.transport.arm(by)
    }

    pub(crate) fn drained(&self) -> bool {
        self.engine.idle() && self.transport.drained()
    }
}
