//! Writes bencode (BEP 3).
//!
//! Why not a crate: `bendy` has had no release for years, and the serde ones build keys and values
//! on the heap first. A tracker only ever writes four fixed shapes, whose keys stand in order in
//! the source, straight into the answer's buffer.

/// Appends a byte string: its length, a colon, its bytes.
pub fn bytes(out: &mut Vec<u8>, value: &[u8]) {
    decimal(out, value.len() as u64);
    out.push(b':');
    out.extend_from_slice(value);
}

/// Appends an integer: `i…e`.
pub fn integer(out: &mut Vec<u8>, value: u64) {
    out.push(b'i');
    decimal(out, value);
    out.push(b'e');
}

/// Appends an integer under its key.
pub fn integer_entry(out: &mut Vec<u8>, key: &str, value: u64) {
    bytes(out, key.as_bytes());
    integer(out, value);
}

/// The whole answer to a request that cannot be served: `d14:failure reason…e`.
pub fn failure(out: &mut Vec<u8>, reason: &str) {
    out.push(b'd');
    bytes(out, b"failure reason");
    bytes(out, reason.as_bytes());
    out.push(b'e');
}

/// Digits without the detour through `format!`, which shows in profiles of HTTP announces.
fn decimal(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shapes() {
        let mut out = Vec::new();
        out.push(b'd');
        integer_entry(&mut out, "complete", 0);
        integer_entry(&mut out, "interval", 1800);
        bytes(&mut out, b"peers");
        bytes(&mut out, b"");
        out.push(b'e');
        assert_eq!(out, b"d8:completei0e8:intervali1800e5:peers0:e");
    }

    #[test]
    fn failure_is_a_dictionary_with_one_key() {
        let mut out = Vec::new();
        failure(&mut out, "no port");
        assert_eq!(out, b"d14:failure reason7:no porte");
    }

    proptest! {
        #[test]
        fn decimal_is_display(value: u64) {
            let mut out = Vec::new();
            decimal(&mut out, value);
            prop_assert_eq!(out, value.to_string().into_bytes());
        }
    }
}
