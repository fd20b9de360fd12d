//! A transport and the engine that speaks over it.

use olympi_protocol::{Engine, Inbox, Lane as Number, Mode, SendError, SendId, Sent, Thresholds};
use olympi_transport_api::{Address, Closed, Envelope, Peer, SendBuf, Transport, Wake, WakeBy};

use crate::Kind;
use crate::falling::{Fallen, Through};

/// A transport and the engine that speaks over it.
pub(crate) struct Lane<T> {
    // The engine goes first, with the regions that it has registered.
    pub(crate) engine: Engine,
    pub(crate) transport: T,
    kind: Kind,
}

impl<T: Transport> Lane<T> {
    pub(crate) fn new(kind: Kind, transport: T, thresholds: Thresholds) -> Self {
        Self { engine: Engine::on_lane(thresholds, Number::new(kind as u8)), transport, kind }
    }

    /// Makes the endpoint to a peer.
    pub(crate) fn connect(&mut self, peer: Peer, address: &Address) -> Result<(), String> {
        self.transport.connect(peer, address).map_err(|error| error.to_string())?;
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
