//! The UDP half (BEP 15): [`wire`] has the packets, [`handle()`] answers one, [`serve`] runs the
//! receive loops.

mod handle;
pub mod serve;
pub mod wire;

pub use handle::{Answer, handle};
