//! The figures on raw buffers: each runs `iterations` of itself on every rank.

use olympi::{Communicator, Error};

/// Tags: data, the answer to a window, the end of a flood, and the first of many.
pub(crate) const TAG_DATA: i32 = 1;
/// The answer to a window.
pub(crate) const TAG_ACK: i32 = 2;
const TAG_DONE: i32 = 3;
/// The first of a row of tags.
pub(crate) const TAG_FIRST_DEPTH: i32 = 10;

/// Messages in flight: at most 16 MiB of them, so that no size is a memory test.
pub(crate) fn window_of(size: usize) -> usize {
    match size {
        0..=0x1_0000 => 64,
        0x1_0001..=0x10_0000 => 16,
        _ => 4,
    }
}

/// What every figure works with.
pub(crate) struct Bench<'a> {
    /// All ranks.
    pub(crate) world: &'a Communicator,
    /// What is sent; as long as the largest window.
    pub(crate) send: Vec<u8>,
    /// What is received; as long.
    pub(crate) receive: Vec<u8>,
    /// Seconds of the last drain of unexpected messages.
    pub(crate) drained: f64,
}

impl Bench<'_> {
    /// The rank of the same pair.
    pub(crate) fn peer(&self) -> i32 {
        self.world.rank() ^ 1
    }

    /// Blocking ping-pong.
    pub(crate) fn latency(&mut self, size: usize, iterations: usize) -> Result<(), Error> {
        let (send, receive) = (&self.send[..size], &mut self.receive[..size]);
        match self.world.rank() {
            0 => {
                for _ in 0..iterations {
                    self.world.send(send, 1, TAG_DATA)?;
                    self.world.recv_into(receive, 1, TAG_DATA)?;
                }
            }
            1 => {
                for _ in 0..iterations {
                    self.world.recv_into(receive, 0, TAG_DATA)?;
                    self.world.send(send, 0, TAG_DATA)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// One direction, answered by four bytes a window.
    fn stream_out(&mut self, size: usize, iterations: usize, to: i32) -> Result<(), Error> {
        let window = window_of(size);
        for _ in 0..iterations {
            self.world.scope(|scope| {
                for _ in 0..window {
                    scope.isend(&self.send[..size], to, TAG_DATA)?;
                }
                Ok(())
            })?;
            self.world.recv_into(&mut [0_u8; 4], to, TAG_ACK)?;
        }
        Ok(())
    }

    fn stream_in(&mut self, size: usize, iterations: usize, from: i32) -> Result<(), Error> {
        let window = window_of(size);
        for _ in 0..iterations {
            let mut rest = &mut self.receive[..window * size];
            self.world.scope(|scope| {
                for _ in 0..window {
                    let (buffer, others) = std::mem::take(&mut rest).split_at_mut(size);
                    rest = others;
                    scope.irecv(buffer, from, TAG_DATA)?;
                }
                Ok(())
            })?;
            self.world.send(&[0_u8; 4], from, TAG_ACK)?;
        }
        Ok(())
    }

    /// Windows from rank 0 to rank 1.
    pub(crate) fn bandwidth(&mut self, size: usize, iterations: usize) -> Result<(), Error> {
        match self.world.rank() {
            0 => self.stream_out(size, iterations, 1),
            1 => self.stream_in(size, iterations, 0),
            _ => Ok(()),
        }
    }

    /// Windows both ways at once.
    pub(crate) fn bibandwidth(&mut self, size: usize, iterations: usize) -> Result<(), Error> {
        let (peer, window) = (self.peer(), window_of(size));
        if self.world.rank() > 1 {
            return Ok(());
        }
        for _ in 0..iterations {
            let mut rest = &mut self.receive[..window * size];
            self.world.scope(|scope| {
                for _ in 0..window {
                    let (buffer, others) = std::mem::take(&mut rest).split_at_mut(size);
                    rest = others;
                    scope.irecv(buffer, peer, TAG_DATA)?;
                }
                for _ in 0..window {
                    scope.isend(&self.send[..size], peer, TAG_DATA)?;
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Every rank of the lower half sends to its partner in the upper half.
    pub(crate) fn rate(&mut self, size: usize, iterations: usize) -> Result<(), Error> {
        let (rank, half) = (self.world.rank(), self.world.size() / 2);
        if rank < half {
            self.stream_out(size, iterations, rank + half)
        } else {
            self.stream_in(size, iterations, rank - half)
        }
    }

    /// `depth` messages wait unexpected at rank 1, which takes the newest first. Only that is timed.
    pub(crate) fn unexpected(&mut self, depth: usize, iterations: usize) -> Result<(), Error> {
        self.drained = 0.0;
        let world = self.world;
        let tag = |d: usize| TAG_FIRST_DEPTH + d as i32;
        let mut byte = 0_u8;
        for _ in 0..iterations {
            if world.rank() == 0 {
                for d in 0..depth {
                    world.send(&(d as u64), 1, tag(d))?;
                }
                world.send(&byte, 1, TAG_DONE)?;
                world.recv_into(&mut byte, 1, TAG_ACK)?;
            } else if world.rank() == 1 {
                world.recv_into(&mut byte, 0, TAG_DONE)?;
                let mut wrong = 0;
                let start = std::time::Instant::now();
                for d in (0..depth).rev() {
                    let mut value = u64::MAX;
                    world.recv_into(&mut value, 0, tag(d))?;
                    wrong += usize::from(value != d as u64);
                }
                self.drained += start.elapsed().as_secs_f64();
                assert_eq!(wrong, 0, "unexpected messages held another message's data");
                world.send(&byte, 0, TAG_ACK)?;
            }
        }
        Ok(())
    }

    /// Both ranks hold `depth` receives that nothing matches while `body` runs.
    pub(crate) fn behind_posted(
        &mut self,
        depth: usize,
        body: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (world, peer) = (self.world, self.peer());
        let tags = TAG_FIRST_DEPTH..TAG_FIRST_DEPTH + depth as i32;
        let held =
            tags.clone().map(|tag| world.irecv(vec![0_u8], peer, tag)).collect::<Result<Vec<_>, _>>()?;
        barrier(world)?;
        body(self)?;
        barrier(world)?;
        for tag in tags {
            world.send(&7_u8, peer, tag)?;
        }
        olympi::wait_all(held).map(drop)
    }

    /// The token's way round the ring; each rank adds one. Returns the seconds it took.
    pub(crate) fn ring(&mut self, laps: usize) -> Result<f64, Error> {
        let (rank, size) = (self.world.rank(), self.world.size());
        let (left, right) = ((rank + size - 1) % size, (rank + 1) % size);
        let mut token = 0_u64;
        let start = std::time::Instant::now();
        for _ in 0..laps {
            if rank == 0 {
                token += 1;
                self.world.send(&token, right, TAG_DATA)?;
                self.world.recv_into(&mut token, left, TAG_DATA)?;
            } else {
                self.world.recv_into(&mut token, left, TAG_DATA)?;
                token += 1;
                self.world.send(&token, right, TAG_DATA)?;
            }
        }
        if rank == 0 {
            assert_eq!(token, laps as u64 * size as u64, "the token counted its hops wrongly");
        }
        Ok(start.elapsed().as_secs_f64())
    }

    /// A whole window goes both ways and every byte is compared: a transport that loses or mixes data must not
    /// look fast.
    pub(crate) fn verify(&mut self, size: usize) -> Result<(), Error> {
        let (rank, peer, window) = (self.world.rank(), self.peer(), window_of(size));
        if rank > 1 {
            return Ok(());
        }
        let pattern =
            |i: usize, from: i32| (i * 31 + (i >> 12) + size * 7) as u8 ^ (from as u8).wrapping_mul(101);
        self.send[..size].iter_mut().enumerate().for_each(|(i, byte)| *byte = pattern(i, rank));
        self.receive[..size * window].fill(0x5a);
        self.bibandwidth(size, 1)?;
        for (i, &byte) in self.receive[..size * window].iter().enumerate() {
            assert_eq!(
                byte,
                pattern(i % size, peer),
                "byte {i} of a window of {size}-byte messages is wrong"
            );
        }
        Ok(())
    }
}

/// All ranks wait for all, by a token through rank 0.
pub(crate) fn barrier(world: &Communicator) -> Result<(), Error> {
    sum(world, 0.0).map(drop)
}

/// The sum of every rank's value, on every rank.
pub(crate) fn sum(world: &Communicator, mine: f64) -> Result<f64, Error> {
    reduce(world, mine, |a, b| a + b)
}

/// Every rank's values combined, on every rank.
pub(crate) fn reduce(
    world: &Communicator,
    mine: f64,
    combine: impl Fn(f64, f64) -> f64,
) -> Result<f64, Error> {
    const TAG: i32 = 4;
    let mut total = mine;
    if world.rank() == 0 {
        for rank in 1..world.size() {
            total = combine(total, world.recv::<f64>(rank, TAG)?.0);
        }
        for rank in 1..world.size() {
            world.send(&total, rank, TAG)?;
        }
    } else {
        world.send(&mine, 0, TAG)?;
        total = world.recv::<f64>(0, TAG)?.0;
    }
    Ok(total)
}
