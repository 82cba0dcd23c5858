//! Which steps and arms transcripts visit, and which none does.

use std::collections::BTreeSet;

use super::simulation::Turn;
use crate::flow::{Flow, Library, Span, model::Arm};

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
    pub(crate) fn take(&mut self, library: &Library, turn: &Turn) {
        for line in turn.trace.iter().filter(|line| !line.step.is_empty()) {
            if line.what == "entered" {
                self.places.insert((line.flow.clone(), line.step.clone(), 0));
            }
            for arm in find(library, &line.flow).map(|flow| arms(flow, &line.step, &line.what)).unwrap_or_default() {
                self.places.insert((line.flow.clone(), line.step.clone(), arm));
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

/// A flow by name, in service itself or called by one that is.
fn find<'l>(library: &'l Library, name: &str) -> Option<&'l Flow> {
    library.all_current().find_map(|(_, revision)| revision.flows.get(name)).map(|flow| flow.as_ref())
}
