//! The shape of a language's file. Unknown keys are errors, so that a misspelt list is noticed by the tests.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::Deserialize;

use super::{
    Correction, DateWord, ListWord, NumberWord, Reach, TemperatureWord, TimeWord, TruthWord, Unit, classes,
    heard::{EmergencyWords, KeywordPatterns, KeywordWords, QuestionWords},
};
use crate::answer::{day::Feast, normalise::fold};

pub(super) type List = Vec<String>;
type Numbers = BTreeMap<String, f64>;
type Days = BTreeMap<String, i32>;
/// A table of numbers and what each entry of it means.
type NumberTable<'d> = (&'d Numbers, fn(f64) -> NumberWord);
/// Lists in the order of what they count, and what each means.
type NumberedLists<'d> = (&'d Vec<List>, fn(i8) -> DateWord);

/// One language's file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    pub style: Style,
    pub truth: Truth,
    pub list: ListWords,
    pub number: NumberWords,
    pub date: DateWords,
    pub time: TimeWords,
    pub temperature: TemperatureWords,
    pub text: TextWords,
    pub keyword: KeywordWords,
    pub keyword_patterns: KeywordPatterns,
    /// What `@name` stands for in the patterns of keywords and dangers.
    classes: BTreeMap<String, String>,
    pub emergency: EmergencyWords,
    pub question: QuestionWords,
    pub auto_reply: AutoReplyWords,
    pub extra: ExtraWords,
    /// Paths of concepts and what they are called.
    pub concept: BTreeMap<String, List>,
}

