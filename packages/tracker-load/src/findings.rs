//! What can be said against an answer, by kind. Training wants traffic, not conformance: what no
//! client could use is a failure; what only strays from the BEPs is a remark.

use std::collections::BTreeMap;

use serde::Serialize;

/// Longest text of an answer that is kept, in characters.
const LONGEST: usize = 120;

/// A kind of failure or remark. The names are those of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// Failure: a right request that nobody answers.
    Silence,
    /// Failure: an error to a right request.
    Refused,
    /// Failure: an answer that cannot be read.
    Unreadable,
    /// Failure: no connection, or one that broke before the answer.
    Connection,
    /// More peers than wanted.
    MorePeers,
    /// An announce answer without peers; chihaya leaves them out when there are none.
    NoPeers,
    /// A list of dictionaries although `compact=1` was asked for.
    PeersNotCompact,
    /// No interval, or none above 0; clients then take their own.
    NoInterval,
    /// A scrape answer about fewer swarms: trackers cap it, or leave out those they do not know.
    FewerSwarms,
    /// A scrape answer about more swarms than were named.
    MoreSwarms,
    /// A wrong request answered as if it were right: trackers that do not check connection ids.
    NotRefused,
    /// A wrong request that nobody answers, as BEP 15 allows.
    SilentOnWrong,
    /// A wrong HTTP request refused with a status, not in a dictionary.
    RefusedByStatus,
    /// An error with transaction id 0: trackers that cannot read a request do not know its id.
    TransactionZero,
    /// Keys of a dictionary out of order, or twice.
    UnsortedKeys,
    /// Bytes behind the end of an answer.
    TrailingBytes,
}

impl Finding {
    /// No client could go on with such an answer.
    pub fn is_failure(self) -> bool {
        matches!(self, Self::Silence | Self::Refused | Self::Unreadable | Self::Connection)
    }

    /// As in the report.
    pub fn name(self) -> String {
        let name = serde_json::to_value(self).ok();
        name.as_ref().and_then(|name| name.as_str()).unwrap_or_default().to_owned()
    }

    /// What should have come instead.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Silence => "an answer",
            Self::Refused => "an answer without an error, since the request is right",
            Self::Unreadable => "an answer that can be read",
            Self::Connection => "a connection that lasts until the answer",
            Self::MorePeers => "at most as many peers as wanted",
            Self::NoPeers => "`peers`, if empty (BEP 3)",
            Self::PeersNotCompact => "compact peers, since compact=1 was asked for (BEP 23)",
            Self::NoInterval => "an interval above 0 (BEP 3, BEP 15)",
            Self::FewerSwarms => "counts of each swarm that was named (BEP 15, BEP 48)",
            Self::MoreSwarms => "counts of the swarms that were named, no others (BEP 15, BEP 48)",
            Self::NotRefused => "an error, since the request is wrong",
            Self::SilentOnWrong => "an error rather than nothing, since the request is wrong",
            Self::RefusedByStatus => "a dictionary with a failure reason, status 200 (BEP 3)",
            Self::TransactionZero => "an error with the transaction id of its request (BEP 15)",
            Self::UnsortedKeys => "keys in order, each once (BEP 3)",
            Self::TrailingBytes => "nothing behind the end of the answer",
        }
    }

    /// Says what came.
    pub fn came(self, came: impl Into<String>) -> Note {
        Note { finding: self, came: came.into() }
    }
}

/// Something to say about one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its kind.
    pub finding: Finding,
    /// What came, in words.
    pub came: String,
}

impl std::fmt::Display for Note {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "expected {}, came {}", self.finding.expected(), self.came)
    }
}

/// An answer that a client can use, with remarks, or the failure.
pub type Judged = Result<Vec<Note>, Note>;

/// One kind in the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// How often.
    pub count: u64,
    /// What should have come.
    pub expected: &'static str,
    /// What came, the first time.
    pub came: String,
    /// The first time.
    pub example: Example,
}

