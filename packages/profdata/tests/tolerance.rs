//! What goes wrong with real profiles, and what is kept of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use common::fixture;
use common::synth::{self, Function, Shape, raw};
use honing_profdata::{
    ByteOrder, Error, Format, InputError, LossKind, Merger, Policy, ValueData, ValueKind, merge_all, read,
};

#[test]
fn a_killed_process_in_continuous_mode_keeps_all_counters() {
    let read = read(&fixture("continuous.profraw.gz")).unwrap();
    assert_eq!(read.report.value_data, ValueData::Missing);
    assert!(read.report.functions > 100 && read.report.weight > 1000);
    assert_eq!(read.report.functions, read.profile.len() as u64);
    let kinds: Vec<_> = read.report.losses.iter().map(|loss| (loss.kind, loss.weight)).collect();
    assert_eq!(kinds, [(LossKind::Values, 0)]);
    assert_eq!(read.report.share_lost(), 0.0);
}

#[test]
fn a_file_that_is_cut_off_keeps_what_is_there() {
    let whole = fixture("rust-units.1.profraw.gz");
    let complete = read(&whole).unwrap().report;
    let other = fixture("rust-units.2.profraw.gz");
    let mut last = 0;
    for end in (0..whole.len()).step_by(17) {
        let mut merger = Merger::new(Policy::KEEP_ALL);
        match merger.add(&whole[..end], 1) {
            Err(error) => assert_eq!(last, 0, "{end}: {error}, but less could be read"),
            Ok(report) => {
                assert!(report.weight >= last, "{end}: less weight than with fewer bytes");
                assert!(!report.losses.is_empty(), "{end}: nothing is said to be lost");
                last = report.weight;
                let cut = report.losses.iter().find(|loss| loss.kind == LossKind::CutOff);
                assert_eq!(
                    cut.is_some(),
                    report.weight < complete.weight || report.functions < complete.functions,
                    "{end}"
                );
            }
        }
        // The names may come from another file of the same program.
        merger.add(&other, 1).unwrap();
        let merged = merger.finish_anyway().unwrap();
        assert_eq!(merged.summary.dropped, [], "{end}");
    }
    assert_eq!(last, complete.weight);
}

#[test]
fn counters_without_names_are_lost_and_said_to_be() {
    let whole = fixture("rust-units.1.profraw.gz");
    let complete = read(&whole).unwrap().report;
    // Somewhere between the end of the counters and the end of the names.
    let cut = (0..whole.len()).rev().step_by(64).find(|end| {
        let mut merger = Merger::new(Policy::KEEP_ALL);
        let counted = merger.add(&whole[..*end], 1).is_ok_and(|report| report.weight == complete.weight);
        counted && matches!(merger.finish_anyway(), Err(Error::Nothing { files: 1 }))
    });
    let mut merger = Merger::new(Policy::default());
    merger.add(&whole[..cut.unwrap()], 1).unwrap();
    merger.add(b":ir\nmain\n1\n1\n5\n", 1).unwrap();
    let Err(Error::TooMuchLost { share, allowed }) = merger.finish() else { panic!("nothing lost") };
    assert!(share > 0.9 && allowed == 0.01, "{share}");
}

#[test]
fn an_impossible_counter_costs_its_function_only() {
    let functions = vec![
        Function { name: "good".into(), cfg_hash: 1, counts: vec![997, 1], ..Function::default() },
        Function { name: "bad".into(), cfg_hash: 2, counts: vec![2, 1 << 60], ..Function::default() },
    ];
    let bytes = raw(&functions, &Shape::default());
    let mut merger = Merger::new(Policy::default());
    let report = merger.add(&bytes, 10).unwrap();
    assert_eq!(report.losses.len(), 1);
    let loss = report.losses[0].clone();
    assert_eq!((loss.kind, loss.functions, loss.weight), (LossKind::ImpossibleCounter, 1, 2));
    assert_eq!(report.share_of(&loss), 0.002);
    assert_eq!(report.share_lost(), 0.002);
    let merged = merger.finish().unwrap();
    assert_eq!(merged.profile.weight(), 9980);
    assert_eq!((merged.summary.weight_lost, merged.summary.weight_read), (20, 9980));
    // The same under a stricter policy.
    let mut merger = Merger::new(Policy { max_lost_share: 0.001, ..Policy::default() });
    merger.add(&bytes, 1).unwrap();
    assert!(matches!(merger.finish(), Err(Error::TooMuchLost { .. })));
}

