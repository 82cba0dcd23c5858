//! Facts about the outbox: order, fences, STOP, attempts, receipts, leases.

use std::time::Duration;

use intake::{
    base::EventId,
    channel::Delivery,
    engine::{
        Event, EventKind, Purpose,
        event::{Deliver, Undeliverable},
    },
    store::{Begin, Load, Pending, Receipted, SentState, Settlement},
};

use super::bench::{Bench, Patient, at, bands, receipt};

const ACCEPTED: SentState = SentState::Delivery(Delivery::Accepted);

fn accepted() -> Settlement {
    Settlement::Accepted { provider_id: "SM1".into() }
}

/// The one item that may be begun.
async fn only(bench: &Bench, ms: i64) -> Pending {
    let mut ready = bench.ready(ms).await;
    assert_eq!(ready.len(), 1, "{ready:?}");
    ready.pop().unwrap()
}

async fn begun(bench: &Bench, ms: i64) -> Pending {
    let pending = only(bench, ms).await;
    assert_eq!(bench.store.begin(&pending, at(ms)).await.unwrap(), Begin::Go);
    pending
}

pub async fn items_leave_in_order_interactive_conversations_first(bench: Bench) {
    let (ana, ben, eva) = (bench.patient(1), bench.patient(2), bench.patient(3));
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Reminder, "a0")])).await;
    bench.kept(ben.turn(&bench, 10, None, "e", &[(Purpose::Dialogue, "b0"), (Purpose::Dialogue, "b1")])).await;
    bench.kept(eva.turn(&bench, 5, None, "e", &[(Purpose::Tracer, "e0")])).await;
    assert!(bench.ready_ids(-1).await.is_empty());
    assert_eq!(bench.ready_ids(10).await, [eva.outbox("e", 0), ben.outbox("e", 0), ana.outbox("e", 0)]);
    let held = bench.held().await;
    let two = bench.store.outbox(&held, &bands()[2..4], at(10), 2).await.unwrap();
    assert_eq!(two.iter().map(|pending| &pending.item.id).collect::<Vec<_>>(), [&eva.outbox("e", 0), &ben.outbox("e", 0)]);
    assert!(bench.store.outbox(&intake::store::Held::default(), &bands(), at(10), 9).await.unwrap().is_empty());

    let first = two.into_iter().nth(1).unwrap();
    assert_eq!((first.n_attempts, first.ambiguous), (0, false));
    assert!(matches!(&first.item.load, Load::Message(message) if message.text.reveal() == "b0"));
    assert_eq!(bench.store.begin(&first, at(10)).await.unwrap(), Begin::Go);
    assert_eq!(bench.store.begin(&first, at(10)).await.unwrap(), Begin::NotOurs, "it is under way");
    assert_eq!(bench.ready_ids(11).await, [eva.outbox("e", 0), ana.outbox("e", 0)], "b1 waits for b0");
    bench.store.settle(&first, accepted(), at(12)).await.unwrap();
    assert_eq!(bench.ready_ids(12).await, [eva.outbox("e", 0), ben.outbox("e", 1), ana.outbox("e", 0)]);
    assert_eq!(bench.states().await, [(ben.outbox("e", 0), ACCEPTED)]);
}

pub async fn an_interactive_item_lifts_what_waits_before_it(bench: Bench) {
    let (ana, ben) = (bench.patient(1), bench.patient(2));
    let etag = bench.kept(ana.turn(&bench, 5, None, "e", &[(Purpose::Reminder, "a0")])).await;
    bench.kept(ben.turn(&bench, 1, None, "e", &[(Purpose::Reminder, "b0")])).await;
    assert_eq!(bench.ready_ids(9).await, [ben.outbox("e", 0), ana.outbox("e", 0)]);
    bench.kept(ana.turn(&bench, 6, Some(etag), "f", &[(Purpose::Dialogue, "a1")])).await;
    assert_eq!(bench.ready_ids(9).await, [ana.outbox("e", 0), ben.outbox("e", 0)]);
}

