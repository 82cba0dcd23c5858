//! Yes, no and "I do not know"; and consent, which takes only a plain yes or no.
//!
//! The head of the reply decides ("yes... I said no onions" is yes). Where a sentence says no about something that we do not see in the
//! question ("no me siento bien", "not feeling well"), nothing is guessed. Both at once is a contradiction.

use super::{
    expect::Choice,
    normalise::{Kind, Tokens},
    reading::{How, Reading, Unclear},
    value::{Truth, Value},
    words::{TruthWord, Words},
};

/// One piece of meaning in the order of the reply.
#[derive(Clone, Copy, Debug)]
struct Piece {
    word: TruthWord,
    known: bool,
    /// Whether a clause begins with it.
    opens: bool,
    /// Whether a clause ends behind it.
    closes: bool,
    mended: bool,
    letters: usize,
}

/// Letters of the shortest word that is mended in a sentence.
const MENDED_LETTERS: usize = 5;

/// Reads yes, no or (where that is an answer) unsure.
pub fn read(unsure: bool, tokens: &Tokens, words: &Words) -> Reading {
    if let Some(reading) = by_number(unsure, tokens, words) {
        return reading;
    }
    match truth(tokens, words) {
        Ok((Truth::Unsure, _)) if !unsure => Reading::Unclear(Unclear::Unsure),
        Ok((truth, how)) => Reading::Clear { value: Value::Truth(truth), how },
        Err(why) => Reading::Unclear(why),
    }
}

/// Reads consent: only a yes or no that begins the reply, without a "but" or a question behind it.
pub fn consent(tokens: &Tokens, words: &Words) -> Reading {
    if let Some(Reading::Clear { value: Value::Truth(truth), how }) = by_number(false, tokens, words) {
        return Reading::Clear { value: Value::Consent(truth == Truth::Yes), how };
    }
    let pieces = pieces(tokens, words);
    // "yes but who sees it", 嗯…再说: yes, later, is no consent yet
    if tokens.asks || pieces.iter().any(|p| matches!(p.word, TruthWord::But | TruthWord::Refusal)) {
        return Reading::Unclear(Unclear::Unknown);
    }
    // "no trouble breathing" is said to another question
    if denies_a_sign(tokens, words) {
        return Reading::Unclear(Unclear::NotInList);
    }
    match truth(tokens, words) {
        Ok((Truth::Unsure, _)) => Reading::Unclear(Unclear::Unsure),
        Ok((truth, how)) if how != How::Within || heads(&pieces) => Reading::Clear { value: Value::Consent(truth == Truth::Yes), how },
        Ok(_) => Reading::Unclear(Unclear::Unknown),
        Err(why) => Reading::Unclear(why),
    }
}

/// "No fever": the no that begins the reply is of a sign of illness, in the same clause.
pub fn denies_a_sign(tokens: &Tokens, words: &Words) -> bool {
    let mut at = 0;
    while let Some(found) = words.truth.find(tokens, at) {
        at += found.tokens;
        match found.meaning {
            TruthWord::Filler => {}
            TruthWord::No | TruthWord::NoAlone => return !tokens.breaks(at) && words.concepts.names_a_sign(tokens, at),
            _ => return false,
        }
    }
    false
}

/// What a whole reply says of yes and no, if nothing but that: used where a yes or no comes in place of another answer.
pub fn plainly(tokens: &Tokens, words: &Words) -> Option<Truth> {
    if tokens.len() > 6 || tokens.asks {
        return None;
    }
    let pieces = pieces(tokens, words);
    if pieces.iter().any(|p| !p.known) { None } else { truth(tokens, words).ok().map(|(truth, _)| truth) }
}

/// "Nope, fit as a fiddle": the first clause is a no, and nothing behind it takes it back.
pub fn begins_with_no(tokens: &Tokens, words: &Words) -> bool {
    let pieces = pieces(tokens, words);
    let mut told = pieces.iter().skip_while(|p| p.word == TruthWord::Filler);
    let first = told.next().is_some_and(|p| matches!(p.word, TruthWord::No | TruthWord::NoAlone) && p.closes && !p.mended);
    first && !told.any(|p| matches!(p.word, TruthWord::But | TruthWord::Ill | TruthWord::Unsure | TruthWord::Refusal | TruthWord::Yes))
}

