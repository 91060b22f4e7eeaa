//! Documents: from recorded and made-up events to JSON, Markdown and the page.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod made;
mod markdown;
mod page;
mod whole;
