//! What a person types to call Honing: `honing`, `cargo xtask pgo`, or whatever an xtask makes of it.
//! Hints name commands by it.

use std::sync::OnceLock;

static CALLED: OnceLock<String> = OnceLock::new();

/// Sets it, once: a process is called by one name.
pub fn call(name: &str) {
    CALLED.get_or_init(|| name.to_owned());
}

/// The name.
pub fn called() -> &'static str {
    CALLED.get().map_or("honing", String::as_str)
}

/// As [`format!`], where `{pgo}` is the name that Honing is called by.
#[macro_export]
macro_rules! advise {
    ($($text:tt)*) => {
        format!($($text)*, pgo = $crate::called())
    };
}
