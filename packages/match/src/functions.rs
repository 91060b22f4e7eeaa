//! The functions of one build: what a profile can be matched with, without running anything.
//!
//! They come from the compiler's function trace ([`crate::TraceReader`]), or, where the compiler has
//! no such option, from an instrumented program ([`crate::Instrumented`]). [`BuildFunctions::to_text`]
//! gives a form to keep beside the build.

use crate::binary::Instrumented;
use crate::inspect::split_name;
use honing_profdata::Error;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// First line of the text form; the number is its version.
const HEADER: &str = "honing-build-functions 1";

/// Whether a function is local to its module. Its profile name depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Linkage {
    /// Not known: the compiler's trace does not tell.
    Unknown,
    /// Local: the profile name is `MODULE;SYMBOL`.
    Local,
    /// External: the profile name is the symbol.
    External,
}

/// One function in one module of a build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct BuildFunction {
    /// The symbol, without a module.
    pub symbol: Vec<u8>,
    /// The module, which rustc names `crate.hash-cgu.N`; `None` if it is not known.
    pub module: Option<Arc<[u8]>>,
    /// Whether it is local to the module.
    pub linkage: Linkage,
    /// Hash of the control flow; several if it could not be told which one is this function's.
    pub hashes: Vec<u64>,
    /// Number of counters, if known.
    pub counters: Option<u64>,
    /// Whether module and hash are certain: not read out of damaged lines.
    pub certain: bool,
}

impl BuildFunction {
    /// Whether one of the hashes is this.
    pub fn may_have(&self, cfg_hash: u64) -> bool {
        self.hashes.contains(&cfg_hash)
    }
}

/// The functions of a build, by symbol and module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildFunctions {
    functions: Vec<BuildFunction>,
}

impl BuildFunctions {
    /// Sorts functions; those of one symbol, module and linkage become one with all their hashes.
    pub fn new(functions: impl IntoIterator<Item = BuildFunction>) -> BuildFunctions {
        let mut functions: Vec<_> = functions.into_iter().collect();
        functions.sort_unstable();
        functions.dedup_by(|later, first| {
            let key = |f: &BuildFunction| (f.module.clone(), f.linkage, f.counters);
            let same = first.symbol == later.symbol && key(first) == key(later);
            if same {
                first.hashes.append(&mut later.hashes);
                first.certain &= later.certain;
            }
            same
        });
        for function in &mut functions {
            function.hashes.sort_unstable();
            function.hashes.dedup();
        }
        BuildFunctions { functions }
    }

    /// Every function, by symbol and module.
    pub fn functions(&self) -> &[BuildFunction] {
        &self.functions
    }

    /// How many functions there are; one for each module that has a copy.
    pub fn len(&self) -> usize {
        self.functions.len()
    }

    /// Whether there is no function.
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// How many symbols have a module or hash that is not certain.
    pub fn uncertain(&self) -> u64 {
        let uncertain = self.functions.iter().filter(|function| !function.certain);
        uncertain.map(|function| &function.symbol).collect::<BTreeSet<_>>().len() as u64
    }

    /// The functions with that symbol, one for each module.
    pub fn with_symbol(&self, symbol: &[u8]) -> &[BuildFunction] {
        let start = self.functions.partition_point(|function| function.symbol.as_slice() < symbol);
        let after = self.functions.partition_point(|function| function.symbol.as_slice() <= symbol);
        self.functions.get(start..after).unwrap_or_default()
    }

    /// The functions that a profile's function of that name can be: of a local name (`MODULE;SYMBOL`)
    /// those in that module, of another those with the symbol; without those whose linkage says
    /// that they are not.
    pub fn with_name(&self, name: &[u8]) -> impl Iterator<Item = &BuildFunction> {
        let (unit, symbol) = split_name(name);
        self.with_symbol(symbol).iter().filter(move |function| match unit {
            Some(unit) => {
                let is_there = function.module.as_deref().is_some_and(|module| is_called(module, unit));
                function.linkage != Linkage::External && is_there
            }
            None => function.linkage != Linkage::Local,
        })
    }

