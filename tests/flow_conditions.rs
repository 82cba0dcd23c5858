//! Conditions as they are written in flow files.

use intake::flow::{
    Finding, Level,
    codes::example_files,
    library::{Folder, compile_folder},
    report,
};

fn errors(folder: &Folder) -> Vec<&Finding> {
    folder.findings.iter().filter(|finding| finding.level == Level::Error).collect()
}

/// A flow with a question of each kind, and a step `last` with a condition.
pub fn with_condition(condition: &str) -> String {
    format!(
        "flow: example
languages: [en, es]
for: case
ends: [complete]
needs: identity
steps:
  fever:
    say: Fever?
    ask: yes/no/unsure
  smoker:
    say: Smoker?
    ask: yes/no
  severity:
    say: How bad?
    ask: one of
    options:
      mild: Mild
      severe: Severe
  signs:
    say: Signs?
    ask: any of
    none: None
    options:
      breathless: Breathless
      chest: Chest pain
  heat:
    say: Temperature?
    ask: temperature
  onset:
    say: Since when?
    ask: date, past
  born:
    say: Born?
    ask: birth year
  people:
    say: Who?
    ask: any of people in household
  nick:
    say: Nickname?
    ask: name
  each:
    for each: who in people
    steps:
      better:
        say: Is {{{{who.label}}}} better?
        ask: yes/no
  contacts:
    repeat: contact
    more: More?
    steps:
      last:
        say: When?
        ask: date, since window.start, until window.end
  final:
    when: {condition}
    say: Bye
=== identity.yaml
flow: identity
languages: [en, es]
for: anyone
ends: [holds]
steps:
  a:
    end: holds
"
    )
}

#[test]
fn conditions_of_every_form_are_understood() {
    let good = [
        "smoker",
        "not smoker and fever == yes",
        "fever == unsure or fever != no",
        "severity == severe",
        "severe == severity",
        "severity == 'mild'",
        "breathless in signs or 'chest' in signs",
        "chest not in signs",
        "signs is none",
        "signs is not none and signs.count >= 2",
        "onset is missing",
        "onset is not answered",
        "onset >= today - 14 days",
        "onset + 2 weeks < today",
        "today - onset > 3 days",
        "days_since(onset) >= 5",
        "age_of(born) >= 65",
        "heat >= 38",
        "heat >= 100.4 °F",
        "heat >= 38.5 °C",
        "onset > 2026-03-02",
        "any(contacts, last >= window.start)",
        "all(each, better) and each.count > 0",
        "contacts.count > 2",
        "household.count == 1",
        "people is none",
        "nick == 'Ana'",
        "identity holds",
        "identity.holds and not identity holds",
        "handover is not reached",
        "channel == sms",
        "language == es",
        "language != 'en'",
        "(smoker or (fever == yes)) and not (signs is none)",
        "\"smoker\"",
        "smoker  # a comment",
    ];
    for condition in good {
        let files = example_files(&with_condition(condition));
        let folder = compile_folder(&files);
        assert_eq!(errors(&folder), Vec::<&Finding>::new(), "{condition}\n{}", report::text(&folder.findings, &files, false));
        let flow = &folder.flows["example"];
        assert!(flow.step(flow.find("final").unwrap()).when.is_some(), "{condition}");
    }
}

#[test]
fn conditions_that_mean_nothing_are_found_with_what_to_write() {
    let bad = [
        ("smokr", "F013", "smokr", "did you mean `smoker`?"),
        ("fever", "F015", "fever", "say which: `… == yes`, `… != no` or `… == unsure`"),
        ("severity == sever", "F012", "sever", "did you mean `severe`?"),
        ("severity == none", "F015", "none", "the question has no `none:`; give it one, or compare with an option"),
        ("breathles in signs", "F012", "breathles", "did you mean `breathless`?"),
        ("'coughing' in signs", "F012", "'coughing'", "its options are `breathless`, `chest`"),
        ("signs == chest", "F015", "signs", "write `chest in signs`"),
        ("signs", "F015", "signs", "write `… is not none`, or `option in …`"),
        ("mild in severity", "F015", "severity", "write `severity == option`"),
        ("severity > mild", "F015", "severity", "compare them with `==` or `!=`"),
        ("smoker == unsure", "F015", "smoker", "ask `yes/no/unsure`, or compare with `yes` or `no`"),
        ("heat >= 100.4", "F015", "heat >= 100.4", "write the unit: `38 °C` or `100.4 °F`"),
        ("onset > 5", "F015", "onset > 5", "compare things of the same kind"),
        ("onset - 12 hours > today", "F015", "12 hours", "write whole days, as in `2 days`"),
        ("better == yes", "F013", "better", "write `any(each, …)`, `all(each, …)` or `each.count`, or use it inside the group"),
        ("who.label == 'Ana'", "F013", "who.label", "move it into the group, or write `you`"),
        ("quarantine.end > today", "F013", "quarantine.end", "see the table of names in docs/flow-language.md, or change `for:`"),
        ("contacts", "F013", "contacts", "write `contacts.count`, `any(contacts, …)` or `all(contacts, …)`"),
        ("any(contact, last > today)", "F013", "contact", "did you mean `contacts`?"),
        ("identiti holds", "F013", "identiti", "did you mean `identity`?"),
        ("smoker = yes", "F014", "=", "write `==` to compare"),
        ("smoker && fever", "F014", "&&", "write `and`"),
        ("!smoker", "F014", "!", "write `not`"),
        ("nick == \u{201c}Ana\u{201d}", "F014", "\u{201c}", "write texts in straight single quotes, as in `'text'`"),
        ("nick == 'Ana", "F014", "'Ana", "close it with `'`"),
        ("smoker and", "F014", "d", "a name, a number, a day or a text in `'…'` belongs here"),
        ("smoker nick", "F014", "nick", "`and` or `or` is missing before this, or a bracket is too many"),
        ("(smoker", "F014", "r", "close the bracket with `)`"),
        ("onset > 2026-02-30", "F014", "2026-02-30", "write year, month and day, as in `2026-03-02`"),
        (
            "signs is empty",
            "F014",
            "empty",
            "after `is` stands `none`, `answered` or `missing`, with `not` before it if need be; compare with `==`",
        ),
        ("since(onset) > 3", "F014", "since", "there are `any`, `all`, `days_since` and `age_of`"),
    ];
    for (condition, code, words, help) in bad {
        let files = example_files(&with_condition(condition));
        let folder = compile_folder(&files);
        let all = errors(&folder);
        let [finding] = all.as_slice() else { panic!("{condition}: {}", report::text(&folder.findings, &files, false)) };
        let span = &finding.place.span;
        let at = &files[&span.file][span.start..span.end];
        assert_eq!((finding.code, at, finding.help.as_deref()), (code, words, Some(help)), "{condition}");
    }
    let nested = format!("{}smoker{}", "(".repeat(200), ")".repeat(200));
    assert_eq!(errors(&compile_folder(&example_files(&with_condition(&nested)))).len(), 1, "deep brackets end in a finding");
}
