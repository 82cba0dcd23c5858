//! When an answer is a report of symptoms. Pure.

use crate::engine::effect::AnsweredFact;

/// The code of the question which symptoms there are (LOINC, read 2026-07).
const SYMPTOM_QUESTION: &str = "75325-1";
/// SNOMED CT's answers, which are no findings: yes, no, unknown, present, absent.
const ANSWER_CODES: [&str; 5] = ["373066001", "373067005", "261665006", "52101004", "2667000"];

/// The codes reported by an answer to a question about symptoms: `["SNOMED 49727002"]`; empty where it says there are none.
/// `None` where it was skipped, or the question is about something else: its code is not LOINC 75325-1 and no option taken has a
/// finding's code of SNOMED CT.
pub(super) fn reported(answer: &AnsweredFact) -> Option<Vec<String>> {
    answer.value.as_ref()?;
    let asked = answer.code.as_deref().is_some_and(|code| code.split_whitespace().any(|word| word == SYMPTOM_QUESTION));
    let codes: Vec<String> = answer.codes.iter().filter(|code| is_finding(code)).cloned().collect();
    (asked || !codes.is_empty()).then_some(codes)
}

fn is_finding(code: &str) -> bool {
    let mut words = code.split_whitespace();
    let system = words.next().is_some_and(|word| word.eq_ignore_ascii_case("SNOMED"));
    let number = words.find(|word| word.bytes().all(|b| b.is_ascii_digit()));
    system && number.is_some_and(|number| !ANSWER_CODES.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{answer::Value, base::id::PersonNumber};

    fn answer(code: Option<&str>, codes: &[&str], given: bool) -> AnsweredFact {
        AnsweredFact {
            session: "ses_1".into(),
            flow: "daily-check".into(),
            step: "symptoms".into(),
            label: "symptoms".into(),
            code: code.map(str::to_owned),
            items: vec![],
            who: PersonNumber::YOU,
            value: given.then(|| Value::Choices(vec![]).into()),
            codes: codes.iter().map(|code| (*code).to_owned()).collect(),
            said: "".into(),
            flagged: false,
            corrected: false,
            by: None,
        }
    }

    #[test]
    fn a_report_is_known_by_its_question_or_by_its_findings() {
        let cough = vec!["SNOMED 49727002".to_owned()];
        for (case, given, expected) in [
            ("asked, one found", answer(Some("LOINC 75325-1"), &["SNOMED 49727002"], true), Some(cough.clone())),
            ("asked, none", answer(Some("LOINC 75325-1"), &[], true), Some(vec![])),
            ("asked, skipped", answer(Some("LOINC 75325-1"), &[], false), None),
            ("not asked by code, found", answer(None, &["SNOMED 49727002", "LOCAL x"], true), Some(cough)),
            ("yes is no finding", answer(None, &["SNOMED 373066001"], true), None),
            ("another question", answer(Some("LOINC 95419-8"), &["LOINC LA33-6"], true), None),
        ] {
            assert_eq!(reported(&given), expected, "{case}");
        }
    }
}
