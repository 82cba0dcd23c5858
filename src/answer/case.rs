//! One reply as a line of JSON, for `intake understand`, its tests and anyone who measures the reading from outside.
//!
//! In: `{"language":"es","ask":"any of","options":["fiebre","tos"],"none":"Nada","today":"2026-03-11","country":"US","said":"1 y 2"}`. `options` are labels, or
//! an object of keys and labels, or a list of `{"key","label","words"}`; `bounds` is `past`, `future`, `in the past 30 days`, `since 2026-03-01` or
//! `["2026-01-01",null]` or `{"from","to"}`; `languages` are the flow's others. Out: `{"reading":"clear","value":…,"how":"exact"}`, `{"reading":"ambiguous","readings":[…]}`,
//! `{"reading":"unclear","reason":"too late"}`, or `{"error":"…"}` for a line that cannot be asked. `"ask":"keyword"` gives the command heard,
//! `EMERGENCY` or `DISTRESS` before any other, or null; `"ask":"question"` the question asked back, or null.

use jiff::{ToSpan, civil::Date};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{
    Choice, Context, DateBounds, Expect, How, QuestionBack, Reading, Reply, TemperatureUnit, Truth, Value, emergency, keyword, length,
    normalise::Tokens, question_back, read, words,
};
use crate::base::Language;

#[derive(Debug, Deserialize)]
struct Case {
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    languages: Vec<String>,
    ask: String,
    #[serde(default)]
    options: Option<Json>,
    #[serde(default)]
    none: Option<String>,
    #[serde(default)]
    min: Option<f64>,
    #[serde(default)]
    max: Option<f64>,
    #[serde(default)]
    whole: bool,
    #[serde(default)]
    bounds: Option<Json>,
    #[serde(default)]
    today: Option<Date>,
    #[serde(default)]
    country: Option<String>,
    /// Whether NOBODY, DONE and TELL are commands here.
    #[serde(default)]
    repeat: bool,
    said: String,
}

/// Reads one line and writes one, without a line break. `today` serves lines that name no day.
pub fn run(line: &str, today: Date) -> String {
    match serde_json::from_str::<Case>(line) {
        Ok(case) => case.answer(today).unwrap_or_else(|why| json!({ "error": why })).to_string(),
        Err(why) => json!({ "error": format!("not a case: {why}; a line is one JSON object with `ask` and `said`") }).to_string(),
    }
}

/// A line made ready, so that the reading alone can be measured.
#[derive(Clone, Debug)]
pub struct Asked {
    expect: Expect,
    language: Language,
    others: Vec<Language>,
    today: Date,
    country: String,
    said: String,
}

/// Makes a line ready; keywords and questions asked back are none to be read.
///
/// # Errors
/// As `error` of [`run`] says.
pub fn asked(line: &str, today: Date) -> Result<Asked, String> {
    serde_json::from_str::<Case>(line).map_err(|error| error.to_string())?.asked(today)
}

impl Asked {
    /// The reply.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Reads it.
    pub fn read(&self) -> Reading {
        let context = Context { language: &self.language, others: &self.others, today: self.today, country: &self.country };
        read(&self.expect, &Reply::of(&self.said), &context)
    }

    /// A length that was read, in the units that were said: "2 weeks" and "14 days" are the same, and not said alike.
    fn length_as_said(&self, seconds: i64) -> Option<String> {
        let tokens = Tokens::of(&self.said);
        let mut languages = std::iter::once(&self.language).chain(&self.others).filter_map(words::of);
        languages.find_map(|words| length::as_said(&tokens, seconds, words))
    }
}

impl Case {
    fn asked(&self, today: Date) -> Result<Asked, String> {
        let (language, others) = (self.language()?, self.others()?);
        let today = self.today.unwrap_or(today);
        let (expect, country) = (self.expect(today)?, self.country.as_deref().unwrap_or("").trim().to_uppercase());
        Ok(Asked { expect, language, others, today, country, said: self.said.clone() })
    }

