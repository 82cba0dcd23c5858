//! What the engine does with readings: languages, FIX, confirmations, what is said beside, questions back, loops, quiet calls.

use super::*;

const HOME: &str = "\
flow: own
title: A household
languages: [en, es]
for: anyone
starts on: [HOME]
ends: [complete]
why we ask: why-home
steps:
  unwell:
    label: Who is unwell
    say: Who feels unwell today?
    ask: any of people in household
    none: Nobody
  each:
    for each: who in unwell
    steps:
      signs:
        label: Signs
        say: What does {{who.label}} have?
        ask: any of
        none: None of these
        options:
          cough: Cough
          blue: Blue lips
        then:
          - when: blue in signs
            escalate: urgent
            because: Blue lips
            resume: onset
      onset:
        label: First day ill
        say: Since when is {{who.label}} ill?
        ask: date, in the past 400 days
        confirm: uncertain
        why we ask: The day tells us how long to stay at home.
  kids:
    label: Children
    say: How many children live with you?
    ask: number 0..9, whole
    then:
      - when: kids == 0
        say: No children then.
  school:
    label: School
    when: kids > 0
    say: Do they go to school?
    ask: yes/no
  phone:
    label: Phone
    say: Which number may we call?
    ask: phone
    confirm: always
  bye:
    say: Thank you.
    end: complete
";

const HOME_ES: &str = "\
language: es
texts:
  flow:
    - from: HOME
      to: CASA
  unwell:
    - from: Who feels unwell today?
      to: ¿Quién se siente mal hoy?
    - from: Who is unwell
      to: Quién está mal
    - from: Nobody
      to: Nadie
  kids:
    - from: How many children live with you?
      to: ¿Cuántos niños viven con usted?
";

fn home() -> Phone {
    let mut files: BTreeMap<String, String> = intake::render::phrases::files().into_iter().collect();
    files.insert("own.yaml".into(), HOME.into());
    files.insert("own.es.yaml".into(), HOME_ES.into());
    files.insert("messages/why-home.hbs".into(), "We ask for your home.".into());
    files.insert("messages/why-home.es.hbs".into(), "Preguntamos por su casa.".into());
    Phone::with(Medium::Sms, Arc::new(compiled(&files)))
}

fn at_home() -> Phone {
    let mut phone = home();
    says(&phone.start("own", &[("Ana", None), ("Luis", None), ("Eva", None)]), "Who feels unwell today?");
    phone
}

fn value(phone: &Phone, step: &str, person: Option<u16>) -> Option<String> {
    let items = |answer: &&intake::engine::Answered| {
        person.is_none_or(|n| answer.items == [intake::engine::session::Item::Person(intake::base::id::PersonNumber(n))])
    };
    let session = phone.conversation.sessions.first()?;
    let found = session.answers.iter().filter(|answer| !answer.superseded && answer.step == step).find(items)?;
    found.value.as_ref().map(|value| intake::records::value_text(value.reveal()))
}

// Languages.

#[test]
fn a_stranger_is_answered_in_the_language_of_the_first_words() {
    let mut phone = Phone::new(Medium::Sms);
    says(&phone.text("hola"), "¿En qué podemos ayudarle?");
    assert_eq!(phone.conversation.language.as_ref().map(|language| language.tag()), Some("es"));
    let mut phone = Phone::new(Medium::Sms);
    says(&phone.text("hello"), "What can we do for you?");
}

#[test]
fn danger_and_commands_are_heard_in_languages_that_no_flow_speaks() {
    for danger in ["je n'arrive plus à respirer", "não consigo respirar, me ajuda", "لا أستطيع التنفس", "我喘不过气来", "सांस नहीं आ रही है"]
    {
        says(&Phone::new(Medium::Sms).text(danger), "911");
        says(&at_home().text(danger), "911");
    }
    let mut phone = at_home();
    phone.text("arrêtez de m'envoyer des messages");
    assert!(phone.conversation.opted_out_at.is_some());
    for calm in ["tout à fait", "ça fait une semaine", "120 minutos", "garganta inflamada"] {
        assert!(!at_home().text(calm).concat().contains("911"), "{calm}");
    }
}

