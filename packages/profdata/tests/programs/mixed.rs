//! A program for profiles: generics, closures through pointers (indirect calls), copies of varying
//! size, threads, and as many rounds as its first argument says.
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

trait Shape {
    fn area(&self) -> f64;
    fn name(&self) -> String;
}
struct Square(f64);
struct Circle(f64);
struct Line;
impl Shape for Square {
    fn area(&self) -> f64 {
        self.0 * self.0
    }
    fn name(&self) -> String {
        format!("square {}", self.0)
    }
}
impl Shape for Circle {
    fn area(&self) -> f64 {
        3.14 * self.0 * self.0
    }
    fn name(&self) -> String {
        format!("circle {}", self.0)
    }
}
impl Shape for Line {
    fn area(&self) -> f64 {
        0.0
    }
    fn name(&self) -> String {
        "line".to_owned()
    }
}

#[inline(never)]
fn total(shapes: &[Box<dyn Shape>]) -> f64 {
    shapes.iter().map(|shape| shape.area()).sum()
}

#[inline(never)]
fn apply(table: &[fn(u64) -> u64], rounds: u64) -> u64 {
    let mut sum = 0_u64;
    for round in 0..rounds {
        let at = (round * round % 7) as usize % table.len();
        sum = sum.wrapping_add(table[at](round));
    }
    sum
}
fn double(x: u64) -> u64 {
    x * 2
}
fn square(x: u64) -> u64 {
    x.wrapping_mul(x)
}
fn collatz(mut x: u64) -> u64 {
    let mut steps = 0;
    while x > 1 {
        x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 };
        steps += 1;
    }
    steps
}

#[inline(never)]
fn copies(rounds: u64) -> usize {
    let source: Vec<u8> = (0..=255).collect();
    let mut sum = 0;
    for round in 0..rounds {
        let length = (round * 37 % 256) as usize;
        let copy = source[..length].to_vec();
        sum += copy.iter().map(|byte| *byte as usize).sum::<usize>();
    }
    sum
}

fn words(rounds: u64) -> usize {
    let text = "the quick brown fox jumps over the lazy dog and the cat";
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut sorted: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    for _ in 0..rounds {
        for word in text.split(' ') {
            *counts.entry(word.to_string()).or_default() += 1;
        }
    }
    for (word, count) in &counts {
        sorted.entry(*count).or_default().push(word.clone());
    }
    sorted.values().map(Vec::len).max().unwrap_or(0)
}

fn main() {
    let rounds: u64 = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(10);
    let threads: u64 = std::env::args().nth(2).and_then(|arg| arg.parse().ok()).unwrap_or(0);
    let table: Vec<fn(u64) -> u64> = vec![double, square, collatz, u64::swap_bytes];
    let shapes: Vec<Box<dyn Shape>> = (0..rounds)
        .map(|round| match round % 3 {
            0 => Box::new(Square(round as f64)) as Box<dyn Shape>,
            1 => Box::new(Circle(round as f64)),
            _ => Box::new(Line),
        })
        .collect();
    let names: usize = shapes.iter().map(|shape| shape.name().len()).sum();
    println!("{} {} {} {}", total(&shapes), apply(&table, rounds), copies(rounds), words(rounds) + names);
    let sum = Arc::new(Mutex::new(0));
    let handles: Vec<_> = (0..threads)
        .map(|thread| {
            let (sum, table) = (sum.clone(), table.clone());
            std::thread::spawn(move || {
                let mut part = apply(&table, rounds + thread);
                for round in 0..rounds {
                    part = part.wrapping_add(collatz(round * 1_000 + thread));
                }
                *sum.lock().unwrap() += part as u128;
            })
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
    println!("{}", sum.lock().unwrap());
    if std::env::args().nth(3).as_deref() == Some("hang") {
        // For continuous mode: killed from outside.
        std::thread::sleep(std::time::Duration::from_secs(60));
    }
}
