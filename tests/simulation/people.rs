//! Who writes: patients with their addresses, and what they say. Some say anything, some answer what they are asked, some keep to a script.

use std::sync::OnceLock;

use intake::{
    base::{Address, Medium},
    channel::canonical,
    transcript::{
        self,
        script::{Act, What},
    },
};

/// Flows that are started.
pub const FLOWS: [&str; 5] = ["daily-check", "case-interview", "contact-notice", "identity", "welcome"];

/// Anything that anybody says.
pub const WORDS: &[&str] = &[
    "yes",
    "no",
    "1",
    "2",
    "0",
    "3",
    "yes",
    "no",
    "1",
    "none",
    "all well",
    "Luis",
    "ayer",
    "yesterday",
    "38.5",
    "1980",
    "STOP",
    "START",
    "HUMAN",
    "BACK",
    "SKIP",
    "español",
    "DONE",
    "NOBODY",
    "TELL",
    "HELP",
    "cant breath",
    "who is this?",
    "",
    "???",
    "no thanks",
    "+1 415 555 0133",
    "fever and cough",
    "2026-02-28",
    "CHECK",
    "not sure",
    "home",
    "👍",
];

/// By which provider somebody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// SMS by Twilio.
    Sms,
    /// WhatsApp by Twilio.
    TwilioWhatsApp,
    /// WhatsApp by Meta, with two ids of one person.
    Meta,
}

/// A patient, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Patient(pub u64);

impl Patient {
    /// By which provider.
    pub fn line(self) -> Line {
        match self.0 % 4 {
            0 | 2 => Line::Sms,
            1 => Line::TwilioWhatsApp,
            _ => Line::Meta,
        }
    }

    /// The channel's name.
    pub fn channel(self) -> &'static str {
        match self.line() {
            Line::Sms => "sms",
            Line::TwilioWhatsApp => "wa",
            Line::Meta => "meta",
        }
    }

    /// `+14155550042`
    pub fn number(self) -> String {
        format!("+1415555{:04}", self.0)
    }

    /// Meta's other id of the same person: `US.5550042`.
    pub fn user_id(self) -> String {
        format!("US.555{:04}", self.0)
    }

    /// The address by the number.
    pub fn address(self) -> Address {
        let medium = if self.line() == Line::Sms { Medium::Sms } else { Medium::WhatsApp };
        canonical::address(medium, &self.number()).unwrap()
    }

    /// The address by the user id.
    pub fn other_address(self) -> Address {
        canonical::address(Medium::WhatsApp, &self.user_id()).unwrap()
    }

    /// `Kn0042`, the word that is in what this patient says of themselves.
    pub fn canary(self) -> String {
        format!("Kn{:04}", self.0)
    }
}

/// Whose address that is, in any of its forms; `None`: nobody's (the person on call).
pub fn patient_of(to: &str) -> Option<Patient> {
    let to = to.strip_prefix("whatsapp:").unwrap_or(to);
    let digits = ["+1415555", "1415555", "US.555"].iter().find_map(|before| to.strip_prefix(before))?;
    (digits.len() == 4).then(|| digits.parse().ok().map(Patient)).flatten()
}

/// What somebody says who read the last message and means well: `nth` chooses among the answers that fit.
pub fn plausible(shown: &str, nth: u64) -> &'static str {
    let shown = shown.to_lowercase();
    let pick = |answers: &[&'static str]| answers[usize::try_from(nth).unwrap() % answers.len()];
    let any = |words: &[&str]| words.iter().any(|word| shown.contains(word));
    match () {
        () if any(&["yes, no or not sure"]) => pick(&["yes", "no", "not sure"]),
        () if any(&["yes or no", "[yes]", "sí o no", "1 yes"]) => pick(&["yes", "no", "no"]),
        () if any(&["four digits", "year", "año"]) => pick(&["1980", "1980", "1981"]),
        () if any(&["temperature", "temperatura"]) => pick(&["38.5", "101 F", "36.8"]),
        () if any(&["date", "which day", "when", "fecha", "cuándo"]) => pick(&["yesterday", "3 days ago", "2026-02-28"]),
        () if any(&["telephone", "phone number", "teléfono"]) => pick(&["+1 415 555 0133", "415 555 0134"]),
        () if any(&["with the numbers", "con los números"]) => pick(&["0", "1", "1 2"]),
        () if any(&["with a number", "1. ", "1 "]) => pick(&["1", "2", "1"]),
        () if any(&["name", "nombre", "nickname"]) => pick(&["Beto", "Cleo", "NOBODY"]),
        () => pick(&["yes", "1", "thank you", "DONE"]),
    }
}

/// The patient's lines of the transcripts that are shipped, by flow.
pub fn scripts() -> &'static [(String, Vec<String>)] {
    static SCRIPTS: OnceLock<Vec<(String, Vec<String>)>> = OnceLock::new();
    SCRIPTS.get_or_init(|| {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("flows");
        let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|ending| ending == "chat"));
        files.sort();
        let script = |file: &std::path::PathBuf| {
            let transcript = transcript::parse("script", &std::fs::read_to_string(file).unwrap()).unwrap();
            let lines = transcript.lines.into_iter().filter_map(|line| match line.what {
                What::Do(Act::Write { text, .. }) => Some(text),
                What::Do(Act::Tap { title, .. }) => Some(title),
                What::Do(_) | What::Expect(_) => None,
            });
            (transcript.flow, lines.collect())
        };
        files.iter().map(script).collect()
    })
}
