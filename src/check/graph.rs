//! The flow as a graph: from where one may come to where.
//!
//! Every step has two points: [`Part::Begin`], before its `when`, and [`Part::After`], when its question, group or call is over and its arms are
//! about to be tried. Edges say how one gets on. Conditions are weighed only where the arms on a
//! question cover every answer: an edge means "may", so that what is *not* reached is certain.

use std::collections::BTreeSet;

use crate::flow::model::{Actions, Ask, Body, Flow, Go, IfUnclear, Resume, StepId};

/// A half of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// Before its `when`, `say` and question.
    Begin,
    /// Before its arms.
    After,
}

/// A point of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The step.
    pub step: StepId,
    /// Which half.
    pub part: Part,
}

/// Where an edge leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// Another point.
    Point(Point),
    /// An `end`.
    End,
    /// The outermost list has no further step, and no `end` was met.
    RunsOut,
}

/// How one gets along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Through the step's own `say`, `set` or nothing.
    Through,
    /// A question was answered, or a call came back.
    Answered,
    /// The step's `when` did not hold.
    Skipped,
    /// On to the next step of the list.
    Next,
    /// By an arm's `go`.
    ArmGo,
    /// By the step's own `go`, which is always taken once the arms are done.
    Go,
    /// By an `end`.
    End,
    /// After a human handed back.
    HandedBack,
    /// By an arm of `silence`.
    Silence,
    /// Into a group.
    Enter,
    /// Past an empty group.
    Empty,
    /// On to the next item of a group.
    NextItem,
    /// Out of a group.
    Done,
}

/// One way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// Where to.
    pub to: To,
    /// How.
    pub how: How,
}

/// The graph of one flow.
#[derive(Clone, Debug)]
pub struct Graph {
    /// Edges out of each step's beginning, then of each step's other half.
    begin: Vec<Vec<Edge>>,
    after: Vec<Vec<Edge>>,
    first: Option<Point>,
}

impl Graph {
    /// The graph of a flow.
    pub fn of(flow: &Flow) -> Self {
        let ids = || (0..flow.steps.len()).map(StepId);
        Self {
            begin: ids().map(|id| begin_edges(flow, id)).collect(),
            after: ids().map(|id| after_edges(flow, id)).collect(),
            first: flow.top.first().map(|&step| Point { step, part: Part::Begin }),
        }
    }

    /// Where the flow begins; `None` without steps.
    pub const fn first(&self) -> Option<Point> {
        self.first
    }

    /// The ways on from a point.
    pub fn edges(&self, from: Point) -> &[Edge] {
        let half = match from.part {
            Part::Begin => &self.begin,
            Part::After => &self.after,
        };
        half.get(from.step.0).map_or(&[], Vec::as_slice)
    }

    /// All points that may be reached from some, themselves included, along edges that `along` lets pass.
    pub fn reach(&self, from: impl IntoIterator<Item = Point>, along: impl Fn(Point, &Edge) -> bool) -> BTreeSet<Point> {
        let mut reached = BTreeSet::new();
        let mut open: Vec<Point> = from.into_iter().collect();
        while let Some(point) = open.pop() {
            if !reached.insert(point) {
                continue;
            }
            for edge in self.edges(point) {
                if let To::Point(to) = edge.to
                    && along(point, edge)
                {
                    open.push(to);
                }
            }
        }
        reached
    }

    /// Whether one may come back to a point along edges that `along` lets pass.
    pub fn comes_back(&self, to: Point, along: impl Fn(Point, &Edge) -> bool) -> bool {
        let next: Vec<Point> = self.edges(to).iter().filter(|edge| along(to, edge)).filter_map(Edge::point).collect();
        self.reach(next, along).contains(&to)
    }
}

impl Edge {
    const fn point(&self) -> Option<Point> {
        match self.to {
            To::Point(point) => Some(point),
            To::End | To::RunsOut => None,
        }
    }
}

const fn begin(step: StepId) -> To {
    To::Point(Point { step, part: Part::Begin })
}

const fn after(step: StepId) -> To {
    To::Point(Point { step, part: Part::After })
}

