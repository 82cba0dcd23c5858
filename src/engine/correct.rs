//! BACK: the last question again, wherever it stood. FIX: any earlier answer again, and then on from where they were.
//!
//! After a changed answer the flow is gone through from there: what was answered is passed, unless its `when` or its bounds no longer hold;
//! what became due is asked; arms that now hold are done. Calls for a human and messages are never undone.

use super::{
    ask::Asked,
    effect::{Fact, Hint, Purpose, Question, ShownChoice, Words},
    listen::Heard,
    scope,
    session::{Answered, Aside, Fix, Frame, Item, Loop, LoopPhase},
    walk::{At, Walk},
};
use crate::{
    answer::{Choice, Expect, Reading, Reply, Value},
    base::{Language, Private, id::PersonNumber, limit},
    flow::{
        Flow, Step,
        condition::{Condition, Datum},
        model::{Actions, Ask, Body, Kind, Resume, StepId},
    },
};

impl Walk<'_, '_> {
    /// Asks the question before the open one again; its answer becomes history. Never across identity, consent or a called flow.
    pub fn back(&mut self) {
        let Some(flow) = self.flow() else { return };
        let Some((position, at)) = self.last_answered(&flow) else {
            let before = vec![self.run.shared(Some(&self.revision.id), "nothing-to-go-back", &[])];
            return self.ask_again(before, Purpose::Dialogue);
        };
        if let Some(answer) = self.session.answers.get_mut(position) {
            answer.superseded = true;
        }
        self.session.open = None;
        self.run.note("", "back to the question before");
        match at {
            Back::Step(frame, id) => {
                self.at_frame(frame);
                self.walk(At::Enter { step: id, again: true });
            }
            Back::Around(frame, id, first) => {
                self.at_frame(frame);
                let step = flow.step(id);
                if let Body::Repeat(repeat) = &step.body {
                    let at = if first { self.ask_first(step, repeat) } else { self.ask_more(step, repeat) };
                    self.walk(at);
                }
            }
        }
    }

    fn at_frame(&mut self, frame: Frame) {
        if let Some(innermost) = self.session.frames.last_mut() {
            *innermost = frame;
        }
    }

    /// The last answer before the open question, and the place it was asked at.
    fn last_answered(&self, flow: &Flow) -> Option<(usize, Back)> {
        // An answer to the open question itself (asked again after BACK) is history already, so the newest valid one is before it.
        let open_step = match self.asked(flow)? {
            Asked::Step(id, _) => flow.step(id).path.clone(),
            Asked::First(id, _) => format!("{}#first", flow.step(id).path),
            Asked::More(id, _) => format!("{}#more", flow.step(id).path),
        };
        let items = self.items();
        for (position, answer) in self.session.answers.iter().enumerate().rev() {
            let is_open = answer.step == open_step && answer.items == items;
            if answer.superseded || answer.flow != flow.name || is_open {
                continue;
            }
            let around = answer.step.split_once('#');
            let Some(id) = flow.find(around.map_or(answer.step.as_str(), |(group, _)| group)) else { continue };
            let step = flow.step(id);
            match (&step.body, around) {
                (Body::Ask(ask), None) => {
                    if matches!(ask.kind, Kind::Consent | Kind::BirthYear) {
                        return None;
                    }
                    let loops = self.loops_for(flow, &step.path, &answer.items)?;
                    return Some((position, Back::Step(Frame { flow: flow.name.clone(), at: step.path.clone(), loops }, id)));
                }
                (Body::Repeat(_), Some((_, which))) => {
                    let depth = scope::depth(Some(flow), &step.path);
                    let outer = answer.items.get(..depth)?;
                    let mut loops = self.loops_for(flow, &step.path, outer)?;
                    let nth = match answer.items.get(depth) {
                        Some(Item::Nth(nth)) => *nth,
                        Some(Item::Person(_)) | None => 0,
                    };
                    let first = which == "first";
                    let phase = if first { LoopPhase::First } else { LoopPhase::More };
                    loops.push(Loop { group: step.path.clone(), people: Vec::new(), at: nth, phase });
                    return Some((position, Back::Around(Frame { flow: flow.name.clone(), at: step.path.clone(), loops }, id, first)));
                }
                // A value that was set, or a group: nothing to ask.
                (Body::Ask(_) | Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_), _) => {}
            }
        }
        None
    }

    /// The groups around a path, entered at the given items.
    fn loops_for(&self, flow: &Flow, path: &str, items: &[Item]) -> Option<Vec<Loop>> {
        let mut groups: Vec<StepId> = Vec::new();
        let mut group = flow.step(flow.find(path)?).group;
        while let Some(id) = group {
            groups.insert(0, id);
            group = flow.step(id).group;
        }
        let mut loops = Vec::new();
        for (id, item) in groups.into_iter().zip(items) {
            let step = flow.step(id);
            let people: Vec<PersonNumber> = match &step.body {
                Body::ForEach(each) => self.with_view(|view| scope::people_of(view, &each.list)),
                Body::Repeat(_) | Body::Plain | Body::Ask(_) | Body::Call(_) => Vec::new(),
            };
            let at = match item {
                Item::Person(number) => u16::try_from(people.iter().position(|person| person == number)?).ok()?,
                Item::Nth(nth) => *nth,
            };
            loops.push(Loop { group: step.path.clone(), people, at, phase: LoopPhase::Steps });
        }
        Some(loops)
    }
}

