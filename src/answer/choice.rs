//! One of, or any of, the options shown: by number, label, part of a label, the author's words, "all", "none", "all but 2".
//!
//! People in a list are options whose key is the person's number: for them "me" is the one who texts (number 0).

mod by_number;
mod list;
mod stretch;

use self::{by_number::by_number, list::List};
use super::{
    expect::{Choice, Context},
    label::{Labels, Match},
    normalise::{Kind, Tokens},
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{ListWord, TruthWord, Words},
    yes_no,
};

/// What is said of one option, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
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

/// Reads exactly one option.
pub fn one_of(choices: &[Choice], tokens: &Tokens, context: &Context<'_>, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let list = List::of(choices);
    let labels = Labels::of(choices, tokens, words);
    if let Some(reading) = exactly(&list, &labels, tokens, |at| Value::Choice(list.key(at))) {
        return reading;
    }
    if unsure(&list, &labels, tokens, words) {
        return of_unsure(&list, &labels, tokens, words);
    }
    if asks_back(tokens, words) {
        return Reading::Unclear(Unclear::Unknown);
    }
    let (mut said, rest) = scan(&list, &labels, tokens, words);
    // "num apê no 5o andar", "la tripa sobre todo": beside the one that words name, a number or an "all" within a sentence is of something else
    let named = said.iter().filter(|s| matches!(s, Said::Option { by, denied: false, .. } if *by != How::Number)).count();
    if rest.words > 0 && named == 1 {
        said.retain(|s| !matches!(s, Said::Option { by: How::Number, .. } | Said::Range { .. } | Said::Beyond { .. } | Said::All));
    }
    if !said.contains(&Said::Or)
        && let Some(reading) = of_stretches(&list, choices, tokens, context, words)
    {
        return reading;
    }
    let mut taken: Vec<(usize, How)> = Vec::new();
    for piece in &said {
        match *piece {
            Said::Option { at, by, denied: false } if !taken.iter().any(|(t, _)| *t == at) => taken.push((at, by)),
            Said::None { by } => match list.exclusive {
                Some(at) if !taken.iter().any(|(t, _)| *t == at) => taken.push((at, by)),
                Some(_) => {}
                None => match list.negative(words).filter(|_| by != How::Number) {
                    Some(at) if !taken.iter().any(|(t, _)| *t == at) => taken.push((at, How::Within)),
                    Some(_) => {}
                    None => return Reading::Unclear(Unclear::TooLow),
                },
            },
            Said::Beyond { high } => return Reading::Unclear(if high { Unclear::TooHigh } else { Unclear::TooLow }),
            Said::All | Said::Range { .. } => return Reading::Unclear(Unclear::TooMany),
            Said::Except => return Reading::Unclear(Unclear::Unknown),
            Said::Option { .. } | Said::Or | Said::Doubtful => {}
        }
    }
    match taken.as_slice() {
        [] => of_truth(choices, tokens, words).unwrap_or_else(|| Reading::Unclear(nothing(tokens, words))),
        // "from a friend or at the office": of two the one that is no option
        [_] if said.contains(&Said::Or) && rest.words > 0 => Reading::Unclear(Unclear::Unknown),
        [(at, how)] => Reading::Clear { value: Value::Choice(list.key(*at)), how: rest.weaken(*how) },
        several if said.contains(&Said::Or) || several.iter().all(|(_, how)| *how == How::Within) => {
            Reading::Ambiguous(several.iter().map(|(at, _)| Value::Choice(list.key(*at))).collect())
        }
        _ => Reading::Unclear(Unclear::TooMany),
    }
}

/// The option whose stretch of days or numbers has what the reply counts.
fn of_stretches(list: &List<'_>, choices: &[Choice], tokens: &Tokens, context: &Context<'_>, words: &Words) -> Option<Reading> {
    let mut meant = stretch::meant(choices, tokens, context, words);
    // "3" of "1-2", "3-5" and "6 or more": the third, or three?
    if !meant.is_empty()
        && let Some(numbered) = stretch::numbered(list, tokens)
        && !meant.contains(&numbered)
    {
        meant.push(numbered);
    }
    match meant.as_slice() {
        [] => None,
        [at] => Some(Reading::Clear { value: Value::Choice(list.key(*at)), how: How::Within }),
        several => Some(Reading::Ambiguous(several.iter().map(|at| Value::Choice(list.key(*at))).collect())),
    }
}

