//! From `Say` to the messages of a phone.

use std::{collections::BTreeMap, sync::Arc};

use intake::{
    base::{Language, Medium, Private, capabilities::Capabilities, id::RevisionId},
    engine::effect::{Hint, Paragraph, Purpose, Question, Say, ShownChoice, Words},
    flow::{
        Bundle, Flow, Revision, Span,
        condition::Datum,
        model::{Audience, Role, Text, TextId, Translation},
    },
    render::{Catalog, Outgoing, RenderFault, Shape, phrases},
};
use jiff::civil::date;

fn language(tag: &str) -> Language {
    Language::parse(tag).unwrap()
}

/// A revision whose one flow has these texts: source, Spanish translation (may be empty).
fn revision(texts: &[(&str, &str)], partials: &[(&str, &str, &str)]) -> Arc<Revision> {
    let texts = texts
        .iter()
        .map(|(source, spanish)| Text {
            role: Role::Say,
            step: "one".to_owned(),
            source: (*source).to_owned(),
            span: Span::default(),
            names: Vec::new(),
            translations: (!spanish.is_empty())
                .then(|| (language("es"), Translation { text: (*spanish).to_owned(), span: Span::default() }))
                .into_iter()
                .collect(),
        })
        .collect();
    let flow = Flow {
        name: "check".to_owned(),
        title: "Check".to_owned(),
        languages: vec![language("en"), language("es")],
        audience: Audience::Anyone,
        needs: None,
        emergency: None,
        asked_back: Vec::new(),
        starts_on: Vec::new(),
        ends: Vec::new(),
        ends_at: Vec::new(),
        languages_at: Vec::new(),
        silence: Vec::new(),
        steps: Vec::new(),
        top: Vec::new(),
        texts,
        span: Span::default(),
    };
    let mut shared: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (name, tag, text) in partials {
        shared.entry((*name).to_owned()).or_default().insert((*tag).to_owned(), (*text).to_owned());
    }
    Arc::new(Revision {
        id: RevisionId::from("r1"),
        bundle: Bundle { root: "check".to_owned(), files: BTreeMap::new() },
        flows: BTreeMap::from([("check".to_owned(), Arc::new(flow))]),
        partials: shared,
        partial_names: BTreeMap::new(),
    })
}

fn flow_words(n: usize) -> Words {
    Words::Flow { revision: RevisionId::from("r1"), flow: "check".to_owned(), text: TextId(n) }
}

fn data(pairs: &[(&str, Datum)]) -> Vec<(String, Datum)> {
    pairs.iter().map(|(name, datum)| ((*name).to_owned(), datum.clone())).collect()
}

fn say(tag: &str, paragraphs: Vec<Paragraph>, question: Option<Question>) -> Say {
    Say { purpose: Purpose::Dialogue, language: language(tag), paragraphs, question, template: None }
}

fn plain(text: &str) -> Paragraph {
    Paragraph { words: Words::Plain(Private::from(text)), data: Vec::new(), brief: false }
}

fn choice(key: &str, label: &str) -> ShownChoice {
    ShownChoice { key: key.to_owned(), label: Words::Plain(Private::from(label)), data: Vec::new(), exclusive: key == "none" }
}

fn question(hint: Hint, several: bool, choices: Vec<ShownChoice>) -> Question {
    Question { hint, choices, several, tap: "s:q:1".to_owned() }
}

fn on(medium: Medium, say: &Say) -> Vec<Outgoing> {
    Catalog::for_revision(&revision(&[], &[])).render(say, medium, &Capabilities::of(medium)).unwrap()
}

/// A message as one can read it in a test: text, then what stands below.
fn readable(message: &Outgoing) -> String {
    let below = match &message.shape {
        Shape::Text => String::new(),
        Shape::Buttons(buttons) => buttons.iter().map(|b| format!("\n[{}|{}]", b.title.reveal(), b.id)).collect(),
        Shape::List { open, rows } => {
            let rows: String = rows.iter().map(|r| format!("\n- {}|{}|{}", r.title.reveal(), r.description.reveal(), r.id)).collect();
            format!("\n<{open}>{rows}")
        }
        Shape::AskContact => "\n<contact>".to_owned(),
    };
    format!("{}{below}", message.text.reveal())
}

