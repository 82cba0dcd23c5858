//! Words as data, and how words are compared: without case, accents and punctuation.

use std::{collections::BTreeMap, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// The restricted words of each language.
static RESTRICTED: LazyLock<BTreeMap<String, Vec<String>>> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is compiled in and read by a test")]
    toml::from_str(include_str!("words/restricted.toml")).expect("the list of restricted words is TOML")
});

/// The words that the provider of SMS takes for itself: it blocks the sender and tells nobody. Twilio's page "Support for opt-out keywords",
/// November 2026. STOP is not among them: it is the word that patients shall know.
pub const PROVIDER_OPT_OUT: [&str; 7] = ["stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];

/// Lower case, no accents, punctuation as single spaces: `¡Sí, claro!` becomes `si claro`.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for character in text.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            out.push(character);
        } else if character != '\'' && character != '’' && !out.ends_with(' ') && !out.is_empty() {
            out.push(' ');
        }
    }
    out.trim_end().to_owned()
}

/// The first restricted word in a text.
pub fn restricted(text: &str, language: &str, more: &[String]) -> Option<String> {
    let padded = format!(" {} ", plain(text));
    let own = RESTRICTED.get(language).map_or(&[][..], Vec::as_slice);
    own.iter().chain(more).find_map(|word| {
        let pattern = plain(word);
        let at = padded.match_indices(&format!(" {pattern}")).find_map(|(at, found)| {
            let rest = padded.get(at + found.len()..)?;
            (word.ends_with('*') || rest.starts_with(' ')).then_some(at)
        })?;
        padded.get(at + 1..).map(|from| from.chars().take_while(|c| c.is_alphanumeric()).collect::<String>()).map(|first| {
            // A phrase is named whole.
            if pattern.contains(' ') { pattern.clone() } else { first }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_accents_and_punctuation() {
        assert_eq!(plain("¡Sí, claro!"), "si claro");
        assert_eq!(plain("Don’t know"), "dont know");
        assert_eq!(plain("  …  "), "");
    }

    #[test]
    fn restricted_words_are_found_as_whole_words() {
        assert_eq!(restricted("Any SYMPTOMS today?", "en", &[]), Some("symptoms".to_owned()));
        assert_eq!(restricted("¿Tiene síntomas?", "es", &[]), Some("sintomas".to_owned()));
        assert_eq!(restricted("We will call you. Still there? Fill it in.", "en", &[]), None);
        assert_eq!(restricted("You had close contact with someone", "en", &[]), Some("close contact".to_owned()));
        assert_eq!(restricted("About blue fever", "fr", &["blue fever".to_owned()]), Some("blue fever".to_owned()));
    }
}