// FIX.

impl Walk<'_, '_> {
    /// Lists the answers given, to choose which is to be changed.
    pub fn fix(&mut self) {
        let Some(flow) = self.flow() else { return };
        let listed = self.fixable(&flow);
        if listed.is_empty() {
            let before = vec![self.shared("nothing-to-fix")];
            return self.ask_again(before, Purpose::Dialogue);
        }
        let mut choices: Vec<ShownChoice> = Vec::new();
        for position in &listed {
            let Some(answer) = self.session.answers.get(usize::from(*position)) else { continue };
            let label = Words::Shared { revision: Some(self.revision.id.clone()), name: "fix-line".to_owned() };
            choices.push(ShownChoice { key: (choices.len() + 1).to_string(), label, data: self.line_of(&flow, answer), exclusive: false });
        }
        let label = Words::Shared { revision: Some(self.revision.id.clone()), name: "fix-nothing".to_owned() };
        choices.push(ShownChoice { key: "0".to_owned(), label, data: Vec::new(), exclusive: true });
        self.offer(Vec::new(), Private::default(), Some(Aside::Fix(listed)));
        let question = Question { hint: Hint::One, choices, several: false, tap: self.tap() };
        let paragraph = self.shared("fix-question");
        self.say_question(vec![paragraph], Some(question), Purpose::Dialogue);
    }

    /// The places of the answers that may be changed: questions of the flow spoken in, but for identity, consent and the open one.
    fn fixable(&self, flow: &Flow) -> Vec<u16> {
        let at = self.frame().at;
        let items = self.items();
        let may = |answer: &&Answered| {
            !answer.superseded
                && answer.flow == flow.name
                && !(answer.step == at && answer.items == items)
                && flow.find(&answer.step).is_some_and(|id| match &flow.step(id).body {
                    Body::Ask(ask) => !matches!(ask.kind, Kind::Consent | Kind::BirthYear),
                    Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => false,
                })
                && self.loops_for(flow, &answer.step, &answer.items).is_some()
        };
        let places = self.session.answers.iter().enumerate().filter(|(_, answer)| may(answer));
        let all: Vec<u16> = places.filter_map(|(place, _)| u16::try_from(place).ok()).collect();
        all.get(all.len().saturating_sub(limit::FIX_ANSWERS)..).unwrap_or_default().to_vec()
    }