    fn answer(&self, today: Date) -> Result<Json, String> {
        match self.kind().as_str() {
            "keyword" => return Ok(json!({ "reading": "clear", "value": self.keyword(&self.all_languages()?) })),
            "question" => {
                let question = question_back::read(&Reply::of(&self.said), &self.all_languages()?);
                return Ok(json!({ "reading": "clear", "value": question.map(question_name) }));
            }
            _ => {}
        }
        let asked = self.asked(today)?;
        let reading = asked.read();
        if let Reading::Clear { value: Value::Duration(seconds), how } = &reading
            && let Some(said) = asked.length_as_said(*seconds)
        {
            return Ok(json!({ "reading": "clear", "value": said, "how": how_name(*how) }));
        }
        Ok(written(&reading))
    }

    fn language(&self) -> Result<Language, String> {
        Ok(Language::parse(self.language.as_deref().unwrap_or("en")).ok_or("`language` is no language tag, such as `es`")?)
    }

    /// The flow's other languages.
    fn others(&self) -> Result<Vec<Language>, String> {
        let language = self.language()?;
        Ok(self.languages.iter().filter_map(|tag| Language::parse(tag)).filter(|other| *other != language).collect())
    }

    fn all_languages(&self) -> Result<Vec<Language>, String> {
        Ok(std::iter::once(self.language()?).chain(self.others()?).collect())
    }

    /// The kind that is asked, however it is spelt: `Yes_No`, `yes-no` and `yes no` are `yes/no`, `one_of` is `one of`.
    fn kind(&self) -> String {
        let spelt = self.ask.trim().to_lowercase().replace(['_', '-'], " ");
        if spelt.starts_with("yes no") { spelt.replace(' ', "/") } else { spelt }
    }

