//! A program for profiles: reads arithmetic, evaluates it, sorts what came out.
use std::fmt;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Operator(char),
    Open,
    Close,
}

#[derive(Debug)]
struct Fault(usize);
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "fault at {}", self.0)
    }
}
impl std::error::Error for Fault {}

fn tokens(text: &str) -> Result<Vec<Token>, Box<dyn std::error::Error>> {
    let bytes = text.as_bytes();
    let (mut at, mut found) = (0, Vec::new());
    while at < bytes.len() {
        match bytes[at] {
            b' ' => at += 1,
            b'0'..=b'9' => {
                let start = at;
                while at < bytes.len() && (bytes[at].is_ascii_digit() || bytes[at] == b'.') {
                    at += 1;
                }
                found.push(Token::Number(text[start..at].parse()?));
            }
            b'(' => {
                found.push(Token::Open);
                at += 1;
            }
            b')' => {
                found.push(Token::Close);
                at += 1;
            }
            byte @ (b'+' | b'-' | b'*' | b'/') => {
                found.push(Token::Operator(byte as char));
                at += 1;
            }
            _ => return Err(Box::new(Fault(at))),
        }
    }
    Ok(found)
}

fn sum(tokens: &[Token], at: &mut usize) -> f64 {
    let mut value = product(tokens, at);
    while let Some(Token::Operator(operator @ ('+' | '-'))) = tokens.get(*at) {
        *at += 1;
        let right = product(tokens, at);
        value = if *operator == '+' { value + right } else { value - right };
    }
    value
}

fn product(tokens: &[Token], at: &mut usize) -> f64 {
    let mut value = atom(tokens, at);
    while let Some(Token::Operator(operator @ ('*' | '/'))) = tokens.get(*at) {
        *at += 1;
        let right = atom(tokens, at);
        value = if *operator == '*' { value * right } else { value / right };
    }
    value
}

fn atom(tokens: &[Token], at: &mut usize) -> f64 {
    *at += 1;
    match tokens.get(*at - 1) {
        Some(Token::Number(number)) => *number,
        Some(Token::Open) => {
            let value = sum(tokens, at);
            *at += 1;
            value
        }
        Some(Token::Operator('-')) => -atom(tokens, at),
        _ => f64::NAN,
    }
}

fn sorted<T: Clone, F: FnMut(&T, &T) -> bool>(items: &[T], less: &mut F) -> Vec<T> {
    if items.len() < 2 {
        return items.to_vec();
    }
    let (left, right) = items.split_at(items.len() / 2);
    let (left, right) = (sorted(left, less), sorted(right, less));
    let (mut l, mut r, mut out) = (0, 0, Vec::with_capacity(items.len()));
    while l < left.len() || r < right.len() {
        if r == right.len() || (l < left.len() && !less(&right[r], &left[l])) {
            out.push(left[l].clone());
            l += 1;
        } else {
            out.push(right[r].clone());
            r += 1;
        }
    }
    out
}

fn main() {
    let rounds: usize = std::env::args().nth(1).and_then(|arg| arg.parse().ok()).unwrap_or(50);
    let (mut values, mut faults) = (Vec::new(), 0);
    for round in 0..rounds {
        let text = format!("({round} + {}.5) * -(3 - {}) / 7{}", round % 13, round % 5, if round % 17 == 0 { "?" } else { "" });
        match tokens(&text) {
            Ok(tokens) => values.push(sum(&tokens, &mut 0)),
            Err(error) => faults += error.to_string().len(),
        }
    }
    let values = sorted(&values, &mut |a, b| a < b);
    let mut names: Vec<String> = values.iter().map(|value| format!("{value:.2}")).collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    println!("{} {faults} {:?}", values.len(), names.last());
}
