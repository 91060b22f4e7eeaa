//! Carries the edges of `go tool preprofile` over to a program of newer source, and says what of it arrives:
//! `benches/versions.sh`. With edges of the newer program itself: how much of what arrives it was seen to do.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "an example reads files and prints")]

use honing_gobinary::{Edge, Part, Program, Rule, match_edges, rebase};
use std::collections::HashSet;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [program, edges, newer @ ..] = arguments.as_slice() else {
        return Err("usage: rebase PROGRAM EDGES [EDGES OF THE PROGRAM]".into());
    };
    let (file, text) = (std::fs::read(program)?, std::fs::read_to_string(edges)?);
    let (program, edges) = (Program::read(&file)?, parse(&text)?);
    let before = match_edges(&program, edges.iter().copied());
    let rebased = rebase(&program, &edges);
    let after = match_edges(&program, rebased.edges.iter().copied());
    println!("weight {}, of that a compiler could use {}", before.weight, before.all.weight);
    let percent = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
    for part in Part::ALL {
        let (was, is) = (before.part(part), after.part(part));
        println!(
            "  {part:?} {}: {:.2} % before, {:.2} % after",
            was.weight,
            percent(was.matched, was.weight),
            percent(is.matched, was.weight)
        );
    }
    println!(
        "all: {:.2} % before, {:.2} % after",
        percent(before.all.matched, before.all.weight),
        100.0 * rebased.share()
    );
    for rule in Rule::ALL {
        println!("  {rule:?} {:.2} %", percent(rebased.by(rule), rebased.weight));
    }
    for one in rebased.renames.iter().take(20) {
        println!("  {:?} {}: {} -> {}", one.rule, one.weight, one.from, one.to);
    }
    let mut reasons = std::collections::BTreeMap::new();
    for left in &rebased.left {
        *reasons.entry(left.why).or_insert(0) += left.edge.weight;
    }
    println!("  left behind: {reasons:?}");
    for left in rebased.left.iter().take(20) {
        println!(
            "  left {} {:?} {}:{} -> {}",
            left.edge.weight, left.why, left.edge.caller, left.edge.offset, left.edge.callee
        );
    }
    if let [newer] = newer {
        let text = std::fs::read_to_string(newer)?;
        let seen: HashSet<_> =
            parse(&text)?.iter().map(|edge| (edge.caller, edge.offset, edge.callee)).collect();
        let share = |edges: &[Edge<'_>]| {
            let sum = |edges: &mut dyn Iterator<Item = &Edge<'_>>| edges.map(|edge| edge.weight).sum::<i64>();
            let known = |edge: &&Edge<'_>| seen.contains(&(edge.caller, edge.offset, edge.callee));
            100.0 * sum(&mut edges.iter().filter(known)) as f64 / sum(&mut edges.iter()).max(1) as f64
        };
        println!(
            "seen in the newer program: {:.2} % of the old edges, {:.2} % of the rebased",
            share(&edges),
            share(&rebased.edges)
        );
        let moved = rebased.edges.iter().filter(|edge| {
            !edges
                .iter()
                .any(|old| (old.caller, old.offset, old.callee) == (edge.caller, edge.offset, edge.callee))
        });
        let moved: Vec<Edge<'_>> = moved.copied().collect();
        for edge in moved.iter().filter(|edge| !seen.contains(&(edge.caller, edge.offset, edge.callee))) {
            println!("  not seen: {} {}:{} -> {}", edge.weight, edge.caller, edge.offset, edge.callee);
        }
        println!("  of those with another place alone {:.2} %", share(&moved));
    }
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Edge<'_>>, Failure> {
    let lines: Vec<&str> = text.lines().skip(1).collect();
    let edge = |lines: &[&'_ str]| -> Result<(i32, i64), Failure> {
        let (offset, weight) =
            lines.get(2).and_then(|line| line.split_once(' ')).ok_or("an offset and a weight")?;
        Ok((offset.parse()?, weight.parse()?))
    };
    lines
        .chunks_exact(3)
        .map(|lines| {
            let (offset, weight) = edge(lines)?;
            let [caller, callee, _] = lines else { return Err("three lines for each edge".into()) };
            Ok(Edge { caller, callee, offset, weight })
        })
        .collect()
}
