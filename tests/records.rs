//! The record: what lines of the journal become, built by hand.

use intake::{
    answer::Value,
    base::{
        Address, EventId, Language, Medium, Private,
        clock::Clock,
        id::{ConversationId, OutboxId, PersonNumber, RevisionId, TracerId},
    },
    channel::Delivery,
    engine::{
        Content, Event, EventKind, Fact, Purpose,
        effect::AnsweredFact,
        event::{DeskAct, DeskOutcome, Undeliverable},
        session::Item,
    },
    flow::model::Urgency,
    records::{AuditState, Auditing, NewUser, QueueKind, Records, RecordsError, Which},
    security::seal::Sealer,
    store::{Cursor, Entry, Line, Said, SentState, TurnEntry},
};
use jiff::Timestamp;
use sqlx::{Column, Connection, Row, TypeInfo, ValueRef};

const ANA: &str = "0123456789abcdef0123456789abcdef";
const BEN: &str = "fedcba9876543210fedcba9876543210";
/// Words that must be found in no file.
const CANARY: &str = "Zwieback";

fn at(minute: i64) -> Timestamp {
    "2026-07-01T12:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_mins(minute)
}

fn clock() -> Clock {
    Clock::set_to(at(0), 11)
}

fn sealer() -> Sealer {
    Sealer::parse(&Sealer::generate(&Clock::set_to(at(0), 5))).unwrap()
}

async fn in_memory() -> Records {
    Records::open("memory:", sealer(), clock()).await.unwrap()
}

/// Makes lines of one shard, in order.
#[derive(Default)]
struct Journal {
    lines: Vec<Line>,
    n_turn: u64,
}

impl Journal {
    fn push(&mut self, conversation: Option<&str>, entry: Entry) -> &mut Self {
        let position = format!("{:012}", self.lines.len() + 1);
        self.lines.push(Line { cursor: Cursor { shard: 0, position }, conversation: conversation.map(ConversationId::from), entry });
        self
    }

    fn turn(&mut self, conversation: &str, minute: i64, kind: EventKind, facts: Vec<Fact>, said: &[(&str, Purpose, &str)]) -> &mut Self {
        self.n_turn += 1;
        let event = EventId(format!("event-{}", self.n_turn));
        let said = said
            .iter()
            .enumerate()
            .map(|(n, (text, purpose, tracer))| Said {
                outbox: OutboxId::derive(&conversation.into(), &event, n),
                channel: "sms".into(),
                purpose: *purpose,
                text: (*text).into(),
                tracer: (!tracer.is_empty()).then(|| TracerId::from(*tracer)),
            })
            .collect();
        let entry = TurnEntry {
            address: Address::new(Medium::Sms, if conversation == ANA { "+15550100777" } else { "+15550100888" }),
            n_turn: self.n_turn,
            event: Event { id: event, at: at(minute), kind },
            now: at(minute),
            revision: None,
            facts,
            said,
        };
        self.push(Some(conversation), Entry::Turn(Box::new(entry)))
    }

    fn says(&mut self, conversation: &str, minute: i64, text: &str, mut facts: Vec<Fact>, said: &[(&str, Purpose, &str)]) -> &mut Self {
        facts.insert(0, Fact::Received { text: text.into(), channel: "sms".into(), read: true });
        let kind = EventKind::Message { channel: "sms".into(), content: Content::Text(text.into()) };
        self.turn(conversation, minute, kind, facts, said)
    }

    /// The id of the first message said in turn `n`.
    fn outbox(&self, conversation: &str, n: u64) -> OutboxId {
        OutboxId::derive(&conversation.into(), &EventId(format!("event-{n}")), 0)
    }
}

fn standing(holder: &str, epoch: u64, waiting: Option<i64>) -> Fact {
    Fact::Standing {
        holder: holder.into(),
        epoch,
        open: Some(("daily-check".into(), "symptoms".into())),
        waiting_since: waiting.map(at),
        language: Language::parse("es"),
        last_inbound_at: Some(at(0)),
    }
}

