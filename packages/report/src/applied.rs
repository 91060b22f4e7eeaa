//! How much of a profile a build applied: by origin, and what was lost.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use honing_core::{applied::Applied, units};

/// Writes the match under the lines of a stage.
///
/// # Errors
/// Where `out` does not take it.
pub(crate) fn applied(applied: &Applied, out: &mut dyn Write) -> io::Result<()> {
    let whole = applied.share().is_some_and(|share| share >= 1.0);
    let colour = if whole { AnsiColor::Green } else { AnsiColor::Yellow };
    let style: Style = colour.on_default().bold();
    writeln!(out, "{style}{:>12}{style:#} {}", "Match", applied.words())?;
    let Applied::Measured(found) = applied else { return Ok(()) };
    let of_origin = found.origins.iter().filter(|origin| origin.functions > 0).map(|origin| {
        let (words, share) = (origin.origin.words(), units::share(origin.share));
        format!("{words} {share} ({} of {})", origin.matched, origin.functions)
    });
    let of_origin: Vec<String> = of_origin.collect();
    // Of an only one, the line above tells it.
    if of_origin.len() > 1 {
        writeln!(out, "{:>12} {}", "", of_origin.join(", "))?;
    }
    for lost in &found.lost {
        writeln!(
            out,
            "{:>12} lost {:>6.2} %  {} ({})",
            "",
            lost.weight * 100.0,
            lost.function,
            lost.why.words()
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use honing_core::applied::{Lost, LostWhy, Match, MatchedBy, Origin, OriginMatch};

    use super::*;

    #[test]
    fn origins_and_losses_are_shown() {
        let origin = |origin, share, functions, matched| OriginMatch {
            origin,
            weight: 0.5,
            share,
            functions,
            matched,
        };
        let measured = Applied::Measured(Match {
            share: 0.9987,
            kin: 1.0,
            carried: None,
            functions: 12,
            matched: 11,
            origins: vec![
                origin(Origin::Workspace, 0.99, 10, 9),
                origin(Origin::Dependencies, 1.0, 0, 0),
                origin(Origin::Std, 1.0, 2, 2),
            ],
            lost: vec![Lost { function: "a::f".into(), weight: 0.0013, why: LostWhy::ControlFlow }],
            by: MatchedBy::Trace,
        });
        let mut out = Vec::new();
        applied(&measured, &mut out).unwrap();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        insta::assert_snapshot!(text, @r"
               Match 99.8 % of the profile's weight (11 of 12 functions)
                     workspace 99.0 % (9 of 10), std generics 100.0 % (2 of 2)
                     lost   0.13 %  a::f (control flow changed, in the source or by inlining)
        ");
    }
}
