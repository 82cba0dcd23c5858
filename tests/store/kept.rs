//! Facts about what is kept: conversations, wakes, journal, revisions, aliases, small values.

use intake::{
    base::{
        Address, Medium,
        id::{ConversationId, RevisionId},
        limit,
    },
    engine::Purpose,
    flow::Bundle,
    security::Sealer,
    store::{Committed, Cursor, Due, Entry, SentState, StoreError, reseal::Resealed},
};

use super::bench::{Bench, at};

pub async fn what_was_kept_is_loaded_with_its_etag(bench: Bench) {
    let ana = bench.patient(1);
    assert!(bench.store.load(&ana.id).await.unwrap().is_none());
    let turn = ana.turn(&bench, 0, None, "m1", &[]);
    let conversation = turn.conversation.clone();
    let etag = bench.kept(turn).await;
    let loaded = bench.store.load(&ana.id).await.unwrap().unwrap();
    assert_eq!((loaded.conversation, loaded.etag), (conversation, etag));
    assert!(bench.store.load(&bench.patient(2).id).await.unwrap().is_none());
    bench.store.ping().await.unwrap();
}

pub async fn a_stale_etag_keeps_nothing(bench: Bench) {
    let ana = bench.patient(1);
    let first = bench.kept(ana.turn(&bench, 0, None, "m1", &[])).await;
    for expected in [None, Some([9; 16])] {
        let mut late = ana.turn(&bench, 1, expected, "m2", &[(Purpose::Dialogue, "late")]);
        late.wake_at = Some(at(5));
        assert!(matches!(bench.store.commit(late).await.unwrap(), Committed::Stale(_)));
    }
    assert_eq!(bench.store.load(&ana.id).await.unwrap().unwrap().etag, first);
    assert!(bench.ready(9).await.is_empty());
    assert_eq!(bench.lines().await.len(), 1);
    assert!(bench.store.due(&bench.held().await, at(9), 10).await.unwrap().is_empty());
}

pub async fn a_stale_commit_is_answered_with_what_is_there(bench: Bench) {
    let ana = bench.patient(1);
    let none = bench.store.commit(ana.turn(&bench, 0, Some([9; 16]), "m1", &[])).await.unwrap();
    assert!(matches!(none, Committed::Stale(None)), "{none:?}");
    let first = ana.turn(&bench, 0, None, "m1", &[]);
    let conversation = first.conversation.clone();
    let etag = bench.kept(first).await;
    match bench.store.commit(ana.turn(&bench, 1, None, "m2", &[])).await.unwrap() {
        Committed::Stale(Some(there)) => assert_eq!((there.conversation, there.etag), (conversation, etag)),
        other => panic!("{other:?}"),
    }
}

pub async fn a_commit_by_an_address_that_leads_elsewhere_since_keeps_nothing(bench: Bench) {
    let (ana, other) = (bench.patient(1), bench.patient(2));
    bench.kept(ana.turn(&bench, 0, None, "m1", &[])).await;
    let etag = bench.kept(other.turn(&bench, 0, None, "m2", &[])).await;
    bench.store.alias(&other.address, &ana.address).await.unwrap();
    let mut turn = other.turn(&bench, 1, Some(etag), "m3", &[]);
    let moved = bench.store.commit(turn.clone()).await.unwrap();
    assert!(matches!(moved, Committed::Moved), "{moved:?}");
    assert_eq!(bench.lines().await.len(), 2);
    // The conversation itself goes on for who knows it by its id: a wake, a tracer.
    turn.by_address = false;
    bench.kept(turn).await;
}

pub async fn what_was_kept_last_is_recalled_until_something_is_not_certain(bench: Bench) {
    let ana = bench.patient(1);
    assert!(bench.store.recall(&ana.id).is_none());
    let first = bench.kept(ana.turn(&bench, 0, None, "m1", &[])).await;
    assert_eq!(bench.store.recall(&ana.id).unwrap().etag, first);
    // A stale commit leaves what the store answered.
    let stale = bench.store.commit(ana.turn(&bench, 1, None, "m2", &[])).await.unwrap();
    assert!(matches!(stale, Committed::Stale(Some(_))));
    assert_eq!(bench.store.recall(&ana.id).unwrap().etag, first);
    assert_eq!(bench.store.find(&ana.address).await.unwrap().1.unwrap().etag, first);
}

