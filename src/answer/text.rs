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
/// Words behind a name that are written short, with a point.
const SHORTENED: [&str; 4] = ["jr", "sr", "jnr", "snr"];
/// Words of the shortest sentence that is told from a name.
const SENTENCE_WORDS: usize = 3;
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
    let led = behind_lead(&words.name_lead, tokens, 0);
    // "pode ser só Zé" leads to a name, though "pode ser" alone is a perhaps
    if let Some(why) = no_words(tokens, words).filter(|_| led < 2 || led >= tokens.len()) {
        return Reading::Unclear(why);
    }
    let mut start = if led > 0 { led } else { behind_but(tokens, words).unwrap_or(0) };
    let mut end = tokens.len();
    // "good evening nurse, Maria Cruz", "it's for my son, Lucas"
    if let Some(behind) = behind_ordinary(tokens, start, words) {
        start = behind_lead(&words.name_lead, tokens, behind);
    }
    let told = |at: usize| words.no_name.find(tokens, at).is_some_and(|f| f.tokens > 1 || at == 0 || at == start || at + 1 == tokens.len());
    if (0..tokens.len()).any(told) {
        return Reading::Unclear(Unclear::Unknown);
    }
    // a clause behind the name is not part of it: "Ana, my sister". A comma between two single words may be "García, Ana".
    if let Some(cut) = (start + 1..end).find(|at| tokens.breaks(*at) && !tokens.between(*at).trim().is_empty() && !is_initial(tokens, *at))
    {
        let surname_first = tokens.between(cut).trim() == "," && cut - start == 1 && end - cut == 1;
        let behind = behind_lead(&words.name_lead, tokens, cut);
        // "It's Sean. Sean Murphy", 我姓王，叫王芳: the whole name follows
        let again = tokens.text(behind) == tokens.text(start) && end - behind > cut - start;
        if again {
            start = behind;
        } else if !surname_first {
            end = cut;
        }
    }
    // "Me llamo Guadalupe, pero me dicen Lupita" goes on about something else
    if let Some(but) = (start + 1..end).find(|at| words.truth.find(tokens, *at).is_some_and(|f| f.meaning == TruthWord::But)) {
        end = but;
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
    // "some guy from work", "you already have it", "je connais pas le nom du monsieur"
    if end - start > 1 && (start..end).any(|at| words.name_words.find(tokens, at).is_some()) {
        return Reading::Unclear(Unclear::Unknown);
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
    if is_a_sentence(tokens, from, end, tokens.raw(reply, from, end), words) {
        return Reading::Unclear(Unclear::Unknown);
    }
    let mut typed = tokens.raw(reply, from, end).split_whitespace().collect::<Vec<_>>().join(" ");
    if SHORTENED.contains(&tokens.text(end - 1)) && tokens.between(end).starts_with('.') {
        typed.push('.');
    }
    let how = if start == 0 && end == tokens.len() { How::Exact } else { How::Within };
    Reading::Clear { value: Value::Name(typed), how }
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

/// Where a second clause begins behind one of ordinary words, if that second one has others: a greeting, or for whom it is.
fn behind_ordinary(tokens: &Tokens, start: usize, words: &Words) -> Option<usize> {
    let ordinary = |at: usize| {
        let text = tokens.text(at);
        words.knows(text)
            || words.polite.knows(text)
            || words.name_lead.knows(text)
            || words.name_tail.knows(text)
            || words.someone_else.knows(text)
    };
    let cut = (start + 1..tokens.len()).find(|at| tokens.breaks(*at) && !is_initial(tokens, *at))?;
    let filler = |at: usize| words.truth.find(tokens, at).is_some_and(|f| f.meaning == TruthWord::Filler && f.tokens == 1);
    let polite = |at: usize| words.polite.knows(tokens.text(at)) || words.name_tail.knows(tokens.text(at)) || filler(at);
    let greets = if cut - start >= 2 { (start..cut).all(ordinary) } else { polite(start) };
    (greets && (cut..tokens.len()).any(|at| tokens.kind(at) == Some(Kind::Word) && !ordinary(at))).then_some(cut)
}

/// Whether words typed without a capital are mostly ordinary ones: "ni loco te lo digo" is no name.
fn is_a_sentence(tokens: &Tokens, from: usize, end: usize, typed: &str, words: &Words) -> bool {
    if typed.chars().any(char::is_uppercase) {
        return false;
    }
    // आपको क्यों बताऊं, "para qué lo quieren": it asks
    let asks = (from..end).any(|at| words.truth.find(tokens, at).is_some_and(|f| f.meaning == TruthWord::Refusal));
    if asks && end - from > 1 {
        return true;
    }
    let small = typed.chars().any(char::is_lowercase);
    let ordinary = (from..end).filter(|at| words.knows(tokens.text(*at)) && !words.name_particle.knows(tokens.text(*at))).count();
    small && end - from >= SENTENCE_WORDS && ordinary * 2 > end - from
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
    let start = behind_lead(&words.place_lead, tokens, 0);
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
fn behind_lead(lead: &Lexicon<()>, tokens: &Tokens, from: usize) -> usize {
    let mut start = from;
    while let Some(found) = lead.find(tokens, start).filter(|f| start + f.tokens < tokens.len()) {
        start += found.tokens;
    }
    start
}
