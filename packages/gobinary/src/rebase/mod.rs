//! Carries a profile over to a program of newer source: other names, other packages, other lines.
//!
//! A wrong carry-over is worse than a lost one. What fits two places about as well is left behind and named.

mod carry;
mod chain;
mod closures;
mod evidence;
mod graph;
mod lines;
mod mapping;
mod packages;
mod renames;
mod report;
mod spelling;
#[cfg(test)]
mod tests;

pub use report::{LeftBehind, Rebased, Rename, Rule, Unplaced};

use crate::edge::Edge;
use crate::program::Program;

/// Carries the edges of a profile over to a program. What the program can use as it is stays as it is, unless all
/// around it moved.
pub fn rebase<'x>(program: &Program<'x>, edges: &[Edge<'x>]) -> Rebased<'x> {
    let graph = graph::Graph::new(program, edges);
    let moves = packages::Moves::find(&graph);
    let mapping = renames::find(&graph, &moves, &mut chain::BUDGET.clone());
    carry::carry(&graph, &mapping, &mut chain::BUDGET.clone())
}
