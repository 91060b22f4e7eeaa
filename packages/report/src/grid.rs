//! A table for documents: as Markdown, and as HTML.

use maud::{Markup, html};

use crate::escape::{clean, code, prose};

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name from elsewhere, verbatim.
    Name,
    /// Words.
    Words,
    /// A number, with or without its unit.
    Number,
}

/// Rows of cells below a heading.
#[derive(Debug, Clone)]
pub(crate) struct Grid {
    /// What it is of.
    caption: &'static str,
    columns: Vec<(String, Kind)>,
    rows: Vec<Vec<String>>,
}

impl Grid {
    pub(crate) fn new(caption: &'static str, columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
        Self { caption, columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// As a table of GitHub's and GitLab's Markdown.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        let mut line = |cells: Vec<String>| {
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
        };
        line(self.columns.iter().map(|(name, _)| prose(name)).collect());
        let rule = |kind: &Kind| if *kind == Kind::Number { "--:" } else { ":--" };
        line(self.columns.iter().map(|(_, kind)| rule(kind).to_owned()).collect());
        for row in &self.rows {
            let cell = |(text, (_, kind)): (&String, &(String, Kind))| match kind {
                Kind::Name => code(text),
                Kind::Words | Kind::Number => prose(text),
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
            Kind::Number => "number",
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