    /// An answer as a line of the list: how the question is called, of whom or which item, and what was answered.
    fn line_of(&self, flow: &Flow, answer: &Answered) -> Vec<(String, Datum)> {
        let label = Datum::Text(self.label_of(flow, &answer.step));
        let who = match answer.items.last() {
            None => Datum::Missing,
            Some(Item::Person(number)) => {
                let name = self.run.conversation.person(*number).map(|person| person.first_name.reveal().clone()).unwrap_or_default();
                Datum::Text(if name.is_empty() { (number.0 + 1).to_string() } else { name })
            }
            Some(Item::Nth(nth)) => {
                let named = |other: &&Answered| {
                    !other.superseded
                        && other.items == answer.items
                        && matches!(other.value.as_ref().map(Private::reveal), Some(Value::Name(_)))
                };
                match self.session.answers.iter().find(named).and_then(|other| other.value.as_ref()) {
                    Some(name) => Datum::from(name.reveal()),
                    None => Datum::Text((nth + 1).to_string()),
                }
            }
        };
        let value = match (flow.find(&answer.step).map(|id| &flow.step(id).body), &answer.value) {
            (Some(Body::Ask(ask)), Some(value)) => self.shown_value(flow, ask, value.reveal()),
            _ => Datum::Missing,
        };
        vec![("label".to_owned(), label), ("who".to_owned(), who), ("answer".to_owned(), value)]
    }

    fn label_of(&self, flow: &Flow, path: &str) -> String {
        let Some(step) = flow.find(path).map(|id| flow.step(id)) else { return path.to_owned() };
        let (language, source) = (self.language(), flow.languages.first().cloned().unwrap_or_else(Language::english));
        step.label.map_or_else(|| step.name.replace('_', " "), |label| flow.text(label).in_language(&language, &source).0.to_owned())
    }

    /// A choice from the list: that question is asked again. Anything else: the open question again.
    pub fn fix_chosen(&mut self, reply: Heard<'_>, listed: &[u16]) {
        let Some(flow) = self.flow() else { return };
        let number = match reply {
            Heard::Tap(key, _) => key.parse().ok(),
            Heard::Words(reply) => self.number_of(&flow, listed, reply),
        };
        let place = number.and_then(|n: usize| n.checked_sub(1)).and_then(|n| listed.get(n));
        let found = place.and_then(|place| self.session.answers.get(usize::from(*place))).filter(|answer| !answer.superseded).cloned();
        let at = found.and_then(|answer| {
            let id = flow.find(&answer.step)?;
            Some((id, self.loops_for(&flow, &answer.step, &answer.items)?))
        });
        let Some((id, loops)) = at else {
            let before = if number == Some(0) { Vec::new() } else { vec![self.shared("not-understood")] };
            return self.ask_anew(before, Purpose::Dialogue);
        };
        let path = flow.step(id).path.clone();
        let back_to = self.session.fix.take().map_or_else(|| self.frame(), |fix| fix.back_to);
        self.session.fix = Some(Fix { back_to, changed: vec![path.clone()] });
        self.session.open = None;
        self.run.note(&path, "is asked again to be changed");
        self.at_frame(Frame { flow: flow.name.clone(), at: path, loops });
        self.ask_here = true;
        self.walk(At::Enter { step: id, again: true });
    }

    /// The number that a text chooses: itself, or by the label.
    fn number_of(&self, flow: &Flow, listed: &[u16], reply: &Reply<'_>) -> Option<usize> {
        let labels = listed.iter().enumerate().filter_map(|(n, place)| {
            let answer = self.session.answers.get(usize::from(*place))?;
            Some(Choice { key: (n + 1).to_string(), label: self.label_of(flow, &answer.step), words: Vec::new(), exclusive: false })
        });
        let nothing = Choice { key: "0".to_owned(), label: "0".to_owned(), words: Vec::new(), exclusive: true };
        match self.understand(flow, &Expect::OneOf(labels.chain([nothing]).collect()), reply) {
            Reading::Clear { value: Value::Choice(key), .. } => key.parse().ok(),
            Reading::Clear { .. } | Reading::Ambiguous(_) | Reading::Unclear(_) => None,
        }
    }

    /// Whether a question that is asked again to be changed keeps the answer it had: it was skipped or not understood.
    pub fn stays_as_it_was(&self, step: &Step) -> bool {
        self.session.fix.as_ref().is_some_and(|fix| fix.changed.contains(&step.path))
            && self.with_view(|view| view.answered(&step.path).is_some())
    }

    // On the way back from a changed answer.