pub async fn an_item_tried_again_holds_back_only_its_conversation(bench: Bench) {
    let (ana, ben) = (bench.patient(1), bench.patient(2));
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    let pending = begun(&bench, 0).await;
    bench.store.settle(&pending, Settlement::RetryAt(at(5_000)), at(1)).await.unwrap();
    bench.kept(ben.turn(&bench, 2, None, "e", &[(Purpose::Dialogue, "b0")])).await;
    assert_eq!(bench.ready_ids(4_999).await, [ben.outbox("e", 0)]);
    assert_eq!(bench.ready_ids(5_000).await, [ben.outbox("e", 0), ana.outbox("e", 0)]);
    let again = bench.ready(5_000).await.into_iter().nth(1).unwrap();
    assert_eq!((again.n_attempts, again.ambiguous), (1, false));
    // What came of the first attempt is old news now.
    assert_eq!(bench.store.begin(&pending, at(5_000)).await.unwrap(), Begin::NotOurs);
    assert_eq!(bench.store.begin(&again, at(5_000)).await.unwrap(), Begin::Go);
    bench.store.settle(&pending, Settlement::RetryAt(at(5_001)), at(5_001)).await.unwrap();
    assert_eq!(bench.ready_ids(5_002).await, [ben.outbox("e", 0)]);
}

pub async fn a_change_of_holder_supersedes_dialogue_but_not_safety(bench: Bench) {
    let ana = bench.patient(1);
    let says = [(Purpose::Dialogue, "question"), (Purpose::Safety, "call 911"), (Purpose::Reminder, "still there?")];
    let etag = bench.kept(ana.turn(&bench, 0, None, "e", &says)).await;
    let mut claimed = ana.conversation(2);
    claimed.epoch = 1;
    bench.kept(ana.turn_of(claimed, bench.etag(), 1, Some(etag), "claim", &[(Purpose::Tracer, "I am Rosa")])).await;

    let dialogue = only(&bench, 2).await;
    assert_eq!(bench.store.begin(&dialogue, at(2)).await.unwrap(), Begin::Superseded);
    assert_eq!(bench.store.begin(&dialogue, at(2)).await.unwrap(), Begin::NotOurs);
    let safety = begun(&bench, 2).await;
    assert_eq!(safety.item.purpose, Purpose::Safety);
    bench.store.settle(&safety, accepted(), at(3)).await.unwrap();
    let reminder = only(&bench, 3).await;
    assert_eq!(bench.store.begin(&reminder, at(3)).await.unwrap(), Begin::Superseded);
    let tracer = begun(&bench, 4).await;
    assert_eq!(tracer.item.purpose, Purpose::Tracer);
    assert_eq!(
        bench.states().await,
        [(ana.outbox("e", 0), SentState::Superseded), (ana.outbox("e", 1), ACCEPTED), (ana.outbox("e", 2), SentState::Superseded)]
    );
}

pub async fn stop_cancels_what_waits_but_safety(bench: Bench) {
    let ana = bench.patient(1);
    let says = [
        (Purpose::Dialogue, "question"),
        (Purpose::Safety, "call 911"),
        (Purpose::Tracer, "I am Rosa"),
        (Purpose::Notice, "to staff"),
        (Purpose::Handover, "a person will write"),
    ];
    let etag = bench.kept(ana.turn(&bench, 0, None, "e", &says)).await;
    // One of them was tried before and waits.
    let pending = begun(&bench, 0).await;
    bench.store.settle(&pending, Settlement::RetryAt(at(50)), at(0)).await.unwrap();
    let mut stop = ana.turn(&bench, 10, Some(etag), "stop", &[(Purpose::Confirmation, "You will get no more messages.")]);
    stop.cancel_waiting = true;
    bench.kept(stop).await;

    let mut left = Vec::new();
    for ms in 20..23 {
        let pending = begun(&bench, ms).await;
        left.push(pending.item.id.clone());
        bench.store.settle(&pending, accepted(), at(ms)).await.unwrap();
    }
    assert_eq!(left, [ana.outbox("e", 1), ana.outbox("e", 3), ana.outbox("stop", 0)]);
    assert!(bench.ready(99_999).await.is_empty());
    let cancelled = |n| (ana.outbox("e", n), SentState::Cancelled);
    assert_eq!(bench.states().await[..3], [cancelled(0), cancelled(2), cancelled(4)]);
    assert_eq!(bench.store.depth().await.unwrap(), (0, 0));
}

