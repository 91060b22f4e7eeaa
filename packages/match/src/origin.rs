//! Whose code a function is: the workspace's, a dependency's or a generic of std.
//!
//! The rule: the crate that has the function's source. A v0 symbol names it (the path of the impl
//! block, or of the trait for a provided method). A legacy symbol names only the type and the trait
//! of `<Type as Trait>::method`; an impl block is in the crate of one of the two, so the one nearest
//! to the reader counts: workspace before dependency before std. Type arguments do not count:
//! `Vec<workspace::Item>::push` and `drop_in_place<workspace::Item>` are std's generics. `main` is the
//! entry point that rustc writes for the workspace's program; any other symbol without a path (C, or
//! `#[no_mangle]`) counts as a dependency's, unless the workspace's code is such itself.
//!
//! Of the crates that std bundles only hashbrown has generics that are compiled into programs. Its
//! symbols do not tell std's copy from a dependency of the same name: it counts as std's.

use crate::inspect::{demangle, split_name};
use crate::v0::{self, Detail};
use std::collections::BTreeSet;

/// Crates that come with the toolchain.
const STD: [&str; 9] = [
    "core",
    "alloc",
    "std",
    "proc_macro",
    "test",
    "std_detect",
    "compiler_builtins",
    "panic_unwind",
    "unwind",
];
/// A crate that std bundles and that programs also depend on by themselves.
const BUNDLED: &str = "hashbrown";

/// Whose code a function is, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A crate of the workspace.
    Workspace,
    /// A crate that the workspace depends on, or foreign code.
    Dependency,
    /// A generic or inline function of std, compiled into a crate of the program.
    Std,
}

impl Origin {
    /// Every origin.
    pub const ALL: [Origin; 3] = [Origin::Workspace, Origin::Dependency, Origin::Std];
}

/// The crates of a program, by their names in code (`_`, not `-`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Crates {
    workspace: BTreeSet<String>,
}

impl Crates {
    /// The workspace's crates; a `-` in a name is read as `_`. An empty name stands for code without paths, as C's.
    pub fn new<S: AsRef<str>>(workspace: impl IntoIterator<Item = S>) -> Crates {
        Crates { workspace: workspace.into_iter().map(|name| name.as_ref().replace('-', "_")).collect() }
    }

    /// Whose code the function with that name is.
    pub fn origin(&self, name: &[u8]) -> Origin {
        let symbol = split_name(name).1;
        if let Some(v0) = v0::parse(symbol, Detail::Loose) {
            return self.of_crate(&String::from_utf8_lossy(v0.defined_in)).unwrap_or(Origin::Dependency);
        }
        if symbol == b"main" {
            return Origin::Workspace;
        }
        let demangled = demangle(symbol);
        if demangled.as_bytes() == symbol {
            return if self.workspace.contains("") { Origin::Workspace } else { Origin::Dependency };
        }
        let (type_head, trait_head) = heads(&demangled);
        let heads = [type_head, trait_head].into_iter().flatten();
        let known = heads.filter_map(|head| self.of_crate(head));
        // A primitive type or a type parameter in front of a trait of std: `<T as ToString>`.
        known.min().unwrap_or(Origin::Std)
    }

    fn of_crate(&self, name: &str) -> Option<Origin> {
        if self.workspace.contains(name) {
            Some(Origin::Workspace)
        } else if STD.contains(&name) || name == BUNDLED {
            Some(Origin::Std)
        } else if name.is_empty() {
            None
        } else {
            Some(Origin::Dependency)
        }
    }
}

/// The crate outside of std that a function's name starts with; `None` for std's generics and for
/// foreign code.
pub fn home_crate(name: &[u8]) -> Option<String> {
    let symbol = split_name(name).1;
    let of_program = |name: &str| (!STD.contains(&name) && !name.is_empty()).then(|| name.to_owned());
    if let Some(v0) = v0::parse(symbol, Detail::Loose) {
        return of_program(&String::from_utf8_lossy(v0.defined_in));
    }
    let demangled = demangle(symbol);
    if demangled.as_bytes() == symbol {
        return None;
    }
    let (type_head, trait_head) = heads(&demangled);
    [type_head, trait_head].into_iter().flatten().find_map(of_program)
}

/// The crates that a demangled name starts with: of `<Type as Trait>::method` the type's and the
/// trait's, else the first.
fn heads(demangled: &str) -> (Option<&str>, Option<&str>) {
    let Some(inner) = demangled.strip_prefix('<') else {
        // `core::ops::function::impls::<impl FnOnce<A> for &mut F>::call_once` is core's.
        return (path_head(demangled), None);
    };
    match split_as(inner) {
        Some((of_type, of_trait)) => (path_head(of_type), path_head(of_trait)),
        None => (path_head(inner), None),
    }
}

/// The two sides of ` as ` outside of brackets, up to the bracket that closes.
fn split_as(text: &str) -> Option<(&str, &str)> {
    let mut depth = 0_i32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            // The arrow of a function type closes nothing.
            b'>' if at > 0 && text.as_bytes().get(at - 1) == Some(&b'-') => {}
            b'>' | b')' | b']' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
        if depth == 0 && text.get(at..).is_some_and(|rest| rest.starts_with(" as ")) {
            return Some((text.get(..at)?, text.get(at + 4..)?));
        }
    }
    None
}

/// The crate of a path, behind references, pointers, slices and tuples; `None` for a primitive type
/// or a type parameter, which have no path.
fn path_head(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(['&', '*', '[', '(', '<', ' ']);
        let word = ["mut ", "const ", "dyn ", "impl "].into_iter().find_map(|word| rest.strip_prefix(word));
        match word {
            Some(after) => rest = after,
            None => break,
        }
    }
    let is_word = |byte: char| byte.is_alphanumeric() || byte == '_';
    let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
    let (head, after) = rest.split_at_checked(end)?;
    (after.starts_with("::") && !head.is_empty()).then_some(head)
}
