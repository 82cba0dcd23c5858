//! Changing hands: the live call for a human, and what a tracer does with it.

use jiff::Timestamp;

use super::{
    Outcome, Refusal, alarm, clocks,
    conversation::{Escalation, EscalationState, Holder, ResumeAt},
    effect::{Effect, Fact, Purpose},
    event::{Deliver, DeskAct, DeskOutcome, Event, EventKind, HandBack},
    run::Run,
    scope, start,
    walk::{At, Walk},
};
use crate::{
    answer::{Reading, Reply},
    base::{
        EventId, Private,
        id::{RevisionId, TracerId},
    },
    flow::{
        condition::Datum,
        model::{Body, Urgency},
    },
};

/// Hours within which a message from the patient opens a resolved escalation again.
const REOPEN_HOURS: i64 = 24;

/// An act of a tracer.
pub(super) struct Act<'e> {
    pub tracer: &'e TracerId,
    pub first_name: &'e str,
    pub epoch: u64,
    pub act: &'e DeskAct,
}

impl Run<'_> {
    /// Calls a human: a new escalation, or the live one is raised and gets one more reason.
    pub fn call_human(
        &mut self,
        urgency: Urgency,
        because: &str,
        rule: &str,
        quote: Option<Private<String>>,
        resume: ResumeAt,
        session: Option<String>,
    ) {
        let (now, due_at) = (self.now, self.claim_due(urgency));
        let (id, raised, is_new) = match self.conversation.escalation.take() {
            Some(mut live) => {
                let raised = urgency > live.urgency;
                live.urgency = live.urgency.max(urgency);
                if raised && matches!(live.state, EscalationState::Waiting | EscalationState::Overdue) {
                    live.due_at = due_at;
                }
                if !live.because.iter().any(|known| known == because) && live.because.len() < 20 {
                    live.because.push(because.to_owned());
                }
                live.quote = live.quote.or_else(|| quote.clone());
                let id = live.id.clone();
                self.conversation.escalation = Some(live);
                (id, raised, false)
            }
            None => {
                let id = self.derived_id("esc", rule);
                self.conversation.escalation = Some(Escalation {
                    id: id.clone(),
                    urgency,
                    because: vec![because.to_owned()],
                    quote: quote.clone(),
                    rule: rule.to_owned(),
                    raised_at: now,
                    state: EscalationState::Waiting,
                    due_at,
                    told_overdue: false,
                    resume,
                });
                self.hold(Holder::Nobody);
                (id, true, true)
            }
        };
        self.note("", format!("{} call for a human: {because}", urgency.word()));
        let (urgency, due_at) = self.conversation.escalation.as_ref().map_or((urgency, due_at), |live| (live.urgency, live.due_at));
        self.fact(Fact::Escalated { escalation: id, urgency, because: because.to_owned(), rule: rule.to_owned(), quote, session, due_at });
        let closed = !self.world.desk.hours.open_at(now, &self.agency_zone());
        if raised && urgency >= Urgency::Urgent && (closed || (is_new && urgency == Urgency::Emergency)) {
            self.notify_on_call(urgency);
        }
    }

    /// Tells the desk; the bot goes on.
    pub fn task(&mut self, urgency: Urgency, because: &str, rule: &str, quote: Option<Private<String>>, session: Option<String>) {
        let task = self.derived_id("task", &format!("{rule} {}", self.effects.len()));
        self.note("", format!("{} task: {because}", urgency.word()));
        self.fact(Fact::Task { task, urgency, because: because.to_owned(), rule: rule.to_owned(), quote, session });
    }

    fn agency_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.world.agency.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// When a waiting call is overdue. Routine ones count from the next opening where the desk is closed.
    fn claim_due(&self, urgency: Urgency) -> Option<Timestamp> {
        Some(clocks::claim_by(urgency, self.now, &self.world.desk.hours, &self.agency_zone()))
    }

    /// When the desk opens next; `None` while it is open.
    fn opens_at(&self) -> Option<Timestamp> {
        let zone = self.agency_zone();
        if self.world.desk.hours.open_at(self.now, &zone) { None } else { self.world.desk.hours.next_opening(self.now, &zone) }
    }

    fn notify_on_call(&mut self, urgency: Urgency) {
        let id = self.conversation.escalation.as_ref().map(|live| live.id.clone()).unwrap_or_default();
        for (n, (address, channel)) in self.world.desk.on_call.iter().enumerate() {
            let event = Event {
                id: EventId(format!("notice:{id}:{n}:{}", self.now.as_millisecond())),
                at: self.now,
                kind: EventKind::Notice { urgency },
            };
            self.effects.push(Effect::Deliver(Deliver { address: address.clone(), channel: channel.clone(), event }));
        }
    }

    /// Tells the patient that a person will write, or when the desk opens.
    pub fn say_handed_over(&mut self, urgency: Urgency, revision: Option<&RevisionId>) {
        let (name, own) = match self.opens_at() {
            Some(opening) if urgency == Urgency::Routine => ("handed-over-closed", vec![("opening", Datum::Date(self.day_of(opening)))]),
            Some(_) | None => ("handed-over", Vec::new()),
        };
        let paragraph = self.shared(revision, name, &own);
        self.say(Purpose::Handover, vec![paragraph]);
    }

    fn day_of(&self, at: Timestamp) -> jiff::civil::Date {
        scope::zone(self.world, &self.conversation).to_datetime(at).date()
    }

    /// They wrote while a human has the conversation: kept and shown, not read by the flow.
    pub fn wait_for_human(&mut self) {
        let first = self.conversation.waiting_since.is_none();
        let now = self.now;
        self.conversation.waiting_since.get_or_insert(now);
        let Some(live) = self.live() else { return };
        match live.state {
            EscalationState::Parked => {
                live.state = EscalationState::Claimed;
                live.due_at = Some(clocks::reply_by(live.urgency, now));
                let id = live.id.clone();
                self.changed(&id, "patient wrote", None, None);
            }
            EscalationState::Claimed if first => live.due_at = Some(clocks::reply_by(live.urgency, now)),
            EscalationState::Waiting | EscalationState::Overdue if first && live.raised_at < now => {
                // A call that a failed delivery made was told to nobody, nor one of a fault while they were silent.
                let told = !matches!(live.rule.as_str(), "undeliverable" | "fault");
                self.say_shared(Purpose::Handover, if told { "still-waiting" } else { "handed-over" }, &[]);
            }
            EscalationState::Claimed
            | EscalationState::Waiting
            | EscalationState::Overdue
            | EscalationState::HandedBack
            | EscalationState::Resolved
            | EscalationState::Cancelled => {}
        }
    }

    /// A message after a resolved escalation opens it again, within a day. Gives whether it did.
    pub fn reopened_by_patient(&mut self) -> bool {
        let recent = |escalation: &Escalation| {
            escalation.state == EscalationState::Resolved
                && escalation.due_at.is_some_and(|resolved| self.now.as_second() - resolved.as_second() < REOPEN_HOURS * 3_600)
        };
        if !self.conversation.last_escalation.as_ref().is_some_and(recent) {
            return false;
        }
        self.reopen(None);
        true
    }

    fn reopen(&mut self, tracer: Option<TracerId>) {
        let Some(mut escalation) = self.conversation.last_escalation.take() else { return };
        escalation.state = EscalationState::Waiting;
        escalation.due_at = self.claim_due(escalation.urgency);
        escalation.told_overdue = false;
        escalation.resume = if self.conversation.sessions.is_empty() { ResumeAt::Nothing } else { ResumeAt::OpenQuestion };
        let id = escalation.id.clone();
        self.conversation.escalation = Some(escalation);
        self.hold(Holder::Nobody);
        let now = self.now;
        self.conversation.waiting_since.get_or_insert(now);
        self.changed(&id, "reopened", tracer, None);
    }

    fn changed(&mut self, escalation: &str, change: &str, tracer: Option<TracerId>, outcome: Option<DeskOutcome>) {
        let due_at = self.conversation.escalation.as_ref().and_then(|live| live.due_at);
        self.note("", format!("escalation {change}"));
        self.fact(Fact::EscalationChanged { escalation: escalation.to_owned(), change: change.to_owned(), tracer, outcome, due_at });
    }

    /// STOP ends the live call for a human, and tells the desk.
    pub fn cancel_escalation(&mut self) {
        if let Some(mut live) = self.conversation.escalation.take() {
            live.state = EscalationState::Cancelled;
            live.due_at = None;
            let id = live.id.clone();
            self.conversation.last_escalation = Some(live);
            self.changed(&id, "cancelled", None, None);
        }
        self.conversation.waiting_since = None;
        self.hold(Holder::Bot);
    }

    // The clocks.

    /// The live call's clock has run out.
    pub fn escalation_due(&mut self) {
        let now = self.now;
        let Some(live) = self.live().filter(|live| live.due_at.is_some_and(|due| due <= now)) else { return };
        let (id, urgency, state) = (live.id.clone(), live.urgency, live.state);
        match state {
            EscalationState::Waiting | EscalationState::Overdue => {
                let given_up = clocks::give_up_at(urgency, live.raised_at);
                if given_up.is_some_and(|at| at <= now) {
                    return self.not_reached(&id);
                }
                let tell = !std::mem::replace(&mut live.told_overdue, true);
                live.state = EscalationState::Overdue;
                live.due_at = given_up.or(Some(clocks::next_notice(urgency, now)));
                self.changed(&id, "overdue", None, None);
                if urgency >= Urgency::Urgent {
                    self.notify_on_call(urgency);
                }
                let quietly =
                    self.conversation.escalation.as_ref().is_some_and(|live| live.because.iter().any(|why| why == alarm::DISTRESS));
                match urgency {
                    Urgency::Emergency | Urgency::Urgent if quietly => {}
                    Urgency::Emergency if tell => self.say_shared(Purpose::Safety, "overdue-emergency", &[]),
                    Urgency::Urgent if tell => self.say_shared(Purpose::Handover, "overdue-urgent", &[]),
                    Urgency::Emergency | Urgency::Urgent | Urgency::Routine => {}
                }
            }
            EscalationState::Claimed => {
                let waiting = self.conversation.waiting_since.is_some();
                if let Some(live) = self.live() {
                    live.due_at = if waiting { Some(clocks::reply_by(urgency, now)) } else { None };
                }
                if waiting {
                    self.changed(&id, "stalled", None, None);
                    if urgency >= Urgency::Urgent {
                        self.notify_on_call(urgency);
                    }
                }
            }
            EscalationState::Parked => {
                live.state = EscalationState::Claimed;
                live.due_at = Some(clocks::reply_by(urgency, now));
                self.changed(&id, "back from park", None, None);
            }
            EscalationState::HandedBack | EscalationState::Resolved | EscalationState::Cancelled => live.due_at = None,
        }
    }

    /// A routine call that nobody took: the flow resumes, and `handover is not reached` holds.
    fn not_reached(&mut self, id: &str) {
        self.changed(id, "not reached", None, None);
        if let Some(session) = self.conversation.sessions.first_mut() {
            session.handover_not_reached = true;
        }
        self.hand_back(&HandBack::AsPlanned, "not reached");
    }

    // The desk.

    /// Does what a tracer wants, if the page it was decided on still holds.
    pub fn desk(&mut self, act: &Act<'_>) -> Outcome {
        let mine = self.conversation.holder == Holder::Tracer(act.tracer.clone());
        let others = matches!(&self.conversation.holder, Holder::Tracer(_)) && !mine;
        let stale = act.epoch != self.conversation.epoch;
        let refused = match act.act {
            DeskAct::Note(_) | DeskAct::TaskDone(_) => None,
            _ if others && !matches!(act.act, DeskAct::Transfer(_)) => Some(self.held_by()),
            _ if stale => Some(Refusal::Stale { epoch: self.conversation.epoch }),
            DeskAct::Release | DeskAct::HandBack(_) | DeskAct::Resolve(_) | DeskAct::Park(_) | DeskAct::Answer { .. } if !mine => {
                Some(Refusal::NotYours)
            }
            DeskAct::Transfer(_) if !mine && !others => Some(Refusal::NotYours),
            DeskAct::Reopen if self.conversation.escalation.is_some() || self.conversation.last_escalation.is_none() => {
                Some(Refusal::NothingToDo)
            }
            DeskAct::Claim if mine => Some(Refusal::NothingToDo),
            DeskAct::Reply(_) if self.conversation.opted_out_at.is_some() => Some(Refusal::OptedOut),
            DeskAct::Reply(_) if self.window_shut() => Some(Refusal::WindowShut),
            DeskAct::Claim
            | DeskAct::Release
            | DeskAct::Transfer(_)
            | DeskAct::Reply(_)
            | DeskAct::Answer { .. }
            | DeskAct::HandBack(_)
            | DeskAct::Resolve(_)
            | DeskAct::Park(_)
            | DeskAct::Reopen => None,
        };
        if let Some(refusal) = refused {
            return Outcome::Refused(refusal);
        }
        let id = self.conversation.escalation.as_ref().map(|live| live.id.clone()).unwrap_or_default();
        let tracer = Some(act.tracer.clone());
        match act.act {
            DeskAct::Claim => self.claim(act),
            DeskAct::Release => {
                self.set_live(EscalationState::Waiting, |run, urgency| run.claim_due(urgency));
                self.hold(Holder::Nobody);
                self.changed(&id, "released", tracer, None);
            }
            DeskAct::Transfer(to) => {
                self.hold(Holder::Tracer(to.clone()));
                self.changed(&id, "transferred", Some(to.clone()), None);
            }
            DeskAct::Reply(text) => {
                if !mine {
                    self.claim(act);
                }
                self.conversation.waiting_since = None;
                self.set_live(EscalationState::Claimed, |_, _| None);
                self.say_plain(Purpose::Tracer, text.clone());
            }
            DeskAct::Answer { step, said } => return self.fill_in(act.tracer, step, said),
            DeskAct::HandBack(to) => {
                self.changed(&id, "handed back", tracer, None);
                if let Some(session) = self.conversation.sessions.first_mut() {
                    session.handover_not_reached = false;
                }
                self.hand_back(to, "handed back");
            }
            DeskAct::Resolve(outcome) => {
                self.changed(&id, "resolved", tracer, Some(*outcome));
                self.say_shared(Purpose::Handover, "conversation-ended", &[]);
                self.close_escalation(EscalationState::Resolved);
                start::end_open(self, "resolved");
            }
            DeskAct::Park(until) => {
                let until = *until;
                self.set_live(EscalationState::Parked, |_, _| until);
                self.changed(&id, "parked", tracer, None);
            }
            DeskAct::Reopen => self.reopen(tracer),
            DeskAct::TaskDone(task) => self.fact(Fact::TaskDone { task: task.clone(), tracer: act.tracer.clone() }),
            DeskAct::Note(note) => self.fact(Fact::Noted { tracer: act.tracer.clone(), note: note.clone() }),
        }
        Outcome::Changed
    }

    fn held_by(&self) -> Refusal {
        match &self.conversation.holder {
            Holder::Tracer(tracer) => Refusal::HeldBy(tracer.clone()),
            Holder::Bot | Holder::Nobody => Refusal::NothingToDo,
        }
    }

    fn set_live(&mut self, state: EscalationState, due: impl FnOnce(&Self, Urgency) -> Option<Timestamp>) {
        let Some(urgency) = self.conversation.escalation.as_ref().map(|live| live.urgency) else { return };
        let due_at = due(self, urgency);
        if let Some(live) = self.live() {
            live.state = state;
            live.due_at = due_at;
        }
    }

    fn claim(&mut self, act: &Act<'_>) {
        if self.conversation.escalation.is_none() {
            let resume = if self.conversation.sessions.is_empty() { ResumeAt::Nothing } else { ResumeAt::OpenQuestion };
            let session = self.conversation.open_session().map(|session| session.id.clone());
            self.call_human(Urgency::Routine, "Taken over by a tracer", "tracer", None, resume, session);
        }
        self.hold(Holder::Tracer(act.tracer.clone()));
        let now = self.now;
        self.set_live(EscalationState::Claimed, |_, urgency| Some(clocks::reply_by(urgency, now)));
        self.conversation.waiting_since.get_or_insert(now);
        let id = self.conversation.escalation.as_ref().map(|live| live.id.clone()).unwrap_or_default();
        self.changed(&id, "claimed", Some(act.tracer.clone()), None);
        self.say_shared(Purpose::Handover, "person-joined", &[("tracer.first_name", Datum::Text(act.first_name.to_owned()))]);
    }

    /// An answer that the tracer fills in: read as the patient's would be.
    fn fill_in(&mut self, tracer: &TracerId, path: &str, said: &Private<String>) -> Outcome {
        let filled = start::with_open(self, |walk| {
            let Some(flow) = walk.flow() else { return false };
            let Some(id) = flow.find(path) else { return false };
            let step = flow.step(id);
            let Body::Ask(ask) = &step.body else { return false };
            let Reading::Clear { value, .. } = walk.understand(&flow, &walk.expect(&flow, ask), &Reply::of(said.reveal())) else {
                return false;
            };
            walk.answer(&flow, step, Some(value), said.clone(), false, Some(tracer.clone()));
            if walk.frame().at == path {
                walk.session.open = None;
                if let Some(live) = walk.run.live()
                    && live.resume == ResumeAt::OpenQuestion
                {
                    live.resume = ResumeAt::AfterAnswer;
                }
            }
            true
        });
        if filled == Some(true) { Outcome::Changed } else { Outcome::Refused(Refusal::NotUnderstood) }
    }

    fn close_escalation(&mut self, state: EscalationState) -> ResumeAt {
        self.conversation.waiting_since = None;
        self.hold(Holder::Bot);
        let now = self.now;
        match self.conversation.escalation.take() {
            Some(mut live) => {
                let resume = live.resume.clone();
                live.state = state;
                live.due_at = Some(now);
                self.conversation.last_escalation = Some(live);
                resume
            }
            None => ResumeAt::Nothing,
        }
    }

    /// Back to the bot: it goes on where the escalation says, or where the tracer says.
    fn hand_back(&mut self, to: &HandBack, why: &str) {
        let planned = self.close_escalation(EscalationState::HandedBack);
        let resume = match to {
            HandBack::AsPlanned => planned,
            HandBack::AtStep(path) => ResumeAt::Step(path.clone()),
            HandBack::ToTheEnd => ResumeAt::End,
        };
        self.note("", format!("{why}: the bot goes on ({resume:?})"));
        if resume == ResumeAt::End {
            start::end_open(self, "resolved");
            return;
        }
        if resume != ResumeAt::Nothing {
            let again = self.shared(self.revision().as_ref(), "assistant-again", &[]);
            start::with_open(self, |walk| {
                walk.pending.push(again);
                resume_at(walk, &resume);
            });
        }
        start::begin_waiting(self);
    }
}