pub async fn stop_during_an_attempt_ends_its_retries(bench: Bench) {
    let ana = bench.patient(1);
    let mut etag = bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a")])).await;
    for (n, settlement) in [Settlement::RetryAt(at(40)), Settlement::AmbiguousUntil(at(40))].into_iter().enumerate() {
        let pending = begun(&bench, 1).await;
        let mut stop = ana.turn(&bench, 10, Some(etag), &format!("stop{n}"), &[]);
        stop.cancel_waiting = true;
        etag = bench.kept(stop).await;
        assert!(bench.ready(20).await.is_empty());
        bench.store.settle(&pending, settlement, at(20)).await.unwrap();
        assert!(bench.ready(99_999).await.is_empty());
        assert_eq!(bench.states().await.last().unwrap(), &(pending.item.id.clone(), SentState::Cancelled));
        etag = bench.kept(ana.turn(&bench, 0, Some(etag), &format!("e{n}"), &[(Purpose::Dialogue, "a")])).await;
    }
    // And where the process died in the attempt, the item ends when it comes back.
    begun(&bench, 1).await;
    let mut stop = ana.turn(&bench, 10, Some(etag), "stop", &[]);
    stop.cancel_waiting = true;
    bench.kept(stop).await;
    let back = only(&bench, 40_000).await;
    assert_eq!(bench.store.begin(&back, at(40_000)).await.unwrap(), Begin::Superseded);
    assert_eq!(bench.states().await.last().unwrap(), &(back.item.id.clone(), SentState::Cancelled));
}

pub async fn a_receipt_ends_an_ambiguous_item(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    let pending = begun(&bench, 0).await;
    bench.store.settle(&pending, Settlement::AmbiguousUntil(at(30_000)), at(1)).await.unwrap();
    assert!(bench.ready(29_999).await.is_empty());
    let later = only(&bench, 30_000).await;
    assert_eq!((later.n_attempts, later.ambiguous), (1, true));
    assert_eq!(bench.store.receipt(&receipt(&pending.item.id, Delivery::Sent)).await.unwrap(), Receipted::Forward);
    assert_eq!(bench.ready_ids(2).await, [ana.outbox("e", 1)]);
    assert_eq!(bench.store.begin(&later, at(30_000)).await.unwrap(), Begin::NotOurs);
    assert_eq!(bench.states().await, [(ana.outbox("e", 0), SentState::Delivery(Delivery::Sent))]);
}

pub async fn a_receipt_that_overtakes_the_answer_is_not_taken_back(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0")])).await;
    let pending = begun(&bench, 0).await;
    let id = &pending.item.id;
    assert_eq!(bench.store.receipt(&receipt(id, Delivery::Delivered)).await.unwrap(), Receipted::Forward);
    bench.store.settle(&pending, accepted(), at(1)).await.unwrap();
    bench.store.settle(&pending, Settlement::RetryAt(at(2)), at(1)).await.unwrap();
    assert!(bench.ready(99_999).await.is_empty());
    assert_eq!(bench.states().await, [(id.clone(), SentState::Delivery(Delivery::Delivered))]);
}

pub async fn an_attempt_whose_process_died_comes_back_as_ambiguous(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    begun(&bench, 0).await;
    assert!(bench.ready(29_999).await.is_empty(), "a receipt has 30 s to tell");
    let back = only(&bench, 30_000).await;
    assert_eq!((back.item.id.clone(), back.n_attempts, back.ambiguous), (ana.outbox("e", 0), 1, true));
    assert_eq!(bench.store.begin(&back, at(30_000)).await.unwrap(), Begin::Go);
    bench.store.settle(&back, accepted(), at(30_001)).await.unwrap();
    assert_eq!(bench.ready_ids(30_002).await, [ana.outbox("e", 1)]);
}

