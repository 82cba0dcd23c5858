//! Labels of options against a reply: whole, in part, and with typing faults.
//!
//! A part counts when its words stand in no other option's label: "breathing" of "Trouble breathing", not "pain" where two options have pain.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;

use super::{
    concept::Named,
    expect::Choice,
    lexicon::{faults, letters, may_be_within},
    normalise::{Kind, Tokens, fold},
    words::{DateWord, ListWord, Unit, Words},
};

/// Most phrases that are tried for one part of a label.
const MOST_ALIKE: usize = 12;

/// The labels and words of options, folded, and the reply that is held against them.
pub struct Labels<'c> {
    texts: Vec<Text>,
    typed: Vec<Typed<'c>>,
    choices: &'c [Choice],
    words: &'c Words,
    named: Named<'c>,
    /// What begins at each token, once it was asked for.
    found: Vec<OnceCell<Option<Match>>>,
}

struct Text {
    option: usize,
    words: Vec<Word>,
    /// Whether a part of it says nothing.
    only_whole: bool,
}

/// One word of a label.
struct Word {
    text: String,
    /// The word that stands for all that mean the same, without letters written onto its beginning.
    meaning: String,
    letters: u64,
    count: usize,
    /// Whether it tells this option from all others.
    telling: bool,
}

/// One word of the reply; what costs more is asked once.
struct Typed<'c> {
    text: &'c str,
    meaning: &'c str,
    letters: u64,
    count: usize,
    ordinary: OnceCell<bool>,
}

/// A label found at a place of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which option.
    pub option: usize,
    /// Tokens that it takes.
    pub n: usize,
    /// Whether a typing fault was mended.
    pub mended: bool,
    /// Whether it is a whole label or one of the author's words.
    pub whole: bool,
    /// Whether it is meant by other words for what the label names.
    pub meant: bool,
}

impl<'c> Labels<'c> {
    /// Folds the labels; does nothing where the reply has no word to look up.
    pub fn of(choices: &'c [Choice], tokens: &'c Tokens, words: &'c Words) -> Self {
        let found = vec![OnceCell::new(); tokens.len()];
        let mut labels = Self { texts: Vec::new(), typed: Vec::new(), choices, words, named: Named::new(choices, words), found };
        if (0..tokens.len()).all(|at| tokens.kind(at) == Some(Kind::Digits))
            && !choices.iter().any(|c| c.label.contains(|d: char| d.is_ascii_digit()))
        {
            return labels;
        }
        for (option, choice) in choices.iter().enumerate() {
            for text in std::iter::once(&choice.label).chain(&choice.words) {
                let folded = Tokens::of(text);
                let same = |t: &Text| {
                    t.option == option && t.words.len() == folded.len() && t.words.iter().zip(folded.texts()).all(|(a, b)| a.text == b)
                };
                if !folded.is_empty() && !labels.texts.iter().any(same) {
                    labels.texts.push(Text {
                        option,
                        only_whole: false,
                        words: folded.texts().map(|word| Word::of(word, words)).collect(),
                    });
                    labels.texts.extend(said_otherwise(&folded, words).into_iter().map(|text| Text {
                        option,
                        words: text,
                        only_whole: true,
                    }));
                }
            }
        }
        // whose option a word is; none where several have it
        let mut owners: FxHashMap<&str, Option<usize>> = FxHashMap::default();
        for text in &labels.texts {
            for word in &text.words {
                let owner = owners.entry(&word.text).or_insert(Some(text.option));
                *owner = owner.filter(|option| *option == text.option);
            }
        }
        let tells = |text: &Text, word: &Word| owners.get(word.text.as_str()) == Some(&Some(text.option)) && tells(&word.text, words);
        let telling: Vec<Vec<bool>> = labels.texts.iter().map(|text| text.words.iter().map(|word| tells(text, word)).collect()).collect();
        for (text, telling) in labels.texts.iter_mut().zip(telling) {
            for (word, telling) in text.words.iter_mut().zip(telling) {
                word.telling = telling;
            }
        }
        labels.typed = tokens.texts().map(|text| Typed::of(text, words)).collect();
        labels
    }

