//! What is still to be asked in a session, for the tracer's side panel.

use crate::{
    base::id::PersonNumber,
    engine::{
        Session,
        session::{Item, Loop},
    },
    flow::{
        Flow, Revision, Step,
        model::{Body, StepId},
    },
};

/// A question without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The flow.
    pub flow: String,
    /// The step's path.
    pub step: String,
    /// How the question is called at the desk.
    pub label: String,
    /// About whom, in a `for each`.
    pub who: Option<PersonNumber>,
    /// How it stands.
    pub state: State,
    /// Whether it can be filled in now: it is a question of the flow that runs, for the person and item it is at.
    pub can_be_filled: bool,
}

/// How an unanswered question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It was asked and waits.
    Open,
    /// It comes later.
    Later,
    /// It comes later, if the flow's conditions hold then.
    Perhaps,
    /// It was skipped or given up.
    Skipped,
}

/// What a session has not been told, in the flow's order: the open question, those that come later, and those that were skipped.
/// Questions that the conversation passed by without asking, because they did not apply, are not missing.
pub fn missing(revision: &Revision, session: &Session) -> Vec<Missing> {
    let mut found = Vec::new();
    for (depth, frame) in session.frames.iter().enumerate() {
        let Some(flow) = revision.flows.get(&frame.flow) else { continue };
        let runs = depth + 1 == session.frames.len();
        let at = flow.find(&frame.at);
        let look = Look { flow, session, loops: &frame.loops, runs };
        for (index, step) in flow.steps.iter().enumerate() {
            if matches!(step.body, Body::Ask(_)) {
                look.question(StepId(index), step, at, &mut found);
            }
        }
    }
    found
}

struct Look<'a> {
    flow: &'a Flow,
    session: &'a Session,
    loops: &'a [Loop],
    runs: bool,
}

impl Look<'_> {
    fn question(&self, id: StepId, step: &Step, at: Option<StepId>, found: &mut Vec<Missing>) {
        let mut add = |who, state, can_be_filled| {
            let label = label(self.flow, step);
            found.push(Missing { flow: self.flow.name.clone(), step: step.path.clone(), label, who, state, can_be_filled });
        };
        let here = self.here(step);
        let latest =
            self.session.answers.iter().filter(|answer| !answer.superseded && answer.flow == self.flow.name && answer.step == step.path);
        let mut answered_here = false;
        for answer in latest {
            let is_here = here.as_ref() == Some(&answer.items);
            answered_here |= is_here;
            if answer.value.is_none() {
                add(who(&answer.items), State::Skipped, is_here && self.runs);
            }
        }
        let later = if self.conditional(step) { State::Perhaps } else { State::Later };
        let ahead = at.is_none_or(|at| id > at);
        if !answered_here {
            if at == Some(id) && self.runs && self.session.open.is_some() {
                add(here.as_deref().and_then(who), State::Open, true);
            } else if ahead {
                add(here.as_deref().and_then(who), later, here.is_some() && self.runs);
            }
        }
        // The people of the group who have not had their turn.
        let entered = step.group.and_then(|group| self.loops.iter().find(|entered| entered.group == self.flow.step(group).path));
        if let Some(entered) = entered {
            for person in entered.people.iter().skip(usize::from(entered.at) + 1) {
                add(Some(*person), later, false);
            }
        }
    }

    /// The items that an answer to a question would be for, where the session stands; `None` where it is not in the question's group.
    fn here(&self, step: &Step) -> Option<Vec<Item>> {
        let mut groups = Vec::new();
        let mut group = step.group;
        while let Some(id) = group {
            let step = self.flow.step(id);
            groups.insert(0, step.path.as_str());
            group = step.group;
        }
        let entered = self.loops.get(..groups.len())?;
        entered.iter().zip(&groups).all(|(entered, group)| entered.group == **group).then(|| entered.iter().map(item).collect())
    }

    /// Whether it, or a group it stands in and that was not entered, is asked only under a condition or only of some.
    fn conditional(&self, step: &Step) -> bool {
        let mut step = step;
        loop {
            if step.when.is_some() {
                return true;
            }
            let Some(group) = step.group else { return false };
            step = self.flow.step(group);
            if self.loops.iter().any(|entered| entered.group == step.path) {
                return false;
            }
            if matches!(step.body, Body::Repeat(_) | Body::ForEach(_)) {
                return true;
            }
        }
    }
}

