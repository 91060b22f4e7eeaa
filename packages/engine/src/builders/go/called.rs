//! A command line of go, taken apart as go does it.

/// Flags of `go build` without a value of their own.
const SWITCHES: &str = "\
    a n x v race msan asan cover json linkshared modcacherw trimpath work buildvcs i fullpath \
    compiled h help";

/// Flags that decide which packages and files there are.
const LISTED: [&str; 4] = ["mod", "modfile", "overlay", "tags"];
/// The same, without values.
const LISTED_SWITCHES: [&str; 3] = ["race", "msan", "asan"];

/// A call of go that builds something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Call {
    /// Before the verb: `-C` and its folder.
    before: Vec<String>,
    verb: String,
    flags: Vec<Flag>,
    /// From the first word on that is no flag: the packages.
    rest: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Flag {
    name: String,
    value: Option<String>,
}

impl Flag {
    fn word(&self) -> String {
        match &self.value {
            Some(value) => format!("-{}={value}", self.name),
            None => format!("-{}", self.name),
        }
    }
}

impl Call {
    /// One of `go build` or `go install`; `None` for all others, and for what go itself will refuse.
    pub(super) fn of(args: &[String]) -> Option<Self> {
        let mut words = args.iter();
        let mut before = Vec::new();
        let mut verb = words.next()?;
        if let Some(word) = verb.strip_prefix('-') {
            let word = word.strip_prefix('-').unwrap_or(word);
            let folder = match word.strip_prefix("C=") {
                Some(folder) => folder,
                None if word == "C" => words.next()?,
                None => return None,
            };
            before = vec!["-C".to_owned(), folder.to_owned()];
            verb = words.next()?;
        }
        if !["build", "install"].contains(&verb.as_str()) {
            return None;
        }
        let (flags, rest) = flags(words.as_slice())?;
        Some(Self { before, verb: verb.clone(), flags, rest })
    }

    /// Whether what is built is written where it was told: with several packages and no `-o`, `go build` only
    /// looks whether they can be built.
    pub(super) fn keeps(&self, packages: usize) -> bool {
        packages == 1 || self.verb == "install" || self.flags.iter().any(|flag| flag.name == "o")
    }

    /// The call of `go list` that tells what is built.
    pub(super) fn list(&self, format: &str) -> Vec<String> {
        let mut args = self.before.clone();
        args.extend(["list", "-e", "-f", format].map(str::to_owned));
        let listed = |flag: &&Flag| match flag.value {
            Some(_) => flag.name == "C" || LISTED.contains(&flag.name.as_str()),
            None => LISTED_SWITCHES.contains(&flag.name.as_str()),
        };
        let (folder, others): (Vec<&Flag>, Vec<&Flag>) =
            self.flags.iter().filter(listed).partition(|flag| flag.name == "C");
        // Go takes this flag only where it comes first.
        let at = if self.before.is_empty() { 1 } else { 3 };
        args.splice(at..at, folder.into_iter().map(Flag::word));
        args.extend(others.into_iter().map(Flag::word));
        args.push("--".to_owned());
        args.extend(self.rest.iter().cloned());
        args
    }

    /// The same call with these flags of PGO, whatever it had itself; with `only` of all its packages.
    pub(super) fn with(&self, pgo: &str, only: Option<&str>) -> Vec<String> {
        let mut args = self.before.clone();
        args.push(self.verb.clone());
        args.extend(self.flags.iter().filter(|flag| flag.name != "pgo").map(Flag::word));
        args.push(format!("-pgo={pgo}"));
        args.push("--".to_owned());
        match only {
            Some(package) => args.push(package.to_owned()),
            None => args.extend(self.rest.iter().cloned()),
        }
        args
    }

    /// Its flags but for those of PGO and of where output goes, to be compared with another call's.
    pub(super) fn settings(&self) -> Vec<String> {
        let aside = ["pgo", "o", "C", "v", "x", "p", "a", "n", "work"];
        self.flags.iter().filter(|flag| !aside.contains(&flag.name.as_str())).map(Flag::word).collect()
    }
}

/// Flags, and what comes behind them. `None` where a value is missing.
fn flags(words: &[String]) -> Option<(Vec<Flag>, Vec<String>)> {
    let (mut flags, mut words) = (Vec::new(), words.iter());
    loop {
        let rest = words.as_slice();
        let Some(word) = words.next() else { return Some((flags, Vec::new())) };
        let Some(name) = word.strip_prefix('-').filter(|name| !name.is_empty()) else {
            return Some((flags, rest.to_vec()));
        };
        let name = name.strip_prefix('-').unwrap_or(name);
        flags.push(match name.split_once('=') {
            _ if name.is_empty() => return Some((flags, words.as_slice().to_vec())),
            Some((name, value)) => Flag { name: name.to_owned(), value: Some(value.to_owned()) },
            None if SWITCHES.split(' ').any(|switch| switch == name) => {
                Flag { name: name.to_owned(), value: None }
            }
            None => Flag { name: name.to_owned(), value: Some(words.next()?.clone()) },
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(line: &str) -> Option<Call> {
        Call::of(&line.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_build_is_told_to_use_the_profile_and_nothing_else_changes() {
        let rows = [
            ("build ./cmd/a", "build -pgo=P -- ./cmd/a"),
            ("build", "build -pgo=P --"),
            ("install -v ./...", "install -v -pgo=P -- ./..."),
            ("-C sub build -o bin/a .", "-C sub build -o=bin/a -pgo=P -- ."),
            ("--C=sub build .", "-C sub build -pgo=P -- ."),
            ("build -C sub -trimpath main.go x.go", "build -C=sub -trimpath -pgo=P -- main.go x.go"),
            ("build -pgo=auto --pgo default.pgo -ldflags -s .", "build -ldflags=-s -pgo=P -- ."),
            ("build -buildvcs=false -- -odd", "build -buildvcs=false -pgo=P -- -odd"),
            // What stands in a value is no flag.
            ("build -ldflags -pgo=x .", "build -ldflags=-pgo=x -pgo=P -- ."),
        ];
        for (line, with) in rows {
            assert_eq!(
                call(line).map(|call| call.with("P", None).join(" ")).as_deref(),
                Some(with),
                "{line}"
            );
        }
    }

    #[test]
    fn other_calls_are_left_alone() {
        let lines = [
            "run ./cmd/a",
            "test ./...",
            "generate",
            "vet",
            "list -deps",
            "version",
            "",
            "-h",
            "tool compile",
            "build -o",
            "-C build",
            "-C",
            "mod tidy",
        ];
        for line in lines {
            assert_eq!(call(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_built_is_asked_with_the_flags_that_decide_it() {
        let list = |line: &str| call(line).map(|call| call.list("F").join(" "));
        let asked = list("build -o b -tags a,b -race -ldflags=-s -mod=vendor ./x");
        assert_eq!(asked.as_deref(), Some("list -e -f F -tags=a,b -race -mod=vendor -- ./x"));
        assert_eq!(list("build -C d .").as_deref(), Some("list -C=d -e -f F -- ."));
        assert_eq!(list("-C d build .").as_deref(), Some("-C d list -e -f F -- ."));
    }

    #[test]
    fn several_packages_are_kept_only_where_a_place_is_named() {
        for (line, packages, kept) in [
            ("build ./...", 3, false),
            ("build ./a", 1, true),
            ("build -o bin/ ./...", 3, true),
            ("install ./...", 3, true),
        ] {
            assert_eq!(call(line).map(|call| call.keeps(packages)), Some(kept), "{line}");
        }
    }
}
