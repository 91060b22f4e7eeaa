//! HTTP answers as bytes: where one ends, and what its body is once chunks and gzip are undone.
//! Pure, and bounded in size, whatever a tracker or what stands before it sends.

use std::{borrow::Cow, io::Read};

use httparse::Status;

/// Longest answer, as sent and unpacked; a tracker's have a few kilobytes.
pub const MAX_ANSWER: usize = 1 << 20;
/// Most header fields of an answer; proxies add some.
const MAX_FIELDS: usize = 64;

/// An answer that has arrived in full.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer<'a> {
    /// The status code.
    pub status: u16,
    /// The body, unpacked.
    pub body: Cow<'a, [u8]>,
    /// No further request can be sent over this connection.
    pub closes: bool,
}

/// How the end of a body is known.
#[derive(Clone, Copy)]
enum Ends {
    After(usize),
    Chunked,
    WithConnection,
}

/// Reads an answer; `None` when more has to come. `ended`: the other side sends no more.
///
/// # Errors
/// What cannot be read about it.
pub fn read(bytes: &[u8], ended: bool) -> Result<Option<Answer<'_>>, String> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut answer = httparse::Response::new(&mut fields);
    let head = match answer.parse(bytes) {
        Ok(Status::Complete(head)) => head,
        Ok(Status::Partial) => return Ok(None),
        Err(error) => return Err(format!("an answer that is not HTTP ({error})")),
    };
    let status = answer.code.unwrap_or(0);
    let ends = ends(status, answer.headers)?;
    let rest = &bytes[head..];
    let body = match ends {
        Ends::After(length) => rest.get(..length).map(Cow::Borrowed),
        Ends::Chunked => chunks(rest)?.map(Cow::Owned),
        Ends::WithConnection => ended.then_some(Cow::Borrowed(rest)),
    };
    let Some(body) = body else { return Ok(None) };
    let kept = answer.version != Some(0) || has(answer.headers, "connection", "keep-alive");
    let closes = ended || !kept || has(answer.headers, "connection", "close");
    Ok(Some(Answer { status, body: unpack(body, answer.headers)?, closes }))
}

fn ends(status: u16, fields: &[httparse::Header<'_>]) -> Result<Ends, String> {
    if matches!(status, 204 | 304) {
        return Ok(Ends::After(0));
    }
    if let Some(coding) = tokens(fields, "transfer-encoding").last() {
        // Only chunks end by themselves; another coding was not asked for.
        return match coding.eq_ignore_ascii_case("chunked") && one(fields, "transfer-encoding") {
            true => Ok(Ends::Chunked),
            false => Err(format!("a transfer-encoding {coding:?}, of which only chunked is known")),
        };
    }
    let mut lengths = tokens(fields, "content-length");
    let Some(first) = lengths.next() else { return Ok(Ends::WithConnection) };
    let length = first.parse().ok().filter(|length| *length <= MAX_ANSWER);
    match length {
        Some(length) if lengths.all(|other| other == first) => Ok(Ends::After(length)),
        _ => Err(format!("a content-length {first:?}, no one number of at most {MAX_ANSWER}")),
    }
}

/// The values of a field, whether on one line or on several.
fn tokens<'a>(fields: &'a [httparse::Header<'_>], name: &str) -> impl Iterator<Item = &'a str> {
    let found = fields.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
    found.flat_map(|field| std::str::from_utf8(field.value).unwrap_or("?").split(',')).map(str::trim)
}

fn one(fields: &[httparse::Header<'_>], name: &str) -> bool {
    tokens(fields, name).count() == 1
}

fn has(fields: &[httparse::Header<'_>], name: &str, wanted: &str) -> bool {
    tokens(fields, name).any(|token| token.eq_ignore_ascii_case(wanted))
}

/// Puts chunks together; `None` until the last one and what follows it are there.
fn chunks(mut rest: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let mut body = Vec::new();
    loop {
        let (head, size) = match httparse::parse_chunk_size(rest) {
            Ok(Status::Complete(head)) => head,
            Ok(Status::Partial) => return Ok(None),
            Err(_) => return Err("a chunk without a size".to_owned()),
        };
        rest = &rest[head..];
        if size == 0 {
            let mut trailer = [httparse::EMPTY_HEADER; MAX_FIELDS];
            return match httparse::parse_headers(rest, &mut trailer) {
                Ok(Status::Complete(_)) => Ok(Some(body)),
                Ok(Status::Partial) => Ok(None),
                Err(error) => Err(format!("a bad trailer behind the last chunk ({error})")),
            };
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        if size > MAX_ANSWER - body.len() {
            return Err(format!("chunks of more than {MAX_ANSWER} bytes"));
        }
        let Some((chunk, after)) = rest.split_at_checked(size) else { return Ok(None) };
        body.extend_from_slice(chunk);
        rest = match after {
            [b'\r', b'\n', rest @ ..] => rest,
            [] | [b'\r'] => return Ok(None),
            _ => return Err("a chunk that is longer than its size".to_owned()),
        };
    }
}

fn unpack<'a>(body: Cow<'a, [u8]>, fields: &[httparse::Header<'_>]) -> Result<Cow<'a, [u8]>, String> {
    let mut body = body;
    for coding in tokens(fields, "content-encoding") {
        match coding.to_ascii_lowercase().as_str() {
            "" | "identity" => (),
            // Asked for once, and so undone once: layers of it would multiply.
            "gzip" | "x-gzip" if one(fields, "content-encoding") => body = Cow::Owned(gunzip(&body)?),
            _ => return Err(format!("a content-encoding {coding:?}, of which only gzip is known")),
        }
    }
    Ok(body)
}

fn gunzip(packed: &[u8]) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let most = MAX_ANSWER as u64 + 1;
    let read = flate2::read::MultiGzDecoder::new(packed).take(most).read_to_end(&mut body);
    match read {
        Err(error) => Err(format!("damaged gzip ({error})")),
        Ok(_) if body.len() > MAX_ANSWER => Err(format!("gzip of more than {MAX_ANSWER} bytes")),
        Ok(_) => Ok(body),
    }
}

#[cfg(test)]
#[path = "framing_tests.rs"]
mod tests;
