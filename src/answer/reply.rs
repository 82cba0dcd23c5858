//! A reply as it was typed, folded once for all who read it: danger, commands, machines, and the answer itself.

use std::fmt;

use super::normalise::Tokens;

/// A reply, and its words.
#[derive(Clone)]
pub struct Reply<'r> {
    text: &'r str,
    tokens: Tokens,
}

impl<'r> Reply<'r> {
    /// Folds a reply and cuts it into words.
    pub fn of(text: &'r str) -> Self {
        Self { text, tokens: Tokens::of(text) }
    }

    /// As it was typed.
    pub const fn text(&self) -> &'r str {
        self.text
    }

    /// Its words.
    pub(super) const fn tokens(&self) -> &Tokens {
        &self.tokens
    }
}

/// Says nothing of what was typed.
impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").finish_non_exhaustive()
    }
}