fn begin_edges(flow: &Flow, id: StepId) -> Vec<Edge> {
    let step = flow.step(id);
    let mut edges = Vec::new();
    if step.when.is_some() {
        on(flow, id, How::Skipped, &mut edges);
    }
    match &step.body {
        Body::Plain => edges.push(Edge { to: after(id), how: How::Through }),
        Body::Call(_) => edges.push(Edge { to: after(id), how: How::Answered }),
        Body::Ask(ask) => {
            edges.push(Edge { to: after(id), how: How::Answered });
            unclear_edges(flow, id, ask, &mut edges);
            for arm in step.silence.as_ref().unwrap_or(&flow.silence) {
                leaving_edges(flow, id, &arm.actions, How::Silence, &mut edges);
            }
            // DONE and NOBODY work anywhere inside a repeat.
            let mut group = step.group;
            while let Some(outer) = group {
                if matches!(flow.step(outer).body, Body::Repeat(_)) {
                    edges.push(Edge { to: after(outer), how: How::Done });
                }
                group = flow.step(outer).group;
            }
        }
        Body::Repeat(_) | Body::ForEach(_) => {
            if let Some(&first) = flow.list(Some(id)).first() {
                edges.push(Edge { to: begin(first), how: How::Enter });
            }
            edges.push(Edge { to: after(id), how: How::Empty });
        }
    }
    edges
}

fn unclear_edges(flow: &Flow, id: StepId, ask: &Ask, edges: &mut Vec<Edge>) {
    match &ask.if_unclear {
        IfUnclear::Default => on(flow, id, How::HandedBack, edges),
        IfUnclear::Accept => {}
        IfUnclear::Arm(actions) => leaving_edges(flow, id, actions, How::ArmGo, edges),
    }
}

fn after_edges(flow: &Flow, id: StepId) -> Vec<Edge> {
    let step = flow.step(id);
    let mut edges = Vec::new();
    for arm in &step.then {
        leaving_edges(flow, id, &arm.actions, How::ArmGo, &mut edges);
    }
    if super::cover::always_leaves(step) {
        return edges;
    }
    leaving_edges(flow, id, &step.last, How::Go, &mut edges);
    if !leaves(&step.last) {
        on(flow, id, How::Next, &mut edges);
    }
    edges
}

/// Whether actions leave the step for certain.
pub const fn leaves(actions: &Actions) -> bool {
    actions.escalate.is_some() || actions.go.is_some() || actions.end.is_some()
}

fn leaving_edges(flow: &Flow, id: StepId, actions: &Actions, how: How, edges: &mut Vec<Edge>) {
    if actions.escalate.is_some() {
        match &actions.resume {
            Some(Resume::End) => edges.push(Edge { to: To::End, how: How::HandedBack }),
            Some(Resume::Step(path)) => match flow.find(path) {
                Some(step) => edges.push(Edge { to: begin(step), how: How::HandedBack }),
                None => on(flow, id, How::HandedBack, edges),
            },
            None if actions.go.is_none() && actions.end.is_none() => on(flow, id, How::HandedBack, edges),
            None => {}
        }
    }
    match &actions.go {
        Some(Go::Step(step)) => edges.push(Edge { to: begin(*step), how }),
        Some(Go::NextItem) => match flow.step(id).group {
            Some(group) => item_over(flow, group, edges),
            None => on(flow, id, how, edges),
        },
        None => {}
    }
    if actions.end.is_some() {
        edges.push(Edge { to: To::End, how: How::End });
    }
}

/// On to the next step of the list, the next item, or out.
fn on(flow: &Flow, id: StepId, how: How, edges: &mut Vec<Edge>) {
    let step = flow.step(id);
    match (step.next, step.group) {
        (Some(next), _) => edges.push(Edge { to: begin(next), how }),
        (None, Some(group)) => item_over(flow, group, edges),
        (None, None) => edges.push(Edge { to: To::RunsOut, how }),
    }
}

fn item_over(flow: &Flow, group: StepId, edges: &mut Vec<Edge>) {
    if let Some(&first) = flow.list(Some(group)).first() {
        edges.push(Edge { to: begin(first), how: How::NextItem });
    }
    edges.push(Edge { to: after(group), how: How::Done });
}