fn resume_at(walk: &mut Walk<'_, '_>, resume: &ResumeAt) {
    let Some(flow) = walk.flow() else { return walk.fault("a flow of the session's revision is missing") };
    let here = flow.find(&walk.frame().at);
    let at = match (resume, here) {
        (ResumeAt::Step(path), _) => match flow.find(path) {
            Some(id) if reachable(walk, &flow, id) => walk.go(&flow, id),
            Some(_) | None => here.map_or(At::Stop, |id| At::Enter { step: id, again: true }),
        },
        (ResumeAt::NextStep, Some(id)) => Walk::next(&flow, id),
        (ResumeAt::AfterAnswer, Some(id)) => At::After(id),
        (ResumeAt::OpenQuestion | ResumeAt::Nothing | ResumeAt::End, _) => {
            if walk.session.open.is_some() {
                if let Some(open) = &mut walk.session.open {
                    open.asked_at = walk.run.now;
                    open.n_silence = 0;
                    open.n_unclear = 0;
                }
                let before = std::mem::take(&mut walk.pending);
                return walk.ask_anew(before, Purpose::Dialogue);
            }
            // It had not been asked yet, or the session had not begun.
            here.map_or_else(|| walk.beginning(), |id| At::Enter { step: id, again: true })
        }
        (ResumeAt::NextStep | ResumeAt::AfterAnswer, None) => At::Stop,
    };
    walk.session.open = None;
    walk.walk(at);
}

/// Whether a step can be gone to from here: its group is the outermost list or one that was entered.
fn reachable(walk: &Walk<'_, '_>, flow: &crate::flow::Flow, id: crate::flow::model::StepId) -> bool {
    flow.step(id).group.is_none_or(|group| {
        let path = &flow.step(group).path;
        walk.frame().loops.iter().any(|entered| entered.group == *path)
    })
}