/// Whether one of the options stands for yes or no, so that a plain "yes" chooses it: its label or words say so, or begin with it
/// ("Yes, that is me").
pub fn stands_for(choice: &Choice, truth: Truth, words: &Words) -> bool {
    std::iter::once(&choice.label).chain(&choice.words).any(|text| {
        let tokens = Tokens::of(text);
        let first = words.truth.find(&tokens, 0);
        let whole = first.as_ref().is_some_and(|f| f.tokens == tokens.len());
        matches!((first.map(|f| f.meaning), truth), (Some(TruthWord::Yes), Truth::Yes) | (Some(TruthWord::No), Truth::No))
            || (whole && truth == Truth::Unsure && first.is_some_and(|f| f.meaning == TruthWord::Unsure))
    })
}

fn by_number(unsure: bool, tokens: &Tokens, words: &Words) -> Option<Reading> {
    let number = tokens.digits(0)?;
    let fillers = (1..tokens.len()).all(|at| words.truth.find(tokens, at).is_some_and(|f| f.meaning == TruthWord::Filler));
    if !fillers {
        return None;
    }
    let clear = |truth| Some(Reading::Clear { value: Value::Truth(truth), how: How::Number });
    match number {
        1 => clear(Truth::Yes),
        2 => clear(Truth::No),
        3 if unsure => clear(Truth::Unsure),
        0 => Some(Reading::Unclear(Unclear::TooLow)),
        _ => Some(Reading::Unclear(Unclear::TooHigh)),
    }
}

fn pieces(tokens: &Tokens, words: &Words) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::with_capacity(tokens.len());
    let unsure_at = |at: usize| words.truth.find(tokens, at).is_some_and(|f| f.meaning == TruthWord::Unsure && f.tokens > 1);
    let mut at = 0;
    while at < tokens.len() {
        let (word, length, known, mended) = match tokens.kind(at) {
            Some(Kind::Emoji) => match emoji(tokens.text(at)) {
                Some(word) => (word, 1, true, false),
                None => (TruthWord::Filler, 1, true, false),
            },
            Some(Kind::Digits) | None => (TruthWord::Other, 1, false, false),
            Some(Kind::Word) => match words.truth.find_mended(tokens, at).filter(|f| !f.mended || !words.knows(tokens.text(at))) {
                // "pues no" of "pues no sé" says nothing yet
                Some(found) if found.tokens > 1 && found.meaning == TruthWord::No && unsure_at(at + found.tokens - 1) => {
                    (TruthWord::Filler, found.tokens - 1, true, false)
                }
                Some(found) => (found.meaning, found.tokens, found.meaning != TruthWord::Other, found.mended),
                None => (TruthWord::Other, 1, false, false),
            },
        };
        let letters = tokens.text(at).chars().count();
        pieces.push(Piece { word, known, opens: tokens.breaks(at), closes: tokens.breaks(at + length), mended, letters });
        at += length;
    }
    pieces
}

fn heads(pieces: &[Piece]) -> bool {
    let first = pieces.iter().find(|p| p.word != TruthWord::Filler);
    first.is_some_and(|p| matches!(p.word, TruthWord::Yes | TruthWord::No))
}

