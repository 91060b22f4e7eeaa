//! Reads the compiler's function trace: every function that a build has, with its CFG hash.
//!
//! `rustc -Cllvm-args=-pgo-trace-func-hash=` (an empty pattern; it takes effect together with
//! `-Cprofile-generate` or `-Cprofile-use`, as only those compute the hashes) writes to standard
//! error, for each function and module, `Funcname=SYMBOL, Hash=DECIMAL in building MODULE`. Source:
//! `computeCFGHash` in LLVM's `PGOInstrumentation.cpp`. The option has no stability promise.
//!
//! A whole line is certain. With several codegen units the lines of several threads get mixed, piece
//! by piece (see [`crate::scan`]). There a name gets as candidates the hashes and modules that were
//! written while its own were still to come; nothing else, so that no match can come from a name or
//! a hash that the build has not. [`BuildFunctions::uncertain`] says how many there are.

use crate::functions::{BuildFunction, BuildFunctions, Linkage};
use crate::scan::{self, Piece};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most names that wait for their hash or module: more threads than a compiler has.
const MAX_WAITING: usize = 256;
/// Most hashes that are noted for one name.
const MAX_CANDIDATES: usize = 256;
/// Whole lines after which a name that still waits is given up: a piece was lost. A thread that had
/// to wait for a processor was seen to be 130 lines late.
const MAX_LATE: usize = 5000;

/// Collects the trace out of the lines of a build's standard error.
#[derive(Debug, Default)]
pub struct TraceReader {
    /// Symbol and module to hashes, from whole lines.
    certain: BTreeMap<(Box<str>, Arc<str>), Vec<u64>>,
    modules: BTreeSet<Arc<str>>,
    /// Names from damaged stretches.
    damaged: Vec<Candidate>,
    hashes: Waiting,
    homes: Waiting,
    /// Names of whole lines in the present damaged stretch: such a line may be mixed all the same.
    suspects: Vec<usize>,
    damaged_lines: u64,
    /// Names that threads still owe: each has written what stands before one.
    names_owed: usize,
    /// Line breaks that threads still owe: each has written its module, but not the end of its line.
    breaks_owed: usize,
}

/// A name whose hash and module are not certain.
#[derive(Debug)]
struct Candidate {
    symbol: Box<str>,
    hashes: Vec<u64>,
    modules: Vec<Arc<str>>,
}

/// Names that wait for a value of theirs.
#[derive(Debug, Default)]
struct Waiting {
    names: Vec<usize>,
    /// How many values came since the first of them started to wait.
    came: usize,
}

impl Waiting {
    fn add(&mut self, name: usize) {
        if self.names.len() >= MAX_WAITING {
            // A piece was lost: no compiler has so many threads.
            *self = Waiting::default();
        }
        self.names.push(name);
    }

    /// Notes that values came; once as many came as there are names, all have theirs.
    fn got(&mut self, values: usize) {
        self.came += values;
        if self.came >= self.names.len() {
            *self = Waiting::default();
        }
    }
}

impl TraceReader {
    /// A reader that has seen nothing.
    pub fn new() -> TraceReader {
        TraceReader::default()
    }

