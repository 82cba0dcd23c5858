//! One of, or any of, the options shown: by number, label, part of a label, the author's words, "all", "none", "all but 2", or by a day or number that
//! lies in an option's stretch ("since sunday" of "2-6 days ago").
//!
//! People in a list are options whose key is the person's number: for them "me" is the one who texts (number 0).

mod by_number;
mod list;
mod said;
mod stretch;

use self::{
    list::List,
    said::{Said, scan},
};
use super::{
    expect::{Choice, Context},
    label::{Labels, Match},
    normalise::Tokens,
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{ListWord, TruthWord, Words},
    yes_no,
};

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
    if is_said_elsewhere(choices, tokens, words) {
        return Reading::Unclear(Unclear::NotInList);
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
        && let Some(numbered) = list.typed(tokens)
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
    if rest.counts {
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

/// "No trouble breathing" to "No, wrong number": a sign is denied where no option is of signs, nor a "no" or "none" and nothing else.
fn is_said_elsewhere(choices: &[Choice], tokens: &Tokens, words: &Words) -> bool {
    let takes_it = |choice: &Choice| {
        let label = Tokens::of(&choice.label);
        choice.exclusive
            || words.truth.exactly(&label, 0, label.len()) == Some(TruthWord::No)
            || (0..label.len()).any(|at| words.concepts.names_a_sign(&label, at))
    };
    yes_no::denies_a_sign(tokens, words) && !choices.iter().any(takes_it)
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
    if let Some(at) = list.typed(tokens)
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
