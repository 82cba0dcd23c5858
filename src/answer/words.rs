//! The words of each language, as data, read once: what is heard in any state (`words/heard/`), what everyday things are called
//! (`words/concept/`), and all else (`words/`).
//!
//! A new language is these three files and one line in [`FILES`], or a file in `words/` beside the flows ([`learn`]); no code. Every list holds
//! phrases as people type them; case, accents and punctuation do not matter, both sides are folded alike ([`super::normalise`]).

mod classes;
mod data;
mod files;
mod heard;
mod meaning;

use std::{
    collections::BTreeMap,
    sync::{
        OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    alike::Alike,
    concept::Concepts,
    keyword::Keyword,
    lexicon::Lexicon,
    normalise::{Tokens, fold},
    pattern::{Meanings, Patterns},
};
use crate::base::Language;
use data::Data;
use files::{ANY, FILES};
pub use meaning::{Correction, DateWord, HearingWord, ListWord, NumberWord, Reach, TemperatureWord, TimeWord, TruthWord, Unit};

/// The words of one language, compiled.
#[derive(Debug)]
pub struct Words {
    /// Every word of truth, lists, numbers, days, times and hearing: ordinary words of the language.
    known: FxHashSet<Box<str>>,
    /// How the language writes numbers and days.
    pub style: data::Style,
    /// Yes, no and what goes with them.
    pub truth: Lexicon<TruthWord>,
    /// Words around options: all, none, but, and, to.
    pub list: Lexicon<ListWord>,
    /// Words that say nothing about which option is meant: the, of, or.
    pub stop: Lexicon<()>,
    /// Words of labels that name a lack: loss.
    pub lack: Lexicon<()>,
    /// Words that mean the same symptom, each with the first of its list: coughing, cough.
    pub same: FxHashMap<Box<str>, Box<str>>,
    /// Phrases of several words that mean the same, each a list of folded words: head hurts, headache.
    pub alike: Alike,
    /// What options and replies may name by other words.
    pub concepts: Concepts,
    /// Words that take back what was said before them: "no wait", "digo".
    pub correction: Lexicon<Correction>,
    /// Numbers in words.
    pub number: Lexicon<NumberWord>,
    /// Words of days.
    pub date: Lexicon<DateWord>,
    /// Words of the clock.
    pub time: Lexicon<TimeWord>,
    /// Units of temperature.
    pub temperature: Lexicon<TemperatureWord>,
    /// What stands before a name: "my name is".
    pub name_lead: Lexicon<()>,
    /// What may stand behind a name: "here", "thanks".
    pub name_tail: Lexicon<()>,
    /// What is said where a name is asked and is none: "you already have it", "some guy".
    pub no_name: Lexicon<()>,
    /// Words that speak of names and are none: "the guys name".
    pub name_words: Lexicon<()>,
    /// What stands before a place: "I live in".
    pub place_lead: Lexicon<()>,
    /// Small words of names: "de la", "van".
    pub name_particle: Lexicon<()>,
    /// People who are counted: "adults", "kids".
    pub people: Lexicon<()>,
    /// Which way a number reaches: "or more", "up to".
    pub reach: Lexicon<Reach>,
    /// What says that a number is the sum of all: "in total".
    pub total: Lexicon<()>,
    /// Two of a thing in one word: جرعتين, "twice".
    pub pairs: Lexicon<()>,
    /// What leads to such a sum: "so".
    pub therefore: Lexicon<()>,
    /// "At" and "dot" of an e-mail address read aloud, each with its sign.
    pub email_sign: Lexicon<char>,
    /// What says that a number is no telephone's: "account", "card".
    pub other_number: Lexicon<()>,
    /// Whole messages that are a keyword, folded.
    pub keyword: FxHashMap<String, Keyword>,
    /// Words of politeness that may stand around a keyword.
    pub polite: Lexicon<()>,
    /// Commands in other words than those, in the order in which they win.
    pub keyword_patterns: Meanings<Keyword>,
    /// The main word of each keyword, to teach.
    pub taught: Vec<(Keyword, String)>,
    /// Danger to life: first the states, then the signs, then the mentions.
    pub emergency: Patterns,
    /// How many of the emergency patterns are states ("can't breathe"), which a "no" before them does not deny.
    pub states: usize,
    /// From which pattern on a word only names help ("ambulance"), which is none of danger where somebody tells of their work.
    pub mentions: usize,
    /// Harm to oneself, or from someone at home.
    pub distress: Patterns,
    /// Words that are no typing fault of a word in a pattern: "sitting" is not "fitting".
    pub ordinary: FxHashSet<Box<str>>,
    /// What turns a sign of danger into none.
    pub hearing: Lexicon<HearingWord>,
    /// Questions back.
    pub question: Meanings<super::question_back::QuestionBack>,
    /// What makes a tale of a question's words: "that is why".
    pub tells: Lexicon<()>,
    /// Someone of the house who is not the one who texts: "my son".
    pub someone_else: Patterns,
    /// Replies that machines send.
    pub auto_reply: Patterns,
}

/// Words that a department added, by tag: they live as long as the program.
static LEARNT: RwLock<BTreeMap<String, &'static Words>> = RwLock::new(BTreeMap::new());
/// Whether there are any: most departments have none, and words are asked for some twenty times a message.
static ANY_LEARNT: AtomicBool = AtomicBool::new(false);

/// Takes the words of a file into use: those of a new language, or more of one that the program has. Theirs go before the program's own, and
/// what is no list (a style, a number) takes its place. Meant for the start of the program; what is learnt is kept until it ends.
///
/// # Errors
/// What is wrong with the file, with its line: an unknown name, a list that is none.
pub fn learn(tag: &str, text: &str) -> Result<(), String> {
    let language = Language::parse(tag).ok_or_else(|| format!("`{tag}` is no language tag; call the file `sw.toml`"))?;
    Data::parse(text).map_err(|error| error.to_string())?;
    let own = FILES.iter().find(|(known, ..)| *known == language.primary());
    let (_, heard, answers) = own.copied().unwrap_or_default();
    let data = Data::of(&[text, heard, answers, ANY]).map_err(|error| error.to_string())?;
    let words: &'static Words = Box::leak(Box::new(compile(&data)));
    let mut learnt = LEARNT.write().unwrap_or_else(PoisonError::into_inner);
    learnt.insert(language.primary().to_owned(), words);
    ANY_LEARNT.store(true, Ordering::Release);
    Ok(())
}

/// The words of a language by the first part of its tag; `None` where there is no data.
pub fn of(language: &Language) -> Option<&'static Words> {
    if ANY_LEARNT.load(Ordering::Acquire)
        && let Some(words) = LEARNT.read().unwrap_or_else(PoisonError::into_inner).get(language.primary())
    {
        return Some(words);
    }
    static TABLE: OnceLock<Vec<OnceLock<Option<Words>>>> = OnceLock::new();
    let at = FILES.iter().position(|(tag, ..)| *tag == language.primary())?;
    let table = TABLE.get_or_init(|| FILES.iter().map(|_| OnceLock::new()).collect());
    let (_, heard, answers) = FILES.get(at)?;
    table.get(at)?.get_or_init(|| Data::of(&[heard, answers, ANY]).ok().map(|data| compile(&data))).as_ref()
}

