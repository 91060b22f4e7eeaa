//! The HTTP half (BEP 3, 7, 23, 48): [`query`] reads what clients ask, [`handle()`] answers one
//! request, [`serve`] has the listeners and connections.

pub mod answer;
mod handle;
pub mod query;
pub mod serve;

pub use handle::{Origin, handle};