fn item(entered: &Loop) -> Item {
    match entered.people.get(usize::from(entered.at)) {
        Some(person) => Item::Person(*person),
        None => Item::Nth(entered.at),
    }
}

fn who(items: &[Item]) -> Option<PersonNumber> {
    items.iter().rev().find_map(|item| match item {
        Item::Person(number) => Some(*number),
        Item::Nth(_) => None,
    })
}

/// How a question is called at the desk: its label, or its name made readable.
pub fn label(flow: &Flow, step: &Step) -> String {
    match step.label {
        Some(text) => flow.text(text).source.clone(),
        None => step.name.replace(['_', '-'], " "),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::*;
    use crate::{
        answer::Value,
        base::{Language, id::PersonNumber},
        engine::{
            Answered,
            session::{Frame, LoopPhase, Open},
        },
        flow::Library,
    };

    const FLOW: &str = "\
flow: check
title: Check
languages: [en]
for: anyone
steps:
  unwell:
    label: Who is unwell
    say: Who is unwell?
    ask: any of people in household
    none: All well
  each:
    for each: who in unwell
    steps:
      danger:
        label: Danger
        say: In danger?
        ask: yes/no
      fever:
        label: Fever
        say: Fever?
        ask: yes/no
        when: danger == no
  needs:
    label: Needs
    say: What do you need?
    ask: text
";

    fn answered(step: &str, items: Vec<Item>, value: Option<Value>) -> Answered {
        Answered {
            flow: "check".into(),
            step: step.into(),
            items,
            value: value.map(Into::into),
            said: "".into(),
            flagged: false,
            superseded: false,
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_comes_later_is_missing_and_what_was_passed_by_is_not() {
        let (library, findings) = Library::from_files(&BTreeMap::from([("check.yaml".to_owned(), FLOW.to_owned())]));
        let revision = library.current("check").unwrap_or_else(|| panic!("{findings:?}")).clone();
        let first = vec![Item::Person(PersonNumber(1))];
        let open = Open {
            asked_at: Timestamp::UNIX_EPOCH,
            asking: 2,
            n_unclear: 0,
            n_silence: 0,
            n_back: 0,
            language: Language::english(),
            aside: None,
            unseen: false,
            offered: None,
        };
        let mut session = Session {
            id: "ses_1".into(),
            flow: "check".into(),
            revision: revision.id.clone(),
            started_at: Timestamp::UNIX_EPOCH,
            frames: vec![Frame { flow: "check".into(), at: "unwell".into(), loops: vec![] }],
            answers: vec![],
            lists: vec![],
            open: Some(open),
            n_askings: 1,
            called: vec![],
            fired: vec![],
            handover_not_reached: false,
            beside: vec![],
            fix: None,
            language_offered: false,
        };
        let told = |session: &Session| {
            let rows = missing(&revision, session);
            rows.into_iter().map(|row| (row.label, row.who.map(|who| who.0), row.state, row.can_be_filled)).collect::<Vec<_>>()
        };
        let row = |label: &str, who, state, fill| (label.to_owned(), who, state, fill);
        assert_eq!(
            told(&session),
            [
                row("Who is unwell", None, State::Open, true),
                row("Danger", None, State::Perhaps, false),
                row("Fever", None, State::Perhaps, false),
                row("Needs", None, State::Later, true),
            ]
        );

        // The first of two is at the second question, after skipping the first one.
        session.answers =
            vec![answered("unwell", vec![], Some(Value::Choices(vec!["1".into(), "2".into()]))), answered("each.danger", first, None)];
        let entered = Loop { group: "each".into(), people: vec![PersonNumber(1), PersonNumber(2)], at: 0, phase: LoopPhase::Steps };
        session.frames = vec![Frame { flow: "check".into(), at: "each.fever".into(), loops: vec![entered] }];
        assert_eq!(
            told(&session),
            [
                row("Danger", Some(1), State::Skipped, true),
                row("Danger", Some(2), State::Later, false),
                row("Fever", Some(1), State::Open, true),
                row("Fever", Some(2), State::Perhaps, false),
                row("Needs", None, State::Later, true),
            ]
        );

        // Past the group: what was not asked there did not apply.
        session.frames = vec![Frame { flow: "check".into(), at: "needs".into(), loops: vec![] }];
        session.answers.push(answered("each.danger", vec![Item::Person(PersonNumber(2))], Some(Value::Text("no".into()))));
        assert_eq!(told(&session), [row("Danger", Some(1), State::Skipped, false), row("Needs", None, State::Open, true)]);
    }
}