    /// Whether a question is passed: its answer stands and still holds. Where it is asked, the way may end here.
    pub fn passes(&mut self, flow: &Flow, step: &Step, ask: &Ask) -> bool {
        let asked_here = std::mem::take(&mut self.ask_here);
        let Some(fix) = &self.session.fix else { return false };
        if asked_here {
            return false;
        }
        let items = self.items();
        let is_back = fix.back_to.flow == flow.name && fix.back_to.at == step.path && items_of(&fix.back_to) == items;
        let place = (step.path.clone(), items);
        if is_back || self.passed.contains(&place) {
            self.session.fix = None;
            return false;
        }
        let given = self.with_view(|view| view.answered(&step.path).map(|answer| answer.value.clone()));
        let holds = match given {
            None => false,
            Some(None) => true,
            Some(Some(value)) => self.still_holds(flow, ask, value.reveal()),
        };
        if holds {
            self.passed.push(place);
        } else {
            self.has_changed(&step.path);
        }
        holds
    }

    /// The way is over where it has gone past the place they stood at, which is not asked any more.
    pub fn past_the_way(&mut self, flow: &Flow, id: StepId) {
        let Some(fix) = &self.session.fix else { return };
        if self.ask_here || fix.back_to.flow != flow.name {
            return;
        }
        let there = flow.find(&fix.back_to.at).map(|id| way(flow, &fix.back_to, id));
        if there.is_some_and(|there| way(flow, &self.frame(), id) > there) {
            self.session.fix = None;
        }
    }

    fn has_changed(&mut self, path: &str) {
        if let Some(fix) = &mut self.session.fix
            && !fix.changed.iter().any(|known| known == path)
            && fix.changed.len() < limit::FIX_ANSWERS
        {
            fix.changed.push(path.to_owned());
        }
    }

    /// Whether a value may still be answered: its option is shown, its day lies within the bounds.
    fn still_holds(&self, flow: &Flow, ask: &Ask, value: &Value) -> bool {
        match (self.expect(flow, ask), value) {
            (Expect::OneOf(choices), Value::Choice(key)) => choices.iter().any(|choice| choice.key == *key),
            (Expect::AnyOf(choices), Value::Choices(keys)) => keys.iter().all(|key| choices.iter().any(|choice| choice.key == *key)),
            (Expect::Date(bounds), Value::Date(day)) => {
                bounds.from.is_none_or(|from| from <= *day) && bounds.to.is_none_or(|to| *day <= to)
            }
            _ => true,
        }
    }

    /// Where a repeat is gone past on that way: on to where they were in it, or behind it where it was left already.
    pub fn passes_repeat(&mut self, flow: &Flow, id: StepId) -> Option<At> {
        let back_to = self.session.fix.as_ref()?.back_to.clone();
        let step = flow.step(id);
        let outer = self.frame().loops;
        let outer_items: Vec<Item> = outer.iter().map(Loop::item).collect();
        let inside = back_to.flow == flow.name
            && back_to.loops.get(outer.len()).is_some_and(|entered| entered.group == step.path)
            && items_of(&back_to).starts_with(&outer_items);
        if !inside {
            return self.list(flow, step).is_some().then_some(At::After(id));
        }
        self.session.fix = None;
        let innermost = back_to.loops.last().map(|entered| (entered.group.clone(), entered.people.is_empty(), entered.phase));
        let at = back_to.at.clone();
        // The people of the groups around it may be others now.
        let loops: Vec<Loop> = outer.into_iter().chain(back_to.loops.iter().skip(outer_items.len()).cloned()).collect();
        self.at_frame(Frame { flow: back_to.flow, at: back_to.at, loops });
        if let Some((group, true, phase)) = innermost
            && let Some(group) = flow.find(&group)
            && let Body::Repeat(repeat) = &flow.step(group).body
        {
            match phase {
                LoopPhase::First => return Some(self.ask_first(flow.step(group), repeat)),
                LoopPhase::More => return Some(self.ask_more(flow.step(group), repeat)),
                LoopPhase::Steps => {}
            }
        }
        self.ask_here = true;
        Some(flow.find(&at).map_or(At::After(id), |step| At::Enter { step, again: true }))
    }

    /// Whether the answer that is changed stands in a group.
    pub fn changed_within(&self, group: &str) -> bool {
        self.session.fix.as_ref().and_then(|fix| fix.changed.first()).is_some_and(|path| is_of(path, group))
    }

