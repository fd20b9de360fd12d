//! Chance from a seed.

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// A small generator of random numbers (`SplitMix64`): the same seed always gives the same numbers.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that begins at `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, or 0 if that is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A number of a range, both ends included.
    pub fn within(&mut self, range: &RangeInclusive<u64>) -> u64 {
        let span = range.end().saturating_sub(*range.start());
        range.start() + ((u128::from(self.bits()) * (u128::from(span) + 1)) >> 64) as u64
    }

    /// True `times` out of `of`, on average.
    pub fn chance(&mut self, times: u32, of: u32) -> bool {
        times > 0 && self.below(of as usize) < times as usize
    }
}

/// Runs `test` under the seeds 0 to `count - 1`. If one fails, its seed is printed as `OLYMPI_SIM_SEED=...`; with that
/// in the environment, only this seed is run.
///
/// ```
/// use olympi_sim::{Rng, with_seeds};
///
/// with_seeds(20, |seed| assert!(Rng::new(seed).below(10) < 10));
/// ```
///
/// # Panics
/// With the panic of `test`; and if `OLYMPI_SIM_SEED` is set and is not a number.
pub fn with_seeds(count: u64, test: impl Fn(u64)) {
    let seeds = match std::env::var("OLYMPI_SIM_SEED") {
        Ok(only) => {
            let seed = only.parse().expect("OLYMPI_SIM_SEED is a decimal number below 2^64");
            seed..=seed
        }
        Err(_) if count == 0 => return,
        Err(_) => 0..=count - 1,
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed))) {
            eprintln!("failed under this seed; to run it alone: OLYMPI_SIM_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_everything_and_ranges_are_kept() {
        let draw = |seed| {
            let mut rng = Rng::new(seed);
            (0..100).map(|_| rng.within(&(3..=5))).collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        for number in 3..=5 {
            assert!(draw(1).contains(&number));
        }
        assert!(draw(1).iter().all(|number| (3..=5).contains(number)));
        assert_eq!(Rng::new(9).below(0), 0);
        assert!(!Rng::new(9).chance(0, 10) && Rng::new(9).chance(10, 10));
        assert_eq!(Rng::new(4).within(&(0..=u64::MAX)), Rng::new(4).bits());
    }

    #[test]
    fn a_failing_seed_is_passed_on() {
        let failed = catch_unwind(|| with_seeds(5, |seed| assert_ne!(seed, 3, "this seed fails")));
        assert!(std::env::var("OLYMPI_SIM_SEED").is_ok() || failed.is_err());
    }
}
