//! What was measured, what it means, and what follows: whether a profile is recorded, and how the
//! process ends.

mod choice;
mod consequence;
mod measured;
mod next;
mod spent;
mod standing;

pub use choice::{Choice, choose};
pub use consequence::{Consequence, Evidence, Outcome, gain_percent};
pub use honing_paired::{Open, Ratio, Verdict};
pub use measured::{Measured, Trust, notes};
pub use next::{Came, next};
pub use spent::{Spent, beyond_reach};
pub use standing::{Asked, Standing};
