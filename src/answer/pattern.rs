//! Patterns over the words of a reply: what the emergency lexicon and the questions back are written in.
//!
//! A pattern is words in order: `cant|cannot|couldnt * breath~|breathe`. `|` separates alternatives, `~` at the end stands for any
//! ending, `*` for up to three words of any kind, `?` at the end makes a word optional, `^` and `$` stand where a clause begins and ends; `@name`
//! is a class of words (`words/classes.rs`). Words of the reply that the patterns do not know are mended by one typing fault (two in words of eight letters or more). No pattern reaches over a full stop, but over a comma: dictation and
//! hurry put commas anywhere. The cost is linear in the reply: gaps and patterns have fixed lengths.

use rustc_hash::FxHashMap;

use super::{
    lexicon::{Lexicon, faults, letters, may_be_within, squeeze},
    normalise::{Kind, Tokens, fold},
};

/// Words that `*` may stand for.
const GAP: usize = 3;

/// Letters of a word that may be several run together.
const RUN_TOGETHER: std::ops::RangeInclusive<usize> = 7..=30;

/// Compiled patterns.
#[derive(Debug)]
pub struct Patterns {
    patterns: Vec<Vec<Element>>,
    /// The words of the patterns, numbered from 1: a number is compared faster than a word.
    numbers: FxHashMap<Box<str>, u32>,
    /// Patterns by the number of a word that they begin with.
    by_word: Vec<Vec<usize>>,
    /// Patterns by a stem that they begin with, by its first letter.
    by_stem: Stems,
    vocabulary: Lexicon<()>,
    /// Words of eight letters or more, with their letters.
    long: Vec<(u64, Box<str>)>,
    stems: Stems,
    clitics: Vec<String>,
}

/// Patterns of several meanings, looked for together: a word is looked up and mended once, not once for each meaning.
#[derive(Debug)]
pub struct Meanings<M> {
    patterns: Patterns,
    /// Of each pattern.
    meanings: Vec<M>,
}

/// Beginnings of words by their first letter, each with the pattern that it stands in.
#[derive(Debug, Default)]
struct Stems(FxHashMap<char, Vec<(Box<str>, usize)>>);

impl Stems {
    fn put(&mut self, stem: &str, pattern: usize) {
        if let Some(letter) = stem.chars().next() {
            self.0.entry(letter).or_default().push((stem.into(), pattern));
        }
    }

    /// The patterns of all beginnings of a word.
    fn of<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let all = word.chars().next().and_then(|letter| self.0.get(&letter)).map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |(stem, _)| word.starts_with(&**stem)).map(|(_, pattern)| *pattern)
    }
}

#[derive(Debug)]
enum Element {
    Word {
        any: Vec<Alternative>,
        optional: bool,
    },
    Gap,
    /// A clause begins or ends here.
    Edge,
}

#[derive(Debug)]
struct Alternative {
    text: Box<str>,
    stem: bool,
    /// Of the word, the first where there are several; 0 for a stem.
    number: u32,
    /// The words behind the first.
    more: Box<[Box<str>]>,
}

impl Alternative {
    fn new(text: &str, stem: bool) -> Self {
        let more = if stem { Box::default() } else { text.split(' ').skip(1).map(Box::from).collect() };
        Self { text: text.into(), stem, number: 0, more }
    }
}

/// A reply's tokens as the patterns know them.
struct Said<'a> {
    tokens: &'a Tokens,
    /// Words with a typing fault mended.
    mended: Vec<Option<&'a str>>,
    /// Of each word as typed, and as mended; 0 where no pattern has it.
    numbers: Vec<[u32; 2]>,
}

/// Where a pattern was found: tokens from `start` to `end`, exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first token.
    pub start: usize,
    /// Behind the last token.
    pub end: usize,
    /// Which pattern, by its place in the data.
    pub pattern: usize,
}

