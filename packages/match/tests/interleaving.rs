//! The function trace as several threads write it: whatever their order, no function is lost and
//! none is invented.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use honing_match::TraceReader;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Symbol, hash, unit.
type Record = (String, u64, u32);

fn symbol() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => (1..40_u32, any::<u64>()).prop_map(|(at, hash)| format!("_ZN4demo3f{at:02}17h{hash:016x}E")),
        3 => (1..40_u32).prop_map(|at| format!("_RNvNtCs1a2B_4demo4deep3f{at:02}")),
        2 => (1..40_u32).prop_map(|at| format!("_RINvNtCs1a2B_4demo4deep3g{at:02}NtCs1a2B_4demo1TECs1a2B_4demo")),
        1 => Just("_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h5e728882403bfee9E".to_owned()),
    ]
}

fn hash() -> impl Strategy<Value = u64> {
    prop_oneof![Just(742_261_418_966_908_927), Just(238_984_481_941_143_025), (1_u64 << 52)..(1 << 60),]
}

/// What the threads write, in their order: each takes its next piece when it is its turn.
fn output(threads: &[Vec<Record>], turns: &[usize], messages: bool) -> String {
    let pieces = |(symbol, hash, unit): &Record| {
        let module = format!("demo.9bb6beb47f0497f5-cgu.{unit:02}");
        [
            "Funcname=".into(),
            symbol.clone(),
            ", Hash=".into(),
            hash.to_string(),
            " in building ".into(),
            module,
            "\n".into(),
        ]
    };
    let mut left: Vec<_> =
        threads.iter().map(|thread| thread.iter().flat_map(pieces).collect::<Vec<_>>().into_iter()).collect();
    let mut text = String::new();
    for turn in turns.iter().cycle() {
        let open: Vec<usize> = (0..left.len()).filter(|thread| left[*thread].len() > 0).collect();
        let Some(thread) = open.get(turn % open.len().max(1)) else { break };
        // Most of the time a thread comes to the end of its line.
        for _ in 0..1 + turn / 16 % 9 {
            text.extend(left[*thread].next());
        }
        if messages && turn % 97 == 3 {
            text.push_str("warning: demo.9bb6beb47f0497f5-cgu.0: no profile data for _ZN4demo1x17h0123456789abcdefE Hash = 5\n");
        }
    }
    text
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// One codegen unit: only the compiler's own messages come between.
    #[test]
    fn messages_lose_nothing_of_one_thread(
        records in prop::collection::btree_map(prop_oneof![symbol(), Just("main".to_owned())], hash(), 1..20),
        messages in prop::collection::vec(prop::bool::weighted(0.3), 1..40),
    ) {
        let unit = "demo.9bb6beb47f0497f5-cgu.0";
        let message = format!("warning: {unit}: no profile data for _ZN4demo1x17h0123456789abcdefE Hash = 5\n\n");
        let mut turns = messages.iter().cycle();
        let (mut text, mut written) = (String::new(), 0);
        for (symbol, hash) in &records {
            let hash = hash.to_string();
            for piece in ["Funcname=", symbol, ", Hash=", &hash, " in building ", unit, "\n"] {
                text.push_str(piece);
                if turns.next() == Some(&true) {
                    text.push_str(&message);
                    written += 1;
                }
            }
        }
        let mut reader = TraceReader::new();
        let left: Vec<String> =
            text.lines().filter_map(|line| reader.line(line)).map(|line| line.into_owned()).collect();
        let warnings = left.iter().filter(|line| **line == message.trim_end()).count();
        prop_assert_eq!(warnings, written, "{:?}\n{}", left, text);
        prop_assert!(left.iter().all(|line| line.is_empty() || *line == message.trim_end()), "{left:?}\n{text}");
        let build = reader.finish();
        prop_assert_eq!(build.len(), records.len(), "{}", text);
        for function in build.functions() {
            let symbol = String::from_utf8(function.symbol.clone()).unwrap();
            prop_assert!(function.certain, "{text}");
            prop_assert_eq!(&function.hashes, &[records[&symbol]], "{}", text);
        }
    }

    #[test]
    fn no_function_is_lost_or_invented(
        threads in prop::collection::vec(prop::collection::vec((symbol(), hash()), 1..12), 1..5),
        turns in prop::collection::vec(0..4096_usize, 20..60),
        messages: bool,
    ) {
        let threads: Vec<Vec<Record>> = threads.into_iter().enumerate().map(|(unit, records)| {
            let records: BTreeMap<String, u64> = records.into_iter().collect();
            records.into_iter().map(|(symbol, hash)| (symbol, hash, unit as u32)).collect()
        }).collect();
        let text = output(&threads, &turns, messages);
        let mut reader = TraceReader::new();
        let left: Vec<String> = text.lines().filter_map(|line| reader.line(line)).map(|line| line.into_owned()).collect();
        prop_assert!(left.iter().all(|line| line.starts_with("warning: demo")), "{left:?}\n{text}");
        let build = reader.finish();
        let symbols: BTreeSet<&[u8]> = threads.iter().flatten().map(|(symbol, ..)| symbol.as_bytes()).collect();
        let hashes: BTreeSet<u64> = threads.iter().flatten().map(|(_, hash, _)| *hash).collect();
        for (symbol, hash, unit) in threads.iter().flatten() {
            let name = format!("demo.9bb6beb47f0497f5-cgu.{unit:02};{symbol}");
            prop_assert!(build.with_name(name.as_bytes()).any(|there| there.may_have(*hash)), "{name} {hash}\n{text}");
        }
        for function in build.functions() {
            prop_assert!(symbols.contains(function.symbol.as_slice()), "{function:?}\n{text}");
            if function.certain {
                prop_assert!(function.hashes.iter().all(|hash| hashes.contains(hash)), "{function:?}\n{text}");
                let true_one = threads.iter().flatten().any(|(symbol, hash, unit)| {
                    let module = format!("demo.9bb6beb47f0497f5-cgu.{unit:02}");
                    function.module.as_deref() == Some(module.as_bytes())
                        && function.symbol == symbol.as_bytes()
                        && function.hashes == [*hash]
                });
                prop_assert!(true_one, "{function:?}\n{text}");
            }
        }
    }
}
