//! Which steps and arms transcripts visit, and which none does.

use std::collections::BTreeSet;

use super::simulation::Turn;
use crate::{
    engine::Fact,
    flow::{
        Flow, Library, Revision, Span,
        model::{Arm, Body, Step},
    },
};

/// Steps entered and arms done, by flow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visited {
    /// Flow, step's path, and the arm from 1; 0 is the step itself.
    places: BTreeSet<(String, String, usize)>,
}

/// A step or an arm that no transcript visits.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unvisited {
    /// The flow.
    pub flow: String,
    /// The step's path.
    pub step: String,
    /// The arm of `then`, from 1; `None` is the whole step.
    pub arm: Option<usize>,
    /// The arm's condition, `else` where it has none.
    pub when: Option<String>,
    /// Where it stands.
    pub span: Span,
}

impl Visited {
    /// Takes what a turn's trace tells.
    ///
    /// A trace names steps by path, not by flow: the flow is the one talked in, until a path is not of it or a flow is called.
    pub(crate) fn take(&mut self, library: &Library, turn: &Turn) {
        let mut flow = turn.flow_before.clone();
        for fact in &turn.facts {
            if let (Fact::SessionStarted { flow: begun, .. }, true) = (fact, flow.is_none()) {
                flow = Some(begun.clone());
            }
        }
        for line in turn.trace.iter().filter(|line| !line.step.is_empty()) {
            let Some(found) = find(library, flow.as_deref(), &line.step) else { continue };
            let name = found.name.clone();
            if line.what == "entered" {
                self.places.insert((name.clone(), line.step.clone(), 0));
                let called = found.find(&line.step).and_then(|id| called(found.step(id)));
                flow = called.or(Some(name));
            } else {
                for arm in arms(found, &line.step, &line.what) {
                    self.places.insert((name.clone(), line.step.clone(), arm));
                }
                flow = Some(name);
            }
        }
    }

    /// Adds what another transcript visited.
    pub fn merge(&mut self, other: Self) {
        self.places.extend(other.places);
    }

    /// The steps and arms of a flow that were not visited, in file order.
    pub fn missing(&self, flow: &Flow) -> Vec<Unvisited> {
        let mut missing = Vec::new();
        for step in &flow.steps {
            let unvisited = |arm: Option<usize>, when: Option<String>, span: &Span| Unvisited {
                flow: flow.name.clone(),
                step: step.path.clone(),
                arm,
                when,
                span: span.clone(),
            };
            if !self.places.contains(&(flow.name.clone(), step.path.clone(), 0)) {
                missing.push(unvisited(None, None, &step.span));
                continue;
            }
            for (n, arm) in step.then.iter().enumerate() {
                if !self.places.contains(&(flow.name.clone(), step.path.clone(), n + 1)) {
                    let when = arm.when.as_ref().map_or_else(|| "else".to_owned(), |condition| condition.source.clone());
                    missing.push(unvisited(Some(n + 1), Some(when), &arm.span));
                }
            }
        }
        missing
    }
}

/// The arms, from 1, that a line of the trace says are done: by number, or by a condition that holds.
fn arms(flow: &Flow, path: &str, what: &str) -> Vec<usize> {
    if let Some(nth) = what.strip_prefix("arm ").and_then(|rest| rest.split_whitespace().next()).and_then(|nth| nth.parse().ok()) {
        return vec![nth];
    }
    let holding = what.strip_prefix("when `").and_then(|rest| rest.strip_suffix("` holds"));
    let (Some(source), Some(id)) = (holding, flow.find(path)) else { return Vec::new() };
    let holds = |(_, arm): &(usize, &Arm)| arm.when.as_ref().is_some_and(|condition| condition.source == source);
    flow.step(id).then.iter().enumerate().filter(holds).map(|(n, _)| n + 1).collect()
}

fn called(step: &Step) -> Option<String> {
    match &step.body {
        Body::Call(called) => Some(called.clone()),
        Body::Plain | Body::Ask(_) | Body::Repeat(_) | Body::ForEach(_) => None,
    }
}

/// The flow that a path is of: the one talked in if it has it, else one that is in service or called by one that is.
fn find<'l>(library: &'l Library, flow: Option<&str>, path: &str) -> Option<&'l Flow> {
    let has = |flow: &&Flow| flow.find(path).is_some();
    let revisions = || library.all_current().map(|(_, revision)| revision);
    let all = || revisions().flat_map(|revision: &'l std::sync::Arc<Revision>| revision.flows.values().map(|flow| flow.as_ref()));
    all().filter(|other| Some(other.name.as_str()) == flow).find(has).or_else(|| all().find(has))
}
