//! Every rule by its own examples, and flows that must not be complained of.

use intake::{
    check::{self, Surroundings},
    flow::{
        Finding, Level,
        codes::{Page, example_files},
        library,
    },
};

/// The flow that examples need.
const IDENTITY: &str = "\
flow: identity
title: Who is there
languages: [en]
for: anyone
ends: [holds]
steps:
  year:
    say: In which year were you born?
    ask: birth year
    then:
      - else:
        end: holds
";

/// Compiles and checks an example, with the files that examples name.
fn findings(example: &str, around: &Surroundings) -> Vec<Finding> {
    let mut files = example_files(example);
    files.entry("identity.yaml".to_owned()).or_insert_with(|| IDENTITY.to_owned());
    files.entry("messages/emergency-text.hbs".to_owned()).or_insert_with(|| "Call {{agency.emergency_number}} now.".to_owned());
    let compiled = library::compile(&library::bundle("example", &files));
    let mut all = compiled.findings;
    if let Some(revision) = compiled.revision {
        all.extend(check::check(&revision, around));
    }
    all
}

/// `F030 warning at 7: the step …`, for failures.
fn shown(findings: &[Finding]) -> String {
    findings.iter().map(|f| format!("{} {:?} {}:{}: {}\n", f.code, f.level, f.place.span.file, f.place.span.line, f.message)).collect()
}

fn around(page: &Page) -> Surroundings {
    let nobody = page.code == "F045";
    Surroundings { on_call: !nobody, phone_line: !nobody, ..Surroundings::default() }
}

#[test]
fn the_bad_example_of_a_rule_yields_its_code_and_else_notes_only() {
    for page in check::rule_pages() {
        let found = findings(page.bad, &around(page));
        let fits = found.iter().any(|f| f.code == page.code) && found.iter().all(|f| f.code == page.code || f.level == Level::Note);
        assert!(fits, "{} {}\n{}", page.code, page.title, shown(&found));
    }
}

#[test]
fn the_good_example_of_a_rule_yields_nothing_worth_a_warning() {
    for page in check::rule_pages() {
        let found = findings(page.good, &around(page));
        assert!(found.iter().all(|f| f.level == Level::Note && f.code != page.code), "{} {}\n{}", page.code, page.title, shown(&found));
    }
}

#[test]
fn every_code_has_one_page_that_explains_it() {
    let mut seen = std::collections::BTreeSet::new();
    for page in check::pages() {
        assert!(seen.insert(page.code), "{} has two pages", page.code);
        assert_eq!(check::explain(page.code).map(|found| found.title), Some(page.title));
        assert!(!page.what.is_empty() && !page.why.is_empty(), "{}", page.code);
    }
    assert_eq!(check::explain("f030").map(|page| page.code), Some("F030"));
    assert!(check::explain("F999").is_none());
}

/// Codes with the line they point at.
#[track_caller]
fn finds(steps: &str, expected: &[(&str, usize)]) {
    let found = findings(&format!("steps:\n{steps}"), &Surroundings::default());
    let mut codes: Vec<(&str, usize)> = found.iter().filter(|f| f.level > Level::Note).map(|f| (f.code, f.place.span.line - 5)).collect();
    codes.sort_by_key(|(_, line)| *line);
    assert_eq!(codes, expected, "\n{}", shown(&found));
}

const THANKS: &str = "  thanks:\n    say: Thank you.\n    end: complete\n";

#[test]
fn arms_that_cover_every_answer_leave_nothing_to_run_out_or_to_reach() {
    let arms = |last: &str| {
        format!(
            "  agree:\n    say: May we ask?\n    ask: consent\n    if unclear:\n      task: routine\n      because: Not understood\n      end: not understood\n    then:\n      - when: agree == no\n        end: complete\n      - when: agree == yes\n        \
             end: complete\n{last}"
        )
    };
    finds(&arms(""), &[]);
    finds(&arms(THANKS), &[("F030", 13)]);
    let skipped = "  well:\n    say: Are you well?\n    ask: yes/no\n    then:\n      - when: well == no\n        end: complete\n      - else:\n        end: complete\n";
    finds(skipped, &[("F031", 1)]);
}

