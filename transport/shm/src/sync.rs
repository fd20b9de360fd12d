//! The atomics of the protocol, so that loom can stand in for them.

#[cfg(not(loom))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(loom)]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Keeps the compiler from moving a load before an earlier store; the processor may still do so. Loom knows
/// no such thing, and models the sleeper's `membarrier` as a fence on both sides.
#[inline]
pub(crate) fn compiler_fence() {
    #[cfg(not(loom))]
    core::sync::atomic::compiler_fence(Ordering::SeqCst);
    #[cfg(loom)]
    fence(Ordering::SeqCst);
}
