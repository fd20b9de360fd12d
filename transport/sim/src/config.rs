//! How a simulated network behaves: one struct, read once.

use std::ops::RangeInclusive;

use olympi_transport_api::Caps;

/// How a [`Network`](crate::Network) behaves. Times are ticks of its virtual clock.
///
/// ```
/// use olympi_sim::NetworkConfig;
///
/// let slow = NetworkConfig { delay: 100..=500, ..NetworkConfig::with_get() };
/// assert!(slow.caps.get_from.is_some() && slow.caps.put_from.is_none());
/// ```
#[derive(Clone, Debug)]
pub struct NetworkConfig {
    /// What the transports say that they can do; it also is what they enforce.
    pub caps: Caps,
    /// How long a frame is under way. Frames of one pair never overtake each other.
    pub delay: RangeInclusive<u64>,
    /// How long after it was accepted a `put` or `get` moves its bytes.
    pub rma_delay: RangeInclusive<u64>,
    /// How long after that its `Done` is told.
    pub done_delay: RangeInclusive<u64>,
    /// How long a new endpoint answers `Busy`.
    pub connect_delay: RangeInclusive<u64>,
    /// How long it takes until the death of a peer, or a cut, is told.
    pub notice_delay: RangeInclusive<u64>,
    /// How many frames may be under way from one rank to another before `Busy`.
    pub queue: usize,
    /// How many operations of one rank may be outstanding before `Busy`.
    pub rma_queue: usize,
    /// How many posts of a thousand are answered `Busy` for no reason.
    pub busy_per_mille: u32,
    /// How many frames of a million are lost; a loss cuts its link, which both ends are told as `Closed`.
    pub loss_per_million: u32,
    /// How many events one poll tells at most.
    pub poll_batch: usize,
    /// How many ticks each poll of any rank moves the clock. With 0 only
    /// [`Network::advance`](crate::Network::advance) does, so that a test can hold time still; nothing then moves by
    /// polling alone.
    pub ticks_per_poll: u64,
}

impl NetworkConfig {
    /// Frames only, so that long messages go as trains of frames.
    pub fn frames_only() -> Self {
        Self {
            caps: Caps {
                name: "sim",
                max_frame: 4096,
                inline: 56,
                eager_max: 16 << 10,
                get_from: None,
                put_from: None,
            },
            delay: 0..=20,
            rma_delay: 0..=40,
            done_delay: 0..=20,
            connect_delay: 0..=10,
            notice_delay: 0..=50,
            queue: 16,
            rma_queue: 32,
            busy_per_mille: 50,
            loss_per_million: 0,
            poll_batch: 16,
            ticks_per_poll: 1,
        }
    }

    /// Long messages are fetched by their receiver.
    pub fn with_get() -> Self {
        let mut config = Self::frames_only();
        config.caps.get_from = Some(2048);
        config.caps.eager_max = 2048;
        config
    }

    /// Long messages are written by their sender.
    pub fn with_put() -> Self {
        let mut config = Self::frames_only();
        config.caps.put_from = Some(2048);
        config.caps.eager_max = 2048;
        config
    }

    /// Both, from different lengths on.
    pub fn with_get_and_put() -> Self {
        let mut config = Self::with_get();
        config.caps.put_from = Some(1 << 14);
        config
    }

    /// The shortest frames that are allowed and the shortest queues that still move: everything is `Busy` most of
    /// the time.
    pub fn cramped() -> Self {
        let mut config = Self::with_get_and_put();
        config.caps.max_frame = 1024;
        config.caps.inline = 16;
        config.caps.eager_max = 512;
        Self { queue: 1, rma_queue: 1, poll_batch: 1, busy_per_mille: 300, ..config }
    }

    /// Every sort of transport there is, for tests that should hold over all of them.
    pub fn all() -> [Self; 5] {
        [Self::frames_only(), Self::with_get(), Self::with_put(), Self::with_get_and_put(), Self::cramped()]
    }
}

impl Default for NetworkConfig {
    /// Has `get` and `put`, and delays everything a little.
    fn default() -> Self {
        Self::with_get_and_put()
    }
}