pub async fn of_many_first_commits_one_wins(bench: Bench) {
    let ana = bench.patient(1);
    let tries = (0..10).map(|n| {
        let turn = ana.turn(&bench, n, None, &format!("m{n}"), &[(Purpose::Dialogue, "hello")]);
        let store = bench.store.clone();
        tokio::spawn(async move { matches!(store.commit(turn).await.unwrap(), Committed::Done) })
    });
    let tries: Vec<_> = tries.collect();
    let mut n_done = 0;
    for one in tries {
        n_done += u32::from(one.await.unwrap());
    }
    assert_eq!((n_done, bench.ready(99).await.len(), bench.lines().await.len()), (1, 1, 1));
}

pub async fn of_many_turns_at_once_each_gets_its_own_answer(bench: Bench) {
    const EACH: u32 = 30;
    let hello: &[(Purpose, &str)] = &[(Purpose::Dialogue, "a"), (Purpose::Dialogue, "b")];
    let (mut turns, mut expected) = (Vec::new(), Vec::new());
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "first", hello)).await;
    for n in 0..6 * EACH {
        let patient = bench.patient(100 + n);
        let before = match n % 6 {
            0 => None,
            _ => Some(bench.kept(patient.turn(&bench, 0, None, "first", hello)).await),
        };
        let mut turn = patient.turn(&bench, 1, before, "second", &hello[..(n as usize / 6) % 3]);
        expected.push(match n % 6 {
            // One that is kept already, one of a version that there is not, one whose address leads elsewhere, one that takes back.
            2 => {
                bench.kept(turn.clone()).await;
                "done"
            }
            3 => {
                turn.expected = Some(bench.etag());
                "stale"
            }
            4 => {
                bench.store.alias(&patient.address, &ana.address).await.unwrap();
                "moved"
            }
            5 => {
                turn.cancel_waiting = true;
                "done"
            }
            _ => "done",
        });
        turns.push(turn);
    }
    let tasks: Vec<_> = turns
        .iter()
        .map(|turn| {
            let (store, turn) = (bench.store.clone(), turn.clone());
            tokio::spawn(async move { store.commit(turn).await.unwrap() })
        })
        .collect();
    for ((nth, task), expected) in tasks.into_iter().enumerate().zip(expected) {
        let (committed, turn) = (task.await.unwrap(), &turns[nth]);
        let word = match &committed {
            Committed::Done => "done",
            Committed::Stale(Some(_)) => "stale",
            Committed::Stale(None) => "nothing there",
            Committed::Moved => "moved",
        };
        assert_eq!(word, expected, "turn {nth}");
        if word == "done" {
            assert_eq!(bench.store.load(&turn.id).await.unwrap().unwrap().etag, turn.etag, "turn {nth}");
        }
    }
    let second =
        bench.lines().await.into_iter().filter(|line| matches!(&line.entry, Entry::Turn(turn) if turn.event.id.as_str() == "second"));
    assert_eq!(second.count(), 4 * EACH as usize);
    let states = bench.states().await;
    assert_eq!(states.iter().filter(|(_, state)| *state == SentState::Cancelled).count(), 2 * EACH as usize);
}

