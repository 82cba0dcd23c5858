//! People who write to two services, and the judgement.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use intake::{base::clock::Clock, config::Replicas};
use tokio::time::sleep;

use crate::running::{Place, Running, sms};

/// People who write beside each other.
pub const PATIENTS: usize = 24;
/// How long everything may take that has to come about.
const PATIENCE: Duration = Duration::from_secs(90);

/// Nothing comes any more after so long: what could not be settled counts as under way for 30 s, and as perhaps taken for 30 s more.
const STILL: Duration = Duration::from_secs(100);

const FLOW: &str = "flow: hello
title: Echo
languages: [en]
for: anyone
ends: [complete]
steps:
  word:
    label: Word
    say: |
      {{#if word}}You said {{word}}.{{/if}}
      What next?
    ask: text
    go: word
";

/// What happens, for whoever disturbs it.
#[derive(Default)]
pub struct Load {
    /// Words of each that were acknowledged.
    words: Mutex<BTreeMap<usize, usize>>,
    n_acknowledged: AtomicUsize,
    n_refused: AtomicUsize,
    n_failovers: AtomicUsize,
    n_behind: AtomicUsize,
    last_at: Mutex<BTreeMap<usize, Instant>>,
    /// The longest that one of them waited from one word to the next.
    longest: Mutex<Duration>,
    enough: AtomicBool,
}

impl Load {
    pub fn acknowledged(&self) -> usize {
        self.n_acknowledged.load(Ordering::Relaxed)
    }

    pub fn failovers(&self, n: usize) {
        self.n_failovers.fetch_add(n, Ordering::Relaxed);
    }

    /// Notes what was acknowledged since, by a master that is cut off.
    pub fn acknowledged_behind(&self, before: usize) {
        self.n_behind.fetch_add(self.acknowledged() - before, Ordering::Relaxed);
    }

    async fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let until = Instant::now() + PATIENCE;
        while !holds() {
            assert!(Instant::now() < until, "{what}: not within {PATIENCE:?}, after {} acknowledged words", self.acknowledged());
            sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn acknowledged_more(&self, n: usize) {
        let n = self.acknowledged() + n;
        self.wait("more words", || self.acknowledged() >= n).await;
    }

    pub fn words(&self) -> BTreeMap<usize, usize> {
        self.words.lock().unwrap().clone()
    }

    /// Waits until half were acknowledged three words more than before; how many of all were, and how many not one.
    pub async fn some_go_on_and_some_do_not(&self, before: BTreeMap<usize, usize>) -> (usize, usize) {
        let more = |nth: usize| self.words().get(&nth).copied().unwrap_or(0) - before.get(&nth).copied().unwrap_or(0);
        self.wait("half of them go on", || (0..PATIENTS).filter(|nth| more(*nth) >= 3).count() >= PATIENTS / 2).await;
        ((0..PATIENTS).filter(|nth| more(*nth) >= 3).count(), (0..PATIENTS).filter(|nth| more(*nth) <= 1).count())
    }

    /// Waits until everybody was acknowledged one word more than now.
    pub async fn everybody_goes_on(&self) {
        let before = self.words.lock().unwrap().clone();
        let goes_on = || {
            let words = self.words.lock().unwrap();
            (0..PATIENTS).all(|nth| words.get(&nth).copied().unwrap_or(0) > before.get(&nth).copied().unwrap_or(0))
        };
        self.wait("everybody goes on", goes_on).await;
    }

    /// Waits until many tries were refused, or so many words acknowledged.
    pub async fn some_are_refused_or(&self, n_words: usize) {
        let (refused, acknowledged) = (self.n_refused.load(Ordering::Relaxed), self.acknowledged());
        let seen = || self.n_refused.load(Ordering::Relaxed) >= refused + 2 * PATIENTS || self.acknowledged() >= acknowledged + n_words;
        self.wait("refusals", seen).await;
    }

    fn acknowledge(&self, nth: usize, word: usize) {
        self.words.lock().unwrap().insert(nth, word);
        self.n_acknowledged.fetch_add(1, Ordering::Relaxed);
        let now = Instant::now();
        if let Some(last) = self.last_at.lock().unwrap().insert(nth, now) {
            let mut longest = self.longest.lock().unwrap();
            *longest = longest.max(now - last);
        }
    }
}

/// Figures.
pub struct Outcome {
    what: &'static str,
    n_acknowledged: usize,
    n_refused: usize,
    n_failovers: usize,
    pub n_behind: usize,
    pub n_lost: usize,
    n_unsaid: usize,
    /// Of them in the outbox still: not sent. The others were never decided.
    n_waiting: u64,
    n_doubled: usize,
    n_sent_twice: usize,
    n_order_breaks: usize,
    longest: Duration,
    took: Duration,
}

impl Outcome {
    pub fn must_be_whole(&self) {
        let wrong = self.n_lost + self.n_unsaid + self.n_doubled + self.n_sent_twice + self.n_order_breaks;
        assert!(wrong == 0 && self.n_acknowledged > 0 && self.n_failovers > 0, "{self}");
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "| {} | acknowledged {} | refused and tried again {} | failovers {} | acknowledged behind a partition {} | lost {} | unsaid {} (waiting {}) | \
             doubled {} | sent twice {} | order breaks {} | longest wait of one person {:.1} s | {:.0} s |",
            self.what,
            self.n_acknowledged,
            self.n_refused,
            self.n_failovers,
            self.n_behind,
            self.n_lost,
            self.n_unsaid,
            self.n_waiting,
            self.n_doubled,
            self.n_sent_twice,
            self.n_order_breaks,
            self.longest.as_secs_f64(),
            self.took.as_secs_f64()
        )
    }
}

/// Two services on a Redis, people who write, and somebody who disturbs.
pub async fn under(what: &'static str, url: &str, replicas: Option<Replicas>, disturb: impl AsyncFnOnce(&Load)) -> Outcome {
    let place = Place::new(url).await;
    fs::write(place.path().join("flows/hello.yaml"), FLOW).unwrap();
    if let Some(Replicas { n, within_ms }) = replicas {
        let file = place.path().join("intake.toml");
        let store = format!("[store]\nreplicas = {n}\nreplicas_within_ms = {within_ms}\n");
        fs::write(&file, fs::read_to_string(&file).unwrap().replace("[store]\n", &store)).unwrap();
    }
    let clock = Clock::machine();
    let services = Arc::new([place.run(&clock).await, place.run(&clock).await]);
    let (load, began) = (Arc::new(Load::default()), Instant::now());
    let writers: Vec<_> = (0..PATIENTS).map(|nth| tokio::spawn(write(nth, services.clone(), load.clone()))).collect();
    disturb(&load).await;
    load.enough.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.unwrap();
    }
    let words = load.words.lock().unwrap().clone();
    let said = async || {
        let taken = place.provider.taken(0).await;
        taken.into_iter().filter_map(|taken| Some((taken.to, word_of(&taken.text)?, taken.token))).collect::<Vec<_>>()
    };
    // Until all is said, or nothing more is for long: an item in the air at a failover has 30 s to be settled.
    let (mut n_said, mut moved_at) = (0, Instant::now());
    let distinct = |said: &[(String, usize, String)]| said.iter().map(|(to, word, _)| (to.clone(), *word)).collect::<BTreeSet<_>>().len();
    while n_said < load.acknowledged() && moved_at.elapsed() < if replicas.is_some() { STILL } else { STILL / 10 } {
        let now = distinct(&said().await);
        moved_at = if now > n_said { Instant::now() } else { moved_at };
        n_said = now;
        sleep(Duration::from_millis(50)).await;
    }
    // Whatever would come twice has its time to do so.
    sleep(Duration::from_millis(500)).await;
    let mut outcome = judged(what, &services[0], &words, &said().await).await;
    outcome.n_acknowledged = load.acknowledged();
    outcome.n_refused = load.n_refused.load(Ordering::Relaxed);
    outcome.n_failovers = load.n_failovers.load(Ordering::Relaxed);
    outcome.n_behind = load.n_behind.load(Ordering::Relaxed);
    outcome.longest = *load.longest.lock().unwrap();
    outcome.took = began.elapsed();
    println!("{outcome}");
    for service in Arc::into_inner(services).unwrap() {
        service.stop().await;
    }
    outcome
}

fn number(nth: usize) -> String {
    format!("+1555010{nth:04}")
}

/// Words begin high, with digits enough that none is an emergency number: whoever writes "w911" is given to a human, and all that waits for
/// them is taken back.
const BASE: usize = 100_000;

fn text_of(word: usize) -> String {
    if word == 0 { "hello".to_owned() } else { format!("w{}", BASE + word) }
}

fn word_of(text: &str) -> Option<usize> {
    let n: usize = text.split_once("You said w")?.1.split_once('.')?.0.parse().ok()?;
    n.checked_sub(BASE)
}

async fn judged(what: &'static str, service: &Running, words: &BTreeMap<usize, usize>, said: &[(String, usize, String)]) -> Outcome {
    let (mut n_lost, mut n_unsaid, mut n_doubled, mut n_order_breaks) = (0, 0, 0, 0);
    for (nth, n_words) in words {
        let (_, kept) = service.service.store().find(&sms(&number(*nth))).await.unwrap();
        // One turn more: the first hello.
        let n_turns = usize::try_from(kept.map_or(0, |kept| kept.conversation.n_turns)).unwrap();
        n_lost += (n_words + 1).saturating_sub(n_turns);
        let mut ids: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
        let mut furthest = 0;
        for (_, word, id) in said.iter().filter(|(to, ..)| *to == number(*nth)) {
            let is_new = !ids.contains_key(word);
            n_order_breaks += usize::from(is_new && *word < furthest);
            furthest = furthest.max(*word);
            ids.entry(*word).or_default().insert(id);
        }
        n_unsaid += (1..=*n_words).filter(|word| !ids.contains_key(word)).count();
        n_doubled += ids.values().filter(|ids| ids.len() > 1).count();
    }
    let n_sent_twice = said.len() - said.iter().collect::<BTreeSet<_>>().len();
    Outcome {
        what,
        n_lost,
        n_unsaid,
        n_waiting: service.service.store().depth().await.map_or(0, |(n, _)| n),
        n_doubled,
        n_sent_twice,
        n_order_breaks,
        n_acknowledged: 0,
        n_refused: 0,
        n_failovers: 0,
        n_behind: 0,
        longest: Duration::ZERO,
        took: Duration::ZERO,
    }
}

/// One of them: the next word once the last one was acknowledged, by whichever service; in one case of seven it comes twice. Goes on until
/// there were enough.
async fn write(nth: usize, services: Arc<[Running; 2]>, load: Arc<Load>) {
    let dice = Clock::machine();
    for word in 0_usize.. {
        let (sid, body) = (format!("SM{nth:016}{word:016}"), text_of(word));
        loop {
            let one = usize::try_from(dice.below(2)).unwrap();
            let (status, _) = services[one].text(&sid, &number(nth), &body).await;
            if status.is_success() {
                break;
            }
            assert!(status.is_server_error(), "{status}");
            load.n_refused.fetch_add(1, Ordering::Relaxed);
            sleep(Duration::from_millis(20 + dice.below(60))).await;
        }
        if dice.below(7) == 0 {
            let _ = services[usize::try_from(dice.below(2)).unwrap()].text(&sid, &number(nth), &body).await;
        }
        if word > 0 {
            load.acknowledge(nth, word);
        }
        if load.enough.load(Ordering::Relaxed) {
            return;
        }
        sleep(Duration::from_millis(dice.below(40))).await;
    }
}