#[test]
fn another_language_of_the_flow_is_read_and_offered_once_in_itself() {
    let mut phone = at_home();
    assert_eq!(phone.text("nadie, gracias"), ["¿Seguimos en español?\nResponda SI o NO."]);
    assert_eq!(value(&phone, "unwell", None).as_deref(), Some("none"));
    says(&phone.text("sí"), "¿Cuántos niños viven con usted?");
    let mut phone = at_home();
    phone.text("nadie, gracias");
    says(&phone.text("no"), "How many children live with you?");
    says(&phone.text("dos"), "Do they go to school?");
}

#[test]
fn words_of_both_languages_names_and_numbers_offer_nothing() {
    for reply in ["no", "2", "Luis", "nobody"] {
        let mut phone = at_home();
        let texts = phone.text(reply);
        assert!(texts.iter().all(|text| !text.contains("español")), "{reply}: {texts:?}");
    }
}

#[test]
fn an_unclear_reply_in_another_language_is_met_in_it_and_the_name_of_a_language_sets_it() {
    let mut phone = at_home();
    assert_eq!(phone.text("buenas tardes, quién habla"), ["¿Seguimos en español?\nResponda SI o NO."]);
    says(&phone.text("español"), "¿Quién se siente mal hoy?");
}

#[test]
fn a_word_that_starts_a_flow_tells_the_language() {
    let mut phone = home();
    says(&phone.text("casa"), "¿Quién se siente mal hoy?");
}

// FIX.

#[test]
fn fix_lists_the_answers_and_goes_back_to_where_they_were() {
    let mut phone = at_home();
    phone.text("nobody");
    phone.text("2");
    says(&phone.text("yes"), "Which number may we call?");
    let texts = phone.text("FIX");
    assert_eq!(texts.len(), 1);
    assert_eq!(
        texts[0],
        "Which answer do you want to change?\n1 Who is unwell: Nobody\n2 Children: 2\n3 School: yes\n0 Change nothing\nReply with one number."
    );
    says(&phone.text("0"), "Which number may we call?");
    phone.text("fix");
    says(&phone.text("children"), "How many children live with you?");
    says(&phone.text("3"), "Which number may we call?");
    assert_eq!((value(&phone, "kids", None), value(&phone, "school", None)), (Some("3".into()), Some("yes".into())));
    let corrected = phone.facts().into_iter().chain(Vec::new()).any(|fact| matches!(fact, Fact::Answered(answer) if answer.corrected));
    assert!(corrected, "the desk sees that it was corrected");
}

#[test]
fn a_changed_answer_drops_what_hangs_on_it_and_asks_what_became_due() {
    let mut phone = at_home();
    phone.text("nobody");
    phone.text("2");
    phone.text("yes");
    phone.text("FIX");
    phone.text("2");
    let texts = phone.text("0");
    says(&texts, "No children then.");
    says(&texts, "Which number may we call?");
    assert_eq!(value(&phone, "school", None), None);
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::AnswerDropped { step, .. } if step == "school")));
    phone.text("FIX");
    phone.text("1");
    says(&phone.text("Luis"), "What does Luis have?");
    says(&phone.text("cough"), "Since when is Luis ill?");
    says(&phone.text("yesterday"), "Which number may we call?");
    assert_eq!(value(&phone, "kids", None).as_deref(), Some("0"), "what still holds is not asked again");
}

#[test]
fn fix_within_a_group_keeps_the_others_and_a_person_who_is_taken_out_is_history() {
    let mut phone = at_home();
    phone.text("Ana and Luis");
    phone.text("cough");
    says(&phone.text("yesterday"), "What does Luis have?");
    phone.text("none");
    says(&phone.text("today"), "How many children live with you?");
    let list = phone.text("FIX");
    says(&list, "2 Signs (Ana): Cough");
    phone.text("1");
    says(&phone.text("only Luis"), "How many children live with you?");
    assert_eq!((value(&phone, "each.signs", Some(0)), value(&phone, "each.signs", Some(1))), (None, Some("none".into())));
}