    fn keyword(&self, languages: &[Language]) -> Option<&'static str> {
        let reply = Reply::of(&self.said);
        match emergency::hear(&reply, languages).map(|heard| heard.kind) {
            Some(emergency::Kind::Emergency) => return Some("EMERGENCY"),
            Some(emergency::Kind::Distress) => return Some("DISTRESS"),
            None => {}
        }
        keyword::read(&reply, languages).filter(|k| self.repeat || !k.only_in_repeat()).map(keyword::Keyword::name)
    }

    fn expect(&self, today: Date) -> Result<Expect, String> {
        Ok(match self.kind().as_str() {
            "yes/no" => Expect::YesNo { unsure: false },
            "yes/no/unsure" => Expect::YesNo { unsure: true },
            "one of" => Expect::OneOf(self.choices()?),
            "any of" => Expect::AnyOf(self.choices()?),
            "number" => Expect::Number { min: self.min, max: self.max, whole: self.whole },
            "temperature" => Expect::Temperature,
            "date" => Expect::Date(self.date_bounds(today)?),
            "time" => Expect::Time,
            "duration" => Expect::Duration,
            "phone" => Expect::Phone,
            "email" => Expect::Email,
            "name" => Expect::Name,
            "place" => Expect::Place,
            "text" => Expect::Text { min: length(self.min).unwrap_or(1), max: length(self.max).unwrap_or(crate::base::limit::REPLY_READ_CHARS) },
            "consent" => Expect::Consent,
            "birth year" => Expect::BirthYear,
            "date of birth" => Expect::BirthDate,
            _ => return Err("`ask` is none of: yes/no, yes/no/unsure, one of, any of, number, temperature, date, time, duration, phone, email, name, place, text, consent, birth year, date of birth, keyword, question".to_owned()),
        })
    }

    fn choices(&self) -> Result<Vec<Choice>, String> {
        let option = |key: &str, label: &str, words: Vec<String>, exclusive| Choice {
            key: key.to_owned(),
            label: label.to_owned(),
            words,
            exclusive,
        };
        let mut choices = match &self.options {
            Some(Json::Array(list)) => list
                .iter()
                .map(|entry| match entry {
                    Json::String(label) => Some(option(label, label, Vec::new(), false)),
                    Json::Object(fields) => {
                        let text = |name: &str| fields.get(name).and_then(Json::as_str);
                        let words = fields
                            .get("words")
                            .and_then(Json::as_array)
                            .map(|w| w.iter().filter_map(Json::as_str).map(str::to_owned).collect());
                        let label = text("label").or_else(|| text("key"))?;
                        let exclusive = ["exclusive", "none"].iter().any(|name| fields.get(*name).and_then(Json::as_bool) == Some(true));
                        Some(option(text("key").unwrap_or(label), label, words.unwrap_or_default(), exclusive))
                    }
                    Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => None,
                })
                .collect::<Option<Vec<_>>>(),
            Some(Json::Object(map)) => map.iter().map(|(key, label)| Some(option(key, label.as_str()?, Vec::new(), false))).collect(),
            _ => None,
        }
        .filter(|choices| !choices.is_empty())
        .ok_or("`options` must be a list of labels, of {key, label, words}, or an object of keys and labels")?;
        if choices.iter().any(|choice| choice.label.trim().is_empty()) {
            return Err("one of `options` has no words in its label".to_owned());
        }
        if let Some(none) = &self.none {
            choices.push(option("none", none, Vec::new(), true));
        }
        Ok(choices)
    }

    fn date_bounds(&self, today: Date) -> Result<DateBounds, String> {
        let wrong = "`bounds` is `past`, `future`, `in the past N days`, `since YYYY-MM-DD`, [from, to] or {from, to}";
        match &self.bounds {
            None | Some(Json::Null) => Ok(DateBounds::default()),
            Some(Json::String(text)) => {
                let text = text.trim();
                if text == "past" {
                    Ok(DateBounds { from: None, to: Some(today) })
                } else if text == "future" {
                    Ok(DateBounds { from: Some(today), to: None })
                } else if let Some(days) =
                    text.strip_prefix("in the past ").and_then(|t| t.strip_suffix(" days").or_else(|| t.strip_suffix(" day")))
                {
                    let days: i32 = days.trim().parse().map_err(|_| wrong)?;
                    Ok(DateBounds { from: today.checked_sub(days.days()).ok(), to: Some(today) })
                } else if let Some(day) = text.strip_prefix("since ") {
                    Ok(DateBounds { from: Some(day.trim().parse().map_err(|_| wrong)?), to: Some(today) })
                } else {
                    Err(wrong.to_owned())
                }
            }
            Some(Json::Object(fields)) => {
                let day = |names: [&str; 2]| {
                    names.iter().find_map(|n| fields.get(*n)).and_then(Json::as_str).map(str::parse).transpose().map_err(|_| wrong)
                };
                Ok(DateBounds { from: day(["from", "min"])?, to: day(["to", "max"])? })
            }
            Some(Json::Array(ends)) => match ends.as_slice() {
                [from, to] => {
                    let day = |end: &Json| match end {
                        Json::Null => Ok(None),
                        Json::String(day) => day.trim().parse().map(Some).map_err(|_| wrong),
                        _ => Err(wrong),
                    };
                    Ok(DateBounds { from: day(from)?, to: day(to)? })
                }
                _ => Err(wrong.to_owned()),
            },
            Some(Json::Bool(_) | Json::Number(_)) => Err(wrong.to_owned()),
        }
    }
}

fn length(bound: Option<f64>) -> Option<usize> {
    format!("{:.0}", bound?).parse().ok()
}

/// A reading as JSON.
pub fn written(reading: &Reading) -> Json {
    match reading {
        Reading::Clear { value, how } => json!({ "reading": "clear", "value": value_written(value), "how": how_name(*how) }),
        Reading::Ambiguous(values) => json!({ "reading": "ambiguous", "readings": values.iter().map(value_written).collect::<Vec<_>>() }),
        Reading::Unclear(why) => json!({ "reading": "unclear", "reason": *why.word() }),
    }
}

