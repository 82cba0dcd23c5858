//! Values that must never be printed: names, numbers, answers, texts.

use serde::{Deserialize, Serialize};

/// A value that shows as `‹private›` in `Debug` output and has no `Display`.
///
/// It serialises as the value itself, because what is stored is sealed; take care that only sealed stores, providers and
/// authorised pages ever serialise it.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Private<T>(T);

impl<T> Private<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. The name is long so that a reviewer sees where privacy ends.
    pub const fn reveal(&self) -> &T {
        &self.0
    }

    /// The value, unwrapped for good.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> std::fmt::Debug for Private<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("‹private›")
    }
}

impl<T> From<T> for Private<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl From<&str> for Private<String> {
    fn from(value: &str) -> Self {
        Self(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_shows_nothing_of_the_value() {
        let name = Private::new("Ana".to_owned());
        assert_eq!(format!("{name:?}"), "‹private›");
        assert_eq!(name.reveal(), "Ana");
    }
}