/// The tags of the languages that have words.
pub fn languages() -> impl Iterator<Item = String> {
    let mut tags: Vec<String> = FILES.iter().map(|(tag, ..)| (*tag).to_owned()).collect();
    for tag in LEARNT.read().unwrap_or_else(PoisonError::into_inner).keys() {
        if !tags.contains(tag) {
            tags.push(tag.clone());
        }
    }
    tags.into_iter()
}

/// The words of several languages in order, each once; English where none of them has data.
pub fn of_all(languages: &[Language]) -> Vec<&'static Words> {
    let mut found: Vec<&'static Words> = Vec::with_capacity(languages.len());
    for words in languages.iter().filter_map(of) {
        if !found.iter().any(|f| std::ptr::eq(*f, words)) {
            found.push(words);
        }
    }
    if found.is_empty() {
        found.extend(of(&Language::english()));
    }
    found
}

fn compile(data: &Data) -> Words {
    let mut keyword = FxHashMap::default();
    for (word, phrases) in data.keyword.lists() {
        for phrase in phrases {
            keyword.entry(fold(phrase)).or_insert(word);
        }
    }
    let mut words = Words {
        known: FxHashSet::default(),
        style: data.style.clone(),
        truth: Lexicon::new(data.truth.phrases()),
        list: Lexicon::new(data.list.phrases()),
        stop: Lexicon::new(data.list.stop.iter().map(|p| (p.as_str(), ()))),
        lack: Lexicon::new(data.list.lack.iter().map(|p| (p.as_str(), ()))),
        same: data.list.same_words(),
        alike: Alike::new(data.list.same_phrases()),
        concepts: Concepts::new(&data.concept, &data.style.clitics),
        correction: Lexicon::new(data.truth.corrections()),
        number: Lexicon::new(data.number.phrases()),
        date: Lexicon::new(data.date.phrases()),
        time: Lexicon::new(data.time.phrases()),
        temperature: Lexicon::new(data.temperature.phrases()),
        name_lead: Lexicon::new(data.text.name_lead.iter().map(|p| (p.as_str(), ()))),
        name_tail: Lexicon::new(data.text.name_tail.iter().map(|p| (p.as_str(), ()))),
        no_name: Lexicon::new(data.text.no_name.iter().map(|p| (p.as_str(), ()))),
        name_words: Lexicon::new(data.text.name_words.iter().map(|p| (p.as_str(), ()))),
        place_lead: Lexicon::new(data.text.place_lead.iter().map(|p| (p.as_str(), ()))),
        name_particle: Lexicon::new(data.text.name_particle.iter().map(|p| (p.as_str(), ()))),
        people: Lexicon::new(data.number.people.iter().map(|p| (p.as_str(), ()))),
        reach: Lexicon::new(data.number.reaches()),
        total: Lexicon::new(data.number.total.iter().map(|p| (p.as_str(), ()))),
        pairs: Lexicon::new(data.number.pairs.iter().map(|p| (p.as_str(), ()))),
        therefore: Lexicon::new(data.number.therefore.iter().map(|p| (p.as_str(), ()))),
        email_sign: Lexicon::new(data.text.email_signs()),
        other_number: Lexicon::new(data.text.other_number.iter().map(|p| (p.as_str(), ()))),
        keyword,
        polite: Lexicon::new(data.keyword.polite.iter().map(|p| (p.as_str(), ()))),
        keyword_patterns: Meanings::new(data.keyword_patterns.lists(), &data.style.clitics),
        taught: data.keyword.taught(),
        emergency: Patterns::new(&data.emergency.dangers(), &data.style.clitics),
        states: data.emergency.states.len(),
        mentions: data.emergency.states.len() + data.emergency.signs.len(),
        ordinary: data.emergency.ordinary.iter().map(|word| fold(word).into()).collect(),
        distress: Patterns::new(&data.emergency.distress, &data.style.clitics),
        hearing: Lexicon::new(data.emergency.phrases()),
        question: Meanings::new(data.question.lists(), &data.style.clitics),
        tells: Lexicon::new(data.question.tells.iter().map(|p| (p.as_str(), ()))),
        someone_else: Patterns::new(&data.extra.someone_else, &data.style.clitics),
        auto_reply: Patterns::new(&data.auto_reply.patterns, &data.style.clitics),
    };
    let Words { truth, list, stop, number, date, time, hearing, .. } = &words;
    let all = truth.words().chain(list.words()).chain(stop.words()).chain(number.words()).chain(date.words()).chain(time.words());
    words.known = all.chain(hearing.words()).map(Box::from).collect();
    words
}

