//! A program whose work is a number of turns, fixed when it is compiled (`TURNS`), and what disturbs it.
//!
//! - without arguments: does its turns. Compiled with `FLAG`, it leaves a file there meanwhile;
//! - `hog SECONDS [FILE]`: keeps a core busy (with FILE: while that exists), for so long, or until
//!   standard input ends;
//! - `bursts SECONDS SEED`: the same, now and then, as other people's work does.

use std::{
    hint::black_box,
    io::Read,
    path::Path,
    thread,
    time::{Duration, Instant},
};

fn turns(count: u64) {
    let mut state = 1_u64;
    for turn in 0..count {
        state = black_box(state.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(13) ^ turn);
    }
    black_box(state);
}

fn end_with_input() {
    thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

/// Busy and idle in turns of 50 ms to 1.5 s.
fn bursts(seconds: u64, mut seed: u64) {
    let start = Instant::now();
    let mut turn = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Duration::from_millis(50 + (seed >> 33) % 1450)
    };
    while start.elapsed() < Duration::from_secs(seconds) {
        let (busy, began) = (turn(), Instant::now());
        while began.elapsed() < busy {
            turns(100_000);
        }
        thread::sleep(turn());
    }
}

fn hog(seconds: u64, flag: Option<&str>) {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(seconds) {
        if flag.is_none_or(|flag| Path::new(flag).exists()) {
            turns(100_000);
        } else {
            thread::sleep(Duration::from_micros(500));
        }
    }
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let ["hog", seconds, flag @ ..] = args.as_slice() {
        end_with_input();
        return hog(seconds.parse().unwrap_or(1), flag.first().copied());
    }
    if let ["bursts", seconds, seed] = args.as_slice() {
        end_with_input();
        return bursts(seconds.parse().unwrap_or(1), seed.parse().unwrap_or(1));
    }
    let flag = option_env!("FLAG");
    if let Some(flag) = flag {
        let _ = std::fs::write(flag, "");
    }
    turns(env!("TURNS").parse().unwrap_or(1));
    if let Some(flag) = flag {
        let _ = std::fs::remove_file(flag);
    }
    println!("done");
}
