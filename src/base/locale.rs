//! Languages, as BCP 47 tags.

use serde::{Deserialize, Serialize};

/// A language tag in its usual case: `en`, `es`, `pt-BR`, `zh`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Reads a tag: a primary part of two or three letters, then parts of up to eight letters or digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let primary = parts.next()?;
        if !(2..=3).contains(&primary.len()) || !primary.bytes().all(|b| b.is_ascii_alphabetic()) {
            return None;
        }
        let mut tag = primary.to_ascii_lowercase();
        for part in parts {
            if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
                return None;
            }
            tag.push('-');
            if part.len() == 2 { tag.push_str(&part.to_ascii_uppercase()) } else { tag.push_str(part) }
        }
        Some(Self(tag))
    }

    /// English, the language of last resort.
    pub fn english() -> Self {
        Self("en".to_owned())
    }

    /// The tag.
    pub fn tag(&self) -> &str {
        &self.0
    }

    /// The first part: `pt` of `pt-BR`. Words and plural forms go by it.
    pub fn primary(&self) -> &str {
        self.0.bytes().position(|byte| byte == b'-').and_then(|end| self.0.get(..end)).unwrap_or(&self.0)
    }

    /// Its name in itself, for the question "which language?"; the tag where we have none.
    pub fn own_name(&self) -> &str {
        match self.primary() {
            "en" => "English",
            "es" => "Español",
            "fr" => "Français",
            "pt" => "Português",
            "ar" => "العربية",
            "zh" => "中文",
            "hi" => "हिन्दी",
            "vi" => "Tiếng Việt",
            "so" => "Soomaali",
            "ko" => "한국어",
            "ru" => "Русский",
            "ht" => "Kreyòl ayisyen",
            "de" => "Deutsch",
            _ => &self.0,
        }
    }
}

impl std::fmt::Display for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_brought_to_their_usual_case() {
        assert_eq!(Language::parse("PT-br").unwrap().tag(), "pt-BR");
        assert_eq!(Language::parse("pt-BR").unwrap().primary(), "pt");
        assert!(Language::parse("english").is_none());
        assert!(Language::parse("e").is_none());
        assert!(Language::parse("en-").is_none());
    }
}
