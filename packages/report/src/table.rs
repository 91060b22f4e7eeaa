//! A table: as text whose columns line up, as Markdown, and as HTML.

use std::io::{self, Write};

use maud::{Markup, html};

use crate::escape::{clean, code, prose};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A name from elsewhere, verbatim.
    Name,
    /// Words.
    Words,
    /// A change with its interval.
    Change,
    /// A number, with or without its unit.
    Number,
}

/// A column: its heading, what its cells are, and what the cell of an item says.
pub type Column<'a, T> = (&'a str, Kind, &'a dyn Fn(&T) -> String);

/// Rows of cells below a heading.
#[derive(Debug, Clone)]
pub struct Table {
    /// What it is of.
    caption: &'static str,
    columns: Vec<(String, Kind)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// One without rows.
    pub fn new(caption: &'static str, columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        Self { caption, columns, rows: Vec::new() }
    }

    /// One with a row for each item: the columns say what their cells are.
    pub fn of<T>(
        caption: &'static str,
        items: impl IntoIterator<Item = T>,
        columns: &[Column<'_, T>],
    ) -> Self {
        let heads: Vec<(&str, Kind)> = columns.iter().map(|(name, kind, _)| (*name, *kind)).collect();
        let mut table = Self::new(caption, &heads);
        for item in items {
            table.row(columns.iter().map(|(_, _, cell)| cell(&item)));
        }
        table
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes it, indented by two spaces, without spaces at the ends of lines. Where it
    /// is wider than `width` columns, each row becomes a block of its own.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn write(&self, out: &mut dyn Write, width: Option<usize>) -> io::Result<()> {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let rows = || [&header].into_iter().chain(&self.rows);
        let widest = |column: usize| rows().filter_map(|row| Some(row.get(column)?.chars().count())).max();
        let widths: Vec<usize> = (0..header.len()).map(|column| widest(column).unwrap_or(0)).collect();
        let whole: usize = widths.iter().map(|column| column + 2).sum();
        if width.is_some_and(|width| whole > width) {
            return self.write_blocks(out);
        }
        for row in rows() {
            let mut line = String::new();
            for ((cell, width), (_, kind)) in row.iter().zip(&widths).zip(&self.columns) {
                line.push_str("  ");
                match kind {
                    Kind::Number => line.push_str(&format!("{cell:>width$}")),
                    _ => line.push_str(&format!("{cell:<width$}")),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn write_blocks(&self, out: &mut dyn Write) -> io::Result<()> {
        for row in &self.rows {
            let mut named = self.columns.iter().zip(row);
            if let Some((_, first)) = named.next() {
                writeln!(out, "  {first}")?;
            }
            for ((name, _), cell) in named.filter(|(_, cell)| !cell.is_empty()) {
                let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
                writeln!(out, "    {name}{cell}")?;
            }
        }
        Ok(())
    }

    /// As a table of GitHub's and GitLab's Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: Vec<String>| {
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        };
        line(self.columns.iter().map(|(name, _)| prose(name)).collect());
        let rule = |kind: &Kind| if matches!(kind, Kind::Number | Kind::Change) { "--:" } else { ":--" };
        line(self.columns.iter().map(|(_, kind)| rule(kind).to_owned()).collect());
        for row in &self.rows {
            let cell = |(text, (_, kind)): (&String, &(String, Kind))| match kind {
                Kind::Name => code(text),
                _ => prose(text),
            };
            line(row.iter().zip(&self.columns).map(cell).collect());
        }
        text
    }

    /// As a table that scrolls by itself where the screen is narrow; it can be reached by keyboard.
    pub(crate) fn html(&self) -> Markup {
        let class = |kind: Kind| match kind {
            Kind::Name => "name",
            Kind::Words => "words",
            Kind::Change | Kind::Number => "number",
        };
        html! {
            div.scroll role="region" tabindex="0" aria-label=(self.caption) {
                table {
                    caption { (self.caption) }
                    thead {
                        tr {
                            @for (name, kind) in &self.columns {
                                th scope="col" class=(class(*kind)) { (name) }
                            }
                        }
                    }
                    tbody {
                        @for row in &self.rows {
                            tr {
                                @for (at, (text, (_, kind))) in row.iter().zip(&self.columns).enumerate() {
                                    @if at == 0 {
                                        th scope="row" class=(class(*kind)) { (clean(text)) }
                                    } @else {
                                        td class=(class(*kind)) { (clean(text)) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(width: Option<usize>) -> String {
        let mut table =
            Table::new("", &[("workload", Kind::Name), ("", Kind::Words), ("pairs", Kind::Number)]);
        table.row(["eval".into(), "done".into(), "12".into()]);
        table.row(["größer".into(), String::new(), "8".into()]);
        let mut out = Vec::new();
        table.write(&mut out, width).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(text(None), "  workload        pairs\n  eval      done     12\n  größer              8\n");
    }

    #[test]
    fn a_narrow_terminal_gets_blocks() {
        assert_eq!(text(Some(20)), "  eval\n    done\n    pairs: 12\n  größer\n    pairs: 8\n");
    }
}
