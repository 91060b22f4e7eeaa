//! Answers against what was asked: whether a client could use them, and what strays from the BEPs.

use crate::{
    bencode::{self, Entries, Items, Value},
    findings::{Finding, Judged, Note, excerpt},
    wire::{ANNOUNCE, CONNECT, ERROR, SCRAPE},
};

/// What the answer to a request should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// A connection id.
    Connect,
    /// Peers, at most `want` of them unless that is negative.
    Announce {
        /// As asked.
        want: i32,
    },
    /// Counts of swarms.
    Scrape {
        /// As many, each named once.
        hashes: usize,
    },
    /// An error, or a failure reason.
    Refusal,
    /// Nothing at all.
    Silence,
}

/// Judges a UDP answer whose transaction id has already been found right.
///
/// # Errors
/// The failure, where no client could use it.
pub fn udp_answer(answer: &[u8], expect: Expect, ipv6: bool) -> Judged {
    let (Some(action), length) = (number(answer, 0), answer.len()) else {
        return Err(unreadable(format!("{} bytes", answer.len())));
    };
    match (action, expect) {
        (ERROR, Expect::Refusal) => Ok(vec![]),
        (ERROR, _) => Err(Finding::Refused.came(reason(answer.get(8..).unwrap_or_default()))),
        (_, Expect::Refusal | Expect::Silence) => {
            Ok(vec![Finding::NotRefused.came(format!("an answer with action {action}"))])
        }
        (CONNECT, Expect::Connect) if length >= 16 => Ok(trailing(length - 16)),
        (SCRAPE, Expect::Scrape { hashes }) if length >= 8 && (length - 8) % 12 == 0 => {
            Ok(swarms((length - 8) / 12, hashes))
        }
        (ANNOUNCE, Expect::Announce { want }) if length >= 20 => udp_peers(answer, want, ipv6),
        _ => Err(unreadable(format!("{length} bytes with action {action}"))),
    }
}

fn udp_peers(answer: &[u8], want: i32, ipv6: bool) -> Judged {
    let (peers, size) = (answer.len() - 20, if ipv6 { 18 } else { 6 });
    if peers % size != 0 {
        return Err(unreadable(format!("{peers} bytes of peers, not a multiple of {size}")));
    }
    let mut notes = not_more(peers / size, want);
    // As signed numbers, which they are in BEP 15.
    if number(answer, 8).is_none_or(|interval| !(1..1 << 31).contains(&interval)) {
        notes.push(Finding::NoInterval.came("0 or less"));
    }
    Ok(notes)
}

/// The connection id in a connect answer that has been judged.
pub fn connection_id(answer: &[u8]) -> Option<u64> {
    answer.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes)
}

/// The action of an answer.
pub fn action(answer: &[u8]) -> Option<u32> {
    number(answer, 0)
}

/// The transaction id of an answer.
pub fn transaction(answer: &[u8]) -> Option<u32> {
    number(answer, 4)
}

fn number(answer: &[u8], at: usize) -> Option<u32> {
    answer.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
}