#[test]
fn a_loop_with_a_condition_that_skips_its_question_is_left_alone() {
    let steps = format!(
        "  day:\n    when: again is missing\n    say: Which day?\n    ask: date, past\n  again:\n    say: Once more?\n    ask: yes/no\n    then:\n      - when: again == \
         yes\n        go: day\n{THANKS}"
    );
    finds(&steps, &[]);
    let sure = "  day:\n    when: today == 2026-01-01\n    say: Are you well?\n    ask: yes/no\n  back:\n    say: Hm.\n    go: day\n";
    finds(sure, &[("F032", 1)]);
}

#[test]
fn a_missing_arm_in_a_later_condition_or_over_a_group_counts() {
    let later = format!(
        "  hard:\n    say: Is it hard to breathe?\n    ask: yes/no\n    then:\n      - when: hard == yes\n        escalate: urgent\n        because: Hard to \
         breathe\n  call:\n    when: hard is missing\n    say: Someone will call.\n    task: urgent\n    because: Did not say\n{THANKS}"
    );
    finds(&later, &[]);
    let group = format!(
        "  each:\n    for each: who in household\n    steps:\n      hard:\n        say: Is it hard to breathe?\n        ask: yes/no\n        then:\n          - when: hard \
         == yes\n            escalate: urgent\n            because: Hard to breathe\n  call:\n    when: any(each, hard is missing)\n    say: Someone will call.\n    task: \
         urgent\n    because: Did not say\n{THANKS}"
    );
    finds(&group, &[]);
}

#[test]
fn arms_that_exclude_each_other_outrun_no_alarm() {
    let steps = format!(
        "  fever:\n    say: How warm are you?\n    ask: number 30..45\n    then:\n      - when: fever < 38\n        go: thanks\n      - when: fever >= 38\n        task: \
         urgent\n        because: Fever\n      - when: fever is missing\n        task: urgent\n        because: Did not say\n{THANKS}"
    );
    finds(&steps, &[]);
    let may_both_hold = steps.replace("fever < 38", "fever < 39");
    finds(&may_both_hold, &[("F035", 7)]);
}

#[test]
fn options_that_are_alike_are_found_across_languages() {
    let flow = "\
flow: example
title: An example
languages: [en, es]
for: anyone
ends: [complete]
steps:
  food:
    say: What did you eat?
    ask: one of
    options:
      pie: Pie
      foot: Foot
  thanks:
    say: Thank you.
    end: complete
=== example.es.yaml
language: es
texts:
  food:
    - from: What did you eat?
      to: ¿Qué comió?
    - from: Pie
      to: Pastel
    - from: Foot
      to: ¡Pie!
  thanks:
    - from: Thank you.
      to: Gracias.
";
    let found = findings(flow, &Surroundings::default());
    let alike: Vec<_> = found.iter().filter(|f| f.code == "F036").collect();
    assert_eq!(alike.len(), 1, "{}", shown(&found));
    assert_eq!((alike[0].place.span.file.as_str(), alike[0].place.span.line), ("example.es.yaml", 9));
}

#[test]
fn the_character_that_doubles_the_price_is_named_in_its_language() {
    let long = "Is there anything else that we should know about how you are and what you need today? ".repeat(3);
    let flow = format!(
        "flow: example\ntitle: An example\nlanguages: [en, es]\nfor: anyone\nends: [complete]\nsteps:\n  more:\n    say: {long}\n    ask: yes/no\n{THANKS}"
    );
    let dear = "¿Hay algo más que debamos saber sobre cómo está hoy? ".repeat(8);
    let spanish = format!(
        "language: es\ntexts:\n  more:\n    - from: {long}\n      to: {dear}\n  thanks:\n    - from: Thank you.\n      to: Gracias.\n"
    );
    let found = findings(&format!("{flow}=== example.es.yaml\n{spanish}"), &Surroundings::default());
    let dear: Vec<_> =
        found.iter().filter(|f| f.code == "F038").map(|f| (f.place.span.file.as_str(), f.level, f.place.label.contains('á'))).collect();
    assert_eq!(dear, [("example.es.yaml", Level::Warning, true)], "{}", shown(&found));
}

/// The flow that the language was designed by; it may be noted on, not complained of.
const DAILY_CHECK: &str = "\
flow: example
title: Daily symptom check
languages: [en]
for: monitoree
needs: identity
emergency: emergency-text
starts on: [CHECK]
ends: [complete]

silence:
  - after: 4 hours
    say: Just a reminder.
  - after: 20 hours
    when: you.missed_in_a_row >= 1
    task: routine
    because: Second day without a reply
  - after: 20 hours
    end: no reply