/// "No recuerdo cuál fue": the option that says so, where there is one and no other is named beside it.
fn of_unsure(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> Reading {
    let Some(unsure) = list.unsure(words).filter(|_| !tokens.asks) else { return Reading::Unclear(Unclear::Unsure) };
    let (said, _) = scan(list, labels, tokens, words);
    let other = |piece: &Said| match *piece {
        Said::Option { at, .. } => at != unsure,
        Said::Range { .. } | Said::All | Said::Or => true,
        Said::None { .. } | Said::Except | Said::Beyond { .. } | Said::Doubtful => false,
    };
    if said.iter().any(other) {
        return Reading::Unclear(Unclear::Unsure);
    }
    Reading::Clear { value: Value::Choice(list.key(unsure)), how: How::Within }
}

/// Reads any number of options.
pub fn any_of(choices: &[Choice], tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    let list = List::of(choices);
    let labels = Labels::of(choices, tokens, words);
    if let Some(reading) = exactly(&list, &labels, tokens, |at| list.choices(&[at])) {
        return reading;
    }
    if unsure(&list, &labels, tokens, words) {
        return Reading::Unclear(Unclear::Unsure);
    }
    if asks_back(tokens, words) {
        return Reading::Unclear(Unclear::Unknown);
    }
    let (mut said, rest) = scan(&list, &labels, tokens, words);
    // "a rash all over my body": beside an option, "all" is of what nobody knows
    if rest.words > 0 && !said.contains(&Said::Except) && said.iter().any(|s| matches!(s, Said::Option { denied: false, .. })) {
        said.retain(|s| *s != Said::All);
    }
    // 全部都冇: none, of all
    if let [Said::All, Said::None { .. }] = said.as_slice() {
        said.remove(0);
    }
    // "mis abuelos de 80 y mi hija de 3" of "Mayores de 65" and "Menores de 5"
    if counts_something(&list, &labels, tokens, words) {
        let aged = stretch::having_numbers(choices, tokens, words);
        said.extend(aged.into_iter().map(|at| Said::Option { at, by: How::Within, denied: false }));
    }
    match gather(&list, &said) {
        Ok((chosen, how)) => {
            // "all over the place", "me duele todo": all of something else
            if said.contains(&Said::All) && !said.contains(&Said::Except) && rest.words > 0 && said.len() == 1 {
                return Reading::Unclear(Unclear::Unknown);
            }
            if list.me().is_some() && rest.ends_with_a_stranger() {
                return Reading::Unclear(Unclear::NotInList);
            }
            let how = rest.weaken(how);
            // "I have nothing but a cough": an option beats a "none" that is only a word beside it
            Reading::Clear { value: list.choices(&chosen), how }
        }
        Err(Unclear::Unknown) => none_of(&list, &said, tokens, words),
        Err(why) => Reading::Unclear(why),
    }
}

/// Nothing was chosen: does the reply say so?
fn none_of(list: &List<'_>, said: &[Said], tokens: &Tokens, words: &Words) -> Reading {
    let one = |at, how| Reading::Clear { value: list.choices(&[at]), how };
    let none = |how| Reading::Clear { value: list.choices(&[]), how };
    // each option denied by name is none
    let denied = |at: usize| said.iter().any(|s| matches!(s, Said::Option { at: a, denied: true, .. } if *a == at));
    if list.plain().all(denied) {
        return none(How::Within);
    }
    // "not fever" of five says nothing of the others
    if said.iter().any(|s| matches!(s, Said::Option { .. })) {
        return Reading::Unclear(Unclear::Contradiction);
    }
    match yes_no::plainly(tokens, words) {
        Some(Truth::No) => return none(How::Exact),
        Some(Truth::Unsure) => return Reading::Unclear(Unclear::Unsure),
        // With one option beside "none" a yes can mean nothing else.
        Some(Truth::Yes) => return list.sole().map_or(Reading::Unclear(Unclear::Unknown), |at| one(at, How::Exact)),
        None => {}
    }
    match yes_no::read(true, tokens, words) {
        // "Yes, I feel bad", of the one who texts; of a list of symptoms it would leave out which.
        Reading::Clear { value: Value::Truth(Truth::Yes), .. } if !tokens.asks && !well(tokens, words) => match list.sole() {
            Some(at) if list.me() == Some(at) => one(at, How::Within),
            Some(_) | None => Reading::Unclear(Unclear::Unknown),
        },
        Reading::Clear { value: Value::Truth(Truth::No), .. }
            if !tokens.asks && (well(tokens, words) || yes_no::begins_with_no(tokens, words)) =>
        {
            none(How::Within)
        }
        Reading::Clear { value: Value::Truth(Truth::Unsure), .. } => Reading::Unclear(Unclear::Unsure),
        _ if !tokens.asks && well(tokens, words) && !denies_anything(tokens, words) => none(How::Within),
        _ => Reading::Unclear(Unclear::Unknown),
    }
}

/// "Maybe 2", "not sure, Luis or Ana": nothing that may be taken, unless an option says so itself.
fn unsure(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> bool {
    let mut at = 0;
    while at < tokens.len() {
        let unsure = words.truth.find(tokens, at).filter(|f| f.meaning == TruthWord::Unsure);
        // "I don't know" is a part of "Someone I don't know", and says nothing of it
        let part = |label: &Match| unsure.as_ref().is_some_and(|f| label.n <= f.tokens && list.has_unsure(label.option, words));
        if let Some(label) = labels.at(tokens, at).filter(|label| !part(label)) {
            at += label.n;
            continue;
        }
        if unsure.is_some() {
            return true;
        }
        at += 1;
    }
    false
}

/// "Whats a rash exactly", "c'est quoi les frissons": it begins as a question, and takes nothing.
fn asks_back(tokens: &Tokens, words: &Words) -> bool {
    let none = words.list.find(tokens, 0).is_some_and(|f| f.meaning == ListWord::None);
    !words.style.places && !none && words.truth.find(tokens, 0).is_some_and(|f| f.meaning == TruthWord::Refusal && f.tokens > 1)
}

/// "We are all fine", "no, I feel well": feeling well, said and not denied.
fn well(tokens: &Tokens, words: &Words) -> bool {
    (0..tokens.len()).any(|at| {
        words.list.find(tokens, at).is_some_and(|f| {
            let before = at > 0 && !tokens.breaks(at) && words.list.find(tokens, at - 1).is_some_and(|b| b.meaning == ListWord::Not);
            f.meaning == ListWord::Well && !before
        })
    })
}

fn denies_anything(tokens: &Tokens, words: &Words) -> bool {
    (0..tokens.len()).any(|at| words.list.find(tokens, at).is_some_and(|f| matches!(f.meaning, ListWord::Not | ListWord::But)))
}

/// A plain yes or no chooses the option that stands for it, if one does.
fn of_truth(choices: &[Choice], tokens: &Tokens, words: &Words) -> Option<Reading> {
    let truth = yes_no::plainly(tokens, words)?;
    let mut fit = choices.iter().filter(|c| yes_no::stands_for(c, truth, words));
    match (fit.next(), fit.next()) {
        (Some(choice), None) => Some(Reading::Clear { value: Value::Choice(choice.key.clone()), how: How::Exact }),
        (None, _) if truth == Truth::No => {
            let exclusive = choices.iter().find(|c| c.exclusive)?;
            Some(Reading::Clear { value: Value::Choice(exclusive.key.clone()), how: How::Exact })
        }
        _ => None,
    }
}

fn nothing(tokens: &Tokens, words: &Words) -> Unclear {
    match yes_no::plainly(tokens, words) {
        Some(Truth::Unsure) => Unclear::Unsure,
        _ => Unclear::Unknown,
    }
}

/// The reply is one option's label or words, whole.
fn exactly(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, value: impl Fn(usize) -> Value) -> Option<Reading> {
    let mut places = labels.whole(tokens);
    // "2" may be a label and a number: which?
    if tokens.len() == 1
        && let Some(n) = tokens.digits(0)
        && let Some(at) = list.numbered(n)
        && !places.is_empty()
        && !places.contains(&at)
    {
        places.push(at);
    }
    match places.as_slice() {
        [] => None,
        [at] => Some(Reading::Clear { value: value(*at), how: How::Exact }),
        several => Some(Reading::Ambiguous(several.iter().map(|at| value(*at)).collect())),
    }
}

/// From what is said to the options meant.
fn gather(list: &List<'_>, said: &[Said]) -> Result<(Vec<usize>, How), Unclear> {
    let mut chosen: Vec<usize> = Vec::new();
    let mut none = None;
    let mut how = How::Exact;
    let mut except = None;
    for (n, piece) in said.iter().enumerate() {
        match *piece {
            Said::Option { at, by, denied: false } => {
                if Some(at) == list.exclusive {
                    none = Some(by);
                } else {
                    chosen.push(at);
                    how = weaker(how, by);
                }
            }
            Said::Option { denied: true, .. } | Said::Or => {}
            Said::Range { from, to } => {
                if from >= to {
                    return Err(Unclear::Unknown);
                }
                chosen.extend(from..=to);
                how = weaker(how, How::Number);
            }
            Said::None { by } => none = Some(by),
            Said::All => chosen.extend(list.plain()),
            Said::Except => except = Some(n),
            Said::Beyond { high } => return Err(if high { Unclear::TooHigh } else { Unclear::TooLow }),
            Said::Doubtful => return Err(Unclear::Contradiction),
        }
        if except.is_some() {
            break;
        }
    }
    if let Some(n) = except {
        // "除了2都有", all but 2: the "all" may stand behind what is left out
        let named: Vec<Said> = said.iter().skip(n + 1).copied().filter(|s| *s != Said::All).collect();
        // दस्त छोड़कर सब: what is left out stands before
        let before = named.is_empty() && said.contains(&Said::All) && !chosen.is_empty();
        let (left_out, by) = if before { (std::mem::take(&mut chosen), how) } else { gather(list, &named)? };
        if left_out.is_empty() || Some(left_out.as_slice()) == list.exclusive.as_ref().map(std::slice::from_ref) {
            return Err(Unclear::Unknown);
        }
        // "all but 2", and "none but 2"
        if none.is_some() && chosen.is_empty() {
            return Ok((left_out, weaker(how, by)));
        }
        let from: Vec<usize> = if chosen.is_empty() { list.plain().collect() } else { chosen };
        let left: Vec<usize> = from.into_iter().filter(|at| !left_out.contains(at)).collect();
        return if left.is_empty() { Err(Unclear::Unknown) } else { Ok((left, weaker(how, by))) };
    }
    if said.contains(&Said::Or) && chosen.len() > 1 && !said.iter().any(|s| matches!(s, Said::Option { denied: true, .. })) {
        return Err(Unclear::Contradiction);
    }
    chosen.sort_unstable();
    chosen.dedup();
    match (chosen.is_empty(), none) {
        // "none" is the empty list, whether or not an option says so
        (true, Some(by)) => Ok((list.exclusive.into_iter().collect(), weaker(how, by))),
        (true, None) => Err(Unclear::Unknown),
        (false, Some(_)) => Err(Unclear::Contradiction),
        (false, None) => Ok((chosen, how)),
    }
}

fn weaker(a: How, b: How) -> How {
    let rank = |how: How| match how {
        How::Exact => 0,
        How::Number => 1,
        How::Within => 2,
        How::Mended => 3,
        How::Guessed => 4,
        How::OtherLanguage => 5,
    };
    if rank(a) >= rank(b) { a } else { b }
}

/// What is left of the reply besides options and the words around them.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    words: usize,
    /// Words nobody knows since the last "and": "2 and the baby".
    since_and: Option<usize>,
}

impl Rest {
    fn weaken(self, how: How) -> How {
        if self.words > 0 { weaker(how, How::Within) } else { how }
    }

    /// Whether the reply ends with "and somebody" whom the list does not name: taking the others would drop a person in silence.
    fn ends_with_a_stranger(self) -> bool {
        self.since_and.is_some_and(|n| (1..=2).contains(&n))
    }
}

/// Goes through the reply once.
fn scan(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> (Vec<Said>, Rest) {
    let mut said: Vec<Said> = Vec::new();
    let mut rest = Rest::default();
    let counting = counts_something(list, labels, tokens, words);
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
        if let Some((piece, n)) = by_number(list, tokens, at, words, &said).filter(|(_, n)| !counting && !named && !longer(*n)) {
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
fn counts_something(list: &List<'_>, labels: &Labels<'_>, tokens: &Tokens, words: &Words) -> bool {
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
