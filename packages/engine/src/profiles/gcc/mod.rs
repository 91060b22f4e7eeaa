//! gcc's counters: `.gcda` files, one for each object file, collected after a training, merged, stored as one
//! bundle, laid out again for a build, and matched by what gcc says of them.

mod flags;
mod kind;
mod matching;
mod merge;
mod said;
mod sets;

pub use flags::{LOCALE, SAYING, file_name, generate, lay_out, profile_use};
pub use kind::Gcda;
pub use said::{Said, said};

#[cfg(test)]
mod tests;
