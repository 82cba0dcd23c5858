//! What takes bytes from outside, and what must hold of it whatever the bytes are. One function for each target.
//!
//! `fuzz/targets/` calls them under libFuzzer; `tests/fuzz.rs` calls them with the kept corpus, so that they are tried without C++ too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a breach ends the run")]

mod flows;
mod replies;
mod stored;
mod webhooks;

pub use flows::{chat, condition, conversation, flow};
pub use replies::answer;
pub use stored::codec;
pub use webhooks::{outcome, signature, twilio, whatsapp};

/// A target's function.
pub type Target = fn(&[u8]);

/// Every target by its name: that of its binary, and of its folder in the corpus.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", answer),
    ("chat", chat),
    ("codec", codec),
    ("condition", condition),
    ("conversation", conversation),
    ("flow", flow),
    ("outcome", outcome),
    ("signature", signature),
    ("twilio", twilio),
    ("whatsapp", whatsapp),
];

/// Bytes as text: what is no UTF-8 becomes replacement characters, as the decoders do with it.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The first byte, as a choice among so many; the rest.
fn choice(bytes: &[u8], of: usize) -> Option<(usize, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    Some((usize::from(*first) % of, rest))
}
