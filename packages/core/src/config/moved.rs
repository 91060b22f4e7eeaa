//! Keys that stood elsewhere in an earlier form of pgo.toml. They are refused all at once, with their new
//! form to paste: nobody guesses what an old file means.

use std::{collections::BTreeSet, ops::Range, path::Path};

use toml_edit::{Document, DocumentMut, InlineTable, Item, Key, RawString, Table, TableLike, Value};

use super::{parse::with_kinds, position::line_and_column};
use crate::config::forms::Tables;
use crate::error::{Error, Result};

/// Refuses a text that has such keys. One that is not TOML has none.
pub(super) fn refuse(text: &str, file: &Path, crafts: &[&'static Tables]) -> Result<()> {
    let Ok(document) = Document::parse(text) else { return Ok(()) };
    let new = document.clone().into_mut();
    let mut rewrite = Rewrite { old: document, new, lines: BTreeSet::new(), pasted: Vec::new(), first: None };
    for tables in with_kinds(crafts) {
        let forms = [
            (&[][..], tables.top),
            (&["program", "*"], Some(tables.program)),
            (&["tool", "*"], tables.tool),
            (&["program", "*", "workload", "*"], tables.workload),
        ];
        for (place, form) in forms {
            let moved = form.map_or("", |form| form.moved);
            for path in rewrite.places(place) {
                rewrite.table(&path, tables.name, moved);
            }
        }
    }
    let Some((start, message)) = &rewrite.first else { return Ok(()) };
    let (line, column) = line_and_column(text, *start);
    let place = format!("{}:{line}:{column}", file.display());
    let lines = rewrite.lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    Err(Error::usage(message).at(place).in_file(file, Some((line, column))).with_hint(format!(
        "remove these lines: {lines}; and put this at the end of the file:\n\n{}",
        rewrite.to_paste().trim()
    )))
}

struct Rewrite<'a> {
    /// With the places of everything.
    old: Document<&'a str>,
    /// With everything in its new place.
    new: DocumentMut,
    /// Lines that are not needed any more.
    lines: BTreeSet<usize>,
    /// Tables of the new file that those stood for.
    pasted: Vec<Vec<String>>,
    /// Where the first key stands, and what is wrong with it.
    first: Option<(usize, String)>,
}

impl Rewrite<'_> {
    /// The tables at `place`, in which `*` is any name.
    fn places(&self, place: &[&str]) -> Vec<Vec<String>> {
        place.iter().fold(vec![Vec::new()], |found, step| {
            let next = |path: Vec<String>| {
                let table = at(self.old.as_item(), &path).and_then(Item::as_table_like);
                let keys = table.into_iter().flat_map(|table| table.iter().map(|(key, _)| key.to_owned()));
                let keys = keys.filter(|key| *step == "*" || key == step);
                keys.map(|key| [path.as_slice(), &[key]].concat()).collect::<Vec<_>>()
            };
            found.into_iter().flat_map(next).collect()
        })
    }

    /// Moves the keys of one table.
    fn table(&mut self, path: &[String], name: &str, moved: &str) {
        let own = joined(path, [name]);
        for (before, now) in moved.split_whitespace().map(|key| key.split_once('=').unwrap_or((key, key))) {
            let old = joined(path, before.split('.'));
            let Some((key, _)) = entry(self.old.as_item(), &old) else { continue };
            let start = key.span().map_or(0, |span| span.start);
            if self.first.as_ref().is_none_or(|(first, _)| start < *first) {
                let renamed = if before == now { String::new() } else { format!("`{now}` ") };
                self.first = Some((start, format!("`{before}` is now {renamed}in [{}]", own.join("."))));
            }
            self.drop_lines(&old);
            // What is there already has to stay one table.
            self.drop_lines(&own);
            self.paste(&own);
            if let Some((key, item)) = take(self.new.as_item_mut(), &old) {
                put(self.new.as_item_mut(), (path, name), (now, &key), item);
            }
        }
    }

    /// The outermost value that `path` is in: a table in braces can only be written as a whole.
    fn braces(&self, path: &[String]) -> Option<Vec<String>> {
        let is_value = |depth: &usize| at(self.old.as_item(), &path[..*depth]).is_some_and(Item::is_value);
        (1..path.len()).find(is_value).map(|depth| path[..depth].to_vec())
    }

    fn paste(&mut self, path: &[String]) {
        let path = self.braces(path).unwrap_or_else(|| path.to_vec());
        if !self.pasted.contains(&path) {
            self.pasted.push(path);
        }
    }

    /// Marks the lines of what stands at `path`.
    fn drop_lines(&mut self, path: &[String]) {
        let whole = self.braces(path);
        if let Some(whole) = &whole {
            self.paste(whole);
        }
        let found = entry(self.old.as_item(), whole.as_deref().unwrap_or(path));
        let mut spans = Vec::new();
        if let Some((key, item)) = found {
            collect(self.old.raw(), key, item, &mut spans);
        }
        let line = |at| line_and_column(self.old.raw(), at).0;
        self.lines.extend(spans.into_iter().flat_map(|span| line(span.start)..=line(span.end)));
    }

    fn to_paste(&self) -> String {
        let mut whole = DocumentMut::new();
        for path in &self.pasted {
            let Some(mut table) = at(self.new.as_item(), path).cloned().and_then(into_table) else {
                continue;
            };
            if !table.is_empty() {
                table.set_position(None);
                table.decor_mut().clear();
                set(whole.as_table_mut(), path, table);
            }
        }
        whole.to_string()
    }
}

