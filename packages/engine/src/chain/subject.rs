//! A program, with who builds it and what is done to it after that.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use honing_core::{
    Digest, Error, Fingerprint, Flow, Other, Part, Pass as Name, Result, Selection, Stage, Step,
    config::{Needed, Program},
};

use crate::{
    builders::{Builder, Flavour, Made, Pass},
    chain::{ready::Ready, session::Session},
    children::{Command, Usage},
    profiles::ProfileKind,
};

/// A program with everything that was looked up about it; or a pass over it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// Its name in `pgo.toml`.
    pub name: &'a str,
    /// What `pgo.toml` says.
    pub program: &'a Program,
    /// Name of its binary or library.
    pub artifact: String,
    /// Its target triple.
    pub triple: String,
    pub(super) builder: Arc<dyn Builder>,
    /// The passes over it, in order.
    pub(super) passes: Vec<Arc<dyn Pass>>,
    /// The number of the pass that is spoken of; the build itself without.
    pub(super) at: Option<usize>,
    /// What that pass works on, where it is there.
    pub(super) input: Option<Input>,
    /// What its steps use of other programs.
    pub(super) needs: Vec<Need>,
    /// Whether it is built without PGO.
    pub(super) plain: bool,
    /// What alone is as it ships, where it is built to see the share of that.
    pub(super) alone: Option<String>,
}

/// A program that is built already.
#[derive(Debug, Clone)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// Its digest.
    pub digest: Digest,
}

/// What a step of another program made.
#[derive(Debug, Clone)]
pub struct Need {
    /// The stage that uses it; without, each build of the program.
    pub by: Option<Stage>,
    /// What it is.
    pub other: Other,
    /// The step that makes it.
    pub step: Step,
    /// What it made; nothing where it never did.
    pub made: Option<Input>,
}

impl Need {
    /// Whether a step uses it.
    pub fn is_for(&self, step: Step) -> bool {
        Needed { by: self.by, other: self.other.clone() }.is_for(step)
    }

    /// In words.
    pub(crate) fn words(&self) -> String {
        let program = &self.other.program;
        match self.other.part {
            Part::Shipped => format!("program `{program}` as it ships"),
            Part::Made(step) => format!("{step} of program `{program}`"),
            Part::Profile(None) => format!("profile of program `{program}`"),
            Part::Profile(Some(pass)) => format!("profile of program `{program}` for {}", pass.name()),
        }
    }
}

impl<'a> Subject<'a> {
    /// The passes over it, each as a subject of its own.
    pub(crate) fn passes(&self) -> Vec<Self> {
        (0..self.passes.len()).map(|at| Self { at: Some(at), ..self.clone() }).collect()
    }

    /// The same, working on what was built before.
    pub(crate) fn working_on(&self, input: Option<Input>) -> Self {
        Self { input, ..self.clone() }
    }

    /// The same, to be built with one program alone as it ships.
    pub(crate) fn with_alone(&self, program: &str, needs: Vec<Need>) -> Self {
        Self { needs, alone: Some(program.to_owned()), ..self.clone() }
    }

    /// The same, with what other programs' steps made.
    pub(crate) fn with(&self, needs: Vec<Need>) -> Self {
        Self { needs, ..self.clone() }
    }
}

