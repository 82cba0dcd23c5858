//! A reply as tokens: folded, so that what a thumb varies (case, accents, curly quotes, other scripts' digits) no longer differs.
//!
//! In: the reply as typed. Out: [`Tokens`]: words, runs of digits and emoji in order, each with its place in the reply as typed, and what
//! stood between them. Chinese, Japanese and Thai letters are tokens of their own, because nothing separates their words. The words of
//! each language's data go through the same folding, so both sides always agree. One pass, linear in the length of the reply.

use unicode_normalization::char::decompose_compatible;

use crate::base::limit;

/// What a token is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Letters and their marks.
    Word,
    /// ASCII digits, whatever script they were typed in.
    Digits,
    /// One emoji, without skin tone or variation.
    Emoji,
}

/// One token: where it stands in the folded text and in the reply as typed.
#[derive(Clone, Copy, Debug)]
pub struct Token {
    /// What it is made of.
    pub kind: Kind,
    start: usize,
    end: usize,
    raw_start: usize,
    raw_end: usize,
    /// Whether a clause ends before it: a full stop, comma, line break, bracket.
    pub breaks: bool,
}

/// A reply, folded and cut into tokens.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    folded: String,
    list: Vec<Token>,
    /// Whether a question mark stands anywhere.
    pub asks: bool,
}

impl Tokens {
    /// Folds and cuts a reply; reads no more than [`limit::REPLY_READ_CHARS`] characters.
    pub fn of(reply: &str) -> Self {
        let mut builder = Builder::new(reply.len().min(limit::REPLY_READ_CHARS * 4));
        for (at, c) in reply.char_indices().take(limit::REPLY_READ_CHARS) {
            builder.push(at, c);
        }
        builder.finish()
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The folded text of a token; empty past the end.
    pub fn text(&self, at: usize) -> &str {
        self.list.get(at).and_then(|t| self.folded.get(t.start..t.end)).unwrap_or("")
    }

    /// The kind of a token.
    pub fn kind(&self, at: usize) -> Option<Kind> {
        self.list.get(at).map(|t| t.kind)
    }

    /// What stands between the token before and this one, folded; what stands before the first, or after the last for `len()`.
    pub fn between(&self, at: usize) -> &str {
        let from = if at == 0 { 0 } else { self.list.get(at - 1).map_or(self.folded.len(), |t| t.end) };
        let to = self.list.get(at).map_or(self.folded.len(), |t| t.start);
        self.folded.get(from..to).unwrap_or("")
    }

    /// Whether a clause ends before the token; the end of the reply ends one too.
    pub fn breaks(&self, at: usize) -> bool {
        self.list.get(at).is_none_or(|t| t.breaks)
    }

    /// The same with some words cut into several: `cut` gives the lengths in bytes of a word's parts, nothing for a word to be left whole. `None`
    /// where no word is cut. Each part stands where the whole word does in the reply as typed.
    pub fn cut(&self, cut: impl Fn(usize) -> Vec<usize>) -> Option<Self> {
        let mut list = Vec::with_capacity(self.list.len() + 4);
        for (at, token) in self.list.iter().enumerate() {
            let parts = cut(at);
            let mut from = token.start;
            for (nth, length) in parts.iter().enumerate() {
                let end = (from + length).min(token.end);
                list.push(Token { start: from, end, breaks: token.breaks && nth == 0, ..*token });
                from = end;
            }
            if parts.is_empty() {
                list.push(*token);
            }
        }
        (list.len() > self.list.len()).then(|| Self { folded: self.folded.clone(), list, asks: self.asks })
    }

    /// Whether nothing stands between the token and the one before.
    pub fn glued(&self, at: usize) -> bool {
        at > 0 && at < self.len() && self.between(at).is_empty()
    }

    /// The reply as typed from one token to another, the last exclusive. `raw` must be the reply that the tokens were made of.
    pub fn raw<'r>(&self, raw: &'r str, from: usize, to: usize) -> &'r str {
        if from >= to {
            return "";
        }
        match (self.list.get(from), self.list.get(to - 1)) {
            (Some(first), Some(last)) => raw.get(first.raw_start..last.raw_end).unwrap_or(""),
            _ => "",
        }
    }

    /// All folded texts in order.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.text(at))
    }

    /// All folded texts joined by spaces: the form in which phrases are compared whole.
    pub fn joined(&self) -> String {
        let mut out = String::with_capacity(self.folded.len());
        for text in self.texts() {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(text);
        }
        out
    }

    /// A number of at most nine digits at a token of digits.
    pub fn digits(&self, at: usize) -> Option<u32> {
        let text = self.text(at);
        if self.kind(at) != Some(Kind::Digits) || text.len() > 9 { None } else { text.parse().ok() }
    }
}