    /// The options whose label, words or key the whole reply is.
    pub fn whole(&self, tokens: &Tokens) -> Vec<usize> {
        let mut options = Vec::new();
        for text in &self.texts {
            if text.words.len() == tokens.len()
                && text.words.iter().zip(tokens.texts()).all(|(a, b)| a.text == b)
                && !options.contains(&text.option)
            {
                options.push(text.option);
            }
        }
        // 家 of 在家: one sign that only one label has
        if options.is_empty() && tokens.len() == 1 && self.words.style.places && !self.words.stop.is_phrase(tokens.text(0)) {
            let mut having: Vec<usize> =
                self.texts.iter().filter(|t| t.words.iter().any(|w| w.text == tokens.text(0))).map(|t| t.option).collect();
            having.dedup();
            if having.len() == 1 {
                return having;
            }
        }
        if options.is_empty() && tokens.len() == 1 && tokens.kind(0) == Some(Kind::Word) {
            options.extend(self.choices.iter().position(|c| fold(&c.key) == tokens.text(0)));
        }
        options
    }

    /// The longest label, part of one, or other words for what it names, that begins at a token.
    pub fn at(&self, tokens: &Tokens, at: usize) -> Option<Match> {
        *self.found.get(at)?.get_or_init(|| self.look(tokens, at))
    }

    fn look(&self, tokens: &Tokens, at: usize) -> Option<Match> {
        let hidden = self.hidden(tokens, at);
        let written = self.written(tokens, at).filter(|found| hidden.is_none_or(|n| n <= found.n));
        if self.texts.is_empty() || written.is_some_and(|found| found.whole) {
            return written;
        }
        match self.named.at(tokens, at) {
            Some((option, n)) if written.is_none_or(|found| found.n < n || found.mended && found.n == n) => {
                Some(Match { option, n, mended: false, whole: false, meant: true })
            }
            Some(_) | None => written,
        }
    }

    /// How many tokens name somebody who is no option, and are passed over whole.
    pub fn hidden(&self, tokens: &Tokens, at: usize) -> Option<usize> {
        if self.texts.is_empty() { None } else { self.named.hidden(tokens, at) }
    }

    /// The longest label, or part of one, that begins at a token.
    fn written(&self, tokens: &Tokens, at: usize) -> Option<Match> {
        let mut best: Option<Match> = None;
        let mut tied = false;
        for text in &self.texts {
            let Some(found) = text.at(tokens, at, self) else { continue };
            let better = best.is_none_or(|b| (found.whole, found.n, !found.mended) > (b.whole, b.n, !b.mended));
            if better {
                tied = false;
                best = Some(found);
            } else if best.is_some_and(|b| b.option != found.option && (b.whole, b.n, b.mended) == (found.whole, found.n, found.mended)) {
                tied = true;
            }
        }
        if tied { None } else { best }
    }

    /// Whether an option names a lack ("Loss of smell") of which the reply names only what is lacking: "no smell" says yes to it.
    pub fn denied_is_so(&self, option: usize, tokens: &Tokens, at: usize, n: usize) -> bool {
        let lack = |word: &str| self.words.lack.is_phrase(word);
        self.texts.iter().any(|t| t.option == option && t.words.iter().any(|w| lack(&w.text)))
            && !(at..at + n).any(|i| lack(tokens.text(i)))
    }
}

/// Whether a word says something of what it is in.
fn tells(word: &str, words: &Words) -> bool {
    let letters = word.chars().count();
    let script = !word.is_ascii();
    // "ans" of "65 ans et plus" is said of every age
    let unit = matches!(words.date.meaning(word), Some(DateWord::Unit(Unit::Day | Unit::Week | Unit::Month | Unit::Year)));
    // "aur" of "Aur koi"
    let joins = matches!(
        words.list.meaning(word),
        Some(ListWord::And | ListWord::Or | ListWord::To | ListWord::But | ListWord::Filler | ListWord::These | ListWord::Not)
    );
    if unit || joins || words.stop.is_phrase(word) || (letters < 3 && !script) || word.bytes().all(|b| b.is_ascii_digit()) {
        return false;
    }
    // one sign of Chinese is no word
    letters != 1
}