fn answered(step: &str, value: Option<Value>, said: &str) -> AnsweredFact {
    AnsweredFact {
        session: "ses_1".into(),
        flow: "daily-check".into(),
        step: step.into(),
        label: format!("{step}?"),
        code: None,
        items: vec![],
        who: PersonNumber::YOU,
        value: value.map(Private::new),
        codes: vec![],
        said: said.into(),
        flagged: false,
        corrected: false,
        by: None,
    }
}

fn escalated(id: &str, urgency: Urgency, because: &str, due: i64) -> Fact {
    Fact::Escalated {
        escalation: id.into(),
        urgency,
        because: because.into(),
        rule: "emergency words".into(),
        quote: Some("cant breath".into()),
        session: Some("ses_1".into()),
        due_at: Some(at(due)),
    }
}

fn changed(id: &str, change: &str, tracer: Option<&str>, outcome: Option<DeskOutcome>) -> Fact {
    Fact::EscalationChanged { escalation: id.into(), change: change.into(), tracer: tracer.map(TracerId::from), outcome, due_at: None }
}

fn desk(act: DeskAct) -> EventKind {
    EventKind::Desk { tracer: "mia".into(), first_name: "Mia".into(), epoch: 1, act }
}

/// A whole conversation: a daily check, symptoms, a contact, an emergency, a tracer and back; and a second one that only waits.
fn story() -> Journal {
    let mut journal = Journal::default();
    let revision = RevisionId::from("ab".repeat(32));
    journal.turn(
        ANA,
        0,
        EventKind::Wake,
        vec![
            Fact::Person { number: PersonNumber(0), first_name: "Ana".into(), birth_year: Some(1980), record: Some("case-17".into()) },
            Fact::Person { number: PersonNumber(1), first_name: CANARY.into(), birth_year: None, record: None },
            Fact::SessionStarted { session: "ses_1".into(), flow: "daily-check".into(), revision: revision.clone() },
            standing("bot", 0, None),
        ],
        &[("How are you today?", Purpose::Reminder, "")],
    );
    let symptoms = AnsweredFact {
        code: Some("LOINC 75325-1".into()),
        codes: vec!["SNOMED 49727002".into()],
        who: PersonNumber(1),
        items: vec![Item::Person(PersonNumber(1))],
        ..answered("symptoms", Some(Value::Choices(vec!["cough".into()])), "tos y Zwieback")
    };
    journal.says(ANA, 1, "tos y Zwieback", vec![Fact::Answered(symptoms)], &[("Since when?", Purpose::Dialogue, "")]);
    journal.says(
        ANA,
        2,
        "=cmd|'/c calc'!A0",
        vec![Fact::Answered(AnsweredFact { flagged: true, ..answered("since", None, "=cmd|'/c calc'!A0") })],
        &[],
    );
    journal.says(
        ANA,
        3,
        "yesterday",
        vec![Fact::Answered(AnsweredFact {
            corrected: true,
            ..answered("since", Some(Value::Date("2026-06-30".parse().unwrap())), "yesterday")
        })],
        &[],
    );
    let fields = vec![
        ("name".to_owned(), Private::new(Value::Name("Ben".into()))),
        ("phone".to_owned(), Private::new(Value::Phone("+15550100888".into()))),
    ];
    let contact = |finished| Fact::ItemGiven {
        session: "ses_1".into(),
        noun: "contact".into(),
        group: "contacts".into(),
        nth: 0,
        fields: fields.clone(),
        finished,
    };
    journal.says(ANA, 4, "Ben", vec![contact(false)], &[]);
    journal.says(ANA, 5, "555 0100 888", vec![contact(true)], &[("Anyone else?", Purpose::Dialogue, "")]);
    journal.says(
        ANA,
        6,
        "cant breath",
        vec![escalated("esc_1", Urgency::Emergency, "emergency words", 11), standing("nobody", 1, Some(6))],
        &[("Call 911 now", Purpose::Safety, "")],
    );
    journal.turn(ANA, 8, desk(DeskAct::Claim), vec![changed("esc_1", "claimed", Some("mia"), None), standing("mia", 2, Some(6))], &[]);
    journal.turn(
        ANA,
        9,
        desk(DeskAct::Reply("Help is on its way".into())),
        vec![standing("mia", 2, None)],
        &[("Help is on its way", Purpose::Tracer, "mia")],
    );
    journal.turn(
        ANA,
        9,
        desk(DeskAct::Note("called the ambulance".into())),
        vec![Fact::Noted { tracer: "mia".into(), note: "called the ambulance".into() }],
        &[],
    );
    let message = journal.outbox(ANA, 1);
    for (state, minute) in [(Delivery::Delivered, 2), (Delivery::Sent, 3)] {
        journal.push(Some(ANA), Entry::Delivery { outbox: message.clone(), state: SentState::Delivery(state), code: None, at: at(minute) });
    }
    let superseded = journal.outbox(ANA, 2);
    journal.push(Some(ANA), Entry::Delivery { outbox: superseded, state: SentState::Superseded, code: None, at: at(8) });
    let failed = SentState::Delivery(Delivery::Failed(Undeliverable::WrongNumber));
    let outbox = journal.outbox(ANA, 6);
    journal.push(Some(ANA), Entry::Delivery { outbox, state: failed, code: Some("21211".into()), at: at(8) });
    journal.turn(
        ANA,
        12,
        EventKind::Wake,
        vec![Fact::Revised { original: EventId("event-4".into()), text: Some("two days ago".into()) }],
        &[],
    );
    journal.turn(ANA, 13, EventKind::Wake, vec![Fact::Revised { original: EventId("event-5".into()), text: None }], &[]);
    let task = Fact::Task {
        task: "task_1".into(),
        urgency: Urgency::Urgent,
        because: "no reply for two days".into(),
        rule: "daily-check: silence".into(),
        quote: None,
        session: None,
    };
    journal.turn(
        BEN,
        14,
        EventKind::Wake,
        vec![task, escalated("esc_2", Urgency::Routine, "asked for a person", 99), standing("nobody", 1, Some(3))],
        &[],
    );
    journal.push(None, Entry::Fault { channel: "wa".into(), what: "no JSON".into(), at: at(15) });
    journal
}