#[test]
fn one_corrupt_file_among_many_is_set_aside() {
    let good = fixture("llvm22.1.profraw");
    let corrupt = &good[..300];
    for (files, fits) in [(3, false), (200, true)] {
        let mut merger = Merger::new(Policy::default());
        assert!(matches!(merger.add(corrupt, 1), Err(Error::OutOfBounds { .. })));
        for _ in 0..files {
            merger.add(&good, 1).unwrap();
        }
        match merger.finish() {
            Ok(merged) => {
                assert!(fits && merged.summary.set_aside == 1 && merged.summary.weight_lost > 0)
            }
            Err(error) => assert!(!fits && matches!(error, Error::TooMuchLost { .. }), "{error}"),
        }
    }
    // A process that was killed before it wrote anything: nothing to lose that could be told.
    let mut merger = Merger::new(Policy::default());
    merger.add(&good, 1).unwrap();
    assert_eq!(merger.add(b"", 1), Err(Error::Empty));
    let merged = merger.finish().unwrap();
    assert_eq!((merged.summary.files, merged.summary.set_aside, merged.summary.weight_lost), (2, 1, 0));
}

#[test]
fn profiles_one_after_the_other_in_one_file() {
    let (first, second) = (fixture("llvm22.1.profraw"), fixture("rust-lto.1.profraw.gz"));
    let both = |between: &[u8]| [&first, between, &second].concat();
    let mut merger = Merger::new(Policy::default());
    merger.add(&first, 1).unwrap();
    merger.add(&second, 1).unwrap();
    let expected = merger.finish().unwrap().profile.to_text();
    for padding in [0, 8, 4096] {
        let read = read(&both(&vec![0; padding])).unwrap();
        assert_eq!((read.report.profiles, &read.report.losses), (2, &vec![]), "{padding}");
        assert!(read.profile.to_text() == expected, "{padding}");
    }
    // Something else in between: the second is found, the rest reported.
    let found = read(&both(&[0xee; 64])).unwrap();
    assert_eq!(found.report.profiles, 2);
    assert_eq!(found.report.losses[0].kind, LossKind::TrailingBytes);
    assert!(found.profile.to_text() == expected);
    // The first without its values, as in continuous mode.
    let functions = synth::program(20, 1);
    let continuous = raw(&functions, &Shape { continuous: true, ..Shape::default() });
    let file = [continuous, raw(&functions, &Shape::default())].concat();
    let found = read(&file).unwrap().report;
    assert_eq!((found.profiles, found.functions, found.value_data), (2, 40, ValueData::Partial));
}

#[test]
fn the_same_function_with_another_number_of_counters() {
    let light = b":ir\nf\n7\n2\n1\n1\n";
    let heavy = b":ir\nf\n7\n1\n50\n";
    for files in [[&light[..], &heavy[..]], [&heavy[..], &light[..]]] {
        let mut merger = Merger::new(Policy::KEEP_ALL);
        files.iter().for_each(|file| drop(merger.add(file, 1).unwrap()));
        let merged = merger.finish().unwrap();
        assert_eq!(merged.profile.function(0).unwrap().counts(), [50]);
        let dropped = &merged.summary.dropped[0];
        assert_eq!((dropped.kind, dropped.functions, dropped.weight), (LossKind::CounterMismatch, 1, 2));
    }
}

#[test]
fn profiles_that_are_refused_say_why() {
    let refused = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
    assert!(refused(b"").contains("empty"));
    assert!(refused(&[0; 64]).contains("neither raw, indexed, text nor packed"));
    assert!(refused(b"version https://git-lfs.example/spec/v1\noid 1\n").contains("`:ir`"));
    assert!(refused(b":ir\nmain\nx\n").contains("line 3: a CFG hash, found `x`"));
    assert!(refused(b":ir\nmain\n1\n0\n").contains("above zero"));
    assert!(refused(b":ir\nmain\n1\n99999999999\n5\n").contains("the end of the file"));
    let raw = fixture("llvm22.1.profraw");
    let patched = |at: usize, byte: u8| {
        let mut raw = raw.clone();
        raw[at] = byte;
        refused(&raw)
    };
    assert!(patched(8, 12).contains("raw profile version 12"));
    assert!(patched(8, 7).contains("raw profile version 7"));
    assert!(patched(15, 0).contains("front end"));
    assert!(patched(15, 9).contains("debug information"));
    assert!(patched(5, b'o').contains("neither"));
    assert!(patched(1, b'R').contains("32-bit"));
    let mut indexed = fixture("llvm22.profdata");
    indexed[8] = 14;
    assert!(refused(&indexed).contains("indexed profile version 14"));
    let declared = [&raw[..24], &u64::MAX.to_le_bytes()[..], &raw[32..]].concat();
    assert!(refused(&declared).contains("data records"));
}