#[test]
fn a_sign_of_danger_put_in_by_fix_calls_a_human_and_the_way_goes_on_afterwards() {
    let mut phone = at_home();
    phone.text("Ana");
    phone.text("cough");
    phone.text("yesterday");
    phone.text("FIX");
    phone.text("2");
    phone.text("2");
    assert_eq!(phone.conversation.escalation.clone().unwrap().because, ["Blue lips"]);
    phone.act(DeskAct::Claim);
    says(&phone.act(DeskAct::HandBack(HandBack::AsPlanned)), "How many children live with you?");
}

#[test]
fn an_answer_asked_again_by_fix_and_then_skipped_or_not_understood_stays() {
    let mut phone = at_home();
    phone.text("nobody");
    phone.text("2");
    phone.text("FIX");
    phone.text("2");
    says(&phone.text("skip"), "Do they go to school?");
    assert_eq!(value(&phone, "kids", None).as_deref(), Some("2"));
    let mut phone = at_home();
    says(&phone.text("FIX"), "There is no answer to change yet.");
}

#[test]
fn fix_in_a_repeat_changes_one_item_and_goes_back_to_the_other() {
    let flow = format!(
        "{HEAD}steps:\n  met:\n    repeat: contact, up to 3\n    first: Did you meet anyone?\n    more: Anyone else?\n    steps:\n      name:\n        label: Name\n        say: What is their name?\n        ask: name\n      near:\n        label: Near\n        say: Were you near {{{{name}}}}?\n        ask: yes/no\n  bye:\n    say: We noted {{{{met.count}}}}.\n    end: complete\n"
    );
    let mut phone = Phone::with(Medium::Sms, own(&flow));
    phone.start("own", &[("Ana", None)]);
    phone.text("yes");
    phone.text("Beto");
    says(&phone.text("yes"), "Anyone else?");
    phone.text("yes");
    says(&phone.text("Cleo"), "Were you near Cleo?");
    says(&phone.text("FIX"), "2 Near (Beto): yes");
    says(&phone.text("2"), "Were you near Beto?");
    says(&phone.text("no"), "Were you near Cleo?");
    says(&phone.text("yes"), "Anyone else?");
    says(&phone.text("FIX"), "1 Name (Beto): Beto");
    says(&phone.text("1"), "What is their name?");
    says(&phone.text("Berta"), "Anyone else?");
    says(&phone.text("no"), "We noted 2.");
}

// Readings that are not sure.

#[test]
fn a_guessed_day_is_confirmed_and_yes_no_or_another_day_serve() {
    for (reply, day) in [("yes", Some("2025-03-04")), ("no, april 3 2025", Some("2025-04-03")), ("april 3, 2025", Some("2025-04-03"))] {
        let mut phone = at_home();
        phone.text("Luis");
        phone.text("cough");
        assert_eq!(phone.text("3/4/2025"), ["I read: March 4. Is that right?\nReply YES or NO."]);
        says(&phone.text(reply), "How many children live with you?");
        assert_eq!(value(&phone, "each.onset", None).as_deref(), day, "{reply}");
    }
    let mut phone = at_home();
    phone.text("Luis");
    phone.text("cough");
    phone.text("3/4/2025");
    says(&phone.text("no"), "Since when is Luis ill?");
    says(&phone.text("yesterday"), "How many children live with you?");
}

#[test]
fn a_step_may_confirm_whatever_was_typed() {
    let mut phone = at_home();
    phone.text("nobody");
    phone.text("0");
    says(&phone.text("415 555 0133"), "I read: +14155550133. Is that right?");
    says(&phone.text("yes"), "Thank you.");
}