impl Patterns {
    /// Compiles patterns as written in the data. `clitics` are letters that the language writes onto a word's beginning: the word is found without them.
    pub fn new(patterns: &[String], clitics: &[String]) -> Self {
        let mut compiled = Vec::with_capacity(patterns.len());
        let mut numbers: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut by_word: Vec<Vec<usize>> = vec![Vec::new()];
        let (mut words, mut stems, mut by_stem) = (Vec::new(), Stems::default(), Stems::default());
        for (n, text) in patterns.iter().enumerate() {
            let mut elements: Vec<Element> = text.split_whitespace().flat_map(parse).collect();
            let mut number = |word: &str| match numbers.get(word) {
                Some(number) => *number,
                None => {
                    let next = u32::try_from(by_word.len()).unwrap_or(0);
                    numbers.insert(word.into(), next);
                    by_word.push(Vec::new());
                    next
                }
            };
            for element in &mut elements {
                let Element::Word { any, .. } = element else { continue };
                for alternative in any {
                    if alternative.stem {
                        stems.put(&alternative.text, n);
                        continue;
                    }
                    words.push(alternative.text.clone());
                    alternative.number = number(alternative.text.split(' ').next().unwrap_or_default());
                }
            }
            for first in firsts(&elements) {
                if first.stem {
                    by_stem.put(&first.text, n);
                } else {
                    let word = first.text.split(' ').next().unwrap_or_default();
                    let at = numbers.get(word).and_then(|number| by_word.get_mut(usize::try_from(*number).ok()?));
                    at.into_iter().for_each(|patterns| patterns.push(n));
                }
            }
            compiled.push(elements);
        }
        let long = words.iter().filter(|w| w.chars().count() >= 8).map(|w| (letters(w), w.clone())).collect();
        let vocabulary = Lexicon::new(words.iter().map(|w| (&**w, ())));
        Self { patterns: compiled, numbers, by_word, by_stem, vocabulary, long, stems, clitics: clitics.to_vec() }
    }

    /// The reply's words with typing faults mended; `None` at words that need no mending, because the patterns or `ordinary` know them.
    fn mend<'a>(&'a self, tokens: &'a Tokens, ordinary: impl Fn(&str) -> bool) -> Vec<Option<&'a str>> {
        (0..tokens.len())
            .map(|at| {
                let word = tokens.text(at);
                if tokens.kind(at) != Some(Kind::Word) || word.len() < 4 || self.vocabulary.knows(word) || self.has_stem(word) {
                    return None;
                }
                let bare = self.clitics.iter().find_map(|c| word.strip_prefix(c.as_str()).and_then(|rest| self.vocabulary.known(rest)));
                if bare.is_some() || ordinary(word) {
                    return bare;
                }
                // "breeeathe", مررررة: letters held down
                if let Some(short) = squeeze(word)
                    && let Some(known) = self.vocabulary.known(&short).or_else(|| self.vocabulary.nearest(&short))
                {
                    return Some(known);
                }
                self.vocabulary.nearest(word).or_else(|| {
                    if word.chars().count() < 8 {
                        return None;
                    }
                    let mask = letters(word);
                    self.long.iter().find(|(m, w)| may_be_within(mask, *m, 2) && faults(w, word, 2).is_some()).map(|(_, w)| &**w)
                })
            })
            .collect()
    }

    /// Every place where a pattern fits, in order of the reply. A word that is `ordinary` in the language is not mended into another.
    pub fn find_all(&self, tokens: &Tokens, ordinary: impl Fn(&str) -> bool) -> Vec<Span> {
        let mended = self.mend(tokens, ordinary);
        let number = |word: Option<&str>| word.and_then(|word| self.numbers.get(word)).copied().unwrap_or(0);
        let numbers = mended.iter().enumerate().map(|(at, mended)| [number(Some(tokens.text(at))), number(*mended)]).collect();
        let said = Said { tokens, mended, numbers };
        let (mut found, mut likely) = (Vec::new(), Vec::new());
        for start in 0..tokens.len() {
            self.find_at(&said, start, &mut likely, &mut found);
        }
        found
    }

    /// Whether any pattern fits anywhere, no typing fault mended.
    pub fn fits(&self, tokens: &Tokens) -> bool {
        !self.find_all(tokens, |_| true).is_empty()
    }

