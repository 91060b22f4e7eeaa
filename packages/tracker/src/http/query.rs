//! What stands behind the question mark. Info hashes are 20 percent-encoded bytes, not text, so
//! they are decoded into arrays and never pass through a string.

use crate::{
    tracker::MAX_SCRAPE,
    types::{Event, InfoHash, PeerId},
};

/// An announce as the query tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnounceQuery {
    /// The swarm.
    pub info_hash: InfoHash,
    /// The client's own name.
    pub peer_id: PeerId,
    /// Where the client listens; not 0.
    pub port: u16,
    /// Bytes to download still; a client that does not say is a leecher.
    pub left: u64,
    /// Why it announces.
    pub event: Event,
    /// Peers that it would like; `None` for the default.
    pub want: Option<u32>,
    /// Six (or eighteen) bytes per peer instead of a list of dictionaries.
    pub compact: bool,
    /// Leave the names out of a list of dictionaries.
    pub no_peer_id: bool,
}

/// Why a query cannot be served; clients show it to their users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// A parameter without which there is no answer.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A parameter that is not what it has to be.
    #[error("{0} is not valid")]
    Invalid(&'static str),
}

/// Reads an announce. Parameters that are not known are skipped, `ip` on purpose: a client could
/// name someone else's.
///
/// # Errors
/// [`QueryError`] for the first parameter that is missing or not valid.
pub fn announce(query: &str) -> Result<AnnounceQuery, QueryError> {
    let (mut info_hash, mut peer_id, mut port) = (None, None, None);
    let (mut left, mut event, mut want) = (u64::MAX, Event::None, None);
    let (mut compact, mut no_peer_id) = (true, false);
    for (key, value) in pairs(query) {
        match key {
            "info_hash" => info_hash = Some(InfoHash(exact(value, "info_hash")?)),
            "peer_id" => peer_id = Some(PeerId(exact(value, "peer_id")?)),
            "port" => port = Some(number(value, "port")?),
            "left" => left = number(value, "left")?,
            "event" => {
                event = match value {
                    "started" => Event::Started,
                    "stopped" => Event::Stopped,
                    "completed" => Event::Completed,
                    // Others are to be taken as a regular announce (`paused`, BEP 21).
                    _ => Event::None,
                }
            }
            // Clients send −1 and worse to say that they do not care.
            "numwant" => want = value.parse().ok(),
            "compact" => compact = value != "0",
            "no_peer_id" => no_peer_id = value == "1",
            _ => (),
        }
    }
    let port = port.ok_or(QueryError::Missing("port"))?;
    if port == 0 {
        return Err(QueryError::Invalid("port"));
    }
    Ok(AnnounceQuery {
        info_hash: info_hash.ok_or(QueryError::Missing("info_hash"))?,
        peer_id: peer_id.ok_or(QueryError::Missing("peer_id"))?,
        port,
        left,
        event,
        want,
        compact,
        no_peer_id,
    })
}

/// Reads a scrape: the info hashes in their order, at most [`MAX_SCRAPE`].
///
/// # Errors
/// [`QueryError`] when there is none (this tracker tells about all swarms to nobody) or one is not
/// valid.
pub fn scrape(query: &str) -> Result<Vec<InfoHash>, QueryError> {
    let hashes = pairs(query)
        .filter(|(key, _)| *key == "info_hash")
        .take(MAX_SCRAPE)
        .map(|(_, value)| exact(value, "info_hash").map(InfoHash))
        .collect::<Result<Vec<_>, _>>()?;
    if hashes.is_empty() {
        return Err(QueryError::Missing("info_hash"));
    }
    Ok(hashes)
}

fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter_map(|pair| pair.split_once('='))
}

fn number<T: std::str::FromStr>(value: &str, key: &'static str) -> Result<T, QueryError> {
    value.parse().map_err(|_| QueryError::Invalid(key))
}

/// Decodes exactly `N` bytes.
fn exact<const N: usize>(value: &str, key: &'static str) -> Result<[u8; N], QueryError> {
    decode(value.as_bytes()).ok_or(QueryError::Invalid(key))
}

fn decode<const N: usize>(mut value: &[u8]) -> Option<[u8; N]> {
    let mut out = [0; N];
    for byte in &mut out {
        (*byte, value) = match value {
            [b'%', high, low, rest @ ..] => (hex(*high)? << 4 | hex(*low)?, rest),
            // Clients that encode like a form write a space so.
            [b'+', rest @ ..] => (b' ', rest),
            [plain, rest @ ..] if *plain != b'%' => (*plain, rest),
            _ => return None,
        };
    }
    value.is_empty().then_some(out)
}

fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A";
    const FULL: &str = "info_hash=%124Vx%9A%BC%DE%F1%23Eg%89%AB%CD%EF%124Vx%9A\
        &peer_id=-HN0100-abcdefghijkl&port=6881&left=0&event=completed&numwant=30&compact=0\
        &no_peer_id=1&ip=127.0.0.9&key=abc";

    #[test]
    fn reads_all_parameters() {
        let query = announce(FULL).unwrap();
        assert_eq!(
            query,
            AnnounceQuery {
                info_hash: InfoHash(*b"\x124Vx\x9a\xbc\xde\xf1\x23Eg\x89\xab\xcd\xef\x124Vx\x9a"),
                peer_id: PeerId(*b"-HN0100-abcdefghijkl"),
                port: 6881,
                left: 0,
                event: Event::Completed,
                want: Some(30),
                compact: false,
                no_peer_id: true,
            }
        );
    }

    #[test]
    fn says_what_is_wrong() {
        let id = "peer_id=-HN0100-abcdefghijkl";
        for (query, error) in [
            (String::new(), QueryError::Missing("port")),
            (format!("info_hash={HASH}&{id}"), QueryError::Missing("port")),
            (format!("{id}&port=1"), QueryError::Missing("info_hash")),
            (format!("info_hash={HASH}&port=1"), QueryError::Missing("peer_id")),
            (format!("info_hash={HASH}&{id}&port=0"), QueryError::Invalid("port")),
            (format!("info_hash={HASH}&{id}&port=65536"), QueryError::Invalid("port")),
            (format!("info_hash={HASH}&{id}&port=1&left=x"), QueryError::Invalid("left")),
            (format!("info_hash={HASH}a&{id}&port=1"), QueryError::Invalid("info_hash")),
            ("info_hash=%1".to_owned(), QueryError::Invalid("info_hash")),
            ("info_hash=%zz".to_owned(), QueryError::Invalid("info_hash")),
            ("peer_id=short".to_owned(), QueryError::Invalid("peer_id")),
        ] {
            assert_eq!(announce(&query), Err(error), "{query}");
        }
    }

    #[test]
    fn is_lenient_where_clients_are_loose() {
        for (add, want, compact) in [
            ("&numwant=-1", None, true),
            ("&numwant=lots", None, true),
            ("&&=&x&compact=1", None, true),
            ("&event=paused&compact=0", None, false),
            ("&numwant=99999999999", None, true),
        ] {
            let query = format!("info_hash={HASH}&peer_id=-HN0100-abcdefghijkl&port=1{add}");
            let query = announce(&query).unwrap();
            assert_eq!((query.want, query.compact), (want, compact), "{add}");
            assert_eq!((query.left, query.event), (u64::MAX, Event::None));
        }
    }

    #[test]
    fn scrape_keeps_order_and_limit() {
        assert_eq!(scrape(""), Err(QueryError::Missing("info_hash")));
        assert_eq!(scrape("info_hash=1"), Err(QueryError::Invalid("info_hash")));
        let query = format!("info_hash={HASH}&info_hash={}", "a".repeat(20));
        let hashes = scrape(&query).unwrap();
        assert_eq!((hashes.len(), hashes[1]), (2, InfoHash([b'a'; 20])));
        let many = format!("info_hash={HASH}&").repeat(90);
        assert_eq!(scrape(&many).unwrap().len(), MAX_SCRAPE);
    }

    proptest! {
        #[test]
        fn decodes_what_was_encoded(bytes: [u8; 20], escape_all: bool) {
            let mut text = String::new();
            for byte in bytes {
                if byte.is_ascii_alphanumeric() && !escape_all {
                    text.push(char::from(byte));
                } else {
                    write!(text, "%{byte:02x}").unwrap();
                }
            }
            prop_assert_eq!(decode(text.as_bytes()), Some(bytes));
        }

        #[test]
        fn no_text_makes_it_panic(query: String, value: String) {
            let _ = announce(&query);
            let _ = scrape(&query);
            let _ = announce(&format!("info_hash={value}&peer_id={value}&port=1&left={value}"));
        }
    }
}
