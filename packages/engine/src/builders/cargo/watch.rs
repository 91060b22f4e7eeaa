//! What cargo says while it builds: messages for programs on standard output, words for people on
//! standard error. Words are parsed without their colours, and shown with them.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use cargo_metadata::{Message, PackageId};
use honing_core::{Stage, event::Event};
use honing_match::TraceReader;

use crate::{
    builders::{beside, cargo::calls::Unit},
    children::StdStream,
    io::plain,
};

/// What cargo has said so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) debug_info: Vec<PathBuf>,
    pub(super) libraries: Vec<PathBuf>,
    pub(super) library_folders: Vec<PathBuf>,
    pub(super) trace: TraceReader,
    pub(super) artifact: Option<PathBuf>,
    pub(super) compiled: u64,
    /// Artifacts that an earlier build had left.
    pub(super) reused: u64,
    pub(super) units: u64,
    pub(super) total: Option<u64>,
    /// What is for the target.
    pub(super) built: Vec<Unit>,
    /// The first line in which cargo or rustc names an error.
    pub(super) error: Option<String>,
}

/// Hears what cargo says, for the event stream and for [`Seen`].
#[derive(Clone)]
pub(super) struct Watcher {
    pub(super) session_sink: crate::chain::sink::Sink,
    pub(super) program: String,
    pub(super) stage: Stage,
    pub(super) package: PackageId,
    pub(super) artifact: String,
    pub(super) cdylib: bool,
    /// Where cargo puts what it builds for the target.
    pub(super) folder: PathBuf,
    pub(super) seen: Arc<Mutex<Seen>>,
}

impl Watcher {
    /// Whether the line is one for people: the trace of functions is thousands of lines.
    pub(super) fn line(&self, stream: StdStream, line: &str) -> bool {
        let Ok(mut seen) = self.seen.lock() else { return true };
        match stream {
            StdStream::Stdout => self.message(&mut seen, line),
            StdStream::Stderr => return self.words(&mut seen, line),
        }
        true
    }

    /// A line of cargo, rustc or LLVM. It is parsed without its colours, and shown with them.
    fn words(&self, seen: &mut Seen, coloured: &str) -> bool {
        let line = plain(coloured);
        // What is left of a line that a warning and the trace share is shown.
        let Some(rest) = seen.trace.line(&line) else { return false };
        if let Some(total) = progress_bar(&rest) {
            seen.total = Some(total);
            return true;
        }
        match &mut seen.error {
            None if rest.starts_with("error") => {
                seen.error = Some(rest.trim_start_matches("error: ").to_owned());
            }
            // A list follows, and it is what matters: which packages need a newer rustc, say.
            Some(error) if error.ends_with(':') && !rest.trim().is_empty() => {
                error.push(' ');
                error.push_str(rest.trim());
            }
            _ => {}
        }
        let shown = if rest == line { coloured } else { &rest };
        self.session_sink.emit(Event::Output {
            program: self.program.clone(),
            stage: self.stage.into(),
            line: shown.to_owned(),
        });
        true
    }

    fn message(&self, seen: &mut Seen, line: &str) {
        let Ok(message) = serde_json::from_str::<Message>(line) else { return };
        let at = match &message {
            Message::CompilerArtifact(artifact) => {
                seen.compiled += u64::from(!artifact.fresh);
                // What the baseline compiled for this machine, the other flavours share.
                let own = self.stage == Stage::Baseline || is_for(&self.folder, artifact);
                seen.reused += u64::from(artifact.fresh && own);
                if is_for(&self.folder, artifact) {
                    seen.built.push(unit(artifact));
                }
                let wanted = if self.cdylib { artifact.target.is_cdylib() } else { artifact.target.is_bin() };
                let wanted = wanted && artifact.package_id == self.package;
                let files = || artifact.filenames.iter().map(|path| path.clone().into_std_path_buf());
                if wanted && artifact.target.name == self.artifact {
                    seen.artifact = artifact_path(artifact, self.cdylib);
                    let is_debug_info = |path: &PathBuf| {
                        path.extension()
                            .is_some_and(|end| ["dwp", "dSYM", "pdb"].iter().any(|own| end == *own))
                    };
                    seen.debug_info = files().filter(is_debug_info).collect();
                }
                if is_for(&self.folder, artifact) {
                    seen.libraries.extend(files().filter(|path| beside::is_shared_library(path)));
                }
                artifact.target.name.clone()
            }
            Message::BuildScriptExecuted(script) => {
                // As cargo has the loader look there: only into folders of the build.
                let folders = script.linked_paths.iter().map(|path| {
                    let path = path.as_str();
                    PathBuf::from(path.split_once('=').map_or(path, |(_, path)| path))
                });
                seen.library_folders.extend(folders.filter(|path| path.starts_with(&self.folder)));
                "build script".to_owned()
            }
            _ => return,
        };
        seen.units += 1;
        if seen.compiled > 0 {
            self.session_sink.emit(Event::Progress {
                program: self.program.clone(),
                stage: self.stage.into(),
                done: seen.units,
                total: seen.total.filter(|total| *total >= seen.units),
                unit: "crates".into(),
                at,
                left_ms: None,
            });
        }
    }
}

