//! Words of danger: heard before anything else, always answered, and a human is called.

use super::{
    conversation::{Holder, ResumeAt},
    effect::{Paragraph, Purpose},
    listen::Heard,
    run::Run,
    start,
    walk::Walk,
};
use crate::{
    answer::{
        How, Reading, Reply,
        emergency::{self, Kind as Alarm},
    },
    base::{Language, Private},
    flow::{
        condition::Truth,
        model::{Body, Kind, Resume, Urgency},
    },
};

/// Why a human is called for harm to oneself or fear of someone at home. While such a call is live nothing that names a danger is said: the
/// phone may be shared with the one who is it.
pub(super) const DISTRESS: &str = "Words of distress or danger";

/// Emergency words are heard first and always answered. Gives whether there were any.
///
/// Its words are not said again to what writes the same again and again; a human is called all the same.
pub(super) fn alarm(run: &mut Run<'_>, reply: &Reply<'_>, languages: &[Language], is_reply: bool, looped: bool) -> bool {
    let Some(heard) = emergency::hear(reply, languages) else { return false };
    let session = run.conversation.open_session();
    let session_id = session.map(|session| session.id.clone());
    let open = session.is_some_and(|session| session.open.as_ref().is_some_and(|open| !open.unseen));
    let resume = if session.is_some_and(|session| session.open.is_some()) {
        ResumeAt::OpenQuestion
    } else if session.is_some() {
        ResumeAt::NextStep
    } else {
        ResumeAt::Nothing
    };
    let was_bot = run.conversation.holder == Holder::Bot;
    let (because, rule) = match heard.kind {
        Alarm::Emergency => ("Emergency words", "emergency words"),
        Alarm::Distress => (DISTRESS, "distress words"),
    };
    match heard.kind {
        Alarm::Emergency if looped => {}
        Alarm::Emergency => {
            let paragraph = emergency_text(run);
            run.say(Purpose::Safety, vec![paragraph]);
        }
        // Quietly: the phone may be shared with the one who is the danger.
        Alarm::Distress if was_bot && run.conversation.opted_out_at.is_none() => {
            let revision = run.revision();
            run.say_handed_over(Urgency::Emergency, revision.as_ref());
        }
        Alarm::Distress => {}
    }
    run.call_human(Urgency::Emergency, because, rule, Some(heard.quote), resume, session_id);
    run.conversation.waiting_since.get_or_insert(run.now);
    if is_reply && was_bot && open && run.conversation.opted_out_at.is_none() {
        start::with_open(run, |walk| walk.answer_in_alarm(reply));
    }
    true
}

fn emergency_text(run: &Run<'_>) -> Paragraph {
    let named = run.conversation.open_session().and_then(|session| {
        let revision = run.world.library.revision(&session.revision)?;
        let innermost = session.frames.last().and_then(|frame| revision.flows.get(&frame.flow)).and_then(|flow| flow.emergency.clone());
        innermost.or_else(|| revision.root().and_then(|flow| flow.emergency.clone()))
    });
    run.shared(run.revision().as_ref(), named.as_deref().unwrap_or("emergency-text"), &[])
}

impl Walk<'_, '_> {
    /// The reply that raised the alarm may answer the question too: then it is kept, and its arms' calls join the same escalation.
    fn answer_in_alarm(&mut self, reply: &Reply<'_>) {
        let Some(flow) = self.flow() else { return };
        let Some(Reading::Clear { value, how }) = self.reading(Heard::Words(reply)) else { return };
        let Some(id) = flow.find(&self.frame().at) else { return };
        let step = flow.step(id);
        let Body::Ask(ask) = &step.body else { return };
        // A cry for help is no choice from a menu, and no name, text or consent.
        let loose = matches!(how, How::Within | How::Mended);
        if matches!(ask.kind, Kind::Text { .. } | Kind::Name | Kind::BirthYear | Kind::Consent) || (loose && ask.kind == Kind::OneOf) {
            return;
        }
        self.answer(&flow, step, Some(value), Private::from(reply.text()), false, None);
        self.session.open = None;
        let mut resume = ResumeAt::AfterAnswer;
        for (n, arm) in step.then.iter().enumerate() {
            let holds = arm.when.as_ref().is_some_and(|condition| self.holds(&step.path, condition) == Truth::Yes);
            if let (true, Some(call)) = (holds, &arm.actions.escalate) {
                let rule = format!("{} {} arm {}", flow.name, step.path, n + 1);
                self.mark_fired(&rule, step);
                let session = Some(self.session.id.clone());
                self.run.call_human(call.urgency, &call.because, &rule, None, ResumeAt::AfterAnswer, session);
                match &arm.actions.resume {
                    Some(Resume::Step(path)) => resume = ResumeAt::Step(path.clone()),
                    Some(Resume::End) => resume = ResumeAt::End,
                    None => {}
                }
            }
        }
        if let Some(live) = self.run.live() {
            live.resume = resume;
        }
    }
}