pub async fn turns_in_a_race_all_count_once(bench: Bench) {
    const TASKS: u64 = 4;
    const TURNS: u64 = 10;
    let bench = std::sync::Arc::new(bench);
    let ana = bench.patient(1);
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let (bench, ana) = (bench.clone(), ana.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0..TURNS {
                loop {
                    let loaded = bench.store.load(&ana.id).await.unwrap();
                    let mut conversation = loaded.as_ref().map_or_else(|| ana.conversation(0), |loaded| loaded.conversation.clone());
                    conversation.n_turns += 1;
                    let expected = loaded.map(|loaded| loaded.etag);
                    let turn = ana.turn_of(conversation, bench.etag(), 0, expected, &format!("m{task}.{n}"), &[]);
                    if matches!(bench.store.commit(turn).await.unwrap(), Committed::Done) {
                        break;
                    }
                }
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let turns: Vec<u64> = bench
        .lines()
        .await
        .into_iter()
        .filter_map(|line| if let Entry::Turn(turn) = line.entry { Some(turn.n_turn) } else { None })
        .collect();
    assert_eq!(turns, (1..=TASKS * TURNS).collect::<Vec<_>>());
    assert_eq!(bench.store.load(&ana.id).await.unwrap().unwrap().conversation.n_turns, TASKS * TURNS);
}

pub async fn a_commit_repeated_has_one_effect(bench: Bench) {
    let ana = bench.patient(1);
    let first = bench.kept(ana.turn(&bench, 0, None, "m1", &[])).await;
    let turn = ana.turn(&bench, 1, Some(first), "m2", &[(Purpose::Dialogue, "one"), (Purpose::Dialogue, "two")]);
    for _ in 0..3 {
        bench.kept(turn.clone()).await;
    }
    assert_eq!(bench.lines().await.len(), 2);
    assert_eq!(bench.store.depth().await.unwrap().0, 2);
    // Once another turn followed, a repeat is stale: it must look again.
    bench.kept(ana.turn(&bench, 2, Some(turn.etag), "m3", &[])).await;
    assert!(matches!(bench.store.commit(turn).await.unwrap(), Committed::Stale(_)));
}

pub async fn what_is_too_large_keeps_nothing(bench: Bench) {
    let ana = bench.patient(1);
    let long = "x".repeat(limit::STORED_VALUE_BYTES);
    let turn = ana.turn(&bench, 0, None, "m1", &[(Purpose::Dialogue, "short"), (Purpose::Dialogue, &long)]);
    let refused = bench.store.commit(turn).await;
    assert!(matches!(refused, Err(StoreError::TooLarge { what: "outbox item", limit: limit::STORED_VALUE_BYTES })), "{refused:?}");
    assert!(bench.store.load(&ana.id).await.unwrap().is_none());
    assert!(bench.lines().await.is_empty());
}

pub async fn an_id_that_is_none_is_refused(bench: Bench) {
    let (ana, ben) = (bench.patient(1), bench.patient(2));
    for id in ["", "x", "..", "zz", "ABCDEF00ABCDEF00ABCDEF00ABCDEF00"] {
        assert!(bench.store.load(&ConversationId(id.into())).await.unwrap().is_none());
    }
    let mut turn = ana.turn(&bench, 0, None, "m1", &[(Purpose::Dialogue, "hello")]);
    turn.id = ben.id;
    assert!(matches!(bench.store.commit(turn).await, Err(StoreError::Configuration(_))));
}

pub async fn a_wake_is_seen_until_a_commit_moves_it(bench: Bench) {
    let ana = bench.patient(1);
    let mut turn = ana.turn(&bench, 0, None, "m1", &[]);
    turn.wake_at = Some(at(1_000));
    let etag = bench.kept(turn).await;
    let held = bench.held().await;
    assert!(bench.store.due(&held, at(999), 10).await.unwrap().is_empty());
    let due = vec![Due { conversation: ana.id.clone(), at: at(1_000) }];
    for _ in 0..2 {
        assert_eq!(bench.store.due(&held, at(1_000), 10).await.unwrap(), due);
    }
    let mut turn = ana.turn(&bench, 1_000, Some(etag), "wake:1000", &[]);
    turn.wake_at = Some(at(2_000));
    let etag = bench.kept(turn).await;
    assert!(bench.store.due(&held, at(1_999), 10).await.unwrap().is_empty());
    assert_eq!(bench.store.due(&held, at(5_000), 10).await.unwrap(), [Due { conversation: ana.id.clone(), at: at(2_000) }]);
    bench.kept(ana.turn(&bench, 2_000, Some(etag), "wake:2000", &[])).await;
    assert!(bench.store.due(&held, at(9_000), 10).await.unwrap().is_empty());
}

pub async fn wakes_come_in_order_and_within_the_limit(bench: Bench) {
    let held = bench.held().await;
    for n in 1..=12_u32 {
        let ana = bench.patient(n);
        let mut turn = ana.turn(&bench, 0, None, "m1", &[]);
        turn.wake_at = Some(at(i64::from(n % 4) * 10));
        bench.kept(turn).await;
    }
    let ms = |due: Vec<Due>| due.iter().map(|due| due.at).collect::<Vec<_>>();
    assert_eq!(ms(bench.store.due(&held, at(10), 4).await.unwrap()), [at(0), at(0), at(0), at(10)]);
    assert_eq!(bench.store.due(&held, at(99), 100).await.unwrap().len(), 12);
    assert!(bench.store.due(&intake::store::Held::default(), at(99), 100).await.unwrap().is_empty());
}

pub async fn the_journal_is_read_in_order_from_a_cursor_and_trimmed(bench: Bench) {
    let ana = bench.patient(1);
    let mut etag = None;
    for n in 1..=12_u64 {
        let conversation = ana.conversation(n);
        etag = Some(bench.kept(ana.turn_of(conversation, bench.etag(), 0, etag, &format!("m{n}"), &[])).await);
    }
    let held = bench.held().await;
    let read = |after: Vec<Cursor>, limit| {
        let (store, held) = (bench.store.clone(), held.clone());
        async move {
            let lines = store.journal(&held, &after, limit).await.unwrap();
            let cursors: Vec<Cursor> = lines.iter().map(|line| line.cursor.clone()).collect();
            assert!(cursors.is_sorted(), "places sort by time");
            let turn = |line: &intake::store::Line| match &line.entry {
                Entry::Turn(turn) => turn.n_turn,
                Entry::Delivery { .. } | Entry::Fault { .. } | Entry::Erased { .. } => 0,
            };
            (lines.iter().map(turn).collect::<Vec<_>>(), cursors)
        }
    };
    let (turns, cursors) = read(vec![], 5).await;
    assert_eq!(turns, [1, 2, 3, 4, 5]);
    let (turns, _) = read(vec![cursors[4].clone()], 100).await;
    assert_eq!(turns, (6..=12).collect::<Vec<_>>());
    bench.store.trim(&cursors[2..3]).await.unwrap();
    let (turns, later) = read(vec![], 100).await;
    assert_eq!(turns, (4..=12).collect::<Vec<_>>());
    bench.store.trim(std::slice::from_ref(later.last().unwrap())).await.unwrap();
    assert!(read(vec![], 100).await.0.is_empty());
    bench.kept(ana.turn_of(ana.conversation(13), bench.etag(), 0, etag, "m13", &[])).await;
    let (turns, last) = read(vec![later.last().unwrap().clone()], 100).await;
    assert_eq!(turns, [13], "a place is never used again");
    assert!(last[0] > *later.last().unwrap());
    assert_eq!(bench.lines().await[0].conversation, Some(ana.id));
}

pub async fn a_fault_is_journaled(bench: Bench) {
    bench.store.fault("sms", "no `From` in the form", at(7)).await.unwrap();
    let lines = bench.lines().await;
    let fault = Entry::Fault { channel: "sms".into(), what: "no `From` in the form".into(), at: at(7) };
    assert_eq!(lines.into_iter().map(|line| (line.conversation, line.entry)).collect::<Vec<_>>(), [(None, fault)]);
}

pub async fn a_revision_is_kept_once_and_read_whole(bench: Bench) {
    let id = RevisionId("5f".repeat(32));
    let file = |text: &str| Bundle { root: "welcome".into(), files: [("welcome.yaml".into(), text.into())].into() };
    assert!(bench.store.revision(&id).await.unwrap().is_none());
    let long = file(&"- say: hello\n".repeat(20_000));
    bench.store.put_revision(&id, &long).await.unwrap();
    bench.store.put_revision(&id, &file("other")).await.unwrap();
    assert_eq!(bench.store.revision(&id).await.unwrap(), Some(long));
}

pub async fn an_alias_is_written_once(bench: Bench) {
    let wa = |id: &str| Address::new(Medium::WhatsApp, id);
    let (phone, user, other) = (wa("+15550100777"), wa("US.1349"), wa("+15550100888"));
    let of = |address: &Address| bench.store.conversation_id(address);
    assert_eq!(bench.store.resolve(&user).await.unwrap(), of(&user));
    bench.store.alias(&user, &phone).await.unwrap();
    assert_eq!(bench.store.resolve(&user).await.unwrap(), of(&phone));
    bench.store.alias(&user, &other).await.unwrap();
    bench.store.alias(&user, &phone).await.unwrap();
    bench.store.alias(&phone, &phone).await.unwrap();
    bench.store.alias(&phone, &user).await.unwrap();
    assert_eq!(bench.store.resolve(&user).await.unwrap(), of(&phone));
    assert_eq!(bench.store.resolve(&phone).await.unwrap(), of(&phone));
    assert_eq!(bench.store.resolve(&other).await.unwrap(), of(&other));
}

pub async fn an_alias_never_hides_the_only_conversation(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "m1", &[])).await;
    let phone = Address::new(Medium::WhatsApp, "+15550100777");
    bench.store.alias(&ana.address, &phone).await.unwrap();
    assert_eq!(bench.store.resolve(&ana.address).await.unwrap(), ana.id);
    assert_eq!(bench.store.resolve(&phone).await.unwrap(), ana.id);
    let etag = bench.store.load(&ana.id).await.unwrap().map(|loaded| loaded.etag);
    for address in [&phone, &ana.address] {
        let (id, loaded) = bench.store.find(address).await.unwrap();
        assert_eq!((id, loaded.map(|loaded| loaded.etag)), (ana.id.clone(), etag));
    }
    let nobody = bench.patient(2);
    let (id, loaded) = bench.store.find(&nobody.address).await.unwrap();
    assert!(id == nobody.id && loaded.is_none());
}