impl Words {
    /// Whether any list of the language has this folded word: an ordinary word is not a typing fault of another.
    pub fn knows(&self, word: &str) -> bool {
        self.known.contains(word)
    }

    /// Whether a folded word is no typing fault of one in a pattern.
    pub fn is_ordinary(&self, word: &str) -> bool {
        self.known.contains(word) || self.ordinary.contains(word)
    }

    /// The word that stands for all that mean the same: cough for coughing by the data, حمى for وحمى, which has a letter written onto it.
    pub fn meaning<'t>(&'t self, word: &'t str) -> &'t str {
        let same = |word| self.same.get(word).map(|first| &**first);
        let mut bare = word;
        loop {
            if let Some(first) = same(bare) {
                return first;
            }
            match self.without_clitic(bare) {
                Some(rest) => bare = rest,
                None => return bare,
            }
        }
    }

    /// A word without the letters written onto its beginning, where two letters or more are left.
    pub fn without_clitic<'t>(&self, word: &'t str) -> Option<&'t str> {
        self.style.clitics.iter().find_map(|clitic| word.strip_prefix(clitic.as_str()).filter(|rest| rest.chars().count() >= 3))
    }

    /// What the whole reply says as one phrase of a lexicon, if it does.
    pub fn whole<T: Copy>(lexicon: &Lexicon<T>, tokens: &Tokens) -> Option<T> {
        lexicon.find_mended(tokens, 0).filter(|f| f.tokens == tokens.len()).map(|f| f.meaning)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_s_data_is_read() {
        for (tag, heard, answers) in FILES {
            if let Err(error) = Data::of(&[heard, answers, ANY]) {
                panic!("{tag}.toml: {error}");
            }
            assert!(of(&Language::parse(tag).unwrap()).is_some(), "{tag}");
        }
    }

    #[test]
    fn every_language_teaches_every_keyword_and_reads_what_it_teaches() {
        for (tag, ..) in FILES {
            let words = of(&Language::parse(tag).unwrap()).unwrap();
            for keyword in Keyword::ALL {
                let taught = words.taught.iter().find(|(k, _)| *k == keyword).unwrap_or_else(|| panic!("{tag}: {keyword:?} is not taught"));
                assert_eq!(words.keyword.get(&fold(&taught.1)), Some(&keyword), "{tag}: {}", taught.1);
            }
        }
    }

    /// Swahili, as a department would add it beside its flows: enough to be asked yes or no, to stop, and to be heard in danger.
    const SWAHILI: &str = r#"
[truth]
yes = ["ndiyo", "ndio", "eeh"]
no = ["hapana", "la"]
unsure = ["sijui"]
[list]
none = ["hakuna"]
[date.days]
jana = -1
leo = 0
[keyword]
stop = ["ACHA", "simama"]
[emergency]
states = ["siwezi kupumua", "hapumui"]
signs = ["maumivu * kifua"]
not = ["sina"]
"#;

    #[test]
    fn a_department_adds_a_language_by_a_file_alone() {
        use crate::answer::{Context, Expect, How, Keyword, Reading, Reply, Truth, Value, emergency, keyword, read};
        let swahili = Language::parse("sw").unwrap();
        assert!(of(&swahili).is_none());
        learn("sw", SWAHILI).unwrap();
        assert!(languages().any(|tag| tag == "sw"));
        let context = Context { language: &swahili, others: &[], today: jiff::civil::Date::constant(2026, 3, 11), country: "KE" };
        let clear = |value| Reading::Clear { value, how: How::Exact };
        assert_eq!(read(&Expect::YesNo { unsure: false }, &Reply::of("Ndiyo!"), &context), clear(Value::Truth(Truth::Yes)));
        assert_eq!(read(&Expect::YesNo { unsure: false }, &Reply::of("hapana"), &context), clear(Value::Truth(Truth::No)));
        let day = jiff::civil::Date::constant(2026, 3, 10);
        assert_eq!(read(&Expect::Date(Default::default()), &Reply::of("jana"), &context), clear(Value::Date(day)));
        let languages = [swahili];
        assert_eq!(keyword::read(&Reply::of("acha"), &languages), Some(Keyword::Stop));
        assert_eq!(keyword::words(Keyword::Stop, languages.first().unwrap()), "ACHA");
        assert!(emergency::hear(&Reply::of("siwezi kupumua"), &languages).is_some());
        assert!(emergency::hear(&Reply::of("sina maumivu ya kifua"), &languages).is_none());
    }

    #[test]
    fn words_added_to_a_language_go_before_its_own() {
        let joined = Data::of(&["[truth]\nyes = [\"eh hee\"]\n[style]\nmonth_first = false", FILES.first().unwrap().2]).unwrap();
        let words = compile(&joined);
        let says = |text: &str| words.truth.exactly(&Tokens::of(text), 0, Tokens::of(text).len());
        assert_eq!((says("eh hee"), says("yes"), words.style.month_first), (Some(TruthWord::Yes), Some(TruthWord::Yes), false));
    }

    #[test]
    fn a_file_with_a_fault_is_refused_with_its_line() {
        let why = learn("sw", "[truth]\nyess = [\"ndiyo\"]").unwrap_err();
        assert!(why.contains("line 2") && why.contains("yess"), "{why}");
        assert!(learn("not a tag", "").unwrap_err().contains("language tag"));
    }
}