pub async fn what_was_put_off_is_not_begun_before_its_time_by_who_read_it_meanwhile(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0")])).await;
    let pending = begun(&bench, 0).await;
    // Found due, and its attempts read only after they were counted up: a look takes several ways to the store and back.
    let mut read_meanwhile = pending.clone();
    read_meanwhile.n_attempts = 1;
    assert_eq!(bench.store.begin(&read_meanwhile, at(1)).await.unwrap(), Begin::NotOurs, "it is in the air");
    bench.store.settle(&pending, Settlement::AmbiguousUntil(at(30_000)), at(2)).await.unwrap();
    assert_eq!(bench.store.begin(&read_meanwhile, at(3)).await.unwrap(), Begin::NotOurs, "it was perhaps taken");
    bench.store.put_off(&read_meanwhile, at(6_000)).await.unwrap();
    assert_eq!(bench.store.begin(&read_meanwhile, at(29_999)).await.unwrap(), Begin::NotOurs, "a pace that puts it off too");
    assert_eq!(bench.store.begin(&only(&bench, 30_000).await, at(30_000)).await.unwrap(), Begin::Go);
}

pub async fn receipts_move_only_forward(bench: Bench) {
    let ana = bench.patient(1);
    let failed = Delivery::Failed(Undeliverable::WrongNumber);
    let cases: [&[(Delivery, bool)]; 3] = [
        &[(Delivery::Accepted, false), (Delivery::Delivered, true), (Delivery::Sent, false), (failed, false), (Delivery::Read, true)],
        &[(Delivery::Read, true), (Delivery::Delivered, false), (Delivery::Read, false), (failed, false)],
        &[(Delivery::Sent, true), (failed, true), (Delivery::Delivered, false), (failed, false), (Delivery::Read, false)],
    ];
    let mut etag = None;
    for (n, receipts) in cases.into_iter().enumerate() {
        let n_before = bench.states().await.len();
        etag = Some(bench.kept(ana.turn(&bench, 0, etag, &format!("e{n}"), &[(Purpose::Dialogue, "a")])).await);
        let waiting = only(&bench, 0).await.item.id;
        let early = bench.store.receipt(&receipt(&waiting, Delivery::Read)).await.unwrap();
        assert_eq!(early, Receipted::NoChange, "what was never tried cannot have arrived");
        let pending = begun(&bench, 0).await;
        bench.store.settle(&pending, accepted(), at(1)).await.unwrap();
        let mut expected = vec![ACCEPTED];
        for (state, forward) in receipts {
            let moved = bench.store.receipt(&receipt(&pending.item.id, *state)).await.unwrap();
            assert_eq!(moved == Receipted::Forward, *forward, "case {n}: {state:?}");
            if *forward {
                expected.push(SentState::Delivery(*state));
            }
        }
        let told = bench.states().await.split_off(n_before);
        assert_eq!(told, expected.into_iter().map(|state| (pending.item.id.clone(), state)).collect::<Vec<_>>());
    }
    let unknown = receipt(&ana.outbox("never", 0), Delivery::Read);
    assert_eq!(bench.store.receipt(&unknown).await.unwrap(), Receipted::NoChange);
    let mut without = unknown;
    without.outbox = None;
    assert_eq!(bench.store.receipt(&without).await.unwrap(), Receipted::NoChange);
    without.outbox = Some("no id of ours".into());
    assert_eq!(bench.store.receipt(&without).await.unwrap(), Receipted::NoChange);
}

