//! The contract of a [`Transport`](olympi_transport_api::Transport), running, over any implementation.
//!
//! Each function of [`order`], [`backpressure`], [`rma`], [`region`], [`closing`] and [`sleep`] is one check
//! of one sentence of the contract. A backend runs them all with one line in its tests: it says how a
//! [`World`] of some ranks is made, and [`conformance!`] turns every check into a `#[test]`:
//!
//! ```
//! use olympi_conformance::{World, conformance};
//! # use olympi_transport_api::*;
//! # struct Nothing(Caps);
//! # impl Transport for Nothing {
//! #     fn caps(&self) -> &Caps { &self.0 }
//! #     fn address(&self) -> Address { Address::default() }
//! #     fn connect(&mut self, _: Peer, _: &Address) -> Result<(), ConnectError> { Ok(()) }
//! #     fn send(&mut self, _: Peer, _: &[u8], _: &[u8]) -> Post { Post::Busy }
//! #     fn register(&mut self, _: Extent) -> Result<MemoryRegion, RegisterError> {
//! #         Err(RegisterError::Unsupported { transport: "nothing" })
//! #     }
//! #     fn put(&mut self, _: Peer, _: SendBuf, _: RemoteKey, _: OpToken) -> Post { Post::Busy }
//! #     fn get(&mut self, _: Peer, _: RecvBuf, _: RemoteKey, _: OpToken) -> Post { Post::Busy }
//! #     fn poll(&mut self, _: &mut impl FnMut(Inbound<'_>)) -> usize { 0 }
//! #     fn arm(&mut self, _: WakeBy) -> Wake { Wake::Never }
//! #     fn disarm(&mut self) {}
//! #     fn drained(&self) -> bool { true }
//! #     fn describe(&self, _: Peer) -> String { String::new() }
//! # }
//! # fn open(_rank: usize, _ranks: usize) -> Nothing {
//! #     Nothing(Caps { name: "nothing", max_frame: 64, inline: 0, eager_max: 0, get_from: None, put_from: None })
//! # }
//! fn world(ranks: usize) -> World<Nothing> {
//!     World::new((0..ranks).map(|rank| open(rank, ranks)).collect())
//! }
//! conformance!(my_transport, world);
//! # fn main() {}
//! ```
//!
//! All endpoints of a world live in the test's process, mostly in its thread. What only separate processes
//! can show (a `kill -9`, a full `/dev/shm`) stays with the backend's own tests. A check that a world cannot
//! serve (it is too small, has no remote memory access, or cannot let a rank die) says so on standard error
//! and passes.
//!
//! No check can hang: every wait panics, saying what was awaited, after a generous time, and a watchdog
//! aborts the process should a transport's own call never return.
#![warn(clippy::pedantic)]
#![allow(clippy::module_name_repetitions, clippy::must_use_candidate, clippy::missing_panics_doc)]
#![allow(clippy::cast_possible_truncation)]

pub mod backpressure;
pub mod closing;
mod flow;
pub mod headers;
mod lent;
mod nap;
pub mod order;
pub mod region;
pub mod rma;
pub mod sleep;
mod world;

pub use world::World;

/// Calls `$then!` with every check's module and name. The one list of checks.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_check {
    ($then:ident!($($args:tt)*)) => {
        $crate::$then! { ($($args)*)
            order::every_size_arrives_whole,
            order::headers_of_every_length,
            order::order_is_kept_under_load,
            order::both_directions_at_once,
            order::many_to_one_starves_nobody,
            order::all_to_all_from_the_first_moment,
            order::answering_before_being_asked_to_connect,
            backpressure::accepted_means_copied,
            backpressure::busy_changes_nothing,
            backpressure::busy_ends,
            backpressure::a_stuck_peer_stalls_nobody_else,
            backpressure::what_was_accepted_drains,
            rma::get_brings_the_bytes,
            rma::put_brings_the_bytes,
            rma::a_put_is_visible_before_a_later_frame,
            rma::many_outstanding_operations_end_once_each,
            rma::no_bytes_are_moved_too,
            rma::frames_and_operations_side_by_side,
            rma::without_remote_access_registration_says_so,
            region::many_regions_come_and_go,
            region::a_dropped_region_harms_nobody,
            region::access_beyond_a_region_harms_nobody,
            region::a_read_only_region_is_not_written,
            region::a_wild_key_is_refused,
            region::a_region_may_outlive_its_transport,
            closing::a_death_is_told_once_and_then_silence,
            closing::others_are_not_disturbed,
            closing::outstanding_operations_end_when_the_peer_dies,
            closing::a_sender_that_is_stuck_learns_of_the_death,
            closing::two_deaths_at_once,
            sleep::an_idle_poll_tells_nothing,
            sleep::poll_returns_under_a_flood,
            sleep::what_is_there_is_not_slept_over,
            sleep::arming_may_be_thought_better_of,
            sleep::a_frame_wakes_a_sleeper,
            sleep::large_frames_wake_sleepers,
            sleep::a_sleeper_notices_a_death,
        }
    };
}

/// Turns every check into a `#[test]` in a module `$name`, over the worlds that `$make` makes.
///
/// `$make` is a function or closure expression `Fn(usize) -> World<T>`, where `T: Transport + Send + 'static`.
/// It is asked for a number of ranks; a transport that joins a process only with itself returns one rank.
#[macro_export]
macro_rules! conformance {
    ($name:ident, $make:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            $crate::for_each_check!(__conformance_tests!($make));
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_tests {
    (($make:expr) $($module:ident :: $check:ident,)*) => {
        $(
            #[test]
            fn $check() {
                $crate::$module::$check(&$make);
            }
        )*
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_suite {
    (($make:expr) $($module:ident :: $check:ident,)*) => {
        $( $crate::$module::$check($make); )*
    };
}

/// A check by its name.
pub type Named<'a> = (&'static str, Box<dyn Fn() + 'a>);

/// Every check by its name, for test programs with a `main` of their own: where a device may be missing, or one check
/// is to run after the other. Gives a `Vec<`[`Named`]`>`.
#[macro_export]
macro_rules! named_checks {
    ($make:expr) => {
        $crate::for_each_check!(__conformance_named!($make))
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conformance_named {
    (($make:expr) $($module:ident :: $check:ident,)*) => {{
        let checks: Vec<$crate::Named<'_>> =
            vec![$((stringify!($check), Box::new(|| $crate::$module::$check($make))),)*];
        checks
    }};
}

/// Runs every check in turn. For worlds that depend on a seed, where one test runs many of them.
///
/// ```no_run
/// # use olympi_conformance::World;
/// # fn test<T: olympi_transport_api::Transport + Send + 'static>(world: fn(u64, usize) -> World<T>) {
/// for seed in 0..10 {
///     olympi_conformance::suite(&|ranks| world(seed, ranks));
/// }
/// # }
/// ```
pub fn suite<T>(make: &impl Fn(usize) -> World<T>)
where
    T: olympi_transport_api::Transport + Send + 'static,
{
    for_each_check!(__conformance_suite!(make));
}
