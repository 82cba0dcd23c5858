//! Answers that stay words: names, places, e-mail addresses, free text.

use super::{
    lexicon::Lexicon,
    normalise::{Kind, Tokens},
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{ListWord, TruthWord, Words},
    yes_no,
};

/// Words of the longest name: four given names, four of the family, and particles.
const NAME_WORDS: usize = 8;
/// Characters of a place; more is a story.
const PLACE_CHARS: usize = 200;

/// Reads free text of so many characters.
pub fn text(min: usize, max: usize, reply: &str) -> Reading {
    let trimmed = reply.trim();
    let length = trimmed.chars().count();
    if length == 0 {
        return Reading::Unclear(Unclear::Empty);
    }
    if length < min {
        return Reading::Unclear(Unclear::TooShort);
    }
    if length > max {
        return Reading::Unclear(Unclear::TooLong);
    }
    Reading::Clear { value: Value::Text(trimmed.to_owned()), how: How::Exact }
}

/// Reads a person's name as typed, without what is said before it ("my name is", "me llamo").
pub fn name(reply: &str, tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    if let Some(why) = no_words(tokens, words) {
        return Reading::Unclear(why);
    }
    let start = behind_but(tokens, words).unwrap_or_else(|| behind_lead(&words.name_lead, tokens));
    let mut end = tokens.len();
    // "some guy from work", "you already have it", "je connais pas le nom du monsieur"
    let of_names = || (start..end).any(|at| words.name_words.find(tokens, at).is_some());
    if words.no_name.find(tokens, 0).or_else(|| words.no_name.find(tokens, start)).is_some() || end - start > 1 && of_names() {
        return Reading::Unclear(Unclear::Unknown);
    }
    // a clause behind the name is not part of it: "Ana, my sister". A comma between two single words may be "García, Ana".
    if let Some(cut) = (start + 1..end).find(|at| tokens.breaks(*at) && !tokens.between(*at).trim().is_empty() && !is_initial(tokens, *at))
    {
        let surname_first = tokens.between(cut).trim() == "," && cut - start == 1 && end - cut == 1;
        if !surname_first {
            end = cut;
        }
    }
    loop {
        if end > start && tokens.kind(end - 1) == Some(Kind::Emoji) {
            end -= 1;
        } else if let Some(tail) = tail_before(&words.name_tail, tokens, start + 1, end) {
            end = tail;
        } else {
            break;
        }
    }
    let from = (start..end).find(|at| tokens.kind(*at) == Some(Kind::Word)).unwrap_or(end);
    if from >= end {
        return Reading::Unclear(if start > 0 { Unclear::Empty } else { Unclear::Unknown });
    }
    if (from..end).any(|at| tokens.kind(at) != Some(Kind::Word)) {
        return Reading::Unclear(Unclear::Unknown);
    }
    let joined = (from + 1..end).any(|at| words.list.find(tokens, at).is_some_and(|f| f.meaning == ListWord::And) && at + 1 < end);
    let signs = (from + 1..end).any(|at| tokens.between(at).contains(['&', '+', '/']));
    if signs || joined && !words.style.places {
        return Reading::Unclear(Unclear::TooMany);
    }
    if end - from > NAME_WORDS * if words.style.places { 2 } else { 1 } {
        return Reading::Unclear(Unclear::TooLong);
    }
    let typed: Vec<&str> = tokens.raw(reply, from, end).split_whitespace().collect();
    let how = if start == 0 && end == tokens.len() { How::Exact } else { How::Within };
    Reading::Clear { value: Value::Name(typed.join(" ")), how }
}

/// Where a name begins behind a "but" and what leads to it: "Tommy is fine but its Tom Riley".
fn behind_but(tokens: &Tokens, words: &Words) -> Option<usize> {
    (1..tokens.len()).find_map(|at| {
        let but = words.truth.find(tokens, at).filter(|f| f.meaning == TruthWord::But)?;
        let behind = at + but.tokens;
        let start = behind + words.name_lead.find(tokens, behind)?.tokens;
        (start < tokens.len()).then_some(start)
    })
}

/// Where words that only follow a name begin, if the reply's part ends with them: "Tom Riley here".
fn tail_before(tail: &Lexicon<()>, tokens: &Tokens, from: usize, end: usize) -> Option<usize> {
    (from..end).find(|at| tail.exactly(tokens, *at, end).is_some())
}

/// "J. Smith": the point is part of the name.
fn is_initial(tokens: &Tokens, at: usize) -> bool {
    tokens.between(at).trim() == "." && tokens.text(at - 1).chars().count() <= 3
}

