//! Flags for Go's compiler that keep it from using a profile. Go itself says nothing of them.

/// What in flags of `go build` does so, in words that begin with the flag.
pub(super) fn in_flags(flags: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    let mut words = flags.iter();
    while let Some(word) = words.next() {
        let Some(name) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
        let value = match name.split_once('=') {
            Some(("gcflags", value)) => Some(value),
            None if name == "gcflags" => words.next().map(String::as_str),
            _ => None,
        };
        found.extend(value.and_then(in_gcflags));
    }
    found
}

/// The same in `GOFLAGS`, whose words may have quotes.
pub(super) fn in_goflags(goflags: &str) -> Vec<String> {
    in_flags(&words(goflags))
}

/// The same in a value of `-gcflags`.
pub(super) fn in_gcflags(value: &str) -> Option<String> {
    // A pattern of packages may stand before the first flag.
    let flags = match value.split_once('=') {
        Some((packages, flags)) if !packages.trim_start().starts_with('-') => flags,
        _ => value,
    };
    let flags = words(flags);
    let mut flags = flags.iter();
    let effect = loop {
        let flag = flags.next()?;
        let Some(name) = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')) else { continue };
        let effect = match name.split_once('=').unwrap_or((name, "")) {
            ("l", "" | "1" | "true") => Some("no call is inlined, whatever the profile says"),
            ("N", "" | "1" | "true") => Some("nothing is optimized"),
            ("pgoprofile", _) => Some("the compiler takes that profile, and not Honing's"),
            ("d", "") => flags.next().and_then(|list| in_debug(list)),
            ("d", list) => in_debug(list),
            _ => None,
        };
        if let Some(effect) = effect {
            break effect;
        }
    };
    Some(format!("`-gcflags={value}`: {effect}"))
}

fn in_debug(list: &str) -> Option<&'static str> {
    list.split(',').find_map(|setting| match setting.split_once('=')? {
        ("pgoinline", "0") => Some("the profile inlines nothing"),
        ("pgodevirtualize", "0") => Some("the profile devirtualizes nothing"),
        ("pgohash", _) => Some("only a part of the profile is used"),
        _ => None,
    })
}

/// The words of `GOFLAGS`, and of values with several flags.
pub(super) fn words(text: &str) -> Vec<String> {
    shlex::split(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_turns_pgo_off_is_named() {
        for (value, words) in [
            ("all=-l", "no call is inlined"),
            ("-l -B", "no call is inlined"),
            ("./...=-N -l", "nothing is optimized"),
            ("-B -d=pgodebug=1,pgoinline=0", "inlines nothing"),
            ("-d pgodevirtualize=0", "devirtualizes nothing"),
            ("all=--d=pgohash=v1", "only a part"),
            ("-pgoprofile=x", "not Honing's"),
        ] {
            let found = in_gcflags(value).unwrap_or_default();
            assert!(found.contains(words) && found.starts_with(&format!("`-gcflags={value}`")), "{found}");
        }
        for value in
            ["", "-l=2", "-l=0", "all=", "-live", "-d=pgoinline=1", "-d", "-lang=go1.21", "-m=2", "=", "-="]
        {
            assert_eq!(in_gcflags(value), None, "{value}");
        }
    }

    #[test]
    fn it_is_found_among_other_flags() {
        let flags = |line: &str| in_flags(&line.split(' ').map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(flags("-race -gcflags=-l -gcflags -N").len(), 2);
        assert_eq!(flags("--gcflags -l").len(), 1);
        for line in ["-race", "-ldflags=-l", "-ldflags -gcflags", "-gcflags", "gcflags=-l"] {
            assert_eq!(flags(line).len(), 0, "{line}");
        }
        assert_eq!(in_goflags("-mod=vendor '-gcflags=all=-N -l'").len(), 1);
        assert_eq!(in_goflags("'-gcflags=-l").len(), 0);
    }
}
