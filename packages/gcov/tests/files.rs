//! A real file of gcc 12.2, what happens to it, and bytes of an enemy.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use honing_gcov::{Bundle, Data, Error, Scope, Site, Values, ident};

/// Of three processes, by functions `work`, `odd`, `more`, `twice`.
const WORK: &[u8] = include_bytes!("fixtures/work.gcda");

fn work() -> Data {
    Data::read(WORK).unwrap()
}

#[test]
fn a_file_is_read_and_written_as_it_was() {
    let data = work();
    assert_eq!((&data.version, data.runs, data.functions.len()), (b"B22*", 3, 4));
    let weights: Vec<u128> = data.functions.iter().flatten().map(|function| function.weight()).collect();
    assert_eq!(weights, [0x456 + 0xd02 + 0x456, 0x171, 0x48 + 0x129, 0x174]);
    let public = data.functions[0].as_ref().unwrap();
    assert_eq!(public.ident, ident("work", Scope::Public));
    assert_eq!(data.to_bytes(), WORK);
}

/// The values of the first site of indirect calls in a file.
fn calls(data: &Data) -> &Site {
    let counters = &data.functions[0].as_ref().unwrap().counters;
    let Values::Sites(sites) = &counters.iter().find(|counters| counters.kind == 4).unwrap().values else {
        panic!("no calls")
    };
    &sites[0]
}

#[test]
fn weights_are_runs_that_were_not_made() {
    let mut thrice = work();
    thrice.scale(3);
    let mut sum = work();
    sum.merge(work()).unwrap();
    sum.merge(work()).unwrap();
    assert_eq!(thrice, sum);
    assert_eq!((sum.runs, calls(&sum).total), (9, 3 * calls(&work()).total));
    assert_eq!(calls(&sum).values[0].1, 3 * calls(&work()).values[0].1);
    // What is no count stays: bits of values, and when a function ran first.
    let kept = |data: &Data, kind| {
        let functions = data.functions.iter().flatten().flat_map(|function| &function.counters);
        functions.filter(|counters| counters.kind == kind).cloned().collect::<Vec<_>>()
    };
    assert_eq!((kept(&sum, 6), kept(&sum, 7)), (kept(&work(), 6), kept(&work(), 7)));
    assert!(!kept(&sum, 6).is_empty());
    // A function that did not run in one of them ran first when it did in the other.
    let idle = |data: &Data| {
        let mut idle = data.clone();
        let counters = idle.functions.iter_mut().flatten().flat_map(|function| &mut function.counters);
        counters
            .filter(|counters| counters.kind == 7)
            .for_each(|counters| counters.values = Values::Numbers(vec![0]));
        idle
    };
    for (mut first, second) in [(idle(&work()), work()), (work(), idle(&work()))] {
        first.merge(second).unwrap();
        assert_eq!(kept(&first, 7), kept(&work(), 7));
    }
}

#[test]
fn the_most_frequent_values_stay_in_any_order() {
    let site = |values: Vec<(i64, i64)>| {
        let mut data = work();
        let counters = &mut data.functions[0].as_mut().unwrap().counters;
        let calls = counters.iter_mut().find(|counters| counters.kind == 4).unwrap();
        calls.values = Values::Sites(vec![Site { total: 100, full: false, values }]);
        data
    };
    let runs = [vec![(7, 1), (8, 50)], vec![(7, 90)], (0..30).map(|value| (100 + value, 2)).collect()];
    let merged = |order: [usize; 3]| {
        let mut sum = site(runs[order[0]].clone());
        order[1..].iter().for_each(|run| sum.merge(site(runs[*run].clone())).unwrap());
        sum
    };
    let sum = merged([0, 1, 2]);
    assert_eq!(calls(&sum).values[..2], [(7, 91), (8, 50)]);
    assert_eq!((calls(&sum).values.len(), calls(&sum).full, calls(&sum).total), (32, false, 300));
    assert_eq!(merged([2, 1, 0]), sum);
    let mut full = sum;
    full.merge(site(vec![(1, 1)])).unwrap();
    assert_eq!((calls(&full).values.len(), calls(&full).full), (32, true));
    assert_eq!(Data::read(&full.to_bytes()).unwrap(), full);
}