/// What else is said for a phrase of the label: "Headache" is "my head hurts" too.
fn said_otherwise(label: &Tokens, words: &Words) -> Vec<Vec<Word>> {
    let texts: Vec<&str> = label.texts().collect();
    words.alike.otherwise(&texts, MOST_ALIKE).map(|phrase| phrase.iter().map(|word| Word::of(word, words)).collect()).collect()
}

impl Text {
    fn at(&self, tokens: &Tokens, at: usize, labels: &Labels<'_>) -> Option<Match> {
        if let Some((n, mended)) = self.run(tokens, at, 0, labels)
            && n == self.words.len()
        {
            return Some(Match { option: self.option, n, mended, whole: true, meant: false });
        }
        let mut best: Option<Match> = None;
        for from in 0..if self.only_whole { 0 } else { self.words.len() } {
            let Some((n, mended)) = self.run(tokens, at, from, labels) else { continue };
            let tells =
                self.words.get(from..from + n).is_some_and(|t| t.iter().any(|w| w.telling)) || self.tells_by_signs(from, n, &labels.texts);
            if tells && best.is_none_or(|b| n > b.n) {
                best = Some(Match { option: self.option, n, mended, whole: false, meant: false });
            }
        }
        best
    }

    /// Whether a run of signs (two or more letters that are words of their own, as in Chinese) stands in no other option's label.
    fn tells_by_signs(&self, from: usize, n: usize, all: &[Self]) -> bool {
        let Some(run) = self.words.get(from..from + n) else { return false };
        let signs = n >= 2 && run.iter().all(|w| !w.text.is_ascii() && w.count == 1);
        signs
            && !all.iter().any(|t| t.option != self.option && t.words.windows(n).any(|w| w.iter().zip(run).all(|(a, b)| a.text == b.text)))
    }

    /// How many words of the label from `from` on stand in the reply from `at` on.
    fn run(&self, tokens: &Tokens, at: usize, from: usize, labels: &Labels<'_>) -> Option<(usize, bool)> {
        let mut n = 0;
        let mut mended = false;
        while let (Some(word), Some(typed)) = (self.words.get(from + n), labels.typed.get(at + n)) {
            if n > 0 && tokens.breaks(at + n) {
                break;
            }
            if typed.text != word.text && typed.meaning != word.meaning {
                if !typed.is_nearly(word, labels.words) {
                    break;
                }
                mended = true;
            }
            n += 1;
        }
        (n > 0).then_some((n, mended))
    }
}

impl Word {
    fn of(text: &str, words: &Words) -> Self {
        let meaning = words.meaning(text).to_owned();
        Self { meaning, letters: letters(text), count: text.chars().count(), telling: false, text: text.to_owned() }
    }
}

impl<'c> Typed<'c> {
    fn of(text: &'c str, words: &'c Words) -> Self {
        Self { text, meaning: words.meaning(text), letters: letters(text), count: text.chars().count(), ordinary: OnceCell::new() }
    }

    /// Whether it is the label's word with a typing fault or another ending, and no ordinary word of the language.
    fn is_nearly(&self, word: &Word, words: &Words) -> bool {
        let (most, apart) = match word.count {
            // "toz" for "tos"
            3 if self.count == 3 && self.text.chars().take(2).eq(word.text.chars().take(2)) => (1, 1),
            0..=3 => (0, 0),
            4..=7 => (1, 1),
            _ => (2, 2),
        };
        word.telling
            && self.count >= 3
            && (may_be_within(self.letters, word.letters, apart) && faults(&word.text, self.text, most).is_some()
                || self.count.abs_diff(word.count) <= ENDING && self.count >= STEM && same_stem(&word.text, self.text))
            && !*self.ordinary.get_or_init(|| words.knows(self.text))
    }
}

/// Letters that two words of one stem share at least.
const STEM: usize = 5;
/// Letters of an ending at most.
const ENDING: usize = 3;

/// Words that share all but a short ending: headache and headaches, vomiting and vomited, tos and toses.
fn same_stem(a: &str, b: &str) -> bool {
    let head = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    head >= STEM && a.chars().count() - head <= ENDING && b.chars().count() - head <= ENDING
}