fn joined<'a>(path: &[String], more: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    path.iter().cloned().chain(more.into_iter().map(str::to_owned)).collect()
}

fn at<'a>(item: &'a Item, path: &[String]) -> Option<&'a Item> {
    path.iter().try_fold(item, |item, key| item.get(key))
}

fn at_mut<'a>(item: &'a mut Item, path: &[String]) -> Option<&'a mut dyn TableLike> {
    path.iter().try_fold(item, |item, key| item.get_mut(key))?.as_table_like_mut()
}

fn entry<'a>(item: &'a Item, path: &[String]) -> Option<(&'a Key, &'a Item)> {
    let (last, parents) = path.split_last()?;
    at(item, parents)?.as_table_like()?.get_key_value(last)
}

fn take(item: &mut Item, path: &[String]) -> Option<(Key, Item)> {
    let key = entry(item, path)?.0.clone();
    let (last, parents) = path.split_last()?;
    Some((key, at_mut(item, parents)?.remove(last)?))
}

/// Puts `value` into the table `name` of another one, with the comment that was above it.
fn put(item: &mut Item, (path, name): (&[String], &str), (now, before): (&str, &Key), value: Item) {
    let in_braces = at(item, path).is_some_and(Item::is_value);
    let Some(table) = at_mut(item, path) else { return };
    if table.get(name).is_none() {
        let mut inline = InlineTable::new();
        inline.set_dotted(true);
        let new = if in_braces { Item::Value(inline.into()) } else { Item::Table(Table::new()) };
        table.insert(name, new);
    }
    let Some(own) = table.get_mut(name).and_then(Item::as_table_like_mut) else { return };
    own.insert(now, value);
    let above = before.leaf_decor().prefix().and_then(RawString::as_str).unwrap_or_default();
    if let Some(mut key) = own.key_mut(now) {
        key.leaf_decor_mut().set_prefix(comment(above));
    }
}

/// The comment that belongs to what is below it, of all that stands above that.
fn comment(above: &str) -> &str {
    above.rsplit("\n\n").next().unwrap_or_default().trim_start()
}

/// Where a key and its value stand, with the comment above; of a table, where all in it does.
fn collect(text: &str, key: &Key, item: &Item, spans: &mut Vec<Range<usize>>) {
    match item {
        Item::Table(table) => {
            // Its header.
            if let Some(header) = table.span().filter(|_| !table.is_dotted() && !table.is_implicit()) {
                spans.push(header.start..header.start);
            }
            let keys = table.iter().filter_map(|(key, _)| table.get_key_value(key));
            keys.for_each(|(key, item)| collect(text, key, item, spans));
        }
        _ => {
            let (Some(key_at), Some(value_at)) = (key.span(), item.span()) else { return };
            let above = key.leaf_decor().prefix().and_then(RawString::span);
            let above = above.and_then(|span| text.get(span)).map_or(0, |above| comment(above).len());
            spans.push(key_at.start.saturating_sub(above)..value_at.end);
        }
    }
}

