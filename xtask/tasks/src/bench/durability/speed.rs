//! Whether speed follows the match: after a version bump, the binary built from the stored profile and a
//! freshly trained one, both measured in pairs against the baseline.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{
    events,
    honing::{Honing, Place},
    prepare::{self, Symbols},
    render::Speed,
    spec::{Row, Spec, Subject},
    tree, write,
};
use crate::ci::say;

/// The subject that is measured.
const SUBJECT: &str = "ripgrep";
/// The row whose change is made.
const ROW: &str = "version-leaf";

/// Where the numbers are kept.
pub(super) fn result_path(results: &Path) -> PathBuf {
    results.join(SUBJECT).join("speed.json")
}

/// Measures, where that has not been done.
pub(super) fn run(spec: &Spec, results: &Path, force: bool) -> Result<()> {
    let path = result_path(results);
    if path.exists() && !force {
        return Ok(());
    }
    let subject = spec.subjects.iter().find(|subject| subject.name == SUBJECT);
    let row = spec.rows.iter().find(|row| row.id == ROW);
    let (subject, row) = (subject.context("no such subject")?, row.context("no such row")?);
    let honing = Honing::build(results)?;
    let found = measure(subject, row, &honing, &results.join(SUBJECT))?;
    write(&path, &serde_json::to_string_pretty(&found)?)
}

fn measure(subject: &Subject, row: &Row, honing: &Honing, dir: &Path) -> Result<Speed> {
    let prepared = prepare::prepare(subject, honing, dir)?;
    let change = row.change.get(&subject.name).context("no such change")?;
    // Target directories of their own: the rows' last build is nothing to be measured.
    let place = |name: &str| -> Result<Place> {
        let root = prepared.dir.join("speed").join(name);
        tree::make_equal(&prepared.base(), &root)?;
        for edit in &change.edits {
            tree::edit(&root, edit)?;
        }
        prepare::lock(&root, &change.precise)?;
        // The eval workloads may be newer than the base.
        prepare::configure(subject, &prepared, &root)?;
        let target_dir = prepared.dir.join("speed").join(format!("target-{name}"));
        Ok(Place { target_dir, ..prepared.place(Symbols::Pinned, root) })
    };
    let stored = place("stored")?;
    say("speed: the stored profile");
    honing.run(&stored, &["baseline"])?;
    let share = events::applied(&honing.run(&stored, &["build"])?)?.share;
    let fresh = place("fresh")?;
    say("speed: a fresh profile");
    honing.run(&fresh, &["--to", "optimize"])?;
    // Both builds are done: nothing but the pairs runs now.
    let stored = events::measured(&honing.run(&stored, &["bench"])?)?;
    let fresh = events::measured(&honing.run(&fresh, &["bench"])?)?;
    Ok(Speed { stored, fresh, share })
}