    fn find_at(&self, said: &Said<'_>, start: usize, likely: &mut Vec<usize>, found: &mut Vec<Span>) {
        likely.clear();
        for number in said.numbers.get(start).into_iter().flatten() {
            likely.extend(usize::try_from(*number).ok().and_then(|number| self.by_word.get(number)).into_iter().flatten());
        }
        for word in [Some(said.tokens.text(start)), said.mended.get(start).copied().flatten()].into_iter().flatten() {
            likely.extend(self.by_stem.of(word));
        }
        likely.sort_unstable();
        likely.dedup();
        for pattern in likely.drain(..) {
            if let Some(end) = self.patterns.get(pattern).and_then(|elements| fit(elements, said, start, start)) {
                found.push(Span { start, end, pattern });
            }
        }
    }

    /// Whether a word stands in any pattern.
    pub fn knows(&self, word: &str) -> bool {
        self.vocabulary.knows(word)
    }

    /// The lengths of the known words that an unknown one is run together of ("nopuedo", "cantbreathe"), at least one of them the patterns' own;
    /// empty where it is none. `ordinary` are words of the language that the patterns do not have.
    pub fn run_together(&self, word: &str, ordinary: impl Fn(&str) -> bool) -> Vec<usize> {
        if !RUN_TOGETHER.contains(&word.chars().count()) || self.vocabulary.knows(word) || ordinary(word) || self.has_stem(word) {
            return Vec::new();
        }
        let mut lengths = Vec::new();
        let mut rest = word;
        let mut own = false;
        while !rest.is_empty() {
            // the longest first: "cannot" before "can"
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).collect::<Vec<_>>();
            let known = ends.iter().rev().find(|&&end| {
                let (part, left) = rest.split_at(end);
                let long = part.chars().count() >= 2 || lengths.is_empty();
                long && left.chars().count() != 1 && (self.vocabulary.knows(part) || ordinary(part))
            });
            let Some(&end) = known else { return Vec::new() };
            let (part, left) = rest.split_at(end);
            own |= self.vocabulary.knows(part);
            lengths.push(end);
            rest = left;
        }
        if own && (2..=4).contains(&lengths.len()) { lengths } else { Vec::new() }
    }

    /// Whether a pattern itself says a word.
    pub fn says(&self, pattern: usize, word: &str) -> bool {
        let says = |a: &Alternative| a.text.split(' ').any(|part| part == word);
        let element = |e: &Element| matches!(e, Element::Word { any, .. } if any.iter().any(says));
        self.patterns.get(pattern).is_some_and(|elements| elements.iter().any(element))
    }

    fn has_stem(&self, word: &str) -> bool {
        self.stems.of(word).next().is_some()
    }
}

impl<M: Copy> Meanings<M> {
    /// Compiles the patterns of each meaning; `clitics` as for [`Patterns::new`].
    pub fn new<'a>(lists: impl IntoIterator<Item = (M, &'a [String])>, clitics: &[String]) -> Self {
        let (meanings, all): (Vec<M>, Vec<String>) =
            lists.into_iter().flat_map(|(meaning, list)| list.iter().map(move |text| (meaning, text.clone()))).unzip();
        Self { patterns: Patterns::new(&all, clitics), meanings }
    }

    /// Every place where a pattern fits, with what it means: by the order of the meanings, then by that of the reply. `ordinary` as for
    /// [`Patterns::find_all`].
    pub fn find_all(&self, tokens: &Tokens, ordinary: impl Fn(&str) -> bool) -> impl Iterator<Item = (Span, M)> {
        let mut found = self.patterns.find_all(tokens, ordinary);
        found.sort_by_key(|span| span.pattern);
        found.into_iter().filter_map(|span| Some((span, *self.meanings.get(span.pattern)?)))
    }

    /// All of them, whatever they mean.
    pub const fn patterns(&self) -> &Patterns {
        &self.patterns
    }
}