fn into_table(item: Item) -> Option<Table> {
    match item {
        Item::Table(table) => Some(table),
        Item::Value(Value::InlineTable(inline)) => {
            let mut table = inline.into_table();
            table.fmt();
            Some(table)
        }
        _ => None,
    }
}

fn set(mut table: &mut Table, path: &[String], value: Table) {
    let Some((last, parents)) = path.split_last() else { return };
    for key in parents {
        let mut implicit = Table::new();
        implicit.set_implicit(true);
        let Some(inner) = table.entry(key).or_insert(Item::Table(implicit)).as_table_mut() else { return };
        table = inner;
    }
    table.insert(last, Item::Table(value));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{made_for_tests::CRAFTS, sections::Config};

    fn refused(text: &str) -> Error {
        Config::parse(text, Path::new("pgo/pgo.toml"), CRAFTS).unwrap_err()
    }

    /// Does what the hint says.
    fn followed(text: &str) -> String {
        let error = refused(text);
        let hint = error.hint().unwrap();
        let (lines, paste) = hint.split_once("; and put this at the end of the file:\n\n").expect(hint);
        let lines: Vec<usize> = lines
            .strip_prefix("remove these lines: ")
            .unwrap()
            .split(", ")
            .map(|line| line.parse().unwrap())
            .collect();
        let kept = text.lines().enumerate().filter(|(at, _)| !lines.contains(&(at + 1)));
        let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
        format!("{}\n{paste}", kept.join("\n"))
    }

    #[test]
    fn every_way_to_write_an_old_file_has_its_new_form() {
        let new = r#"
counts.merge = "theirs"
[tool.x]
made.of = "x"
[program.a]
made = { of = "a", parts = ["b", "c"] }
env.X = "1"
workload.w = { role = "train", made.check.args = ["1"], seed = 3 }
[program.b]
counts.when = "always"
made.of = "b"
"#;
        let new = Config::parse(new, Path::new("pgo.toml"), CRAFTS).unwrap();
        for old in [
            // Headers.
            r#"
[merge]
tool = "theirs"
[tool.x]
of = "x"
[program.a]
of = "a"
env.X = "1"
parts = ["b",
  "c"]
[program.a.workload.w]
role = "train"
seed = 3
[program.a.workload.w.made_check]
args = ["1"]
[program.b]
when = "always"
of = "b"
"#,
            // In braces.
            r#"
merge = { tool = "theirs" }
tool = { x = { of = "x" } }
program.a = { of = "a", env = { X = "1" }, workload = { w = { role = "train", made_check = { args = ["1"] }, seed = 3 } }, parts = ["b", "c"] }
program.b = { when = "always", of = "b" }
"#,
            // Dotted.
            r#"
merge.tool = "theirs"
tool.x.of = "x"
program.a.of = "a"
program.a.parts = ["b", "c"]
program.a.env.X = "1"
program.a.workload.w.role = "train"
program.a.workload.w.made_check.args = ["1"]
program.a.workload.w.seed = 3
program.b.when = "always"
program.b.of = "b"
"#,
            // Half of it done.
            r#"
[merge]
max_lost = 1.0
tool = "theirs"
[tool]
x.of = "x"
[program]
b = { made.of = "b", when = "always" }
[program.a]
parts = ["b", "c"]
env.X = "1"
workload.w = { role = "train", made_check.args = ["1"], seed = 3 }
[program.a.made]
of = "a"
"#,
        ] {
            let text = followed(old);
            let mut read = Config::parse(&text, Path::new("pgo.toml"), CRAFTS)
                .unwrap_or_else(|error| panic!("{error}\n{text}"));
            read.program.sort_keys();
            assert_eq!(read, new, "{text}");
        }
    }

    #[test]
    fn the_new_form_is_printed_with_its_comments() {
        let old = "# All.\n\n# Fast.\n[program.t] # here\n# What it is.\nof = \"t\"   # of t\nenv.A = \"1\"\nwhen = \"exit\"\n";
        insta::assert_snapshot!(refused(old), @"pgo/pgo.toml:6:1: `of` is now in [program.t.made]");
        insta::assert_snapshot!(followed(old), @r#"
        # All.

        # Fast.
        [program.t] # here
        env.A = "1"
        [program.t.made]
        # What it is.
        of = "t"   # of t

        [program.t.counts]
        when = "exit"
        "#);
    }
}
