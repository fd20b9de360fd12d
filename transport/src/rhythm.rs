//! How often a transport is polled beside quicker ones: to ask the kernel for TCP takes longer than a whole message
//! through shared memory, so it is asked often only while it has something to say.

/// So many polls in vain make a transport quiet: with TCP some ten round trips over loopback.
const HOT: u32 = 256;
/// While quicker ones bring something, it is polled so much more rarely.
const BESIDE: u32 = 8;

/// When a transport is polled.
#[derive(Debug)]
pub(crate) struct Rhythm {
    every: u32,
    countdown: u32,
    in_vain: u32,
    turn: u32,
}

impl Rhythm {
    pub(crate) fn new(every: u32) -> Self {
        Self { every: every.max(1), countdown: 0, in_vain: HOT, turn: 0 }
    }

    /// Whether to poll it now; `others`: how much quicker ones have just brought.
    #[inline]
    pub(crate) fn due(&mut self, others: usize) -> bool {
        if others > 0 {
            self.turn += 1;
            if !self.turn.is_multiple_of(BESIDE) {
                return false;
            }
            self.turn = 0;
        }
        if self.countdown > 0 {
            self.countdown -= 1;
            return false;
        }
        true
    }

    /// After a poll, which brought so much; `busy`: something waits to be sent.
    pub(crate) fn polled(&mut self, events: usize, busy: bool) {
        self.in_vain = if events > 0 || busy { 0 } else { (self.in_vain + 1).min(HOT) };
        self.countdown = if self.in_vain < HOT { 0 } else { self.every - 1 };
    }

    /// It is about to have something to say.
    #[inline]
    pub(crate) fn soon(&mut self) {
        (self.in_vain, self.countdown) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polls(rhythm: &mut Rhythm, of: u32, others: usize) -> u32 {
        (0..of)
            .filter(|_| {
                let due = rhythm.due(others);
                if due {
                    rhythm.polled(0, false);
                }
                due
            })
            .count()
            .try_into()
            .unwrap()
    }

    #[test]
    fn what_is_quiet_is_asked_rarely_and_what_speaks_always() {
        let mut rhythm = Rhythm::new(10);
        assert_eq!(polls(&mut rhythm, 1000, 0), 100);
        rhythm.soon();
        assert_eq!(polls(&mut rhythm, HOT, 0), HOT);
        assert_eq!(polls(&mut rhythm, 1000, 0), 100);
        rhythm.polled(1, false);
        assert_eq!(polls(&mut rhythm, 80, 1), 10, "beside busy shared memory");
        rhythm.polled(0, true);
        assert!(rhythm.due(0), "what waits to be sent does not wait long");
    }
}
