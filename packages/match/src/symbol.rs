//! What a symbol means: its name without what changes from build to build.
//!
//! | removed | because |
//! |---|---|
//! | the unit (`crate.hash-cgu.N;`) of a local function | units are partitioned anew with every build |
//! | legacy `17h<16 hex>E` | a hash of `-C metadata`, type arguments and the instantiating crate |
//! | v0 disambiguators of crates (`Cs<base 62>_`) | a hash of `-C metadata` |
//! | v0 instantiating crate | it is context, given apart |
//! | `.llvm.<number>`, `.part.<number>` and the like | LLVM numbers what it renames |
//!
//! Kept are the numbers of v0's closures and shims: they are the only thing that tells the closures
//! of one function apart, and a closure that was added in front is caught by the CFG hash for all
//! but equal shapes. Legacy names have no such numbers: all closures of a function mean the same
//! there, and so do all monomorphizations.

use crate::inspect::split_name;
use crate::v0::{self, Detail};
use std::borrow::Cow;

/// Length of what ends a legacy symbol: `17h`, 16 hexadecimal digits, `E`.
const LEGACY_HASH: usize = 20;

/// What a profiled function's name means.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Meaning {
    /// The name without what changes from build to build; equal for what is the same in two builds.
    pub strict: String,
    /// The same, and also without where a v0 impl block is written and what number an item has
    /// among items of one path; equal to `strict` for other symbols.
    pub loose: String,
    /// The crate that the code was generated for: of a v0 symbol the instantiating crate, else the
    /// crate of the unit; `None` where the name does not tell.
    pub context: Option<String>,
}

impl Meaning {
    /// What a profiled function's name, with or without unit, means.
    pub fn of(name: &[u8]) -> Meaning {
        let (unit, symbol) = split_name(name);
        let unit_crate = unit.and_then(unit_crate);
        let of_unit = || unit_crate.map(|name| text(name).into_owned());
        let bare = without_suffix(symbol);
        if let Some(strict) = v0::parse(bare, Detail::Strict)
            && let Some(loose) = v0::parse(bare, Detail::Loose)
        {
            let instance = strict.instantiated_in.map(|name| text(name).into_owned());
            return Meaning {
                strict: text(&strict.text).into_owned(),
                loose: text(&loose.text).into_owned(),
                context: instance.or_else(of_unit),
            };
        }
        let strict = text(without_legacy_hash(bare)).into_owned();
        Meaning { loose: strict.clone(), strict, context: of_unit() }
    }
}

/// The crate that a codegen unit belongs to: what is before `.` in `crate.hash-cgu.0`.
pub fn unit_crate(unit: &[u8]) -> Option<&[u8]> {
    let end = unit.iter().position(|byte| *byte == b'.')?;
    let rest = unit.get(end..)?;
    let is_rust = rest.windows(5).any(|window| window == b"-cgu.");
    is_rust.then(|| unit.get(..end)).flatten()
}

/// The end of a legacy symbol at the start of `bytes`, without a suffix.
pub(crate) fn legacy_length(bytes: &[u8]) -> Option<usize> {
    let mut at = 3;
    if !bytes.starts_with(b"_ZN") {
        return None;
    }
    loop {
        let rest = bytes.get(at..)?;
        if rest.first() == Some(&b'E') {
            return (at > 3).then_some(at + 1);
        }
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let length: usize = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
        at = at.checked_add(digits)?.checked_add(length)?;
        bytes.get(..at)?;
    }
}

/// The symbol without what LLVM appends.
fn without_suffix(symbol: &[u8]) -> &[u8] {
    let length = if symbol.starts_with(b"_R") {
        v0::parse(symbol, Detail::Loose).map(|v0| v0.length)
    } else {
        legacy_length(symbol)
    };
    let length = length.or_else(|| {
        let at = symbol.windows(6).position(|window| window == b".llvm.")?;
        (at > 0).then_some(at)
    });
    length.and_then(|length| symbol.get(..length)).unwrap_or(symbol)
}

fn without_legacy_hash(symbol: &[u8]) -> &[u8] {
    let Some(at) = symbol.len().checked_sub(LEGACY_HASH) else {
        return symbol;
    };
    let (path, end) = symbol.split_at_checked(at).unwrap_or((symbol, &[]));
    let is_hash = symbol.starts_with(b"_ZN")
        && end
            .strip_prefix(b"17h")
            .and_then(|hash| hash.strip_suffix(b"E"))
            .is_some_and(|hash| hash.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    if is_hash { path } else { symbol }
}

fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}
