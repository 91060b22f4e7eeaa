//! Edges of a profile, and whether a program can use them.
//!
//! The compiler looks for the call of an edge in the caller's source. What it finds there stands in the program: as a
//! call, as an inlined body, or as an indirect call on that line. Some edges no build of any source can use, and the
//! program or the names tell which.

use crate::part::{Part, package};
use crate::program::Program;
use crate::sites::Kind;

/// A call that a profile has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edge<'p> {
    /// The function that calls, by its linker's name.
    pub caller: &'p str,
    /// The function that was called.
    pub callee: &'p str,
    /// Line of the call, from the caller's `func` on.
    pub offset: i32,
    /// Its weight. What is not positive counts as nothing.
    pub weight: i64,
}

/// Whether a program can use an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Such a call stands at that place.
    Matched,
    /// No compiler can use it, whatever the source is.
    LeftOut(LeftOut),
    /// This program cannot.
    Lost(Why),
}

/// Why no compiler can use an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeftOut {
    /// The runtime interrupted the caller there, at any instruction.
    Interrupted,
    /// Caller or callee is written in assembly: nothing to optimize, nothing to inline.
    Assembly,
    /// The compiler put the call in, as for `append`, maps and allocations; the source has none.
    Inserted,
    /// `go test` called it: the harness, or a benchmark of its own.
    Harness,
    /// The caller's body belongs to another package (`go:linkname`), where it has another name.
    Linkname,
}

impl LeftOut {
    /// All of them, in the order in which they are told.
    pub const ALL: [LeftOut; 5] =
        [LeftOut::Interrupted, LeftOut::Assembly, LeftOut::Inserted, LeftOut::Harness, LeftOut::Linkname];
}

/// Why a program cannot use an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// The program has no such caller.
    NoCaller,
    /// The program has no such callee.
    NoCallee,
    /// No call of the callee stands on that line of the caller.
    NoCall,
}

/// What the runtime puts on the stack of a function that it interrupts.
const INTERRUPTION: &str = "runtime.asyncPreempt";

impl Program<'_> {
    /// Whether the program can use an edge.
    pub fn judge(&self, edge: &Edge<'_>) -> Use {
        if let Some(why) = self.left_out(edge) {
            Use::LeftOut(why)
        } else if !self.has(edge.caller) {
            Use::Lost(Why::NoCaller)
        } else if !self.has(edge.callee) {
            Use::Lost(Why::NoCallee)
        } else if self.calls_of(edge).next().is_none() {
            Use::Lost(Why::NoCall)
        } else {
            Use::Matched
        }
    }

    /// The calls that an edge can be.
    pub(crate) fn calls_of<'e>(&'e self, edge: &Edge<'e>) -> impl Iterator<Item = (Kind, u32)> + 'e {
        let callee = edge.callee;
        let calls = self.calls_at(edge.caller, edge.offset);
        calls
            .filter(move |call| call.callee.is_none_or(|name| name == callee))
            .map(|call| (call.kind, call.copies))
    }

    fn left_out(&self, edge: &Edge<'_>) -> Option<LeftOut> {
        if [edge.caller, edge.callee].contains(&INTERRUPTION) {
            Some(LeftOut::Interrupted)
        } else if self.in_assembly(edge.caller) || self.in_assembly(edge.callee) {
            Some(LeftOut::Assembly)
        } else if self.inserted(edge) {
            Some(LeftOut::Inserted)
        } else if self.of_harness(edge.caller) {
            Some(LeftOut::Harness)
        } else if self.linked_elsewhere(edge.caller) {
            Some(LeftOut::Linkname)
        } else {
            None
        }
    }

    /// Whether a caller is only there while `go test` runs.
    fn of_harness(&self, caller: &str) -> bool {
        let name = caller.rsplit('/').next().and_then(|last| last.split('.').nth(1)).unwrap_or_default();
        let is_own = ["Benchmark", "Test", "Fuzz"].iter().any(|word| name.starts_with(word));
        !self.has(caller) && (is_own || package(caller) == "testing")
    }

    /// Other packages cannot name what the runtime does not export.
    fn inserted(&self, edge: &Edge<'_>) -> bool {
        let unexported = edge.callee.strip_prefix("runtime.").and_then(|name| name.bytes().next());
        let unexported = unexported.is_some_and(|first| first.is_ascii_lowercase());
        unexported && package(edge.caller) != "runtime" && self.info.part(edge.caller) != Part::Runtime
    }
}