fn parse(word: &str) -> Vec<Element> {
    if word == "*" {
        return vec![Element::Gap];
    }
    if word == "^" || word == "$" {
        return vec![Element::Edge];
    }
    let (word, optional) = word.strip_suffix('?').map_or((word, false), |w| (w, true));
    let any: Vec<Alternative> = word
        .split('|')
        .map(|w| w.strip_suffix('~').map_or((w, false), |stem| (stem, true)))
        .map(|(text, stem)| Alternative::new(&fold(text), stem))
        .collect();
    // letters that are tokens of their own, as in Chinese: a word is a run of them
    if let [one] = any.as_slice()
        && one.text.contains(' ')
        && !optional
    {
        return one.text.split(' ').map(|text| Element::Word { any: vec![Alternative::new(text, false)], optional: false }).collect();
    }
    vec![Element::Word { any, optional }]
}

/// What a pattern may begin with.
fn firsts(elements: &[Element]) -> Vec<&Alternative> {
    let mut firsts = Vec::new();
    for element in elements {
        let (any, optional) = match element {
            Element::Edge => continue,
            Element::Gap => break,
            Element::Word { any, optional } => (any, optional),
        };
        firsts.extend(any);
        if !optional {
            break;
        }
    }
    firsts
}

/// How many tokens an alternative takes at a place, `None` where it does not fit. An alternative of several letters takes several tokens.
fn takes(alternative: &Alternative, said: &Said<'_>, at: usize) -> Option<usize> {
    if alternative.stem {
        let begins = |word: &str| word.starts_with(&*alternative.text);
        return (begins(said.tokens.text(at)) || said.mended.get(at).copied().flatten().is_some_and(begins)).then_some(1);
    }
    let [typed, mended] = said.numbers.get(at)?;
    if alternative.more.is_empty() {
        return (*typed == alternative.number || *mended == alternative.number).then_some(1);
    }
    // A typing fault is mended in words that stand alone only.
    let fits = *typed == alternative.number && alternative.more.iter().zip(at + 1..).all(|(word, at)| said.tokens.text(at) == &**word);
    fits.then_some(1 + alternative.more.len())
}

fn fit(elements: &[Element], said: &Said<'_>, start: usize, at: usize) -> Option<usize> {
    let tokens = said.tokens;
    let Some((first, rest)) = elements.split_first() else { return Some(at) };
    match first {
        // words up to the end of a clause are none of the pattern's own: what takes a sign back may stand among them
        Element::Gap if matches!(rest, [Element::Edge]) => (at..=at + GAP).any(|end| tokens.breaks(end)).then_some(at),
        Element::Gap => (0..=GAP).find_map(|skip| {
            let open = (at..at + skip).all(|i| i < tokens.len() && !ends_sentence(tokens, i));
            if open { fit(rest, said, start, at + skip) } else { None }
        }),
        Element::Edge => {
            if tokens.breaks(at) {
                fit(rest, said, start, at)
            } else {
                None
            }
        }
        Element::Word { any, optional } => {
            if at < tokens.len() && (at == start || !ends_sentence(tokens, at)) {
                for alternative in any {
                    if let Some(n) = takes(alternative, said, at)
                        && let Some(end) = fit(rest, said, start, at + n)
                    {
                        return Some(end);
                    }
                }
            }
            if *optional { fit(rest, said, start, at) } else { None }
        }
    }
}

/// Whether a sentence ends before the token.
fn ends_sentence(tokens: &Tokens, at: usize) -> bool {
    tokens.breaks(at) && tokens.between(at).contains(['.', '!', '?', '\n', '。', '؟', '।'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_find_their_words_in_order_with_gaps_endings_and_faults() {
        let patterns = Patterns::new(
            &["cant|cannot * breath~|breathe".to_owned(), "chest pain".to_owned(), "不能呼吸".to_owned(), "^ thats it $".to_owned()],
            &[],
        );
        for (text, fits) in [
            ("I cant breathe", true),
            ("i can't really even breathe", true),
            ("cannot breeth", false),
            ("cant breathing well", true),
            ("chest pian", true),
            ("cant. breathe", false),
            ("my chest has pain", false),
            ("我不能呼吸了", true),
            ("ok, thats it", true),
            ("ok thats it", false),
            ("thats it then", false),
            ("", false),
        ] {
            let found = !patterns.find_all(&Tokens::of(text), |_| false).is_empty();
            assert_eq!(found, fits, "{text}");
        }
    }
}