/// How the language writes numbers and days.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Style {
    /// Whether the decimal sign is a comma.
    pub decimal_comma: bool,
    /// Whether the month comes before the day, where the country writes so too.
    pub month_first: bool,
    /// A month may be said by its number: "el 21 del 3".
    pub month_by_number: bool,
    /// Numbers by digits and places without spaces: 四百五.
    pub places: bool,
    /// Sixty and eighty take numbers up to nineteen: soixante-dix.
    pub twenties: bool,
    /// الأحد القادم is the one that comes, not that of next week.
    pub next_is_coming: bool,
    /// Units come before tens: واحد وعشرون.
    pub units_first: bool,
    /// "No" before a verb denies the verb: "no me siento bien" may be "I do not feel well".
    pub no_negates: bool,
    /// A unit alone is one of it: "قبل شهر" is a month ago.
    pub unit_is_one: bool,
    /// From which ordinal on it divides a one before it: "one fifth". Below, "un cuarto" is a room.
    pub ordinals_divide: Option<f64>,
    /// How words of fractions end: "veinticincoavos".
    pub fraction_endings: Vec<String>,
    /// "Not" stands behind what it denies: बुखार नहीं है.
    pub not_behind: bool,
    /// Letters written onto the following word: و, ال, ب.
    pub clitics: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Truth {
    yes: List,
    no: List,
    unsure: List,
    yes_at_end: List,
    yes_alone: List,
    no_alone: List,
    filler: List,
    correction: List,
    sorry: List,
    /// Takes back what stands before it, where no yes or no is asked.
    taken_back: List,
    but: List,
    ill: List,
    well: List,
    refusal: List,
    lead: List,
    other: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ListWords {
    and: List,
    or: List,
    to: List,
    all: List,
    none: List,
    except: List,
    not: List,
    but: List,
    both: List,
    me: List,
    last: List,
    well: List,
    these: List,
    first: List,
    filler: List,
    pub stop: List,
    pub lack: List,
    same: Vec<List>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NumberWords {
    values: Numbers,
    scales: Numbers,
    ordinals: Numbers,
    parts: Numbers,
    and: List,
    point: List,
    minus: List,
    a: List,
    counted: List,
    fraction: List,
    fractions: Numbers,
    parts_of: List,
    over: List,
    divide: List,
    bound: List,
    bound_behind: List,
    plus: List,
    vague: List,
    before: Numbers,
    becoming: List,
    beyond: List,
    up_to: List,
    pub total: List,
    pub pairs: List,
    pub therefore: List,
    pub people: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DateWords {
    months: Vec<List>,
    weekdays: Vec<List>,
    days: Days,
    now: List,
    either: Days,
    two_hours: List,
    two_days: List,
    two_weeks: List,
    two_months: List,
    two_years: List,
    lengths: BTreeMap<String, u32>,
    padding: List,
    /// Rules of named days, each with its names.
    feasts: BTreeMap<String, List>,
    second: List,
    minute: List,
    hour: List,
    day: List,
    week: List,
    month: List,
    year: List,
    ago_before: List,
    ago_after: List,
    later_before: List,
    later_after: List,
    last: List,
    next: List,
    this: List,
    since: List,
    of: List,
    day_mark: List,
    month_mark: List,
    year_mark: List,
    /// Eras, each with the year before its first.
    eras: BTreeMap<String, i16>,
    and: List,
    vague: List,
    not: List,
    roughly: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimeWords {
    am: List,
    pm: List,
    night: List,
    noon: List,
    midnight: List,
    half: List,
    quarter: List,
    half_before: List,
    quarter_before: List,
    quarter_of: List,
    to: List,
    past: List,
    less: List,
    hour: List,
    filler: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TemperatureWords {
    celsius: List,
    fahrenheit: List,
    degree: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TextWords {
    pub name_lead: List,
    pub name_tail: List,
    pub no_name: List,
    pub name_words: List,
    pub name_particle: List,
    pub place_lead: List,
    pub other_number: List,
    email_at: List,
    email_dot: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoReplyWords {
    pub patterns: List,
}

/// What is said beside an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ExtraWords {
    pub someone_else: List,
}

impl Data {
    /// Reads a file.
    ///
    /// # Errors
    /// What the TOML reader says; the tests of this room read every file.
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Reads files of one language, each put over those that follow: its lists go before theirs, its values in place of them. Classes of
    /// words are put in their places.
    ///
    /// # Errors
    /// As [`Self::parse`]; and the name that no class has.
    pub fn of(texts: &[&str]) -> Result<Self, toml::de::Error> {
        let mut whole = toml::Table::new();
        for text in texts {
            put_over(&mut whole, toml::from_str(text)?);
        }
        let mut data: Self = toml::Value::Table(whole).try_into()?;
        let Self { classes: names, emergency, keyword_patterns, .. } = &mut data;
        let lists = [&mut emergency.states, &mut emergency.signs, &mut emergency.mentions, &mut emergency.distress];
        for list in lists.into_iter().chain(keyword_patterns.lists_mut()) {
            classes::expand(list, names).map_err(serde::de::Error::custom)?;
        }
        Ok(data)
    }
}

fn put_over(over: &mut toml::Table, under: toml::Table) {
    for (name, below) in under {
        match (over.get_mut(&name), below) {
            (Some(toml::Value::Table(above)), toml::Value::Table(below)) => put_over(above, below),
            (Some(toml::Value::Array(above)), toml::Value::Array(below)) => join(above, below),
            (Some(_), _) => {}
            (None, below) => {
                over.insert(name, below);
            }
        }
    }
}

/// Lists of lists (months, weekdays) are joined one by one.
fn join(above: &mut Vec<toml::Value>, below: Vec<toml::Value>) {
    let lists = below.iter().all(toml::Value::is_array) && above.iter().all(toml::Value::is_array) && above.len() == below.len();
    if !lists || below.is_empty() {
        above.extend(below);
        return;
    }
    for (above, below) in above.iter_mut().zip(below) {
        if let (toml::Value::Array(above), toml::Value::Array(below)) = (above, below) {
            above.extend(below);
        }
    }
}

pub(super) fn all<'a, T: Copy + 'a>(lists: Vec<(&'a List, T)>) -> Vec<(&'a str, T)> {
    lists.into_iter().flat_map(|(list, meaning)| list.iter().map(move |phrase| (phrase.as_str(), meaning))).collect()
}

impl Truth {
    pub fn phrases(&self) -> Vec<(&str, TruthWord)> {
        all(vec![
            (&self.yes, TruthWord::Yes),
            (&self.no, TruthWord::No),
            (&self.unsure, TruthWord::Unsure),
            (&self.yes_at_end, TruthWord::YesAtEnd),
            (&self.yes_alone, TruthWord::YesAlone),
            (&self.no_alone, TruthWord::NoAlone),
            (&self.filler, TruthWord::Filler),
            (&self.correction, TruthWord::Correction),
            (&self.but, TruthWord::But),
            (&self.ill, TruthWord::Ill),
            (&self.well, TruthWord::Well),
            (&self.refusal, TruthWord::Refusal),
            (&self.lead, TruthWord::Lead),
            (&self.other, TruthWord::Other),
        ])
    }

    /// What takes back the words before it, in answers of every kind.
    pub fn corrections(&self) -> Vec<(&str, Correction)> {
        all(vec![(&self.sorry, Correction::Perhaps), (&self.correction, Correction::Plain), (&self.taken_back, Correction::Plain)])
    }
}

impl ListWords {
    pub fn phrases(&self) -> Vec<(&str, ListWord)> {
        all(vec![
            (&self.these, ListWord::These),
            (&self.first, ListWord::First),
            (&self.and, ListWord::And),
            (&self.or, ListWord::Or),
            (&self.to, ListWord::To),
            (&self.all, ListWord::All),
            (&self.none, ListWord::None),
            (&self.except, ListWord::Except),
            (&self.not, ListWord::Not),
            (&self.but, ListWord::But),
            (&self.both, ListWord::Both),
            (&self.me, ListWord::Me),
            (&self.last, ListWord::Last),
            (&self.well, ListWord::Well),
            (&self.filler, ListWord::Filler),
        ])
    }
}

impl ListWords {
    /// Every word of the lists that mean the same, folded, with the first of its list.
    pub fn same_words(&self) -> FxHashMap<Box<str>, Box<str>> {
        let mut words = FxHashMap::default();
        for list in &self.same {
            let Some(first) = list.first().map(|w| fold(w)) else { continue };
            for word in list.iter().map(|w| fold(w)).filter(|_| !first.contains(' ')).filter(|w| !w.contains(' ')) {
                words.insert(word.into(), first.as_str().into());
            }
        }
        words
    }
}

impl ListWords {
    /// The lists that mean the same and hold phrases of several words, each phrase as its folded words.
    pub fn same_phrases(&self) -> Vec<Vec<Vec<Box<str>>>> {
        let phrase = |text: &String| fold(text).split(' ').map(Box::from).collect::<Vec<Box<str>>>();
        let lists = self.same.iter().map(|list| list.iter().map(phrase).collect::<Vec<_>>());
        lists.filter(|list| list.iter().any(|phrase| phrase.len() > 1)).collect()
    }
}

impl TextWords {
    /// What is said for the signs of an e-mail address.
    pub fn email_signs(&self) -> Vec<(&str, char)> {
        all(vec![(&self.email_at, '@'), (&self.email_dot, '.')])
    }
}

impl NumberWords {
    pub fn reaches(&self) -> impl Iterator<Item = (&str, Reach)> {
        let beyond = self.beyond.iter().map(|phrase| (phrase.as_str(), Reach::Beyond));
        beyond.chain(self.up_to.iter().map(|phrase| (phrase.as_str(), Reach::UpTo)))
    }

    pub fn phrases(&self) -> Vec<(&str, NumberWord)> {
        // values first: "un" is one before it is "a"
        let mut phrases = Vec::new();
        let tables: [NumberTable<'_>; 6] = [
            (&self.before, NumberWord::Before),
            (&self.values, NumberWord::Value),
            (&self.scales, NumberWord::Scale),
            (&self.ordinals, NumberWord::Ordinal),
            (&self.parts, NumberWord::Part),
            (&self.fractions, NumberWord::Share),
        ];
        for (table, meaning) in tables {
            phrases.extend(table.iter().map(|(phrase, value)| (phrase.as_str(), meaning(*value))));
        }
        phrases.extend(all(vec![
            (&self.and, NumberWord::And),
            (&self.point, NumberWord::Point),
            (&self.minus, NumberWord::Minus),
            (&self.a, NumberWord::A),
            (&self.counted, NumberWord::Counted),
            (&self.fraction, NumberWord::Fraction),
            (&self.parts_of, NumberWord::PartsOf),
            (&self.over, NumberWord::Over),
            (&self.divide, NumberWord::Divide),
            (&self.bound, NumberWord::Bound),
            (&self.bound_behind, NumberWord::BoundBehind),
            (&self.plus, NumberWord::Plus),
            (&self.vague, NumberWord::Vague),
            (&self.becoming, NumberWord::Becoming),
        ]));
        phrases
    }
}

impl DateWords {
    pub fn phrases(&self) -> Vec<(&str, DateWord)> {
        let mut phrases: Vec<(&str, DateWord)> = self.days.iter().map(|(phrase, days)| (phrase.as_str(), DateWord::Day(*days))).collect();
        phrases.extend(self.either.iter().map(|(phrase, days)| (phrase.as_str(), DateWord::Either(*days))));
        let numbered: [NumberedLists<'_>; 2] = [(&self.months, DateWord::Month), (&self.weekdays, DateWord::Weekday)];
        for (lists, meaning) in numbered {
            for (list, n) in lists.iter().zip(1_i8..) {
                phrases.extend(list.iter().map(|phrase| (phrase.as_str(), meaning(n))));
            }
        }
        for (rule, names) in &self.feasts {
            if let Some(feast) = Feast::parse(rule) {
                phrases.extend(names.iter().map(|name| (name.as_str(), DateWord::Feast(feast))));
            }
        }
        phrases.extend(self.eras.iter().map(|(era, before)| (era.as_str(), DateWord::Era(*before))));
        phrases.extend(self.lengths.iter().map(|(phrase, minutes)| (phrase.as_str(), DateWord::Lasting(*minutes))));
        phrases.extend(all(vec![
            (&self.padding, DateWord::Padding),
            (&self.now, DateWord::Now),
            (&self.two_hours, DateWord::Two(Unit::Hour)),
            (&self.two_days, DateWord::Two(Unit::Day)),
            (&self.two_weeks, DateWord::Two(Unit::Week)),
            (&self.two_months, DateWord::Two(Unit::Month)),
            (&self.two_years, DateWord::Two(Unit::Year)),
            (&self.second, DateWord::Unit(Unit::Second)),
            (&self.minute, DateWord::Unit(Unit::Minute)),
            (&self.hour, DateWord::Unit(Unit::Hour)),
            (&self.day, DateWord::Unit(Unit::Day)),
            (&self.week, DateWord::Unit(Unit::Week)),
            (&self.month, DateWord::Unit(Unit::Month)),
            (&self.year, DateWord::Unit(Unit::Year)),
            (&self.ago_before, DateWord::AgoBefore),
            (&self.ago_after, DateWord::AgoAfter),
            (&self.later_before, DateWord::LaterBefore),
            (&self.later_after, DateWord::LaterAfter),
            (&self.last, DateWord::Last),
            (&self.next, DateWord::Next),
            (&self.this, DateWord::This),
            (&self.since, DateWord::Since),
            (&self.of, DateWord::Of),
            (&self.day_mark, DateWord::DayMark),
            (&self.month_mark, DateWord::MonthMark),
            (&self.year_mark, DateWord::YearMark),
            (&self.and, DateWord::And),
            (&self.vague, DateWord::Vague),
            (&self.not, DateWord::Not),
            (&self.roughly, DateWord::Roughly),
        ]));
        phrases
    }
}

impl TimeWords {
    pub fn phrases(&self) -> Vec<(&str, TimeWord)> {
        all(vec![
            (&self.am, TimeWord::Am),
            (&self.pm, TimeWord::Pm),
            (&self.night, TimeWord::Night),
            (&self.noon, TimeWord::Noon),
            (&self.midnight, TimeWord::Midnight),
            (&self.half, TimeWord::Half),
            (&self.quarter, TimeWord::Quarter),
            (&self.half_before, TimeWord::HalfBefore),
            (&self.quarter_before, TimeWord::QuarterBefore),
            (&self.quarter_of, TimeWord::QuarterOf),
            (&self.to, TimeWord::To),
            (&self.past, TimeWord::Past),
            (&self.less, TimeWord::Less),
            (&self.hour, TimeWord::Hour),
            (&self.filler, TimeWord::Filler),
        ])
    }
}

impl TemperatureWords {
    pub fn phrases(&self) -> Vec<(&str, TemperatureWord)> {
        all(vec![
            (&self.celsius, TemperatureWord::Celsius),
            (&self.fahrenheit, TemperatureWord::Fahrenheit),
            (&self.degree, TemperatureWord::Degree),
        ])
    }
}
