//! A table of text whose columns line up.

use std::io::{self, Write};

/// Which side of its column a cell keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Left, for words.
    Left,
    /// Right, for numbers.
    Right,
}

/// Rows of cells.
#[derive(Debug, Clone)]
pub struct Table {
    align: Vec<Align>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with its header.
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self {
            align: columns.iter().map(|(_, align)| *align).collect(),
            rows: vec![columns.iter().map(|(name, _)| (*name).to_owned()).collect()],
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Writes it, indented by two spaces, without spaces at the ends of lines. Where it
    /// is wider than `width` columns, each row becomes a block of its own.
    ///
    /// # Errors
    /// Where `out` does not take it.
    pub fn write(&self, out: &mut dyn Write, width: Option<usize>) -> io::Result<()> {
        let cells = |column: usize| self.rows.iter().filter_map(move |row| row.get(column));
        let widths: Vec<usize> = (0..self.align.len())
            .map(|column| cells(column).map(|cell| cell.chars().count()).max().unwrap_or(0))
            .collect();
        let whole: usize = widths.iter().map(|column| column + 2).sum();
        if width.is_some_and(|width| whole > width) {
            return self.write_blocks(out);
        }
        for row in &self.rows {
            let mut line = String::new();
            for ((cell, width), align) in row.iter().zip(&widths).zip(&self.align) {
                line.push_str("  ");
                match align {
                    Align::Left => line.push_str(&format!("{cell:<width$}")),
                    Align::Right => line.push_str(&format!("{cell:>width$}")),
                }
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn write_blocks(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some((header, rows)) = self.rows.split_first() else { return Ok(()) };
        for row in rows {
            let mut named = header.iter().zip(row);
            if let Some((_, first)) = named.next() {
                writeln!(out, "  {first}")?;
            }
            for (name, cell) in named.filter(|(_, cell)| !cell.is_empty()) {
                let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
                writeln!(out, "    {name}{cell}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(width: Option<usize>) -> String {
        let mut table = Table::new(&[("workload", Align::Left), ("", Align::Left), ("pairs", Align::Right)]);
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
