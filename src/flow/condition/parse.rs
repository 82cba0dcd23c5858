//! From words to a tree, before names are known.
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | compare
//! compare = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in") sum
//!               | "is" ["not"] ("none" | "answered" | "missing" | "reached") | "holds" ]
//! sum     = value { ("+" | "-") value }
//! value   = number | date | duration | 'text' | name | ("any" | "all") "(" name "," or ")" | ("days_since" | "age_of") "(" sum ")" | "(" or ")"
//! ```

use std::ops::Range;

use super::{
    Arithmetic, Comparison, Datum, Logic, Quantifier,
    lex::{Token, lex},
};
use crate::flow::{codes, diagnostic::Problem};

/// A part of a condition with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Bytes within the condition.
    pub range: Range<usize>,
    /// What it is.
    pub kind: PartKind,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq)]
pub enum PartKind {
    /// A literal other than yes, no, unsure.
    Literal(Datum),
    /// `38 °C`: a number that only a temperature may be compared with.
    Celsius(f64),
    /// A name, an option, `yes`, `no`, `unsure`, `none`, `today`.
    Word(String),
    /// `not x`
    Not(Box<Part>),
    /// `x and y`
    Logic(Logic, Box<Part>, Box<Part>),
    /// `x == y`
    Compare(Comparison, Box<Part>, Box<Part>),
    /// `x in y`, `x not in y`
    In {
        /// `not in`
        not: bool,
        /// The option.
        item: Box<Part>,
        /// The list.
        list: Box<Part>,
    },
    /// `x is none`, `x is not answered` …
    Is {
        /// `is not`
        not: bool,
        /// `none`, `answered`, `missing`, `reached`
        what: &'static str,
        /// What it is said of.
        of: Box<Part>,
    },
    /// `x holds`
    Holds(Box<Part>),
    /// `x + y`
    Arithmetic(Arithmetic, Box<Part>, Box<Part>),
    /// `any(list, condition)`
    Quantified(Quantifier, Box<Part>, Box<Part>),
    /// `days_since(x)`, `age_of(x)`
    Function(Function, Box<Part>),
}

/// Functions of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `days_since`
    DaysSince,
    /// `age_of`
    AgeOf,
}

/// Brackets within brackets; more is no condition that a person can read.
const DEEPEST: usize = 32;