fn resolve(journal: &mut Journal) {
    journal.turn(
        ANA,
        20,
        desk(DeskAct::Resolve(DeskOutcome::Referred)),
        vec![
            changed("esc_1", "resolved", Some("mia"), Some(DeskOutcome::Referred)),
            Fact::SessionEnded { session: "ses_1".into(), flow: "daily-check".into(), end: "resolved".into() },
            standing("bot", 3, None),
        ],
        &[],
    );
}

#[tokio::test]
async fn a_conversation_is_shown_with_who_said_what_and_how_far_it_got() {
    let records = in_memory().await;
    records.apply(&story().lines).await.unwrap();
    let page = records.conversation(&ANA.into(), None).await.unwrap().unwrap();
    let lines: Vec<String> = page
        .transcript
        .iter()
        .map(|row| {
            let (who, state) = (row.tracer.as_deref().unwrap_or_default(), row.state.as_deref().unwrap_or_default());
            format!("{} {}|{}|{}|{state}", row.direction, row.purpose.as_deref().unwrap_or_default(), who, row.text.reveal())
        })
        .collect();
    assert_eq!(
        lines,
        [
            "mark flow began||daily-check|",
            "out reminder||How are you today?|delivered",
            "in ||tos y Zwieback|",
            "out dialogue||Since when?|superseded",
            "in ||=cmd|'/c calc'!A0|",
            "in ||two days ago|",
            "in ||Ben|",
            "in ||555 0100 888|",
            "out dialogue||Anyone else?|failed",
            "in ||cant breath|",
            "mark called||emergency: emergency words|",
            "out safety||Call 911 now|waiting",
            "mark hands|mia|claimed|",
            "out tracer|mia|Help is on its way|waiting",
            "note |mia|called the ambulance|",
        ]
    );
    assert_eq!(page.transcript[5].earlier, [Private::from("yesterday")], "the old words stay");
    assert_eq!(page.transcript[6].deleted_at, Some(at(13)), "a deleted message stays, and says so");
    assert_eq!(
        (page.transcript[8].state_reason.as_deref(), page.transcript[8].state_code.as_deref()),
        (Some("wrong number"), Some("21211"))
    );
    assert_eq!((page.standing.holder.as_str(), page.standing.epoch, page.standing.waiting_since), ("mia", 2, None));
    assert_eq!(page.standing.address.reveal(), "+15550100777");
    assert_eq!(page.people.iter().map(|person| person.first_name.reveal().as_str()).collect::<Vec<_>>(), ["Ana", CANARY]);
}