pub async fn what_an_old_key_sealed_is_sealed_anew_in_its_place(bench: Bench) {
    let (store, patient) = (&bench.store, bench.patient(1));
    store.put_small("draft", "a", b"words", 3).await.unwrap();
    let etag = bench.kept(patient.turn(&bench, 0, None, "e1", &[(Purpose::Dialogue, "hi")])).await;
    assert_eq!(store.reseal().await.unwrap(), Resealed::default(), "one key: nothing to do");
    let rotated = Sealer::rotated(&bench.keys, &bench.clock, 0).unwrap();
    store.sealer().reload(&rotated).unwrap();
    // The line of the journal stays as it is until it is archived.
    assert_eq!(store.reseal().await.unwrap(), Resealed { n_resealed: 3, n_left: 1 });
    assert_eq!(store.load(&patient.id).await.unwrap().unwrap().etag, etag, "no commit in between is made stale");
    assert_eq!(bench.ready_ids(0).await, [patient.outbox("e1", 0)]);
    store.trim(&[bench.lines().await.last().unwrap().cursor.clone()]).await.unwrap();
    assert_eq!(store.reseal().await.unwrap(), Resealed::default());
    let without_old: String = rotated.lines().filter(|line| !line.starts_with("data 1 ")).map(|line| format!("{line}\n")).collect();
    store.sealer().reload(&without_old).unwrap();
    assert_eq!(store.small("draft", "a").await.unwrap().as_deref(), Some(b"words".as_slice()));
    bench.kept(patient.turn(&bench, 1, Some(etag), "e2", &[])).await;
    bench.pass(3_100).await;
    assert!(store.small("draft", "a").await.unwrap().is_none(), "it runs out when it would have");
}

