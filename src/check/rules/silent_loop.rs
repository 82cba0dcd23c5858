use super::super::{
    Rule, Subject, finding,
    graph::{Edge, Graph, How, Part, Point},
    walk::steps,
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
    model::{Body, Flow},
};

/// A way round that passes no question.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F032",
    title: "A loop without a question",
    level: Level::Error,
    what: "From this step one can come back to it without being asked anything.",
    why: "The conversation would turn in a circle and send the same words again and again; the engine stops it after 500 steps and calls a human.",
    bad: "\
steps:
  hello:
    say: Hello.
  again:
    say: Please wait.
    go: hello
",
    good: "\
steps:
  hello:
    say: Shall we go on?
    ask: yes/no
    then:
      - when: hello == no
        go: hello
  thanks:
    say: Thank you.
    end: complete
",
};

/// Which edges belong to a way round.
type Way<'a> = dyn Fn(Point, &Edge) -> bool + 'a;

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let (flow, graph) = (subject.flow, &subject.graph);
    // Where a question may be skipped by its `when`, only a way round that is taken for certain is reported: two conditions may exclude each other.
    let ways: [&Way<'_>; 2] =
        [&|from, edge| silent(flow, from, edge) && !(edge.how == How::Skipped && waits(flow, from)), &|from, edge| {
            silent(flow, from, edge) && edge.how != How::ArmGo
        }];
    let mut seen: Vec<Point> = Vec::new();
    for (id, step) in steps(flow) {
        let point = Point { step: id, part: Part::Begin };
        for way in ways {
            if seen.contains(&point) || !graph.comes_back(point, way) {
                continue;
            }
            seen.extend(circle(graph, point, way));
            let mut found = finding(
                &PAGE,
                &step.span,
                "comes back here",
                format!("from `{}` the flow comes back to it without asking anything", step.path),
            );
            found.help = Some("ask something on the way, or let an arm with a condition leave the circle".to_owned());
            findings.push(found);
        }
    }
}

/// The points of the circle through a point, so that it is reported once.
fn circle(graph: &Graph, through: Point, way: &Way<'_>) -> Vec<Point> {
    let ahead = graph.reach([through], way);
    ahead.into_iter().filter(|&point| graph.reach([point], way).contains(&through)).collect()
}

fn waits(flow: &Flow, point: Point) -> bool {
    matches!(flow.step(point.step).body, Body::Ask(_) | Body::Call(_) | Body::Repeat(_))
}

/// Whether an edge is taken without anybody being asked, and may be taken without end: items of a group are counted.
fn silent(flow: &Flow, from: Point, edge: &Edge) -> bool {
    let asked = from.part == Part::Begin && waits(flow, from);
    match edge.how {
        How::Through | How::Next | How::ArmGo | How::Go | How::Skipped => !asked || edge.how == How::Skipped,
        How::Enter | How::Empty => !matches!(&flow.step(from.step).body, Body::Repeat(repeat) if repeat.first.is_some()),
        How::Done => !asked,
        How::Answered | How::End | How::HandedBack | How::Silence | How::NextItem => false,
    }
}
