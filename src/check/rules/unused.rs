use std::collections::BTreeSet;

use super::super::{
    Rule, Subject, finding,
    walk::{deeds, steps, uses_in_items},
};
use crate::flow::{
    codes::Page,
    diagnostic::{Finding, Level},
};

/// Something that is declared and never used.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F048",
    title: "Declared and never used",
    level: Level::Note,
    what: "A value is `set` that no condition and no text uses, or an ending stands in `ends:` that no step ends with.",
    why: "It is a leftover, or the line that should use it is missing.",
    bad: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    then:
      - when: well == no
        set:
          tired: yes
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    then:
      - when: well == no
        set:
          tired: yes
  rest:
    when: tired == yes
    say: Please rest.
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let used: BTreeSet<String> = uses_in_items(flow)
        .into_iter()
        .map(|used| used.name)
        .chain(flow.texts.iter().flat_map(|text| text.names.iter().cloned()))
        .collect();
    let set = steps(flow).flat_map(|(_, step)| step.set.iter().map(move |(name, _)| (name, &step.span)));
    let done = deeds(flow);
    let set_in_arms = done.iter().flat_map(|deed| deed.actions.set.iter().map(move |(name, _)| (name, deed.span)));
    let mut reported = BTreeSet::new();
    for (name, span) in set.chain(set_in_arms) {
        let is_used =
            used.iter().any(|other| other == name || other.strip_suffix(name.as_str()).is_some_and(|before| before.ends_with('.')));
        if !is_used && reported.insert(name) {
            findings.push(finding(&PAGE, span, format!("sets `{name}`"), format!("`{name}` is set and never used in this flow")));
        }
    }
    let ended: BTreeSet<&str> = done.iter().filter_map(|deed| deed.actions.end.as_ref()).map(|end| end.name.as_str()).collect();
    let unused = |name: &str| name != "complete" && !ended.contains(name);
    for (name, span) in flow.ends.iter().zip(&flow.ends_at).filter(|(name, _)| unused(name)) {
        let mut found = finding(&PAGE, span, "no step ends so", format!("no step ends with `{name}`, which stands in `ends:`"));
        found.help = Some(format!("write `end: {name}` where the flow ends so, or take it out of `ends:`"));
        findings.push(found);
    }
}
