//! Reading a `.chat` file. Everything wrong is told in one pass, with its line and what to write.

use jiff::civil::{Date, DateTime};

use super::script::{Act, DeskLine, Expected, Line, NamedPerson, Phone, Transcript, Unreadable, What};
use crate::{
    base::{Address, Language, Medium},
    engine::event::DeskOutcome,
    flow::model::Urgency,
};

/// Reads a transcript.
///
/// # Errors
/// Every line that cannot be read.
pub fn parse(file: &str, text: &str) -> Result<Transcript, Vec<Unreadable>> {
    let mut reader = Reader::default();
    for (number, line) in lines(text) {
        reader.line(number, &line);
    }
    let Reader { flow, language, today, phones, identity_holds, lines, mut faults } = reader;
    if flow.is_none() {
        faults.push(fault(1, "no flow is named", "begin with `flow: daily-check · en`"));
    }
    if phones.is_empty() {
        faults.push(fault(1, "there is no phone", "write `phone ana: sms +15550100001, answers for Ana, Luis` below the flow"));
    }
    faults.sort_by_key(|fault| fault.line);
    match flow {
        Some(flow) if faults.is_empty() => Ok(Transcript { file: file.to_owned(), flow, language, today, phones, identity_holds, lines }),
        Some(_) | None => Err(faults),
    }
}

/// The lines that say something, with those that go on (indented) joined to the one before.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let goes_on = line.starts_with([' ', '\t']);
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match joined.last_mut() {
            Some((_, before)) if goes_on => {
                before.push('\n');
                before.push_str(line);
            }
            Some(_) | None => joined.push((at + 1, line.to_owned())),
        }
    }
    joined
}

fn fault(line: usize, what: impl Into<String>, help: impl Into<String>) -> Unreadable {
    Unreadable { line, what: what.into(), help: help.into() }
}

#[derive(Default)]
struct Reader {
    flow: Option<String>,
    language: Option<Language>,
    today: Option<DateTime>,
    phones: Vec<Phone>,
    identity_holds: bool,
    lines: Vec<Line>,
    faults: Vec<Unreadable>,
}

impl Reader {
    fn line(&mut self, number: usize, line: &str) {
        match self.read(number, line) {
            Ok(Some(what)) => self.lines.push(Line { number, what }),
            Ok(None) => {}
            Err((what, help)) => self.faults.push(fault(number, what, help)),
        }
    }

    fn read(&mut self, number: usize, line: &str) -> Result<Option<What>, (String, String)> {
        if let Some(passed) = line.strip_prefix('+') {
            let seconds =
                duration(passed).ok_or_else(|| wrong(format!("`{line}` is no length of time"), "write `+26h`, `+30m` or `+2d`"))?;
            return Ok(Some(What::Do(Act::Wait(seconds))));
        }
        if let Some(call) = line.strip_prefix('!') {
            return calls(call.trim()).map(|expected| Some(What::Expect(expected)));
        }
        if let Some(answer) = line.strip_prefix('=') {
            let (name, value) =
                answer.split_once(':').ok_or_else(|| wrong("an answer needs a colon", "write `= Luis.danger: breathless`"))?;
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            return Ok(Some(What::Expect(Expected::Answer { name, value })));
        }
        if let Some(end) = line.strip_prefix("end:") {
            return Ok(Some(What::Expect(Expected::Ends(end.trim().to_owned()))));
        }
        if let Some(desk) = after_word(line, "desk") {
            return desk_line(desk).map(|act| Some(What::Do(Act::Desk(act))));
        }
        if let Some(header) = self.header(line) {
            return header.map(|()| None);
        }
        self.spoken(line, number).map(Some)
    }

