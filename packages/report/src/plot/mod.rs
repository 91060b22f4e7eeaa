//! Plots as SVG that stands in the page: drawn by plotters, coloured by the page's style sheet, so
//! that they follow light and dark.
//!
//! They are as wide as a phone, and grow with the screen. Rows have their name and their numbers
//! above the mark, since there is no room beside it. Whatever they show is in a table too.

mod canvas;
mod forest;
mod latency;
mod matching;
mod runs;
mod scale;
mod timeline;

pub(crate) use self::{
    canvas::{COLOURS, Words},
    forest::{better, forest},
    latency::latency,
    matching::matching,
    runs::{applied, changes},
    timeline::timeline,
};