/// Folds one string as replies are folded, tokens joined by spaces.
pub fn fold(text: &str) -> String {
    Tokens::of(text).joined()
}

struct Builder {
    folded: String,
    list: Vec<Token>,
    open: Option<Token>,
    breaks: bool,
    apostrophe: bool,
    /// Whether a point stood directly before, behind a single letter.
    dot: bool,
    asks: bool,
}

impl Builder {
    fn new(capacity: usize) -> Self {
        Self {
            folded: String::with_capacity(capacity),
            list: Vec::with_capacity(12),
            open: None,
            breaks: true,
            apostrophe: false,
            dot: false,
            asks: false,
        }
    }

    fn push(&mut self, at: usize, c: char) {
        let end = at + c.len_utf8();
        // Nearly all of what is written in half of the languages.
        match c.to_ascii_lowercase() {
            digit @ '0'..='9' => return self.letter(at, end, digit, Kind::Digits),
            letter @ 'a'..='z' => return self.letter(at, end, letter, Kind::Word),
            other if other.is_ascii() => return self.separator(other),
            _ => {}
        }
        if matches!(c, 'º' | 'ª') {
            self.plain(at, end, '°'); // typed for the degree sign, or behind an ordinal
            return;
        }
        if is_vulgar_fraction(c) && self.open.is_some_and(|t| t.kind == Kind::Digits) {
            self.plain(at, at, ' ');
        }
        decompose_compatible(c, |part| {
            if is_dropped(part) {
                return;
            }
            match part {
                '\u{20e3}' => self.plain(end, end, ' '), // the end of a keycap: 2️⃣3️⃣ is two numbers
                'ß' => {
                    self.plain(at, end, 's');
                    self.plain(at, end, 's');
                }
                _ => {
                    for lower in part.to_lowercase() {
                        self.plain(at, end, plain_letter(lower));
                    }
                }
            }
        });
    }

    fn plain(&mut self, at: usize, end: usize, c: char) {
        let kind = if c.is_ascii_digit() {
            Some(Kind::Digits)
        } else if is_emoji(c) {
            Some(Kind::Emoji)
        } else if c.is_alphabetic() || is_mark(c) {
            Some(Kind::Word)
        } else {
            None
        };
        match kind {
            Some(kind) => self.letter(at, end, c, kind),
            None => self.separator(c),
        }
    }

    fn letter(&mut self, at: usize, end: usize, c: char, kind: Kind) {
        let alone = !c.is_ascii() && (kind == Kind::Emoji || stands_alone(c));
        self.dot = false;
        if self.apostrophe {
            self.apostrophe = false;
            // an apostrophe inside a word is not kept: don't, aujourd'hui
            if kind != Kind::Word || self.open.is_none() {
                self.close();
                self.folded.push('\'');
            }
        }
        if let Some(open) = &mut self.open
            && open.kind == kind
            && !alone
        {
            self.folded.push(c);
            open.end = self.folded.len();
            open.raw_end = open.raw_end.max(end);
            return;
        }
        self.close();
        let start = self.folded.len();
        self.folded.push(c);
        let token = Token { kind, start, end: self.folded.len(), raw_start: at, raw_end: end, breaks: self.breaks };
        self.breaks = false;
        if alone { self.list.push(token) } else { self.open = Some(token) }
    }

    fn separator(&mut self, c: char) {
        if matches!(c, '\'' | '’' | '‘' | 'ʼ' | '`' | '´' | '′') {
            if self.open.is_some_and(|t| t.kind == Kind::Word) {
                self.dot = false;
                self.apostrophe = true;
            } else {
                self.close();
                self.folded.push('\'');
            }
            return;
        }
        self.apostrophe = false;
        // the point of "p.m." ends no clause
        let initial = c == '.' && self.open.is_some_and(|t| t.kind == Kind::Word && t.raw_end - t.raw_start == 1);
        self.close();
        let dot = std::mem::replace(&mut self.dot, initial);
        if initial {
            self.folded.push('.');
            return;
        }
        self.folded.push(if c == '\u{2044}' { '/' } else { c });
        self.breaks |= dot
            || matches!(
                c,
                '.' | ',' | ';' | ':' | '!' | '?' | '\n' | '(' | ')' | '…' | '¡' | '¿' | '،' | '؛' | '؟' | '。' | '、' | '·' | '।' | '—'
            );
        self.asks |= matches!(c, '?' | '؟');
    }

