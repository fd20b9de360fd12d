//! Which address of a peer is tried when: a decision without sockets.
//!
//! The addresses are tried in their order, each a while after the one before (RFC 8305), or at once when that one
//! has failed; all that are under way go on. When all have failed, a new round begins after a pause, which doubles.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::config::Config;

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// How often dialling is looked after while everything else sleeps.
pub(crate) const TICK: Duration = Duration::from_millis(25);

/// The attempts to reach one peer.
pub(crate) struct Dial {
    candidates: Vec<Candidate>,
    next: usize,
    next_at: Instant,
    under_way: usize,
    started: Instant,
    pause: Duration,
    /// Rounds in which every address refused.
    refused: u32,
    /// In this round, a failure that says nothing about the address.
    soft: bool,
}

struct Candidate {
    address: SocketAddr,
    failures: u32,
    last: String,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Start an attempt.
    Try(usize, SocketAddr),
    /// Nothing before this moment, except for what is under way.
    Wait(Option<Instant>),
    /// No address leads there.
    GiveUp,
}

impl Dial {
    pub(crate) fn new(addresses: Vec<SocketAddr>, now: Instant) -> Self {
        let candidates = addresses
            .into_iter()
            .map(|address| Candidate { address, failures: 0, last: String::new() })
            .collect();
        Self {
            candidates,
            next: 0,
            next_at: now,
            under_way: 0,
            started: now,
            pause: FIRST_PAUSE,
            refused: 0,
            soft: false,
        }
    }

    /// What is to be done at `now`; an attempt that it says is under way from then on.
    pub(crate) fn advise(&mut self, now: Instant, config: &Config) -> Advice {
        if self.next == self.candidates.len() {
            if self.under_way > 0 {
                return Advice::Wait(None);
            }
            self.refused += u32::from(!self.soft);
            if self.refused >= config.connect_rounds
                || now.duration_since(self.started) >= config.connect_timeout
            {
                return Advice::GiveUp;
            }
            self.next = 0;
            self.soft = false;
            self.next_at = now + self.pause;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        }
        if now < self.next_at {
            return Advice::Wait(Some(self.next_at));
        }
        let index = self.next;
        self.next += 1;
        self.next_at = now + config.stagger;
        self.under_way += 1;
        Advice::Try(index, self.candidates[index].address)
    }

    /// Notes that an attempt has failed. `soft`: the peer, or the network on the way, may think otherwise soon.
    pub(crate) fn failed(&mut self, index: usize, reason: String, soft: bool, now: Instant) {
        let candidate = &mut self.candidates[index];
        candidate.failures += 1;
        candidate.last = reason;
        self.under_way -= 1;
        self.soft |= soft;
        if self.next < self.candidates.len() {
            self.next_at = self.next_at.min(now);
        }
    }

    /// Every address that has failed, and how.
    pub(crate) fn failures(&self) -> String {
        let mut text = String::new();
        for c in self.candidates.iter().filter(|c| c.failures > 0) {
            let sep = if text.is_empty() { "" } else { "; " };
            let _ = write!(text, "{sep}{}: {}", c.address, c.last);
            if c.failures > 1 {
                let _ = write!(text, " ({} times)", c.failures);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(n: u16) -> Vec<SocketAddr> {
        (1..=n).map(|p| SocketAddr::from(([10, 0, 0, 1], p))).collect()
    }

    #[test]
    fn the_next_address_after_a_while_or_at_once_after_a_failure() {
        let config = Config::default();
        let start = Instant::now();
        let list = addresses(3);
        let mut dial = Dial::new(list.clone(), start);
        assert_eq!(dial.advise(start, &config), Advice::Try(0, list[0]));
        let second = start + config.stagger;
        assert_eq!(dial.advise(start, &config), Advice::Wait(Some(second)));
        assert_eq!(dial.advise(second, &config), Advice::Try(1, list[1]));
        dial.failed(1, "refused".into(), false, second);
        assert_eq!(dial.advise(second, &config), Advice::Try(2, list[2]));
        assert_eq!(dial.advise(second, &config), Advice::Wait(None));
    }

    #[test]
    fn refusals_are_counted_in_rounds_and_all_are_listed() {
        let config = Config { connect_rounds: 3, ..Config::default() };
        let mut now = Instant::now();
        let mut dial = Dial::new(addresses(2), now);
        let mut tries = 0;
        loop {
            match dial.advise(now, &config) {
                Advice::Try(i, _) => {
                    tries += 1;
                    dial.failed(i, format!("no {i}"), false, now);
                }
                Advice::Wait(Some(until)) => now = until,
                Advice::Wait(None) => unreachable!("every attempt has failed"),
                Advice::GiveUp => break,
            }
        }
        assert_eq!(tries, 6);
        assert_eq!(dial.failures(), "10.0.0.1:1: no 0 (3 times); 10.0.0.1:2: no 1 (3 times)");
    }

    #[test]
    fn what_says_nothing_of_the_address_is_bounded_by_time_alone() {
        let config = Config { connect_rounds: 1, ..Config::default() };
        let start = Instant::now();
        let mut now = start;
        let mut dial = Dial::new(addresses(1), now);
        loop {
            match dial.advise(now, &config) {
                Advice::Try(i, _) => dial.failed(i, "closed".into(), true, now),
                Advice::Wait(until) => now = until.unwrap(),
                Advice::GiveUp => break,
            }
        }
        assert!(now - start >= config.connect_timeout);
    }
}
