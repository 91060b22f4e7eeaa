//! Cargo profiles in a `Cargo.toml`, and other settings of cargo's, edited as text: text in, edit out.
//!
//! The text is parsed for where things stand, and changed only there. So comments, order, blank
//! lines, CRLF, a missing newline at the end, inline and dotted tables all stay as they were
//! written. Each step is parsed again and compared: the new text differs from the old one in the
//! wanted key and in nothing else, or there is no edit.
//!
//! ```
//! use honing_manifest::{Edit, Value};
//!
//! let mut edit = Edit::new("[profile.release]\r\nlto = true # for now\r\n")?;
//! edit.set("release", "lto", Value::from("fat"), "across crates")?;
//! edit.set("release", "codegen-units", Value::from(1), "one unit")?;
//! let new = "[profile.release]\r\nlto = \"fat\" # for now\r\ncodegen-units = 1\r\n";
//! assert_eq!(edit.new_text(), new);
//! assert_eq!(edit.undo(new)?, edit.old_text());
//! # Ok::<(), honing_manifest::Error>(())
//! ```

mod apart;
mod edit;
mod error;
mod layout;
mod name;
mod place;

pub use apart::{publishes, set_apart};
pub use edit::{Change, Edit, with_item, with_value};
pub use error::Error;
pub use toml::Value;