#[test]
fn several_readings_are_offered_to_choose_from() {
    let flow = format!(
        "{HEAD}steps:\n  when:\n    say: When was it?\n    ask: date, in the past 60 days\n  bye:\n    say: Noted {{{{when}}}}.\n    end: complete\n"
    );
    let flow = flow.replace("  when:\n    say", "  day:\n    say").replace("{{when}}", "{{day}}");
    let mut phone = Phone::with(Medium::Sms, own(&flow));
    phone.start("own", &[("Ana", None)]);
    says(&phone.text("february 20 or february 22"), "Which do you mean?\n1 February 20\n2 February 22");
    says(&phone.text("2"), "Noted February 22.");
}

// Beside the answer.

#[test]
fn a_day_said_beside_is_offered_to_each_person_it_was_said_of() {
    let mut phone = at_home();
    says(&phone.text("Ana and Luis since saturday"), "What does Ana have?");
    says(&phone.text("cough"), "You wrote February 28 before. Is that the answer?");
    says(&phone.text("yes"), "What does Luis have?");
    says(&phone.text("none"), "You wrote February 28 before.");
    says(&phone.text("yesterday"), "How many children live with you?");
    assert_eq!(value(&phone, "each.onset", Some(0)).as_deref(), Some("2026-02-28"));
    assert_eq!(value(&phone, "each.onset", Some(1)).as_deref(), Some("2026-03-01"));
}

#[test]
fn what_is_said_of_one_person_is_not_offered_to_another() {
    let mut phone = at_home();
    phone.text("Ana and Luis");
    says(&phone.text("cough since saturday"), "You wrote February 28 before.");
    says(&phone.text("no"), "Since when is Ana ill?");
    phone.text("today");
    let asked = phone.text("cough");
    assert!(asked.iter().all(|text| !text.contains("You wrote")), "{asked:?}");
}

#[test]
fn somebody_else_is_noted_told_and_asked_about_by_the_desk() {
    let mut phone = at_home();
    phone.text("nobody");
    phone.text("2");
    let texts = phone.text("no but my son does");
    says(&texts, "Thank you for telling us about others too.");
    assert_eq!(value(&phone, "school", None).as_deref(), Some("no"));
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::Task { because, .. } if because.contains("someone else"))));
}

const WHO_ELSE: &str = "\
flow: own
title: A household
languages: [en]
for: anyone
starts on: [HOME]
ends: [complete]
steps:
  ill:
    label: Ill
    say: Do you feel unwell?
    ask: yes/no
  others:
    label: Who else
    say: Who at home feels unwell?
    ask: any of people in household
    none: Nobody
  bye:
    say: Thank you.
    end: complete
";

fn who_else() -> Phone {
    let mut files: BTreeMap<String, String> = intake::render::phrases::files().into_iter().collect();
    files.insert("own.yaml".into(), WHO_ELSE.into());
    let mut phone = Phone::with(Medium::Sms, Arc::new(compiled(&files)));
    says(&phone.start("own", &[("Ana", None), ("Luis", None), ("Eva", None)]), "Do you feel unwell?");
    phone
}

#[test]
fn whom_a_no_names_is_offered_to_the_question_that_asks_who() {
    let mut phone = who_else();
    let texts = phone.text("no but Luis does");
    says(&texts, "Thank you for telling us about others too.");
    says(&texts, "Who at home feels unwell?");
    says(&texts, "You wrote Luis before. Is that the answer?");
    assert_eq!(value(&phone, "ill", None).as_deref(), Some("no"));
    assert_eq!(value(&phone, "others", None), None);
    says(&phone.text("yes"), "Thank you.");
    let answered = phone.facts().into_iter().find_map(|fact| if let Fact::Answered(answer) = fact { Some(answer) } else { None }).unwrap();
    assert_eq!((answered.step.as_str(), intake::records::value_text(answered.value.unwrap().reveal()).as_str()), ("others", "1"));
}