#[test]
fn files_of_different_code_do_not_merge() {
    let change = |change: &dyn Fn(&mut Data)| {
        let mut other = work();
        change(&mut other);
        work().merge(other)
    };
    let unlike = Err(Error::Unlike { ident: ident("work", Scope::Public) });
    assert_eq!(change(&|other| other.functions[0].as_mut().unwrap().flow += 1), unlike);
    assert_eq!(change(&|other| drop(other.functions[0].as_mut().unwrap().counters.pop())), unlike);
    assert_eq!(change(&|other| drop(other.functions.pop())), Err(Error::Functions));
    // Another place in the source is no other code; nor is one that the linker left out.
    assert_eq!(change(&|other| other.functions[0].as_mut().unwrap().place += 1), Ok(()));
    let mut without = work();
    without.functions[1] = None;
    without.merge(work()).unwrap();
    assert_eq!(without.functions[1], work().functions[1]);
}

#[test]
fn a_bundle_has_one_form() {
    let mut bundle = Bundle::default();
    for name in ["src#b.gcda", "src#a.gcda", "src#c.gcda"] {
        bundle.add(name, work()).unwrap();
    }
    let bytes = bundle.to_bytes();
    let names: Vec<&str> = bundle.files().map(|(name, _)| name).collect();
    assert_eq!(names, ["src#a.gcda", "src#b.gcda", "src#c.gcda"]);
    assert_eq!(Bundle::read(&bytes).unwrap(), bundle);
    for name in ["../a.gcda", "/a.gcda", "a/../b.gcda", "a//b.gcda", "./a.gcda", "a.txt", "", "a\0.gcda"] {
        assert!(matches!(bundle.add(name, work()), Err(Error::Name(_))), "{name}");
    }
    // A name twice, or out of order, would be two forms of one profile.
    let one = |name: &str| {
        let mut one = Bundle::default();
        one.add(name, work()).unwrap();
        one.to_bytes()
    };
    let (a, b) = (one("a.gcda"), one("b.gcda"));
    let head = Bundle::default().to_bytes().len();
    assert!(Bundle::read(&[&a, &b[head..]].concat()).is_ok());
    assert_eq!(Bundle::read(&[&b, &a[head..]].concat()), Err(Error::Name("a.gcda".into())));
    assert_eq!(Bundle::read(&[&a, &a[head..]].concat()), Err(Error::Name("a.gcda".into())));
    let one_file = 4 + "src#a.gcda".len() + 4 + WORK.len();
    for end in 0..bytes.len() {
        let whole = end >= head && (end - head) % one_file == 0;
        assert_eq!(Bundle::read(&bytes[..end]).is_ok(), whole, "{end}");
    }
}

#[test]
fn an_enemys_bytes_give_an_error_and_no_memory() {
    for end in 0..WORK.len() {
        assert!(Data::read(&WORK[..end]).is_err(), "{end} of {} bytes", WORK.len());
    }
    assert_eq!(Data::read(&WORK.iter().rev().copied().collect::<Vec<_>>()), Err(Error::NoData));
    let swapped: Vec<u8> = WORK.chunks(4).flat_map(|word| word.iter().rev().copied()).collect();
    assert_eq!(Data::read(&swapped), Err(Error::ByteOrder));
    let mut older = WORK.to_vec();
    older[6] = b'1';
    assert_eq!(Data::read(&older), Err(Error::Version("B12*".into())));
    // Counters that are all 0 take no room, however many are announced.
    let mut zeros = WORK[..16].to_vec();
    for word in [0x0100_0000_u32, 12, 1, 2, 3, 0x01a1_0000, 8_u32.wrapping_neg() << 20, 0] {
        zeros.extend(word.to_le_bytes());
    }
    assert_eq!(Data::read(&zeros).unwrap().to_bytes()[32..], zeros[16..]);
    // One that announces more values than there are bytes.
    for many in [1_i64 << 60, -1, i64::MIN, 3] {
        let mut values = WORK[..16].to_vec();
        for word in [0x0100_0000_u32, 12, 1, 2, 3, 0x01a7_0000, 16, 5, 0] {
            values.extend(word.to_le_bytes());
        }
        values.extend(many.to_le_bytes());
        values.extend([0; 4]);
        assert!(Data::read(&values).is_err(), "{many}");
    }
}

#[test]
fn any_changed_byte_is_read_or_refused() {
    for at in 0..WORK.len() {
        for change in [1, 0x80, 0xff] {
            let mut bytes = WORK.to_vec();
            bytes[at] ^= change;
            let Ok(mut data) = Data::read(&bytes) else { continue };
            assert_eq!(Data::read(&data.to_bytes()).as_ref(), Ok(&data), "{at}");
            let _ = data.merge(work());
            data.scale(u32::MAX);
            assert!(data.functions.iter().flatten().all(|function| function.weight() < u128::MAX));
        }
    }
}
