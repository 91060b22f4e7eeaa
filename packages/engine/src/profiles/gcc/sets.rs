//! A merged profile of gcc: the files of all object files, in one.

use std::{any::Any, collections::HashMap, sync::OnceLock};

use std::path::Path;

use honing_core::{Error, ExitCode, Result, applied::MatchedBy, units};
use honing_gcov::{self as gcov, Bundle, Function};

use crate::profiles::{Matched, Profile, Rebased, Traces, Weighed, gcc::matching};

/// Name of a stored profile.
pub(super) const STORED: &str = "profile.gcdas";
/// A new profile is poorer if functions with this share of the old one's weight did not run.
const MUCH: f64 = 0.10;

/// A bundle, and what was parsed of it.
#[derive(Debug)]
pub(super) struct Sets {
    bytes: Vec<u8>,
    parsed: OnceLock<Result<Bundle, gcov::Error>>,
}

impl Sets {
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, parsed: OnceLock::new() }
    }

    /// One that is parsed already.
    pub(super) fn of(bundle: Bundle) -> Self {
        Self { bytes: bundle.to_bytes(), parsed: OnceLock::from(Ok(bundle)) }
    }

    pub(super) fn bundle(&self) -> Result<&Bundle, &gcov::Error> {
        self.parsed.get_or_init(|| Bundle::read(&self.bytes)).as_ref()
    }
}

/// Every function with the file that has it.
pub(super) fn functions(bundle: &Bundle) -> impl Iterator<Item = (&str, &Function)> {
    bundle
        .files()
        .flat_map(|(file, data)| data.functions.iter().flatten().map(move |function| (file, function)))
}

/// The share of `other`'s weight in functions for which `has` holds of what `base` counted in them.
pub(super) fn share(base: &Bundle, other: &Bundle, has: impl Fn(Option<u128>) -> bool) -> f64 {
    let weights: HashMap<(&str, u32), u128> =
        functions(base).map(|(file, function)| ((file, function.ident), function.weight())).collect();
    let (mut whole, mut shared) = (0_u128, 0_u128);
    for (file, function) in functions(other) {
        whole += function.weight();
        if has(weights.get(&(file, function.ident)).copied()) {
            shared += function.weight();
        }
    }
    if whole == 0 { 1.0 } else { shared as f64 / whole as f64 }
}

impl Profile for Sets {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn matched(
        &self,
        _: Vec<String>,
        built: Result<(Traces, MatchedBy), String>,
        _: Option<&Path>,
    ) -> Matched {
        match self.bundle() {
            Ok(bundle) => matching::matched(bundle, built),
            Err(error) => Matched::unknown(error.to_string(), Vec::new()),
        }
    }

    fn rebase(&self, _: &Traces) -> Result<Rebased> {
        Err(Error::new(ExitCode::Profile, "gcc's profiles cannot be carried over to other names")
            .with_hint("train again: --from train --force"))
    }

    fn weigh(&self) -> Option<Weighed> {
        let bundle = self.bundle().ok()?;
        let run = functions(bundle).filter(|(_, function)| function.weight() > 0).count();
        let (weight, hottest) = matching::hottest(bundle);
        Some(Weighed {
            weight,
            functions: functions(bundle).count() as u64,
            functions_run: run as u64,
            hottest,
        })
    }

    fn pack(&self) -> Result<(&'static str, Vec<u8>)> {
        Ok((STORED, self.bytes.clone()))
    }

    fn lacks(&self, old: &dyn Profile) -> Option<String> {
        let old = (old as &dyn Any).downcast_ref::<Self>()?;
        let idle = share(self.bundle().ok()?, old.bundle().ok()?, |weight| weight == Some(0));
        (idle > MUCH).then(|| format!("functions with {} of its weight never ran", units::share(idle)))
    }
}