#[tokio::test]
async fn answers_keep_what_was_typed_and_what_they_replaced() {
    let records = in_memory().await;
    records.apply(&story().lines).await.unwrap();
    let page = records.conversation(&ANA.into(), None).await.unwrap().unwrap();
    let answers: Vec<_> = page
        .answers
        .iter()
        .map(|row| (row.step.as_str(), row.items.as_str(), row.value.is_some(), row.said.reveal().as_str(), row.flagged, row.superseded))
        .collect();
    assert_eq!(
        answers,
        [
            ("symptoms", "p1", true, "tos y Zwieback", false, false),
            ("since", "", false, "=cmd|'/c calc'!A0", true, true),
            ("since", "", true, "yesterday", false, false),
        ]
    );
    assert_eq!(page.symptoms.len(), 1);
    assert_eq!((page.symptoms[0].who, page.symptoms[0].codes.reveal().as_slice()), (1, ["SNOMED 49727002".to_owned()].as_slice()));
    assert_eq!(page.contacts.len(), 1, "the same contact given further is one");
    let contact = &page.contacts[0];
    assert_eq!((contact.name.clone(), contact.phone.clone(), contact.finished), (Some("Ben".into()), Some("+15550100888".into()), true));

    let (csv, n_rows) = records.answers_csv(Some("daily-check")).await.unwrap();
    let csv = csv.reveal();
    assert_eq!(n_rows, 3);
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.contains(",'=cmd|'/c calc'!A0,"), "a cell never begins a formula: {csv}");
    assert!(csv.contains("symptoms,symptoms?,LOINC 75325-1,p1,1,Zwieback,cough,SNOMED 49727002,tos y Zwieback,,,patient,"), "{csv}");
    assert_eq!(records.answers_csv(Some("other")).await.unwrap().1, 0);
}

