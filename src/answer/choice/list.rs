//! The options of a question with their numbers, as they are shown.

use crate::answer::{
    expect::Choice,
    normalise::Tokens,
    value::Value,
    words::{ListWord, TruthWord, Words},
};

/// The options with their numbers.
pub struct List<'c> {
    choices: &'c [Choice],
    /// The place of the option that excludes the others.
    pub exclusive: Option<usize>,
}

impl<'c> List<'c> {
    /// Takes a question's options.
    pub fn of(choices: &'c [Choice]) -> Self {
        Self { choices, exclusive: choices.iter().position(|c| c.exclusive) }
    }

    /// The key of the option at a place.
    pub fn key(&self, at: usize) -> String {
        self.choices.get(at).map(|c| c.key.clone()).unwrap_or_default()
    }

    /// The options but the exclusive one, by place.
    pub fn plain(&self) -> impl Iterator<Item = usize> {
        (0..self.choices.len()).filter(move |at| Some(*at) != self.exclusive)
    }

    /// The only option beside the exclusive one.
    pub fn sole(&self) -> Option<usize> {
        let mut plain = self.plain();
        let at = plain.next()?;
        (self.exclusive.is_some() && plain.next().is_none()).then_some(at)
    }

    /// The option with a number: counted from 1 without the exclusive one, which is 0.
    pub fn numbered(&self, n: u32) -> Option<usize> {
        if n == 0 { self.exclusive } else { self.plain().nth(usize::try_from(n - 1).ok()?) }
    }

    /// The one who texts, in a list of people.
    pub fn me(&self) -> Option<usize> {
        let people =
            self.plain().all(|at| self.choices.get(at).is_some_and(|c| !c.key.is_empty() && c.key.bytes().all(|b| b.is_ascii_digit())));
        if people { self.choices.iter().position(|c| c.key == "0") } else { None }
    }

    /// The option that a number typed alone is of.
    pub fn typed(&self, tokens: &Tokens) -> Option<usize> {
        tokens.digits(0).filter(|_| tokens.len() == 1).and_then(|n| self.numbered(n))
    }

    /// The one option that says "none" or "not": "Not tested", "Ninguna".
    pub fn negative(&self, words: &Words) -> Option<usize> {
        self.only(|at| self.is_negative(at, words))
    }

    /// Whether an option says "none" or "not" itself.
    pub fn is_negative(&self, at: usize, words: &Words) -> bool {
        let says = |tokens: &Tokens| {
            (0..tokens.len()).any(|at| words.list.find(tokens, at).is_some_and(|f| matches!(f.meaning, ListWord::None | ListWord::Not)))
        };
        self.texts(at).any(|text| says(&Tokens::of(text)))
    }

    /// The one option that says "I do not know".
    pub fn unsure(&self, words: &Words) -> Option<usize> {
        let says = |text: &String| words.truth.find(&Tokens::of(text), 0).is_some_and(|f| f.meaning == TruthWord::Unsure);
        self.only(|at| self.texts(at).any(says))
    }

    /// Whether an option only has such words within: "Someone I don't know".
    pub fn has_unsure(&self, at: usize, words: &Words) -> bool {
        let Some(choice) = self.choices.get(at) else { return false };
        let tokens = Tokens::of(&choice.label);
        (1..tokens.len()).any(|at| words.truth.find(&tokens, at).is_some_and(|f| f.meaning == TruthWord::Unsure && f.tokens > 1))
    }

    /// The option that alone is such, where only one is.
    fn only(&self, is: impl Fn(usize) -> bool) -> Option<usize> {
        let mut having = (0..self.choices.len()).filter(|at| is(*at));
        having.next().filter(|_| having.next().is_none())
    }

    /// What an option is called: its label, and the author's words.
    fn texts(&self, at: usize) -> impl Iterator<Item = &String> {
        self.choices.get(at).into_iter().flat_map(|choice| std::iter::once(&choice.label).chain(&choice.words))
    }

    /// The value of options taken; the exclusive one alone is the empty list.
    pub fn choices(&self, taken: &[usize]) -> Value {
        Value::Choices(taken.iter().filter(|at| Some(**at) != self.exclusive).map(|at| self.key(*at)).collect())
    }
}