#[test]
fn a_text_is_filled_by_type_and_language() {
    let ana_luis = Datum::Choices(vec!["Ana".to_owned(), "Luis".to_owned()]);
    let values = data(&[
        ("you.first_name", Datum::Text("Ana".to_owned())),
        ("contacts.count", Datum::Number(2.0)),
        ("contacts", ana_luis.clone()),
        ("unwell", ana_luis),
        ("window.start", Datum::Date(date(2026, 3, 2))),
        ("warm", Datum::Number(38.5)),
        ("left", Datum::Days(1.0)),
        ("danger", Datum::Truth(false)),
        ("gone", Datum::Missing),
        ("odd", Datum::Text("<b> & \"q\"".to_owned())),
    ]);
    let rows = [
        ("en", "Hi {{you.first_name}}, {{plural contacts.count \"1 person\" \"# people\"}}.", "Hi Ana, 2 people."),
        ("en", "{{unwell}}, since {{window.start}}", "Ana and Luis, since March 2"),
        ("en", "{{contacts}}: {{contacts.count}}", "Ana and Luis: 2"),
        ("en", "On {{date window.start \"weekday\"}}", "On Monday, March 2"),
        ("en", "In {{date window.start \"year\"}}", "In March 2, 2026"),
        ("en", "{{warm}} {{left}} {{danger}} {{odd}}", "38.5 1 day no <b> & \"q\""),
        ("en", "Hi {{gone}}, {{nowhere.at.all}}bye{{gone}}.", "Hi, bye."),
        ("en", "{{#if gone}}never{{else}}right{{/if}}{{#if contacts.count}} some{{/if}}{{#if danger}}no{{/if}}", "right some"),
        ("en", "{{#if (gt contacts.count 1)}}many{{/if}}", "many"),
        ("en", "{{#if (eq contacts.count 2)}}two{{/if}}", "two"),
        ("en", "First.\n{{> note}}\nLast by {{channel}}.", "First.\nOf note, Ana.\nLast by sms."),
        ("es", "{{unwell}}, desde el {{window.start}}, {{left}}\n{{> note}}", "Ana y Luis, desde el 2 de marzo, 1 día\nNota, Ana."),
        (
            "es",
            "El {{date window.start \"weekday\"}}: {{plural contacts.count \"1 persona\" \"# personas\"}}",
            "El lunes 2 de marzo: 2 personas",
        ),
    ];
    for (tag, template, expected) in rows {
        let (source, spanish) = if tag == "en" { (template, "") } else { ("unused", template) };
        let partials = [("note", "en", "Of note, {{you.first_name}}."), ("note", "es", "Nota, {{you.first_name}}.")];
        let catalog = Catalog::for_revision(&revision(&[(source, spanish)], &partials));
        let say = say(tag, vec![Paragraph { words: flow_words(0), data: values.clone(), brief: false }], None);
        let messages = catalog.render(&say, Medium::Sms, &Capabilities::of(Medium::Sms)).unwrap();
        assert_eq!(messages.len(), 1);
        assert_eq!(readable(&messages[0]), expected, "{template}");
        assert_eq!(messages[0].language, language(tag));
    }
}

#[test]
fn a_text_without_translation_is_said_in_the_flows_own_language() {
    let catalog = Catalog::for_revision(&revision(&[("On {{d}}", ""), ("On {{d}}", "El {{d}}")], &[]));
    let values = data(&[("d", Datum::Date(date(2026, 1, 5)))]);
    let rows = [
        (0, "es", "On January 5", "en"),
        (1, "es", "El 5 de enero", "es"),
        (1, "es-MX", "El 5 de enero", "es"),
        (1, "vi", "On January 5", "en"),
    ];
    for (text, spoken, expected, in_language) in rows {
        let say = say(spoken, vec![Paragraph { words: flow_words(text), data: values.clone(), brief: false }], None);
        let messages = catalog.render(&say, Medium::Sms, &Capabilities::of(Medium::Sms)).unwrap();
        assert_eq!(readable(&messages[0]), expected);
        assert_eq!(messages[0].language, language(in_language));
    }
}

