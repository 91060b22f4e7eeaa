//! How a program was built, and what differs between two builds of it.

use honing_gobinary::BuildInfo;
use serde::{Deserialize, Serialize};

/// What it was built of, the flags of the call that built it, and what version control stamped.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Witness {
    /// The digest of the sources and settings, and of the profile.
    pub(super) sources: String,
    /// But for those of PGO and of places.
    pub(super) flags: Vec<String>,
    /// Keys and values of `vcs` in the program.
    pub(super) stamps: Vec<(String, String)>,
}

impl Witness {
    /// From a line that the call was noted in.
    pub(super) fn of(sources: String, noted: &str, info: &BuildInfo) -> Self {
        let stamps = info.settings.iter().filter(|(key, _)| key.starts_with("vcs"));
        // What the environment of the call decided stands in the program alone.
        let told = |key: &str| key.starts_with('-') || key.starts_with("vcs");
        let settings = info.settings.iter().filter(|(key, _)| !told(key));
        let mut flags: Vec<String> = serde_json::from_str(noted).unwrap_or_default();
        flags.extend(settings.map(|(key, value)| format!("{key}={value}")));
        Self { sources, flags, stamps: stamps.cloned().collect() }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The flags but for texts that the linker stores: those change no code.
    fn of_code(&self) -> Vec<String> {
        let without = |flag: &String| match flag.strip_prefix("-ldflags=") {
            None => flag.clone(),
            Some(words) => format!("-ldflags={}", stored(words).1.join(" ")),
        };
        self.flags.iter().map(without).collect()
    }

    /// What the linker stores: `main.built=…`.
    fn stored(&self) -> Vec<String> {
        let words = self.flags.iter().filter_map(|flag| flag.strip_prefix("-ldflags="));
        words.flat_map(|words| stored(words).0).collect()
    }
}

/// The words of `-ldflags`: what `-X` stores, and the others.
fn stored(words: &str) -> (Vec<String>, Vec<String>) {
    let (mut texts, mut others) = (Vec::new(), Vec::new());
    let mut words =
        shlex::split(words).unwrap_or_else(|| words.split(' ').map(str::to_owned).collect()).into_iter();
    while let Some(word) = words.next() {
        let flag = word.strip_prefix("--").or_else(|| word.strip_prefix('-'));
        match flag {
            Some("X") => texts.extend(words.next()),
            Some(flag) if flag.starts_with("X=") => texts.push(flag.trim_start_matches("X=").to_owned()),
            _ => others.push(word),
        }
    }
    (texts, others)
}

/// Bytes that stamps may change: times, commits, and identities of builds.
const STAMPED: usize = 1024;

/// Whether two builds of the same sources differ by stamps alone.
pub(super) fn same_but_for_stamps((earlier, old): (&Witness, &[u8]), (now, new): (&Witness, &[u8])) -> bool {
    let told_alike = earlier.sources == now.sources && earlier.of_code() == now.of_code();
    told_alike
        && old.len() == new.len()
        && old.iter().zip(new).filter(|(old, new)| old != new).count() <= STAMPED
}

/// What one build was told and the other was not, beside PGO and texts that are stored.
pub(super) fn difference(one: &[u8], other: &[u8]) -> Option<String> {
    let (one, other) = (Witness::from_bytes(one)?.of_code(), Witness::from_bytes(other)?.of_code());
    let first = one
        .iter()
        .find(|flag| !other.contains(flag))
        .or_else(|| other.iter().find(|flag| !one.contains(flag)));
    first.map(|flag| format!("go is not called as it was for the baseline: {flag}"))
}

/// What has another value in each build, in words.
pub(super) fn changing(earlier: &Witness, now: &Witness) -> Option<String> {
    let before = earlier.stored();
    let text = now.stored().into_iter().find_map(|text| {
        let (name, value) = text.split_once('=')?;
        let other =
            before.iter().filter_map(|before| before.split_once('=')).find(|before| before.0 == name)?;
        (other.1 != value)
            .then(|| format!("`-ldflags` sets {name} to {value}, and set it to {} before", other.1))
    });
    let stamp = || {
        let changed = |(key, value): &&(String, String)| {
            earlier.stamps.iter().any(|(before, other)| before == key && other != value)
        };
        let (key, value) = now.stamps.iter().find(changed)?;
        Some(format!("go stamps {key}={value} into it, which was another before (-buildvcs)"))
    };
    text.or_else(stamp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness(ldflags: &str, stamps: &[(&str, &str)]) -> Witness {
        let stamps = stamps.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Witness {
            sources: "s".into(),
            flags: vec!["-trimpath".into(), format!("-ldflags={ldflags}")],
            stamps,
        }
    }

    #[test]
    fn a_time_is_named_and_is_no_other_code() {
        let one = witness("-s -X main.version=3 -X 'main.built=12 May'", &[("vcs.modified", "false")]);
        let other = witness("-s -X main.version=3 -X=main.built=13", &[("vcs.modified", "true")]);
        assert_eq!(changing(&one, &one), None);
        let words = "`-ldflags` sets main.built to 13, and set it to 12 May before";
        assert_eq!(changing(&one, &other).as_deref(), Some(words));
        assert_eq!(difference(&one.to_bytes(), &other.to_bytes()), None);
        let stamped = Witness { stamps: other.stamps, ..one.clone() };
        assert!(changing(&one, &stamped).unwrap().contains("vcs.modified=true"));
    }

    #[test]
    fn an_earlier_program_is_the_same_only_where_a_stamp_differs() {
        let (one, other) = (witness("-X main.built=1", &[]), witness("-X main.built=2", &[]));
        let (old, mut new) = (vec![0; 4096], vec![0; 4096]);
        new[10..600].fill(1);
        assert!(same_but_for_stamps((&one, &old), (&other, &new)));
        assert!(!same_but_for_stamps((&one, &old), (&other, &new[1..])));
        let changed = Witness { sources: "t".into(), ..other.clone() };
        assert!(!same_but_for_stamps((&one, &old), (&changed, &new)));
        assert!(!same_but_for_stamps((&one, &old), (&witness("-s -X main.built=2", &[]), &new)));
        new.fill(1);
        assert!(!same_but_for_stamps((&one, &old), (&other, &new)));
    }

    #[test]
    fn other_flags_are_another_program() {
        let (one, other) = (witness("-s", &[]), witness("-s -w", &[]));
        for (one, other) in [(&one, &other), (&other, &one)] {
            assert!(difference(&one.to_bytes(), &other.to_bytes()).unwrap().contains("-ldflags="));
        }
        assert_eq!(difference(b"", &one.to_bytes()), None);
    }
}
