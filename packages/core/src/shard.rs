//! A training that is divided among several machines: which workloads one of them runs, what it hands
//! over, and whether what came together is the whole.

use std::{collections::BTreeMap, fmt, path::Path, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, Change},
    error::{Error, ExitCode, Result},
    fingerprint::Digest,
    recorded::{PartEntry, WorkloadEntry},
};

/// Version of [`Handover`].
pub const SCHEMA: u32 = 2;
/// More machines than this are a slip of the keys.
const MOST: u32 = 1000;

/// One of several parts of a training, written `1/3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Shard {
    /// Which one, from 1.
    index: u32,
    /// Out of how many.
    count: u32,
}

impl Shard {
    /// Whether the workload that stands at `position` (from 0) of pgo.toml's training workloads is
    /// this one's: they are dealt out in turn, so that one which is added at the end moves no other.
    pub fn takes(self, position: usize) -> bool {
        position as u64 % u64::from(self.count) == u64::from(self.index - 1)
    }

    /// Every shard of the same training.
    fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.count).map(move |index| Self { index, ..self })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

impl TryFrom<String> for Shard {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl FromStr for Shard {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let parsed = text
            .split_once('/')
            .and_then(|(index, count)| Some(Self { index: index.parse().ok()?, count: count.parse().ok()? }));
        match parsed {
            Some(shard) if (1..=shard.count).contains(&shard.index) && shard.count <= MOST => Ok(shard),
            _ => Err(Error::usage(format!("`{text}` is no shard"))
                .with_hint("write which one of how many, from 1: 1/3, 2/3, 3/3")),
        }
    }
}

/// What a shard hands over beside its profiles: enough to see whether they belong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handover {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The program.
    pub program: String,
    /// The target triple.
    pub target: String,
    /// Which shard it is.
    pub shard: Shard,
    /// How the program was built.
    pub account: Account,
    /// BLAKE3 of the instrumented program.
    pub instrumented: Digest,
    /// The commit that was checked out, or `unknown`.
    pub commit: String,
    /// Whether the working tree differed from it.
    pub dirty: bool,
    /// When the training was finished, in UTC.
    pub trained: String,
    /// Milliseconds of CPU time that the training took.
    pub cpu_ms: u64,
    /// Its workloads, in the order of pgo.toml; a shard may have none.
    pub workloads: Vec<Trained>,
}

/// A workload that a shard trained.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trained {
    /// Name, weight, and the digest of definition and inputs.
    pub workload: WorkloadEntry,
    /// Its profile, in the same folder.
    pub file: String,
    /// BLAKE3 of that.
    pub digest: Digest,
}

/// What has to be true of all shards that are merged here.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// The program.
    pub program: &'a str,
    /// The target triple.
    pub target: &'a str,
    /// How the program is built.
    pub account: &'a Account,
    /// The training workloads of pgo.toml.
    pub workloads: &'a [WorkloadEntry],
}

/// Why handovers cannot be merged.
fn refused(why: String, hint: &str) -> Error {
    Error::new(ExitCode::Profile, format!("merge: {why}")).with_hint(hint.to_owned())
}

