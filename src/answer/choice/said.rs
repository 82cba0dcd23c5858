//! What a reply says of the options, read once from its beginning: options by number and by label, ranges, all, none, and what takes them back.

use super::{by_number::by_number, list::List, weaker};
use crate::answer::{
    label::{Labels, Match},
    normalise::{Kind, Tokens},
    reading::How,
    words::{ListWord, Words},
};

/// What is said of one option, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// The option at a place of the list.
    Option { at: usize, by: How, denied: bool },
    /// A range of numbers, as typed.
    Range { from: usize, to: usize },
    /// The number of the exclusive option, or "none".
    None { by: How },
    /// Every option.
    All,
    /// All but what follows.
    Except,
    /// A number that no option has.
    Beyond { high: bool },
    /// "Or" between two.
    Or,
    /// A denied option behind which a comma leaves open whether the next is denied too.
    Doubtful,
}

/// What is left of the reply besides options and the words around them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rest {
    /// Words that are none of theirs.
    pub words: usize,
    /// Whether its numbers are of other things than options.
    pub counts: bool,
    /// Words nobody knows since the last "and": "2 and the baby".
    since_and: Option<usize>,
}

impl Rest {
    pub fn weaken(self, how: How) -> How {
        if self.words > 0 { weaker(how, How::Within) } else { how }
    }

    /// Whether the reply ends with "and somebody" whom the list does not name: taking the others would drop a person in silence.
    pub fn ends_with_a_stranger(self) -> bool {
        self.since_and.is_some_and(|n| (1..=2).contains(&n))
    }
}

