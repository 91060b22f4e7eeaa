//! Children: started through a small launcher, streamed, and never left behind.
//!
//! Every child is run by a *launcher*: this very executable, started again with
//! [`LAUNCH`] as its first argument. It puts the child into a process group of its
//! own, passes signals on, measures the child from a small process (a child of a
//! large one reads the large one's peak memory), and ends everything below it when
//! its standard input closes, which the kernel does even where the run was killed.

#[cfg(unix)]
mod anew;
mod child;
mod command;
mod double;
mod ended;
#[cfg(unix)]
pub(crate) mod halt;
pub mod launcher;
mod left;
mod lines;
mod machine;
mod refused;
mod suspend;

pub use crate::io::cancel::Cancel;
pub(crate) use child::signal_number;
pub use child::{Child, Launcher, StdStream};
pub use command::Command;
pub use double::{Double, Played};
pub use ended::{Ended, Status, Usage};
pub use launcher::LAUNCH;
pub(crate) use left::When;
pub use left::{Awaits, Left};
pub use machine::Machine;
pub use suspend::Suspend;
pub(crate) use suspend::{Deadline, Hold};
