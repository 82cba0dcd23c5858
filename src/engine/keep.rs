//! What a session keeps: answers, values that were set, items of repeats.

use super::{
    effect::{AnsweredFact, Fact},
    scope,
    session::{Answered, Aside, Item, List, Loop, LoopPhase},
    walk::{At, Walk},
};
use crate::{
    answer::Value,
    base::{Private, id::TracerId},
    flow::{
        Flow, Step,
        condition::{Datum, Expression},
        model::{Body, Kind, StepId},
    },
};

impl Walk<'_, '_> {
    pub fn begin_list(&mut self, flow: &Flow, step: &Step, outer: &[Item]) {
        let known = |list: &List| list.flow == flow.name && list.group == step.path && list.items == outer;
        if !self.session.lists.iter().any(known) {
            self.session.lists.push(List {
                flow: flow.name.clone(),
                group: step.path.clone(),
                items: outer.to_vec(),
                n_begun: 0,
                n_done: 0,
            });
        }
    }

    pub fn list(&self, flow: &Flow, group: &Step) -> Option<&List> {
        let depth = scope::depth(Some(flow), &group.path);
        let items = self.items();
        let outer = items.get(..depth)?;
        self.session.lists.iter().find(|list| list.flow == flow.name && list.group == group.path && list.items == outer)
    }

    pub fn list_mut(&mut self, flow: &Flow, group: &str) -> Option<&mut List> {
        let depth = scope::depth(Some(flow), group);
        let items = self.items();
        let outer = items.get(..depth)?.to_vec();
        self.session.lists.iter_mut().find(|list| list.flow == flow.name && list.group == group && list.items == outer)
    }

    /// Begins the next item of the innermost repeat.
    pub fn next_item(&mut self, flow: &Flow, id: StepId) -> At {
        let step = flow.step(id);
        let Body::Repeat(repeat) = &step.body else { return At::After(id) };
        let n_begun = self.list(flow, step).map_or(0, |list| list.n_begun);
        let nth = match self.frame().loops.last() {
            Some(entered) if entered.phase == LoopPhase::More => entered.at + 1,
            Some(_) | None => 0,
        };
        if nth >= n_begun
            && let Some(list) = self.list_mut(flow, &step.path)
        {
            list.n_begun = nth + 1;
        }
        self.next_item_at(repeat.steps.first().copied(), id, nth)
    }

    pub fn next_item_at(&mut self, first: Option<StepId>, id: StepId, nth: u16) -> At {
        if let Some(entered) = self.loops_mut().last_mut() {
            entered.at = nth;
            entered.phase = LoopPhase::Steps;
        }
        first.map_or(At::After(id), |step| At::Enter { step, again: false })
    }

    /// Keeps an item for the record; one without any answer is forgotten.
    pub fn give_item(&mut self, flow: &Flow, entered: &Loop, finished: bool) {
        let items = self.items();
        let fields: Vec<(String, Private<Value>)> = self
            .session
            .answers
            .iter()
            .filter(|answer| !answer.superseded && answer.flow == flow.name && answer.items == items && !answer.step.contains('#'))
            .filter_map(|answer| {
                let name = answer.step.strip_prefix(&entered.group)?.strip_prefix('.')?;
                Some((name.to_owned(), answer.value.clone()?))
            })
            .collect();
        let Some(id) = flow.find(&entered.group) else { return };
        let Body::Repeat(repeat) = &flow.step(id).body else { return };
        let at = entered.at;
        if fields.is_empty() {
            if let Some(list) = self.list_mut(flow, &entered.group) {
                list.n_begun = list.n_begun.min(at);
            }
            return;
        }
        if finished && let Some(list) = self.list_mut(flow, &entered.group) {
            list.n_done = list.n_done.max(at + 1);
        }
        let fact = Fact::ItemGiven {
            session: self.session.id.clone(),
            noun: repeat.noun.clone(),
            group: entered.group.clone(),
            nth: at,
            fields,
            finished,
        };
        self.run.fact(fact);
    }

