//! What is heard in any state, as it stands in the data files: commands, words of danger, questions back.

use serde::Deserialize;

use super::{
    HearingWord,
    data::{List, all},
};
use crate::answer::{keyword::Keyword, question_back::QuestionBack};

/// Each list begins with the word to teach.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeywordWords {
    stop: List,
    start: List,
    help: List,
    human: List,
    language: List,
    back: List,
    fix: List,
    restart: List,
    skip: List,
    nobody: List,
    done: List,
    tell: List,
    pub polite: List,
}

/// Commands said in other words than the lists have: patterns.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeywordPatterns {
    stop: List,
    start: List,
    help: List,
    human: List,
    language: List,
    back: List,
    fix: List,
    skip: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmergencyWords {
    pub states: List,
    pub signs: List,
    pub mentions: List,
    pub distress: List,
    pub ordinary: List,
    not: List,
    between: List,
    or: List,
    gone: List,
    past: List,
    still: List,
    supposed: List,
    harmless: List,
    work: List,
    never_again: List,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuestionWords {
    who: List,
    why: List,
    scam: List,
    how_long: List,
    pub tells: List,
}

impl EmergencyWords {
    /// The patterns of danger to life: states, signs, mentions.
    pub fn dangers(&self) -> List {
        [self.states.as_slice(), self.signs.as_slice(), self.mentions.as_slice()].concat()
    }

    pub fn phrases(&self) -> Vec<(&str, HearingWord)> {
        all(vec![
            (&self.not, HearingWord::Not),
            (&self.between, HearingWord::Between),
            (&self.or, HearingWord::Or),
            (&self.gone, HearingWord::Gone),
            (&self.past, HearingWord::Past),
            (&self.still, HearingWord::Still),
            (&self.supposed, HearingWord::Supposed),
            (&self.harmless, HearingWord::Harmless),
            (&self.work, HearingWord::Work),
            (&self.never_again, HearingWord::NeverAgain),
        ])
    }
}

impl KeywordWords {
    pub fn lists(&self) -> Vec<(Keyword, &List)> {
        vec![
            (Keyword::Stop, &self.stop),
            (Keyword::Start, &self.start),
            (Keyword::Help, &self.help),
            (Keyword::Human, &self.human),
            (Keyword::Language, &self.language),
            (Keyword::Back, &self.back),
            (Keyword::Fix, &self.fix),
            (Keyword::Restart, &self.restart),
            (Keyword::Skip, &self.skip),
            (Keyword::Nobody, &self.nobody),
            (Keyword::Done, &self.done),
            (Keyword::Tell, &self.tell),
        ]
    }

    pub fn taught(&self) -> Vec<(Keyword, String)> {
        self.lists().into_iter().filter_map(|(keyword, list)| list.first().map(|word| (keyword, word.clone()))).collect()
    }
}

impl KeywordPatterns {
    /// In the order in which they win where two take as many words.
    pub fn lists(&self) -> [(Keyword, &[String]); 8] {
        [
            (Keyword::Stop, &self.stop),
            (Keyword::Human, &self.human),
            (Keyword::Language, &self.language),
            (Keyword::Fix, &self.fix),
            (Keyword::Back, &self.back),
            (Keyword::Skip, &self.skip),
            (Keyword::Start, &self.start),
            (Keyword::Help, &self.help),
        ]
    }

    pub fn lists_mut(&mut self) -> [&mut List; 8] {
        let Self { stop, start, help, human, language, back, fix, skip } = self;
        [stop, start, help, human, language, back, fix, skip]
    }
}

impl QuestionWords {
    pub fn lists(&self) -> Vec<(QuestionBack, &[String])> {
        vec![
            (QuestionBack::Scam, &self.scam),
            (QuestionBack::WhoIsThis, &self.who),
            (QuestionBack::Why, &self.why),
            (QuestionBack::HowLong, &self.how_long),
        ]
    }
}
