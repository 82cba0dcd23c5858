//! Flow files to findings and flows.

use std::collections::BTreeMap;

use intake::{
    base::Language,
    flow::{
        Finding, Level,
        codes::{HEAD, example_files},
        library::{self, Folder, Library, compile_folder},
        model::{Actions, Body, Go, Kind, Resume, StepId, Urgency},
        report,
    },
};

/// The files of a folder under `tests/flow`, by relative name.
fn folder(name: &str) -> BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow").join(name);
    let mut files = BTreeMap::new();
    for (prefix, dir) in [("", root.clone()), ("messages/", root.join("messages"))] {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let file = entry.file_name().to_string_lossy().into_owned();
            files.insert(format!("{prefix}{file}"), std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    assert!(!files.is_empty(), "no files in {}", root.display());
    files
}

fn errors(folder: &Folder) -> Vec<&Finding> {
    folder.findings.iter().filter(|finding| finding.level == Level::Error).collect()
}

/// `F012 27:19 breathles`: code, place, and what stands at the caret.
fn pointed(folder: &Folder, files: &BTreeMap<String, String>) -> Vec<String> {
    let one = |finding: &Finding| {
        let span = &finding.place.span;
        let words = files[&span.file].get(span.start..span.end).unwrap().lines().next().unwrap_or("").to_owned();
        format!("{} {}:{} {words}", finding.code, span.line, span.column)
    };
    folder.findings.iter().map(one).collect()
}

/// The findings of one example.
fn found(example: &str) -> Vec<String> {
    let files = example_files(example);
    pointed(&compile_folder(&files), &files)
}

#[test]
fn the_flow_of_the_design_is_read_without_an_error() {
    let files = folder("whole");
    let folder = compile_folder(&files);
    assert_eq!(errors(&folder), Vec::<&Finding>::new(), "{}", report::text(&folder.findings, &files, false));
    let flow = &folder.flows["daily-check"];
    let paths: Vec<&str> = flow.steps.iter().map(|step| step.path.as_str()).collect();
    assert_eq!(
        paths,
        ["unwell", "each_unwell", "each_unwell.danger", "each_unwell.onset", "contacts", "contacts.name", "contacts.phone", "thanks"]
    );
    assert_eq!(flow.top, [StepId(0), StepId(1), StepId(4), StepId(7)]);
    let step = |path: &str| flow.step(flow.find(path).unwrap());
    let Body::Ask(unwell) = &step("unwell").body else { panic!("no question") };
    assert_eq!(unwell.kind, Kind::People("household".to_owned()));
    let words = step("unwell").say.as_ref().unwrap();
    assert_eq!(flow.text(words.say).source, "Good morning {{you.first_name}}, this is {{agency.name}}.\nDoes anyone feel unwell today?");
    assert_eq!(flow.text(words.say).names, ["agency.name", "you.first_name"]);
    let Body::ForEach(each) = &step("each_unwell").body else { panic!("no group") };
    assert_eq!((each.who.as_str(), each.list.as_str(), each.steps.as_slice()), ("who", "unwell", &[StepId(2), StepId(3)][..]));
    let danger = step("each_unwell.danger");
    let Actions { escalate: Some(call), resume, .. } = &danger.then[0].actions else { panic!("no escalation") };
    assert_eq!((call.urgency, call.because.as_str()), (Urgency::Emergency, "Emergency sign"));
    assert_eq!(resume, &Some(Resume::Step("each_unwell.onset".to_owned())));
    assert_eq!(danger.then[0].when.as_ref().unwrap().source, "danger is not none");
    let Body::Repeat(contacts) = &step("contacts").body else { panic!("no repeat") };
    assert_eq!((contacts.noun.as_str(), contacts.up_to, contacts.steps.len()), ("contact", 15, 2));
    assert_eq!(flow.silence.iter().map(|arm| arm.after_s).collect::<Vec<_>>(), [14_400, 72_000, 72_000]);
    assert_eq!(step("thanks").last.end.as_ref().unwrap().name, "complete");
}

#[test]
fn ten_ways_to_break_a_flow_are_all_found_at_once_each_at_its_spot() {
    let files = folder("broken");
    let folder = compile_folder(&files);
    assert_eq!(
        pointed(&folder, &files),
        [
            "F004 10:45 :",
            "F008 21:9 opsions",
            "F012 27:19 breathles",
            "F021 32:31 who.lable",
            "F002 33:8 ask: date, in the past 30 days",
            "F003 36:1 \t",
            "F009 38:12 often",
            "F007 41:5 say",
            "F006 43:5 ask",
            "F016 44:9 thankyou",
        ],
        "{}",
        report::text(&folder.findings, &files, false)
    );
    let help = |code: &str| folder.findings.iter().find(|finding| finding.code == code).and_then(|finding| finding.help.clone()).unwrap();
    assert_eq!(help("F012"), "did you mean `breathless`?");
    assert_eq!(help("F008"), "did you mean `options`?");
    assert_eq!(help("F021"), "did you mean `who.label`?");
    assert!(!folder.revisions.contains_key("daily-check"), "a flow with errors cannot be published");
}

/// One step `hello` with these lines, further in.
fn in_step(lines: &str) -> String {
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("steps:\n  hello:\n{lines}")
}

/// The words of the step `hello` of an example that must have no errors.
fn said(lines: &str) -> String {
    let files = example_files(&in_step(lines));
    let folder = compile_folder(&files);
    assert_eq!(errors(&folder), Vec::<&Finding>::new(), "{}", report::text(&folder.findings, &files, false));
    let flow = &folder.flows["example"];
    flow.text(flow.steps[0].say.as_ref().unwrap().say).source.clone()
}

#[test]
fn texts_are_taken_from_their_line_as_they_stand() {
    let cases = [
        ("say: 1.10", "1.10"),
        ("say: yes", "yes"),
        ("say: 0x1F", "0x1F"),
        ("say: {{agency.name}} writes", "{{agency.name}} writes"),
        ("say: * bring water", "* bring water"),
        ("say: \"Hi\" is a greeting", "\"Hi\" is a greeting"),
        ("say: 'tis you", "'tis you"),
        ("say: @you", "@you"),
        ("say: # 1 in town", "# 1 in town"),
        ("say: Room #5  # a comment", "Room #5"),
        ("say: Please choose:", "Please choose:"),
        ("say: See https://example.org/a#b", "See https://example.org/a#b"),
        ("say: Good morning,\n  how are you?", "Good morning, how are you?"),
        ("say: |\n  Remember: drink\n  enough.\n\n  Bye", "Remember: drink enough.\nBye"),
        ("say: >-\n  One\n  two", "One two"),
        ("say: |  # a comment\n  # not a comment\n  - one\n  - two", "# not a comment\n- one\n- two"),
        ("say: |\n  first\n    further in\nwhen: today == today", "first further in"),
        ("say: ¿Cómo está, señora?", "¿Cómo está, señora?"),
        ("say: [brackets] are text", "[brackets] are text"),
        ("say: & so on", "& so on"),
        ("say: ! now", "! now"),
        ("say: - a dash", "- a dash"),
        ("say: % of people", "% of people"),
    ];
    for (lines, expected) in cases {
        assert_eq!(said(lines), expected, "{lines}");
    }
    assert_eq!(said("say: |\r\n  windows\r\n  lines"), "windows lines");
}

#[test]
fn what_yaml_has_and_flows_do_without_is_found() {
    // The line of `hello` in an example is 6; its keys stand on 7 and after, at column 5.
    let cases = [
        ("say: Hello: you", "F004 7:15 :"),
        ("say: {a: b} you", "F005 7:10 {a: b} you"),
        ("say: ~", "F007 7:10 ~"),
        ("say: null", "F007 7:10 null"),
        ("say: Hello\nwhen: &a today == today", "F005 8:11 &a today == today"),
        ("say: Hello\nend: !end complete", "F005 8:10 !end complete"),
        ("<<: hello\nsay: Hello", "F005 7:5 <<"),
        ("say: Hello\n- go: hello", "F001 8:5 - go: hello"),
        ("say:Hello", "F001 7:8 :"),
        ("say Hello", "F001 7:5 say"),
        ("say: Hello\njust words", "F001 8:5 just words"),
        ("say: | Hello", "F001 7:10 | Hello"),
        ("say: |\nHello you", "F002 8:5 Hello you"),
        ("say: Hello\n  end: complete", "F002 8:7 end: complete"),
        ("say: Hello\nends: complete", "F008 8:5 ends"),
        ("say:\n  - Hello", "F009 8:9 Hello"),
        ("say: Hello\nalone: perhaps", "F009 8:12 perhaps"),
        ("when: today == today", "F010 6:3 hello"),
        ("sms: Hi\nend: complete", "F010 7:5 sms"),
        ("say: Hello\nask: one of", "F010 8:5 ask"),
        ("say: Hello\nend: complete\ngo: hello", "F023 9:5 go"),
        ("say: Hello\nbecause: No reason", "F023 8:5 because"),
        ("say: Hello\nresume: end", "F023 8:5 resume"),
        ("say: Hello\nask: yes/no\nfor each: who in household\nsteps:\n  a:\n    say: A", "F023 9:5 for each"),
        ("say: Hello\nprivate: yes", "F029 8:5 private"),
        ("say: Hello\ngo: next", "F016 8:9 next"),
        ("say: Hello {{#each household}}x{{/each}}", "F021 7:19 each"),
        ("say: Hello {{window.start}}", "F021 7:18 window.start"),
        ("say: Hello {{> nothing}}", "F022 7:20 nothing"),
        ("say: Hello {{#if you.label}}x", "F020 7:16 {{#if you.label}}x"),
        ("say: Hello\nask: any of\noptions:\n  no: No", "F011 10:7 no"),
        ("say: Hello\nask: any of\noptions:\n  5: Five", "F011 10:7 5"),
        ("say: Hello\nask: any of\noptions:\n  a: A\n  a: B", "F006 11:7 a"),
        ("say: Hello\nset:\n  hello: 5", "F018 9:7 hello"),
        ("say: Hello\nsilence:\n  - after: soon\n    end: no reply", "F009 9:16 soon"),
        ("say: Hello\nsilence:\n  - say: Hi", "F010 9:9 say: Hi"),
        ("say: Hello\nask: yes/no\nthen:\n  - when: hello\n    escalate: now\n    because: It", "F009 11:19 now"),
        ("say: Hello\nask: yes/no\nthen:\n  - else:\n      say: A\n  - when: hello\n    say: B", "F023 12:9 when: hello"),
        ("say: Hello\nthen: go", "F009 8:11 go"),
        ("say: Hello\nfor each: you in household\nsteps:\n  a:\n    say: A", "F018 8:15 you"),
        ("say: Hello\nfor each: who in town\nsteps:\n  a:\n    say: A", "F016 8:22 town"),
        ("repeat: contact, up to 900\nmore: More?\nsteps:\n  a:\n    say: A", "F009 7:22 up to 900"),
        ("repeat: contact\nmore: More?\nsteps:\n  hello:\n    say: A", "F018 10:7 hello"),
    ];
    let mut otherwise = Vec::new();
    for (lines, expected) in cases {
        let all = found(&in_step(lines));
        if all != [expected] {
            otherwise.push(format!("{lines}\n  expected {expected}, found {all:?}"));
        }
    }
    assert!(otherwise.is_empty(), "{}", otherwise.join("\n"));
    let two = format!("{HEAD}steps:\n  hello:\n    say: Hello\n---\nflow: other\n");
    assert_eq!(found(&two), ["F005 8:1 ---"]);
}

#[test]
fn a_file_that_is_no_flow_is_told_what_to_begin_with() {
    for file in ["", "\n\n", "# only a comment\n", "just words\n", "- a\n- b\n", "\u{feff}"] {
        let all = found(file);
        assert!(all.iter().any(|one| one.starts_with("F010")) || all.iter().any(|one| one.starts_with("F001")), "{file:?}: {all:?}");
    }
    assert_eq!(found("steps:\n  hello:\n    say: Hello\n").len(), 0);
    assert!(found("flow: other\nlanguages: [xx-toolongpart]\nfor: all\nsteps:\n  a:\n    say: A\n").len() == 3);
}

#[test]
fn translations_reach_their_texts_and_partials_their_names() {
    let files = example_files(
        "flow: example
languages: [en, es]
for: anyone
ends: [complete]
starts on: [Check]
emergency: help
steps:
  ask_all:
    say: |
      Hello
      {{you.first_name}}.
    ask: any of
    none: None
    retry: Again, please
    options:
      a: An option
      b:
        say: Another
        words: [second, 'the other']
  bye:
    say: |
      Bye.

      {{> help}}
=== example.es.yaml
language: es
texts:
  flow:
    - from: check
      to: revisar
  ask_all:
    - from: Hello {{you.first_name}}.
      to: |
        Hola
        {{you.first_name}}.
      note: warm
    - from: None
      to: Ninguna
    - from: Again, please
      to: Otra vez, por favor
    - from: An option
      to: Una opción
    - from: Another
      to: Otra
  bye:
    - from: |
        Bye.

        {{> help}}
      to: |
        Adiós.

        {{> help}}
=== messages/help.hbs
Call {{agency.emergency_number}}.
=== messages/help.es.hbs
Llame al {{agency.emergency_number}}.
",
    );
    let folder = compile_folder(&files);
    assert_eq!(folder.findings, [], "{}", report::text(&folder.findings, &files, false));
    let flow = &folder.flows["example"];
    let (es, en) = (Language::parse("es").unwrap(), Language::english());
    let spanish: Vec<&str> = flow.texts.iter().map(|text| text.in_language(&es, &en).0).collect();
    let expected = ["REVISAR", "Hola {{you.first_name}}.", "Otra", "Otra vez, por favor", "Una opción", "Ninguna", "Adiós.\n{{> help}}"];
    assert_eq!(spanish.len(), expected.len());
    assert!(expected.iter().all(|one| spanish.contains(one)), "{spanish:?}");
    let bye = flow.texts.iter().find(|text| text.source.starts_with("Bye")).unwrap();
    assert_eq!(bye.names, ["agency.emergency_number"]);
    let revision = &folder.revisions["example"];
    assert_eq!(revision.partials["help"]["es"], "Llame al {{agency.emergency_number}}.");
    let Body::Ask(ask) = &flow.steps[0].body else { panic!("no question") };
    assert_eq!(ask.options[1].words, ["second", "the other"]);
}

#[test]
fn a_revision_holds_what_its_flow_reaches_and_its_hash_follows_every_byte() {
    let mut files = folder("whole");
    files.insert("other.yaml".to_owned(), format!("{}steps:\n  a:\n    say: A\n", HEAD.replace("example", "other")));
    let (library, findings) = Library::from_files(&files);
    assert!(findings.iter().all(|finding| finding.level != Level::Error));
    let daily = library.current("daily-check").unwrap();
    let names: Vec<&str> = daily.bundle.files.keys().map(String::as_str).collect();
    assert_eq!(names, ["daily-check.yaml", "identity.yaml", "messages/emergency-text.es.hbs", "messages/emergency-text.hbs"]);
    assert_eq!(daily.flows.keys().collect::<Vec<_>>(), ["daily-check", "identity"]);
    assert_eq!(daily.id.as_str().len(), 64);
    assert_eq!(library::bundle("daily-check", &files), daily.bundle);
    let again = library::compile(&daily.bundle).revision.unwrap();
    assert_eq!(again.id, daily.id);
    let mut changed = daily.bundle.clone();
    changed.files.get_mut("messages/emergency-text.hbs").unwrap().push(' ');
    assert_ne!(library::compile(&changed).revision.unwrap().id, daily.id);
    changed.files.get_mut("identity.yaml").unwrap().push_str("nonsense\n");
    assert!(library::compile(&changed).revision.is_none());
}

#[test]
fn flows_that_call_each_other_in_a_circle_are_found() {
    let other = "flow: other\nlanguages: [en]\nfor: anyone\nsteps:\n  a:\n    call: example\n";
    let all = found(&format!("steps:\n  a:\n    call: other\n=== other.yaml\n{other}"));
    assert_eq!(all, ["F027 7:11 other", "F027 6:11 example"]);
    let unmet = found(
        "flow: example\nlanguages: [en]\nfor: anyone\nneeds: other\nsteps:\n  a:\n    say: A\n=== other.yaml\nflow: other\nlanguages: [en]\nfor: anyone\nsteps:\n  a:\n    say: A\n",
    );
    assert_eq!(unmet, ["F017 4:8 other"]);
}

#[test]
fn carets_stand_under_the_words_they_mean_in_any_script() {
    let files = example_files(&in_step("say: Señora, ¿cómo está {{yuo.label}}?"));
    let shown = report::text(&compile_folder(&files).findings, &files, false);
    let lines: Vec<&str> = shown.lines().collect();
    let line = lines.iter().position(|line| line.contains("Señora")).unwrap();
    let column = |line: &str, sign: &str| line[..line.find(sign).unwrap()].chars().count();
    assert_eq!(column(lines[line], "yuo"), column(lines[line + 1], "^"), "{shown}");
    assert!(shown.contains("error[F021]") && shown.contains("did you mean `you.label`?") && shown.ends_with("1 error\n"), "{shown}");
    let json: serde_json::Value = serde_json::from_str(&report::json(&compile_folder(&files).findings)).unwrap();
    assert_eq!(json[0]["code"], "F021");
    assert_eq!(json[0]["place"]["span"]["column"], 31);
    assert_eq!(json[0]["level"], "error");
}

#[test]
fn go_and_resume_reach_the_same_list_and_those_around_it() {
    let flow = "steps:
  start:
    say: Start
  group:
    repeat: thing, up to 3
    more: More?
    steps:
      one:
        say: One?
        ask: yes/no
        then:
          - when: one
            go: next
          - when: one is missing
            go: end_here
          - else:
            escalate: urgent
            because: Because
            resume: two
      two:
        say: Two
        go: one
  end_here:
    end all: complete
";
    let files = example_files(flow);
    let folder = compile_folder(&files);
    assert_eq!(folder.findings, []);
    let flow = &folder.flows["example"];
    let one = flow.step(flow.find("group.one").unwrap());
    let gone: Vec<Option<Go>> = one.then.iter().map(|arm| arm.actions.go.clone()).collect();
    assert_eq!(gone, [Some(Go::NextItem), Some(Go::Step(flow.find("end_here").unwrap())), None]);
    assert_eq!(one.then[2].actions.resume, Some(Resume::Step("group.two".to_owned())));
    assert!(one.then[2].when.is_none());
    assert!(flow.step(flow.find("end_here").unwrap()).last.end.as_ref().unwrap().all);
    assert_eq!(
        found("steps:\n  a:\n    say: A\n    go: in_it\n  g:\n    repeat: x\n    more: More?\n    steps:\n      in_it:\n        say: B\n"),
        ["F016 8:9 in_it"]
    );
}

#[test]
fn reading_never_fails_whatever_the_file_holds() {
    let whole = folder("whole")["daily-check.yaml"].clone();
    // Every file that ends in the middle, and every file without one of its lines.
    let lines: Vec<&str> = whole.lines().collect();
    for at in 0..lines.len() {
        let without: String = lines.iter().enumerate().filter(|(line, _)| *line != at).map(|(_, line)| format!("{line}\n")).collect();
        compile_folder(&BTreeMap::from([("daily-check.yaml".to_owned(), without)]));
        let further: String =
            lines.iter().enumerate().map(|(line, words)| if line == at { format!("   {words}\n") } else { format!("{words}\n") }).collect();
        compile_folder(&BTreeMap::from([("daily-check.yaml".to_owned(), further)]));
    }
    for (at, _) in whole.char_indices().step_by(7) {
        compile_folder(&BTreeMap::from([("daily-check.yaml".to_owned(), whole[..at].to_owned())]));
    }
}

#[test]
fn names_in_texts_have_the_full_names_that_conditions_ask_for() {
    let folder = compile_folder(&folder("whole"));
    let flow = &folder.flows["daily-check"];
    let cases = [
        ("each_unwell.onset", "danger", "each_unwell.danger"),
        ("each_unwell.onset", "who.label", "who.label"),
        ("each_unwell.onset", "unwell.count", "unwell.count"),
        ("thanks", "contacts.count", "contacts.count"),
        ("contacts.phone", "name", "contacts.name"),
        ("thanks", "agency.name", "agency.name"),
    ];
    for (step, written, full) in cases {
        assert_eq!(flow.full_name(step, written), full, "{written} in {step}");
    }
}

/// How long it takes is told by `cargo bench --bench engine`.
#[test]
fn a_flow_of_twenty_five_steps_is_compiled() {
    let mut file = HEAD.to_owned() + "steps:\n";
    for n in 0..25 {
        file.push_str(&format!(
            "  step_{n}:\n    say: Question {n}, {{{{you.first_name}}}}?\n    say if alone: Only you?\n    ask: any of\n    none: None\n    options:\n      cough: Cough\n      fever: Fever\n      other:\n        say: Other\n        words: [else, more]\n    then:\n      - when: cough in step_{n} and step_{n}.count > 1\n        task: urgent\n        because: Cough\n      - when: step_{n} is missing\n        say: Noted.\n"
        ));
    }
    let files = BTreeMap::from([("example.yaml".to_owned(), file)]);
    let folder = compile_folder(&files);
    assert_eq!(folder.revisions.len(), 1, "{}", report::text(&folder.findings, &files, false));
}