#[test]
fn whom_a_no_names_is_not_taken_without_a_yes_and_a_relation_without_a_name_is_asked_about() {
    let mut phone = who_else();
    phone.text("no but Luis does");
    says(&phone.text("no"), "Who at home feels unwell?");
    says(&phone.text("Eva"), "Thank you.");
    let mut phone = who_else();
    let texts = phone.text("no but my son does");
    says(&texts, "Who at home feels unwell?");
    assert!(texts.iter().all(|text| !text.contains("You wrote")), "{texts:?}");
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::Task { because, .. } if because.contains("someone else"))));
    for reply in ["no", "no, not Luis either", "yes and Luis too"] {
        let texts = who_else().text(reply);
        assert!(texts.iter().all(|text| !text.contains("You wrote")), "{reply}: {texts:?}");
    }
}

// Questions back.

#[test]
fn questions_back_get_the_steps_the_flows_or_the_agencys_answer_and_are_bounded() {
    let mut phone = at_home();
    says(&phone.text("why do you ask?"), "We ask for your home.");
    says(&phone.text("is this a scam?"), "We never ask for money");
    says(&phone.text("who is this?"), "This is City Health.");
    says(&phone.text("how long does it take?"), "Sorry, I do not find that in the list.");
    let mut phone = at_home();
    phone.text("Luis");
    phone.text("cough");
    let texts = phone.text("why do you need to know?");
    says(&texts, "The day tells us how long to stay at home.");
    says(&texts, "Since when is Luis ill?");
}

#[test]
fn a_flow_that_names_a_text_for_a_question_back_which_is_not_there_is_refused() {
    let mut files: BTreeMap<String, String> = intake::render::phrases::files().into_iter().collect();
    files.insert("own.yaml".into(), HOME.into());
    let findings = Library::from_files(&files).1;
    assert!(findings.iter().any(|finding| finding.message.contains("there is no shared text `why-home`")), "{findings:?}");
}

// Loops.

#[test]
fn our_own_words_that_come_back_are_never_answered_and_what_stands_beside_them_is_heard() {
    let mut phone = at_home();
    let sent = phone.text("Ana")[0].clone();
    assert_eq!(phone.text(&sent), Vec::<String>::new());
    says(&phone.text(&format!("> {sent}\n\nshe can't breathe")), "911");
}

#[test]
fn the_same_text_again_and_again_is_cut_and_told_to_the_desk_and_a_yes_is_not() {
    let mut phone = Phone::new(Medium::Sms);
    let mut answered = 0;
    let mut told = 0;
    for _ in 0..30 {
        let texts = phone.text("Shop bot 17: we have got your nice order today");
        answered += texts.len();
        told += phone.facts().iter().filter(|fact| matches!(fact, Fact::Task { .. })).count();
        if phone.conversation.holder != Holder::Bot {
            phone.act(DeskAct::Claim);
            phone.act(DeskAct::Resolve(DeskOutcome::FalseAlarm));
        }
    }
    assert!(answered < 16, "{answered} answers");
    assert!(told >= 1);
    let flow = format!(
        "{HEAD}steps:\n{}  bye:\n    say: Good bye.\n    end: complete\n",
        (0..20).map(|n| format!("  q{n}:\n    say: Question {n}?\n    ask: yes/no\n")).collect::<String>()
    );
    let mut phone = Phone::with(Medium::Sms, own(&flow));
    phone.start("own", &[("Ana", None)]);
    for _ in 0..19 {
        assert_eq!(phone.text("yes").len(), 1);
    }
    says(&phone.text("yes"), "Good bye.");
}

#[test]
fn help_and_pictures_without_end_fall_silent_until_something_is_answered() {
    let mut phone = at_home();
    let answered: usize = (0..40).map(|_| phone.text("HELP").len()).sum();
    assert_eq!(answered, 11);
    says(&phone.text("nobody"), "How many children live with you?");
    says(&phone.text("HELP"), "FIX to change an answer");
}

#[test]
fn an_emergency_again_and_again_is_told_its_number_a_bounded_number_of_times() {
    let mut phone = at_home();
    let answered: usize = (0..30).map(|_| phone.text("please help he can't breathe at all").len()).sum();
    assert_eq!(answered, 7);
    assert_eq!(phone.conversation.escalation.clone().unwrap().urgency.word(), "emergency");
}

