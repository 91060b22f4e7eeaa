//! The effects of Honing: it runs the stages of a plan and says what happens.
//!
//! Values come in (a configuration, options), values go out (events, a summary);
//! between them are processes, builders, the file system and the clock.

pub mod builders;
mod chain;
pub mod children;
mod crafts;
mod io;
pub mod keep;
mod measure;
pub mod profiles;
mod workloads;

pub use builders::cargo::{
    Candidate,
    exec::{exec, exec_command},
    profiles::{RootManifest, cargo_profile},
    toolchain::Toolchain,
    whereabouts::{find_binaries, find_places},
    wrapper::call::{is_called as is_rustc, main as rustc},
};
pub use builders::command::wrapper::{is_called as is_compiler, main as compiler};
pub use builders::go::{
    Main,
    shim::{is_called as is_go, main as go},
};
pub use chain::{
    pipeline::{Finished, run},
    plan::plan,
    session::{Options, ProfileSource, Session},
    sink::{Listener, Sink},
    subject::Subject,
};
pub use crafts::{CRAFTS, find_mains, open};
pub use io::files::{named_error, write_atomically, write_named};
pub use keep::{
    checklist::checklist,
    ci::{Places, gather},
    clean::clean,
    handed::export_all,
    release::{ReleaseOptions, release},
    status::status,
    stored_profile::{Stored, load as stored},
    transfer::{export, export_rebased, rebase},
};
pub use measure::{
    MetricKind, Recording, Run, Which,
    compare::{CompareOptions, Progress, compare},
    compare_report::{CompareReport, Compared, Found, replay},
    host::Host,
    qualification::qualify,
    shares::shares,
};
pub use profiles::{Given, Input, llvm::profile_files};

/// What another craft or another kind of profile implements.
pub mod plugs {
    pub use crate::{
        builders::{Around, Builder, Craft, Flavour, Folders, Made, Opened, Pass},
        chain::{
            ready::{Merger, Ready},
            subject::{Input as Before, Need},
        },
        profiles::{Flaw, Input, Matched, Profile, ProfileKind, Rebased, Sorter, Traces, Weighed},
        workloads::beside::{Beside, Over},
    };
}
