//! Who sends what to whom, the same at all ranks, and what each rank must get.

use std::collections::VecDeque;

use olympi_comm::{ANY_SOURCE, ANY_TAG, Error, RecvError, Status};
use olympi_sim::Rng;

use super::simulated::Rank;

/// How many messages each rank sends a round.
pub const PER_RANK: usize = 12;
/// The longest message.
pub const LONGEST: usize = 40_000;
/// Which wildcards a rank receives by in this round. All receives that it posts first are of one style, so that no
/// message can take a receive that another one needs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    Exact,
    AnySource,
    AnyTag,
    Any,
}

#[derive(Clone, Debug)]
pub struct Message {
    pub id: u64,
    pub from: i32,
    pub to: i32,
    pub tag: i32,
    pub len: usize,
    /// An object, not a buffer.
    pub object: bool,
    /// Its receive is posted before anyone sends, so its sender may block. Others are received after all was sent.
    pub early: bool,
    /// Which calls send and receive it.
    pub send: usize,
    pub receive: usize,
}

pub struct Plan {
    pub messages: Vec<Message>,
    pub styles: Vec<Style>,
}

/// The same at all ranks.
pub fn plan(seed: u64, ranks: u32) -> Plan {
    let mut rng = Rng::new(seed);
    let styles: Vec<_> = (0..ranks)
        .map(|_| [Style::Exact, Style::AnySource, Style::AnyTag, Style::Any][rng.below(4)])
        .collect();
    let messages = (0..ranks as usize * PER_RANK).map(|id| {
        let to = rng.below(ranks as usize);
        let early = matches!(styles[to], Style::AnyTag | Style::Any) || rng.chance(1, 2);
        let len = match rng.below(6) {
            0 => rng.below(3),
            1 => rng.below(80),
            2 => 400 + rng.below(300),
            3 => 2000 + rng.below(4000),
            4 => 16_000 + rng.below(2000),
            _ => rng.below(LONGEST),
        };
        Message {
            id: id as u64,
            from: (id % ranks as usize) as i32,
            to: to as i32,
            tag: if early { rng.below(3) } else { 10 + rng.below(3) } as i32,
            len,
            object: rng.chance(1, 4),
            early,
            send: rng.below(1 << 16),
            receive: rng.below(1 << 16),
        }
    });
    Plan { messages: messages.collect(), styles }
}

impl Message {
    pub fn bytes(&self) -> Vec<u8> {
        (0..self.len).map(|i| (i * 7 + (i >> 8) + self.id as usize * 31) as u8).collect()
    }

    pub fn object(&self) -> (u64, Vec<u16>, String) {
        (self.id, vec![self.tag as u16; self.len / 8], "x".repeat(self.len % 100))
    }
}

/// What is to come to a rank, by source, in the order in which it was sent.
pub struct Awaited(Vec<VecDeque<Message>>);

impl Awaited {
    pub fn new(rank: &Rank<'_>, plan: &Plan, early: bool, object: bool) -> Self {
        let mut by_source = vec![VecDeque::new(); rank.size as usize];
        for message in &plan.messages {
            if message.to == rank.me && message.early == early && message.object == object {
                by_source[message.from as usize].push_back(message.clone());
            }
        }
        Self(by_source)
    }

    /// The message that a receive of this pattern must have got, given the source and tag that it got.
    pub fn take(&mut self, (source, tag): (i32, i32), got: (i32, i32)) -> Message {
        assert!(source == ANY_SOURCE || source == got.0, "asked rank {source}, got rank {}", got.0);
        let queue = &mut self.0[got.0 as usize];
        let at = queue.iter().position(|message| tag == ANY_TAG || message.tag == tag);
        let message = at.and_then(|at| queue.remove(at)).expect("a message that was sent");
        assert_eq!(message.tag, got.1, "the first of rank {} that matches has another tag", got.0);
        message
    }

    pub fn check(&mut self, asked: (i32, i32), status: &Status, data: &[u8]) {
        let message = self.take(asked, (status.source(), status.tag()));
        assert_eq!(status.bytes(), message.len);
        assert!(data[..message.len] == message.bytes(), "{message:?} has other bytes");
    }

    /// Checks what a receive of so many bytes has got, which may be too few.
    pub fn check_room(&mut self, asked: (i32, i32), room: &[u8], outcome: Result<Status, Error>) {
        match outcome {
            Ok(status) => self.check(asked, &status, room),
            Err(Error::Recv(RecvError::Truncated { source_rank, tag, sent, room: had })) => {
                let message = self.take(asked, (source_rank, tag));
                assert_eq!((sent, had), (message.len, room.len()));
                assert!(sent > had && room[..] == message.bytes()[..had], "{message:?} is wrong in part");
            }
            Err(error) => panic!("{error}"),
        }
    }

    pub fn check_object(&mut self, asked: (i32, i32), status: &Status, object: &(u64, Vec<u16>, String)) {
        let message = self.take(asked, (status.source(), status.tag()));
        assert_eq!(*object, message.object(), "{message:?}");
    }

    pub fn any(&self, rng: &mut Rng) -> Option<&Message> {
        let all: Vec<_> = self.0.iter().flatten().collect();
        (!all.is_empty()).then(|| all[rng.below(all.len())])
    }
}
