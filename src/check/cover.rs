//! Whether the arms of a step leave whatever is answered.

use super::{
    graph::leaves,
    logic::{exclusive, implies},
};
use crate::flow::{
    condition::{Comparison, Expression},
    model::{Ask, Body, IfUnclear, Kind, Step},
};

/// Whether every answer of a step's own question, a missing one included, makes some arm leave. "No" may only mean that it could not be shown:
/// answers that are not of a few kinds (numbers, dates, texts) are not looked into.
pub fn always_leaves(step: &Step) -> bool {
    let Body::Ask(ask) = &step.body else { return false };
    // Words that were accepted without being understood are no answer of its kind.
    if matches!(ask.if_unclear, IfUnclear::Accept) {
        return false;
    }
    answers(step, ask).is_some_and(|answers| answers.iter().all(|answer| leaves_on(step, answer)))
}

/// What may be answered, as conditions.
fn answers(step: &Step, ask: &Ask) -> Option<Vec<Expression>> {
    let name = || Box::new(Expression::Name(step.path.clone()));
    let is = |key: &str| Expression::Compare(Comparison::Equal, name(), Box::new(Expression::Option(key.to_owned())));
    let none = || Expression::IsNone(name());
    let mut all = match &ask.kind {
        Kind::YesNo | Kind::Consent => vec![is("yes"), is("no")],
        Kind::YesNoUnsure => vec![is("yes"), is("no"), is("unsure")],
        Kind::OneOf => ask.options.iter().map(|option| is(&option.key)).chain(ask.none.map(|_| none())).collect(),
        Kind::AnyOf | Kind::People(_) => vec![none(), Expression::Not(Box::new(none()))],
        Kind::OnePerson(_)
        | Kind::Number { .. }
        | Kind::Temperature
        | Kind::Date(_)
        | Kind::Phone
        | Kind::Name
        | Kind::Text { .. }
        | Kind::BirthYear => return None,
    };
    if ask.kind != Kind::Consent {
        all.push(Expression::IsMissing(name()));
    }
    Some(all)
}

fn leaves_on(step: &Step, answer: &Expression) -> bool {
    step.then.iter().enumerate().any(|(n, arm)| {
        leaves(&arm.actions)
            && match &arm.when {
                Some(when) => implies(answer, &when.expression),
                // `else` is taken if every arm above is known not to hold: they speak of nothing else, and it is answered.
                None => step.then.iter().take(n).all(|other| {
                    other.when.as_ref().is_some_and(|when| {
                        let about_this = super::walk::names(&when.expression).iter().all(|name| *name == step.path);
                        about_this && !matches!(answer, Expression::IsMissing(_)) && exclusive(answer, &when.expression)
                    })
                }),
            }
    })
}