/// The whole judgement.
fn truth(tokens: &Tokens, words: &Words) -> Result<(Truth, How), Unclear> {
    if tokens.is_empty() {
        return Err(Unclear::Empty);
    }
    let mut all = pieces(tokens, words);
    // a short word is too near to others to be mended among words that nobody knows: راجل is no أجل
    let strange = all.iter().any(|p| !p.known);
    for piece in all.iter_mut().filter(|p| strange && p.mended && p.letters < MENDED_LETTERS) {
        (piece.word, piece.known) = (TruthWord::Other, false);
    }
    let mended = all.iter().any(|p| p.mended && p.known);
    let pure = all.iter().all(|p| p.known);
    let how = if mended {
        How::Mended
    } else if pure {
        How::Exact
    } else {
        How::Within
    };
    // what says nothing is passed over, but a clause that it opened is opened by what follows
    let mut pieces: Vec<Piece> = Vec::with_capacity(all.len());
    let mut opens = false;
    for piece in &all {
        opens |= piece.opens;
        if piece.word == TruthWord::Filler {
            if let (true, Some(last)) = (piece.closes, pieces.last_mut()) {
                last.closes = true;
            }
        } else {
            pieces.push(Piece { opens, ..*piece });
            opens = false;
        }
    }
    if pieces.is_empty() {
        return Err(Unclear::Unknown);
    }
    if let [only] = pieces.as_slice() {
        return match only.word {
            TruthWord::Yes | TruthWord::YesAtEnd | TruthWord::YesAlone => Ok((Truth::Yes, how)),
            TruthWord::No | TruthWord::NoAlone => Ok((Truth::No, how)),
            TruthWord::Unsure => Ok((Truth::Unsure, how)),
            _ => Err(Unclear::Unknown),
        };
    }
    if let Some(truth) = after_all(&pieces) {
        return Ok((truth, How::Within));
    }
    // "Ainda, na barriga": a clause of its own
    let goes_on =
        |p: &Piece| matches!(p.word, TruthWord::Other | TruthWord::Yes | TruthWord::YesAtEnd | TruthWord::YesAlone | TruthWord::Lead);
    if let [first, rest @ ..] = pieces.as_slice()
        && first.word == TruthWord::YesAlone
        && first.opens
        && first.closes
        && !tokens.asks
        && rest.iter().all(goes_on)
    {
        return Ok((Truth::Yes, How::Within));
    }
    after_correction(&pieces, how).unwrap_or_else(|| weigh(&pieces, how, tokens.asks, words.style.no_negates))
}

/// "Yes... sorry, I meant no": what comes behind the correction counts.
fn after_correction(pieces: &[Piece], how: How) -> Option<Result<(Truth, How), Unclear>> {
    let at = pieces.iter().rposition(|p| p.word == TruthWord::Correction)?;
    let behind: Vec<Truth> = pieces.get(at + 1..)?.iter().filter_map(said).collect();
    let truth = *behind.first()?;
    let doubtful = behind.contains(&Truth::Unsure);
    (at > 0).then_some(Ok((if doubtful { Truth::Unsure } else { truth }, how)))
}

/// "Yeah no, definitely not", "oui enfin non, c'est non": the first word is taken back at once, and then said twice.
fn after_all(pieces: &[Piece]) -> Option<Truth> {
    let first = said(pieces.first()?)?;
    let rest: Vec<(usize, Truth)> = pieces.iter().enumerate().skip(1).filter_map(|(n, p)| said(p).map(|truth| (n, truth))).collect();
    let (at, second) = *rest.first()?;
    let agree = rest.len() >= 2 && rest.iter().all(|(_, truth)| *truth == second);
    let turned = matches!((first, second), (Truth::Yes, Truth::No) | (Truth::No, Truth::Yes));
    let open = pieces.first().is_some_and(|p| !p.closes) || pieces.iter().all(|p| p.known);
    (agree && turned && open && at <= 2).then_some(second)
}

fn said(piece: &Piece) -> Option<Truth> {
    match piece.word {
        TruthWord::Yes => Some(Truth::Yes),
        TruthWord::No => Some(Truth::No),
        TruthWord::Unsure => Some(Truth::Unsure),
        TruthWord::YesAtEnd if piece.closes => Some(Truth::Yes),
        TruthWord::YesAtEnd
        | TruthWord::YesAlone
        | TruthWord::NoAlone
        | TruthWord::Filler
        | TruthWord::Correction
        | TruthWord::But
        | TruthWord::Ill
        | TruthWord::Well
        | TruthWord::Refusal
        | TruthWord::Lead
        | TruthWord::Other => None,
    }
}