/// Reads a condition or a value.
///
/// # Errors
/// The first place where it cannot be read, with what to write instead.
pub fn parse(source: &str) -> Result<Part, Problem> {
    let last = source.char_indices().next_back().map_or(0, |(at, _)| at);
    let mut parser = Parser { tokens: lex(source)?, at: 0, last, end: source.len(), depth: 0 };
    let part = parser.or()?;
    match parser.peek() {
        None => Ok(part),
        Some(_) => Err(parser.unexpected("`and` or `or` is missing before this, or a bracket is too many")),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    /// Where the last letter begins.
    last: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn peek_word(&self, ahead: usize) -> Option<&str> {
        match self.tokens.get(self.at + ahead) {
            Some((Token::Word(word), _)) => Some(word),
            _ => None,
        }
    }

    fn range(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, range)| range.clone())
    }

    fn word(&mut self, word: &str) -> bool {
        let is = self.peek_word(0) == Some(word);
        self.at += usize::from(is);
        is
    }

    fn sign(&mut self, sign: &str) -> bool {
        let is = matches!(self.peek(), Some(Token::Sign(s)) if *s == sign);
        self.at += usize::from(is);
        is
    }

    fn unexpected(&self, help: &str) -> Problem {
        let range = self.range();
        match self.peek() {
            None => Problem::new(codes::CONDITION, self.last..self.end, "the condition stops too early", "something is missing after this"),
            Some(_) => Problem::new(codes::CONDITION, range, "this does not belong here", "not understood here"),
        }
        .help(help)
    }

    fn or(&mut self) -> Result<Part, Problem> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Problem::new(codes::CONDITION, self.range(), "too many brackets within brackets", "too deep here")
                .help("set a part of it by `set:` in a step before, and use its name"));
        }
        let mut left = self.and()?;
        while self.word("or") {
            let right = self.and()?;
            left = joined(left, right, |l, r| PartKind::Logic(Logic::Or, l, r));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn and(&mut self) -> Result<Part, Problem> {
        let mut left = self.not()?;
        while self.word("and") {
            let right = self.not()?;
            left = joined(left, right, |l, r| PartKind::Logic(Logic::And, l, r));
        }
        Ok(left)
    }

    fn not(&mut self) -> Result<Part, Problem> {
        let mut starts = Vec::new();
        loop {
            let start = self.range().start;
            if !self.word("not") {
                break;
            }
            starts.push(start);
        }
        let mut part = self.compare()?;
        for start in starts.into_iter().rev() {
            part = Part { range: start..part.range.end, kind: PartKind::Not(Box::new(part)) };
        }
        Ok(part)
    }

    fn compare(&mut self) -> Result<Part, Problem> {
        let left = self.sum()?;
        let comparison = match self.peek() {
            Some(Token::Sign("==")) => Some(Comparison::Equal),
            Some(Token::Sign("!=")) => Some(Comparison::NotEqual),
            Some(Token::Sign("<")) => Some(Comparison::Less),
            Some(Token::Sign("<=")) => Some(Comparison::LessOrEqual),
            Some(Token::Sign(">")) => Some(Comparison::Greater),
            Some(Token::Sign(">=")) => Some(Comparison::GreaterOrEqual),
            _ => None,
        };
        if let Some(comparison) = comparison {
            self.at += 1;
            let right = self.sum()?;
            return Ok(joined(left, right, |l, r| PartKind::Compare(comparison, l, r)));
        }
        let not_in = self.peek_word(0) == Some("not") && self.peek_word(1) == Some("in");
        if not_in || self.peek_word(0) == Some("in") {
            self.at += 1 + usize::from(not_in);
            let right = self.sum()?;
            return Ok(joined(left, right, |item, list| PartKind::In { not: not_in, item, list }));
        }
        let end = self.range().end;
        if self.word("holds") {
            return Ok(Part { range: left.range.start..end, kind: PartKind::Holds(Box::new(left)) });
        }
        if self.word("is") {
            let not = self.word("not");
            let end = self.range().end;
            for what in ["none", "answered", "missing", "reached"] {
                if self.word(what) {
                    return Ok(Part { range: left.range.start..end, kind: PartKind::Is { not, what, of: Box::new(left) } });
                }
            }
            return Err(
                self.unexpected("after `is` stands `none`, `answered` or `missing`, with `not` before it if need be; compare with `==`")
            );
        }
        Ok(left)
    }

    fn sum(&mut self) -> Result<Part, Problem> {
        let mut left = self.value()?;
        loop {
            let operation = if self.sign("+") {
                Arithmetic::Plus
            } else if self.sign("-") {
                Arithmetic::Minus
            } else {
                return Ok(left);
            };
            let right = self.value()?;
            left = joined(left, right, |l, r| PartKind::Arithmetic(operation, l, r));
        }
    }

    fn value(&mut self) -> Result<Part, Problem> {
        let range = self.range();
        let literal = |datum| Part { range: range.clone(), kind: PartKind::Literal(datum) };
        let part = match self.peek().cloned() {
            Some(Token::Number(number)) => literal(Datum::Number(number)),
            Some(Token::Days(days)) => literal(Datum::Days(days)),
            Some(Token::Date(date)) => literal(Datum::Date(date)),
            Some(Token::Text(text)) => literal(Datum::Text(text)),
            Some(Token::Celsius(degrees)) => Part { range: range.clone(), kind: PartKind::Celsius(degrees) },
            Some(Token::Sign("(")) => {
                self.at += 1;
                let mut inner = self.or()?;
                let end = self.range().end;
                if !self.sign(")") {
                    return Err(self.unexpected("close the bracket with `)`"));
                }
                inner.range = range.start..end;
                return Ok(inner);
            }
            Some(Token::Sign(_)) | None => return Err(self.unexpected("a name, a number, a day or a text in `'…'` belongs here")),
            Some(Token::Word(word)) => {
                if matches!(word.as_str(), "and" | "or" | "not" | "in" | "is" | "holds") {
                    return Err(self.unexpected("a name, a number, a day or a text in `'…'` belongs here"));
                }
                self.at += 1;
                if self.sign("(") {
                    return self.call(&word, range);
                }
                return Ok(Part { range, kind: PartKind::Word(word) });
            }
        };
        self.at += 1;
        Ok(part)
    }

    fn call(&mut self, name: &str, range: Range<usize>) -> Result<Part, Problem> {
        let kind = match name {
            "any" | "all" => {
                let list_range = self.range();
                let Some(list) = self.peek_word(0).map(str::to_owned) else {
                    return Err(self.unexpected("write the group's name first, as in `any(contacts, last >= window.start)`"));
                };
                self.at += 1;
                if !self.sign(",") {
                    return Err(self.unexpected("write a comma and the condition after the group's name"));
                }
                let condition = self.or()?;
                let quantifier = if name == "any" { Quantifier::Any } else { Quantifier::All };
                let list = Part { range: list_range, kind: PartKind::Word(list) };
                PartKind::Quantified(quantifier, Box::new(list), Box::new(condition))
            }
            "days_since" | "age_of" => {
                let function = if name == "age_of" { Function::AgeOf } else { Function::DaysSince };
                PartKind::Function(function, Box::new(self.sum()?))
            }
            _ => {
                let known = ["any", "all", "days_since", "age_of"];
                let help = crate::flow::diagnostic::did_you_mean(name, known)
                    .unwrap_or_else(|| "there are `any`, `all`, `days_since` and `age_of`".to_owned());
                return Err(Problem::new(codes::CONDITION, range, format!("there is no `{name}(…)`"), "not known").help(help));
            }
        };
        let end = self.range().end;
        if !self.sign(")") {
            return Err(self.unexpected("close the bracket with `)`"));
        }
        Ok(Part { range: range.start..end, kind })
    }
}

fn joined(left: Part, right: Part, kind: impl FnOnce(Box<Part>, Box<Part>) -> PartKind) -> Part {
    Part { range: left.range.start..right.range.end, kind: kind(Box::new(left), Box::new(right)) }
}