#[tokio::test]
async fn the_queue_is_led_by_urgency_then_waiting_and_loses_what_is_done() {
    let records = in_memory().await;
    let mut journal = story();
    records.apply(&journal.lines).await.unwrap();
    let queue = |rows: Vec<intake::records::QueueRow>| {
        rows.into_iter().map(|row| (row.kind, row.id, row.urgency, row.state, row.tracer)).collect::<Vec<_>>()
    };
    let emergency = (QueueKind::Escalation, "esc_1".to_owned(), Urgency::Emergency, "claimed".to_owned(), Some("mia".to_owned()));
    let task = (QueueKind::Task, "task_1".to_owned(), Urgency::Urgent, "open".to_owned(), None);
    let routine = (QueueKind::Escalation, "esc_2".to_owned(), Urgency::Routine, "waiting".to_owned(), None);
    assert_eq!(queue(records.queue().await.unwrap()), [emergency, task.clone(), routine.clone()]);
    assert_eq!(records.queue_counts().await.unwrap(), [1, 1, 0]);

    resolve(&mut journal);
    records.apply(&journal.lines).await.unwrap();
    assert_eq!(queue(records.queue().await.unwrap()), [task, routine.clone()]);
    let done = || vec![Fact::TaskDone { task: "task_1".into(), tracer: "mia".into() }];
    journal.turn(BEN, 21, desk(DeskAct::TaskDone("task_1".into())), done(), &[]);
    records.apply(&journal.lines).await.unwrap();
    assert_eq!(queue(records.queue().await.unwrap()), [routine]);

    let all = records.escalations(Which::All, 10).await.unwrap();
    assert_eq!(
        all.iter().map(|row| (row.id.as_str(), row.state.as_str())).collect::<Vec<_>>(),
        [("esc_2", "waiting"), ("esc_1", "resolved")]
    );
    assert_eq!((all[1].outcome.as_deref(), all[1].tracer.as_deref(), all[1].claimed_at), (Some("referred"), Some("mia"), Some(at(8))));
    assert_eq!(records.escalations(Which::Live, 10).await.unwrap().len(), 1);
    let page = records.conversation(&ANA.into(), None).await.unwrap().unwrap();
    let history: Vec<_> = page.escalations[0].history.iter().map(|row| row.change.as_str()).collect();
    assert_eq!(history, ["raised", "claimed", "resolved"]);
}

#[tokio::test]
async fn a_tracers_clock_runs_only_while_the_patient_waits() {
    let records = in_memory().await;
    let mut journal = Journal::default();
    journal.says(ANA, 0, "HUMAN", vec![escalated("esc_1", Urgency::Urgent, "asked for a person", 30), standing("nobody", 1, Some(0))], &[]);
    let claimed = Fact::EscalationChanged {
        escalation: "esc_1".into(),
        change: "claimed".into(),
        tracer: Some("mia".into()),
        outcome: None,
        due_at: Some(at(20)),
    };
    journal.turn(ANA, 5, desk(DeskAct::Claim), vec![claimed, standing("mia", 2, Some(0))], &[]);
    for (minute, text, waiting, due) in [(6, "", Some(0), Some(20)), (7, "reply", None, None), (9, "wrote", Some(9), Some(24))] {
        journal.says(ANA, minute, text, vec![standing("mia", 2, waiting)], &[]);
        records.apply(&journal.lines).await.unwrap();
        assert_eq!(records.queue().await.unwrap()[0].due_at, due.map(at), "after minute {minute}");
    }
}

#[tokio::test]
async fn a_second_call_raises_the_urgency_and_adds_its_reason() {
    let records = in_memory().await;
    let mut journal = Journal::default();
    journal.says(
        ANA,
        0,
        "HUMAN",
        vec![escalated("esc_1", Urgency::Routine, "asked for a person", 240), standing("nobody", 1, Some(0))],
        &[],
    );
    journal.says(ANA, 1, "cant breath", vec![escalated("esc_1", Urgency::Emergency, "emergency words", 6)], &[]);
    journal.says(ANA, 2, "hello?", vec![escalated("esc_1", Urgency::Routine, "asked for a person", 6)], &[]);
    records.apply(&journal.lines).await.unwrap();
    let queue = records.queue().await.unwrap();
    assert_eq!(queue.len(), 1);
    assert_eq!((queue[0].urgency, queue[0].due_at), (Urgency::Emergency, Some(at(6))));
    assert_eq!(queue[0].because, ["asked for a person", "emergency words", "asked for a person"]);
}

