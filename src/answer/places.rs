//! Numbers written by digits and places, without spaces: 四百五 is 450, 二十三 is 23, 二零零四 is 2004.

use super::{
    normalise::{Kind, Tokens},
    number::Found,
    words::{DateWord, NumberWord, Words},
};

/// The number that begins at a token.
pub fn at_place(tokens: &Tokens, at: usize, words: &Words) -> Option<Found> {
    if roughly(tokens, at, words) || at > 0 && roughly(tokens, at - 1, words) {
        return None;
    }
    let mut reader = Reader::default();
    let mut n = 0;
    while at + n < tokens.len() && (n == 0 || !tokens.breaks(at + n) || decimal_sign(tokens, at + n)) {
        let mut taken = 1;
        let accepted = match tokens.kind(at + n) {
            Some(Kind::Digits) => {
                if decimal_sign(tokens, at + n) && n > 0 {
                    reader.fraction(tokens.text(at + n))
                } else {
                    reader.number(tokens.text(at + n))
                }
            }
            Some(Kind::Word) => match words.number.find(tokens, at + n) {
                Some(found) => {
                    taken = found.tokens;
                    match found.meaning {
                        NumberWord::Value(value) => reader.digit(value),
                        NumberWord::Scale(scale) => reader.scale(scale),
                        NumberWord::Point if n > 0 => reader.point(),
                        NumberWord::Part(part) => reader.part(part),
                        NumberWord::And if n > 0 => true,
                        NumberWord::And
                        | NumberWord::Point
                        | NumberWord::Ordinal(_)
                        | NumberWord::Minus
                        | NumberWord::A
                        | NumberWord::Counted
                        | NumberWord::Fraction
                        | NumberWord::Share(_)
                        | NumberWord::PartsOf
                        | NumberWord::Divide
                        | NumberWord::Bound
                        | NumberWord::BoundBehind
                        | NumberWord::Plus
                        | NumberWord::Vague
                        | NumberWord::Before(_)
                        | NumberWord::Becoming
                        | NumberWord::Over => false,
                    }
                }
                None => false,
            },
            Some(Kind::Emoji) | None => false,
        };
        if !accepted {
            break;
        }
        n += taken;
    }
    if reader.last_scale > 0.0 && n > 1 && two_in_a_row(tokens, at + n - 1, words) {
        return None; // 三十八九度: 38 or 39
    }
    if n == 1 && matches!(words.number.find(tokens, at).map(|f| f.meaning), Some(NumberWord::Scale(scale)) if scale > 10.0) {
        return None; // 万 alone is no number
    }
    let value = reader.total()?;
    Some(Found { value, tokens: n, digits: reader.only_digits, ordinal: false, mended: false, plain: reader.only_digits && n == 1 })
}

/// 三四天, "three or four days": two digits in signs that follow each other, and something counted behind them.
fn roughly(tokens: &Tokens, at: usize, words: &Words) -> bool {
    let glued = at == 0 || !tokens.glued(at) || digit(tokens, at - 1, words).is_none();
    let counts = matches!(words.number.find(tokens, at + 2).map(|f| f.meaning), Some(NumberWord::Counted | NumberWord::Scale(_)))
        || matches!(words.date.find(tokens, at + 2).map(|f| f.meaning), Some(DateWord::Unit(_)))
        || words.temperature.find(tokens, at + 2).is_some();
    glued && counts && two_in_a_row(tokens, at, words)
}

fn digit(tokens: &Tokens, at: usize, words: &Words) -> Option<f64> {
    match words.number.find(tokens, at).map(|f| f.meaning) {
        Some(NumberWord::Value(value)) if (1.0..10.0).contains(&value) => Some(value),
        _ => None,
    }
}

/// Two digits in signs, written together, the second one more than the first.
fn two_in_a_row(tokens: &Tokens, at: usize, words: &Words) -> bool {
    let (Some(first), Some(second)) = (digit(tokens, at, words), digit(tokens, at + 1, words)) else { return false };
    tokens.glued(at + 1) && (second - first - 1.0).abs() < f64::EPSILON
}

fn decimal_sign(tokens: &Tokens, at: usize) -> bool {
    tokens.between(at) == "." && tokens.kind(at) == Some(Kind::Digits)
}

/// Takes digits and places from left to right.
struct Reader {
    /// Finished parts above the open one, each with its scale.
    above: f64,
    /// What is summed since the last scale of 10,000 or more.
    section: f64,
    /// The digit that waits for its place.
    waiting: Option<f64>,
    /// Digits in a row without places: a year, a number read out.
    row: Option<String>,
    last_scale: f64,
    zero: bool,
    decimals: Option<String>,
    any: bool,
    only_digits: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            above: 0.0,
            section: 0.0,
            waiting: None,
            row: None,
            last_scale: 0.0,
            zero: false,
            decimals: None,
            any: false,
            only_digits: true,
        }
    }
}

