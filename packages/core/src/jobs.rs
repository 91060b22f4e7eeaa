//! How many jobs a build has at once, as cargo's `--jobs` is written.

/// Cargo's word for as many as there are processors.
const DEFAULT: &str = "default";

/// What `--jobs` may be: a number but zero, or `default`. A negative one is that many less than there are processors.
///
/// # Errors
/// What it may be.
pub fn parse(text: &str) -> Result<String, String> {
    match text.parse::<i32>() {
        Ok(0) => {}
        Ok(number) => return Ok(number.to_string()),
        Err(_) if text == DEFAULT => return Ok(text.to_owned()),
        Err(_) => {}
    }
    Err("it may be a number from 1, `default`, or a negative number: so many less than there are processors"
        .into())
}

/// The number of them for tools that know nothing but numbers, where there are so many processors.
pub fn number(given: Option<&str>, processors: usize) -> usize {
    match given.and_then(|text| text.parse::<isize>().ok()) {
        None | Some(0) => processors,
        Some(number @ 1..) => number.unsigned_abs(),
        Some(less) => processors.saturating_sub(less.unsigned_abs()).max(1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_written_as_for_cargo() {
        for (text, of_four) in [("1", 1), ("16", 16), ("+2", 2), ("-3", 1), ("-99", 1), ("default", 4)] {
            let parsed = parse(text).unwrap();
            assert_eq!(number(Some(&parsed), 4), of_four, "{text}");
        }
        assert_eq!(number(None, 4), 4);
        for wrong in ["0", "", "abc", "-0", "1.5", "99999999999"] {
            assert!(parse(wrong).unwrap_err().contains("a number from 1"), "{wrong}");
        }
    }
}
