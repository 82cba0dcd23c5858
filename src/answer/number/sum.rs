//! How the words of a number add up: two million, three hundred and forty-seven thousand.

use crate::answer::words::Words;

/// Adds up the words of a number: parts in falling order of their scales.
pub struct Sum<'w> {
    parts: Vec<f64>,
    group: f64,
    open: bool,
    words: &'w Words,
}

impl<'w> Sum<'w> {
    /// Begins with a value; with NaN before the first.
    pub fn begin(value: f64, words: &'w Words) -> Self {
        if value.is_nan() {
            Self { parts: Vec::new(), group: 0.0, open: false, words }
        } else {
            Self { parts: Vec::new(), group: value, open: true, words }
        }
    }

    /// Adds a value where the one before leaves room for it: twenty-three, not three-twenty.
    pub fn add(&mut self, value: f64) -> bool {
        let style = &self.words.style;
        let room = if !self.open {
            self.parts.last().is_none_or(|last| value < *last) && value < self.room()
        } else if value >= 100.0 {
            false
        } else if self.group >= 100.0 && self.group % 100.0 == 0.0 {
            true
        } else {
            let tens = self.group % 100.0;
            (tens >= 20.0 && tens % 10.0 == 0.0 && value < 10.0 && value > 0.0)
                || (style.twenties && (tens - 60.0).abs() < 0.5 && value < 20.0)
                || (style.twenties && (tens - 80.0).abs() < 0.5 && value < 20.0)
                || (style.units_first && tens < 10.0 && tens > 0.0 && value >= 20.0 && value % 10.0 == 0.0)
        };
        if room {
            self.group += value;
            self.open = true;
        }
        room
    }

    /// What may still be added below the last scale.
    fn room(&self) -> f64 {
        let Some(last) = self.parts.last() else { return f64::INFINITY };
        let mut scale = 1.0;
        while last % (scale * 10.0) == 0.0 && scale < 1e15 {
            scale *= 10.0;
        }
        scale
    }

    /// Multiplies what stands below a scale; false where the scale cannot follow.
    pub fn scale(&mut self, scale: f64) -> bool {
        if self.open && self.group >= scale && self.group % 100.0 == 0.0 && scale < 1_000.0 {
            return false;
        }
        let mut below = if self.open { self.group } else { 0.0 };
        let mut any = self.open;
        while self.parts.last().is_some_and(|last| *last < scale) {
            below += self.parts.pop().unwrap_or(0.0);
            any = true;
        }
        if !any && self.parts.last().is_some_and(|last| *last >= scale && scale >= 1_000.0 && *last < scale * 1_000.0) && !self.open {
            // "lakh crore": a scale of a scale
            below = self.parts.pop().unwrap_or(1.0);
            any = true;
        }
        self.parts.push(if any { below * scale } else { scale });
        self.group = 0.0;
        self.open = false;
        true
    }

    /// "A half" behind a scale is half of that scale ("three million and a half"), else half of one.
    pub fn part(&mut self, part: f64) {
        let of = if self.open { 1.0 } else { self.room() };
        self.group += part * if of.is_finite() && of >= 1_000.0 { of } else { 1.0 };
        self.open = true;
    }

    /// The sum so far.
    pub fn total(&self) -> f64 {
        self.parts.iter().sum::<f64>() + if self.open { self.group } else { 0.0 }
    }
}
