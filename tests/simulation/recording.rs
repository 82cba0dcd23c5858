//! The journal of a simulated world into the record, by a recorder that dies again and again: as if it had been applied once.

use std::{sync::Arc, time::Duration};

use intake::{
    records::{QueueKind, Records},
    runtime::{Loops, Parts, Service, http::Http},
    store::{
        Held, Store,
        between::{Between, Call, Fate, Waiting},
    },
};
use jiff::SignedDuration;

use super::{
    ledger::{Broken, Shared},
    provider::Provider,
    world::{Plan, World, constant},
};

/// Lets only the recorder work, and takes its answers away at times.
struct OnlyRecording(Arc<Shared>);

impl Between for OnlyRecording {
    fn meet<'a>(&'a self, call: Call<'a>) -> Waiting<'a, Fate> {
        let fate = match call {
            Call::Other("due" | "outbox") => Fate::Refused,
            Call::Other("trim") if self.0.chance(300) => Fate::AnswerLost,
            Call::Other("trim" | "journal") if self.0.chance(100) => Fate::Refused,
            Call::Load(_) | Call::Commit(_) | Call::Begin(_) | Call::Settle(_) | Call::Receipt(_) | Call::Other(_) => Fate::Well,
        };
        Box::pin(std::future::ready(fate))
    }

    fn part(&self) -> Waiting<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn a_recorder_that_dies_records_everything_once() {
    let mut world = World::new(11, Plan { n_events: 300, broken: Broken::Nothing, rolls_back: false });
    world.run();
    let shared = world.shared.clone();
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str| format!("sqlite:{}", folder.path().join(name).display());
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let open = |name: &str| {
        let (url, sealer, clock) = (url(name), shared.sealer.clone(), shared.clock.clone());
        async move { Records::open(&url, sealer, clock).await }
    };

    // Once, as it should be.
    let reading = runtime();
    let store = Store::of_memory(world.memory.clone(), shared.sealer.clone(), shared.clock.clone());
    let expected = reading.block_on(async {
        let records = open("once.db").await.unwrap();
        let lines = store.journal(&Held { shards: vec![(0, 0)] }, &[], usize::MAX).await.unwrap();
        assert!(lines.len() > 200, "{} lines", lines.len());
        for some in lines.chunks(200) {
            records.apply(some).await.unwrap();
        }
        told(&records).await
    });

    // By the recorder, which dies every few ms. The leases of the dead run out first.
    let between = Arc::new(OnlyRecording(shared.clone()));
    let mut n_deaths = 0_u64;
    loop {
        shared.clock.move_to(shared.clock.now().checked_add(SignedDuration::from_secs(11)).unwrap());
        let life = runtime();
        let left = life.block_on(async {
            let service = Service::new(Parts {
                settings: constant().settings.clone(),
                store: Store::of_memory(world.memory.seen_through(between.clone()), shared.sealer.clone(), shared.clock.clone()),
                records: open("often.db").await.unwrap(),
                shelf: constant().shelves[0].clone(),
                clock: shared.clock.clone(),
                http: Http::played(Arc::new(Provider { shared: shared.clone(), life: 0 })),
                engine: intake::engine::step,
            });
            let _loops = Loops::start(&service);
            // Longer lives where the machine is busy, or nothing would ever be recorded.
            let most_ms = 120 + 20 * n_deaths;
            tokio::time::sleep(Duration::from_millis(10 + shared.dice.below(most_ms))).await;
            store.journal(&Held { shards: vec![(0, 0)] }, &[], 1).await.unwrap().len()
        });
        drop(life);
        n_deaths += 1;
        assert!(n_deaths < 2_000, "the journal does not come to its end");
        if left == 0 {
            break;
        }
    }
    println!("{n_deaths} deaths of the recorder");
    let records = reading.block_on(open("often.db")).unwrap();
    assert_eq!(reading.block_on(told(&records)), expected);

    // What is live in the conversations is what the desk sees.
    let mut live: Vec<String> = world.conversations().iter().filter_map(|(_, one)| Some(one.escalation.as_ref()?.id.clone())).collect();
    live.sort();
    let queue = reading.block_on(records.queue()).unwrap();
    let mut seen: Vec<String> = queue.into_iter().filter(|row| row.kind == QueueKind::Escalation).map(|row| row.id).collect();
    seen.sort();
    assert!(!live.is_empty(), "nobody called for a human in this world");
    assert_eq!(seen, live, "the queue of the desk");
}

/// What the record tells: its answers, its queue, and how far its feed is.
async fn told(records: &Records) -> (String, u64, Vec<String>, u64) {
    let (csv, n_rows) = records.answers_csv(None).await.unwrap();
    let queue = records.queue().await.unwrap().iter().map(|row| format!("{row:?}")).collect();
    (csv.into_inner(), n_rows, queue, records.feed_newest().await.unwrap())
}
