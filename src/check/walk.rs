//! Walks over a flow that many rules need: everything that is done, everywhere a name is used, and which step a name means.

use std::collections::BTreeSet;

use super::graph::{Part, Point};
use crate::flow::{
    condition::{Condition, Expression},
    model::{Actions, Body, Bounds, Flow, FlowOption, IfUnclear, Kind, Step, StepId, TextId, Wording},
    source::Span,
};

/// Where actions stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    /// An arm of `then`, by its place.
    Arm(usize),
    /// The step's own.
    Last,
    /// `if unclear`
    Unclear,
    /// An arm of `silence`.
    Silence,
}

/// Something that a flow does.
#[derive(Clone, Copy, Debug)]
pub struct Deed<'a> {
    /// The step; `None` for the flow's own `silence`.
    pub step: Option<StepId>,
    /// Where in it.
    pub spot: Spot,
    /// What must hold: the arm's condition, or the step's `when` for what a step does last.
    pub when: Option<&'a Condition>,
    /// What is done.
    pub actions: &'a Actions,
    /// Where it stands.
    pub span: &'a Span,
}

/// All deeds of a flow, in file order within each step.
pub fn deeds(flow: &Flow) -> Vec<Deed<'_>> {
    let mut deeds = Vec::new();
    for arm in &flow.silence {
        deeds.push(Deed { step: None, spot: Spot::Silence, when: arm.when.as_ref(), actions: &arm.actions, span: &arm.span });
    }
    for (id, step) in steps(flow) {
        for (n, arm) in step.then.iter().enumerate() {
            deeds.push(Deed { step: Some(id), spot: Spot::Arm(n), when: arm.when.as_ref(), actions: &arm.actions, span: &arm.span });
        }
        deeds.push(Deed { step: Some(id), spot: Spot::Last, when: step.when.as_ref(), actions: &step.last, span: &step.span });
        if let Body::Ask(ask) = &step.body
            && let IfUnclear::Arm(actions) = &ask.if_unclear
        {
            deeds.push(Deed { step: Some(id), spot: Spot::Unclear, when: None, actions, span: &ask.span });
        }
        for arm in step.silence.iter().flatten() {
            deeds.push(Deed { step: Some(id), spot: Spot::Silence, when: arm.when.as_ref(), actions: &arm.actions, span: &arm.span });
        }
    }
    deeds
}

/// All steps with their ids, in file order.
pub fn steps(flow: &Flow) -> impl Iterator<Item = (StepId, &Step)> {
    flow.steps.iter().enumerate().map(|(index, step)| (StepId(index), step))
}

/// Whether a step waits for a reply.
pub const fn asks(step: &Step) -> bool {
    matches!(step.body, Body::Ask(_) | Body::Repeat(_))
}

/// Whether a step asks something that may be skipped: all but identity and consent.
pub fn can_be_skipped(flow: &Flow, id: StepId) -> bool {
    match &flow.step(id).body {
        Body::Ask(ask) => !matches!(ask.kind, Kind::Consent | Kind::BirthYear),
        Body::Plain | Body::Repeat(_) | Body::ForEach(_) | Body::Call(_) => false,
    }
}

/// One use of a name.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name as written.
    pub name: String,
    /// Where in the flow; `None` for texts and arms of the flow itself.
    pub at: Option<Point>,
    /// The best place to point at.
    pub span: Span,
}

/// All uses of names in conditions, bounds, values and texts; inside `any(list, …)` and `all(list, …)` only the list's own.
pub fn uses(flow: &Flow) -> Vec<Use> {
    uses_of(flow, false)
}

/// The same with the names of the items inside `any` and `all`, as written there.
pub fn uses_in_items(flow: &Flow) -> Vec<Use> {
    uses_of(flow, true)
}

fn uses_of(flow: &Flow, in_items: bool) -> Vec<Use> {
    let mut all = Uses { flow, in_items, found: Vec::new() };
    for (id, step) in steps(flow) {
        let begin = Some(Point { step: id, part: Part::Begin });
        let after = Some(Point { step: id, part: Part::After });
        all.condition(step.when.as_ref(), begin, &step.span);
        all.values(&step.set, begin, &step.span);
        all.wording(step.say.as_ref(), begin);
        match &step.body {
            Body::Plain | Body::Call(_) => {}
            Body::Ask(ask) => {
                for option in &ask.options {
                    all.option(option, begin);
                }
                all.texts(ask.none.into_iter().chain(ask.retry).chain(ask.why), begin);
                match &ask.kind {
                    Kind::Date(Bounds { from, to }) => {
                        for bound in [from, to].into_iter().flatten() {
                            all.expression(bound, begin, &ask.span);
                        }
                    }
                    Kind::OnePerson(list) | Kind::People(list) => all.name(list, begin, &ask.span),
                    _ => {}
                }
            }
            Body::Repeat(repeat) => all.texts(repeat.first, begin),
            Body::ForEach(each) => all.name(&each.list, begin, &step.span),
        }
        for deed in deeds(flow).iter().filter(|deed| deed.step == Some(id)) {
            let at = if matches!(deed.spot, Spot::Arm(_) | Spot::Last) { after } else { begin };
            if deed.spot != Spot::Last {
                all.condition(deed.when, at, deed.span);
            }
            all.values(&deed.actions.set, at, deed.span);
            all.wording(deed.actions.say.as_ref(), at);
        }
    }
    all.found
}

