//! Phrases that mean one thing: "headache" and "my head hurts". Data of each language (`[list] same`), found by their first word.

use rustc_hash::FxHashMap;

type Phrase = Vec<Box<str>>;

/// The lists of phrases of a language.
#[derive(Debug, Default)]
pub struct Alike {
    lists: Vec<Vec<Phrase>>,
    /// Where the phrases that begin with a word stand: list and place in it.
    by_first: FxHashMap<Box<str>, Vec<(usize, usize)>>,
}

impl Alike {
    /// Of the data's lists, their phrases cut into folded words.
    pub fn new(lists: Vec<Vec<Phrase>>) -> Self {
        let mut by_first: FxHashMap<Box<str>, Vec<(usize, usize)>> = FxHashMap::default();
        for (nth, list) in lists.iter().enumerate() {
            for (at, phrase) in list.iter().enumerate() {
                if let Some(first) = phrase.first() {
                    by_first.entry(first.clone()).or_default().push((nth, at));
                }
            }
        }
        Self { lists, by_first }
    }

    /// What else is said for the phrases of a text: at most so many of each list, none of them that which the text has.
    pub fn otherwise(&self, text: &[&str], most: usize) -> impl Iterator<Item = &Phrase> {
        let fits = |from: usize, phrase: &Phrase| {
            text.get(from..from + phrase.len()).is_some_and(|run| run.iter().zip(phrase).all(|(a, b)| *a == &**b))
        };
        // of each list the first phrase of it that the text has
        let mut had: Vec<(usize, usize)> = Vec::new();
        for (from, word) in text.iter().enumerate() {
            for (list, at) in self.by_first.get(*word).into_iter().flatten() {
                let phrase = self.lists.get(*list).and_then(|list| list.get(*at));
                if phrase.is_some_and(|phrase| fits(from, phrase)) {
                    had.push((*list, *at));
                }
            }
        }
        had.sort_unstable();
        had.dedup_by_key(|(list, _)| *list);
        had.into_iter().flat_map(move |(list, at)| {
            let others = self.lists.get(list).into_iter().flatten().enumerate().filter(move |(nth, _)| *nth != at);
            others.map(|(_, phrase)| phrase).take(most)
        })
    }
}
