//! What people do in a simulated world: patients write, tracers act, flows are started by the API.

use intake::{
    base::{Private, id::ConversationId, id::TracerId},
    engine::{
        Event, EventKind, Holder,
        event::{DeskAct, DeskOutcome, HandBack, IfBusy, NewPerson, Start},
    },
    runtime::Target,
};

use super::{
    ledger::Broken,
    people::{FLOWS, Line, Patient, WORDS, patient_of, plausible, scripts},
    world::{Body, What, World},
};
use crate::support::{meta, twilio};

/// Messages of one delivery of Meta's, at most.
const BATCH: u64 = 4;

impl World {
    /// Somebody writes; in one of eight times several messages at once, each to whichever node.
    pub(super) fn patients_write(&mut self) {
        let first = self.somebody();
        for _ in 0..if self.shared.chance(125) { 2 + self.below(3) } else { 1 } {
            self.patient_writes(first);
        }
    }

    /// One message; by Meta at times those of several people in one delivery.
    fn patient_writes(&mut self, first: Patient) {
        let n = if first.line() == Line::Meta && self.shared.chance(250) { 1 + self.below(BATCH) } else { 1 };
        let what = match first.line() {
            Line::Sms | Line::TwilioWhatsApp => self.form_of(first),
            Line::Meta => {
                let others: Vec<Patient> = (1..n).map(|_| self.somebody()).filter(|other| other.line() == Line::Meta).collect();
                self.delivery_of(std::iter::once(first).chain(others).collect())
            }
        };
        if let (Broken::EarlyAck, What::Hook { events, .. }) = (self.plan.broken, &what) {
            self.acknowledged.extend(events.iter().cloned());
        }
        // Out of order by up to two seconds; one in six comes again, at once or much later.
        let late_ms = self.below(10).saturating_sub(6) * 700;
        self.post(what.clone(), late_ms);
        if self.shared.chance(170) {
            let again_ms = if self.shared.chance(200) { self.below(3_600_000) } else { self.below(3_000) };
            self.post(what, again_ms);
        }
    }

    /// Some write a lot.
    fn somebody(&self) -> Patient {
        Patient(if self.shared.chance(400) { self.below(4.min(self.n_patients)) } else { self.below(self.n_patients) })
    }

    fn new_message(&self) -> u64 {
        let mut ledger = self.ledger();
        ledger.counts.messages += 1;
        ledger.counts.messages
    }

    fn form_of(&mut self, patient: Patient) -> What {
        let words = self.words_of(patient);
        let sid = format!("SMi{:029}", self.new_message());
        let number = patient.number();
        let from = if patient.line() == Line::Sms { number } else { format!("whatsapp:{number}") };
        let form =
            [("MessageSid", sid.as_str()), ("From", &from), ("To", "+15550100000"), ("Body", &words), ("AccountSid", twilio::ACCOUNT)];
        let form = form.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        What::Hook { path: format!("/in/{}", patient.channel()), body: Body::Form(form), events: vec![sid], both_ids: None }
    }

    /// A delivery: each message tells the number, the user id, or both. The first ones tell both, as for people who are new.
    fn delivery_of(&mut self, patients: Vec<Patient>) -> What {
        let (mut messages, mut events, mut both_ids) = (Vec::new(), Vec::new(), None);
        let at_s = self.shared.now_ms() / 1_000;
        for patient in patients {
            let words = self.words_of(patient);
            let id = format!("wamid.i{}", self.new_message());
            let (number, user) = (patient.number(), patient.user_id());
            let number = Some(number.trim_start_matches('+'));
            let (number, user) = match self.below(4) {
                0 => (number, None),
                1 => (None, Some(user.as_str())),
                _ => (number, Some(user.as_str())),
            };
            if number.is_some() && user.is_some() {
                both_ids = Some(patient);
            }
            messages.push(meta::text(&id, number, user, at_s, &words));
            events.push(id);
        }
        What::Hook { path: "/in/meta".to_owned(), body: Body::Json(meta::delivery(messages, Vec::new())), events, both_ids }
    }

    fn words_of(&mut self, patient: Patient) -> String {
        let canary = patient.canary();
        if let Some(line) = self.scripts.get_mut(&patient).and_then(std::collections::VecDeque::pop_front) {
            return line;
        }
        let shown = self.ledger().shown.get(&patient).cloned();
        match self.below(10) {
            0 => format!("I am {canary}"),
            1 => format!("my friend {canary} is ill"),
            2..6 => shown.map_or_else(|| (*self.pick(WORDS)).to_owned(), |shown| plausible(&shown, self.below(6)).to_owned()),
            _ => (*self.pick(WORDS)).to_owned(),
        }
    }