/// Cargo keeps what is for the target in a folder with its name.
fn is_for(folder: &Path, artifact: &cargo_metadata::Artifact) -> bool {
    artifact.filenames.iter().any(|path| path.starts_with(folder))
}

fn unit(artifact: &cargo_metadata::Artifact) -> Unit {
    let id = &artifact.package_id.repr;
    let kinds: Vec<String> = artifact.target.kind.iter().map(ToString::to_string).collect();
    let package = id.rsplit('/').next().unwrap_or(id);
    Unit {
        name: format!("{package} ({} {})", kinds.join(" "), artifact.target.name),
        crate_name: artifact.target.name.replace('-', "_"),
        files: artifact.filenames.iter().map(|file| file.clone().into_std_path_buf()).collect(),
    }
}

fn artifact_path(artifact: &cargo_metadata::Artifact, cdylib: bool) -> Option<PathBuf> {
    if !cdylib {
        return artifact.executable.clone().map(Into::into);
    }
    let is_library = |path: &&cargo_metadata::camino::Utf8PathBuf| {
        matches!(path.extension(), Some("so" | "dylib" | "dll"))
    };
    artifact.filenames.iter().find(is_library).cloned().map(Into::into)
}

/// The total of cargo's progress bar: `Building [==>  ] 12/58: tokio, mio`, without the word where cargo
/// is quiet.
fn progress_bar(line: &str) -> Option<u64> {
    let bar = line.trim_start();
    let (done, counts) = bar.strip_prefix("Building ").unwrap_or(bar).strip_prefix('[')?.split_once("] ")?;
    if !done.chars().all(|char| matches!(char, '=' | '>' | ' ')) {
        return None;
    }
    let counts = counts.split([':', ' ']).next()?;
    counts.split_once('/')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watcher(id: &str) -> Watcher {
        Watcher {
            session_sink: crate::chain::sink::Sink::new(Vec::new()),
            program: "tool".into(),
            stage: Stage::Baseline,
            package: PackageId { repr: id.to_owned() },
            artifact: "tool".into(),
            cdylib: true,
            folder: PathBuf::new(),
            seen: Arc::default(),
        }
    }

    #[test]
    fn lines_are_read_without_colours_and_artifacts_by_their_package() {
        let id = |version: &str| format!("path+file:///w/tool#tool@{version}");
        let watcher = watcher(&id("0.1.0"));
        // The last one is a dependency of the same name, with a library of the same name.
        for version in ["0.1.0", "0.0.9"] {
            let target = r#"{"kind":["cdylib"],"crate_types":["cdylib"],"name":"tool","src_path":"/w/l.rs"}"#;
            let profile =
                r#"{"opt_level":"3","debug_assertions":false,"overflow_checks":false,"test":false}"#;
            let line = format!(
                r#"{{"reason":"compiler-artifact","package_id":"{}","target":{target},"profile":{profile},"features":[],"filenames":["/t/{version}.so"],"executable":null,"fresh":false}}"#,
                id(version)
            );
            assert!(watcher.line(StdStream::Stdout, &line));
        }
        for (line, shown) in [
            ("\u{1b}[1m\u{1b}[96m    Building\u{1b}[0m [=>  ] 1/2: tool", true),
            ("\u{1b}[KFuncname=a, Hash=1 in building m", false),
            ("\u{1b}[K\u{1b}[1m\u{1b}[91merror[E0425]\u{1b}[0m\u{1b}[1m: no\u{1b}[0m", true),
            ("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: could not compile", true),
        ] {
            assert_eq!(watcher.line(StdStream::Stderr, line), shown, "{line:?}");
        }
        let mut seen = watcher.seen.lock().unwrap();
        assert_eq!(seen.artifact, Some("/t/0.1.0.so".into()));
        assert_eq!((seen.total, seen.error.as_deref()), (Some(2), Some("error[E0425]: no")));
        assert_eq!(std::mem::take(&mut seen.trace).finish().len(), 1);
    }

    #[test]
    fn an_error_that_ends_with_a_list_has_it() {
        let watcher = watcher("path+file:///w/tool#0.1.0");
        for line in
            ["error: rustc 1.95.0 is not supported by:", "", "  tool@1.0.0 requires rustc 1.96", "hint"]
        {
            watcher.line(StdStream::Stderr, line);
        }
        let error = watcher.seen.lock().unwrap().error.clone();
        assert_eq!(error.unwrap(), "rustc 1.95.0 is not supported by: tool@1.0.0 requires rustc 1.96");
    }

    #[test]
    fn reads_cargos_progress_bar() {
        assert_eq!(progress_bar("    Building [=====>     ] 12/58: tokio, mio(build)"), Some(58));
        assert_eq!(progress_bar("    Building [           ] 0/7 "), Some(7));
        assert_eq!(progress_bar("[=====>     ] 12/58: tokio"), Some(58));
        assert_eq!(progress_bar("[1/2] linking"), None);
        assert_eq!(progress_bar("[note] 1/2: of a build script"), None);
        assert_eq!(progress_bar("   Compiling tokio v1.0.0"), None);
        assert_eq!(progress_bar("see [1] 2/3 for more"), None);
    }
}