    fn header(&mut self, line: &str) -> Option<Result<(), (String, String)>> {
        let (key, value) = line.split_once(':')?;
        let value = value.trim();
        let key = key.trim();
        if let Some(name) = after_word(key, "phone") {
            return Some(phone(name, value).map(|phone| self.phones.push(phone)));
        }
        match key {
            "flow" => {
                let (flow, language) = value.split_once('·').unwrap_or((value, ""));
                self.flow = Some(flow.trim().to_owned());
                Some(self.language(language.trim()))
            }
            "language" => Some(self.language(value)),
            "today" => Some(match moment(value) {
                Some(moment) => {
                    self.today = Some(moment);
                    Ok(())
                }
                None => Err(wrong(format!("`{value}` is no day and time"), "write `today: 2026-03-02 09:00`")),
            }),
            "identity" => Some(if value == "holds" {
                self.identity_holds = true;
                Ok(())
            } else {
                Err(wrong("only `identity: holds` can be said", "leave the line out to have identity asked"))
            }),
            _ => None,
        }
    }

    fn language(&mut self, tag: &str) -> Result<(), (String, String)> {
        if !tag.is_empty() {
            let language = Language::parse(tag).ok_or_else(|| wrong(format!("`{tag}` is no language"), "write a tag: en, es, pt-BR"))?;
            self.language = Some(language);
        }
        Ok(())
    }

    /// `ana < …`, `ana > …`, `ana tap …`, `ana card …`, `ana picture`
    fn spoken(&self, line: &str, _number: usize) -> Result<What, (String, String)> {
        let help = "write `ana > …` for what she writes, `ana < …` for what she gets, `ana tap …`, `ana card Beto +1555…`, `desk > …`, `+26h`, \
                    `! escalate urgent`, `end: complete` or `= onset: 2026-03-01`";
        let (name, rest) = line.split_once(char::is_whitespace).ok_or_else(|| wrong(format!("`{line}` says nothing"), help))?;
        let rest = rest.trim_start();
        let (verb, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        if !["<", ">", "tap", "card", "picture"].contains(&verb) {
            return Err(wrong(format!("`{}` cannot be read", line.lines().next().unwrap_or_default()), help));
        }
        let Some(phone) = self.phones.iter().position(|phone| phone.name == name) else {
            let known: Vec<&str> = self.phones.iter().map(|phone| phone.name.as_str()).collect();
            let known = if known.is_empty() { "none yet".to_owned() } else { known.join(", ") };
            return Err(wrong(format!("there is no phone `{name}`"), format!("phones are: {known}; add `phone {name}: sms +15550100001`")));
        };
        let words = words.trim().to_owned();
        match verb {
            "<" => Ok(What::Expect(Expected::Says { phone, pattern: words })),
            ">" => Ok(What::Do(Act::Write { phone, text: words })),
            "tap" if words.is_empty() => Err(wrong("what is tapped is not said", "write what stands on it: `ana tap Cough`")),
            "tap" => Ok(What::Do(Act::Tap { phone, title: words })),
            "picture" => Ok(What::Do(Act::Picture { phone })),
            _ => {
                let at = words.find('+').unwrap_or(words.len());
                let (name, numbers) = words.split_at(at);
                let phones = numbers.split(',').map(str::trim).filter(|number| !number.is_empty()).map(str::to_owned).collect();
                Ok(What::Do(Act::Card { phone, name: name.trim().to_owned(), phones }))
            }
        }
    }
}

fn wrong(what: impl Into<String>, help: impl Into<String>) -> (String, String) {
    (what.into(), help.into())
}

/// What follows a word and a space; `None` where the line begins otherwise.
fn after_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    line.strip_prefix(word)?.strip_prefix(char::is_whitespace).map(str::trim)
}

/// `sms +15550001, answers for Ana, Luis (2015)`
fn phone(name: &str, value: &str) -> Result<Phone, (String, String)> {
    let help = "write `phone ana: sms +15550100001, answers for Ana (1980), Luis`";
    let (address, people) = value.split_once(',').unwrap_or((value, ""));
    let (medium, id) = address.trim().split_once(char::is_whitespace).ok_or_else(|| wrong("a phone is a medium and a number", help))?;
    let medium = Medium::from_word(medium).ok_or_else(|| wrong(format!("`{medium}` is no medium"), "write sms or whatsapp"))?;
    let people = people.trim();
    let people = match people.strip_prefix("answers for") {
        Some(names) => names.split(',').map(person).collect::<Result<Vec<_>, _>>()?,
        None if people.is_empty() => Vec::new(),
        None => return Err(wrong(format!("`{people}` cannot be read"), help)),
    };
    Ok(Phone { name: name.to_owned(), address: Address::new(medium, id.trim()), people })
}

