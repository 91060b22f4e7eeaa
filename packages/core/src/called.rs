//! What a person types to call Honing: `honing`, `cargo xtask pgo`, or whatever an xtask makes of it.
//! Hints name commands by it.

use std::sync::OnceLock;

static CALLED: OnceLock<String> = OnceLock::new();
static GIVEN: OnceLock<String> = OnceLock::new();

/// Sets it, once: a process is called by one name.
pub fn call(name: &str) {
    CALLED.get_or_init(|| name.to_owned());
}

/// The name.
pub fn called() -> &'static str {
    CALLED.get().map_or("honing", String::as_str)
}

/// Sets, once, the options that say where the workspace is: a command that is advised needs them, too.
pub fn give(options: &str) {
    GIVEN.get_or_init(|| options.to_owned());
}

/// The name, with these options.
pub fn advised() -> String {
    match GIVEN.get() {
        Some(options) if !options.is_empty() => format!("{} {options}", called()),
        _ => called().to_owned(),
    }
}

/// As [`format!`], where `{pgo}` is the name that Honing is called by, with the options that say where the workspace is.
#[macro_export]
macro_rules! advise {
    ($($text:tt)*) => {
        format!($($text)*, pgo = $crate::advised())
    };
}
