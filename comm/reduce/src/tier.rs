//! Which vector instructions a kernel is compiled for, and that it runs only where there are such.
//!
//! A loop is written once, without a word about vectors ([`Loop`]). Inlined into a function with `target_feature` it
//! is compiled for that feature, and the compiler vectorizes it. A [`Tier`] above the baseline exists only where the
//! processor has been asked, which is what makes the calls sound.

use core::fmt;

use alloc::vec::Vec;

/// A set of vector instructions that this machine has.
///
/// All give the same results, bit for bit, but for the payload of what is no number: no operation is reassociated or
/// fused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tier(Level);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// A loop over memory, to be inlined into a function of each tier.
pub(crate) trait Loop {
    fn run(self);
}

impl Tier {
    /// What every processor of the architecture has.
    pub const BASELINE: Self = Self(Level::Baseline);

    /// The best of this machine.
    #[inline]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx512f")
                && std::is_x86_feature_detected!("avx512bw")
                && std::is_x86_feature_detected!("avx512dq")
                && std::is_x86_feature_detected!("avx512vl")
            {
                return Self(Level::Avx512);
            }
            if std::is_x86_feature_detected!("avx2") {
                return Self(Level::Avx2);
            }
        }
        Self::BASELINE
    }

    /// All that this machine has, the best last.
    pub fn all() -> Vec<Self> {
        let mut all = alloc::vec![Self::BASELINE];
        #[cfg(target_arch = "x86_64")]
        if std::is_x86_feature_detected!("avx2") {
            all.push(Self(Level::Avx2));
        }
        if !all.contains(&Self::best()) {
            all.push(Self::best());
        }
        all
    }

    /// Runs the loop as compiled for this tier.
    // Inlined always: the call is in the kernel's own function, which is called by its address.
    #[inline(always)]
    pub(crate) fn run(self, work: impl Loop) {
        match self.0 {
            Level::Baseline => work.run(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: this value was made by `best` or `all`, which have seen that the processor has AVX2.
            Level::Avx2 => unsafe { avx2(work) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: likewise, for these parts of AVX-512.
            Level::Avx512 => unsafe { avx512(work) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(work: impl Loop) {
    work.run();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512(work: impl Loop) {
    work.run();
}

impl fmt::Debug for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
