//! Who answers: a year of birth compared with the record, of which nothing is said.

use super::{
    conversation::ResumeAt,
    effect::{Fact, Purpose},
    walk::{At, Walk},
};
use crate::{
    answer::Value,
    base::Private,
    flow::{
        Flow, Step,
        model::{Ask, Body, IfUnclear, StepId},
    },
};

impl Walk<'_, '_> {
    pub fn hear_identity(&mut self, flow: &Flow, id: StepId, value: Value) -> At {
        let step = flow.step(id);
        let given = if let Value::Number(year) = &value { Some(*year) } else { None };
        let known = self.run.conversation.person(self.who()).and_then(|person| person.birth_year).map(f64::from);
        if given.is_some() && given == known {
            self.run.conversation.identity_tries_at.clear();
            self.answer(flow, step, Some(value), Private::default(), false, None);
            self.session.open = None;
            return At::After(id);
        }
        self.run.note(&step.path, "does not match the record");
        self.run.conversation.identity_tries_at.push(self.run.now);
        let tries = self.count_unclear();
        let Body::Ask(ask) = &step.body else { return At::Stop };
        if self.run.identity_locked() || tries >= ask.tries {
            return self.give_up_on_identity(flow, step, "Identity not confirmed");
        }
        match ask.retry.and_then(|retry| self.paragraph(retry)) {
            Some(retry) => {
                let question = self.question_of(flow, ask);
                self.say_question(vec![retry], question, Purpose::Dialogue);
            }
            None => {
                let again = vec![self.run.shared(Some(&self.revision.id), "retry-year", &[])];
                self.ask_again(again, Purpose::Dialogue);
            }
        }
        At::Stop
    }

    /// Nothing is said of the record: the question's own `if unclear`, else a human.
    pub fn give_up_on_identity(&mut self, flow: &Flow, step: &Step, because: &str) -> At {
        self.session.open = None;
        self.run.fact(Fact::Identity { held: false });
        self.answer(flow, step, None, Private::default(), true, None);
        let Some(id) = flow.find(&step.path) else { return At::Stop };
        if let Body::Ask(Ask { if_unclear: IfUnclear::Arm(actions), .. }) = &step.body {
            return self.actions(flow, id, "if unclear", actions).unwrap_or_else(|| Self::next(flow, id));
        }
        self.give_up(&format!("{} {} identity", flow.name, step.path), because, ResumeAt::End)
    }
}