steps:
  unwell:
    label: Who is unwell
    say: |
      Good morning {{you.first_name}}, this is {{agency.name}}.

      Does anyone feel unwell today?
    say if alone: Good morning {{you.first_name}}. Do you feel unwell today?
    ask: any of people in household
    none: All well

  each_unwell:
    for each: who in unwell
    steps:
      danger:
        label: Emergency signs
        say: Does {{who.label}} have any of these now?
        say if you: Do you have any of these now?
        ask: any of
        none: None of these
        options:
          breathless: Trouble breathing
          chest: Chest pain that does not go away
        code: LOINC 75325-1
        then:
          - when: danger is not none
            escalate: emergency
            because: Emergency sign
            say: |
              Call {{agency.emergency_number}} now. A nurse will write here too.
            resume: onset
          - when: danger is missing
            task: urgent
            because: Emergency signs not answered

      onset:
        label: First day ill
        say: Since when has {{who.label}} been unwell?
        say if you: Since when have you been unwell?
        ask: date, in the past 30 days

  contacts:
    repeat: contact, up to 15
    first: Were you close to anyone in the last two days?
    more: Anyone else?
    steps:
      name:
        say: What is their first name or nickname?
        ask: name
      phone:
        say: What is their phone number?
        ask: phone

  thanks:
    say: Thank you. We noted {{plural contacts.count \"1 person\" \"# people\"}}.
    end: complete
";

#[test]
fn a_flow_as_it_should_be_is_not_complained_of() {
    let found = findings(DAILY_CHECK, &Surroundings::default());
    assert!(found.iter().all(|f| f.level == Level::Note), "{}", shown(&found));
}

#[test]
fn a_flow_that_starts_on_a_command_or_an_opt_out_word_is_told() {
    let flow = |word: &str| DAILY_CHECK.replace("[CHECK]", &format!("[{word}]"));
    for (word, n) in [("CHECK", 0), ("HELP", 1), ("QUIT", 1)] {
        let found = findings(&flow(word), &Surroundings::default());
        assert_eq!(found.iter().filter(|f| f.code == "F041").count(), n, "{word}\n{}", shown(&found));
    }
}

#[test]
fn nobody_on_call_is_told_once_with_every_place() {
    let around = Surroundings { on_call: false, phone_line: false, ..Surroundings::default() };
    let found: Vec<_> = findings(DAILY_CHECK, &around).into_iter().filter(|f| f.code == "F045").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].also.len(), 1);
}

/// The flows that are shipped, as the files of one folder.
fn shipped() -> std::collections::BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = std::collections::BTreeMap::new();
    for (prefix, folder, ending) in [("", "flows", "yaml"), ("messages/", "templates/messages", "hbs")] {
        for entry in std::fs::read_dir(root.join(folder)).expect("the folder is shipped").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(ending) {
                files.insert(format!("{prefix}{name}"), std::fs::read_to_string(entry.path()).expect("the file is text"));
            }
        }
    }
    files
}

#[test]
fn the_shipped_flows_are_complained_of_for_their_length_at_most() {
    let files = shipped();
    let folder = library::compile_folder(&files);
    let found = check::check_all(folder.revisions.values(), &Surroundings::default());
    assert_eq!(folder.revisions.len(), folder.flows.len(), "every flow has a revision");
    assert!(found.iter().all(|f| f.level == Level::Note || f.level == Level::Warning && f.code == "F038"), "{}", shown(&found));
}

#[test]
fn a_flow_with_any_line_taken_out_is_checked_to_the_end() {
    let files = shipped();
    let n_lines = files["case-interview.yaml"].lines().count();
    let mut n_checked = 0;
    for left_out in (0..n_lines).step_by(9) {
        let mut files = files.clone();
        let kept: Vec<&str> =
            files["case-interview.yaml"].lines().enumerate().filter(|(n, _)| *n != left_out).map(|(_, line)| line).collect();
        let shorter = kept.join("\n");
        files.insert("case-interview.yaml".to_owned(), shorter);
        let compiled = library::compile(&library::bundle("case-interview", &files));
        let Some(revision) = compiled.revision else { continue };
        n_checked += 1;
        let found = check::check(&revision, &Surroundings::default());
        assert!(found.iter().all(|f| f.place.span.line > 0 && f.place.span.start <= f.place.span.end), "without line {}", left_out + 1);
    }
    assert!(n_checked > 3, "only {n_checked} were whole enough to be checked");
}