    pub(super) fn tracer_acts(&mut self) {
        let ids: Vec<ConversationId> =
            self.ledger().hands.iter().filter(|(_, hands)| hands.last().is_some_and(|h| !h.bot)).map(|(id, _)| id.clone()).collect();
        let id = if ids.is_empty() || self.shared.chance(250) {
            let all: Vec<ConversationId> = self.ledger().hands.keys().cloned().collect();
            if all.is_empty() {
                return;
            }
            self.pick(&all).clone()
        } else {
            self.pick(&ids).clone()
        };
        let Some(conversation) = self.read(&id) else { return };
        let canary = patient_of(conversation.address.id.reveal()).map(Patient::canary).unwrap_or_default();
        let tracers = ["marta", "omar", "june"].map(TracerId::from);
        // Most often who has it goes on.
        let tracer = match &conversation.holder {
            Holder::Tracer(tracer) if self.shared.chance(850) => tracer.clone(),
            _ => self.pick(&tracers).clone(),
        };
        let open_step = conversation.open_session().and_then(|session| session.frames.last()).map(|frame| frame.at.clone());
        let act = match self.below(18) {
            0..4 => DeskAct::Claim,
            4..7 => DeskAct::Reply(Private::from(format!("Hello {canary}, this is a person."))),
            7 | 8 => DeskAct::HandBack(HandBack::AsPlanned),
            9 => DeskAct::HandBack(HandBack::ToTheEnd),
            10 => DeskAct::HandBack(HandBack::AtStep(open_step.unwrap_or_default())),
            11 => DeskAct::Resolve(*self.pick(&[DeskOutcome::Reached, DeskOutcome::NotReached, DeskOutcome::Refused])),
            12 => DeskAct::Release,
            13 => DeskAct::Park(None),
            14 => DeskAct::Transfer(self.pick(&tracers).clone()),
            15 => DeskAct::Answer { step: open_step.unwrap_or_default(), said: Private::from("yes") },
            16 => DeskAct::Reopen,
            _ => DeskAct::Note(Private::from("looked at it")),
        };
        let n = {
            let mut ledger = self.ledger();
            ledger.counts.acts += 1;
            ledger.counts.acts
        };
        let kind = EventKind::Desk { tracer, first_name: "Marta".to_owned(), epoch: conversation.epoch, act };
        let event = Event { id: format!("act_{n}").into(), at: self.shared.clock.now(), kind };
        let what = What::Turn { target: Target::Conversation(id), event };
        // A double click, to whichever node.
        self.post(what.clone(), 0);
        if self.shared.chance(200) {
            self.post(what, self.below(500));
        }
    }

    /// A call of the API; with the same key once more at times. One phone may answer for several people.
    pub(super) fn flow_starts(&mut self) {
        let patient = Patient(self.below(self.n_patients));
        let (canary, channel) = (patient.canary(), patient.channel().to_owned());
        let people = ["", "b", "c"][..=usize::try_from(self.below(3)).unwrap()].iter();
        let people = people
            .map(|end| NewPerson { first_name: Private::from(format!("{canary}{end}")), birth_year: Some(1980), record: None })
            .collect();
        let (flow, script) = if self.shared.chance(400) {
            let (flow, lines) = self.pick(scripts()).clone();
            (flow, lines)
        } else {
            ((*self.pick(&FLOWS)).to_owned(), Vec::new())
        };
        self.scripts.insert(patient, script.into());
        let if_busy = if self.shared.chance(500) { IfBusy::Wait } else { IfBusy::Refuse };
        let start = Start { flow, channel: channel.clone(), language: None, people, if_busy };
        let n = {
            let mut ledger = self.ledger();
            ledger.counts.starts += 1;
            ledger.counts.starts
        };
        let event = Event { id: format!("api:tests:{n}").into(), at: self.shared.clock.now(), kind: EventKind::Start(start) };
        let address = if patient.line() == Line::Meta && self.shared.chance(300) { patient.other_address() } else { patient.address() };
        let what = What::Turn { target: Target::Address { address, channel }, event };
        self.post(what.clone(), 0);
        if self.shared.chance(200) {
            self.post(what, self.below(5_000));
        }
    }

    /// Everybody writes once more when all is calm.
    pub(super) fn everybody_writes(&mut self) -> usize {
        let patients: Vec<Patient> = (0..self.n_patients.min(30)).map(Patient).collect();
        for patient in &patients {
            let what = match patient.line() {
                Line::Sms | Line::TwilioWhatsApp => self.form_of(*patient),
                Line::Meta => self.delivery_of(vec![*patient]),
            };
            self.post(what, 0);
        }
        patients.len()
    }
}