#[test]
fn a_question_is_shown_as_the_channel_can() {
    let yes_no = || question(Hint::YesNo, false, Vec::new());
    let three = || question(Hint::One, false, vec![choice("a", "Better"), choice("b", "The same"), choice("c", "Worse")]);
    let long = || {
        question(
            Hint::One,
            false,
            vec![choice("a", "Chest pain that does not go away"), choice("none", "None of these"), choice("b", "Cough")],
        )
    };
    let several = || question(Hint::Several, true, vec![choice("a", "Ana"), choice("b", "Luis"), choice("none", "All well")]);
    let many = || question(Hint::Several, true, vec![choice("a", "A"), choice("b", "B"), choice("c", "C")]);
    let unsure = || question(Hint::YesNoUnsure, false, vec![choice("yes", "Yes"), choice("no", "No"), choice("unsure", "Not sure")]);
    let rows = [
        (Medium::Sms, "en", yes_no(), "Well?\nReply YES or NO."),
        (Medium::Sms, "es", yes_no(), "Well?\nResponda SI o NO."),
        (Medium::Sms, "en", unsure(), "Well?\nReply YES, NO or NOT SURE."),
        (Medium::WhatsApp, "en", yes_no(), "Well?\n[Yes|s:q:1:yes]\n[No|s:q:1:no]"),
        (Medium::WhatsApp, "es", yes_no(), "Well?\n[Sí|s:q:1:yes]\n[No|s:q:1:no]"),
        (Medium::WhatsApp, "en", unsure(), "Well?\n[Yes|s:q:1:yes]\n[No|s:q:1:no]\n[Not sure|s:q:1:unsure]"),
        (Medium::Sms, "en", three(), "Well?\n1 Better\n2 The same\n3 Worse\nReply with one number."),
        (Medium::WhatsApp, "en", three(), "Well?\n[Better|s:q:1:a]\n[The same|s:q:1:b]\n[Worse|s:q:1:c]"),
        (
            Medium::WhatsApp,
            "en",
            long(),
            "Well?\n<Choose>\n- Chest pain that does…|Chest pain that does not go away|s:q:1:a\n- Cough||s:q:1:b\n- None of these||s:q:1:none",
        ),
        (Medium::Sms, "en", several(), "Well?\n1 Ana\n2 Luis\n0 All well\nReply with the numbers, for example 1 2. 0 for none."),
        (Medium::WhatsApp, "en", several(), "Well?\n1 Ana\n2 Luis\n0 All well\nReply with the numbers, for example 1 2. 0 for none."),
        (Medium::Sms, "en", many(), "Well?\n1 A\n2 B\n3 C\nReply with the numbers, for example 1 3."),
        (Medium::Sms, "en", question(Hint::None, false, Vec::new()), "Well?"),
        (Medium::Sms, "en", question(Hint::Date, false, Vec::new()), "Well?\nReply with a date, for example March 2 or yesterday."),
        (Medium::Sms, "es", question(Hint::DateAhead, false, Vec::new()), "Well?\nResponda con una fecha, por ejemplo mañana."),
    ];
    for (medium, tag, question, expected) in rows {
        let messages = on(medium, &say(tag, vec![plain("Well?")], Some(question)));
        assert_eq!(messages.iter().map(readable).collect::<Vec<_>>(), [expected], "{medium:?}");
    }
}

#[test]
fn more_choices_than_a_list_has_are_numbered() {
    let choices = (1..=11).map(|n| choice(&format!("k{n}"), &format!("Choice {n}"))).collect();
    let messages = on(Medium::WhatsApp, &say("en", vec![plain("Which?")], Some(question(Hint::One, false, choices))));
    assert_eq!(messages[0].shape, Shape::Text);
    assert!(messages[0].text.reveal().contains("\n11 Choice 11\n"));
    let alike = vec![choice("a", "A very long label that is cut here"), choice("b", "A very long label that is cut there")];
    let messages = on(Medium::WhatsApp, &say("en", vec![plain("Which?")], Some(question(Hint::One, false, alike))));
    assert_eq!(messages[0].shape, Shape::Text, "titles that are the same when cut would be refused");
}

#[test]
fn paragraphs_stand_apart_and_long_ones_become_several_messages_with_the_question_last() {
    let word = "Some words in a row. ";
    let long = word.repeat(80);
    let yes_no = Some(question(Hint::YesNo, false, Vec::new()));
    let short = on(Medium::Sms, &say("en", vec![plain("One."), plain(" "), plain("Two?")], yes_no.clone()));
    assert_eq!(short.iter().map(readable).collect::<Vec<_>>(), ["One.\n\nTwo?\nReply YES or NO."]);

    let messages = on(Medium::Sms, &say("en", vec![plain(&long), plain("Two?")], yes_no.clone()));
    assert!(messages.iter().all(|message| message.text.reveal().chars().count() <= 1_600));
    assert_eq!(readable(messages.last().unwrap()), "Two?\nReply YES or NO.");

    let messages = on(Medium::WhatsApp, &say("en", vec![plain(&long), plain("Two?")], yes_no));
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0].shape, Shape::Text);
    assert_eq!(readable(&messages[1]), "Two?\n[Yes|s:q:1:yes]\n[No|s:q:1:no]");
    assert!(on(Medium::Sms, &say("en", vec![plain("")], None)).is_empty(), "nothing to say is no message");
}