/// Makes sure that `handovers` are one whole training: of the same program and compiler, every shard
/// once, every workload of pgo.toml once and as it is defined here.
///
/// # Errors
/// Profile, with the shard or workload that is wrong or missing.
pub fn check(handovers: &[Handover], expected: &Expected<'_>) -> Result<()> {
    let Some(first) = handovers.first() else { return Ok(()) };
    for one in handovers {
        check_same(one, first, expected)?;
    }
    check_complete(handovers, first.shard)?;
    let mut trained: BTreeMap<&str, Shard> = BTreeMap::new();
    for (one, found) in handovers.iter().flat_map(|one| one.workloads.iter().map(move |found| (one, found))) {
        let name = found.workload.name.as_str();
        if let Some(before) = trained.insert(name, one.shard) {
            let why = format!("workload `{name}` is in shard {before} and in shard {}", one.shard);
            return Err(refused(why, "it would count twice: give each shard's folder once"));
        }
        let Some(here) = expected.workloads.iter().find(|here| here.name == name) else {
            let why = format!("shard {} has workload `{name}`, which pgo.toml does not train on", one.shard);
            return Err(refused(why, "merge with the pgo.toml that the shards were trained with"));
        };
        if !here.is_as(&found.workload) {
            let why = format!(
                "shard {}: workload `{name}` had another definition or other inputs there",
                one.shard
            );
            return Err(refused(why, "train and merge from the same commit"));
        }
    }
    let missing: Vec<&str> = expected
        .workloads
        .iter()
        .map(|here| here.name.as_str())
        .filter(|name| !trained.contains_key(name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("no shard has the workloads {}", missing.join(", "));
    Err(refused(why, "train all shards with the pgo.toml that is here, and without --workload"))
}

fn check_same(one: &Handover, first: &Handover, expected: &Expected<'_>) -> Result<()> {
    let shard = one.shard;
    let is = |name, then, now| Change { name, then, now };
    let fields = [is("program", &one.program, expected.program), is("target", &one.target, expected.target)];
    let built = one.account.toolchain_changes(expected.account);
    let built = built.into_iter().chain(one.account.symbols_change(expected.account));
    let mut differs = fields.into_iter().filter(|field| field.then != field.now).chain(built);
    if let Some(Change { name, then, now }) = differs.next() {
        let why = format!("shard {shard}: {name} is {then} there and {now} here");
        return Err(refused(why, "train all shards and merge with the same toolchain and pgo.toml"));
    }
    if one.commit != first.commit || one.shard.count != first.shard.count {
        let of = |one: &Handover| format!("shard {} of commit {}", one.shard, one.commit);
        let why = format!("{} and {} are not of one training", of(first), of(one));
        return Err(refused(why, "give the folders of one run of all shards"));
    }
    Ok(())
}

fn check_complete(handovers: &[Handover], any: Shard) -> Result<()> {
    let times = |shard: Shard| handovers.iter().filter(|one| one.shard == shard).count();
    let list = |shards: Vec<Shard>| shards.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let several: Vec<Shard> = any.all().filter(|shard| times(*shard) > 1).collect();
    if !several.is_empty() {
        let why = format!("there is more than one shard {}", list(several));
        return Err(refused(why, "it would count twice: give each shard's folder once"));
    }
    let missing: Vec<Shard> = any.all().filter(|shard| times(*shard) == 0).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let why = format!("shard {} is missing", list(missing));
    Err(refused(why, "did its runner fail? Train it again, and give its folder too"))
}

impl Handover {
    /// What the stored manifest says of it.
    pub fn part(&self) -> PartEntry {
        PartEntry {
            from: format!("shard {}", self.shard),
            digest: Digest::of(
                self.workloads.iter().map(|found| found.digest.to_string()).collect::<String>().as_bytes(),
            ),
            weight: None,
            workloads: self.workloads.iter().map(|found| found.workload.name.clone()).collect(),
            trained: Some(self.trained.clone()),
            window_s: None,
            commit: Some(self.commit.clone()),
            dirty: Some(self.dirty),
            cpu_s: Some(self.cpu_ms.div_ceil(1000)),
        }
    }

    /// Reads one; `file` is for errors.
    ///
    /// # Errors
    /// Profile, where it is none, or of another version.
    pub fn parse(text: &[u8], file: &Path) -> Result<Self> {
        let error = |why: String| Error::new(ExitCode::Profile, format!("{}: {why}", file.display()));
        let broken = |why: String| {
            error(why).with_hint("hand over the whole folder that `train --shard` names, as it is")
        };
        let value: serde_json::Value =
            serde_json::from_slice(text).map_err(|error| broken(error.to_string()))?;
        if value["schema"] != SCHEMA {
            let text = |key: &str| value[key].as_str().unwrap_or_default();
            let why =
                format!("a handover of version {}; this Honing reads version {SCHEMA}", value["schema"]);
            return Err(error(why).with_hint(crate::advise!(
                "train it again with the Honing that merges: {pgo} train --program {} --shard {}",
                text("program"),
                text("shard")
            )));
        }
        serde_json::from_value(value).map_err(|error| broken(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::account::tests::account;

    const PROGRAM: &str = "server";
    const TARGET: &str = "x86_64-unknown-linux-gnu";

    fn workload(name: &str) -> WorkloadEntry {
        WorkloadEntry { name: name.into(), weight: 1, digest: Digest::of(name.as_bytes()), earlier: None }
    }

    fn handover(shard: &str, workloads: &[&str]) -> Handover {
        let trained = |name: &&str| Trained {
            workload: workload(name),
            file: format!("{name}.profdata"),
            digest: Digest::of(b""),
        };
        Handover {
            schema: SCHEMA,
            program: PROGRAM.into(),
            target: TARGET.into(),
            shard: shard.parse().unwrap(),
            account: account(),
            instrumented: Digest::of(b"program"),
            commit: "c".into(),
            dirty: false,
            trained: "2026-11-22T00:00:00Z".into(),
            cpu_ms: 1,
            workloads: workloads.iter().map(trained).collect(),
        }
    }

    fn found(handovers: &[Handover]) -> String {
        let workloads = ["a", "b", "c"].map(workload);
        let here = account();
        let expected = Expected { program: PROGRAM, target: TARGET, account: &here, workloads: &workloads };
        check(handovers, &expected).map_or_else(|error| error.to_string(), |()| "fine".into())
    }

    #[test]
    fn a_whole_training_in_any_order_passes_and_what_lacks_is_named() {
        let (one, two) = (handover("1/2", &["a", "c"]), handover("2/2", &["b"]));
        assert_eq!(found(&[two.clone(), one.clone()]), "fine");
        assert_eq!(found(&[]), "fine");
        let with = |change: fn(&mut Handover)| {
            let mut changed = two.clone();
            change(&mut changed);
            found(&[one.clone(), changed])
        };
        let rows = [
            (found(std::slice::from_ref(&one)), "merge: shard 2/2 is missing"),
            (found(&[one.clone(), two.clone(), two.clone()]), "merge: there is more than one shard 2/2"),
            (
                with(|one| one.program = "other".into()),
                "merge: shard 2/2: program is other there and server here",
            ),
            (
                with(|one| one.target = "wasm32".into()),
                "merge: shard 2/2: target is wasm32 there and x86_64-unknown-linux-gnu here",
            ),
            (
                with(|one| one.account.toolchain[0] = "1.96.0 (b)".into()),
                "merge: shard 2/2: weaver is 1.96.0 (b) there and 1.95.0 (a) here",
            ),
            (
                with(|one| one.account.symbols = "short".into()),
                "merge: shard 2/2: symbols is short there and plain here",
            ),
            (
                with(|one| one.commit = "d".into()),
                "merge: shard 1/2 of commit c and shard 2/2 of commit d are not of one training",
            ),
            (
                with(|one| one.shard = "2/3".parse().unwrap()),
                "merge: shard 1/2 of commit c and shard 2/3 of commit c are not of one training",
            ),
            (with(|one| one.workloads.clear()), "merge: no shard has the workloads b"),
            (
                with(|one| one.workloads[0].workload.name = "a".into()),
                "merge: workload `a` is in shard 1/2 and in shard 2/2",
            ),
            (
                with(|one| one.workloads[0].workload.name = "z".into()),
                "merge: shard 2/2 has workload `z`, which pgo.toml does not train on",
            ),
            (
                with(|one| one.workloads[0].workload.digest = Digest::of(b"?")),
                "merge: shard 2/2: workload `b` had another definition or other inputs there",
            ),
        ];
        for (said, expected) in rows {
            assert_eq!(said, expected);
        }
    }

    #[test]
    fn a_handover_comes_back_as_it_was_written() {
        let (sent, file) = (handover("2/3", &["a", "b"]), Path::new("shard.json"));
        let text = serde_json::to_string(&sent).unwrap();
        assert_eq!(Handover::parse(text.as_bytes(), file).unwrap(), sent);
        for other in [1, 3] {
            let text = text.replace("\"schema\":2", &format!("\"schema\":{other}"));
            let error = Handover::parse(text.as_bytes(), file).unwrap_err();
            let why = format!("shard.json: a handover of version {other}; this Honing reads version 2");
            assert_eq!((error.to_string(), error.code()), (why, ExitCode::Profile));
            assert!(error.hint().unwrap().ends_with(" train --program server --shard 2/3"), "{error:?}");
        }
        assert_eq!(Handover::parse(b"{", file).unwrap_err().code(), ExitCode::Profile);
    }

    #[test]
    fn a_shard_is_written_as_in_nextest_and_jest() {
        assert_eq!("2/3".parse::<Shard>().unwrap().to_string(), "2/3");
        for wrong in ["", "1", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/2/3", "1/9999"] {
            assert!(wrong.parse::<Shard>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn every_workload_is_in_exactly_one_shard(count in 1_u32..20, workloads in 0_usize..50) {
            let any = Shard { index: 1, count };
            for position in 0..workloads {
                assert_eq!(any.all().filter(|shard| shard.takes(position)).count(), 1);
            }
            // As even as can be.
            let sizes = any.all().map(|shard| (0..workloads).filter(|at| shard.takes(*at)).count());
            let (least, most) = sizes.fold((usize::MAX, 0), |(least, most), size| (least.min(size), most.max(size)));
            assert!(most - least <= 1);
        }
    }
}
