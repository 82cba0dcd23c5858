//! Phrases of a language and what each stands for: the longest that fits is found at a place in a reply in one look-up.

use rustc_hash::{FxHashMap, FxHashSet};

use super::normalise::{Kind, Tokens};

/// Phrases with their meanings.
#[derive(Clone, Debug)]
pub struct Lexicon<T> {
    by_first: FxHashMap<Box<str>, Vec<Entry<T>>>,
    /// Words that no phrase begins with.
    within: FxHashSet<Box<str>>,
    by_length: Vec<Vec<Known>>,
}

/// A word that stands in a phrase, with its [`letters`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    word: Box<str>,
    letters: u64,
}

#[derive(Clone, Debug)]
struct Entry<T> {
    rest: Box<[Box<str>]>,
    meaning: T,
}

/// What was found at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found<T> {
    /// The phrase's meaning.
    pub meaning: T,
    /// How many tokens it takes.
    pub tokens: usize,
    /// Whether a typing fault was mended to find it.
    pub mended: bool,
}

impl<T: Copy> Lexicon<T> {
    /// Builds it from phrases as written in the data. A phrase given twice keeps its first meaning.
    pub fn new<'a>(phrases: impl IntoIterator<Item = (&'a str, T)>) -> Self {
        let mut by_first: FxHashMap<Box<str>, Vec<Entry<T>>> = FxHashMap::default();
        let mut words: Vec<Box<str>> = Vec::new();
        for (phrase, meaning) in phrases {
            let tokens = Tokens::of(phrase);
            let mut texts = tokens.texts().map(Box::<str>::from);
            let Some(first) = texts.next() else { continue };
            let rest: Box<[Box<str>]> = texts.collect();
            words.push(first.clone());
            words.extend(rest.iter().cloned());
            let entries = by_first.entry(first).or_default();
            if !entries.iter().any(|e| e.rest == rest) {
                entries.push(Entry { rest, meaning });
            }
        }
        for entries in by_first.values_mut() {
            entries.sort_by_key(|e| std::cmp::Reverse(e.rest.len()));
        }
        let within = words.iter().filter(|word| !by_first.contains_key(*word)).cloned().collect();
        Self { by_first, within, by_length: group_by_length(words) }
    }

    /// The longest phrase that begins at a token. No phrase reaches over the end of a clause.
    pub fn find(&self, tokens: &Tokens, at: usize) -> Option<Found<T>> {
        self.entry(tokens, at, tokens.text(at), false)
    }

    /// As [`Self::find`], with the first word read as another: without letters that are written onto it.
    pub fn find_as(&self, tokens: &Tokens, at: usize, first: &str) -> Option<Found<T>> {
        self.entry(tokens, at, first, false)
    }

    /// The meaning of the phrase that takes exactly the tokens from one place to another.
    pub fn exactly(&self, tokens: &Tokens, at: usize, end: usize) -> Option<T> {
        let fits = |entry: &&Entry<T>| {
            entry.rest.len() + 1 == end - at
                && entry.rest.iter().zip(at + 1..).all(|(word, i)| tokens.text(i) == &**word && !tokens.breaks(i))
        };
        self.by_first.get(tokens.text(at))?.iter().find(fits).map(|entry| entry.meaning)
    }

    /// As [`Self::find`], and where nothing begins there with this word, with one typing fault mended: `yess`, `tomorow`, `siiii`.
    pub fn find_mended(&self, tokens: &Tokens, at: usize) -> Option<Found<T>> {
        if let Some(found) = self.find(tokens, at) {
            return Some(found);
        }
        let word = tokens.text(at);
        if tokens.kind(at) != Some(Kind::Word) || self.by_first.contains_key(word) {
            return None;
        }
        if let Some(short) = squeeze(word)
            && let Some(found) = self.entry(tokens, at, &short, true)
        {
            return Some(found);
        }
        let mended = self.nearest(word)?;
        self.entry(tokens, at, mended, true)
    }

    /// The word as the lexicon keeps it, if it stands in any phrase.
    pub fn known(&self, word: &str) -> Option<&str> {
        self.by_first.get_key_value(word).map(|(word, _)| word).or_else(|| self.within.get(word)).map(|word| &**word)
    }

    /// Every word that stands in a phrase.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.by_length.iter().flatten().map(|known| &*known.word)
    }

    /// Whether the word stands in any phrase.
    pub fn knows(&self, word: &str) -> bool {
        self.known(word).is_some()
    }

    /// The one known word at one typing fault from an unknown word of four letters or more; `None` where there is none, or two.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let length = word.chars().count();
        if length < 4 || self.knows(word) {
            return None;
        }
        let mask = letters(word);
        let mut best: Option<&str> = None;
        for words in self.by_length.get(length - 1..=(length + 1).min(self.by_length.len().saturating_sub(1)))?.iter() {
            for known in words.iter().filter(|w| may_be_within(mask, w.letters, 1) && w.word.len() >= 4) {
                if one_fault_apart(word, &known.word) {
                    if best.is_some_and(|b| b != &*known.word) {
                        return None;
                    }
                    best = Some(&known.word);
                }
            }
        }
        best
    }

    /// What the phrases mean that end directly before a token, of at most so many words.
    pub fn ending(&self, tokens: &Tokens, at: usize, words: usize) -> impl Iterator<Item = T> {
        (at.saturating_sub(words)..at).filter_map(move |from| self.find(tokens, from).filter(|f| from + f.tokens == at)).map(|f| f.meaning)
    }

    /// What a word alone means.
    pub fn meaning(&self, word: &str) -> Option<T> {
        self.by_first.get(word)?.iter().find(|e| e.rest.is_empty()).map(|e| e.meaning)
    }

    /// Whether a word alone is a phrase.
    pub fn is_phrase(&self, word: &str) -> bool {
        self.meaning(word).is_some()
    }

    fn entry(&self, tokens: &Tokens, at: usize, first: &str, mended: bool) -> Option<Found<T>> {
        for entry in self.by_first.get(first)? {
            let fits = entry.rest.iter().zip(at + 1..).all(|(word, i)| tokens.text(i) == &**word && !tokens.breaks(i));
            if fits {
                return Some(Found { meaning: entry.meaning, tokens: 1 + entry.rest.len(), mended });
            }
        }
        None
    }
}