    /// Takes a line, without its line break. Gives back what is not of the trace: `None` for a line
    /// of the trace, the line itself for any other, what is left for people of a mixed one.
    pub fn line<'a>(&mut self, line: &'a str) -> Option<Cow<'a, str>> {
        let open = !self.hashes.names.is_empty() || !self.homes.names.is_empty();
        if let Some((symbol, hash, module)) = scan::whole_line(line) {
            let module = self.module(module);
            if open {
                self.suspect(symbol, hash, module);
            } else {
                let hashes = self.certain.entry((symbol.into(), module)).or_default();
                if !hashes.contains(&hash) {
                    hashes.push(hash);
                }
            }
            return None;
        }
        let known = |text: &str| self.modules.contains(text);
        let marked = line.contains(scan::BEFORE_NAME) || line.contains(scan::BEFORE_HASH);
        if line.is_empty() && self.breaks_owed > 0 {
            self.breaks_owed -= 1;
            return None;
        }
        if !marked && !open && self.names_owed == 0 {
            return Some(Cow::Borrowed(line));
        }
        let pieces = scan::pieces(line, self.names_owed > 0, &known);
        if !marked && !of_trace(&pieces, self.names_owed > 0) {
            return Some(Cow::Borrowed(line));
        }
        self.damaged_lines += 1;
        let modules = pieces.iter().filter(|piece| matches!(piece, Piece::Module(_))).count();
        let message = matches!(pieces.last(), Some(Piece::Other(_)));
        self.breaks_owed = (self.breaks_owed + modules).saturating_sub(usize::from(!message));
        let mut rest = String::new();
        for piece in pieces {
            match piece {
                Piece::Separator(before) => self.names_owed += usize::from(before == scan::BEFORE_NAME),
                Piece::Name(symbol) => self.name(symbol),
                Piece::Hashes(digits) => self.hash(digits),
                Piece::Module(module) => self.home(module),
                Piece::Other(text) => rest.push_str(text),
            }
        }
        if self.hashes.names.is_empty() && self.homes.names.is_empty() {
            self.suspects.clear();
        }
        (!rest.trim().is_empty()).then_some(Cow::Owned(rest))
    }

    /// Takes a line that was written by one thread alone, so that nothing is mixed into it, whatever its symbol looks
    /// like: those of C++ look like several of Rust. Whether it is one of the trace.
    pub fn undivided(&mut self, line: &str) -> bool {
        let Some((symbol, hash, module)) = scan::undivided(line) else { return false };
        let module = self.module(module);
        let hashes = self.certain.entry((symbol.into(), module)).or_default();
        if !hashes.contains(&hash) {
            hashes.push(hash);
        }
        true
    }

    /// How many lines were damaged.
    pub fn damaged_lines(&self) -> u64 {
        self.damaged_lines
    }

    /// The functions that were seen.
    pub fn finish(self) -> BuildFunctions {
        let bytes = |module: &Arc<str>| Arc::from(module.as_bytes());
        let row = |symbol: &str, module: Option<&Arc<str>>, hashes: &[u64], certain| BuildFunction {
            symbol: symbol.as_bytes().to_vec(),
            module: module.map(bytes),
            linkage: Linkage::Unknown,
            hashes: hashes.to_vec(),
            counters: None,
            certain,
        };
        let mut functions: Vec<BuildFunction> = Vec::new();
        for candidate in self.damaged {
            // A module has a function once: where it was seen whole, it is not this one.
            let seen = |module: &&Arc<str>| {
                let key = (candidate.symbol.clone(), Arc::clone(*module));
                self.certain.contains_key(&key)
            };
            let homes: Vec<&Arc<str>> = candidate.modules.iter().filter(|module| !seen(module)).collect();
            if homes.is_empty() && !candidate.hashes.is_empty() {
                functions.push(row(&candidate.symbol, None, &candidate.hashes, false));
            }
            // Pieces of two threads that do not touch leave no choice.
            let only = homes.len() == 1 && candidate.modules.len() == 1 && candidate.hashes.len() == 1;
            for module in homes {
                functions.push(row(&candidate.symbol, Some(module), &candidate.hashes, only));
            }
        }
        for ((symbol, module), hashes) in &self.certain {
            functions.push(row(symbol, Some(module), hashes, true));
        }
        BuildFunctions::new(functions)
    }

    fn module(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.modules.get(name) {
            return Arc::clone(known);
        }
        let name: Arc<str> = Arc::from(name);
        self.modules.insert(Arc::clone(&name));
        name
    }

    /// A whole line while names wait: nearly always what it seems, but a thread in the middle of
    /// its own line could have written a part of it.
    fn suspect(&mut self, symbol: &str, hash: u64, module: Arc<str>) {
        let name = self.damaged.len();
        self.damaged.push(Candidate { symbol: symbol.into(), hashes: Vec::new(), modules: Vec::new() });
        self.suspects.push(name);
        self.offer_hashes(&[hash]);
        self.offer_module(&module);
        if self.suspects.len() > MAX_LATE {
            (self.hashes, self.homes) = (Waiting::default(), Waiting::default());
            self.suspects.clear();
        }
    }

    fn name(&mut self, symbol: &str) {
        let name = self.damaged.len();
        self.damaged.push(Candidate { symbol: symbol.into(), hashes: Vec::new(), modules: Vec::new() });
        self.hashes.add(name);
        self.homes.add(name);
        self.names_owed = self.names_owed.saturating_sub(1);
    }

    fn hash(&mut self, digits: &str) {
        let (count, hashes) = scan::hashes(digits);
        self.offer_hashes(&hashes);
        self.hashes.got(count);
    }

    fn home(&mut self, module: &str) {
        let module = self.module(module);
        self.offer_module(&module);
        self.homes.got(1);
    }

    fn offer_hashes(&mut self, hashes: &[u64]) {
        for name in self.hashes.names.iter().chain(&self.suspects) {
            if let Some(candidate) = self.damaged.get_mut(*name) {
                let room = MAX_CANDIDATES.saturating_sub(candidate.hashes.len());
                let new = hashes.iter().filter(|hash| !candidate.hashes.contains(*hash));
                let new: Vec<u64> = new.copied().take(room).collect();
                candidate.hashes.extend(new);
            }
        }
    }

    fn offer_module(&mut self, module: &Arc<str>) {
        for name in self.homes.names.iter().chain(&self.suspects) {
            if let Some(candidate) = self.damaged.get_mut(*name)
                && candidate.modules.len() < MAX_CANDIDATES
                && !candidate.modules.contains(module)
            {
                candidate.modules.push(Arc::clone(module));
            }
        }
    }
}

/// Whether a line without the texts of the trace is of it all the same: made of values, up to a
/// message for people at its end. A name that is not mangled counts where one is owed.
fn of_trace(pieces: &[Piece<'_>], name_owed: bool) -> bool {
    let values = match pieces.split_last() {
        Some((Piece::Other(_), values)) => values,
        _ => pieces,
    };
    let value = |piece: &Piece<'_>| match piece {
        Piece::Name(name) => name_owed || name.starts_with("_ZN") || name.starts_with("_R"),
        Piece::Other(_) => false,
        _ => true,
    };
    !values.is_empty() && values.iter().all(value)
}