#[test]
fn faults_carry_names_and_no_values() {
    let catalog = Catalog::for_revision(&revision(&[("{{> nowhere}} {{you.first_name}}", ""), ("{{#if", "")], &[]));
    let secret = data(&[("you.first_name", Datum::Text("Rosalind".to_owned()))]);
    let rows = [
        (flow_words(0), "there is no shared text `nowhere`"),
        (flow_words(1), "check, step one"),
        (flow_words(7), "no text 7"),
        (Words::Flow { revision: RevisionId::from("r9"), flow: "check".to_owned(), text: TextId(0) }, "r9"),
        (Words::Shared { revision: None, name: "no-such".to_owned() }, "`no-such`"),
    ];
    for (words, part) in rows {
        let say = say("en", vec![Paragraph { words, data: secret.clone(), brief: false }], None);
        let fault: RenderFault = catalog.render(&say, Medium::Sms, &Capabilities::of(Medium::Sms)).unwrap_err();
        let shown = format!("{fault} {fault:?}");
        assert!(shown.contains(part), "{shown}");
        assert!(!shown.contains("Rosalind"));
    }
}

#[test]
fn a_flow_folder_may_replace_a_shared_text_in_one_language() {
    let catalog = Catalog::for_revision(&revision(&[], &[("reminder", "en", "Still there?")]));
    for (tag, expected) in [("en", "Still there?"), ("es", "Solo un recordatorio."), ("vi", "Still there?")] {
        let words = Words::Shared { revision: Some(RevisionId::from("r1")), name: "reminder".to_owned() };
        let messages = catalog
            .render(&say(tag, vec![Paragraph { words, data: Vec::new(), brief: false }], None), Medium::Sms, &Capabilities::of(Medium::Sms))
            .unwrap();
        assert_eq!(readable(&messages[0]), expected);
    }
}

#[test]
fn every_shared_text_can_be_said_in_every_language_and_is_short() {
    let values = data(&[
        ("agency.name", Datum::Text("City Health Department".to_owned())),
        ("agency.emergency_number", Datum::Text("911".to_owned())),
        ("agency.phone_line", Datum::Text("+15550100999".to_owned())),
        ("tracer.first_name", Datum::Text("Marta".to_owned())),
        ("opening", Datum::Date(date(2026, 9, 30))),
        ("urgency", Datum::Text("urgent".to_owned())),
        ("desk_url", Datum::Text("https://intake.example.org/desk".to_owned())),
        ("example", Datum::Text("1 3".to_owned())),
        ("min", Datum::Number(1.0)),
        ("max", Datum::Date(date(2026, 9, 30))),
        ("value", Datum::Date(date(2026, 9, 30))),
        ("label", Datum::Text("First day ill".to_owned())),
        ("who", Datum::Text("Ana".to_owned())),
        ("answer", Datum::Date(date(2026, 9, 30))),
    ]);
    let catalog = Catalog::shared(&BTreeMap::new());
    let outside_gsm =
        |text: &str| text.chars().find(|letter| !letter.is_ascii() && !"¿¡ñÑéèàùìòäöüÉÄÖÜ".contains(*letter) || "`".contains(*letter));
    for name in phrases::names() {
        for tag in intake::answer::languages() {
            let words = Words::Shared { revision: None, name: name.to_owned() };
            let say = say(&tag, vec![Paragraph { words, data: values.clone(), brief: false }], None);
            let messages = catalog.render(&say, Medium::Sms, &Capabilities::of(Medium::Sms)).unwrap();
            let text = messages[0].text.reveal();
            let budget = if name == "list-open" { 20 } else { 306 };
            assert!(text.chars().count() <= budget, "{name} {tag}: {}", text.chars().count());
            assert!(!text.contains("{{") && !text.contains("  "), "{name} {tag}: {text}");
            // The other languages cannot be written in the cheap alphabet.
            if name != "word-yes" && ["en", "es"].contains(&tag.as_str()) {
                assert_eq!(outside_gsm(text), None, "{name} {tag} would double its price: {text}");
            }
            assert_eq!(messages[0].language, language(&tag), "{name} has every language");
        }
    }
}

#[test]
fn the_page_about_words_names_every_shared_text_and_no_other() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/words.md")).unwrap();
    let table = page.split("| name | said when |").nth(1).unwrap();
    let first_cells = table.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let mut named: Vec<&str> = first_cells
        .flat_map(|cell| cell.split("`, `").map(|name| name.trim_end_matches('`')))
        .filter(|name| !name.starts_with('['))
        .collect();
    named.sort_unstable();
    assert_eq!(named, phrases::names().collect::<Vec<_>>());
}
