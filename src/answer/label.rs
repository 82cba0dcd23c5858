//! Labels of options against a reply: whole, in part, and with typing faults.
//!
//! A part counts when its words stand in no other option's label: "breathing" of "Trouble breathing", not "pain" where two options have pain.

use super::{
    expect::Choice,
    lexicon::faults,
    normalise::{Kind, Tokens, fold},
    words::Words,
};

/// The labels and words of options, folded.
pub struct Labels<'c> {
    texts: Vec<Text>,
    choices: &'c [Choice],
    words: &'c Words,
}

struct Text {
    option: usize,
    words: Vec<String>,
    /// For each word whether it tells this option from all others.
    telling: Vec<bool>,
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
}

impl<'c> Labels<'c> {
    /// Folds the labels; does nothing where the reply has no word to look up.
    pub fn of(choices: &'c [Choice], tokens: &Tokens, words: &'c Words) -> Self {
        let mut labels = Self { texts: Vec::new(), choices, words };
        if (0..tokens.len()).all(|at| tokens.kind(at) == Some(Kind::Digits))
            && !choices.iter().any(|c| c.label.contains(|d: char| d.is_ascii_digit()))
        {
            return labels;
        }
        for (option, choice) in choices.iter().enumerate() {
            for text in std::iter::once(&choice.label).chain(&choice.words) {
                let folded: Vec<String> = Tokens::of(text).texts().map(str::to_owned).collect();
                if !folded.is_empty() && !labels.texts.iter().any(|t| t.option == option && t.words == folded) {
                    labels.texts.push(Text { option, telling: vec![false; folded.len()], words: folded });
                }
            }
        }
        let telling: Vec<Vec<bool>> =
            labels.texts.iter().map(|text| text.words.iter().map(|word| labels.tells(word, text.option, words)).collect()).collect();
        for (text, telling) in labels.texts.iter_mut().zip(telling) {
            text.telling = telling;
        }
        labels
    }

    /// The options whose label, words or key the whole reply is.
    pub fn whole(&self, tokens: &Tokens) -> Vec<usize> {
        let mut options = Vec::new();
        for text in &self.texts {
            if text.words.len() == tokens.len()
                && text.words.iter().zip(tokens.texts()).all(|(a, b)| a == b)
                && !options.contains(&text.option)
            {
                options.push(text.option);
            }
        }
        // 家 of 在家: one sign that only one label has
        if options.is_empty() && tokens.len() == 1 && self.words.style.places && !self.words.stop.is_phrase(tokens.text(0)) {
            let mut having: Vec<usize> =
                self.texts.iter().filter(|t| t.words.iter().any(|w| w == tokens.text(0))).map(|t| t.option).collect();
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

    /// The longest label, or part of one, that begins at a token.
    pub fn at(&self, tokens: &Tokens, at: usize) -> Option<Match> {
        let mut best: Option<Match> = None;
        let mut tied = false;
        for text in &self.texts {
            let Some(found) = text.at(tokens, at, self.words, &self.texts) else { continue };
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
        self.texts.iter().any(|t| t.option == option && t.words.iter().any(|w| lack(w))) && !(at..at + n).any(|i| lack(tokens.text(i)))
    }

    fn tells(&self, word: &str, option: usize, words: &Words) -> bool {
        let letters = word.chars().count();
        let script = !word.is_ascii();
        if words.stop.is_phrase(word) || (letters < 3 && !script) || word.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        if letters == 1 {
            return false; // one sign of Chinese is no word
        }
        !self.texts.iter().any(|t| t.option != option && t.words.iter().any(|w| w == word))
    }
}

impl Text {
    fn at(&self, tokens: &Tokens, at: usize, words: &Words, all: &[Self]) -> Option<Match> {
        if let Some((n, mended)) = self.run(tokens, at, 0, words)
            && n == self.words.len()
        {
            return Some(Match { option: self.option, n, mended, whole: true });
        }
        let mut best: Option<Match> = None;
        for from in 0..self.words.len() {
            let Some((n, mended)) = self.run(tokens, at, from, words) else { continue };
            let tells = self.telling.get(from..from + n).is_some_and(|t| t.iter().any(|x| *x)) || self.tells_by_signs(from, n, all);
            if tells && best.is_none_or(|b| n > b.n) {
                best = Some(Match { option: self.option, n, mended, whole: false });
            }
        }
        best
    }

    /// Whether a run of signs (two or more letters that are words of their own, as in Chinese) stands in no other option's label.
    fn tells_by_signs(&self, from: usize, n: usize, all: &[Self]) -> bool {
        let Some(run) = self.words.get(from..from + n) else { return false };
        let signs = n >= 2 && run.iter().all(|w| !w.is_ascii() && w.chars().count() == 1);
        signs && !all.iter().any(|t| t.option != self.option && t.words.windows(n).any(|w| w == run))
    }

    /// How many words of the label from `from` on stand in the reply from `at` on.
    fn run(&self, tokens: &Tokens, at: usize, from: usize, words: &Words) -> Option<(usize, bool)> {
        let mut n = 0;
        let mut mended = false;
        while let Some(word) = self.words.get(from + n) {
            if at + n >= tokens.len() || (n > 0 && tokens.breaks(at + n)) {
                break;
            }
            let typed = tokens.text(at + n);
            if typed != word && !words.mean_the_same(typed, word) {
                let letters = word.chars().count();
                let most = match letters {
                    // "toz" for "tos"
                    3 if typed.chars().count() == 3 && typed.chars().take(2).eq(word.chars().take(2)) => 1,
                    0..=3 => 0,
                    4..=7 => 1,
                    _ => 2,
                };
                let telling = self.telling.get(from + n).copied().unwrap_or(false);
                let close = telling
                    && !words.knows(typed)
                    && typed.chars().count() >= 3
                    && (faults(word, typed, most).is_some() || same_stem(word, typed));
                if !close {
                    break;
                }
                mended = true;
            }
            n += 1;
        }
        (n > 0).then_some((n, mended))
    }
}

/// Words that share all but a short ending: headache and headaches, vomiting and vomited, tos and toses.
fn same_stem(a: &str, b: &str) -> bool {
    let head = a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count();
    let (la, lb) = (a.chars().count(), b.chars().count());
    head >= 5 && la - head <= 3 && lb - head <= 3
}
