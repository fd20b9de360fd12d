//! The network as a test sees it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::state::State;
use crate::{NetworkConfig, SimTransport, Trace};

/// A seeded network that joins some ranks in one process.
///
/// Everything that chance decides (delays, refusals, what is lost at a death, who is heard first) comes from the seed,
/// so a test that drives all ranks from one thread runs the same way every time. The ranks may also live in threads of
/// their own: they can then sleep as on any transport, but the order of things is the scheduler's.
///
/// The transports watch over their callers as well: a frame that is too long, a post without a `connect`, or a second
/// `connect` panics.
///
/// ```
/// use olympi_sim::{Network, NetworkConfig};
/// use olympi_transport_api::{Inbound, Peer, Post, Transport};
///
/// let network = Network::new(42, 2, NetworkConfig::default());
/// let [mut a, mut b] = network.transports().try_into().unwrap();
/// a.connect(Peer(1), &b.address()).unwrap();
/// while a.send(Peer(1), b"header", b"payload") == Post::Busy {
///     a.poll(&mut |_| {});
/// }
/// let mut got = Vec::new();
/// while got.is_empty() {
///     b.poll(&mut |event| match event {
///         Inbound::Frame { from: Peer(0), payload, .. } => got = payload.to_vec(),
///         other => panic!("unexpected: {other:?}\n{}", network.trace()),
///     });
/// }
/// assert_eq!(got, b"payload");
/// ```
#[derive(Clone)]
pub struct Network {
    state: Arc<Mutex<State>>,
}

impl Network {
    /// A network of `ranks` ranks that behaves as `config` says, by the chances of `seed`.
    ///
    /// # Panics
    /// If `config` allows frames of less than 1024 bytes, queues of nothing, or polls that tell nothing.
    pub fn new(seed: u64, ranks: usize, config: NetworkConfig) -> Self {
        assert!(config.caps.max_frame >= 1024, "a transport carries frames of 1024 bytes at least");
        assert!(
            config.queue > 0 && config.rma_queue > 0 && config.poll_batch > 0 && config.busy_per_mille < 1000,
            "nothing would ever move in this network: {config:?}"
        );
        Self { state: Arc::new(Mutex::new(State::new(seed, ranks, config))) }
    }

    /// The transports of all ranks, in their order.
    ///
    /// # Panics
    /// When called twice: each rank has one transport.
    pub fn transports(&self) -> Vec<SimTransport> {
        let (ranks, first) = {
            let mut state = self.lock();
            (state.ranks(), state.hand_out())
        };
        assert!(first, "the transports of this network have been handed out already");
        (0..ranks).map(|rank| SimTransport::new(rank, Arc::clone(&self.state))).collect()
    }

    /// Moves the clock on. Polls do so as well, by `ticks_per_poll`.
    pub fn advance(&self, ticks: u64) {
        self.lock().advance(ticks);
    }

    /// The virtual time, in ticks.
    pub fn now(&self) -> u64 {
        self.lock().now
    }

    /// Kills a rank at once. Of what it had sent, an end of random length is lost, as is all that is on its way to it.
    /// All others are told after a while, even those that never spoke to it. The killed rank's own transport tells it
    /// that everyone else is gone, so that code which still runs on it comes to an end.
    pub fn kill(&self, rank: usize) {
        self.lock().kill(rank);
    }

    /// Cuts the link between two ranks: an end of random length of what is under way is lost, and either is told that
    /// the other is gone.
    pub fn cut(&self, a: usize, b: usize) {
        self.lock().cut(a, b, "the test cut the link");
    }

    /// Whether a rank has neither been killed nor dropped its transport.
    pub fn alive(&self, rank: usize) -> bool {
        self.lock().alive(rank)
    }

    /// The last few thousand things that happened, to be printed when a test fails.
    pub fn trace(&self) -> Trace {
        self.lock().trace.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

/// Locks the state also after a caller's mistake was answered with a panic: nothing is left half done by that.
pub(crate) fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
