//! Inside a repeat and around it: the first question, more, NOBODY, DONE, TELL and contact cards.

use super::{
    ask::Asked,
    conversation::ResumeAt,
    effect::Purpose,
    event::Card,
    listen::{Heard, tapped},
    session::{Item, LoopPhase},
    walk::{At, Walk},
};
use crate::{
    answer::{Expect, Reading, Reply, Truth, Unclear, Value, keyword::Keyword},
    base::{Private, limit},
    flow::{
        Flow,
        model::{Ask, Body, Kind, Repeat, StepId, Urgency},
    },
};

impl Walk<'_, '_> {
    pub fn hear_around(&mut self, flow: &Flow, id: StepId, first: bool, reply: Heard<'_>) -> At {
        let step = flow.step(id);
        let expect = Expect::YesNo { unsure: false };
        let reading = match reply {
            Heard::Words(reply) => self.understand(flow, &expect, reply),
            Heard::Tap(key, _) => tapped(&expect, key),
        };
        let path = format!("{}{}", step.path, if first { "#first" } else { "#more" });
        match reading {
            Reading::Clear { value: Value::Truth(truth @ (Truth::Yes | Truth::No)), .. } => {
                self.run.understood();
                self.keep(flow, &path, Some(Private::new(Value::Truth(truth))), reply.said(), false);
                self.session.open = None;
                if truth == Truth::Yes { self.next_item(flow, id) } else { self.leave_list(id) }
            }
            Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => {
                self.note_unclear(&path, Unclear::Unknown, reply);
                if self.count_unclear() < 3 {
                    let again = vec![self.run.shared(Some(&self.revision.id), "retry-yes-no", &[])];
                    self.ask_again(again, Purpose::Dialogue);
                    return At::Stop;
                }
                self.session.open = None;
                let rule = format!("{path} not understood", path = step.path);
                if let Some(frame) = self.session.frames.last_mut() {
                    frame.loops.pop();
                }
                self.give_up(&rule, "Not understood", ResumeAt::NextStep)
            }
        }
    }

    /// Ends the innermost repeat; its step is done.
    pub fn leave_list(&mut self, id: StepId) -> At {
        if let Some(frame) = self.session.frames.last_mut() {
            frame.loops.pop();
        }
        At::After(id)
    }

    /// NOBODY, DONE and TELL: heard anywhere inside a repeat. Gives whether it was one.
    pub fn hear_in_repeat(&mut self, keyword: Keyword) -> bool {
        let Some(flow) = self.flow() else { return false };
        let frame = self.frame();
        let is_repeat = |group: &str| flow.find(group).is_some_and(|id| matches!(flow.step(id).body, Body::Repeat(_)));
        let Some(position) = frame.loops.iter().rposition(|entered| is_repeat(&entered.group)) else { return false };
        let Some(id) = frame.loops.get(position).and_then(|entered| flow.find(&entered.group)) else { return false };
        let tell = match keyword {
            Keyword::Nobody | Keyword::Done => false,
            Keyword::Tell => true,
            Keyword::Stop
            | Keyword::Start
            | Keyword::Help
            | Keyword::Human
            | Keyword::Language
            | Keyword::Back
            | Keyword::Fix
            | Keyword::Restart
            | Keyword::Skip => return false,
        };
        self.session.open = None;
        while self.frame().loops.len() > position {
            self.leave_group(&flow);
        }
        self.run.note(&flow.step(id).path, format!("{keyword:?} leaves the repeat"));
        if tell {
            let rule = format!("{} {} tell a person", flow.name, flow.step(id).path);
            let session = Some(self.session.id.clone());
            self.run.task(Urgency::Routine, "Wants to tell a person about contacts", &rule, None, session);
            let told = self.run.shared(Some(&self.revision.id), "told-a-person", &[]);
            self.pending.push(told);
        }
        self.walk(At::After(id));
        true
    }

