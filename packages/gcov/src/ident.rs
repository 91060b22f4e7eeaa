//! From a function's name to the number that its counters have.

/// What a function's number is made of beside its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// Other files can call it.
    Public,
    /// It is `static`.
    Static {
        /// Its source file, as gcc was given it.
        source: &'a str,
        /// The object file's name for profiles: that of the `.gcda` file without its ending, and with `/`.
        base: &'a str,
    },
}

/// The number of the function with the name `symbol` in the object file (`coverage_compute_profile_id`).
pub fn ident(symbol: &str, scope: Scope<'_>) -> u32 {
    let sum = match scope {
        Scope::Public => checksum(0, symbol),
        Scope::Static { source, base } => checksum(checksum(checksum(0, source), symbol), base),
    } & 0x7fff_ffff;
    sum.max(1)
}

/// gcc's `crc32_string`, which reads the 0 after the text, too.
fn checksum(sum: u32, text: &str) -> u32 {
    text.bytes().chain([0]).fold(sum, |sum, byte| {
        (0..8)
            .fold((sum, u32::from(byte) << 24), |(sum, value), _| {
                let feedback = if (value ^ sum) & 0x8000_0000 == 0 { 0 } else { 0x04c1_1db7 };
                ((sum << 1) ^ feedback, value << 1)
            })
            .0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a file of gcc 12.2.
    #[test]
    fn gccs_numbers_are_found() {
        assert_eq!(ident("work", Scope::Public), 0x694f_f199);
        let scope = Scope::Static { source: "src/work.c", base: "src/work" };
        assert_eq!(ident("twice", scope), 0x792f_a532);
        assert_eq!(ident("more", scope), 0x1505_ed94);
    }
}