impl Reader {
    fn number(&mut self, text: &str) -> bool {
        if let Some(decimals) = &mut self.decimals {
            decimals.push_str(text);
            return true;
        }
        if self.waiting.is_some() {
            return false;
        }
        self.any = true;
        self.waiting = text.parse().ok();
        self.waiting.is_some()
    }

    fn fraction(&mut self, text: &str) -> bool {
        let Some(waiting) = self.waiting else { return false };
        if self.decimals.is_some() || waiting.fract() != 0.0 {
            return false;
        }
        self.waiting = format!("{waiting}.{text}").parse().ok();
        self.waiting.is_some()
    }

    fn digit(&mut self, value: f64) -> bool {
        self.only_digits = false;
        self.any = true;
        if let Some(decimals) = &mut self.decimals {
            if value >= 10.0 {
                return false;
            }
            decimals.push_str(&value.to_string());
            return true;
        }
        // 廿一: tens in one sign
        if value >= 10.0 {
            if self.waiting.is_some() || self.section > 0.0 && self.last_scale < 100.0 {
                return false;
            }
            self.section += value;
            self.last_scale = 10.0;
            return true;
        }
        if value == 0.0 && self.last_scale > 0.0 && self.waiting.is_none() && self.row.is_none() {
            self.zero = true;
            return true;
        }
        if let Some(waiting) = self.waiting {
            // a second digit without a place between: a row of digits, only from the start of the number
            if self.last_scale > 0.0 || waiting >= 10.0 {
                return false;
            }
            let row = self.row.get_or_insert_with(|| waiting.to_string());
            if row.len() >= 15 {
                return false;
            }
            row.push_str(&value.to_string());
            self.waiting = row.parse().ok().filter(|v: &f64| *v >= 0.0).map(|v| v.min(9.0));
            return true;
        }
        self.waiting = Some(value);
        true
    }

    fn scale(&mut self, scale: f64) -> bool {
        if self.row.is_some() || self.decimals.is_some() {
            return false;
        }
        self.only_digits = false;
        // 五十千 is no number: a place above one already written
        if scale < 10_000.0 && self.section > 0.0 && scale > self.last_scale && self.last_scale < 10_000.0 && scale != 12.0 {
            return false;
        }
        if scale == 12.0 {
            self.section = (self.section + self.waiting.take().unwrap_or(0.0)).max(1.0) * scale;
        } else if scale < 10_000.0 {
            if self.waiting.is_none() && scale > 10.0 && !self.any {
                // 百三: a hundred without its one
                self.waiting = Some(1.0);
            }
            self.section += self.waiting.take().unwrap_or(1.0) * scale;
        } else {
            let below = self.section + self.waiting.take().unwrap_or(0.0);
            if below == 0.0 && self.above == 0.0 {
                return false;
            }
            if below == 0.0 {
                self.above *= scale;
            } else if self.above > 0.0 && self.above < scale {
                self.above = (self.above + below) * scale;
            } else {
                self.above += below * scale;
            }
            self.section = 0.0;
        }
        self.any = true;
        self.last_scale = scale;
        self.zero = false;
        true
    }

    fn point(&mut self) -> bool {
        if self.decimals.is_some() || !self.any {
            return false;
        }
        self.only_digits = false;
        self.decimals = Some(String::new());
        true
    }

    fn part(&mut self, part: f64) -> bool {
        if self.decimals.is_some() {
            return false;
        }
        self.only_digits = false;
        self.section += self.waiting.take().unwrap_or(0.0) + part;
        self.any = true;
        self.last_scale = 0.0;
        self.zero = true;
        true
    }

    fn total(&self) -> Option<f64> {
        if !self.any {
            return None;
        }
        if let Some(row) = &self.row {
            return row.parse().ok();
        }
        let mut last = self.waiting.unwrap_or(0.0);
        // 四百五: the digit takes the next lower place, unless a nought stands between
        if self.last_scale >= 100.0 && !self.zero && last < 10.0 && last.fract() == 0.0 && !self.only_digits {
            last *= self.last_scale / 10.0;
        }
        let whole = self.above + self.section + last;
        match &self.decimals {
            Some(decimals) if !decimals.is_empty() => format!("{whole}.{decimals}").parse().ok(),
            _ => Some(whole),
        }
    }
}