    fn close(&mut self) {
        if let Some(token) = self.open.take() {
            self.list.push(token);
        }
    }

    fn finish(mut self) -> Tokens {
        self.close();
        Tokens { folded: self.folded, list: self.list, asks: self.asks }
    }
}

/// Marks that people leave out or that only dress a letter: accents, Arabic vowel signs, the nukta, joiners, direction marks, skin tones.
fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{610}'..='\u{61a}' | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}' | '\u{93c}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{ad}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
}

fn plain_letter(c: char) -> char {
    match c {
        '\u{660}'..='\u{669}' => digit(c, 0x660),
        '\u{6f0}'..='\u{6f9}' => digit(c, 0x6f0),
        '\u{966}'..='\u{96f}' => digit(c, 0x966),
        '\u{9e6}'..='\u{9ef}' => digit(c, 0x9e6),
        'ى' | 'ی' => 'ي',
        'ة' => 'ه',
        'ک' => 'ك',
        'ٱ' => 'ا',
        '\u{66b}' => ',',
        '\u{66c}' => '.',
        '\u{901}' => '\u{902}', // हाँ and हां
        'ı' => 'i',
        'ł' => 'l',
        'ø' => 'o',
        'đ' => 'd',
        '−' | '–' | '‐' | '‑' | '‒' => '-',
        _ => super::han::simplified(c),
    }
}

fn digit(c: char, zero: u32) -> char {
    char::from_digit(u32::from(c).saturating_sub(zero), 10).unwrap_or(c)
}

fn is_mark(c: char) -> bool {
    matches!(c, '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{955}'..='\u{957}' | '\u{962}'..='\u{963}' | '\u{981}'..='\u{983}' | '\u{9bc}'..='\u{9cd}'
        | '\u{e31}' | '\u{e34}'..='\u{e3a}' | '\u{e47}'..='\u{e4e}')
}

/// Letters of scripts that put no space between words.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{2ffff}' | '\u{3040}'..='\u{30ff}' | '〇' | '々')
}

fn is_emoji(c: char) -> bool {
    matches!(c, '\u{1f000}'..='\u{1faff}' | '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{2190}'..='\u{21ff}' | '\u{2300}'..='\u{23ff}')
}

fn is_vulgar_fraction(c: char) -> bool {
    matches!(c, '¼' | '½' | '¾' | '\u{2150}'..='\u{215f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thumb_varies_is_folded_away() {
        let cases = [
            ("  YES!! ", "yes"),
            ("Sí.", "si"),
            ("don’t", "dont"),
            ("aujourd'hui", "aujourdhui"),
            ("٣٨٫٥", "38 5"),
            ("👍🏽", "👍"),
            ("1️⃣ 3️⃣", "1 3"),
            ("2️⃣3️⃣", "2 3"),
            ("不是", "不 是"),
            ("38,5C", "38 5 c"),
            ("ﬁebre", "fiebre"),
            ("أختلف", "اختلف"),
            ("2½", "2 1 2"),
            ("'ok'", "ok"),
            ("", ""),
            ("…!?", ""),
        ];
        for (typed, folded) in cases {
            assert_eq!(fold(typed), folded, "{typed}");
        }
    }

    #[test]
    fn tokens_keep_their_place_in_the_reply_as_typed() {
        let reply = "¡Sí! Desde el MIÉRCOLES";
        let tokens = Tokens::of(reply);
        assert_eq!(tokens.raw(reply, 3, 4), "MIÉRCOLES");
        assert_eq!(tokens.raw(reply, 0, 4), "Sí! Desde el MIÉRCOLES");
        assert!(tokens.breaks(1));
        assert!(!tokens.breaks(2));
    }

    #[test]
    fn a_reply_is_read_only_so_far() {
        let long = "no ".repeat(10_000);
        assert!(Tokens::of(&long).len() <= limit::REPLY_READ_CHARS);
    }
}
