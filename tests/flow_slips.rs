//! Slips of designers in a flow that is right: each is one error, at its line, with nothing said besides that follows from it.

use std::collections::BTreeMap;

use intake::flow::{Finding, Level, library, report};

const FLOW: &str = include_str!("flow/slips/visit.yaml");
const SPANISH: &str = include_str!("flow/slips/visit.es.yaml");

fn findings(flow: &str, spanish: &str) -> Vec<Finding> {
    let files = [
        ("visit.yaml", flow),
        ("visit.es.yaml", spanish),
        ("messages/emergency-text.hbs", "Call {{agency.emergency_number}} now."),
        ("messages/emergency-text.es.hbs", "Llame al {{agency.emergency_number}} ahora."),
    ];
    let files: BTreeMap<String, String> = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    library::compile_folder(&files).findings
}

fn shown(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|f| format!("{} {:?} {}:{}", f.code, f.level, f.place.span.file, f.place.span.line)).collect()
}

/// What is replaced, by what, and the error as `F012 27`.
const IN_THE_FLOW: &[(&str, &str, &str)] = &[
    ("breathless in signs", "brethless in signs", "F012 27"),
    ("    say: When did it begin?", "    say:", "F007 37"),
    ("    say: When did it begin?", "    say: null", "F007 37"),
    ("    say: When did it begin?", "\tsay: When did it begin?", "F003 37"),
    ("    say: When did it begin?", "  \u{a0} say: When did it begin?", "F001 37"),
    ("    say: When did it begin?", "    say: When did\n    it begin?", "F001 38"),
    ("    say: When did it begin?", "    sy: When did it begin?", "F008 37"),
    ("    say: When did it begin?", "    text: When did it begin?", "F008 37"),
    ("    label: Signs", "    lable: Signs", "F008 17"),
    ("        ask: phone", "        ask phone", "F001 50"),
    ("        ask: phone", "        ask:phone", "F001 50"),
    ("        ask: phone", "        ask:\u{a0}phone", "F001 50"),
    ("        ask: phone", "        ask： phone", "F001 50"),
    ("    ask: date,", "      ask: date,", "F002 38"),
    ("    ask: date,", "   ask: date,", "F002 38"),
    ("  onset:\n", "onset:\n", "F002 36"),
    ("  onset:\n", "    onset:\n", "F002 36"),
    ("  onset:\n", "  Onset:\n", "F018 36"),
    ("  onset:\n", "  onset😷:\n", "F018 36"),
    ("      - when: breathless", "        when: breathless", "F001 27"),
    ("      - when: signs is missing", "      when: signs is missing", "F001 32"),
    ("      - when: signs is missing", "      - else: signs is missing", "F009 32"),
    ("Who was it?", "Who \u{7}was it?", "F001 46"),
    ("Who was it?", "Who \u{202e}was it?", "F001 46"),
    ("    options:\n      breathless: Trouble breathing\n      cough:\n        say: Cough\n        words: [coughing]\n", "", "F010 19"),
    (
        "    options:\n      breathless: Trouble breathing\n      cough:\n        say: Cough\n        words: [coughing]\n",
        "    options: {breathless: Trouble breathing}\n",
        "F005 21",
    ),
    ("    more: Anyone else?\n", "", "F010 41"),
    ("languages: [en, es]", "languages: [english, es]", "F009 3"),
    ("languages: [en, es]", "languages: [en, es", "F001 3"),
    ("flow: visit", "flwo: visit", "F008 1"),
    ("for: anyone", "audience: anyone", "F008 4"),
    ("steps:\n  signs", "---\nsteps:\n  signs", "F005 15"),
    ("    label: Signs", "    <<: *a", "F005 17"),
    ("        because: Trouble breathing\n", "        becuase: Trouble breathing\n", "F008 29"),
    ("        task: urgent\n        because: Signs not answered", "        call: thanks", "F008 33"),
];

/// The same where the text is changed too, so that its translation is stale besides.
const IN_A_TEXT: &[(&str, &str, &str)] = &[
    ("{{agency.name}}", "{agency.name}", "F020 53"),
    ("{{agency.name}}", "{{agency.nam}}", "F021 53"),
    ("{{agency.name}}", "{{agency.name", "F020 53"),
    ("\"1 person\" \"# people\"", "\"1 person\"", "F020 53"),
    ("\"1 person\" \"# people\"", "“1 person” “# people”", "F020 53"),
    ("Do you have any", "Answer: do you have any", "F004 18"),
    ("[VISIT]", "[VISIT, ]\nneeds: identiti", "F027 7"),
];

const IN_SPANISH: &[(&str, &str, &str)] = &[
    ("      to: Tos", "\tto: Tos", "F003 16"),
    ("      to: Tos", "      too: Tos", "F008 16"),
    ("texts:\n", "texts\n", "F001 2"),
    ("    - from: When did it begin?", "      from: When did it begin?", "F009 20"),
    ("\"1 persona\" \"# personas\"", "\"1 persona\"", "F020 35"),
    ("to: ¿Cuándo", "to: Diga: ¿cuándo", "F004 21"),
];