#[tokio::test]
async fn the_same_line_twice_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("intake.db").display());
    let records = Records::open(&url, sealer(), clock()).await.unwrap();
    let mut journal = story();
    let first = records.apply(&journal.lines).await.unwrap();
    assert_eq!(first.n_new, journal.lines.len());
    assert_eq!(first.through, [journal.lines.last().unwrap().cursor.clone()]);
    let before = dump(&url).await;

    let again = records.apply(&journal.lines).await.unwrap();
    assert_eq!((again.n_new, again.feed_id), (0, first.feed_id));
    assert_eq!(dump(&url).await, before);

    // The same turn at another place, as a store that was restored may give it.
    for line in &mut journal.lines {
        line.cursor.position = format!("9{}", line.cursor.position);
    }
    let turns: Vec<Line> = journal.lines.into_iter().filter(|line| matches!(line.entry, Entry::Turn(_))).collect();
    assert_eq!(records.apply(&turns).await.unwrap().n_new, 0);
    assert_eq!(records.cursors().await.unwrap(), [turns.last().unwrap().cursor.clone()]);
}

#[tokio::test]
async fn a_rebuild_gives_the_same_tables() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("intake.db").display());
    let records = Records::open(&url, sealer(), clock()).await.unwrap();
    let mut journal = story();
    resolve(&mut journal);
    records.apply(&journal.lines).await.unwrap();
    let (before, csv) = (dump(&url).await, records.answers_csv(None).await.unwrap());
    let pages = [records.conversation(&ANA.into(), None).await.unwrap(), records.conversation(&BEN.into(), None).await.unwrap()];
    assert!(before.len() > 60, "the story fills the tables: {} rows", before.len());

    let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql(
        "DELETE FROM rec_symptom_reports; DELETE FROM rec_answers; UPDATE rec_escalations SET urgency = 0; DELETE FROM rec_people",
    )
    .execute(&mut db)
    .await
    .unwrap();
    assert_ne!(dump(&url).await, before, "damaged");
    let archived = records.archived(0).await.unwrap();
    assert!(archived.iter().map(|(_, line)| (&line.cursor, &line.entry)).eq(journal.lines.iter().map(|line| (&line.cursor, &line.entry))));
    assert_eq!(records.rebuild().await.unwrap(), u64::try_from(journal.lines.len()).unwrap());
    assert_eq!(dump(&url).await, before);
    assert_eq!(records.answers_csv(None).await.unwrap(), csv);
    assert_eq!([records.conversation(&ANA.into(), None).await.unwrap(), records.conversation(&BEN.into(), None).await.unwrap()], pages);
}

/// All rows of all tables as text; sealed values, whose bytes differ each time, as whether they are there.
async fn dump(url: &str) -> Vec<String> {
    let mut db = sqlx::SqliteConnection::connect(url).await.unwrap();
    let tables = sqlx::query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'rec_%' ORDER BY name")
        .fetch_all(&mut db)
        .await
        .unwrap();
    let mut lines = Vec::new();
    for table in tables {
        let table: String = table.get(0);
        for row in sqlx::query(sqlx::AssertSqlSafe(format!("SELECT * FROM {table}"))).fetch_all(&mut db).await.unwrap() {
            let cells = row.columns().iter().map(|column| {
                let value = row.try_get_raw(column.ordinal()).unwrap();
                let cell = match value.type_info().name() {
                    "NULL" => "NULL".to_owned(),
                    "BLOB" if column.name().ends_with("_sealed") => "sealed".to_owned(),
                    "BLOB" => hex::encode(row.get::<Vec<u8>, _>(column.ordinal())),
                    "INTEGER" => row.get::<i64, _>(column.ordinal()).to_string(),
                    _ => row.get::<String, _>(column.ordinal()),
                };
                format!("{}={cell}", column.name())
            });
            lines.push(format!("{table}: {}", cells.collect::<Vec<_>>().join(" ")));
        }
    }
    lines.sort();
    lines
}

