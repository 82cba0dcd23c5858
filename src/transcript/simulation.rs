//! Phones, a desk and a clock, without a network: the engine and the words as they are, driven by hand.
//!
//! Serves transcripts, `intake chat` and the author's simulator. Each turn passes the conversation through its stored form, so that nothing
//! can live only in memory.

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use crate::{
    base::{Address, EventId, Language, Private, calendar::Hours, capabilities::Capabilities, id::TracerId},
    engine::{
        self, Agency, Content, Conversation, Desk, Effect, Event, EventKind, Fact, Outcome, Purpose, Trace, World,
        event::{Card, Deliver, DeskAct, IfBusy, NewPerson, Start},
        next_wake,
    },
    flow::Library,
    render::{Catalog, Outgoing, Shape},
};

/// Seconds between one act and the next, as between people.
const BETWEEN_ACTS_S: i64 = 10;
/// Timers that may run out while time passes once: more than a week of any flow's reminders and the desk's notices every five minutes.
const WAKES_AT_MOST: usize = 5_000;
/// Events handed on from one phone to another by one act.
const DELIVERIES_AT_MOST: usize = 100;

/// The agency, the desk and the rest of what stands around a simulated conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// Who we are.
    pub agency: Agency,
    /// When humans are there.
    pub desk: Desk,
    /// The flow that a stranger's first text starts.
    pub welcome: Option<String>,
    /// The tracer's login and first name.
    pub tracer: (TracerId, String),
}

impl Default for Setting {
    /// A health department in New York, open on weekdays from 8 to 18, where Marta works.
    fn default() -> Self {
        #[expect(clippy::expect_used, reason = "the hours are written here, and every test reads them")]
        let hours = Hours::parse("Mon-Fri 08:00-18:00").expect("these are opening hours");
        Self {
            agency: Agency {
                name: "City Health Department".to_owned(),
                emergency_number: "911".to_owned(),
                phone_line: "+15550100999".to_owned(),
                country: "US".to_owned(),
                time_zone: "America/New_York".to_owned(),
            },
            desk: Desk { hours, on_call: Vec::new() },
            welcome: None,
            tracer: (TracerId::from("marta"), "Marta".to_owned()),
        }
    }
}

impl Setting {
    /// A wall-clock time at the agency as a moment.
    pub fn at(&self, local: DateTime) -> Timestamp {
        self.zone().to_timestamp(local).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// A moment as a wall-clock time at the agency.
    pub fn local(&self, at: Timestamp) -> DateTime {
        self.zone().to_datetime(at)
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(&self.agency.time_zone).unwrap_or(TimeZone::UTC)
    }
}

/// Phones with their conversations, the flows in service, and the time.
#[derive(Clone, Debug)]
pub struct Simulation {
    setting: Setting,
    library: Library,
    catalog: Catalog,
    now: Timestamp,
    n_events: u64,
    handsets: Vec<Handset>,
}

/// A phone, and what it last showed.
#[derive(Clone, Debug)]
struct Handset {
    conversation: Conversation,
    /// Buttons and rows shown so far, newest last: id, title, whole label.
    shown: Vec<(String, String, String)>,
}

/// What one event came to.
#[derive(Clone, Debug)]
pub struct Turn {
    /// Whose phone.
    pub phone: usize,
    /// When.
    pub at: Timestamp,
    /// What was sent.
    pub messages: Vec<Sent>,
    /// What was kept for the record.
    pub facts: Vec<Fact>,
    /// Why.
    pub trace: Vec<Trace>,
    /// Whether it had an effect.
    pub outcome: Outcome,
    /// What went wrong that must never: texts that cannot be rendered, a conversation that its stored form does not keep.
    pub faults: Vec<String>,
}

/// A message as it arrived on the phone.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// What it is for.
    pub purpose: Purpose,
    /// The message.
    pub outgoing: Outgoing,
    /// Whether the window was shut, so that a template (or nothing) is sent in its place.
    pub window_shut: bool,
}

impl Sent {
    /// The words, and what stands below in brackets: `Well? [Yes] [No]`.
    pub fn readable(&self) -> String {
        let titles: Vec<String> = match &self.outgoing.shape {
            Shape::Text | Shape::AskContact => Vec::new(),
            Shape::Buttons(buttons) => buttons.iter().map(|button| format!("[{}]", button.title.reveal())).collect(),
            Shape::List { rows, .. } => {
                rows.iter().map(|row| format!("[{}]", label(row.title.reveal(), row.description.reveal()))).collect()
            }
        };
        let text = self.outgoing.text.reveal();
        if titles.is_empty() { text.clone() } else { format!("{text}\n{}", titles.join(" ")) }
    }
}

fn label<'a>(title: &'a str, description: &'a str) -> &'a str {
    if description.is_empty() { title } else { description }
}