/// Reads a place as typed, without what is said before it.
pub fn place(reply: &str, tokens: &Tokens, words: &Words) -> Reading {
    if tokens.is_empty() {
        return Reading::Unclear(Unclear::Empty);
    }
    if let Some(why) = no_words(tokens, words) {
        return Reading::Unclear(why);
    }
    let start = behind_lead(&words.place_lead, tokens);
    if !(start..tokens.len()).any(|at| tokens.kind(at) == Some(Kind::Word)) {
        return Reading::Unclear(Unclear::Unknown);
    }
    let typed = tokens.raw(reply, start, tokens.len()).split_whitespace().collect::<Vec<_>>().join(" ");
    if typed.chars().count() > PLACE_CHARS {
        return Reading::Unclear(Unclear::TooLong);
    }
    Reading::Clear { value: Value::Place(typed), how: if start == 0 { How::Exact } else { How::Within } }
}

/// Reads one e-mail address, in lower case.
pub fn email(reply: &str, tokens: &Tokens, words: &Words) -> Reading {
    let mut found: Vec<String> = addresses(reply);
    if found.is_empty()
        && let Some(said) = read_aloud(tokens, words)
    {
        found = addresses(&said);
    }
    match found.as_slice() {
        [one] => {
            Reading::Clear { value: Value::Email(one.clone()), how: if reply.trim().len() == one.len() { How::Exact } else { How::Within } }
        }
        [] if tokens.is_empty() => Reading::Unclear(Unclear::Empty),
        [] => Reading::Unclear(no_words(tokens, words).unwrap_or(Unclear::Unknown)),
        several => Reading::Ambiguous(several.iter().map(|a| Value::Email(a.clone())).collect()),
    }
}

/// An address with its signs as words, or with spaces around them: "ana punto ruiz arroba gmail punto com", "ana @ gmail .com". Where words
/// lead to it ("my email is ana at gmail dot com"), the user's part is one word, and what stands before it is left out.
fn read_aloud(tokens: &Tokens, words: &Words) -> Option<String> {
    let mut said = String::new();
    let mut joins = true;
    let mut at = 0;
    while at < tokens.len() {
        let between = tokens.between(at);
        if let Some(found) = words.email_sign.find(tokens, at).filter(|f| at > 0 && at + f.tokens < tokens.len()) {
            said.push(found.meaning);
            joins = true;
            at += found.tokens;
            continue;
        }
        let sign = between.trim();
        if at > 0 && !sign.is_empty() && sign.chars().all(|c| ".@_-+".contains(c)) {
            said.push_str(sign);
        } else if !joins && !between.is_empty() {
            said.push(' ');
        }
        said.push_str(tokens.text(at));
        joins = false;
        at += 1;
    }
    said.contains('@').then_some(said)
}

/// The addresses that stand in a text.
fn addresses(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"')) {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric());
        let word = word.strip_prefix("mailto:").unwrap_or(word);
        if let Some(address) = address(word)
            && !found.contains(&address)
        {
            found.push(address);
        }
    }
    found
}

fn address(word: &str) -> Option<String> {
    let (user, domain) = word.split_once('@')?;
    let host_fits = domain.contains('.')
        && domain.len() <= 253
        && domain.split('.').all(|part| !part.is_empty() && part.len() <= 63 && part.chars().all(|c| c.is_alphanumeric() || c == '-'))
        && domain.rsplit('.').next().is_some_and(|top| top.len() >= 2 && !top.bytes().all(|b| b.is_ascii_digit()));
    let user_fits = !user.is_empty()
        && user.len() <= 64
        && !user.contains("..")
        && user.chars().all(|c| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    (host_fits && user_fits).then(|| word.to_lowercase())
}

/// A yes, no, "I don't know" or "none" in place of words.
fn no_words(tokens: &Tokens, words: &Words) -> Option<Unclear> {
    if !(0..tokens.len()).any(|at| tokens.kind(at) == Some(Kind::Word)) {
        return Some(Unclear::Unknown);
    }
    match yes_no::plainly(tokens, words) {
        Some(Truth::Unsure) => return Some(Unclear::Unsure),
        Some(Truth::Yes | Truth::No) => return Some(Unclear::Unknown),
        None => {}
    }
    let head = words.truth.find(tokens, 0).map(|f| f.meaning);
    match head {
        Some(TruthWord::Unsure) => Some(Unclear::Unsure),
        Some(TruthWord::Refusal) => Some(Unclear::Unknown),
        Some(TruthWord::No) if tokens.len() > 1 => Some(Unclear::Unknown),
        _ if tokens.asks || super::question_back::is_one(tokens, words) => Some(Unclear::Unknown),
        _ => Words::whole(&words.list, tokens).filter(|w| *w == ListWord::None).map(|_| Unclear::Unknown),
    }
}

/// Where the answer begins behind words that lead to it, several if need be: "hi, my name is".
fn behind_lead(lead: &Lexicon<()>, tokens: &Tokens) -> usize {
    let mut start = 0;
    while let Some(found) = lead.find(tokens, start).filter(|f| start + f.tokens < tokens.len()) {
        start += found.tokens;
    }
    start
}
