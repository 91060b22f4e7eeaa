//! A merged profile of samples: the calls that Go's compiler makes of it, with their weights.

use std::{any::Any, path::Path, sync::OnceLock};

use honing_core::{Error, ExitCode, Result, applied::MatchedBy};
use honing_pprof::{self as pprof, EdgeMap, Policy};

use crate::profiles::{
    Matched, Profile, Rebased, Traces, Weighed,
    pprof::{matching, rebase},
};

/// Name of a stored profile: text, one line a call.
pub(super) const STORED: &str = "profile.goedges";

/// A profile as `go build -pgo` reads it, and what was parsed of it.
#[derive(Debug)]
pub(super) struct Edges {
    bytes: Vec<u8>,
    parsed: OnceLock<Result<EdgeMap, pprof::Error>>,
}

impl Edges {
    pub(super) fn of_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes, parsed: OnceLock::new() }
    }

    /// One that is parsed already.
    pub(super) fn parsed(edges: EdgeMap) -> Self {
        Self { bytes: edges.to_profile().to_pprof(), parsed: OnceLock::from(Ok(edges)) }
    }

    /// A pprof, or the stored form.
    pub(super) fn of_any(bytes: &[u8]) -> Result<Self, pprof::Error> {
        let mut merger = pprof::Merger::new(Policy::KEEP_ALL);
        merger.add(bytes, 1)?;
        merger.finish_anyway().map(|merged| Self::parsed(merged.edges))
    }

    pub(super) fn edges(&self) -> Result<&EdgeMap, &pprof::Error> {
        let parse = || pprof::read(&self.bytes, Policy::KEEP_ALL.max_bytes)?.edges();
        self.parsed.get_or_init(parse).as_ref()
    }
}

impl Profile for Edges {
    fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn matched(
        &self,
        _: Vec<String>,
        built: Result<(Traces, MatchedBy), String>,
        before: Option<&Path>,
    ) -> Matched {
        match self.edges() {
            Ok(edges) => matching::matched(edges, built, before),
            Err(error) => Matched::unknown(error.to_string(), Vec::new()),
        }
    }

    fn rebase(&self, traces: &Traces) -> Result<Rebased> {
        rebase::rebase(self.edges(), traces)
    }

    fn weigh(&self) -> Option<Weighed> {
        self.edges().ok().map(matching::weigh)
    }

    fn pack(&self) -> Result<(&'static str, Vec<u8>)> {
        let failed = |error: &pprof::Error| Error::new(ExitCode::Profile, format!("record: {error}"));
        let text = self.edges().map_err(failed)?.to_stored(&[]).map_err(|error| failed(&error))?;
        Ok((STORED, text.into_bytes()))
    }

    fn lacks(&self, old: &dyn Profile) -> Option<String> {
        let old = (old as &dyn Any).downcast_ref::<Self>()?;
        matching::lacks(old.edges().ok()?, self.edges().ok()?)
    }
}