impl Simulation {
    /// A simulation of the flows of a library.
    pub fn new(library: Library, setting: Setting, now: Timestamp) -> Self {
        let mut catalog = Catalog::shared(&library.all_current().next().map(|(_, revision)| revision.partials.clone()).unwrap_or_default());
        for (_, revision) in library.all_current() {
            catalog.add(revision);
        }
        Self { setting, library, catalog, now, n_events: 0, handsets: Vec::new() }
    }

    /// Adds a phone that nothing has happened on yet; gives its number.
    pub fn add_phone(&mut self, address: Address, language: Option<Language>) -> usize {
        let channel = address.medium.word();
        let mut conversation = Conversation::new(address, channel);
        conversation.language = language;
        self.handsets.push(Handset { conversation, shown: Vec::new() });
        self.handsets.len() - 1
    }

    /// Takes identity for proved a moment ago.
    pub fn identity_holds(&mut self, phone: usize) {
        let now = self.now;
        if let Some(handset) = self.handsets.get_mut(phone) {
            handset.conversation.identity_held_at = Some(now);
        }
    }

    /// The time.
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// What stands around.
    pub const fn setting(&self) -> &Setting {
        &self.setting
    }

    /// The conversation of a phone.
    pub fn conversation(&self, phone: usize) -> Option<&Conversation> {
        self.handsets.get(phone).map(|handset| &handset.conversation)
    }

    /// What can be tapped on a phone, oldest first.
    pub fn tappable(&self, phone: usize) -> Vec<String> {
        let shown = self.handsets.get(phone).map(|handset| handset.shown.as_slice()).unwrap_or_default();
        shown.iter().map(|(_, title, whole)| label(title, whole).to_owned()).collect()
    }

    /// Starts a flow for a phone.
    pub fn start(&mut self, phone: usize, flow: &str, language: Option<Language>, people: Vec<NewPerson>) -> Vec<Turn> {
        let channel = self.channel(phone);
        let start = Start { flow: flow.to_owned(), channel, language, people, if_busy: IfBusy::Wait };
        self.act(phone, EventKind::Start(start))
    }

    /// They write.
    pub fn write(&mut self, phone: usize, text: &str) -> Vec<Turn> {
        self.content(phone, Content::Text(Private::from(text)))
    }

    /// They tap a button or row, the newest with this title; `None` where there is none.
    pub fn tap(&mut self, phone: usize, title: &str) -> Option<Vec<Turn>> {
        let wanted = title.to_lowercase();
        let handset = self.handsets.get(phone)?;
        let fits = |(_, title, whole): &&(String, String, String)| title.to_lowercase() == wanted || whole.to_lowercase() == wanted;
        let (id, title, _) = handset.shown.iter().rev().find(fits)?.clone();
        Some(self.content(phone, Content::Tap { id, title: Private::new(title) }))
    }

    /// They tap the nth thing (from 1) of the newest message that had something to tap; `None` where there is none.
    pub fn tap_nth(&mut self, phone: usize, nth: usize) -> Option<Vec<Turn>> {
        let handset = self.handsets.get(phone)?;
        let newest = handset.shown.last()?.0.rsplit_once(':')?.0.to_owned();
        let of_newest = |(id, _, _): &&(String, String, String)| id.rsplit_once(':').is_some_and(|(tap, _)| tap == newest);
        let (id, title, _) = handset.shown.iter().filter(of_newest).nth(nth.checked_sub(1)?)?.clone();
        Some(self.content(phone, Content::Tap { id, title: Private::new(title) }))
    }

    /// They share a contact card.
    pub fn card(&mut self, phone: usize, name: &str, numbers: &[String]) -> Vec<Turn> {
        let phones = numbers.iter().map(|number| Private::from(number.as_str())).collect();
        self.content(phone, Content::Cards(vec![Card { name: Private::from(name), phones }]))
    }

    /// They send a picture.
    pub fn picture(&mut self, phone: usize) -> Vec<Turn> {
        let nothing = || Private::from("");
        self.content(phone, Content::Media { kind: "image".to_owned(), reference: nothing(), caption: nothing() })
    }

    /// The tracer does something, having seen the newest page.
    pub fn desk(&mut self, phone: usize, act: DeskAct) -> Vec<Turn> {
        let epoch = self.conversation(phone).map_or(0, |conversation| conversation.epoch);
        let (tracer, first_name) = self.setting.tracer.clone();
        self.act(phone, EventKind::Desk { tracer, first_name, epoch, act })
    }

    /// Time passes; every timer that runs out meanwhile does so at its time.
    pub fn wait(&mut self, seconds: i64) -> Vec<Turn> {
        let until = self.now.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(self.now);
        let mut turns = Vec::new();
        for _ in 0..WAKES_AT_MOST {
            let next = (0..self.handsets.len()).filter_map(|phone| Some((self.next_wake(phone)?, phone))).min();
            let Some((due, phone)) = next.filter(|(due, _)| *due <= until) else { break };
            self.now = self.now.max(due);
            let woken = self.event(phone, EventKind::Wake);
            // A timer that does nothing and stays due would never end.
            let idle = woken.iter().all(|turn| turn.outcome != Outcome::Changed) && self.next_wake(phone).is_some_and(|next| next <= due);
            turns.extend(woken);
            if idle {
                break;
            }
        }
        self.now = until;
        turns
    }

