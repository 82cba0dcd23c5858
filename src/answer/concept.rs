//! Everyday things that an option and a reply may both name by other words: "my wife" and "Spouse or partner", "the runs" and "Diarrhea".
//!
//! What they are called is data of each language, under `words/concept/`. A concept's name is a path: `family/parent/mother` stands within
//! `family/parent`. A reply means the one option whose label names the same thing, else the nearest thing around it; where two options do, none.

use std::{
    cell::OnceCell,
    collections::{BTreeMap, HashMap},
};

use super::{
    expect::Choice,
    lexicon::Lexicon,
    normalise::{Kind, Tokens, fold},
    words::{ListWord, Words},
};

/// Relations hide the words that they are made of: a "grand-mère" is no "mère", and a "mother in law" no "mother".
const RELATIONS: &str = "family";
/// Steps of a scale mean an option only where the options are such steps: a "bad cough" is no "severe headache".
const SCALES: [&str; 5] = ["degree", "change", "often", "test", "dose"];
/// Signs of illness: who denies one answers a question about it, not one for consent or for who they are.
const SIGNS: [&str; 23] = [
    "fever", "cough", "throat", "headache", "diarrhea", "vomiting", "nausea", "rash", "tired", "breath", "nose", "sneezing", "smell",
    "taste", "aches", "chills", "stomach", "dizzy", "chest", "appetite", "swelling", "itch", "joint",
];
/// Words of the longest denial in a label: "no longer any".
const DENIAL: usize = 3;
/// Letters written onto a word are taken off so often: وبال.
const CLITICS: usize = 2;

/// The concepts of a language and what they are called.
#[derive(Debug)]
pub struct Concepts {
    /// What a phrase may stand for: a place in `sets`.
    phrases: Lexicon<usize>,
    sets: Vec<Vec<usize>>,
    /// The concept around each.
    around: Vec<Option<usize>>,
    relations: Option<usize>,
    scales: Vec<usize>,
    signs: Vec<usize>,
    clitics: Vec<String>,
}

impl Concepts {
    /// From the data: each concept's path with its phrases.
    pub fn new(data: &BTreeMap<String, Vec<String>>, clitics: &[String]) -> Self {
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut around: Vec<Option<usize>> = Vec::new();
        let mut by_phrase: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (path, phrases) in data {
            let mut outer = None;
            for end in path.match_indices('/').map(|(at, _)| at).chain([path.len()]) {
                let concept = *numbers.entry(path.get(..end).unwrap_or(path)).or_insert_with(|| {
                    around.push(outer);
                    around.len() - 1
                });
                outer = Some(concept);
            }
            let Some(concept) = outer else { continue };
            for phrase in phrases {
                let meant = by_phrase.entry(fold(phrase)).or_default();
                if !meant.contains(&concept) {
                    meant.push(concept);
                }
            }
        }
        let phrases = Lexicon::new(by_phrase.keys().enumerate().map(|(set, phrase)| (phrase.as_str(), set)));
        let relations = numbers.get(RELATIONS).copied();
        let numbers_of = |names: &[&str]| names.iter().filter_map(|name| numbers.get(name).copied()).collect();
        let (scales, signs) = (numbers_of(&SCALES), numbers_of(&SIGNS));
        Self { phrases, sets: by_phrase.into_values().collect(), around, relations, scales, signs, clitics: clitics.to_vec() }
    }

    /// What the longest phrase at a token may stand for, and how many tokens it takes.
    fn at(&self, tokens: &Tokens, at: usize) -> Option<(&[usize], usize)> {
        let mut found = self.phrases.find(tokens, at);
        let mut word = tokens.text(at);
        for _ in 0..CLITICS {
            if found.is_some() || tokens.kind(at) != Some(Kind::Word) {
                break;
            }
            let rest = self.clitics.iter().find_map(|clitic| word.strip_prefix(clitic.as_str()).filter(|rest| rest.chars().count() >= 2));
            let Some(rest) = rest else { break };
            word = rest;
            found = self.phrases.find_as(tokens, at, word);
        }
        let found = found?;
        Some((self.sets.get(found.meaning)?, found.tokens))
    }

