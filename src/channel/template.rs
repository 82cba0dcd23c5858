//! The messages that may be sent when the window for free text is shut: registered at the provider, named in the configuration.

use std::collections::BTreeMap;

use crate::base::Language;

/// The key that serves where a flow has no template of its own.
const REMINDER: &str = "reminder";

/// The channel's `templates`: our key to the provider's name (WhatsApp) or `ContentSid` (Twilio).
///
/// A key may end in a language, where the provider has one template for each: `reminder` and `reminder.es`.
/// The languages that the provider calls otherwise stand in `languages`: `en` to `en_US`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Templates {
    /// `reminder` to `daily_reminder_v2`, `reminder.es` to `recordatorio`.
    pub names: BTreeMap<String, String>,
    /// Our language tag to the provider's code, where it is not simply the tag with `_`: `en` to `en_US`.
    pub languages: BTreeMap<String, String>,
}

impl Templates {
    /// Templates by key alone, as `templates = { reminder = "daily_reminder_v2" }` gives them.
    pub fn named<K: Into<String>, V: Into<String>>(names: impl IntoIterator<Item = (K, V)>) -> Self {
        Self { names: names.into_iter().map(|(key, name)| (key.into(), name.into())).collect(), languages: BTreeMap::new() }
    }

    /// The provider's name for a key, the one of the language before the general one. A flow that has none of its own begins with
    /// `reminder`: it asks for an answer too, and the answer opens the window.
    pub fn name(&self, key: &str, language: &Language) -> Option<&str> {
        let own = |key: &str| {
            [format!("{key}.{}", language.tag()), format!("{key}.{}", language.primary()), key.to_owned()]
                .iter()
                .find_map(|key| self.names.get(key))
                .map(String::as_str)
        };
        own(key).or_else(|| own(REMINDER))
    }

    /// The provider's code of a language: `pt_BR` for `pt-BR`.
    pub fn language_code(&self, language: &Language) -> String {
        self.languages
            .get(language.tag())
            .or_else(|| self.languages.get(language.primary()))
            .cloned()
            .unwrap_or_else(|| language.tag().replace('-', "_"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_of_the_language_goes_before_the_general_one() {
        let templates = Templates::named([("reminder", "daily_v2"), ("reminder.es", "diario_v1")]);
        let name = |tag| templates.name("reminder", &Language::parse(tag).unwrap());
        assert_eq!(name("en"), Some("daily_v2"));
        assert_eq!(name("es"), Some("diario_v1"));
        assert_eq!(name("es-MX"), Some("diario_v1"));
        let english = Language::english();
        assert_eq!(templates.name("daily-check", &english), Some("daily_v2"), "a flow without one of its own begins with the reminder");
        assert_eq!(Templates::named([("result", "result_v1")]).name("daily-check", &english), None);
    }

    #[test]
    fn a_language_is_called_as_the_provider_calls_it() {
        let mut templates = Templates::default();
        let code = |templates: &Templates, tag| templates.language_code(&Language::parse(tag).unwrap());
        assert_eq!(code(&templates, "pt-BR"), "pt_BR");
        assert_eq!(code(&templates, "en"), "en");
        templates.languages.insert("en".to_owned(), "en_US".to_owned());
        assert_eq!(code(&templates, "en"), "en_US");
    }
}