/// Judges the status and the unpacked body of an HTTP answer.
///
/// # Errors
/// The failure, where no client could use it.
pub fn http_answer(status: u16, body: &[u8], expect: Expect) -> Judged {
    let document = bencode::parse(body);
    let entries = document.and_then(|document| match document.value {
        Value::Dictionary(entries) => Some(entries),
        _ => None,
    });
    let refused = match entries.and_then(|entries| entries.get("failure reason")) {
        Some(Value::Bytes(reason)) => Some(reason),
        _ => None,
    };
    let wrong = matches!(expect, Expect::Refusal | Expect::Silence);
    if status != 200 {
        return match (wrong, refused) {
            (true, _) => Ok(vec![Finding::RefusedByStatus.came(format!("status {status}"))]),
            (false, None) => Err(Finding::Refused.came(format!("status {status}"))),
            (false, Some(why)) => Err(Finding::Refused.came(format!("status {status}, {}", reason(why)))),
        };
    }
    let (Some(document), Some(entries)) = (document, entries) else {
        return Err(unreadable("a body that is not a bencoded dictionary"));
    };
    let mut notes = trailing(document.trailing);
    if !document.sorted {
        notes.push(Finding::UnsortedKeys.came("keys out of order, or twice"));
    }
    match (refused, expect) {
        (Some(_), _) if wrong => (),
        (Some(why), _) => return Err(Finding::Refused.came(reason(why))),
        (None, Expect::Announce { want }) => announce_body(entries, want, &mut notes)?,
        (None, Expect::Scrape { hashes }) => match entries.get("files") {
            Some(Value::Dictionary(files)) => notes.extend(swarms(files.iter().count(), hashes)),
            _ => return Err(unreadable("a scrape answer without files")),
        },
        (None, Expect::Refusal | Expect::Silence) => {
            notes.push(Finding::NotRefused.came("an answer without a failure reason"));
        }
        (None, Expect::Connect) => return Err(unreadable("HTTP, which knows no connect")),
    }
    Ok(notes)
}

fn announce_body(entries: Entries<'_>, want: i32, notes: &mut Vec<Note>) -> Result<(), Note> {
    match entries.get("interval") {
        Some(Value::Integer(1..)) => (),
        Some(Value::Integer(interval)) => notes.push(Finding::NoInterval.came(interval.to_string())),
        _ => notes.push(Finding::NoInterval.came("none")),
    }
    let v4 = peers(entries.get("peers"), 6, notes)?;
    let v6 = peers(entries.get("peers6"), 18, notes)?;
    if v4.is_none() {
        notes.push(Finding::NoPeers.came("no `peers`"));
    }
    notes.extend(not_more(v4.unwrap_or(0) + v6.unwrap_or(0), want));
    Ok(())
}

/// How many peers there are; `None` where nothing says so.
fn peers(value: Option<Value<'_>>, size: usize, notes: &mut Vec<Note>) -> Result<Option<usize>, Note> {
    match value {
        None => Ok(None),
        Some(Value::Bytes(compact)) if compact.len() % size == 0 => Ok(Some(compact.len() / size)),
        Some(Value::Bytes(compact)) => {
            let length = compact.len();
            Err(unreadable(format!("{length} bytes of peers, not a multiple of {size}")))
        }
        Some(Value::List(items)) if items.iter().all(is_peer) => {
            notes.push(Finding::PeersNotCompact.came(format!("a list of {}", length(items))));
            Ok(Some(length(items)))
        }
        Some(_) => Err(unreadable("peers that are neither bytes nor a list of dictionaries")),
    }
}

fn is_peer(value: Value<'_>) -> bool {
    let Value::Dictionary(peer) = value else { return false };
    let (ip, port) = (peer.get("ip"), peer.get("port"));
    matches!((ip, port), (Some(Value::Bytes(_)), Some(Value::Integer(_))))
}

fn length(items: Items<'_>) -> usize {
    items.iter().count()
}

fn not_more(peers: usize, want: i32) -> Vec<Note> {
    match usize::try_from(want) {
        Ok(want) if peers > want => {
            vec![Finding::MorePeers.came(format!("{peers} peers, {want} wanted"))]
        }
        _ => vec![],
    }
}

fn swarms(came: usize, named: usize) -> Vec<Note> {
    let finding = match came.cmp(&named) {
        std::cmp::Ordering::Less => Finding::FewerSwarms,
        std::cmp::Ordering::Equal => return vec![],
        std::cmp::Ordering::Greater => Finding::MoreSwarms,
    };
    vec![finding.came(format!("counts of {came} swarms, {named} named"))]
}

fn trailing(bytes: usize) -> Vec<Note> {
    match bytes {
        0 => vec![],
        _ => vec![Finding::TrailingBytes.came(format!("{bytes} bytes more"))],
    }
}

fn unreadable(came: impl Into<String>) -> Note {
    Finding::Unreadable.came(came)
}

fn reason(text: &[u8]) -> String {
    format!("the error \"{}\"", excerpt(text))
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