/// A request and what came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// In words.
    pub request: String,
    /// The beginning of the answer: hexadecimal for UDP, text for HTTP; empty when there is none.
    pub answer: String,
}

/// All kinds of a run.
pub type Findings = BTreeMap<Finding, Seen>;

/// Counts a note; `example` is asked for the first time only.
pub fn count(findings: &mut Findings, note: &Note, example: impl FnOnce() -> Example) {
    let seen = findings.entry(note.finding).or_insert_with(|| Seen {
        count: 0,
        expected: note.finding.expected(),
        came: note.came.clone(),
        example: example(),
    });
    seen.count += 1;
}

/// One kind in a line, for people.
pub fn line(finding: Finding, seen: &Seen) -> String {
    let name = finding.name();
    let Seen { count, expected, came, example } = seen;
    let answer = if example.answer.is_empty() { String::new() } else { format!(" -> {}", example.answer) };
    format!("{name}: {count} times; expected {expected}; came {came}; e.g. {}{answer}", example.request)
}

/// The beginning of a UDP answer.
pub fn hexadecimal(answer: &[u8]) -> String {
    let shown = &answer[..answer.len().min(LONGEST / 3)];
    let mut text: Vec<_> = shown.chunks(4).map(|word| word.iter().fold(String::new(), hex)).collect();
    if shown.len() < answer.len() {
        text.push(format!("({} bytes)", answer.len()));
    }
    text.join(" ")
}

fn hex(text: String, byte: &u8) -> String {
    format!("{text}{byte:02x}")
}

/// The beginning of a text that may be any bytes.
pub fn excerpt(answer: &[u8]) -> String {
    let shown = &answer[..answer.len().min(LONGEST)];
    let more = if shown.len() < answer.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_example_and_all_are_counted() {
        let mut findings = Findings::new();
        for came in ["9 peers", "7 peers"] {
            let example = || Example { request: "announce".into(), answer: came.into() };
            count(&mut findings, &Finding::MorePeers.came(came), example);
        }
        let seen = &findings[&Finding::MorePeers];
        assert_eq!((seen.count, seen.came.as_str()), (2, "9 peers"));
        let text = line(Finding::MorePeers, seen);
        assert_eq!(
            text,
            "more_peers: 2 times; expected at most as many peers as wanted; came 9 peers; \
             e.g. announce -> 9 peers"
        );
    }

    #[test]
    fn the_page_says_of_each_kind_what_it_is() {
        let page = include_str!("../../../docs/load.md");
        let all = [
            Finding::Silence,
            Finding::Refused,
            Finding::Unreadable,
            Finding::Connection,
            Finding::MorePeers,
            Finding::NoPeers,
            Finding::PeersNotCompact,
            Finding::NoInterval,
            Finding::FewerSwarms,
            Finding::MoreSwarms,
            Finding::NotRefused,
            Finding::SilentOnWrong,
            Finding::RefusedByStatus,
            Finding::TransactionZero,
            Finding::UnsortedKeys,
            Finding::TrailingBytes,
        ];
        for finding in all {
            let what = if finding.is_failure() { "failure" } else { "remark" };
            let row = format!("| `{}` | {what} | ", finding.name());
            assert!(page.contains(&row), "docs/load.md has no row that starts with {row}");
        }
        assert_eq!(all.len(), Finding::TrailingBytes as usize + 1);
    }

    #[test]
    fn answers_of_any_length_and_bytes_are_shown_in_short() {
        assert_eq!(hexadecimal(&[0, 0, 0, 3, 255]), "00000003 ff");
        assert!(hexadecimal(&[1; 2000]).ends_with("01010101 (2000 bytes)"));
        assert_eq!(excerpt(b"d1:a\xffe"), "d1:a\\xffe");
        assert!(excerpt(&[0; 5000]).chars().count() <= 4 * LONGEST + 1);
    }
}