fn value_written(value: &Value) -> Json {
    match value {
        Value::Truth(Truth::Yes) | Value::Consent(true) => json!(true),
        Value::Truth(Truth::No) | Value::Consent(false) => json!(false),
        Value::Truth(Truth::Unsure) => json!("unsure"),
        Value::Choice(key) => json!(key),
        Value::Choices(keys) => {
            let mut keys = keys.clone();
            keys.sort();
            json!(keys)
        }
        Value::Number(number) => figure(*number),
        Value::Temperature { degrees, unit } => json!({
            "value": figure(*degrees),
            "unit": match unit {
                TemperatureUnit::Celsius => "C",
                TemperatureUnit::Fahrenheit => "F",
            },
        }),
        Value::Date(day) => json!(day.to_string()),
        Value::Time(time) => json!(time.strftime("%H:%M").to_string()),
        Value::Duration(seconds) => json!(iso_duration(*seconds)),
        Value::Phone(text) | Value::Email(text) | Value::Name(text) | Value::Place(text) | Value::Text(text) | Value::Photo(text) => {
            json!(text)
        }
        Value::Location(latitude, longitude) => json!([latitude, longitude]),
    }
}

/// A whole number without its point.
fn figure(number: f64) -> Json {
    if number.fract() == 0.0
        && number.abs() < 9e15
        && let Ok(whole) = format!("{number:.0}").parse::<i64>()
    {
        return json!(whole);
    }
    json!(number)
}

/// `P3D`, `PT1H30M`: days and what is left of a day, where it is not known how it was said.
fn iso_duration(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, left) = (rest / 3_600, rest % 3_600 / 60, rest % 60);
    let mut text = String::from("P");
    if days > 0 {
        text.push_str(&format!("{days}D"));
    }
    if rest > 0 || days == 0 {
        text.push('T');
        for (n, unit) in [(hours, 'H'), (minutes, 'M'), (left, 'S')] {
            if n > 0 || (unit == 'S' && rest == 0) {
                text.push_str(&format!("{n}{unit}"));
            }
        }
    }
    text
}

const fn how_name(how: How) -> &'static str {
    match how {
        How::Number => "number",
        How::Exact => "exact",
        How::Within => "within",
        How::Mended => "mended",
        How::Guessed => "guessed",
        How::OtherLanguage => "other language",
    }
}

const fn question_name(question: QuestionBack) -> &'static str {
    match question {
        QuestionBack::WhoIsThis => "WHO",
        QuestionBack::Why => "WHY",
        QuestionBack::Scam => "SCAM",
        QuestionBack::HowLong => "HOW LONG",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_written() {
        let today = Date::constant(2026, 3, 11);
        for (line, answer) in [
            (r#"{"language":"en","ask":"yes/no","said":"Yes!"}"#, r#"{"reading":"clear","value":true,"how":"exact"}"#),
            (
                r#"{"language":"es","ask":"any of","options":["Fiebre","Tos"],"none":"Nada","said":"1 y 2"}"#,
                r#"{"reading":"clear","value":["Fiebre","Tos"],"how":"number"}"#,
            ),
            (r#"{"ask":"date","bounds":"past","said":"tomorrow"}"#, r#"{"reading":"unclear","reason":"too late"}"#),
            (r#"{"ask":"keyword","said":"the fever stopped"}"#, r#"{"reading":"clear","value":null}"#),
            (r#"{"ask":"duration","said":"90 minutes"}"#, r#"{"reading":"clear","value":"PT90M","how":"exact"}"#),
            (r#"{"ask":"temperature","said":"38,5"}"#, r#"{"reading":"clear","value":{"value":38.5,"unit":"C"},"how":"exact"}"#),
            ("nonsense", r#"{"error":"not a case: expected ident at line 1 column 2; a line is one JSON object with `ask` and `said`"}"#),
            (r#"{"ask":"one of","options":["Home"," "],"said":"1"}"#, r#"{"error":"one of `options` has no words in its label"}"#),
            (r#"{"ask":"phone","country":"us","said":"541 555 0134"}"#, r#"{"reading":"clear","value":"+15415550134","how":"exact"}"#),
        ] {
            assert_eq!(run(line, today), answer, "{line}");
        }
    }
}