    pub fn set(&mut self, flow: &Flow, step: &Step, values: &[(String, Expression)]) {
        for (name, expression) in values {
            let value = self.with_view(|view| value_of(expression.datum(view)));
            let path = match &step.group {
                Some(group) if !name.contains('.') => format!("{}.{name}", flow.step(*group).path),
                Some(_) | None => name.clone(),
            };
            self.keep(flow, &path, value.map(Private::new), Private::default(), false);
        }
    }

    /// Keeps an answer or a set value, in the place of an earlier one. Gives whether there was one.
    pub fn keep(&mut self, flow: &Flow, path: &str, value: Option<Private<Value>>, said: Private<String>, flagged: bool) -> bool {
        let plain = path.split('#').next().unwrap_or(path);
        let mut items = self.items();
        let in_more = path.ends_with("#more");
        items.truncate(scope::depth(Some(flow), plain) + usize::from(in_more));
        // One that BACK has made history is corrected too. The record has them all; here they are needed no more, unless a list of FIX
        // stands open that names answers by their places.
        let is_listed = matches!(self.session.open.as_ref().and_then(|open| open.aside.as_ref()), Some(Aside::Fix(_)));
        let mut corrected = false;
        self.session.answers.retain_mut(|earlier| {
            let is_earlier = earlier.flow == flow.name && earlier.step == path && earlier.items == items;
            earlier.superseded |= is_earlier;
            corrected |= is_earlier;
            is_listed || !is_earlier
        });
        self.session.answers.push(Answered {
            flow: flow.name.clone(),
            step: path.to_owned(),
            items,
            value,
            said,
            flagged,
            superseded: false,
            at: self.run.now,
        });
        corrected
    }

    /// Keeps the answer to a step's question, for the session and for the record.
    pub fn answer(&mut self, flow: &Flow, step: &Step, value: Option<Value>, said: Private<String>, flagged: bool, by: Option<TracerId>) {
        let corrected = self.keep(flow, &step.path, value.clone().map(Private::new), said.clone(), flagged);
        let Body::Ask(ask) = &step.body else { return };
        let codes = match &value {
            Some(Value::Choice(key)) => option_codes(ask, std::slice::from_ref(key)),
            Some(Value::Choices(keys)) => option_codes(ask, keys),
            Some(_) | None => Vec::new(),
        };
        let label = step.label.map_or_else(|| step.name.replace('_', " "), |label| flow.text(label).source.clone());
        if let (Kind::Consent, Some(Value::Consent(given))) = (&ask.kind, &value) {
            let fact = Fact::Consent {
                session: self.session.id.clone(),
                step: step.path.clone(),
                revision: self.revision.id.clone(),
                language: self.language(),
                given: *given,
            };
            self.run.fact(fact);
        }
        let mut items = self.items();
        items.truncate(scope::depth(Some(flow), &step.path));
        self.run.note(&step.path, if value.is_some() { "answered" } else { "left without an answer" });
        let fact = Fact::Answered(AnsweredFact {
            session: self.session.id.clone(),
            flow: flow.name.clone(),
            step: step.path.clone(),
            label,
            code: ask.code.clone(),
            items,
            who: self.who(),
            value: value.map(Private::new),
            codes,
            said,
            flagged,
            corrected,
            by,
        });
        self.run.fact(fact);
    }
}

fn option_codes(ask: &crate::flow::model::Ask, keys: &[String]) -> Vec<String> {
    ask.options.iter().filter(|option| keys.contains(&option.key)).filter_map(|option| option.code.clone()).collect()
}

/// A computed value as an answer; missing is none.
fn value_of(datum: Datum) -> Option<Value> {
    use crate::answer::Truth as Answer;
    Some(match datum {
        Datum::Missing => return None,
        Datum::Truth(truth) => Value::Truth(if truth { Answer::Yes } else { Answer::No }),
        Datum::Unsure => Value::Truth(Answer::Unsure),
        Datum::Number(number) => Value::Number(number),
        Datum::Date(date) => Value::Date(date),
        Datum::Days(days) => Value::Number(days),
        Datum::Text(text) => Value::Text(text),
        Datum::Choice(key) => Value::Choice(key),
        Datum::Choices(keys) => Value::Choices(keys),
    })
}