/// Goes through the reply once.
pub fn scan(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> (Vec<Said>, Rest) {
    let mut said: Vec<Said> = Vec::new();
    let mut rest = Rest { counts: counts_other_things(list, labels, tokens, words), ..Rest::default() };
    let mut denying = false;
    let mut doubtful = false;
    // how much was said before the clause
    let mut in_clause = 0;
    let mut at = 0;
    while at < tokens.len() {
        if at > 0 && tokens.breaks(at) {
            in_clause = said.len();
        }
        if denying && at > 0 && tokens.breaks(at) {
            doubtful = said.last().is_some_and(|s| matches!(s, Said::Option { denied: true, .. }));
            denying = false;
        }
        let longer = |n: usize| words.list.find(tokens, at).is_some_and(|w| w.tokens > n);
        // "las dos" of the labels "Una" and "Dos"
        let named = tokens.kind(at) == Some(Kind::Word) && labels.at(tokens, at).is_some_and(|l| l.whole);
        if let Some((piece, n)) = by_number(list, tokens, at, words, &said).filter(|(_, n)| !rest.counts && !named && !longer(*n)) {
            rest.since_and = None;
            said.push(if let (Said::Option { at, by, .. }, true) = (piece, denying) {
                Said::Option { at, by, denied: true }
            } else {
                piece
            });
            at += n;
            continue;
        }
        let label = labels.at(tokens, at);
        let word = words.list.find_mended(tokens, at).filter(|f| !f.mended || label.is_none());
        // a label's own words go before words around the list, unless those are the longer: "all but", "none of these"
        if let Some(Match { option, n, mended, whole, meant }) = label
            && word.is_none_or(|w| {
                let alone = said.is_empty() && labels.at(tokens, at + n).is_none();
                let as_long = n == w.tokens && (says_little(w.meaning) || w.meaning == ListWord::None && n > 1 && alone);
                whole || n > w.tokens || as_long || w.meaning == ListWord::Me && list.me().is_none()
            })
        {
            rest.since_and = None;
            let by = if mended {
                How::Mended
            } else if whole {
                How::Exact
            } else {
                How::Within
            };
            if doubtful && !affirmed(tokens, at + 1, words) {
                said.push(Said::Doubtful);
            }
            doubtful = false;
            let denies = |i: usize| words.list.find(tokens, i).is_some_and(|f| matches!(f.meaning, ListWord::None | ListWord::Not));
            if !whole
                && (Some(option) == list.exclusive || !meant && list.is_negative(option, words) && !denying && !(at..at + n).any(denies))
            {
                // a part of "none of these" says nothing by itself, nor does "cough" of "No cough"
                rest.words += n;
            } else {
                // "no smell" of "Loss of smell" says that it is so
                let denied = denying && !labels.denied_is_so(option, tokens, at, n);
                said.push(Said::Option { at: option, by, denied });
            }
            at += n;
            continue;
        }
        if let (None, Some(n)) = (label, labels.hidden(tokens, at)) {
            rest.words += n;
            rest.since_and = rest.since_and.map(|since| since + n);
            at += n;
            continue;
        }
        let Some(word) = word else {
            if tokens.kind(at) != Some(Kind::Emoji) {
                rest.words += 1;
                rest.since_and = rest.since_and.map(|n| n + 1);
            }
            at += 1;
            continue;
        };
        // "fever no, throat yes": the "no" stands behind
        if matches!(word.meaning, ListWord::Not | ListWord::None)
            && (tokens.breaks(at + word.tokens) || words.style.not_behind)
            && !tokens.breaks(at)
            && at > 0
            && (said.last().is_some_and(|s| matches!(s, Said::Option { at, .. } if list.is_negative(*at, words)))
                || denied_behind(&mut said, in_clause))
        {
            in_clause = said.len();
            at += word.tokens;
            continue;
        }
        // "j'ai pas encore les résultats": what is meant begins within "j'ai pas"; "c'est moi" where "Moi" is an option
        if (word.meaning == ListWord::Not || word.meaning == ListWord::Me && list.me().is_none())
            && let Some(k) =
                (1..word.tokens).find(|k| labels.at(tokens, at + k).is_some_and(|l| k + l.n > word.tokens || word.meaning == ListWord::Me))
        {
            at += k;
            continue;
        }
        match word.meaning {
            ListWord::Not => denying = !words.style.not_behind,
            ListWord::But => {
                denying = false;
                doubtful = false;
                in_clause = said.len();
            }
            // 没有发烧, مفيش حمى: a "none" directly before an option denies it
            ListWord::None if !tokens.breaks(at + word.tokens) && labels.at(tokens, at + word.tokens).is_some() => {
                denying = true;
            }
            ListWord::None => said.push(Said::None { by: How::Exact }),
            ListWord::All if !denying => said.push(Said::All),
            ListWord::Both if list.plain().count() == 2 => said.push(Said::All),
            // 一个或两个: one or two of them, and not which
            ListWord::Both if said.last() == Some(&Said::Or) => said.push(Said::Doubtful),
            // "los dos primeros"
            ListWord::Both if word.tokens > 1 => {
                at += 1;
                continue;
            }
            ListWord::Except => {
                denying = false;
                said.push(Said::Except);
            }
            ListWord::Me => {
                if let Some(me) = list.me() {
                    said.push(Said::Option { at: me, by: How::Exact, denied: denying });
                } else {
                    rest.words += 1;
                }
            }
            ListWord::Last if tokens.len() <= 3 => {
                if let Some(last) = list.plain().last() {
                    said.push(Said::Option { at: last, by: How::Within, denied: denying });
                }
            }
            ListWord::Or => said.push(Said::Or),
            ListWord::All | ListWord::Both | ListWord::Last | ListWord::Well => rest.words += 1,
            ListWord::And => rest.since_and = Some(0),
            ListWord::To | ListWord::Filler | ListWord::These | ListWord::First => {}
        }
        at += word.tokens;
    }
    (said, rest)
}

/// Whether the numbers of a reply are those of other things than options: "mis abuelos de 80 y mi hija de 3", "diarrea y 38 de fiebre". One is
/// greater than any option's, and words name an option.
fn counts_other_things(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> bool {
    let beyond = |at: usize| tokens.digits(at).is_some_and(|n| n > 0 && list.numbered(n).is_none());
    let is_word = |at: usize| tokens.kind(at) == Some(Kind::Word) && words.list.find(tokens, at).is_none();
    (0..tokens.len()).any(beyond) && (0..tokens.len()).any(|at| is_word(at) && labels.at(tokens, at).is_some())
}

/// Takes back the one option that a clause names; where it names several, which are meant is open.
fn denied_behind(said: &mut Vec<Said>, in_clause: usize) -> bool {
    let named = said.iter().skip(in_clause).filter(|s| matches!(s, Said::Option { denied: false, .. })).count();
    match said.last_mut() {
        Some(Said::Option { denied, .. }) if !*denied && named == 1 => *denied = true,
        Some(Said::Option { denied: false, .. }) => said.push(Said::Doubtful),
        _ => return false,
    }
    true
}

/// Whether the clause goes on with a "have": 喉咙有点痛.
fn affirmed(tokens: &Tokens, from: usize, words: &Words) -> bool {
    (from..tokens.len())
        .take_while(|at| !tokens.breaks(*at))
        .any(|at| words.list.find(tokens, at).is_some_and(|f| f.meaning == ListWord::But))
}

/// Words around options that a part of a label goes before.
const fn says_little(word: ListWord) -> bool {
    match word {
        ListWord::And
        | ListWord::To
        | ListWord::Last
        | ListWord::Well
        | ListWord::Filler
        | ListWord::But
        | ListWord::These
        | ListWord::First => true,
        ListWord::Or | ListWord::All | ListWord::None | ListWord::Except | ListWord::Not | ListWord::Both | ListWord::Me => false,
    }
}