pub async fn a_failure_is_final_and_told(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    let pending = begun(&bench, 0).await;
    let failed = Settlement::Failed { code: "21610".into(), reason: Undeliverable::OptedOut };
    bench.store.settle(&pending, failed.clone(), at(1)).await.unwrap();
    let state = SentState::Delivery(Delivery::Failed(Undeliverable::OptedOut));
    assert_eq!(bench.states().await, [(ana.outbox("e", 0), state)]);
    let lines = bench.lines().await;
    let told = lines.iter().find_map(|line| match &line.entry {
        intake::store::Entry::Delivery { code, at, .. } => Some((code.clone(), *at, line.conversation.clone())),
        intake::store::Entry::Turn(_) | intake::store::Entry::Fault { .. } | intake::store::Entry::Erased { .. } => None,
    });
    assert_eq!(told, Some((Some("21610".into()), at(1), Some(ana.id.clone()))));
    assert_eq!(bench.store.receipt(&receipt(&pending.item.id, Delivery::Sent)).await.unwrap(), Receipted::NoChange);
    let again = receipt(&pending.item.id, Delivery::Failed(Undeliverable::OptedOut));
    assert_eq!(bench.store.receipt(&again).await.unwrap(), Receipted::Known, "a process may have died before it acted on it");
    // One that could not even be put into the channel's form fails without an attempt.
    let next = only(&bench, 2).await;
    bench.store.settle(&next, failed, at(2)).await.unwrap();
    assert_eq!(bench.states().await.len(), 2);
    assert!(bench.ready(99_999).await.is_empty());
}

pub async fn settling_twice_changes_nothing(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    let pending = begun(&bench, 0).await;
    for _ in 0..2 {
        bench.store.settle(&pending, Settlement::RetryAt(at(10)), at(1)).await.unwrap();
    }
    let pending = begun(&bench, 10).await;
    assert_eq!(pending.n_attempts, 1);
    for _ in 0..3 {
        bench.store.settle(&pending, accepted(), at(11)).await.unwrap();
    }
    assert_eq!(bench.states().await, [(ana.outbox("e", 0), ACCEPTED)]);
    assert_eq!(bench.ready_ids(12).await, [ana.outbox("e", 1)]);
}