fn weigh(pieces: &[Piece], how: How, asks: bool, negates: bool) -> Result<(Truth, How), Unclear> {
    let head = pieces.first().and_then(said);
    let pure = pieces.iter().all(|p| p.known && p.word != TruthWord::Lead);
    let has = |word| pieces.iter().any(|p| p.word == word);
    match head {
        Some(Truth::Unsure) => {
            // "not sure, no"; "I don't know if I have it"
            if pieces.iter().skip(1).any(|p| p.opens && matches!(said(p), Some(Truth::Yes | Truth::No))) {
                return Err(Unclear::Contradiction);
            }
            Ok((Truth::Unsure, how))
        }
        Some(truth) => beside_head(truth, pieces, pure, how, negates),
        None => {
            if has(TruthWord::Refusal) || asks {
                return Err(Unclear::Unknown);
            }
            within(pieces)
        }
    }
}

/// The reply begins with yes or no: what may follow?
fn beside_head(truth: Truth, pieces: &[Piece], pure: bool, how: How, negates: bool) -> Result<(Truth, How), Unclear> {
    let opposite = if truth == Truth::Yes { Truth::No } else { Truth::Yes };
    let closes = pieces.first().is_some_and(|p| p.closes);
    let rest = pieces.get(1..).unwrap_or_default();
    for (n, piece) in rest.iter().enumerate() {
        let after_but = n > 0 && rest.get(n - 1).is_some_and(|p| p.word == TruthWord::But);
        let before_end = piece.closes || rest.get(n + 1).is_none();
        match said(piece) {
            Some(Truth::Unsure) if pure && !(closes && rest.len() > 2) => return Ok((Truth::Unsure, how)),
            // "yes no", "yes and no", "no, yes"; but "yes, no fever", "yes... I said no onions" go on about something
            Some(t) if t == opposite && (pure || (before_end && (piece.opens || after_but))) => return Err(Unclear::Contradiction),
            _ => {}
        }
    }
    let has = |word| rest.iter().any(|p| p.word == word);
    if truth == Truth::No {
        let directly = rest.first().map(|p| p.word);
        match directly {
            // "no me siento bien" may be "no, I feel fine" or "I do not feel well"
            Some(TruthWord::Well) if negates && !closes => return Err(Unclear::Unknown),
            // "no me siento mal": not ill. "no, I feel sick": which?
            Some(TruthWord::Ill) if negates && !closes => {}
            _ if has(TruthWord::Ill) => return Err(Unclear::Contradiction),
            Some(TruthWord::Refusal) => return Err(Unclear::Unknown),
            _ => {}
        }
    }
    Ok((truth, how))
}

/// Yes or no somewhere within a sentence: only where it opens or ends a clause, or follows "I think", "that".
fn within(pieces: &[Piece]) -> Result<(Truth, How), Unclear> {
    let mut found: Option<Truth> = None;
    for (n, piece) in pieces.iter().enumerate() {
        let Some(truth) = said(piece) else { continue };
        let led = n > 0 && pieces.get(n - 1).is_some_and(|p| matches!(p.word, TruthWord::Lead | TruthWord::But));
        if !(piece.opens || piece.closes || led || truth == Truth::Unsure) {
            continue;
        }
        match found {
            Some(before) if before != truth => return Err(Unclear::Contradiction),
            _ => found = Some(truth),
        }
    }
    // "not feeling great but no fever"
    if found == Some(Truth::No) && pieces.iter().any(|p| p.word == TruthWord::Ill) {
        return Err(Unclear::Contradiction);
    }
    if found == Some(Truth::Yes) && pieces.iter().any(|p| p.word == TruthWord::No) {
        return Err(Unclear::Contradiction);
    }
    found.map(|truth| (truth, How::Within)).ok_or(Unclear::Unknown)
}

/// What hands and marks say in every language.
fn emoji(text: &str) -> Option<TruthWord> {
    match text {
        "👍" | "👌" | "✅" | "✔" | "☑" | "🆗" | "💯" | "🙆" => Some(TruthWord::Yes),
        "👎" | "❌" | "✖" | "🚫" | "🙅" | "⛔" | "❎" => Some(TruthWord::No),
        "🤷" | "❓" | "❔" => Some(TruthWord::Unsure),
        _ => None,
    }
}
