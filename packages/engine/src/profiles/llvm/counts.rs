//! A merged profile of counters: parsed when something is first asked of it, and then never again.

use std::{any::Any, borrow::Cow, path::Path, sync::OnceLock};

use honing_core::{Error, Result, applied::MatchedBy};
use honing_match::{coverage, demangle, hottest, in_every_unit};
use honing_profdata::{self as profdata, IndexedVersion};

use crate::profiles::{
    Matched, Profile, Rebased, Traces, Weighed,
    llvm::{coverage_loss, indexed, matching, rebase},
};

/// Name of a stored profile in its compact form.
pub(super) const PACKED: &str = "profile.honing";
/// Name of one that a newer LLVM wrote, and that is stored as it is.
pub(super) const INDEXED: &str = "profile.profdata";

/// An indexed profile, and what was parsed of it. A newer LLVM's cannot be.
#[derive(Debug)]
pub(super) struct Counts {
    bytes: Vec<u8>,
    parsed: OnceLock<Result<profdata::Profile, profdata::Error>>,
}

impl Counts {
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, parsed: OnceLock::new() }
    }

    /// One that somebody gave, once it is seen to be whole.
    pub(super) fn whole(bytes: Vec<u8>) -> Result<Self, indexed::Flaw> {
        let parsed = indexed::read(&bytes)?.map_or_else(OnceLock::new, |profile| OnceLock::from(Ok(profile)));
        Ok(Self { bytes, parsed })
    }

    /// One that is parsed already.
    pub(super) fn parsed(profile: profdata::Profile) -> Result<Self, profdata::Error> {
        Ok(Self { bytes: profile.to_indexed(IndexedVersion::Lowest)?, parsed: OnceLock::from(Ok(profile)) })
    }

    fn profile(&self) -> Result<&profdata::Profile, &profdata::Error> {
        let parse = || profdata::read(&self.bytes).map(|read| read.profile);
        self.parsed.get_or_init(parse).as_ref()
    }
}

impl Profile for Counts {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Local functions are in every unit of their crate; what nobody here can read is left to the compiler.
    fn for_build(&self) -> Cow<'_, [u8]> {
        let spread = |profile: &profdata::Profile| in_every_unit(profile).to_indexed(IndexedVersion::Lowest);
        self.profile()
            .ok()
            .and_then(|profile| spread(profile).ok())
            .map_or(Cow::Borrowed(&self.bytes), Cow::Owned)
    }

    fn matched(
        &self,
        own: Vec<String>,
        built: Result<(Traces, MatchedBy), String>,
        _: Option<&Path>,
    ) -> Matched {
        match self.profile() {
            Ok(profile) => matching::matched(own, profile, built),
            Err(error) => Matched::unknown(error.to_string(), Vec::new()),
        }
    }

    fn rebase(&self, traces: &Traces) -> Result<Rebased> {
        rebase::rebase(self.profile(), traces)
    }

    fn weigh(&self) -> Option<Weighed> {
        let profile = self.profile().ok()?;
        let coverage = coverage(profile);
        let hottest = hottest(profile, matching::HOT);
        Some(Weighed {
            weight: profile.weight(),
            functions: coverage.functions,
            functions_run: coverage.functions_run,
            hottest: hottest.iter().map(|hot| (demangle(hot.function.name_bytes()), hot.share)).collect(),
        })
    }

    fn pack(&self) -> Result<(&'static str, Vec<u8>)> {
        // A newer LLVM's is stored as it is.
        let Ok(profile) = self.profile() else { return Ok((INDEXED, self.bytes.clone())) };
        let packed = profile.to_packed();
        Ok((PACKED, packed.map_err(|error| Error::internal(format!("record: {error}")))?))
    }

    fn lacks(&self, old: &dyn Profile) -> Option<String> {
        let old = (old as &dyn Any).downcast_ref::<Self>()?;
        coverage_loss::coverage_loss(old.profile().ok()?, self.profile().ok()?)
    }
}
