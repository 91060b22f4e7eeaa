//! Matches the edges of `go tool preprofile` with a program, beside what the compiler said that it knows:
//! `benches/account.sh`.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "an example reads files and prints")]

use honing_gobinary::{Change, Edge, LeftOut, Part, Program, Use, effects, match_edges};
use std::collections::HashSet;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [plain, optimized, edges, account] = arguments.as_slice() else {
        return Err("usage: account PLAIN OPTIMIZED EDGES ACCOUNT".into());
    };
    let (plain, optimized) = (std::fs::read(plain)?, std::fs::read(optimized)?);
    let (before, program) = (Program::read(&plain)?, Program::read(&optimized)?);
    let (text, account) = (std::fs::read_to_string(edges)?, std::fs::read_to_string(account)?);
    let edges = parse(&text)?;

    let found = match_edges(&program, edges.iter().copied());
    let percent = |weight: u64, of: u64| 100.0 * weight as f64 / of.max(1) as f64;
    println!("weight {}", found.weight);
    for why in LeftOut::ALL {
        println!("left out, {why:?}: {:.2} %", percent(found.left_out(why), found.weight));
    }
    println!("match {:.2} %", percent(found.all.matched, found.all.weight));
    for part in Part::ALL {
        let share = found.part(part);
        println!("  {part:?}: {:.2} % of {}", percent(share.matched, share.weight), share.weight);
    }

    let known = Known::parse(&account);
    let (mut compiler, mut only_here, mut only_there) = (0, 0, 0);
    for edge in &edges {
        let (judged, weight) = (program.judge(edge), u64::try_from(edge.weight).unwrap_or_default());
        if matches!(judged, Use::LeftOut(_)) {
            continue;
        }
        let (here, there) = (judged == Use::Matched, known.has(edge));
        compiler += if there { weight } else { 0 };
        only_here += if here && !there { weight } else { 0 };
        only_there += if there && !here { weight } else { 0 };
        if here != there && percent(weight, found.all.weight) > 0.1 {
            println!(
                "  compiler {there}, program {here}: {weight} {} :{} {}",
                edge.caller, edge.offset, edge.callee
            );
        }
    }
    let of = found.all.weight;
    println!("compiler {:.2} %", percent(compiler, of));
    println!(
        "only the program {:.2} %, only the compiler {:.2} %",
        percent(only_here, of),
        percent(only_there, of)
    );

    let seen: HashSet<_> = effects(&before, &program, edges.iter().copied())
        .into_iter()
        .filter(|effect| matches!(effect.change, Change::Devirtualized { .. }))
        .map(|effect| (effect.edge.caller, effect.edge.offset, effect.edge.callee))
        .collect();
    let both = known.devirtualized.intersection(&seen).count();
    println!(
        "devirtualized: {} by the compiler, {} seen, {both} of them the same",
        known.devirtualized.len(),
        seen.len()
    );
    Ok(())
}

fn parse(text: &str) -> Result<Vec<Edge<'_>>, Failure> {
    let lines: Vec<&str> = text.lines().skip(1).collect();
    lines
        .chunks_exact(3)
        .map(|lines| {
            let [caller, callee, numbers] = lines else { return Err("three lines for each edge".into()) };
            let (offset, weight) = numbers.split_once(' ').ok_or("an offset and a weight")?;
            Ok(Edge { caller, callee, offset: offset.parse()?, weight: weight.parse()? })
        })
        .collect()
}

/// What the compiler printed: (caller, offset, callee), without callee for indirect calls.
struct Known<'a> {
    sites: HashSet<(&'a str, i32, &'a str)>,
    devirtualized: HashSet<(&'a str, i32, &'a str)>,
}

impl<'a> Known<'a> {
    fn parse(account: &'a str) -> Self {
        let (mut sites, mut devirtualized) = (HashSet::new(), HashSet::new());
        for line in account.lines().filter(|line| line.starts_with("{\"Pkg\"")) {
            let offset = field(line, "Offset").parse().unwrap_or_default();
            sites.insert((field(line, "Caller"), offset, field(line, "Callee")));
            let callee = field(line, "Devirtualized");
            if !callee.is_empty() {
                devirtualized.insert((field(line, "Caller"), offset, callee));
            }
        }
        Self { sites, devirtualized }
    }

    fn has(&self, edge: &Edge<'a>) -> bool {
        ["", edge.callee].iter().any(|callee| self.sites.contains(&(edge.caller, edge.offset, *callee)))
    }
}

/// A value of a line of JSON. Names of functions have no quotes but in type arguments, which are cut off there.
fn field<'l>(line: &'l str, name: &str) -> &'l str {
    let behind = line.split_once(&format!("\"{name}\":")).map_or("", |(_, behind)| behind);
    match behind.strip_prefix('"') {
        Some(text) => text.split('"').next().unwrap_or_default(),
        None => behind.split([',', '}']).next().unwrap_or_default(),
    }
}