    /// Whether a sign of illness is named at a token.
    pub fn names_a_sign(&self, tokens: &Tokens, at: usize) -> bool {
        self.at(tokens, at).is_some_and(|(set, _)| set.iter().any(|concept| self.signs.contains(concept)))
    }

    /// Every concept that a label names, but those that it denies ("No cough"). "Filho(a)", "Esposo/a" name both the man and the woman: what
    /// stands around them.
    fn of_label(&self, label: &str, words: &Lexicon<ListWord>) -> Vec<usize> {
        let tokens = Tokens::of(label);
        let denied = |at: usize| words.ending(&tokens, at, DENIAL).any(|meaning| matches!(meaning, ListWord::Not | ListWord::None));
        let mut named = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let Some((set, n)) = self.at(&tokens, at) else {
                at += 1;
                continue;
            };
            let end = at + n;
            if denied(at) {
                at = end;
                continue;
            }
            let both = tokens.text(end).chars().count() <= 2 && matches!(tokens.between(end), "(" | "/" | "/-" | "(-");
            named.extend(set);
            if both {
                // but "Conjoint(e)" is not all of the family
                named.extend(set.iter().filter_map(|concept| self.outer(*concept)).filter(|outer| self.outer(*outer).is_some()));
            }
            at = end;
        }
        named
    }

    fn outer(&self, concept: usize) -> Option<usize> {
        self.around.get(concept).copied().flatten()
    }

    fn stands_within(&self, concept: usize, other: usize) -> bool {
        let mut outer = self.outer(concept);
        while let Some(around) = outer {
            if around == other {
                return true;
            }
            outer = self.outer(around);
        }
        false
    }
}

/// The concepts that the options of a question name; asked for only where a reply names one.
pub struct Named<'c> {
    concepts: &'c Concepts,
    words: &'c Lexicon<ListWord>,
    choices: &'c [Choice],
    by_option: OnceCell<Vec<Vec<usize>>>,
}

impl<'c> Named<'c> {
    /// Of a question's options.
    pub const fn new(choices: &'c [Choice], words: &'c Words) -> Self {
        Self::with(choices, &words.concepts, &words.list)
    }

    const fn with(choices: &'c [Choice], concepts: &'c Concepts, words: &'c Lexicon<ListWord>) -> Self {
        Self { concepts, words, choices, by_option: OnceCell::new() }
    }

    /// The option that the words at a token mean by what they stand for, and how many tokens they take.
    pub fn at(&self, tokens: &Tokens, at: usize) -> Option<(usize, usize)> {
        let (set, n) = self.concepts.at(tokens, at)?;
        let mut meant = None;
        for concept in set {
            match (self.option(*concept), meant) {
                (Some(option), None) => meant = Some(option),
                // one word, two things: which?
                (Some(option), Some(other)) if option != other => return None,
                (Some(_) | None, _) => {}
            }
        }
        meant.map(|option| (option, n))
    }

    /// How many tokens a relation takes that no option names: they are not to be read apart.
    pub fn hidden(&self, tokens: &Tokens, at: usize) -> Option<usize> {
        let (set, n) = self.concepts.at(tokens, at)?;
        let relations = self.concepts.relations?;
        let is_one = |concept: &usize| *concept == relations || self.concepts.stands_within(*concept, relations);
        (n >= 2 && set.iter().any(is_one) && self.at(tokens, at).is_none()).then_some(n)
    }

    fn by_option(&self) -> &[Vec<usize>] {
        self.by_option.get_or_init(|| {
            let named = |choice: &Choice| {
                std::iter::once(&choice.label)
                    .chain(&choice.words)
                    .flat_map(|text| self.concepts.of_label(text, self.words))
                    .collect::<Vec<_>>()
            };
            self.choices.iter().map(|choice| if choice.exclusive { Vec::new() } else { named(choice) }).collect()
        })
    }