pub async fn small_values_and_counts_run_out(bench: Bench) {
    let store = &bench.store;
    store.put_small("login", "a", b"ana", 1).await.unwrap();
    store.put_small("login", "b", b"first", 100).await.unwrap();
    store.put_small("login", "b", b"second", 100).await.unwrap();
    assert_eq!(store.small("login", "a").await.unwrap().as_deref(), Some(b"ana".as_slice()));
    assert_eq!(store.small("login", "b").await.unwrap().as_deref(), Some(b"second".as_slice()));
    assert!(store.small("draft", "a").await.unwrap().is_none());
    for n in 1..=3 {
        assert_eq!(store.count("tries", "ana", 1).await.unwrap(), n);
    }
    assert_eq!(store.count("tries", "ben", 100).await.unwrap(), 1);
    bench.pass(1_100).await;
    assert!(store.small("login", "a").await.unwrap().is_none());
    assert_eq!(store.count("tries", "ana", 1).await.unwrap(), 1);
    assert_eq!(store.count("tries", "ben", 100).await.unwrap(), 2);
    store.drop_small("login", "b").await.unwrap();
    assert!(store.small("login", "b").await.unwrap().is_none());
}

pub async fn nothing_in_errors_or_debug_output_is_private(bench: Bench) {
    let ana = bench.patient(7);
    let turn = ana.turn(&bench, 0, None, "m1", &[(Purpose::Dialogue, "canary words")]);
    let shown = format!("{:?} {:?} {:?}", bench.store, turn, bench.store.load(&ana.id).await);
    assert!(!shown.contains("canary") && !shown.contains("5550100"), "{shown}");
}

