//! A program of what is hard to tell apart by name: one generic function for several types, closures
//! of one function, methods behind trait objects, equal functions in several modules.
use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::hash::Hash;

mod shapes {
    pub trait Shape {
        fn area(&self) -> u64;
        fn grow(&mut self, by: u64);
    }
    #[derive(Debug, Clone)]
    pub struct Square(pub u64);
    #[derive(Debug, Clone)]
    pub struct Strip(pub u64, pub u64);
    impl Shape for Square {
        fn area(&self) -> u64 {
            self.0 * self.0
        }
        fn grow(&mut self, by: u64) {
            if self.0 < 1000 {
                self.0 += by;
            }
        }
    }
    impl Shape for Strip {
        fn area(&self) -> u64 {
            self.0 * self.1
        }
        fn grow(&mut self, by: u64) {
            if self.1 < 1000 {
                self.1 += by;
            }
        }
    }
    #[inline(never)]
    pub fn largest(shapes: &[Box<dyn Shape>]) -> u64 {
        let mut most = 0;
        for shape in shapes {
            let area = shape.area();
            if area > most {
                most = area;
            }
        }
        most
    }
}

mod counts {
    use super::*;
    #[derive(Debug, Default)]
    pub struct Counts<K> {
        seen: HashMap<K, u64>,
        pub misses: u64,
    }
    impl<K: Hash + Eq + Clone + Debug> Counts<K> {
        pub fn new() -> Self {
            Counts { seen: HashMap::new(), misses: 0 }
        }
        #[inline(never)]
        pub fn add(&mut self, key: &K) -> u64 {
            if let Some(count) = self.seen.get_mut(key) {
                *count += 1;
                return *count;
            }
            self.misses += 1;
            self.seen.insert(key.clone(), 1);
            1
        }
        #[inline(never)]
        pub fn most(&self) -> u64 {
            self.seen.values().copied().filter(|count| *count > 1).max().unwrap_or(0)
        }
    }
}

mod sums {
    #[inline(never)]
    pub fn below(values: &[u32], limit: u32) -> u64 {
        let mut sum = 0;
        for value in values {
            if *value < limit {
                sum += u64::from(*value);
            }
        }
        sum
    }
    #[inline(never)]
    pub fn odd(values: &[u32]) -> u64 {
        let mut sum = 0;
        for value in values {
            match value % 4 {
                1 => sum += 3,
                3 => sum += u64::from(*value >> 2),
                _ if *value > 900 => sum += 1,
                _ => {}
            }
        }
        sum
    }
}

#[inline(never)]
fn sorted<T: Ord + Clone>(values: &[T]) -> Vec<T> {
    let mut sorted: Vec<T> = values.to_vec();
    for end in (1..sorted.len()).rev() {
        for at in 0..end {
            if sorted[at] > sorted[at + 1] {
                sorted.swap(at, at + 1);
            }
        }
    }
    sorted
}

#[inline(never)]
fn each(values: &[u32], what: &dyn Fn(u32) -> u32) -> u32 {
    values.iter().fold(0, |sum, value| sum.wrapping_add(what(*value)))
}

#[inline(never)]
fn pipelines(values: &[u32], rounds: u32) -> u32 {
    let mut sum = 0_u32;
    for round in 0..rounds {
        sum = sum.wrapping_add(each(values, &|value| if value > round { value - round } else { 0 }));
        sum = sum.wrapping_add(each(values, &|value| if value < round { round } else { value * 2 }));
        if round % 5 == 0 {
            sum = sum.wrapping_add(each(values, &|value| value ^ round));
        }
    }
    sum
}

fn main() {
    let rounds: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(10);
    let values: Vec<u32> = (0..300_u32).map(|at| at.wrapping_mul(2_654_435_761) >> 22).collect();
    let words: Vec<String> = values.iter().map(|value| format!("w{}", value % 60)).collect();
    let wide: Vec<u64> = values.iter().take(90).map(|value| u64::from(*value)).collect();
    let pairs: Vec<(u8, i16)> = values.iter().take(40).map(|v| (*v as u8, *v as i16)).collect();
    println!("{:?} {:?}", sorted(&values).first(), sorted(&wide).first());
    println!("{:?} {:?}", sorted(&words).first(), sorted(&pairs).first());
    let (mut of_words, mut of_numbers) = (counts::Counts::new(), counts::Counts::new());
    let mut of_pairs = counts::Counts::new();
    for _ in 0..rounds {
        words.iter().for_each(|word| {
            of_words.add(word);
        });
        wide.iter().for_each(|value| {
            of_numbers.add(value);
        });
        pairs.iter().for_each(|pair| {
            of_pairs.add(pair);
        });
    }
    println!("{} {} {}", of_words.most(), of_numbers.most(), of_pairs.most());
    println!("{}", of_words.misses + of_numbers.misses + of_pairs.misses);
    let mut all: Vec<Box<dyn shapes::Shape>> = Vec::new();
    for value in &values {
        all.push(if value % 3 == 0 {
            Box::new(shapes::Square(u64::from(*value)))
        } else {
            Box::new(shapes::Strip(3, u64::from(*value)))
        });
    }
    for round in 0..rounds {
        all.iter_mut().for_each(|shape| shape.grow(u64::from(round)));
    }
    println!("{}", shapes::largest(&all));
    println!("{} {}", sums::below(&values, 500), sums::odd(&values));
    println!("{}", pipelines(&values, rounds));
    let tree: BTreeMap<String, u32> = words.iter().cloned().zip(values.iter().copied()).collect();
    println!("{:?}", tree.range("w3".to_owned()..).next());
}
