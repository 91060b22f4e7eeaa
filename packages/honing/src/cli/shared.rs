//! Which command heeds which flags, and what the engine is told of them.

use clap::{Args, ColorChoice};
use honing_engine::Options;

use super::groups::{
    Again, Compile, Features, File, Format, Given, Job, Lines, Loads, Loud, Merging, Notice, Pairs, Pick,
    Place, Plain, Quiet, Raw, Shape, Storing, Target, Time,
};

/// What flags and variables say. What a command does not heed is as if nobody had said it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shared {
    /// The command's name.
    pub(crate) command: String,
    pub(crate) color: ColorChoice,
    pub(crate) pick: Pick,
    pub(crate) loads: Loads,
    pub(crate) again: Again,
    pub(crate) given: Given,
    pub(crate) pairs: Pairs,
    pub(crate) time: Time,
    pub(crate) merging: Merging,
    pub(crate) raw: Raw,
    pub(crate) storing: Storing,
    pub(crate) job: Job,
    pub(crate) shape: Shape,
    pub(crate) plain: Plain,
    #[expect(dead_code, reason = "it changes nothing")]
    pub(crate) lines: Lines,
    pub(crate) notice: Notice,
    pub(crate) loud: Loud,
    pub(crate) quiet: Quiet,
    pub(crate) file: File,
    pub(crate) place: Place,
    pub(crate) target: Target,
    pub(crate) features: Features,
    pub(crate) compile: Compile,
}

/// The groups that a command heeds, to be flattened into it. `all` of those that build and report as a run
/// does have some in common; where there may be a dashboard instead, it is `run`.
macro_rules! heeds {
    ($(#[$doc:meta])* all $name:ident: $($group:ident $Group:ident),+) => {
        heeds!($(#[$doc])* run $name: $($group $Group,)+ lines Lines);
    };
    ($(#[$doc:meta])* run $name:ident: $($group:ident $Group:ident),+) => {
        heeds!($(#[$doc])* $name: $($group $Group,)+ job Job, shape Shape, notice Notice, loud Loud,
            quiet Quiet, file File, place Place, target Target, features Features, compile Compile);
    };
    ($(#[$doc:meta])* $name:ident: $($group:ident $Group:ident),+) => {
        $(#[$doc])*
        #[derive(Debug, Args)]
        #[group(skip)]
        pub(crate) struct $name {
            $(#[command(flatten)] $group: $Group,)+
        }

        impl From<$name> for Shared {
            fn from(flags: $name) -> Self {
                Self { $($group: flags.$group,)+ ..Self::default() }
            }
        }
    };
}

heeds!(
    /// `run`, and `show-config`, which says what a run would heed.
    run Whole: pick Pick, loads Loads, again Again, given Given, pairs Pairs, time Time, merging Merging,
    raw Raw, storing Storing, plain Plain
);
heeds!(
    /// `dash`: all but what says how to report without one.
    Dashboard: pick Pick, loads Loads, again Again, given Given, pairs Pairs, time Time, merging Merging,
    raw Raw, storing Storing, notice Notice, file File, place Place, target Target, features Features,
    compile Compile
);
heeds!(
    Plan: pick Pick, loads Loads, again Again, given Given, pairs Pairs, time Time, merging Merging,
    job Job, shape Shape, file File, place Place, target Target, features Features, compile Compile, lines Lines);
heeds!(all Preflight: pick Pick, loads Loads, again Again, given Given, merging Merging);
heeds!(
    /// `baseline` and `instrument`.
    all Build: pick Pick, again Again, time Time
);
heeds!(all Train: pick Pick, loads Loads, again Again, time Time, raw Raw);
heeds!(all Merge: pick Pick, again Again, merging Merging, raw Raw);
heeds!(all Optimize: pick Pick, again Again, given Given, time Time);
heeds!(all Bench: pick Pick, loads Loads, again Again, pairs Pairs, time Time);
heeds!(all Record: pick Pick, again Again, given Given, storing Storing);
heeds!(
    /// `build`, `check` and `export`, which build with the stored profile.
    all Stored: pick Pick
);
heeds!(
    /// `rebase` and `import`, which replace the stored profile.
    all Replace: pick Pick, storing Storing
);
heeds!(
    /// `checklist`, which trains, measures and stores with --fix.
    all Verify: pick Pick, pairs Pairs, time Time, storing Storing
);
heeds!(Status: pick Pick, job Job, shape Shape, file File, place Place, target Target, features Features, lines Lines);
heeds!(Exec: pick Pick, given Given, job Job, loud Loud, file File, place Place, target Target);
heeds!(Manifest: pick Pick, job Job, shape Shape, file File, place Place, lines Lines);
heeds!(Clean: pick Pick, job Job, loud Loud, quiet Quiet, file File, place Place, lines Lines);
heeds!(Report: job Job, file File, place Place, lines Lines);
heeds!(Init: job Job, file File, lines Lines);
heeds!(Compare: pairs Pairs, job Job, shape Shape, loud Loud, quiet Quiet, lines Lines);
heeds!(Replay: shape Shape, plain Plain, loud Loud, quiet Quiet);
heeds!(
    /// `show`, `diff` and `overlap`.
    Show: shape Shape, lines Lines
);

impl Shared {
    /// With what each command has: its name, and whether there are colours.
    pub(crate) fn called(self, always: &Self) -> Self {
        Self { color: always.color, command: always.command.clone(), ..self }
    }

    /// How to report where that is not the dashboard's.
    pub(crate) fn format(&self) -> Format {
        self.shape.format.unwrap_or(Format::Plain)
    }

    /// What the engine is told; with `manual`, what stands after `--` is the program's, not cargo's.
    pub(crate) fn options(&self, manual: bool) -> Options {
        let after = self.compile.cargo_args.clone();
        Options {
            command: self.command.clone(),
            config: self.file.config.clone(),
            manifest_path: self.file.manifest_path.clone(),
            programs: self.pick.program.clone(),
            workloads: self.loads.workload.clone(),
            target: self.target.target.clone(),
            target_dir: self.place.target_dir.clone(),
            features: self.features.features.clone(),
            locked: self.place.locked,
            offline: self.place.offline,
            frozen: self.place.frozen,
            jobs: self.compile.jobs.clone(),
            verbose: self.loud.verbose,
            arguments: if manual { Vec::new() } else { after.clone() },
            pairs: self.pairs.pairs,
            budget: self.time.budget.map(|budget| budget.0),
            profile: self.given.source(),
            strict: self.job.ci,
            ships: false,
            accept_poorer: self.storing.accept_poorer,
            unpinned: false,
            merge_tool: self.merging.merge_tool.clone(),
            merger: self.merging.llvm_profdata.clone(),
            force: self.again.force,
            gather: !self.raw.keep_raw,
            keep_raw: self.raw.keep_raw || !self.job.ci,
            shard: None,
            manual: manual.then_some(after),
        }
    }
}