pub async fn an_erased_conversation_leaves_a_tombstone_and_nothing_to_send(bench: Bench) {
    let (ana, ben) = (bench.patient(1), bench.patient(2));
    let mut turn = ana.turn(&bench, 0, None, "m1", &[(Purpose::Dialogue, "hello"), (Purpose::Safety, "more")]);
    turn.wake_at = Some(at(5));
    let first = bench.kept(turn).await;
    bench.kept(ben.turn(&bench, 0, None, "m2", &[(Purpose::Dialogue, "hello")])).await;
    let etag = bench.etag();
    assert!(!bench.store.erase(&ana.id, [9; 16], etag, at(1)).await.unwrap());
    for _ in 0..2 {
        assert!(bench.store.erase(&ana.id, first, etag, at(1)).await.unwrap());
    }
    let left = bench.store.load(&ana.id).await.unwrap().unwrap();
    assert_eq!((left.etag, left.conversation), (etag, ana.conversation(1).erased()));
    assert!(bench.store.living(&ana.id).await.unwrap().is_none());
    assert_eq!(bench.ready_ids(9).await, [ben.outbox("m2", 0)]);
    assert_eq!(bench.store.depth().await.unwrap().0, 1);
    assert!(bench.store.due(&bench.held().await, at(9), 10).await.unwrap().is_empty());
    let lines = bench.lines().await;
    let told: Vec<_> = lines.iter().filter(|line| matches!(line.entry, Entry::Erased { .. })).collect();
    assert_eq!(told.len(), 1);
    assert_eq!((&told[0].conversation, &told[0].entry), (&Some(ana.id.clone()), &Entry::Erased { opted_out: false, at: at(1) }));

    assert!(matches!(bench.store.commit(ana.turn(&bench, 2, Some(first), "m3", &[])).await.unwrap(), Committed::Stale(_)));
    bench.kept(ana.turn(&bench, 2, Some(etag), "m3", &[(Purpose::Dialogue, "hello again")])).await;
    assert!(bench.ready_ids(9).await.contains(&ana.outbox("m3", 0)));
    assert!(!bench.store.forget(&ana.id).await.unwrap(), "it lives again");
}

pub async fn a_tombstone_is_forgotten_unless_they_opted_out(bench: Bench) {
    for (n, opted_out) in [(1, false), (2, true)] {
        let patient = bench.patient(n);
        let mut conversation = patient.conversation(1);
        conversation.opted_out_at = opted_out.then(|| at(0));
        let first = bench.kept(patient.turn_of(conversation, bench.etag(), 0, None, "m1", &[])).await;
        assert!(!bench.store.forget(&patient.id).await.unwrap(), "it lives");
        assert!(bench.store.erase(&patient.id, first, bench.etag(), at(1)).await.unwrap());
        assert_eq!(bench.store.forget(&patient.id).await.unwrap(), !opted_out);
        let left = bench.store.load(&patient.id).await.unwrap().map(|left| left.conversation.opted_out_at);
        assert_eq!(left, opted_out.then_some(Some(at(0))));
    }
    assert!(bench.store.forget(&bench.patient(3).id).await.unwrap(), "there was none");
}