#[tokio::test]
async fn nothing_private_stands_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("intake.db").display());
    let records = Records::open(&url, sealer(), clock()).await.unwrap();
    records.apply(&story().lines).await.unwrap();
    let user = NewUser { login: "mia".into(), first_name: CANARY.into(), role: "tracer".into(), password_hash: "$argon2id$x".into() };
    records.add_user(&user).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for canary in [CANARY, "5550100777", "5550100888", "cant breath", "49727002", "called the ambulance", "case-17"] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "`{canary}` stands in the file");
        }
    }
    let other = Sealer::parse(&Sealer::generate(&Clock::set_to(at(0), 6))).unwrap();
    let stranger = Records::open(&url, other, clock()).await.unwrap();
    assert!(matches!(stranger.conversation(&ANA.into(), None).await, Err(RecordsError::Corrupt(_))), "another key opens nothing");
}

#[tokio::test]
async fn the_feed_has_no_gaps_and_says_when_a_page_was_away_too_long() {
    let records = in_memory().await;
    let journal = story();
    records.apply(&journal.lines).await.unwrap();
    let newest = records.feed_newest().await.unwrap();
    let feed = records.feed_after(0, 1_000).await.unwrap().unwrap();
    assert_eq!(feed.iter().map(|row| row.id).collect::<Vec<_>>(), (1..=newest).collect::<Vec<_>>());
    assert_eq!(feed[1].parts, "answers transcript");
    assert_eq!(feed[1].conversation, Some(ANA.into()));
    assert_eq!(records.feed_after(newest - 2, 1).await.unwrap().unwrap().len(), 1);
    assert_eq!(records.feed_after(newest, 10).await.unwrap().unwrap(), []);
    assert_eq!(records.feed_after(newest + 1, 10).await.unwrap(), None, "an id of another record");
}

#[tokio::test]
async fn a_login_is_one_persons_for_good() {
    let records = in_memory().await;
    let user = NewUser { login: "mia".into(), first_name: "Mia".into(), role: "tracer".into(), password_hash: "$argon2id$x".into() };
    records.add_user(&user).await.unwrap();
    assert!(matches!(records.add_user(&user).await, Err(RecordsError::Exists(_))));
    assert!(records.disable_user(&"mia".into()).await.unwrap());
    assert!(!records.disable_user(&"mia".into()).await.unwrap());
    let found = records.user(&"mia".into()).await.unwrap().unwrap();
    assert_eq!((found.first_name.reveal().as_str(), found.role.as_str(), found.disabled_at), ("Mia", "tracer", Some(at(0))));
    assert!(matches!(records.add_user(&user).await, Err(RecordsError::Exists(_))), "a disabled user's login is not given again");
    assert_eq!(records.user(&"eve".into()).await.unwrap(), None);
}

#[tokio::test]
async fn a_changed_or_dropped_row_of_the_audit_is_found() {
    for (damage, broken) in [
        ("UPDATE rec_audit SET actor = 'eve' WHERE n = 2", 2),
        ("DELETE FROM rec_audit WHERE n = 2", 2),
        ("UPDATE rec_audit SET n = 9 WHERE n = 1", 1),
        ("UPDATE rec_audit SET conversation = NULL WHERE n = 3", 3),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("intake.db").display());
        let records = Records::open(&url, sealer(), clock()).await.unwrap();
        for action in ["logged in", "viewed", "viewed"] {
            let conversation = ConversationId::from(ANA);
            let row = Auditing { actor: "mia", role: "tracer", action, conversation: Some(&conversation), detail: "" };
            records.audit(row).await.unwrap();
        }
        assert!(matches!(records.audit_verify().await.unwrap(), AuditState::Whole { n: 3, .. }));
        assert_eq!(records.audit_rows(Some(&ANA.into()), Some(3), 10).await.unwrap().len(), 2);
        let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(damage).execute(&mut db).await.unwrap();
        assert_eq!(records.audit_verify().await.unwrap(), AuditState::Broken { at: broken }, "{damage}");
    }
}

