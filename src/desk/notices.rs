//! What staff must be told at the head of every page.

use jiff::{Timestamp, tz::TimeZone};

use super::clocks;
use crate::base::calendar::Hours;

/// Milliseconds that the record may be behind before the desk is told.
const LAG_MS: u64 = 5_000;

/// Something that staff must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// How much it matters.
    pub weight: Weight,
    /// A sentence.
    pub text: String,
}

/// How much a notice matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Good to know.
    Note,
    /// Somebody must act.
    Warning,
    /// Patients may be unheard right now.
    Alarm,
}

impl Weight {
    /// `note`, `warning`, `alarm`
    pub const fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Alarm => "alarm",
        }
    }
}

/// How things stand.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The desk's opening hours.
    pub hours: &'a Hours,
    /// The agency's time zone.
    pub zone: &'a TimeZone,
    /// How many addresses are told of urgent calls outside the hours.
    pub n_on_call: usize,
    /// Whether there is a number that patients can call.
    pub has_phone_line: bool,
    /// Whether the live store answers.
    pub store_answers: bool,
    /// How far the record is behind, in ms.
    pub lag_ms: u64,
    /// Emergencies that nobody has.
    pub n_emergencies: u64,
}

/// The notices of a moment, what matters most first.
pub fn notices(situation: &Situation<'_>, now: Timestamp) -> Vec<Notice> {
    let mut found = Vec::new();
    let mut tell = |weight, text: String| found.push(Notice { weight, text });
    if !situation.store_answers {
        tell(Weight::Alarm, "The store does not answer: new messages are not taken in. Providers will send them again.".to_owned());
    }
    if situation.n_emergencies > 0 {
        let (n, calls) = (situation.n_emergencies, if situation.n_emergencies == 1 { "emergency has" } else { "emergencies have" });
        tell(Weight::Alarm, format!("{n} {calls} not been taken by anybody."));
    }
    if situation.lag_ms > LAG_MS {
        let behind = situation.lag_ms / 1_000;
        tell(Weight::Alarm, format!("These pages are {behind} s behind: the record is not keeping up. Claims and replies still work."));
    }
    if situation.n_on_call == 0 {
        let text = "Nobody is on call: outside the opening hours urgent calls reach no one. Set `on_call` under `[desk]`.";
        tell(Weight::Warning, text.to_owned());
    }
    if !situation.has_phone_line {
        let text = "Patients who wait too long have no number to call. Set `phone_line` under `[agency]`.";
        tell(Weight::Warning, text.to_owned());
    }
    if !situation.hours.open_at(now, situation.zone) {
        let until = match situation.hours.next_opening(now, situation.zone) {
            Some(opening) => format!(
                "opens {} (in {})",
                situation.zone.to_datetime(opening).strftime("%a %H:%M"),
                clocks::length(opening.duration_since(now).as_secs() / 60)
            ),
            None => "does not open again".to_owned(),
        };
        tell(Weight::Note, format!("The desk is shut and {until}: routine calls wait until then."));
    }
    found.sort_by_key(|notice| std::cmp::Reverse(notice.weight));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_when_all_is_well_and_everything_when_nothing_is() {
        let hours = Hours::parse("Mon-Fri 08:00-18:00").unwrap();
        let well = Situation {
            hours: &hours,
            zone: &TimeZone::UTC,
            n_on_call: 1,
            has_phone_line: true,
            store_answers: true,
            lag_ms: 5_000,
            n_emergencies: 0,
        };
        assert_eq!(notices(&well, "2026-07-03T10:00:00Z".parse().unwrap()), []);
        let ill = Situation { n_on_call: 0, has_phone_line: false, store_answers: false, lag_ms: 9_500, n_emergencies: 2, ..well };
        let told = notices(&ill, "2026-07-03T19:00:00Z".parse().unwrap());
        let weights: Vec<_> = told.iter().map(|notice| notice.weight.word()).collect();
        assert_eq!(weights, ["alarm", "alarm", "alarm", "warning", "warning", "note"]);
        assert_eq!(told[1].text, "2 emergencies have not been taken by anybody.");
        assert_eq!(told[2].text, "These pages are 9 s behind: the record is not keeping up. Claims and replies still work.");
        assert_eq!(told[5].text, "The desk is shut and opens Mon 08:00 (in 2 days): routine calls wait until then.");
    }
}
