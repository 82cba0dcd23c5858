//! Keywords: STOP, START, HELP, HUMAN, LANGUAGE, BACK, FIX, SKIP, and those of a repeat.

use super::{
    conversation::ResumeAt,
    effect::{Fact, Purpose},
    heard::ask_again_after,
    run::Run,
    start, tongue,
    walk::Walk,
};
use crate::{answer::Keyword, flow::model::Urgency};

/// Does what a keyword asks for. Gives whether it did: NOBODY, DONE and TELL mean something only inside a repeat.
pub(super) fn command(run: &mut Run<'_>, keyword: Keyword, open: bool) -> bool {
    match keyword {
        Keyword::Stop => stop(run, false),
        Keyword::Start if open => ask_again_after(run, "question-waits", &[]),
        Keyword::Start => return false,
        Keyword::Help if open => ask_again_after(run, "help", &[]),
        Keyword::Help => run.say_shared(Purpose::Confirmation, "help", &[]),
        Keyword::Human => {
            let session = run.conversation.open_session().map(|session| session.id.clone());
            let resume = if open { ResumeAt::OpenQuestion } else { ResumeAt::Nothing };
            run.call_human(Urgency::Routine, "Asked for a person", "asked for a person", None, resume, session);
            run.conversation.waiting_since = Some(run.now);
            let revision = run.revision();
            run.say_handed_over(Urgency::Routine, revision.as_ref());
        }
        Keyword::Language => tongue::ask(run),
        Keyword::Back if open => {
            start::with_open(run, |walk| walk.back());
        }
        Keyword::Fix if open => {
            start::with_open(run, |walk| walk.fix());
        }
        Keyword::Back => run.say_shared(Purpose::Dialogue, "nothing-to-go-back", &[]),
        Keyword::Fix => run.say_shared(Purpose::Dialogue, "nothing-to-fix", &[]),
        Keyword::Skip if open => {
            start::with_open(run, |walk| walk.skip());
        }
        Keyword::Restart if open => ask_again_after(run, "question-waits", &[]),
        Keyword::Nobody | Keyword::Done | Keyword::Tell if open => {
            return start::with_open(run, |walk| walk.in_repeat_or_around() && walk.hear_in_repeat(keyword)).unwrap_or(false);
        }
        Keyword::Skip | Keyword::Restart | Keyword::Nobody | Keyword::Done | Keyword::Tell => return false,
    }
    true
}

impl Walk<'_, '_> {
    fn in_repeat_or_around(&self) -> bool {
        self.in_repeat() || self.frame().loops.iter().any(|entered| entered.people.is_empty())
    }
}

pub(super) fn stop(run: &mut Run<'_>, told_by_provider: bool) {
    let again = run.conversation.opted_out_at.is_some();
    let urgent = run.conversation.escalation.as_ref().is_some_and(|live| live.urgency == Urgency::Emergency);
    let language = run.language();
    let paragraph = run.shared(run.revision().as_ref(), "opted-out", &[]);
    if !again {
        run.conversation.opted_out_at = Some(run.now);
        run.fact(Fact::OptedOut);
        run.cancel_escalation();
        start::end_all(run, "opted out");
        run.conversation.epoch += 1;
        if urgent {
            // Whoever holds the phone may have written it.
            run.task(Urgency::Urgent, "Opted out while an emergency was open", "opted out", None, None);
        }
    }
    let confirmed = told_by_provider || run.world.stop_confirmed_by_provider.contains(&run.conversation.channel);
    if !confirmed && !again {
        run.say_with(Purpose::Confirmation, vec![paragraph], None, None, language);
    }
}

pub(super) fn opt_in(run: &mut Run<'_>, told_by_provider: bool) {
    if run.conversation.opted_out_at.take().is_some() {
        run.fact(Fact::OptedIn);
        // Twilio answers STOP and START alike.
        if !told_by_provider && !run.world.stop_confirmed_by_provider.contains(&run.conversation.channel) {
            run.say_shared(Purpose::Confirmation, "opted-in", &[]);
        }
    }
}