    /// The functions as text: a header; a line `module NAME` for each module; a line for each
    /// function, sorted: hashes in hexadecimal with `,` between them or `-`, number of the module or `-`,
    /// linkage (`?`, `l`, `x`), number of counters or `-`, `!` or `~` for certain or not, symbol.
    ///
    /// A function whose symbol or module has a line break is left out.
    pub fn to_text(&self) -> String {
        use std::fmt::Write as _;
        let plain = |bytes: &[u8]| !bytes.contains(&b'\n') && std::str::from_utf8(bytes).is_ok();
        let known = |f: &&BuildFunction| plain(&f.symbol) && f.module.as_deref().is_none_or(plain);
        let functions: Vec<&BuildFunction> = self.functions.iter().filter(known).collect();
        let names: BTreeSet<&[u8]> = functions.iter().filter_map(|f| f.module.as_deref()).collect();
        let numbers: BTreeMap<&[u8], usize> =
            names.iter().enumerate().map(|(number, name)| (*name, number)).collect();
        let mut text = format!("{HEADER}\n");
        for name in names {
            let _ = writeln!(text, "module {}", String::from_utf8_lossy(name));
        }
        for function in functions {
            let mut hashes: Vec<String> = function.hashes.iter().map(|hash| format!("{hash:x}")).collect();
            if hashes.is_empty() {
                hashes.push("-".to_owned());
            }
            let module = function.module.as_deref().and_then(|name| numbers.get(name));
            let module = module.map_or("-".to_owned(), usize::to_string);
            let linkage = match function.linkage {
                Linkage::Unknown => '?',
                Linkage::Local => 'l',
                Linkage::External => 'x',
            };
            let counters = function.counters.map_or("-".to_owned(), |counters| counters.to_string());
            let certain = if function.certain { '!' } else { '~' };
            let (hashes, symbol) = (hashes.join(","), String::from_utf8_lossy(&function.symbol));
            let _ = writeln!(text, "{hashes} {module} {linkage} {counters} {certain} {symbol}");
        }
        text
    }

    /// Reads what [`BuildFunctions::to_text`] wrote.
    ///
    /// # Errors
    /// [`Error::Text`] names the first line that is not as it should be.
    pub fn from_text(text: &str) -> Result<BuildFunctions, Error> {
        let mut lines = text.lines().zip(1_u64..);
        let wrong = |line: u64, what: &'static str, found: &str| Error::Text {
            line,
            what,
            found: found.chars().take(80).collect(),
        };
        let header = lines.next().map_or("", |(header, _)| header);
        if header != HEADER {
            return Err(wrong(1, "the header `honing-build-functions 1` was expected", header));
        }
        let mut modules: Vec<Arc<[u8]>> = Vec::new();
        let mut functions = Vec::new();
        for (line, number) in lines {
            if let Some(name) = line.strip_prefix("module ") {
                modules.push(Arc::from(name.as_bytes()));
            } else {
                let function = parse(line, &modules);
                functions.push(function.ok_or_else(|| wrong(number, "a function was expected", line))?);
            }
        }
        Ok(BuildFunctions::new(functions))
    }
}

/// Whether a module is the one of local names: that itself, or a path whose end they have.
fn is_called(module: &[u8], unit: &[u8]) -> bool {
    module.strip_suffix(unit).is_some_and(|before| before.is_empty() || before.ends_with(b"/"))
}

fn parse(line: &str, modules: &[Arc<[u8]>]) -> Option<BuildFunction> {
    let mut fields = line.splitn(6, ' ');
    let mut next = || fields.next().filter(|field| !field.is_empty());
    let hashes = next()?.split(',').filter(|hash| *hash != "-").map(|hash| u64::from_str_radix(hash, 16));
    let hashes = hashes.collect::<Result<Vec<u64>, _>>().ok()?;
    let module = match next()? {
        "-" => None,
        number => Some(modules.get(number.parse::<usize>().ok()?)?.clone()),
    };
    let linkage = match next()? {
        "?" => Linkage::Unknown,
        "l" => Linkage::Local,
        "x" => Linkage::External,
        _ => return None,
    };
    let counters = match next()? {
        "-" => None,
        number => Some(number.parse().ok()?),
    };
    let certain = match next()? {
        "!" => true,
        "~" => false,
        _ => return None,
    };
    let symbol = next()?.as_bytes().to_vec();
    Some(BuildFunction { symbol, module, linkage, hashes, counters, certain })
}

/// What an instrumented program declares: full names and numbers of counters. Of functions that the
/// linker dropped, or that are external, it does not tell the module.
impl From<&Instrumented> for BuildFunctions {
    fn from(instrumented: &Instrumented) -> BuildFunctions {
        let named = instrumented.functions.iter().filter(|function| !function.name.is_empty());
        BuildFunctions::new(named.map(|function| {
            let (unit, symbol) = split_name(&function.name);
            BuildFunction {
                symbol: symbol.to_vec(),
                module: unit.map(Arc::from),
                linkage: if unit.is_some() { Linkage::Local } else { Linkage::External },
                hashes: vec![function.cfg_hash],
                counters: Some(function.counters),
                certain: true,
            }
        }))
    }
}