/// `Ana`, `Ana (1980)`
fn person(text: &str) -> Result<NamedPerson, (String, String)> {
    let text = text.trim();
    let (name, year) = text.split_once('(').unwrap_or((text, ""));
    let year = year.trim_end_matches(')').trim();
    let birth_year = match year.parse::<i16>() {
        Ok(year) if (1900..=2100).contains(&year) => Some(year),
        Err(_) if year.is_empty() => None,
        Ok(_) | Err(_) => return Err(wrong(format!("`{year}` is no year of birth"), "write `Ana (1980)`")),
    };
    if name.trim().is_empty() {
        return Err(wrong("a name is missing", "write `answers for Ana, Luis`"));
    }
    Ok(NamedPerson { first_name: name.trim().to_owned(), birth_year })
}

/// `escalate emergency "no puede respirar"`, `task routine`
fn calls(text: &str) -> Result<Expected, (String, String)> {
    let help = "write `! escalate emergency \"cant breath\"` or `! task routine`";
    let (kind, rest) = text.split_once(char::is_whitespace).ok_or_else(|| wrong("how urgent the call is, is missing", help))?;
    let rest = rest.trim();
    let (urgency, about) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let task = match kind {
        "escalate" => false,
        "task" => true,
        _ => return Err(wrong(format!("`{kind}` is no call for a human"), help)),
    };
    let urgency = [Urgency::Routine, Urgency::Urgent, Urgency::Emergency]
        .into_iter()
        .find(|one| one.word() == urgency)
        .ok_or_else(|| wrong(format!("`{urgency}` is no urgency"), "write routine, urgent or emergency"))?;
    let about = about.trim().trim_matches('"').to_owned();
    Ok(Expected::Calls { task, urgency, about: (!about.is_empty()).then_some(about) })
}

fn desk_line(text: &str) -> Result<DeskLine, (String, String)> {
    let help = "write `desk > …`, `desk claims`, `desk releases`, `desk hands back`, `desk hands back at STEP`, `desk hands back to the end`, \
                `desk answers STEP: …` or `desk resolves reached`";
    if let Some(words) = text.strip_prefix('>') {
        return Ok(DeskLine::Say(words.trim().to_owned()));
    }
    if let Some(step) = after_word(text, "hands back at") {
        return Ok(DeskLine::HandBackAt(step.to_owned()));
    }
    if let Some(answer) = after_word(text, "answers") {
        let (step, said) = answer.split_once(':').ok_or_else(|| wrong("what the desk answers is missing", help))?;
        return Ok(DeskLine::Answer { step: step.trim().to_owned(), said: said.trim().to_owned() });
    }
    if let Some(word) = after_word(text, "resolves") {
        let known: Vec<&str> = DeskOutcome::ALL.iter().map(|(_, word)| *word).collect();
        return DeskOutcome::ALL
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(outcome, _)| DeskLine::Resolve(*outcome))
            .ok_or_else(|| wrong(format!("`{word}` is no outcome"), format!("write one of: {}", known.join(", "))));
    }
    match text {
        "claims" => Ok(DeskLine::Claim),
        "releases" => Ok(DeskLine::Release),
        "hands back" => Ok(DeskLine::HandBack),
        "hands back to the end" => Ok(DeskLine::HandBackToTheEnd),
        _ => Err(wrong(format!("the desk cannot `{text}`"), help)),
    }
}

/// `26h`, `1h30m`, `2 days`: in seconds.
pub fn duration(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let number: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest.get(digits..)?.trim_start();
        let letters = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
        let unit = match rest.get(..letters)? {
            "s" | "second" | "seconds" => 1,
            "m" | "min" | "minute" | "minutes" => 60,
            "h" | "hour" | "hours" => 3_600,
            "d" | "day" | "days" => 86_400,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = rest.get(letters..)?.trim_start();
    }
    Some(seconds)
}

