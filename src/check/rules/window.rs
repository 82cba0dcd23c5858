use super::super::{
    Rule, Subject, finding,
    walk::{Spot, deeds},
};
use crate::{
    base::{Medium, capabilities::Capabilities},
    flow::{
        codes::Page,
        diagnostic::{Finding, Level},
        model::SilenceArm,
    },
};

/// A reminder that comes after WhatsApp's window has shut.
pub static RULE: Rule = Rule { page: PAGE, run };

const PAGE: Page = Page {
    code: "F052",
    title: "A reminder after WhatsApp's window",
    level: Level::Note,
    what: "An arm of `silence` says something 24 hours or more after the question.",
    why: "WhatsApp carries free text only within 24 hours of the person's last message. Later, a template approved by Meta is sent in its place, or nothing where none is configured.",
    bad: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    silence:
      - after: 26 hours
        say: Are you still there?
      - after: 30 hours
        end: no reply
  thanks:
    say: Thank you.
    end: complete
",
    good: "\
steps:
  well:
    say: Are you well today?
    ask: yes/no
    silence:
      - after: 20 hours
        say: Are you still there?
      - after: 30 hours
        end: no reply
  thanks:
    say: Thank you.
    end: complete
",
};

fn run(subject: &Subject<'_>, findings: &mut Vec<Finding>) {
    let flow = subject.flow;
    let Some(hours) = Capabilities::of(Medium::WhatsApp).window_hours.filter(|_| subject.around.media.contains(&Medium::WhatsApp)) else {
        return;
    };
    let arms = flow.silence.iter().chain(flow.steps.iter().flat_map(|step| step.silence.iter().flatten()));
    let late: Vec<&SilenceArm> = arms.filter(|arm| arm.after_s >= hours * 3_600).collect();
    for deed in deeds(flow).iter().filter(|deed| deed.spot == Spot::Silence && deed.actions.say.is_some()) {
        if late.iter().any(|arm| std::ptr::eq(&arm.actions, deed.actions)) {
            let mut found = finding(
                &PAGE,
                deed.span,
                "is said when the window has shut",
                format!("on WhatsApp a template is needed to say this after {hours} hours"),
            );
            found.help = Some("remind earlier, or configure `templates = { reminder = \"…\" }` for the channel".to_owned());
            findings.push(found);
        }
    }
}