// Quiet calls.

#[test]
fn fear_of_someone_at_home_calls_a_human_quietly_and_the_shared_phone_is_left_alone() {
    for words in ["my husband hits me", "I want to kill myself"] {
        let mut phone = at_home();
        phone.text("Luis");
        let texts = phone.text(words);
        assert_eq!(texts, ["A person from City Health will write to you here as soon as they can."], "{words}");
        assert_eq!(phone.conversation.escalation.clone().unwrap().urgency.word(), "emergency");
        phone.start_with("own", &[], IfBusy::Wait);
        let later = phone.wait(60);
        assert!(later.is_empty(), "no reminder, no check, no word of danger: {later:?}");
        phone.act(DeskAct::Claim);
        says(&phone.act(DeskAct::HandBack(HandBack::AsPlanned)), "Who feels unwell today?");
    }
}

#[test]
fn a_stop_while_an_emergency_is_open_leaves_the_desk_a_task() {
    let mut phone = at_home();
    phone.text("my husband hits me");
    phone.text("STOP");
    assert!(phone.facts().iter().any(|fact| matches!(fact, Fact::Task { because, .. } if because.contains("Opted out"))));
}

#[test]
fn a_full_list_says_so() {
    let flow = format!(
        "{HEAD}steps:\n  met:\n    repeat: contact, up to 1\n    more: Anyone else?\n    steps:\n      name:\n        say: What is their name?\n        ask: name\n  bye:\n    say: Good bye.\n    end: complete\n"
    );
    let mut phone = Phone::with(Medium::Sms, own(&flow));
    phone.start("own", &[("Ana", None)]);
    let texts = phone.text("Beto");
    says(&texts, "The list is full now.");
    says(&texts, "Good bye.");
}

#[test]
fn every_keyword_works_in_every_language() {
    use intake::answer::{Keyword, keyword};
    for tag in intake::answer::languages() {
        let language = intake::base::Language::parse(&tag).unwrap();
        let flow = HOME
            .replace("[en, es]", &format!("[en, {tag}]"))
            .replace("languages: [en, en]", "languages: [en]")
            .replace("why we ask: why-home\n", "");
        for (keyword, does) in [
            (Keyword::Stop, "opted out"),
            (Keyword::Help, "help"),
            (Keyword::Human, "human"),
            (Keyword::Language, "language"),
            (Keyword::Back, "back"),
            (Keyword::Fix, "fix"),
            (Keyword::Skip, "skip"),
        ] {
            let mut phone = Phone::with(Medium::Sms, own(&flow));
            phone.conversation.language = Some(language.clone());
            phone.start("own", &[("Ana", None), ("Luis", None)]);
            phone.text("0");
            let texts = phone.text(keyword::words(keyword, &language));
            let open = phone.conversation.open_session().and_then(|session| session.frames.last()).map(|frame| frame.at.clone());
            let aside = phone.conversation.open_session().and_then(|session| session.open.as_ref()).and_then(|open| open.aside.clone());
            use intake::engine::session::Aside;
            let done = match does {
                "opted out" => phone.conversation.opted_out_at.is_some(),
                "human" => phone.conversation.holder == Holder::Nobody,
                "language" => aside == Some(Aside::Language),
                "fix" => matches!(aside, Some(Aside::Fix(_))),
                "back" => open.as_deref() == Some("unwell"),
                "skip" => open.as_deref() == Some("phone"),
                _ => open.as_deref() == Some("kids") && texts.len() == 1 && texts[0].contains("+15550100999"),
            };
            assert!(done, "{tag} {keyword:?}: {texts:?} {open:?}");
        }
        let mut phone = Phone::with(Medium::Sms, own(&flow));
        phone.conversation.language = Some(language.clone());
        phone.text("STOP");
        phone.text(keyword::words(Keyword::Start, &language));
        assert_eq!(phone.conversation.opted_out_at, None, "{tag} START");
    }
}