fn group_by_length(mut words: Vec<Box<str>>) -> Vec<Vec<Known>> {
    words.sort();
    words.dedup();
    let mut groups: Vec<Vec<Known>> = Vec::new();
    for word in words {
        let length = word.chars().count();
        if groups.len() <= length {
            groups.resize(length + 1, Vec::new());
        }
        if let Some(group) = groups.get_mut(length) {
            group.push(Known { letters: letters(&word), word });
        }
    }
    groups
}

/// Letters typed three times or more, brought down to one: `yesss`, `noooo`. `None` where there are none.
pub fn squeeze(word: &str) -> Option<String> {
    let mut out = String::with_capacity(word.len());
    let mut run = 0_u32;
    let mut last = None;
    let mut squeezed = false;
    for c in word.chars() {
        if last == Some(c) {
            run += 1;
        } else {
            run = 1;
        }
        if run == 3 {
            squeezed = true;
            out.pop();
        }
        if run <= 2 {
            out.push(c);
        }
        last = Some(c);
    }
    squeezed.then_some(out)
}

/// Which letters a word has, one bit each; letters other than a–z share bits.
pub fn letters(word: &str) -> u64 {
    word.chars().fold(0, |mask, c| mask | 1 << (u32::from(c) % 64))
}

/// Turns away at once most words that are more faults apart: a fault changes two letters at the most.
pub const fn may_be_within(a: u64, b: u64, faults: u32) -> bool {
    // Counting all letters costs more than taking away as many as there may be.
    let (mut differ, mut n) = (a ^ b, 0);
    while n < faults * 2 {
        differ &= differ.wrapping_sub(1);
        n += 1;
    }
    differ == 0
}

/// Whether two words differ by one letter put in, left out, changed, or by two neighbours exchanged.
pub fn one_fault_apart(a: &str, b: &str) -> bool {
    let (short, long) = if a.chars().count() <= b.chars().count() { (a, b) } else { (b, a) };
    let head = short.chars().zip(long.chars()).take_while(|(x, y)| x == y).map(|(x, _)| x.len_utf8()).sum::<usize>();
    let (Some(s), Some(l)) = (short.get(head..), long.get(head..)) else { return false };
    let (mut s_rest, mut l_rest) = (s.chars(), l.chars());
    let (x, y) = (s_rest.next(), l_rest.next());
    match (x, y) {
        (None, None) => false,
        (None, Some(_)) => l_rest.next().is_none(),
        _ => {
            if s == l_rest.as_str() || s_rest.as_str() == l_rest.as_str() {
                return true;
            }
            let (x2, y2) = (s_rest.next(), l_rest.next());
            x == y2 && x2 == y && x2.is_some() && s_rest.as_str() == l_rest.as_str()
        }
    }
}

/// The number of typing faults between two words, at most `most`; `None` where there are more.
pub fn faults(a: &str, b: &str, most: usize) -> Option<usize> {
    if a == b {
        return Some(0);
    }
    let apart = u32::try_from(most).unwrap_or(u32::MAX / 2);
    if most == 0 || a.chars().count().abs_diff(b.chars().count()) > most || !may_be_within(letters(a), letters(b), apart) {
        return None;
    }
    if one_fault_apart(a, b) {
        return Some(1);
    }
    if most < 2 || a.len() > 40 || b.len() > 40 {
        return None;
    }
    let distance = strsim::osa_distance(a, b);
    (distance <= most).then_some(distance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_phrase_wins_and_stays_within_a_clause() {
        let lexicon = Lexicon::new([("no", 1), ("no idea", 2), ("not sure", 3)]);
        let at = |text: &str| lexicon.find_mended(&Tokens::of(text), 0).map(|f| (f.meaning, f.tokens, f.mended));
        assert_eq!(at("no idea"), Some((2, 2, false)));
        assert_eq!(at("no, idea"), Some((1, 1, false)));
        assert_eq!(at("nooo"), Some((1, 1, true)));
        assert_eq!(at("not sure"), Some((3, 2, false)));
        assert_eq!(at("knot"), None);
    }

    #[test]
    fn one_fault_is_a_letter_more_less_other_or_exchanged() {
        for (a, b, near) in [
            ("yesterday", "yestarday", true),
            ("yesterday", "yesteday", true),
            ("yesterday", "yesterdday", true),
            ("yesterday", "yesetrday", true),
            ("yesterday", "yestrdy", false),
            ("ayer", "ayre", true),
            ("hier", "hier", false),
            ("ab", "ba", true),
        ] {
            assert_eq!(one_fault_apart(a, b), near, "{a} {b}");
        }
    }
}