pub async fn a_turn_run_again_sends_nothing_twice(bench: Bench) {
    let ana = bench.patient(1);
    let says = [(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")];
    let etag = bench.kept(ana.turn(&bench, 0, None, "e", &says)).await;
    let pending = begun(&bench, 0).await;
    bench.store.settle(&pending, accepted(), at(1)).await.unwrap();
    // The same event decided anew, say after the ring forgot it: same ids, new etag.
    bench.kept(ana.turn(&bench, 2, Some(etag), "e", &says)).await;
    assert_eq!(bench.store.depth().await.unwrap().0, 1);
    let second = begun(&bench, 3).await;
    assert_eq!(second.item.id, ana.outbox("e", 1));
    bench.store.settle(&second, accepted(), at(3)).await.unwrap();
    assert!(bench.ready(99_999).await.is_empty());
}

pub async fn an_event_for_another_conversation_waits_in_order(bench: Bench) {
    let (ana, ben) = (bench.patient(1), bench.patient(2));
    let mut turn = ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0"), (Purpose::Notice, ""), (Purpose::Dialogue, "a2")]);
    let event = Event { id: EventId("from:e".into()), at: at(0), kind: EventKind::Wake };
    turn.outbox[1].load = Load::Deliver(Deliver { address: ben.address.clone(), channel: "sms".into(), event });
    let load = turn.outbox[1].load.clone();
    bench.kept(turn).await;
    let first = begun(&bench, 0).await;
    bench.store.settle(&first, accepted(), at(1)).await.unwrap();
    let handed = begun(&bench, 1).await;
    assert_eq!(handed.item.load, load);
    assert_eq!(only(&bench, 5_001).await.n_attempts, 1, "it may be run again after 5 s");
    bench.store.settle(&handed, Settlement::Delivered, at(2)).await.unwrap();
    assert_eq!(bench.ready_ids(2).await, [ana.outbox("e", 2)]);
    assert_eq!(bench.states().await, [(ana.outbox("e", 0), ACCEPTED)]);
}

pub async fn the_depth_counts_items_and_the_age_of_the_oldest(bench: Bench) {
    assert_eq!(bench.store.depth().await.unwrap(), (0, 0));
    for n in 1..=3 {
        let says = [(Purpose::Dialogue, "one"), (Purpose::Dialogue, "two")];
        bench.kept(bench.patient(n).turn(&bench, i64::from(n) * 10, None, "e", &says)).await;
    }
    bench.clock.move_to(at(1_000));
    assert_eq!(bench.store.depth().await.unwrap(), (6, 990));
}

pub async fn the_hint_rings_when_something_may_leave(bench: Bench) {
    let rings = async || tokio::time::timeout(Duration::from_millis(1), bench.store.work_hint().notified()).await.is_ok();
    let ana = bench.patient(1);
    let etag = bench.kept(ana.turn(&bench, 0, None, "e", &[])).await;
    assert!(!rings().await, "nothing to send");
    bench.kept(ana.turn(&bench, 0, Some(etag), "f", &[(Purpose::Dialogue, "a0"), (Purpose::Dialogue, "a1")])).await;
    assert!(rings().await);
    assert!(!rings().await);
    let pending = begun(&bench, 0).await;
    bench.store.settle(&pending, accepted(), at(1)).await.unwrap();
    assert!(rings().await, "the next of the conversation may leave");
}

async fn ready_of(bench: &Bench, ana: &Patient, node: &str, lease_ms: u64) -> Option<Pending> {
    let held = bench.store.hold(node, lease_ms).await.unwrap();
    let ready = bench.store.outbox(&held, &bands(), bench.clock.now(), 10).await.unwrap();
    ready.into_iter().find(|pending| pending.item.address == ana.address)
}

pub async fn a_lease_is_taken_over_after_it_ran_out_and_fences_the_old_node(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0")])).await;
    let old = ready_of(&bench, &ana, "node-a", 300).await.unwrap();
    let renewed = ready_of(&bench, &ana, "node-a", 300).await;
    assert_eq!(renewed.map(|pending| pending.shard), Some(old.shard), "renewing keeps the fence");
    assert!(ready_of(&bench, &ana, "node-b", 300).await.is_none(), "node-a holds it");
    bench.pass(400).await;
    let new = ready_of(&bench, &ana, "node-b", 60_000).await.expect("node-b takes it over");
    assert_eq!(new.shard.0, old.shard.0);
    assert_ne!(new.shard.1, old.shard.1, "with a new fence");

    let now = bench.clock.now();
    assert_eq!(bench.store.begin(&old, now).await.unwrap(), Begin::NotOurs);
    bench.store.settle(&old, Settlement::Failed { code: "0".into(), reason: Undeliverable::GaveUp }, now).await.unwrap();
    assert_eq!(bench.store.begin(&new, now).await.unwrap(), Begin::Go);
    bench.store.settle(&old, Settlement::RetryAt(at(0)), now).await.unwrap();
    assert!(ready_of(&bench, &ana, "node-b", 60_000).await.is_none(), "the old node's word changed nothing");
    // But that a provider took it counts whoever says so.
    bench.store.settle(&old, accepted(), now).await.unwrap();
    assert_eq!(bench.store.depth().await.unwrap().0, 0);
}

pub async fn a_lease_let_go_is_free_at_once(bench: Bench) {
    let ana = bench.patient(1);
    bench.kept(ana.turn(&bench, 0, None, "e", &[(Purpose::Dialogue, "a0")])).await;
    let old = ready_of(&bench, &ana, "node-a", 60_000).await.unwrap();
    bench.store.let_go("node-b").await.unwrap();
    assert!(ready_of(&bench, &ana, "node-b", 60_000).await.is_none());
    bench.store.let_go("node-a").await.unwrap();
    assert_eq!(bench.store.begin(&old, at(0)).await.unwrap(), Begin::NotOurs);
    assert!(ready_of(&bench, &ana, "node-b", 60_000).await.is_some());
}