/// `2026-03-02 09:00`, `2026-03-02`: at nine where no time is given.
pub fn moment(text: &str) -> Option<DateTime> {
    let text = text.trim();
    if let Ok(day) = text.parse::<Date>()
        && !text.contains(':')
    {
        return Some(day.at(9, 0, 0, 0));
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    const WHOLE: &str = "\
# The example of the reference.
flow: daily-check · es
today: 2026-03-02 09:00
phone ana: sms +15550001, answers for Ana (1980), Luis

ana < Buenos días Ana, …
ana > 2
ana < ¿Luis tiene …
  1 Tos
ana > no puede respirar
! escalate emergency \"no puede respirar\"
! task routine
desk > Hola, soy Marta.
desk hands back
ana tap Tos
ana card Beto Ruiz +15550100001, +15550100002
+26h
end: no reply
= Luis.danger: breathless
";

    #[test]
    fn the_example_of_the_reference_is_read() {
        let transcript = parse("a.chat", WHOLE).unwrap();
        assert_eq!(transcript.flow, "daily-check");
        assert_eq!(transcript.language.unwrap().tag(), "es");
        assert_eq!(transcript.today, Some(date(2026, 3, 2).at(9, 0, 0, 0)));
        let people = &transcript.phones[0].people;
        assert_eq!(people[0], NamedPerson { first_name: "Ana".to_owned(), birth_year: Some(1980) });
        assert_eq!(people[1], NamedPerson { first_name: "Luis".to_owned(), birth_year: None });
        let says = |pattern: &str| What::Expect(Expected::Says { phone: 0, pattern: pattern.to_owned() });
        let writes = |text: &str| What::Do(Act::Write { phone: 0, text: text.to_owned() });
        let calls = |task, urgency, about: Option<&str>| What::Expect(Expected::Calls { task, urgency, about: about.map(str::to_owned) });
        let expected = [
            (6, says("Buenos días Ana, …")),
            (7, writes("2")),
            (8, says("¿Luis tiene …\n1 Tos")),
            (10, writes("no puede respirar")),
            (11, calls(false, Urgency::Emergency, Some("no puede respirar"))),
            (12, calls(true, Urgency::Routine, None)),
            (13, What::Do(Act::Desk(DeskLine::Say("Hola, soy Marta.".to_owned())))),
            (14, What::Do(Act::Desk(DeskLine::HandBack))),
            (15, What::Do(Act::Tap { phone: 0, title: "Tos".to_owned() })),
            (
                16,
                What::Do(Act::Card {
                    phone: 0,
                    name: "Beto Ruiz".to_owned(),
                    phones: vec!["+15550100001".to_owned(), "+15550100002".to_owned()],
                }),
            ),
            (17, What::Do(Act::Wait(93_600))),
            (18, What::Expect(Expected::Ends("no reply".to_owned()))),
            (19, What::Expect(Expected::Answer { name: "Luis.danger".to_owned(), value: "breathless".to_owned() })),
        ];
        let lines: Vec<(usize, What)> = transcript.lines.into_iter().map(|line| (line.number, line.what)).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn every_line_that_cannot_be_read_is_told_at_once() {
        let text = "flow: x · english\ntoday: soon\nphone ana: fax +1\nphone eva: sms +1, answers for Eva (80)\nbeto > hi\nana sings\n+soon\n! shout urgent\n! task big\ndesk sleeps\ndesk resolves well\n= danger\nana:\n";
        let faults = parse("a.chat", text).unwrap_err();
        let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13]);
        assert!(
            faults.iter().all(|fault| !fault.what.is_empty() && fault.help.contains("write")
                || fault.help.contains("begin")
                || fault.help.contains("add")),
            "{faults:#?}"
        );
        assert!(parse("a.chat", "").unwrap_err().iter().any(|fault| fault.what == "no flow is named"));
    }

    #[test]
    fn lengths_of_time_are_read() {
        for (text, seconds) in [("26h", 93_600), ("5m", 300), ("1h30m", 5_400), ("2 days", 172_800), ("10s", 10)] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for text in ["", "h", "5", "5 weeks", "-5m"] {
            assert_eq!(duration(text), None, "{text}");
        }
    }
}
