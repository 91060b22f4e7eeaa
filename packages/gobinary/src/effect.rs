//! What became of a profile's edges between two builds of one source, such as with and without the profile.

use crate::edge::Edge;
use crate::program::Program;
use crate::sites::Kind;

/// How many calls of an edge stand in a program. A caller that was inlined has them several times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calls {
    /// Calls of the function.
    pub direct: u32,
    /// Places where its body stands.
    pub inlined: u32,
    /// Calls on the line through interfaces.
    pub interface: u32,
    /// Calls on the line of function values.
    pub value: u32,
}

/// What the second build did with the call of an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    /// It was called, and is inlined: everywhere, or at some of its copies.
    Inlined,
    /// It was called indirectly, and is now called by name where it is this function, perhaps inlined.
    Devirtualized {
        /// Whether it is inlined.
        inlined: bool,
    },
    /// It was inlined in the first build, too.
    AlreadyInlined,
    /// It is called as before.
    Called(Obstacle),
    /// One of the programs has no such call.
    Absent,
}

/// Why a call was not inlined, as far as names and code tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Obstacle {
    /// The callee is written in assembly.
    Assembly,
    /// The function calls itself.
    Recursion,
    /// The compiler does not replace function values that are closures or methods.
    Closure,
    /// The call is indirect, and the caller was inlined everywhere. The body that is inlined is the one before
    /// devirtualization.
    InlinedCaller,
    /// Not seen from here: the callee may be too large, cold, or of a form that is never inlined.
    Unknown,
}

/// One edge in two builds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effect<'p> {
    /// The edge.
    pub edge: Edge<'p>,
    /// Its calls in the first build.
    pub before: Calls,
    /// Its calls in the second.
    pub after: Calls,
    /// What was done.
    pub change: Change,
}

/// What became of each edge, in their order.
pub fn effects<'p>(
    before: &Program<'_>,
    after: &Program<'_>,
    edges: impl IntoIterator<Item = Edge<'p>>,
) -> Vec<Effect<'p>> {
    let effect = |edge: Edge<'p>| {
        let (was, is) = (before.counted(&edge), after.counted(&edge));
        Effect { edge, before: was, after: is, change: change(&edge, was, is, after) }
    };
    edges.into_iter().map(effect).collect()
}

impl Program<'_> {
    fn counted(&self, edge: &Edge<'_>) -> Calls {
        let mut calls = Calls::default();
        for (kind, copies) in self.calls_of(edge) {
            let count = match kind {
                Kind::Direct => &mut calls.direct,
                Kind::Inlined => &mut calls.inlined,
                Kind::Interface => &mut calls.interface,
                Kind::Value => &mut calls.value,
            };
            *count = count.saturating_add(copies);
        }
        calls
    }
}

fn change(edge: &Edge<'_>, before: Calls, after: Calls, program: &Program<'_>) -> Change {
    let by_name = |calls: Calls| calls.direct > 0 || calls.inlined > 0;
    if before == Calls::default() || after == Calls::default() {
        Change::Absent
    } else if !by_name(before) && by_name(after) {
        Change::Devirtualized { inlined: after.inlined > 0 }
    } else if before.inlined > 0 && after.inlined > 0 {
        Change::AlreadyInlined
    } else if after.inlined > 0 {
        Change::Inlined
    } else {
        Change::Called(obstacle(edge, after, program))
    }
}

fn obstacle(edge: &Edge<'_>, after: Calls, program: &Program<'_>) -> Obstacle {
    let indirect = after.direct == 0;
    let values_only = indirect && after.value > 0 && after.interface == 0;
    if program.in_assembly(edge.callee) {
        Obstacle::Assembly
    } else if edge.caller == edge.callee {
        Obstacle::Recursion
    } else if values_only && is_member(edge.callee) {
        Obstacle::Closure
    } else if indirect && !program.has_code(edge.caller) {
        Obstacle::InlinedCaller
    } else {
        Obstacle::Unknown
    }
}

/// Whether a name is that of a method or a closure: more than one word stands behind the package.
fn is_member(function: &str) -> bool {
    // Of `pkg.F[T].func1`, the part in brackets is none.
    let (head, behind) = match (function.find('['), function.rfind(']')) {
        (Some(open), Some(close)) => (function.get(..open), function.get(close..)),
        _ => (Some(function), None),
    };
    let last = head.unwrap_or_default().rsplit('/').next().unwrap_or_default();
    last.matches('.').count() + behind.unwrap_or_default().matches('.').count() > 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_and_closures_are_members() {
        let members = ["main.f.func1", "a.b/c%2ed.(*T).M", "a.b/c.T.M", "slices.F[go.shape.int].func1"];
        let found: Vec<bool> = members.iter().map(|name| is_member(name)).collect();
        assert_eq!(found, [true, true, true, true]);
        assert!(!["main.f", "a.b/c%2ed.F", "slices.F[go.shape.int]"].iter().any(|name| is_member(name)));
    }
}