#[tokio::test]
async fn an_address_that_is_no_file_is_refused_with_what_to_write() {
    for url in ["postgres://me:secret@host/db", "intake.db", "sqlite:", "memory:x"] {
        let error = Records::open(url, sealer(), clock()).await.unwrap_err().to_string();
        assert!(error.contains("write `sqlite:intake.db`") && !error.contains("secret"), "{error}");
    }
}

#[tokio::test]
async fn what_was_not_understood_is_grouped_masked_and_shown_by_role() {
    use intake::{records::unclear::Asked, security::role::Role};
    let records = in_memory().await;
    let unclear = |said: &str, language: &str| Fact::NotUnderstood {
        session: "ses_1".into(),
        flow: "daily-check".into(),
        step: "since".into(),
        language: Language::parse(language).unwrap(),
        reason: "unknown".into(),
        said: said.into(),
    };
    let named = |name: &str| Fact::Person { number: PersonNumber::YOU, first_name: name.into(), birth_year: None, record: None };
    let third = "00000000000000000000000000000001";
    let mut journal = Journal::default();
    journal.says(ANA, 0, "x", vec![named("Zwieback"), unclear("Hace ratito!!", "es"), unclear("ask Zwieback 5550100", "en")], &[]);
    journal.says(BEN, 1, "x", vec![unclear("hace ratito", "es"), unclear("hace  RATITO.", "es")], &[]);
    records.apply(&journal.lines).await.unwrap();
    let shown = async |asked: Asked| -> Vec<(String, String, usize, usize)> {
        let groups = records.unclear(&asked).await.unwrap();
        groups.into_iter().map(|group| (group.said.into_inner(), group.language, group.n, group.n_phones)).collect()
    };
    let all = || Asked { least_phones: 1, ..Asked::default() };
    let seen = shown(all().seen_by(Role::Supervisor)).await;
    assert_eq!(seen, [("hace  RATITO.".into(), "es".into(), 3, 2), ("ask … #######".into(), "en".into(), 1, 1)]);
    let digits = shown(Asked { digits: true, language: Some("en".into()), ..all() }.seen_by(Role::Admin)).await;
    assert_eq!(digits, [("ask … 5550100".into(), "en".into(), 1, 1)]);
    assert_eq!(shown(all().seen_by(Role::Author)).await, [], "two phones tell too much of one");
    assert_eq!(shown(Asked { since: Some(at(1)), ..all() }).await.iter().map(|group| group.2).sum::<usize>(), 2);
    journal.says(third, 2, "x", vec![unclear("hace ratito", "es")], &[]);
    records.apply(&journal.lines).await.unwrap();
    assert_eq!(shown(Asked { digits: true, ..all() }.seen_by(Role::Author)).await, [("hace ratito".into(), "es".into(), 4, 3)]);
    let before = shown(all()).await;
    records.rebuild().await.unwrap();
    assert_eq!(shown(all()).await, before);
}

#[tokio::test]
async fn an_answer_that_no_longer_holds_is_history() {
    let records = in_memory().await;
    let mut journal = Journal::default();
    journal.says(ANA, 0, "2", vec![Fact::Answered(answered("kids", Some(Value::Number(2.0)), "2"))], &[]);
    journal.says(ANA, 1, "0", vec![Fact::AnswerDropped { session: "ses_1".into(), step: "kids".into(), items: vec![] }], &[]);
    records.apply(&journal.lines).await.unwrap();
    let page = records.conversation(&ANA.into(), None).await.unwrap().unwrap();
    assert_eq!(page.answers.iter().map(|answer| answer.superseded).collect::<Vec<_>>(), [true]);
}

#[tokio::test]
async fn a_record_opens_while_another_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("records.db").display());
    Records::open(&url, sealer(), clock()).await.unwrap();
    let mut other = sqlx::SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    Records::open(&url, sealer(), clock()).await.unwrap();
}
