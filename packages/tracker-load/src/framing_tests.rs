//! Tests of where an answer ends and how it is unpacked.

use std::io::Write;

use proptest::prelude::*;

use super::*;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(body).unwrap();
    packed.finish().unwrap()
}

fn answer(fields: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes(), body].concat()
}

fn sized(fields: &str, body: &[u8]) -> Vec<u8> {
    answer(&format!("{fields}Content-Length: {}\r\n", body.len()), body)
}

fn chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut out = Vec::new();
    for chunk in body.chunks(size) {
        write!(out, "{:x};name=value\r\n", chunk.len()).unwrap();
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

#[test]
fn an_answer_is_complete_with_its_last_byte() {
    let body = b"d8:intervali9e5:peers0:e";
    let packed = gzip(body);
    let last = b"3\r\nabc\r\n0\r\nDate: today\r\n\r\n";
    for (bytes, body) in [
        (sized("", body), &body[..]),
        (sized("Content-Encoding: identity\r\n", body), body),
        (sized("content-encoding: GZIP\r\n", &packed), body),
        (sized("Content-Encoding: x-gzip\r\n", &packed), body),
        (answer("Transfer-Encoding: chunked\r\n", &chunked(body, 7)), body),
        (answer("transfer-encoding: Chunked\r\nContent-Length: 3\r\n", &chunked(body, 99)), body),
        (answer("Transfer-Encoding: chunked\r\n", last), b"abc"),
        (answer("Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n", &chunked(&packed, 5)), body),
        (sized("", b""), b""),
    ] {
        for cut in 0..bytes.len() {
            assert_eq!(read(&bytes[..cut], false), Ok(None), "{cut}");
        }
        let whole = read(&bytes, false).unwrap().unwrap();
        assert_eq!((whole.status, &*whole.body, whole.closes), (200, body, false));
    }
}

#[test]
fn without_a_length_an_answer_ends_with_its_connection() {
    let bytes = answer("", b"abc");
    assert_eq!(read(&bytes, false), Ok(None));
    let whole = read(&bytes, true).unwrap().unwrap();
    assert_eq!((&*whole.body, whole.closes), (&b"abc"[..], true));
}

#[test]
fn whether_the_connection_stays_is_read() {
    for (version, fields, closes) in [
        ("1.1", "", false),
        ("1.1", "Connection: Close\r\n", true),
        ("1.1", "Connection: x, close\r\n", true),
        ("1.0", "", true),
        ("1.0", "Connection: keep-alive\r\n", false),
    ] {
        let text = format!("HTTP/{version} 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
        assert_eq!(read(text.as_bytes(), false).unwrap().unwrap().closes, closes, "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_and_nothing_grows_without_bound() {
    let bomb = gzip(&vec![0; 4 * MAX_ANSWER]);
    assert!(bomb.len() < MAX_ANSWER / 10);
    let mut cut = gzip(b"abc");
    cut.truncate(cut.len() - 3);
    for (bytes, part) in [
        (b"nonsense\r\n\r\n".to_vec(), "not HTTP"),
        (sized("Content-Encoding: br\r\n", b"abc"), "only gzip"),
        (sized("Content-Encoding: gzip, gzip\r\n", &gzip(&gzip(b"abc"))), "only gzip"),
        (sized("Content-Encoding: gzip\r\n", b"abc"), "damaged gzip"),
        (sized("Content-Encoding: gzip\r\n", &cut), "damaged gzip"),
        (sized("Content-Encoding: gzip\r\n", &bomb), "gzip of more"),
        (answer("Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n"), "only chunked"),
        (answer("Transfer-Encoding: chunked\r\n", b"xyz\r\n"), "without a size"),
        (answer("Transfer-Encoding: chunked\r\n", b"1\r\nabc"), "longer than its size"),
        (answer("Transfer-Encoding: chunked\r\n", b"fffffffffff\r\n"), "chunks of more"),
        (answer("Content-Length: 9999999999\r\n", b""), "content-length"),
        (answer("Content-Length: -1\r\n", b""), "content-length"),
        (answer("Content-Length: 1\r\nContent-Length: 2\r\n", b"ab"), "content-length"),
    ] {
        let error = read(&bytes, false).unwrap_err();
        assert!(error.contains(part), "{error} for {part}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(body in prop::collection::vec(any::<u8>(), 0..99), ended: bool) {
        for fields in ["", "Transfer-Encoding: chunked\r\n", "Content-Encoding: gzip\r\n"] {
            let _ = read(&answer(fields, &body), ended);
        }
        let _ = read(&body, ended);
    }
}
