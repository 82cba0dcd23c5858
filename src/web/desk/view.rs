//! The conversation's page as data for its template: who said what, what is known, and what may be done.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{
    conversation::{Revisions, reply_chars},
    signed::Signed,
    words::{self, Names},
};
use crate::{
    base::{
        Private,
        id::{ConversationId, RevisionId},
        limit,
    },
    desk::{
        missing::{self, State},
        window::{Window, window},
    },
    engine::{Conversation, Holder, event::DeskOutcome},
    flow::{Flow, model::Body},
    records::{ConversationPage, EscalationPart, HistoryRow, MessageRow, PersonRow, SessionRow, User},
    runtime::Service,
    security::role::Permission,
};

/// Runs through flows that are shown: the newest.
const RUNS: usize = 8;

/// All that the page is made of.
pub(super) struct View<'a> {
    pub service: &'a Service,
    pub signed: &'a Signed,
    pub id: &'a ConversationId,
    pub live: &'a Conversation,
    pub record: Option<&'a ConversationPage>,
    pub names: &'a Names,
    pub revisions: &'a Revisions,
    pub colleagues: &'a [&'a User],
    pub mine: bool,
    pub behind: bool,
    pub now: Timestamp,
    pub zone: TimeZone,
}

impl View<'_> {
    /// What the patient is called.
    pub fn name(&self) -> String {
        words::patient(self.live.roster.first().map_or("", |person| person.first_name.reveal()), self.live.address.id.reveal())
    }

    fn people(&self) -> &[PersonRow] {
        self.record.map_or(&[], |record| &record.people)
    }

    fn moment(&self, at: Timestamp) -> String {
        words::moment(at, &self.zone)
    }

    fn act(&self) -> String {
        self.service.clock().new_id("act")
    }

    /// The template's data. `problem`: why an act was refused, and the words that were not sent; the page is read-only then.
    pub fn data(&self, problem: Option<(String, Private<String>)>) -> Value {
        let live = self.live;
        let works = self.signed.role.may(Permission::WorkConversation);
        let window = window(live.address.medium, live.last_inbound_at, self.now);
        let (window_text, window_class) = words::window(window, self.now);
        let escalation = live.escalation.as_ref();
        let due_at = escalation.and_then(|escalation| escalation.due_at);
        let (clock, clock_class) = due_at.map_or((String::new(), ""), |due_at| words::clock(due_at, self.now));
        let open = self.open_label();
        let resume =
            escalation.map_or(String::new(), |escalation| words::resume(&escalation.resume, open.as_deref(), |path| self.label(path)));
        let by_other = matches!(live.holder, Holder::Tracer(_)) && !self.mine;
        let read_only = match &problem {
            Some(_) => "This page shows how it stands now. Open it again to go on.",
            None if !works => "Your role reads; it does not answer.",
            None => "",
        };
        let (problem, unsent) = problem.map_or((String::new(), String::new()), |(problem, unsent)| (problem, unsent.into_inner()));
        let mut data = json!({
            "conversation": self.id.as_str(),
            "link": format!("/desk/{}", self.id),
            "name": self.name(),
            "medium": words::medium(live.address.medium.word()),
            "address": live.address.id.reveal(),
            "epoch": live.epoch.to_string(),
            "holder_text": self.holder(),
            "held_by": self.held_by(),
            "clock": clock,
            "clock_class": clock_class,
            "window": window_text,
            "window_class": window_class,
            "language": live.language.as_ref().map(|language| language.own_name().to_owned()),
            "local_time": self.local_time(),
            "opted_out": live.opted_out_at.map(|at| self.moment(at)),
            "problem": problem,
            "unsent": unsent,
            "behind": self.behind,
            "read_only": read_only,
            "mine": self.mine && works,
            "shut": self.shut(window),
            "may_erase": self.signed.role.may(Permission::Erase),
            "may_reply": works && !by_other,
            "reply_label": self.reply_label(),
            "reply_max": reply_chars(self.service, live).to_string(),
            "note_max": limit::NOTE_CHARS.to_string(),
            "filled_in_max": limit::FILLED_IN_CHARS.to_string(),
            "may_claim": works && !self.mine && !by_other,
            "claim_text": if live.holder == Holder::Bot { "Take over from the assistant" } else { "Claim" },
            "may_take_over": by_other && self.signed.role.may(Permission::AssignWork),
            "may_reopen": works && escalation.is_none() && live.last_escalation.is_some() && live.opted_out_at.is_none(),
            "resume": resume,
            "has_session": live.open_session().is_some(),
            "identity": match live.identity_held_at {
                Some(at) => format!("Identity confirmed on {}.", self.moment(at)),
                None => "Identity not confirmed yet.".to_owned(),
            },
        });
        let more = [
            ("acts", self.acts()),
            ("escalation", self.escalation()),
            ("transcript", self.transcript()),
            ("earlier", self.earlier()),
            ("steps", self.steps()),
            ("outcomes", DeskOutcome::ALL.iter().map(|(_, word)| json!(word)).collect()),
            ("colleagues", self.give_to()),
            ("missing", self.missing(works && self.mine)),
            ("missing_none", json!(if live.open_session().is_some() { "Nothing." } else { "No flow is running." })),
            ("runs", self.runs()),
            ("contacts", self.contacts()),
            ("people", self.roster()),
            ("tasks", self.tasks()),
            ("history", self.history()),
        ];
        if let Value::Object(data) = &mut data {
            data.extend(more.map(|(name, value)| (name.to_owned(), value)));
        }
        data
    }

    fn holder(&self) -> String {
        match &self.live.holder {
            Holder::Bot => "The assistant leads".to_owned(),
            Holder::Nobody => "Waits for a person".to_owned(),
            Holder::Tracer(_) if self.mine => "You have it".to_owned(),
            Holder::Tracer(tracer) => format!("{} has it", self.names.of(tracer.as_str())),
        }
    }

    fn held_by(&self) -> String {
        match &self.live.holder {
            Holder::Bot | Holder::Nobody => String::new(),
            Holder::Tracer(tracer) => self.names.of(tracer.as_str()).to_owned(),
        }
    }

    fn local_time(&self) -> Option<String> {
        let zone = TimeZone::get(self.live.time_zone.as_deref()?).ok()?;
        Some(zone.to_datetime(self.now).strftime("%H:%M").to_string())
    }

    fn shut(&self, window: Window) -> Option<&'static str> {
        match window {
            _ if self.live.opted_out_at.is_some() => Some("They have opted out: nothing may be sent to them. Call instead."),
            Window::Shut => Some("The window for free text is shut: WhatsApp takes no free words until they write again. Call instead."),
            Window::Open { .. } | Window::NotApplicable => None,
        }
    }

    fn reply_label(&self) -> &'static str {
        match &self.live.holder {
            Holder::Tracer(_) => "Write to the patient",
            Holder::Bot => "Write to the patient (takes over from the assistant)",
            Holder::Nobody => "Write to the patient (claims the conversation)",
        }
    }

    fn acts(&self) -> Value {
        let names = ["reply", "claim", "take_over", "reopen", "hand_back", "resolve", "park", "release", "transfer", "note"];
        Value::Object(names.iter().map(|name| ((*name).to_owned(), json!(self.act()))).collect())
    }

    fn escalation(&self) -> Value {
        self.live.escalation.as_ref().map_or(Value::Null, |escalation| {
            json!({
                "urgency": escalation.urgency.word(),
                "because": escalation.because,
                "quote": escalation.quote.as_ref().map(|quote| quote.reveal().clone()),
                "rule": escalation.rule,
                "raised": format!("called {}", self.moment(escalation.raised_at)),
            })
        })
    }

    // The transcript.

    fn earlier(&self) -> Value {
        let first = self.record.filter(|record| record.has_earlier).and_then(|record| record.transcript.first());
        first.map_or(Value::Null, |first| json!(format!("/desk/{}?before={}", self.id, first.n)))
    }

    fn transcript(&self) -> Value {
        self.record.map_or(json!([]), |record| record.transcript.iter().map(|message| self.message(message)).collect())
    }

    fn message(&self, message: &MessageRow) -> Value {
        let purpose = message.purpose.as_deref().unwrap_or_default();
        let tracer = message.tracer.as_deref().map(|login| self.names.of(login));
        let (mut class, who, text) = match message.direction.as_str() {
            "mark" => ("mark".to_owned(), None, words::mark(message, self.names)),
            "note" => ("note".to_owned(), Some(format!("{}, a note", tracer.unwrap_or("a tracer"))), message.text.reveal().clone()),
            "in" => ("in".to_owned(), Some(self.name()), message.text.reveal().clone()),
            _ => match tracer {
                Some(tracer) => ("out tracer".to_owned(), Some(tracer.to_owned()), message.text.reveal().clone()),
                None => (format!("out {purpose}"), Some("Assistant".to_owned()), message.text.reveal().clone()),
            },
        };
        let (mut state, mut state_class) = words::delivery(message);
        if matches!(message.state.as_deref(), Some("superseded" | "cancelled")) || message.deleted_at.is_some() {
            class.push_str(" gone");
        }
        if let Some(at) = message.deleted_at {
            (state, state_class) = (format!("deleted by them {}", self.moment(at)), "deleted");
        } else if message.doubtful {
            (state, state_class) = ("may be a repeat: only shown".to_owned(), "doubtful");
        } else if !message.earlier.is_empty() {
            (state, state_class) = ("changed by them".to_owned(), "changed");
        }
        let before: Vec<&String> = message.earlier.iter().map(Private::reveal).collect();
        json!({
            "n": message.n, "class": class, "who": who, "text": text, "before": before, "state": state, "state_class": state_class,
            "at": self.moment(message.at), "iso": message.at.to_string(),
        })
    }

    // What is known.

    /// The flow that runs: the one on top, of the open session's revision.
    fn running(&self) -> Option<(&Flow, &str)> {
        let session = self.live.open_session()?;
        let frame = session.frames.last()?;
        let flow = self.revisions.get(&session.revision)?.flows.get(&frame.flow)?;
        Some((flow.as_ref(), frame.at.as_str()))
    }

    /// What a question of the running flow is called.
    fn label(&self, path: &str) -> Option<String> {
        let (flow, _) = self.running()?;
        Some(missing::label(flow, flow.step(flow.find(path)?)))
    }

    fn open_label(&self) -> Option<String> {
        let (flow, at) = self.running()?;
        Some(missing::label(flow, flow.step(flow.find(at)?)))
    }

    /// Where the bot can go on: questions of the running flow outside groups, or in groups that were entered.
    fn steps(&self) -> Value {
        let Some((flow, _)) = self.running() else { return json!([]) };
        let entered = |path: &str| {
            let frame = self.live.open_session().and_then(|session| session.frames.last());
            frame.is_some_and(|frame| frame.loops.iter().any(|entered| entered.group == path))
        };
        let asks = flow.steps.iter().filter(|step| matches!(step.body, Body::Ask(_) | Body::Repeat(_)));
        let reachable = asks.filter(|step| step.group.is_none_or(|group| entered(&flow.step(group).path)));
        reachable.map(|step| json!({ "path": step.path, "label": missing::label(flow, step) })).collect()
    }

    fn missing(&self, may_fill: bool) -> Value {
        let Some(session) = self.live.open_session() else { return json!([]) };
        let Some(revision) = self.revisions.get(&session.revision) else { return json!([]) };
        let row = |missing: &missing::Missing| {
            json!({
                "label": missing.label,
                "step": missing.step,
                "who": missing.who.map(|who| words::person(who, self.people())),
                "state": match missing.state {
                    State::Open => "open",
                    State::Later => "later",
                    State::Perhaps => "perhaps",
                    State::Skipped => "skipped",
                },
                "fill": (may_fill && missing.can_be_filled).then(|| self.act()),
            })
        };
        missing::missing(revision, session).iter().map(row).collect()
    }

    fn runs(&self) -> Value {
        let Some(record) = self.record else { return json!([]) };
        record.sessions.iter().take(RUNS).map(|session| self.run(record, session)).collect()
    }

    fn run(&self, record: &ConversationPage, session: &SessionRow) -> Value {
        let revision = self.revisions.get(&RevisionId(session.revision.clone()));
        let title = revision.and_then(|revision| revision.flows.get(&session.flow)).map_or(&session.flow, |flow| &flow.title);
        let answers = record.answers.iter().filter(|answer| answer.session == session.id);
        let answers: Vec<Value> = answers
            .map(|answer| {
                let value = answer.value.as_ref();
                let shown = value.map(|value| words::value(value.reveal(), revision, &answer.flow, &answer.step, &record.people));
                let typed = Some(answer.said.reveal()).filter(|typed| !typed.is_empty());
                json!({
                    "label": answer.label,
                    "who": words::about(answer.who, &record.people),
                    "value": shown.unwrap_or_else(|| "no answer".to_owned()),
                    "typed": typed,
                    "flag": if answer.flagged { "not understood" } else { "" },
                    "by": answer.by.as_ref().map(|login| format!("filled in by {}", self.names.of(login))),
                    "class": if answer.superseded { "old" } else { "" },
                })
            })
            .collect();
        json!({ "title": title, "began": self.moment(session.began_at), "ended": session.ended, "answers": answers })
    }

    fn contacts(&self) -> Value {
        let Some(record) = self.record else { return json!([]) };
        let contact = |contact: &crate::records::ContactRow| {
            json!({
                "name": contact.name.as_ref().map_or("name not given", |name| name.reveal()),
                "phone": contact.phone.as_ref().map(|phone| phone.reveal().clone()),
                "unfinished": !contact.finished,
                "more": words::more_of(contact),
            })
        };
        record.contacts.iter().map(contact).collect()
    }

    fn roster(&self) -> Value {
        let person = |person: &crate::engine::Person| {
            json!({
                "name": words::name_or_unknown(person.first_name.reveal()),
                "texts": person.number == crate::base::id::PersonNumber::YOU,
                "born": person.birth_year,
                "record": person.record.as_ref().map(|record| record.reveal().clone()),
            })
        };
        self.live.roster.iter().map(person).collect()
    }

    fn tasks(&self) -> Value {
        let Some(record) = self.record else { return json!([]) };
        let task = |task: &crate::records::TaskRow| {
            json!({
                "id": task.id,
                "urgency": task.urgency.word(),
                "because": task.because,
                "quote": task.quote.as_ref().map(|quote| quote.reveal().clone()),
                "raised": self.moment(task.raised_at),
                "done": task.done.as_ref().map(|(who, at)| format!("{}, {}", self.names.of(who), self.moment(*at))),
            })
        };
        record.tasks.iter().map(task).collect()
    }

    fn history(&self) -> Value {
        let Some(record) = self.record else { return json!([]) };
        let part = |part: &EscalationPart| {
            let lines: Vec<Value> = part.history.iter().map(|row| self.history_line(row)).collect();
            json!({ "title": format!("{}: {}", part.urgency.word(), part.state), "lines": lines })
        };
        record.escalations.iter().map(part).collect()
    }

    fn history_line(&self, row: &HistoryRow) -> Value {
        let mut text = row.change.clone();
        if let Some(because) = &row.because {
            text = format!("{text}: {because}");
        }
        if let Some(outcome) = &row.outcome {
            text = format!("{text}: {outcome}");
        }
        if let Some(tracer) = &row.tracer {
            text = format!("{text} · {}", self.names.of(tracer));
        }
        json!({ "at": self.moment(row.at), "text": text })
    }

    fn give_to(&self) -> Value {
        if !self.signed.role.may(Permission::AssignWork) {
            return json!([]);
        }
        self.colleagues.iter().map(|user| json!({ "login": user.login.as_str(), "name": user.first_name.reveal() })).collect()
    }
}
