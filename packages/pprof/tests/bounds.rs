//! Files that are made to take memory or time: both stay in proportion to what the caller allows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod common;

use common::proto::{Proto, message, varint};
use honing_pprof::{Error, Merger, Policy, read};
use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Counts what is allocated.
struct Counting;

static NOW: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static ALONE: Mutex<()> = Mutex::new(());

// SAFETY: everything is passed on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        PEAK.fetch_max(NOW.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        NOW.fetch_sub(layout.size(), Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that files here may unpack to.
const LIMIT: u64 = 2 << 20;

/// Adds a file to a merge and gives the memory that it took, in times of the limit.
fn cost(bytes: &[u8]) -> (Result<(), Error>, f64) {
    let _alone = ALONE.lock().unwrap();
    let before = NOW.load(Relaxed);
    PEAK.store(before, Relaxed);
    let start = Instant::now();
    let mut merger = Merger::new(Policy { max_bytes: LIMIT, ..Policy::KEEP_ALL });
    let result = merger.add(bytes, 1).and_then(|_| merger.finish_anyway()).map(drop);
    let (peak, time) = (PEAK.load(Relaxed) - before, start.elapsed());
    assert!(time < Duration::from_secs(30), "{time:?}");
    (result, peak as f64 / LIMIT as f64)
}

fn fill(mut add: impl FnMut(&mut Proto, u64)) -> Vec<u8> {
    let mut proto = Proto::new();
    let mut number = 0;
    while (proto.bytes.len() as u64) < LIMIT - 200 {
        number += 1;
        add(&mut proto, number);
    }
    proto.bytes
}

#[test]
fn memory_is_in_proportion_to_the_limit() {
    let mut worst = 0.0_f64;
    let files = [
        ("strings", fill(|proto, _| proto.field(6, b""))),
        ("short strings", fill(|proto, number| _ = proto.function(&number.to_string(), 1))),
        ("functions", fill(|proto, number| proto.field(5, &message(&[(1, number)])))),
        ("mappings", fill(|proto, number| proto.field(3, &message(&[(1, number)])))),
        ("locations", fill(|proto, number| proto.field(4, &message(&[(1, number)])))),
        ("long strings", {
            let mut proto = Proto::new();
            let long = proto.string(&"x".repeat(LIMIT as usize / 2));
            while (proto.bytes.len() as u64) < LIMIT - 200 {
                proto.field(1, &message(&[(1, long), (2, long)]));
                proto.bytes.extend(message(&[(13, long)]));
            }
            proto.bytes
        }),
        ("types", fill(|proto, _| proto.field(1, b""))),
        ("comments", fill(|proto, _| proto.bytes.extend([13 << 3, 0]))),
        ("lines", {
            let mut location = message(&[(1, 1)]);
            (0..LIMIT / 2 - 100).for_each(|_| location.extend([4 << 3 | 2, 0]));
            let mut proto = Proto::new();
            proto.field(4, &location);
            proto.sample(&[1, 1], &[1]);
            proto.bytes
        }),
        ("stack", {
            let mut proto = Proto::new();
            proto.location(1, &[]);
            let mut sample = message(&[(2, 1)]);
            sample.push(1 << 3 | 2);
            varint(&mut sample, LIMIT - 200);
            sample.extend(vec![1; LIMIT as usize - 200]);
            proto.field(2, &sample);
            proto.bytes
        }),
        ("samples", {
            let mut proto = Proto::new();
            (0..300).for_each(|address| _ = proto.location(address, &[]));
            for number in 0.. {
                proto.sample(&[1 + number % 300, 1 + number / 300 % 300], &[1]);
                if proto.bytes.len() as u64 > LIMIT - 100 {
                    break;
                }
            }
            proto.bytes
        }),
        (
            "edges",
            fill(|proto, number| {
                let function = proto.function(&number.to_string(), 1);
                let place = proto.location(number, &[(function, 1)]);
                proto.sample(&[place, place.saturating_sub(1).max(1)], &[1]);
            }),
        ),
    ];
    for (name, bytes) in files {
        assert!(bytes.len() as u64 <= LIMIT, "{name}");
        let (result, times) = cost(&bytes);
        println!(
            "{name}: {times:.1} {:?}",
            result.map_err(|error| error.to_string().chars().take(60).collect::<String>())
        );
        worst = worst.max(times);
    }
    assert!(worst < 24.0, "{worst}: Policy::max_bytes says 24");
}

#[test]
fn a_gzip_bomb_is_refused_at_the_limit() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let megabyte = vec![0; 1 << 20];
    (0..64).for_each(|_| gzip.write_all(&megabyte).unwrap());
    let bomb = gzip.finish().unwrap();
    let (result, times) = cost(&bomb);
    assert_eq!(result, Err(Error::TooLarge { what: "the profile", limit: LIMIT }));
    assert!(bomb.len() < LIMIT as usize && times < 4.0, "{times}");
}

#[test]
fn inlined_frames_cannot_take_more_time_than_they_have_bytes() {
    let mut proto = Proto::new();
    let function = proto.function("f", 1);
    // At one address, so that edges within locations meet.
    let lines: Vec<(u64, i64)> = (0..1500).map(|line| (function, line)).collect();
    let places: Vec<u64> = (0..60).map(|_| proto.location(1, &lines)).collect();
    for &caller in &places {
        places.iter().for_each(|&leaf| proto.sample(&[leaf, caller], &[1]));
    }
    assert_eq!(read(&proto.bytes, LIMIT).unwrap().edges(), Err(Error::TooDeep));
    assert_eq!(cost(&proto.bytes).0, Err(Error::TooDeep));
}

#[test]
fn few_long_names_do_not_make_much_text() {
    let mut proto = Proto::new();
    let names = ["x", "y"].map(|name| proto.function(&name.repeat(60_000), 1));
    let leaf = proto.location(1, &[(names[0], 1)]);
    for line in 1..100 {
        let call = proto.location(2, &[(names[1], line)]);
        proto.sample(&[leaf, call], &[1]);
    }
    let (result, times) = cost(&proto.bytes);
    assert_eq!(result, Err(Error::TooLarge { what: "the text of the profile's edges", limit: LIMIT }));
    assert!(times < 2.0, "{times}");
}
