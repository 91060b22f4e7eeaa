//! Text of children as it is without a terminal.

use std::borrow::Cow;

/// `text` without colours, links and whatever else is for a terminal. All that is parsed or quoted
/// goes through it: variables, configuration and arguments can colour a child that writes into a pipe.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    match text.contains('\u{1b}') {
        true => anstream::adapter::strip_str(text).to_string().into(),
        false => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_a_terminal_is_taken_off() {
        for (text, expected) in [
            ("plain [1m text", "plain [1m text"),
            ("\u{1b}[1m\u{1b}[91merror\u{1b}[0m: no", "error: no"),
            ("\u{1b}[KFuncname=a, Hash=1 in building m", "Funcname=a, Hash=1 in building m"),
            ("\u{1b}]9;4;1;0\u{1b}\\\u{1b}[Kx", "x"),
            ("\u{1b}]8;;http://localhost/E0425\u{7}E0425\u{1b}]8;;\u{7}", "E0425"),
            ("\u{1b}(B\u{1b}[mü", "ü"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }
}