    /// Whether the words of a step were said before, on the first way: unless they hang on what changed.
    pub fn said_on_the_way(&self, step: &Step) -> bool {
        self.session.fix.as_ref().is_some_and(|fix| !step.when.as_ref().is_some_and(|when| hangs_on(when, &fix.changed)))
    }

    /// Whether what stands behind a question was said when it was answered.
    pub fn said_then(&self, step: &Step, when: Option<&Condition>) -> bool {
        let Some(fix) = &self.session.fix else { return false };
        let passed = self.passed.iter().any(|(path, items)| *path == step.path && *items == self.items());
        (passed || !matches!(step.body, Body::Ask(_))) && !when.is_some_and(|when| hangs_on(when, &fix.changed))
    }

    /// A call for a human that was made before went on where it says; so does the way past it.
    pub fn resumed_after(&mut self, flow: &Flow, actions: &Actions) -> Option<At> {
        if self.session.fix.is_none() || actions.escalate.is_none() {
            return None;
        }
        match &actions.resume {
            Some(Resume::Step(path)) => flow.find(path).map(|id| self.go(flow, id)),
            Some(Resume::End) | None => None,
        }
    }

    /// Answers of a step that is not gone through any more become history, those of its group too.
    pub fn drop_answers(&mut self, flow: &Flow, id: StepId) {
        self.ask_here = false;
        if self.session.fix.is_none() {
            return;
        }
        let path = flow.step(id).path.clone();
        let items = self.items();
        if self.drop_where(flow, |answer| is_of(&answer.step, &path) && answer.items.starts_with(&items)) {
            self.has_changed(&path);
        }
        self.session.lists.retain(|list| !(list.flow == flow.name && is_of(&list.group, &path) && list.items.starts_with(&items)));
    }

    /// Answers about people who are not in a list any more become history.
    pub fn drop_people(&mut self, flow: &Flow, id: StepId, people: &[PersonNumber]) {
        if self.session.fix.is_none() {
            return;
        }
        let path = flow.step(id).path.clone();
        let items = self.items();
        let gone = |answer: &Answered| {
            is_of(&answer.step, &path)
                && answer.items.starts_with(&items)
                && matches!(answer.items.get(items.len()), Some(Item::Person(number)) if !people.contains(number))
        };
        if self.drop_where(flow, gone) {
            self.has_changed(&path);
        }
    }

    fn drop_where(&mut self, flow: &Flow, gone: impl Fn(&Answered) -> bool) -> bool {
        let mut dropped = Vec::new();
        for answer in self.session.answers.iter_mut().filter(|answer| !answer.superseded && answer.flow == flow.name) {
            if gone(answer) {
                answer.superseded = true;
                dropped.push((answer.step.clone(), answer.items.clone()));
            }
        }
        let any = !dropped.is_empty();
        for (step, items) in dropped.into_iter().filter(|(step, _)| !step.contains('#')) {
            self.run.note(&step, "no longer holds: its answer is history");
            self.run.fact(Fact::AnswerDropped { session: self.session.id.clone(), step, items });
        }
        any
    }
}

fn items_of(frame: &Frame) -> Vec<Item> {
    frame.loops.iter().map(Loop::item).collect()
}

/// A place in the order of the file: groups with their items, then the step.
fn way(flow: &Flow, frame: &Frame, id: StepId) -> Vec<Mark> {
    let around = frame.loops.iter().flat_map(|entered| [flow.find(&entered.group).map(Mark::Step), Some(Mark::Item(entered.item()))]);
    around.flatten().chain([Mark::Step(id)]).collect()
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Mark {
    Step(StepId),
    Item(Item),
}

/// Whether a path is the step's or one within it.
fn is_of(path: &str, step: &str) -> bool {
    path.strip_prefix(step).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '#']))
}

/// Whether a condition names one of the steps.
fn hangs_on(condition: &Condition, changed: &[String]) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let names: Vec<&str> = condition.source.split(|c: char| !is_word(c)).collect();
    changed.iter().any(|path| path.rsplit('.').next().is_some_and(|name| names.contains(&name)))
}

enum Back {
    Step(Frame, StepId),
    Around(Frame, StepId, bool),
}
