//! Timing: short batches, as many as the options want, planned by rank 0.

use std::time::Instant;

use olympi::{Error, Op};

use crate::figures::{Bench, TAG_ACK, reduce, sum};
use crate::options::Options;
use crate::stats::Samples;

/// What rank 0's or rank 1's clock says of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimedBy {
    /// Rank 0's.
    First,
    /// Rank 1's.
    Second,
    /// The values of the lower half are added up.
    LowerHalf,
    /// The largest of all ranks' values counts, of a batch that begins behind a barrier and has a multiple of so many
    /// iterations.
    Slowest(usize),
}

/// A figure: how a batch runs, and what its time says.
pub(crate) struct Figure<'f> {
    /// Its name in the records.
    pub(crate) name: &'f str,
    /// Its unit.
    pub(crate) unit: &'f str,
    /// Runs so many iterations at a size.
    pub(crate) run: &'f mut dyn FnMut(&mut Bench<'_>, usize, usize) -> Result<(), Error>,
    /// What (bench, size, iterations, seconds) say.
    pub(crate) value: &'f dyn Fn(&Bench<'_>, usize, usize, f64) -> f64,
    /// Whether it is a rate.
    pub(crate) higher_is_better: bool,
    /// Whose clock counts.
    pub(crate) timed_by: TimedBy,
}

impl Figure<'_> {
    /// Measures one size, and emits its record on rank 0.
    pub(crate) fn measure(
        &mut self,
        bench: &mut Bench<'_>,
        options: &Options,
        size: usize,
    ) -> Result<(), Error> {
        let world = bench.world;
        let (iterations, batches, warm) = self.plan(bench, options, size)?;
        let mut samples = Vec::with_capacity(batches + 1);
        if batches == 0 {
            samples.push(warm); // So slow that the warm-up is the measurement.
        }
        let start = Instant::now();
        for _ in 0..batches {
            samples.push(self.batch(bench, size, iterations)?.0);
            // On a machine that is busy with something else a size ends early: rank 0 says so.
            let late = world.rank() == 0 && start.elapsed().as_secs_f64() > 4.0 * options.limit;
            if reduce(world, f64::from(u8::from(late)), f64::max)? > 0.5 {
                break;
            }
        }
        if world.rank() == 0 {
            let (figure, unit, higher_is_better) = (self.name, self.unit, self.higher_is_better);
            Samples { figure, size, ranks: world.size(), unit, higher_is_better }.emit(samples);
        }
        Ok(())
    }

    /// Warms up by doubling until a run is long enough to judge by.
    fn plan(
        &mut self,
        bench: &mut Bench<'_>,
        options: &Options,
        size: usize,
    ) -> Result<(usize, usize, f64), Error> {
        let turns = if let TimedBy::Slowest(turns) = self.timed_by { turns } else { 1 };
        let mut iterations = turns;
        loop {
            let (value, mut seconds) = self.decided(bench, size, iterations)?;
            // The shortest of three: one disturbed warm-up must not decide. But what takes as long as all of a size may is
            // not asked again.
            if seconds > options.batch_time && seconds <= options.limit {
                for _ in 0..2 {
                    seconds = seconds.min(self.decided(bench, size, iterations)?.1);
                }
            }
            if seconds > options.batch_time {
                let each = seconds / iterations as f64;
                let iterations = ((options.batch_time / each) as usize / turns * turns).max(turns);
                let mut batches =
                    ((options.limit / (each * iterations as f64)) as usize).min(options.batches);
                if batches < 3 && each * 3.0 < 2.0 * options.limit {
                    batches = 3;
                }
                return Ok((iterations, batches, value));
            }
            iterations *= 2;
        }
    }

    /// One batch, and rank 0's seconds on every rank.
    fn decided(
        &mut self,
        bench: &mut Bench<'_>,
        size: usize,
        iterations: usize,
    ) -> Result<(f64, f64), Error> {
        let (value, seconds) = self.batch(bench, size, iterations)?;
        let word = if bench.world.rank() == 0 { seconds } else { 0.0 };
        Ok((value, reduce(bench.world, word, f64::max)?))
    }

    /// One batch: its value (on rank 0) and its seconds.
    fn batch(&mut self, bench: &mut Bench<'_>, size: usize, iterations: usize) -> Result<(f64, f64), Error> {
        let world = bench.world;
        match self.timed_by {
            TimedBy::LowerHalf => drop(sum(world, 0.0)?),
            TimedBy::Slowest(_) => world.barrier()?,
            TimedBy::First | TimedBy::Second => {}
        }
        let start = Instant::now();
        (self.run)(bench, size, iterations)?;
        let seconds = start.elapsed().as_secs_f64();
        let mut value = (self.value)(bench, size, iterations, seconds);
        match self.timed_by {
            TimedBy::First => {}
            TimedBy::Second if world.rank() == 1 => world.send(&value, 0, TAG_ACK)?,
            TimedBy::Second if world.rank() == 0 => value = world.recv::<f64>(1, TAG_ACK)?.0,
            TimedBy::Second => {}
            TimedBy::LowerHalf => {
                let mine = if world.rank() < world.size() / 2 { value } else { 0.0 };
                value = sum(world, mine)?;
            }
            TimedBy::Slowest(_) => value = world.all_reduce(&value, Op::max())?,
        }
        Ok((value, seconds))
    }
}