    /// Contact cards: each makes an item of the repeat that is running. Gives whether one was.
    pub fn hear_cards(&mut self, cards: &[Card]) -> bool {
        let Some(flow) = self.flow() else { return false };
        let Some(entered) = self.frame().loops.last().cloned() else { return false };
        let Some(id) = flow.find(&entered.group) else { return false };
        let Body::Repeat(repeat) = &flow.step(id).body else { return false };
        let empty_item = entered.phase == LoopPhase::Steps && !self.any_given(&flow, repeat);
        let first = match entered.phase {
            LoopPhase::First => 0,
            LoopPhase::Steps if empty_item => entered.at,
            LoopPhase::Steps | LoopPhase::More => self.list(&flow, flow.step(id)).map_or(0, |list| list.n_begun),
        };
        if entered.phase == LoopPhase::Steps && !empty_item && self.hear_card_as_phone(&flow, cards) {
            return true;
        }
        let room = usize::from(repeat.up_to.min(limit::REPEAT_ITEMS).saturating_sub(first));
        for (nth, card) in (first..).zip(cards.iter().take(room)) {
            self.at_item(nth);
            self.fill_from_card(&flow, repeat, card);
            if let Some(list) = self.list_mut(&flow, &entered.group) {
                list.n_begun = list.n_begun.max(nth + 1);
            }
        }
        self.at_item(entered.at);
        self.session.open = None;
        self.run.understood();
        let begin = |nth: u16, walk: &mut Self| {
            walk.at_item(nth);
            repeat.steps.first().map_or(At::After(id), |step| At::Enter { step: *step, again: false })
        };
        let at = match entered.phase {
            LoopPhase::First => begin(0, self),
            LoopPhase::More => begin(first, self),
            LoopPhase::Steps if empty_item => begin(entered.at, self),
            // In the middle of another item: its open question goes on, the card's own fields are asked after it.
            LoopPhase::Steps => match flow.find(&self.frame().at) {
                Some(step) => At::Enter { step, again: true },
                None => At::Stop,
            },
        };
        self.walk(at);
        true
    }

    /// Asked for this one's number, they share the card with it: the usual way to give a number. Gives whether it was so.
    fn hear_card_as_phone(&mut self, flow: &Flow, cards: &[Card]) -> bool {
        let Some(Asked::Step(step, Ask { kind: Kind::Phone, .. })) = self.asked(flow) else { return false };
        let [card] = cards else { return false };
        let Some(phone) = self.phone_of(card) else { return false };
        self.answer(flow, flow.step(step), Some(phone), Private::from("[contact card]"), false, None);
        self.session.open = None;
        self.walk(At::After(step));
        true
    }

    fn phone_of(&self, card: &Card) -> Option<Value> {
        let flow = self.flow()?;
        card.phones.iter().find_map(|phone| match self.understand(&flow, &Expect::Phone, &Reply::of(phone.reveal())) {
            Reading::Clear { value, .. } => Some(value),
            Reading::Ambiguous(_) | Reading::Unclear(_) => None,
        })
    }

    fn at_item(&mut self, nth: u16) {
        if let Some(entered) = self.session.frames.last_mut().and_then(|frame| frame.loops.last_mut()) {
            entered.at = nth;
            entered.phase = LoopPhase::Steps;
        }
    }

    fn any_given(&self, flow: &Flow, repeat: &Repeat) -> bool {
        repeat.steps.iter().any(|step| self.with_view(|view| view.answered(&flow.step(*step).path).is_some()))
    }

    fn fill_from_card(&mut self, flow: &Flow, repeat: &Repeat, card: &Card) {
        let asks = |wanted: &Kind| {
            repeat.steps.iter().map(|id| flow.step(*id)).find(|step| match &step.body {
                Body::Ask(ask) => ask.kind == *wanted,
                Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => false,
            })
        };
        let name = card.name.reveal().trim();
        if let Some(step) = asks(&Kind::Name)
            && !name.is_empty()
        {
            self.answer(flow, step, Some(Value::Name(name.to_owned())), Private::from("[contact card]"), false, None);
        }
        if let (Some(step), Some(phone)) = (asks(&Kind::Phone), self.phone_of(card)) {
            self.answer(flow, step, Some(phone), Private::from("[contact card]"), false, None);
        }
    }

    /// Whether the open question stands in a repeat.
    pub fn in_repeat(&self) -> bool {
        self.items().iter().any(|item| matches!(item, Item::Nth(_)))
    }
}
