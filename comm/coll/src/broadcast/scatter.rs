//! A broadcast by a scatter and a gather for all: the root gives each member a block, and the members exchange blocks.
//!
//! Each member sends and receives about twice the bytes once, however many members there are; a tree's root sends them
//! log2 n times. n - 1 messages of the scatter, and those of the gather for all.
//!
//! Source: Barnett, Gupta, Payne, Shuler, van de Geijn, Watts, "Interprocessor collective communication library" (1994).

use crate::{Blocks, Placed, Plan, Span, Team, all_gather, scatter};

/// Adds the steps of a scatter down a tree, and of a ring.
pub fn scatter_ring(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    let blocks = Blocks::divide(data.len, 1, team.size());
    let placed = Placed::new(data.area, data.offset, &blocks);
    scatter::binomial_within(plan, team, root, placed);
    all_gather::ring(plan, team, placed.span(team.me()), placed);
}

/// Adds the steps of a scatter down a tree, and of recursive doubling.
///
/// # Panics
/// If the size of the team is no power of two.
pub fn scatter_doubling(plan: &mut Plan, team: &Team, root: u32, data: Span) {
    let blocks = Blocks::divide(data.len, 1, team.size());
    let placed = Placed::new(data.area, data.offset, &blocks);
    scatter::binomial_within(plan, team, root, placed);
    all_gather::recursive_doubling(plan, team, placed.span(team.me()), placed);
}
