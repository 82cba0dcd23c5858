//! The words of a condition, with their places.

use std::ops::Range;

use jiff::civil::Date;

use crate::flow::{codes, diagnostic::Problem};

/// One word or sign.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// A name or a word of the language: `danger`, `you.first_name`, `and`.
    Word(String),
    /// `3`, `1.5`
    Number(f64),
    /// `38 °C`, `100.4 °F`: in °C
    Celsius(f64),
    /// `'text'`
    Text(String),
    /// `2026-03-02`
    Date(Date),
    /// `3 days`, `2 hours`: in days
    Days(f64),
    /// `==`, `<`, `+`, `(` …
    Sign(&'static str),
}

const SIGNS: &[&str] = &["==", "!=", "<=", ">=", "<", ">", "+", "-", "(", ")", ","];
/// Words and signs of one condition; more is no condition that a person can read.
const MOST_TOKENS: usize = 400;

/// Splits a condition. Ranges are bytes within it.
///
/// # Errors
/// The first sign that is none, with what to write instead.
pub fn lex(source: &str) -> Result<Vec<(Token, Range<usize>)>, Problem> {
    let mut tokens: Vec<(Token, Range<usize>)> = Vec::new();
    let mut at = 0;
    while let Some(first) = source.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = source.get(at..).unwrap_or("");
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        if first == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        if tokens.len() >= MOST_TOKENS {
            let problem = Problem::new(codes::CONDITION, at..source.len(), "this condition is too long to be read", "cut it here");
            return Err(problem.help("set a part of it by `set:` in a step before, and use its name"));
        }
        let (token, length) = if first == '\'' {
            quoted(rest, at)?
        } else if first.is_ascii_digit() {
            number(rest, at)?
        } else if first.is_alphabetic() || first == '_' {
            word(rest)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err(no_sign(rest, first, at));
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    Ok(tokens)
}

fn quoted(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    let text = rest.get(1..).unwrap_or("");
    match text.find('\'') {
        Some(end) => Ok((Token::Text(text.get(..end).unwrap_or("").to_owned()), end + 2)),
        None => Err(Problem::new(codes::CONDITION, at..at + rest.len(), "a text in quotes does not end", "it begins here")
            .help("close it with `'`")),
    }
}

/// Letters, digits, `_` and `.`; a `-` only between letters, as in names of flows.
fn word(rest: &str) -> (Token, usize) {
    let mut length = 0;
    let mut chars = rest.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next_is_letter = chars.peek().is_some_and(|(_, next)| next.is_alphabetic());
        if c.is_alphanumeric() || c == '_' || (c == '.' && next_is_letter) || (c == '-' && next_is_letter && at > 0) {
            length = at + c.len_utf8();
        } else {
            break;
        }
    }
    (Token::Word(rest.get(..length).unwrap_or("").to_owned()), length)
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Problem> {
    if let Some(date) = rest.get(..10).filter(|date| date.as_bytes().get(4) == Some(&b'-')) {
        return match date.parse() {
            Ok(date) => Ok((Token::Date(date), 10)),
            Err(_) => Err(Problem::new(codes::CONDITION, at..at + 10, "there is no such day", "not in the calendar")
                .help("write year, month and day, as in `2026-03-02`")),
        };
    }
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
    let written = rest.get(..digits).unwrap_or("").trim_end_matches('.');
    let Ok(value) = written.parse::<f64>() else {
        return Err(Problem::new(codes::CONDITION, at..at + digits, "this is no number", "not a number").help("write it as in `38.5`"));
    };
    let after = rest.get(written.len()..).unwrap_or("");
    let unit_start = after.trim_start_matches(' ');
    let blanks = after.len() - unit_start.len();
    if let Some(degrees) = unit_start.strip_prefix('°').and_then(|unit| unit.chars().next()) {
        let length = written.len() + blanks + "°".len() + degrees.len_utf8();
        match degrees {
            'C' => return Ok((Token::Celsius(value), length)),
            'F' => return Ok((Token::Celsius((value - 32.0) * 5.0 / 9.0), length)),
            _ => {}
        }
    }
    let unit_length = unit_start.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(unit_start.len());
    let days = match unit_start.get(..unit_length).unwrap_or("") {
        "minute" | "minutes" => Some(value / 1_440.0),
        "hour" | "hours" => Some(value / 24.0),
        "day" | "days" => Some(value),
        "week" | "weeks" => Some(value * 7.0),
        _ => None,
    };
    match days {
        Some(days) => Ok((Token::Days(days), written.len() + blanks + unit_length)),
        None => Ok((Token::Number(value), written.len())),
    }
}

fn no_sign(rest: &str, first: char, at: usize) -> Problem {
    let (length, help) = match first {
        '=' => (1, "write `==` to compare"),
        '&' => (rest.len() - rest.trim_start_matches('&').len(), "write `and`"),
        '|' => (rest.len() - rest.trim_start_matches('|').len(), "write `or`"),
        '!' => (1, "write `not`"),
        '"' | '“' | '”' | '‘' | '’' => (first.len_utf8(), "write texts in straight single quotes, as in `'text'`"),
        '{' => (1, "write the name without braces"),
        '≥' => (first.len_utf8(), "write `>=`"),
        '≤' => (first.len_utf8(), "write `<=`"),
        '≠' => (first.len_utf8(), "write `!=`"),
        _ => (first.len_utf8(), "remove it"),
    };
    Problem::new(codes::CONDITION, at..at + length, format!("`{first}` means nothing in a condition"), "not part of the language")
        .help(help)
}