struct Uses<'a> {
    flow: &'a Flow,
    in_items: bool,
    found: Vec<Use>,
}

impl Uses<'_> {
    fn name(&mut self, name: &str, at: Option<Point>, span: &Span) {
        self.found.push(Use { name: name.to_owned(), at, span: span.clone() });
    }

    fn expression(&mut self, expression: &Expression, at: Option<Point>, span: &Span) {
        let mut found = BTreeSet::new();
        collect(expression, self.in_items, &mut found);
        for name in found {
            self.name(&name, at, span);
        }
    }

    fn condition(&mut self, condition: Option<&Condition>, at: Option<Point>, span: &Span) {
        if let Some(condition) = condition {
            self.expression(&condition.expression, at, span);
        }
    }

    fn values(&mut self, values: &[(String, Expression)], at: Option<Point>, span: &Span) {
        for (_, value) in values {
            self.expression(value, at, span);
        }
    }

    fn texts(&mut self, ids: impl IntoIterator<Item = TextId>, at: Option<Point>) {
        for id in ids {
            let text = self.flow.text(id);
            for name in &text.names {
                self.name(name, at, &text.span);
            }
        }
    }

    fn wording(&mut self, wording: Option<&Wording>, at: Option<Point>) {
        if let Some(wording) = wording {
            self.texts(variants(wording), at);
        }
    }

    fn option(&mut self, option: &FlowOption, at: Option<Point>) {
        self.texts([option.say], at);
        self.condition(option.when.as_ref(), at, &option.span);
    }
}

/// All the variants of a wording.
pub fn variants(wording: &Wording) -> Vec<TextId> {
    let usual = [Some(wording.say), wording.if_you, wording.if_alone];
    usual.into_iter().flatten().chain(wording.by_medium.iter().map(|(_, id)| *id)).collect()
}

/// The names in an expression; inside `any(list, …)` and `all(list, …)` only the list's own, since the others may be the items'.
pub fn names(expression: &Expression) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(expression, false, &mut found);
    found
}

fn collect(expression: &Expression, in_items: bool, found: &mut BTreeSet<String>) {
    match expression {
        Expression::Name(name) => drop(found.insert(name.clone())),
        Expression::Quantified(_, list, each) => {
            found.insert(list.clone());
            if in_items {
                collect(each, in_items, found);
            }
        }
        Expression::Not(x)
        | Expression::IsNone(x)
        | Expression::IsAnswered(x)
        | Expression::IsMissing(x)
        | Expression::DaysSince(x)
        | Expression::AgeOf(x) => collect(x, in_items, found),
        Expression::Logic(_, x, y) | Expression::Compare(_, x, y) | Expression::In(x, y) | Expression::Arithmetic(_, x, y) => {
            collect(x, in_items, found);
            collect(y, in_items, found);
        }
        Expression::Literal(_) | Expression::Option(_) | Expression::Holds(_) | Expression::HandoverNotReached => {}
    }
}

/// The step whose answer a name means: by full path, as compiled conditions have it, else the nearest of the groups around where it is used, as
/// texts have it. `contacts.count` means the group `contacts`; `None` for built-in and set names.
pub fn meant(flow: &Flow, name: &str, used_in: Option<StepId>) -> Option<StepId> {
    let mut group = used_in.and_then(|id| flow.step(id).group);
    let mut prefixes = vec![String::new()];
    while let Some(id) = group {
        prefixes.push(format!("{}.", flow.step(id).path));
        group = flow.step(id).group;
    }
    // The outermost list first, then from the innermost group outwards.
    prefixes.iter().find_map(|prefix| {
        let mut tried = name;
        loop {
            if let Some(id) = flow.find(&format!("{prefix}{tried}")) {
                return Some(id);
            }
            tried = tried.rsplit_once('.')?.0;
        }
    })
}