    /// When something happens by itself on a phone next.
    pub fn next_wake(&self, phone: usize) -> Option<Timestamp> {
        let none: &[String] = &[];
        next_wake(&self.world(none), self.conversation(phone)?)
    }

    fn channel(&self, phone: usize) -> String {
        self.conversation(phone).map(|conversation| conversation.channel.clone()).unwrap_or_default()
    }

    fn world<'a>(&'a self, none: &'a [String]) -> World<'a> {
        World {
            library: &self.library,
            agency: &self.setting.agency,
            desk: &self.setting.desk,
            welcome: self.setting.welcome.as_deref(),
            stop_confirmed_by_provider: none,
            flood: None,
        }
    }

    fn content(&mut self, phone: usize, content: Content) -> Vec<Turn> {
        let channel = self.channel(phone);
        self.act(phone, EventKind::Message { channel, content })
    }

    fn act(&mut self, phone: usize, kind: EventKind) -> Vec<Turn> {
        self.now = self.now.checked_add(SignedDuration::from_secs(BETWEEN_ACTS_S)).unwrap_or(self.now);
        self.event(phone, kind)
    }

    /// One event, and those that it hands on to other phones of the simulation.
    fn event(&mut self, phone: usize, kind: EventKind) -> Vec<Turn> {
        self.n_events += 1;
        let id = EventId(format!("sim:{}", self.n_events));
        let mut queue = std::collections::VecDeque::from([(phone, Event { id, at: self.now, kind })]);
        let mut turns = Vec::new();
        while let Some((phone, event)) = queue.pop_front() {
            let Some((turn, handed_on)) = self.turn(phone, &event) else { continue };
            turns.push(turn);
            for deliver in handed_on {
                let target = self.handsets.iter().position(|handset| handset.conversation.address == deliver.address);
                if let Some(target) = target
                    && turns.len() + queue.len() < DELIVERIES_AT_MOST
                {
                    queue.push_back((target, deliver.event));
                }
            }
        }
        turns
    }

    fn turn(&mut self, phone: usize, event: &Event) -> Option<(Turn, Vec<Deliver>)> {
        let conversation = self.conversation(phone)?.clone();
        let none: &[String] = &[];
        let medium = conversation.address.medium;
        let capabilities = Capabilities::of(medium);
        let step = engine::step(&self.world(none), &conversation, event, self.now);
        let (mut kept, mut faults) = stored(&step.conversation);
        let now = self.now;
        let shut = capabilities
            .window_hours
            .is_some_and(|hours| kept.last_inbound_at.is_none_or(|last| now.as_second() - last.as_second() >= hours * 3_600));
        let (mut messages, mut facts, mut handed_on) = (Vec::new(), Vec::new(), Vec::new());
        for effect in step.effects {
            match effect {
                Effect::Say(say) => match self.catalog.render(&say, medium, &capabilities) {
                    Ok(texts) => {
                        messages.extend(texts.into_iter().map(|outgoing| Sent { purpose: say.purpose, outgoing, window_shut: shut }))
                    }
                    Err(fault) => faults.push(fault.to_string()),
                },
                Effect::Deliver(deliver) => handed_on.push(deliver),
                Effect::Fact(fact) => facts.push(fact),
            }
        }
        engine::remember_said(&mut kept, messages.iter().map(|message| &message.outgoing.text));
        let handset = self.handsets.get_mut(phone)?;
        handset.conversation = kept;
        for message in &messages {
            handset.shown.extend(taps(&message.outgoing.shape));
        }
        let turn = Turn { phone, at: now, messages, facts, trace: step.trace, outcome: step.outcome, faults };
        Some((turn, handed_on))
    }
}

/// The conversation as it comes back from its stored form, and what that lost.
fn stored(conversation: &Conversation) -> (Conversation, Vec<String>) {
    let kept = postcard::to_stdvec(conversation).and_then(|bytes| postcard::from_bytes::<Conversation>(&bytes));
    match kept {
        Ok(kept) if kept == *conversation => (kept, Vec::new()),
        Ok(kept) => (kept, vec!["the conversation is not the same after it was stored".to_owned()]),
        Err(_) => (conversation.clone(), vec!["the conversation cannot be stored".to_owned()]),
    }
}

fn taps(shape: &Shape) -> Vec<(String, String, String)> {
    match shape {
        Shape::Text | Shape::AskContact => Vec::new(),
        Shape::Buttons(buttons) => buttons.iter().map(|b| (b.id.clone(), b.title.reveal().clone(), String::new())).collect(),
        Shape::List { rows, .. } => {
            rows.iter().map(|row| (row.id.clone(), row.title.reveal().clone(), row.description.reveal().clone())).collect()
        }
    }
}
