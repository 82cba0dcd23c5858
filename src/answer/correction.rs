//! Who takes back what they said: "3 no sorry 4", "segunda, não, minto, domingo". What stands behind the last such word is read alone.

use super::{
    expect::Expect,
    normalise::Tokens,
    reading::{How, Reading, Unclear},
    reply::Reply,
    words::{Correction, Words},
};

/// Words behind "sorry" that can be the whole of a corrected answer.
const SHORT: usize = 3;

/// The reading that counts, where the reply takes itself back; `read` reads what stands behind.
pub fn taken_back(expect: &Expect, reply: &Reply<'_>, words: &Words, read: impl Fn(&Reply<'_>) -> Reading) -> Option<Reading> {
    let tokens = reply.tokens();
    let (behind, correction, length) = last(tokens, words)?;
    let several = matches!(expect, Expect::AnyOf(_));
    let name = matches!(expect, Expect::Name | Expect::ContactName);
    match (expect, correction) {
        // these hear it for themselves, or take words as they are
        (Expect::YesNo { .. } | Expect::Consent | Expect::Text { .. } | Expect::Place | Expect::Photo | Expect::Location, _) => {
            return None;
        }
        (_, Correction::Perhaps) if several || name => return None,
        (_, Correction::Plain) if name && length < 2 => return None,
        _ => {}
    }
    let tail = Reply::of(tokens.raw(reply.text(), behind, tokens.len()));
    let short = tail.tokens().len() <= SHORT;
    match read(&tail) {
        Reading::Clear { how: How::Within, .. } if !short && (several || correction == Correction::Perhaps) => None,
        Reading::Clear { value, how } => {
            Some(Reading::Clear { value, how: if matches!(how, How::Mended | How::Guessed) { how } else { How::Within } })
        }
        // "Monday, no wait, I don't know"
        Reading::Unclear(Unclear::Unsure) if correction == Correction::Plain => Some(Reading::Unclear(Unclear::Unsure)),
        // "3 days ago, no sorry, 4": what was said first is taken back all the same
        Reading::Ambiguous(values) if correction == Correction::Plain && short => Some(Reading::Ambiguous(values)),
        Reading::Ambiguous(_) | Reading::Unclear(_) => None,
    }
}

/// Where the answer begins behind the last words that take something back, and how many words those are.
fn last(tokens: &Tokens, words: &Words) -> Option<(usize, Correction, usize)> {
    let mut last = None;
    let mut at = 0;
    while at < tokens.len() {
        match words.correction.find(tokens, at) {
            Some(found) => {
                let end = at + found.tokens;
                if at > 0 && end < tokens.len() {
                    last = Some((end, found.meaning, found.tokens));
                }
                at = end;
            }
            None => at += 1,
        }
    }
    last
}
