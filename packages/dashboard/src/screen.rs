//! What a terminal can show, and how a drawing is fitted to it.
//!
//! Everything is drawn in Unicode and with the sixteen colours of the terminal's own
//! palette, never black or white: they are readable on light and dark. What a terminal
//! does not have is replaced at the end, in one place.

use ratatui::prelude::{Buffer, Color, Modifier, Style};

/// The smallest terminal that is drawn on: columns, lines.
pub const SMALLEST: (u16, u16) = (40, 10);
/// The smallest terminal that shows four panes at once.
const WIDE: (u16, u16) = (100, 30);

/// Whether a terminal of that size is drawn on.
pub(crate) fn is_drawn(size: (u16, u16)) -> bool {
    size.0 >= SMALLEST.0 && size.1 >= SMALLEST.1
}

/// Whether four panes are seen at once.
pub(crate) fn is_wide(size: (u16, u16)) -> bool {
    size.0 >= WIDE.0 && size.1 >= WIDE.1
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Whether colours are wanted.
    pub colour: bool,
    /// Whether the locale is UTF-8.
    pub unicode: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Self { colour: true, unicode: true }
    }
}

impl Screen {
    /// From environment variables: `NO_COLOR`, and the locale as POSIX finds it.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set).unwrap_or_default();
        let codeset = locale.to_lowercase();
        let utf8 = codeset.contains("utf-8") || codeset.contains("utf8");
        Self { colour: set("NO_COLOR").is_none(), unicode: cfg!(windows) || utf8 }
    }

    /// Replaces what the terminal does not have.
    pub(crate) fn fit(self, buffer: &mut Buffer) {
        for cell in &mut buffer.content {
            if !self.colour {
                cell.set_fg(Color::Reset).set_bg(Color::Reset);
            }
            if !self.unicode && !cell.symbol().is_ascii() {
                let plain = ascii(cell.symbol());
                cell.set_char(plain);
            }
        }
    }
}

/// What stands for a character of ours on a terminal without Unicode; `?` for others'.
fn ascii(symbol: &str) -> char {
    match symbol {
        "✓" => '+',
        "✗" => 'x',
        "●" | "▶" => '>',
        "◀" => '<',
        "○" => '.',
        "■" => '!',
        "─" => '-',
        "│" | "┼" => '|',
        "├" => '[',
        "┤" => ']',
        "◆" => 'o',
        "█" => '#',
        "░" => '.',
        "…" => '~',
        "µ" => 'u',
        "→" => '>',
        "·" => '-',
        "▁" => '_',
        "▂" | "▃" => '-',
        "▄" | "▅" => '=',
        "▆" | "▇" => '+',
        _ => '?',
    }
}

/// What went well.
pub(crate) fn good() -> Style {
    Style::new().fg(Color::Green)
}

/// What failed.
pub(crate) fn bad() -> Style {
    Style::new().fg(Color::Red).add_modifier(Modifier::BOLD)
}

/// What a diff takes away.
pub(crate) fn removed() -> Style {
    Style::new().fg(Color::Red)
}

/// What a person should look at.
pub(crate) fn warn() -> Style {
    Style::new().fg(Color::Yellow)
}

/// What is going on.
pub(crate) fn busy() -> Style {
    Style::new().fg(Color::Cyan)
}

/// What matters less.
pub(crate) fn dim() -> Style {
    Style::new().add_modifier(Modifier::DIM)
}

/// Headings.
pub(crate) fn strong() -> Style {
    Style::new().add_modifier(Modifier::BOLD)
}

/// What was found, or chosen.
pub(crate) fn marked() -> Style {
    Style::new().add_modifier(Modifier::REVERSED)
}

#[cfg(test)]
mod tests {
    use ratatui::layout::Rect;

    use super::*;

    #[test]
    fn the_environment_decides() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> =
                set.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
            Screen::from_env(move |name| {
                set.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone())
            })
        };
        let screen = |colour, unicode| Screen { colour, unicode };
        if cfg!(unix) {
            assert_eq!(of(&[]), screen(true, false));
            assert_eq!(of(&[("LANG", "de_DE.UTF-8"), ("LC_ALL", "C")]), screen(true, false));
        }
        assert_eq!(of(&[("LANG", "C.utf8"), ("LC_ALL", "")]), screen(true, true));
        assert_eq!(of(&[("LC_CTYPE", "en_US.UTF-8"), ("NO_COLOR", "1")]), screen(false, true));
    }

    #[test]
    fn what_is_missing_is_replaced() {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
        buffer.set_string(0, 0, "✓日é x", good());
        Screen { colour: false, unicode: false }.fit(&mut buffer);
        let line: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert_eq!(line, "+? ? x");
        assert!(buffer.content.iter().all(|cell| cell.fg == Color::Reset));
    }
}