fn slipped(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` stands nowhere");
    text.replacen(from, to, 1)
}

#[test]
fn the_flow_itself_is_right() {
    assert_eq!(shown(&findings(FLOW, SPANISH)), [""; 0]);
}

#[test]
fn a_slip_in_the_flow_is_one_error_and_nothing_else() {
    for (from, to, expected) in IN_THE_FLOW {
        let found = findings(&slipped(FLOW, from, to), SPANISH);
        let (code, line) = expected.split_once(' ').unwrap();
        let rest: Vec<String> = shown(&found);
        assert_eq!(rest.first(), Some(&format!("{code} Error visit.yaml:{line}")), "{from} -> {to}: {rest:?}");
        assert!(rest.len() == 1, "{from} -> {to}: {rest:?}");
        assert!(found.iter().all(|f| f.help.is_some()), "{from} -> {to}: {rest:?}");
    }
}

#[test]
fn a_slip_in_a_text_is_one_error_besides_its_stale_translation() {
    for (from, to, expected) in IN_A_TEXT {
        let found = findings(&slipped(FLOW, from, to), SPANISH);
        let (code, line) = expected.split_once(' ').unwrap();
        let errors: Vec<&Finding> = found.iter().filter(|f| f.level == Level::Error).collect();
        let others: Vec<&str> = found.iter().filter(|f| f.level != Level::Error).map(|f| f.code).collect();
        assert!(
            matches!(errors.as_slice(), [error] if error.code == code && error.place.span.line.to_string() == *line),
            "{to}: {:?}",
            shown(&found)
        );
        assert!(matches!(others.as_slice(), [] | ["F025"]), "{to}: {:?}", shown(&found));
    }
}

#[test]
fn a_slip_in_a_translation_is_one_error() {
    for (from, to, expected) in IN_SPANISH {
        let found = shown(&findings(FLOW, &slipped(SPANISH, from, to)));
        let (code, line) = expected.split_once(' ').unwrap();
        assert_eq!(found, [format!("{code} Error visit.es.yaml:{line}")], "{from} -> {to}");
    }
}

#[test]
fn a_changed_text_is_one_stale_translation_which_tells_the_new_words() {
    let found = findings(&slipped(FLOW, "When did it begin?", "On which day did this start?"), SPANISH);
    assert_eq!(shown(&found), ["F025 Warning visit.es.yaml:20"]);
    assert!(found[0].help.as_ref().unwrap().contains("On which day did this start?"));
    let misnamed = findings(FLOW, &slipped(SPANISH, "  people.name:", "  name:"));
    assert_eq!(shown(&misnamed), ["F025 Warning visit.es.yaml:27"]);
    assert_eq!(misnamed[0].help.as_deref(), Some("did you mean `people.name`?"));
}

#[test]
fn windows_line_endings_a_byte_order_mark_and_blanks_at_line_ends_change_nothing() {
    let crlf = |text: &str| text.replace('\n', "\r\n");
    let variants = [
        (crlf(FLOW), crlf(SPANISH)),
        (format!("\u{feff}{FLOW}"), format!("\u{feff}{SPANISH}")),
        (FLOW.replace('\n', "  \n"), SPANISH.replace('\n', " \n")),
        (FLOW.trim_end().to_owned(), SPANISH.trim_end().to_owned()),
    ];
    for (flow, spanish) in variants {
        assert_eq!(shown(&findings(&flow, &spanish)), [""; 0]);
    }
}

#[test]
fn carets_stand_below_the_words_behind_wide_and_accented_letters() {
    let flow = slipped(FLOW, "say: When did it begin?", "say: ¿Cuándo — señor? {{agency.nme}}");
    let found: Vec<Finding> = findings(&flow, SPANISH).into_iter().filter(|f| f.code == "F021").collect();
    let files = BTreeMap::from([("visit.yaml".to_owned(), flow)]);
    let text = report::text(&found, &files, false);
    let column =
        |part: &str| text.lines().find(|line| line.contains(part)).and_then(|line| line.find(part).map(|at| line[..at].chars().count()));
    assert_eq!(column("^^^^^^^^^^"), column("agency.nme}}"), "{text}");
}

#[test]
fn a_language_without_any_translation_is_one_finding() {
    let flow = slipped(FLOW, "languages: [en, es]", "languages: [en, es, pt-BR]");
    let found = findings(&flow, SPANISH);
    assert_eq!(shown(&found), ["F024 Warning messages/emergency-text.hbs:1", "F024 Warning visit.yaml:3"]);
    assert!(found[1].help.as_ref().unwrap().contains("visit.pt-BR.yaml"));
}

#[test]
fn files_of_ten_thousand_lines_deep_nesting_and_endless_brackets_are_checked_to_the_end() {
    let head = FLOW.split_once("steps:\n").unwrap().0;
    let steps: String = (0..2_500).map(|n| format!("  s{n}:\n    sy: Question {n}?\n    ask: yes/no\n    tries: 2\n")).collect();
    assert_eq!(findings(&format!("{head}steps:\n{steps}"), SPANISH).len(), 2_500);
    let deep: String =
        (0..200).map(|n| format!("{0}g{n}:\n{0}  for each: w in household\n{0}  steps:\n", "  ".repeat(2 * n + 1))).collect();
    assert!(findings(&format!("{head}steps:\n{deep}"), SPANISH).iter().any(|f| f.code == "F019"));
    assert!(!findings(&FLOW.replace("[en, es]", &"[".repeat(5_000)), SPANISH).is_empty());
    assert!(!findings(&format!("{FLOW}x:\n{}a\n", "- ".repeat(5_000)), SPANISH).is_empty());
}