#[test]
fn an_indexed_file_that_is_cut_off_keeps_what_is_there() {
    let whole = fixture("rust-units.profdata.gz");
    let complete = read(&whole).unwrap().report;
    let mut last = 0;
    for end in (0..whole.len()).step_by(7) {
        let Ok(read) = read(&whole[..end]) else {
            assert_eq!(last, 0, "{end}");
            continue;
        };
        assert!(read.report.weight >= last, "{end}");
        last = read.report.weight;
        if read.report.functions < complete.functions {
            assert_eq!(read.report.losses[0].kind, LossKind::CutOff, "{end}");
        }
    }
    assert_eq!(last, complete.weight);
}

#[test]
fn formats_are_told_by_their_first_bytes() {
    assert_eq!(Format::detect(&fixture("llvm14.1.profraw")), Some(Format::Raw));
    assert_eq!(Format::detect(&fixture("llvm14.profdata")), Some(Format::Indexed));
    assert_eq!(Format::detect(b":ir"), Some(Format::Text));
    assert_eq!(Format::detect(b""), None);
    let big = raw(&synth::program(3, 1), &Shape { order: ByteOrder::Big, ..Shape::default() });
    assert_eq!(Format::detect(&big), Some(Format::Raw));
}

#[test]
fn threads_and_the_order_of_files_do_not_show() {
    let files: Vec<Vec<u8>> = (0..24)
        .map(|run| {
            // Address space layout differs from run to run; values come and go.
            let shape =
                Shape { base: 0x0040_0000 + 4096 * run, continuous: run % 5 == 0, ..Shape::default() };
            raw(&synth::program(60 + run as usize % 3, run), &shape)
        })
        .collect();
    let merged = |threads: usize, order: &[usize]| {
        let load = |at: usize| Ok::<_, ()>((&files[order[at]], 1 + order[at] as u64 % 3));
        let run = merge_all(order.len(), threads, Policy::default(), load);
        assert!(run.reports.iter().all(Result::is_ok));
        run.merger.finish().unwrap().profile.to_indexed(Default::default()).unwrap()
    };
    let forwards: Vec<usize> = (0..files.len()).collect();
    let backwards: Vec<usize> = (0..files.len()).rev().collect();
    let mut numbers = synth::Numbers::new(3);
    let mut shuffled = forwards.clone();
    (1..shuffled.len()).rev().for_each(|at| shuffled.swap(at, numbers.below(at as u64 + 1) as usize));
    let expected = merged(1, &forwards);
    for threads in [1, 2, 3, 8, 100] {
        for order in [&forwards, &backwards, &shuffled] {
            assert!(merged(threads, order) == expected, "{threads} threads, {order:?}");
        }
    }
    // A second thread within one file, for its names; several for writing.
    let large = raw(&synth::program(6000, 1), &Shape::default());
    let one = |threads: usize| {
        let run = merge_all(1, threads, Policy::default(), |_| Ok::<_, ()>((&large, 1)));
        let profile = run.merger.finish().unwrap().profile;
        assert_eq!(profile.len(), 6000);
        profile.to_indexed_on(Default::default(), threads).unwrap()
    };
    let expected = one(1);
    for threads in [2, 3, 7, 10_000] {
        assert!(one(threads) == expected, "{threads} threads");
    }
    let failed = merge_all(2, 2, Policy::KEEP_ALL, |at| match at {
        0 => Ok((files[0].clone(), 1)),
        _ => Err("gone"),
    });
    assert!(failed.reports[0].is_ok());
    assert!(matches!(failed.reports[1], Err(InputError::Load("gone"))));
}

#[test]
fn weights_multiply_counters_and_values_and_saturate() {
    let text = b":ir\nf\n7\n2\n18446744073709551600\n3\n1\n1\n1\n1\n8:4\n";
    let mut merger = Merger::new(Policy::default());
    merger.add(text, 3).unwrap();
    merger.add(text, 1).unwrap();
    let profile = merger.finish().unwrap().profile;
    let function = profile.function(0).unwrap();
    assert_eq!(function.counts(), [honing_profdata::MAX_COUNT, 12]);
    assert_eq!(function.sites(ValueKind::MemOpSize).next().unwrap(), [(8, 16)]);
}