impl Subject<'_> {
    fn turn(&self) -> Option<&dyn Pass> {
        self.at.and_then(|at| self.passes.get(at)).map(|pass| &**pass)
    }

    /// The pass that is spoken of; the build itself without.
    pub(crate) fn pass(&self) -> Option<Name> {
        self.turn().map(|pass| Name::named(pass.name()))
    }

    /// A stage of the build, or of the pass that is spoken of. What is about all of them is one.
    pub fn step(&self, stage: Stage) -> Step {
        match stage {
            Stage::Baseline | Stage::Bench | Stage::Record => stage.into(),
            _ => Step { pass: self.pass(), stage },
        }
    }

    /// What other programs' steps made for it.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Whether it is built without PGO: a component that has no training of its own.
    pub(crate) fn is_plain(&self) -> bool {
        self.plain
    }

    /// What alone is as it ships, where it is built to see the share of that.
    pub(crate) fn alone(&self) -> Option<&str> {
        self.alone.as_deref()
    }

    /// Who builds it.
    pub(crate) fn builder(&self) -> &dyn Builder {
        self.builder.as_ref()
    }

    /// What its training yields.
    pub(crate) fn kind(&self) -> &'static dyn ProfileKind {
        self.turn().map_or_else(|| self.builder.kind(self.program), Pass::kind)
    }

    /// Its steps, those of all passes among them.
    pub(crate) fn flow(&self) -> Flow {
        if self.plain {
            return Flow::plain();
        }
        let pass = |pass: &Arc<dyn Pass>| (Name::named(pass.name()), pass.kind().training());
        Flow::new(
            self.builder.kind(self.program).training(),
            &self.passes.iter().map(pass).collect::<Vec<_>>(),
        )
    }

    /// The steps that a person selected.
    pub(crate) fn selected(&self, selection: &Selection) -> Result<Vec<Step>> {
        self.flow().selected(selection).map_err(|error| error.at(format!("program `{}`", self.name)))
    }

    /// What a probe depends on.
    pub(crate) fn probe_fingerprint(&self, session: &Session) -> Result<Fingerprint> {
        match self.turn() {
            None => self.builder.probe_fingerprint(session, self),
            Some(pass) => pass.probe_fingerprint(session, self),
        }
    }

    /// Tries whether the tools that are there work together.
    pub(crate) fn probe(&self, session: &Session, dir: &Path) -> Result<(Ready, Usage)> {
        match self.turn() {
            None => self.builder.probe(session, self, dir),
            Some(pass) => pass.probe(session, self, dir),
        }
    }

    /// What a flavour is made of.
    pub(crate) fn fingerprint(&self, session: &Session, flavour: Flavour<'_>) -> Result<Fingerprint> {
        let mut print = match self.turn() {
            None => self.builder.fingerprint(session, self, flavour)?,
            Some(pass) => pass.fingerprint(session, self, flavour)?,
        };
        if let Some(input) = &self.input {
            print.content("program before the pass", input.digest.clone());
        }
        let stage = match flavour {
            Flavour::Plain => Stage::Baseline,
            Flavour::Instrumented => Stage::Instrument,
            Flavour::Optimized { .. } => Stage::Optimize,
        };
        for need in self.needs.iter().filter(|need| self.at.is_none() && need.is_for(stage.into())) {
            let what = need.words();
            match &need.made {
                // What one build alone uses is what makes it another flavour.
                Some(made) if need.by.is_some() => print.profile(what, made.digest.clone()),
                Some(made) => print.content(what, made.digest.clone()),
                None => print.value(what, "missing"),
            };
        }
        Ok(print)
    }

    /// The commands that make a flavour, for display.
    pub(crate) fn commands(&self, session: &Session, flavour: Flavour<'_>) -> Result<Vec<Command>> {
        let input = self.input.as_ref().map_or(Path::new(""), |input| &input.path);
        match self.turn() {
            None => self.builder.commands(session, self, flavour),
            Some(pass) => pass.command(session, self, flavour, input).map(|command| vec![command]),
        }
    }

    /// Makes a flavour, on behalf of `stage`.
    pub(crate) fn build(&self, session: &Session, stage: Stage, flavour: Flavour<'_>) -> Result<Made> {
        match (self.turn(), &self.input) {
            (None, _) => self.builder.build(session, self, stage, flavour),
            (Some(pass), Some(input)) => pass.build(session, self, flavour, input),
            (Some(pass), None) => Err(Error::internal(format!("{}: nothing to work on", pass.name()))),
        }
    }

    /// Whether what is trained is built without what does not change its profile.
    pub(crate) fn is_light(&self, session: &Session) -> bool {
        self.at.is_none() && self.builder.is_light(session, self).is_ok_and(|light| light)
    }
}
