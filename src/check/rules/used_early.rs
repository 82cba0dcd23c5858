use std::collections::{BTreeMap, BTreeSet};

use super::super::{
    Rule, Subject, finding,
    graph::{Part, Point},
    walk::{deeds, meant, steps, uses},
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level, Place},
    model::{Body, StepId},
};

/// An answer used where it cannot be there yet.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F034",
    title: "An answer used before it can be there",
    level: Level::Error,
    what: "A condition, a value or a text uses an answer, and no path comes here after the question was asked.",
    why: "The answer is missing for everyone: the condition is never decided, the text has a gap.",
    bad: "\
steps:
  advice:
    when: fever == yes
    say: Please drink enough.
  fever:
    say: Do you feel hot?
    ask: yes/no
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  fever:
    say: Do you feel hot?
    ask: yes/no
  advice:
    when: fever == yes
    say: Please drink enough.
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let (flow, graph) = (subject.flow, &subject.graph);
    let reached = graph.reach(graph.first(), |_, _| true);
    let set = set_names(subject);
    let mut reported = BTreeSet::new();
    for used in uses(flow) {
        let Some(at) = used.at else { continue };
        if !reached.contains(&at) || !reported.insert((used.name.clone(), at, used.span.start)) {
            continue;
        }
        let (sources, place) = match meant(flow, &used.name, Some(at.step)) {
            Some(id) => match source(subject, id) {
                Some(point) => (vec![point], Some(&flow.step(id).span)),
                None => continue,
            },
            None => match set.get(used.name.as_str()) {
                Some(points) => (points.clone(), points.first().map(|point| &flow.step(point.step).span)),
                None => continue,
            },
        };
        if graph.reach(sources, |_, _| true).contains(&at) {
            continue;
        }
        let mut found = finding(
            &PAGE,
            &used.span,
            format!("uses `{}`", used.name),
            format!("`{}` is used in `{}` before it can be there", used.name, flow.step(at.step).path),
        );
        found.also = place.map(|span| Place { span: span.clone(), label: "it comes from here".to_owned() }).into_iter().collect();
        found.help = Some(format!("move the step `{}` below it", flow.step(at.step).name));
        findings.push(found);
    }
}

/// From where on an answer may be there.
fn source(subject: &Subject<'_>, id: StepId) -> Option<Point> {
    match &subject.flow.step(id).body {
        Body::Ask(_) | Body::Call(_) => Some(Point { step: id, part: Part::After }),
        Body::Repeat(_) | Body::ForEach(_) => Some(Point { step: id, part: Part::Begin }),
        Body::Plain => None,
    }
}

/// From where on each value that is `set` may be there.
fn set_names<'a>(subject: &Subject<'a>) -> BTreeMap<&'a str, Vec<Point>> {
    let mut set: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
    let everywhere = subject.graph.first();
    for (id, step) in steps(subject.flow) {
        for (name, _) in &step.set {
            set.entry(name).or_default().push(Point { step: id, part: Part::Begin });
        }
    }
    for deed in deeds(subject.flow) {
        for (name, _) in &deed.actions.set {
            let point = deed.step.map(|step| Point { step, part: Part::Begin }).or(everywhere);
            set.entry(name).or_default().extend(point);
        }
    }
    set
}