    /// The one option that names a concept, or the nearest thing around it; or all that stands within it ("Father or mother" for a parent).
    fn option(&self, concept: usize) -> Option<usize> {
        let by_option = self.by_option();
        let scale = self.concepts.scales.iter().find(|scale| self.concepts.stands_within(concept, **scale));
        let is_step = |scale: usize| move |named: &&Vec<usize>| named.iter().any(|step| self.concepts.stands_within(*step, scale));
        if scale.is_some_and(|scale| by_option.iter().filter(is_step(*scale)).count() < 2) {
            return None;
        }
        let mut looked_for = Some(concept);
        while let Some(wanted) = looked_for {
            let mut having = by_option.iter().enumerate().filter(|(_, named)| named.contains(&wanted)).map(|(option, _)| option);
            match (having.next(), having.next()) {
                (Some(option), None) => return Some(option),
                (Some(_), Some(_)) => return None,
                (None, _) => {}
            }
            looked_for = self.concepts.outer(wanted);
        }
        let parts = |named: &Vec<usize>| {
            let mut inner: Vec<usize> = named.iter().copied().filter(|c| self.concepts.stands_within(*c, concept)).collect();
            inner.sort_unstable();
            inner.dedup();
            inner.len()
        };
        let mut having = by_option.iter().enumerate().filter(|(_, named)| parts(named) > 0);
        match (having.next(), having.next()) {
            (Some((option, named)), None) if parts(named) > 1 => Some(option),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_has_the_concepts_that_are_known_by_name() {
        for tag in ["en", "es", "fr", "pt", "ar", "zh", "hi"] {
            let words = crate::answer::words::of(&crate::base::Language::parse(tag).unwrap()).unwrap();
            let n = (words.concepts.relations.is_some(), words.concepts.scales.len(), words.concepts.signs.len());
            assert_eq!(n, (true, SCALES.len(), SIGNS.len()), "{tag}: family, scales, signs");
        }
    }

    fn concepts() -> Concepts {
        let lists = [
            ("family/parent", vec!["parent"]),
            ("family/parent/mother", vec!["mother", "mom"]),
            ("family/parent/father", vec!["father", "dad"]),
            ("family/spouse", vec!["spouse"]),
            ("family/spouse/wife", vec!["wife", "woman", "esposa"]),
            ("family/spouse/husband", vec!["esposo"]),
            ("female", vec!["woman", "female"]),
        ];
        let data = lists.into_iter().map(|(path, list)| (path.to_owned(), list.into_iter().map(str::to_owned).collect())).collect();
        Concepts::new(&data, &[])
    }

    fn meant(labels: &[&str], said: &str) -> Option<usize> {
        let concepts = concepts();
        let choice = |label: &&str| Choice { key: (*label).to_owned(), label: (*label).to_owned(), words: Vec::new(), exclusive: false };
        let choices: Vec<Choice> = labels.iter().map(choice).collect();
        Named::with(&choices, &concepts, &Lexicon::new([])).at(&Tokens::of(said), 0).map(|(option, _)| option)
    }

    #[test]
    fn the_narrower_thing_goes_before_the_wider_and_two_options_mean_none() {
        assert_eq!(meant(&["Parent", "Spouse"], "mom"), Some(0));
        assert_eq!(meant(&["Parent", "Mother"], "mom"), Some(1));
        assert_eq!(meant(&["Father", "Spouse"], "mom"), None);
        assert_eq!(meant(&["Mother or father", "Spouse"], "parent"), Some(0));
        assert_eq!(meant(&["Mother", "Father"], "parent"), None);
        assert_eq!(meant(&["Parent one", "Parent two"], "mom"), None);
    }

    #[test]
    fn a_word_of_two_things_means_the_one_that_is_asked() {
        assert_eq!(meant(&["Female", "Male"], "woman"), Some(0));
        assert_eq!(meant(&["Spouse", "Parent"], "woman"), Some(0));
        assert_eq!(meant(&["Spouse", "Female"], "woman"), None);
    }

    #[test]
    fn a_label_for_both_sexes_names_both() {
        assert_eq!(meant(&["Esposo/a", "Parent"], "wife"), Some(0));
        assert_eq!(meant(&["Esposo", "Parent"], "wife"), None);
    }
}
