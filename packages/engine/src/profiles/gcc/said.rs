//! What gcc said of a profile while it compiled: how a build hands it over, and how it is read again.
//!
//! A line for each thing, fields apart by tabs:
//!
//! ```text
//! used      src#work.gcda
//! missing   src#new.gcda
//! mismatch  src#work.gcda   more   src/work.c
//! ```

/// What gcc said of one file of a profile.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Said {
    /// An object file was compiled with it.
    Used(String),
    /// An object file was compiled, and there was no such file, or one of another gcc.
    Missing(String),
    /// A function was compiled without its counters, for its code is another.
    Mismatch {
        /// The file with its counters.
        file: String,
        /// Its name, as gcc says it.
        function: String,
        /// Its source file, as gcc was given it.
        source: String,
    },
}

/// What a call of gcc that compiled one object file said on standard error about its `file`, see
/// [`super::file_name`]. Call it with [`super::LOCALE`]; the quotes of other languages are known, their words are not.
pub fn said(stderr: &str, file: &str) -> Vec<Said> {
    let mut found: Vec<Said> = stderr.lines().filter_map(|line| of_line(line, file)).collect();
    if !found.iter().any(|said| matches!(said, Said::Missing(_))) {
        found.push(Said::Used(file.to_owned()));
    }
    found.sort();
    found.dedup();
    found
}

fn of_line(line: &str, file: &str) -> Option<Said> {
    let (place, message) = line.split_once(": warning: ").or_else(|| line.split_once(": error: "))?;
    if message.contains("profile count data file not found") || message.contains(", expected version ") {
        return Some(Said::Missing(file.to_owned()));
    }
    // That lines have moved alone costs no counters.
    let changed = ["control flow of function ", "number of counters in profile data for function "];
    let (_, rest) = changed.iter().find_map(|words| message.split_once(words))?;
    let function = rest.strip_prefix(['‘', '\''])?.split(['’', '\'']).next()?;
    // FILE:LINE:COLUMN
    let source = place.rsplitn(3, ':').nth(2).unwrap_or(place);
    let [function, source] = [function, source].map(|text| text.replace('\t', " "));
    Some(Said::Mismatch { file: file.to_owned(), function, source })
}

impl Said {
    /// As a line, without its end.
    pub fn to_line(&self) -> String {
        match self {
            Self::Used(file) => format!("used\t{file}"),
            Self::Missing(file) => format!("missing\t{file}"),
            Self::Mismatch { file, function, source } => format!("mismatch\t{file}\t{function}\t{source}"),
        }
    }

    /// From a line; `None` where that says something else.
    pub fn of_line(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split('\t').collect();
        match fields.as_slice() {
            ["used", file] => Some(Self::Used((*file).to_owned())),
            ["missing", file] => Some(Self::Missing((*file).to_owned())),
            ["mismatch", file, function, source] => {
                let [file, function, source] = [file, function, source].map(|field| (*field).to_owned());
                Some(Self::Mismatch { file, function, source })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As gcc 12.2 says it.
    const CHANGED: &str = "src/work.c: In function 'more':\n\
        src/work.c:4:13: warning: number of counters in profile data for function 'more' does not match its profile data (counter 'arcs', expected 2 and have 3) [-Wcoverage-mismatch]\n    \
        4 | static long more(long n) { if (n % 5 == 0 && n > 3) return n + 7; return n + 1; }\n\
        src/work.c:4:13: warning: the control flow of function ‘more’ does not match its profile data (counter ‘time_profiler’) [-Wcoverage-mismatch]\n\
        src/work.c:9:1: warning: source locations for function 'odd' have changed, the profile data may be out of date [-Wcoverage-mismatch]\n";

    #[test]
    fn gccs_words_are_read() {
        let mismatch = Said::Mismatch {
            file: "src#work.gcda".into(),
            function: "more".into(),
            source: "src/work.c".into(),
        };
        let used = Said::Used("src#work.gcda".into());
        assert_eq!(said(CHANGED, "src#work.gcda"), [used.clone(), mismatch.clone()]);
        let missing =
            "src/main.c:11:1: warning: '/p/main.gcda' profile count data file not found [-Wmissing-profile]";
        assert_eq!(said(missing, "main.gcda"), [Said::Missing("main.gcda".into())]);
        let other = "a.c:1:1: warning: 'a.gcda' is version 'B33*', expected version 'B22*'";
        assert_eq!(said(other, "a.gcda"), [Said::Missing("a.gcda".into())]);
        assert_eq!(
            said("a.c:1:1: warning: unused variable 'x'\n", "src#work.gcda"),
            std::slice::from_ref(&used)
        );
        for said in [used, mismatch, Said::Missing("x".into())] {
            assert_eq!(Said::of_line(&said.to_line()), Some(said));
        }
        for line in ["", "used", "used\ta\tb", "mismatch\ta\tb", "dropped\ta"] {
            assert_eq!(Said::of_line(line), None);
        }
    }
}
