//! The engine's own words: shared texts that every flow may use and any flow folder may replace with its own.
//!
//! They stand under `templates/messages/` as `<name>.hbs` (English) and `<name>.<language>.hbs` for every language that replies are read in,
//! and are embedded into the binary, so that a folder with one flow file runs. All of them may use `agency.name`,
//! `agency.emergency_number`, `agency.phone_line` and `you.first_name`; some have names of their own, given in the table of
//! `docs/words.md`. They follow the line rule by being one line.

use std::collections::BTreeMap;

/// A shared text: its name, and its words by language tag.
struct Phrase {
    name: &'static str,
    texts: [(&'static str, &'static str); 7],
}

macro_rules! phrase {
    ($name:literal) => {
        Phrase {
            name: $name,
            texts: [
                ("en", include_str!(concat!("../../templates/messages/", $name, ".hbs"))),
                ("es", include_str!(concat!("../../templates/messages/", $name, ".es.hbs"))),
                ("fr", include_str!(concat!("../../templates/messages/", $name, ".fr.hbs"))),
                ("pt", include_str!(concat!("../../templates/messages/", $name, ".pt.hbs"))),
                ("ar", include_str!(concat!("../../templates/messages/", $name, ".ar.hbs"))),
                ("zh", include_str!(concat!("../../templates/messages/", $name, ".zh.hbs"))),
                ("hi", include_str!(concat!("../../templates/messages/", $name, ".hi.hbs"))),
            ],
        }
    };
}

/// One line a phrase.
static PHRASES: &[Phrase] = &[
    phrase!("assistant-again"),
    phrase!("cannot-read-media"),
    phrase!("cannot-skip"),
    phrase!("conversation-ended"),
    phrase!("did-you-mean"),
    phrase!("emergency-text"),
    phrase!("fix-line"),
    phrase!("fix-nothing"),
    phrase!("fix-question"),
    phrase!("handed-over"),
    phrase!("handed-over-closed"),
    phrase!("help"),
    phrase!("hint-date"),
    phrase!("hint-date-ahead"),
    phrase!("hint-number"),
    phrase!("hint-one"),
    phrase!("hint-phone"),
    phrase!("hint-several"),
    phrase!("hint-several-none"),
    phrase!("hint-temperature"),
    phrase!("hint-year"),
    phrase!("hint-yes-no"),
    phrase!("hint-yes-no-unsure"),
    phrase!("how-long"),
    phrase!("is-it-real"),
    phrase!("language-offer"),
    phrase!("language-question"),
    phrase!("language-set"),
    phrase!("language-unknown"),
    phrase!("list-is-full"),
    phrase!("list-open"),
    phrase!("not-understood"),
    phrase!("nothing-to-do"),
    phrase!("nothing-to-fix"),
    phrase!("nothing-to-go-back"),
    phrase!("old-question"),
    phrase!("on-call-notice"),
    phrase!("opted-in"),
    phrase!("opted-out"),
    phrase!("others-noted"),
    phrase!("overdue-emergency"),
    phrase!("overdue-urgent"),
    phrase!("person-joined"),
    phrase!("question-waits"),
    phrase!("reading"),
    phrase!("reminder"),
    phrase!("retry-contradiction"),
    phrase!("retry-date"),
    phrase!("retry-no-such-day"),
    phrase!("retry-number"),
    phrase!("retry-one"),
    phrase!("retry-phone"),
    phrase!("retry-several"),
    phrase!("retry-temperature"),
    phrase!("retry-text"),
    phrase!("retry-too-early"),
    phrase!("retry-too-high"),
    phrase!("retry-too-late"),
    phrase!("retry-too-low"),
    phrase!("retry-too-many"),
    phrase!("retry-year"),
    phrase!("retry-yes-no"),
    phrase!("said-before"),
    phrase!("still-waiting"),
    phrase!("told-a-person"),
    phrase!("which-one"),
    phrase!("who-is-this"),
    phrase!("why-we-ask"),
    phrase!("word-no"),
    phrase!("word-unsure"),
    phrase!("word-yes"),
];

/// The embedded phrases in the form of [`crate::flow::Revision::partials`]: by name, then by language tag.
pub fn defaults() -> BTreeMap<String, BTreeMap<String, String>> {
    let of = |phrase: &Phrase| phrase.texts.iter().map(|(tag, text)| ((*tag).to_owned(), text.trim().to_owned())).collect();
    PHRASES.iter().map(|phrase| (phrase.name.to_owned(), of(phrase))).collect()
}

/// The names of all embedded phrases, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    PHRASES.iter().map(|phrase| phrase.name)
}

/// The embedded phrases as files of a folder of flows: `messages/reminder.hbs`, `messages/reminder.es.hbs`. A folder's own are put over them.
pub fn files() -> BTreeMap<String, String> {
    let file = |name: &str, tag: &str| if tag == "en" { format!("messages/{name}.hbs") } else { format!("messages/{name}.{tag}.hbs") };
    PHRASES.iter().flat_map(|phrase| phrase.texts.iter().map(move |(tag, text)| (file(phrase.name, tag), (*text).to_owned()))).collect()
}
