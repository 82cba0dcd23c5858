//! Names resolved and types checked: from what was written to what is evaluated.
//!
//! All that is wrong is found, not only the first. An option is known by the question beside it, so that a misspelt one cannot be
//! silently false for every patient.

use std::{ops::Range, sync::Arc};

use super::{
    Arithmetic, Comparison, Condition, Datum, Expression,
    parse::{Function, Part, PartKind, parse},
    types::{Names, NoMeaning, Options, Type},
};
use crate::flow::{
    codes,
    diagnostic::{Problem, did_you_mean, nearest},
};

/// Compiles what stands in `when:`. `None` where something is wrong; the problems' ranges are bytes within the source.
pub fn condition(source: &str, names: &Names, groups: &[String], problems: &mut Vec<Problem>) -> Option<Condition> {
    let part = parse(source).map_err(|problem| problems.push(problem)).ok()?;
    let mut checker = Checker { names, groups: groups.to_vec(), problems };
    let expression = checker.truth(&part)?;
    Some(Condition { source: source.trim().to_owned(), expression })
}

/// Compiles a value, as in `set:` and the bounds of a date.
pub fn value(source: &str, names: &Names, groups: &[String], problems: &mut Vec<Problem>) -> Option<(Expression, Type)> {
    let part = parse(source).map_err(|problem| problems.push(problem)).ok()?;
    Checker { names, groups: groups.to_vec(), problems }.value(&part)
}

struct Checker<'a> {
    names: &'a Names,
    groups: Vec<String>,
    problems: &'a mut Vec<Problem>,
}

type Typed = Option<(Expression, Type)>;

impl Checker<'_> {
    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn wrong<T>(
        &mut self,
        range: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Option<T> {
        self.problem(Problem::new(codes::TYPES, range.clone(), message, label).help(help));
        None
    }

    /// What must be true or not.
    fn truth(&mut self, part: &Part) -> Option<Expression> {
        let (expression, ty) = self.value(part)?;
        match ty {
            Type::Truth => Some(expression),
            Type::TruthOrUnsure => self.wrong(
                &part.range,
                "the answer here may be unsure too",
                "yes, no or unsure",
                "say which: `… == yes`, `… != no` or `… == unsure`",
            ),
            Type::Choices(_) | Type::People => {
                self.wrong(&part.range, "this is a list, no condition", ty.word(), "write `… is not none`, or `option in …`")
            }
            Type::Number | Type::Temperature | Type::Date | Type::Days | Type::Text | Type::Choice(_) | Type::Person => self.wrong(
                &part.range,
                "this is no condition",
                ty.word(),
                "compare it with something, as in `… == …`, or write `… is answered`",
            ),
        }
    }

    fn value(&mut self, part: &Part) -> Typed {
        let boxed = Box::new;
        match &part.kind {
            PartKind::Literal(datum) => {
                let ty = match datum {
                    Datum::Number(_) => Type::Number,
                    Datum::Days(_) => Type::Days,
                    Datum::Date(_) => Type::Date,
                    Datum::Missing | Datum::Truth(_) | Datum::Unsure | Datum::Text(_) | Datum::Choice(_) | Datum::Choices(_) => Type::Text,
                };
                Some((Expression::Literal(datum.clone()), ty))
            }
            PartKind::Celsius(degrees) => Some((Expression::Literal(Datum::Number(*degrees)), Type::Temperature)),
            PartKind::Word(word) => self.word(word, &part.range),
            PartKind::Not(inner) => Some((Expression::Not(boxed(self.truth(inner)?)), Type::Truth)),
            PartKind::Logic(logic, left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                Some((Expression::Logic(*logic, boxed(left?), boxed(right?)), Type::Truth))
            }
            PartKind::Compare(comparison, left, right) => self.compare(*comparison, left, right),
            PartKind::In { not, item, list } => {
                let found = self.contains(item, list)?;
                Some((negated(found, *not), Type::Truth))
            }
            PartKind::Is { not, what, of } => {
                let found = self.is(what, of)?;
                Some((negated(found, *not), Type::Truth))
            }
            PartKind::Holds(flow) => {
                let PartKind::Word(name) = &flow.kind else {
                    return self.wrong(
                        &flow.range,
                        "only a flow can hold",
                        "no flow",
                        "write the name of a flow that this one calls or needs",
                    );
                };
                self.holds(name, &flow.range)
            }
            PartKind::Arithmetic(operation, left, right) => self.arithmetic(*operation, left, right),
            PartKind::Quantified(quantifier, list, condition) => {
                let PartKind::Word(written) = &list.kind else { return None };
                let Some(group) = self.names.group(written, &self.groups) else {
                    let known: Vec<&str> = self.names.groups.keys().map(String::as_str).collect();
                    let help = did_you_mean(written, known.iter().copied())
                        .unwrap_or_else(|| "write the name of a `repeat` or `for each`".to_owned());
                    self.problem(
                        Problem::new(
                            codes::UNKNOWN_NAME,
                            list.range.clone(),
                            format!("there is no group `{written}`"),
                            "no group has this name",
                        )
                        .help(help),
                    );
                    return None;
                };
                self.groups.insert(0, group.clone());
                let condition = self.truth(condition);
                self.groups.remove(0);
                Some((Expression::Quantified(*quantifier, group, boxed(condition?)), Type::Truth))
            }
            PartKind::Function(function, of) => {
                let (expression, ty) = self.value(of)?;
                match (function, ty) {
                    (Function::DaysSince, Type::Date) => Some((Expression::DaysSince(boxed(expression)), Type::Number)),
                    (Function::AgeOf, Type::Date | Type::Number) => Some((Expression::AgeOf(boxed(expression)), Type::Number)),
                    (Function::DaysSince, other) => {
                        self.wrong(&of.range, "`days_since` needs a day", other.word(), "name a `date` question")
                    }
                    (Function::AgeOf, other) => self.wrong(
                        &of.range,
                        "`age_of` needs a date of birth or a birth year",
                        other.word(),
                        "name a `birth year` or `date` question",
                    ),
                }
            }
        }
    }

    fn word(&mut self, word: &str, range: &Range<usize>) -> Typed {
        match word {
            "yes" => return Some((Expression::Literal(Datum::Truth(true)), Type::Truth)),
            "no" => return Some((Expression::Literal(Datum::Truth(false)), Type::Truth)),
            "unsure" => return Some((Expression::Literal(Datum::Unsure), Type::TruthOrUnsure)),
            "none" => return self.wrong(range, "`none` stands only after `is`", "not a value", "write `… is none` or `… is not none`"),
            _ => {}
        }
        if let Some(flow) = word.strip_suffix(".holds") {
            let flow_range = range.start..range.start + flow.len();
            return self.holds(flow, &flow_range);
        }
        match self.names.resolve(word, &self.groups) {
            Ok(meaning) => Some((Expression::Name(meaning.name), meaning.ty)),
            Err(why) => {
                let problem = no_meaning(word, range.clone(), &why, self.names, &self.groups, codes::UNKNOWN_NAME);
                self.problem(problem);
                None
            }
        }
    }

    fn holds(&mut self, flow: &str, range: &Range<usize>) -> Typed {
        if self.names.flows.iter().any(|known| known == flow) {
            return Some((Expression::Holds(flow.to_owned()), Type::Truth));
        }
        let help = did_you_mean(flow, self.names.flows.iter().map(String::as_str))
            .unwrap_or_else(|| "name a flow that this one calls (`call:`) or needs (`needs:`)".to_owned());
        self.problem(
            Problem::new(codes::UNKNOWN_NAME, range.clone(), format!("this flow neither calls nor needs `{flow}`"), "no such flow here")
                .help(help),
        );
        None
    }

    /// The options of a question, if the part names one.
    fn options(&self, part: &Part) -> Option<(Arc<Options>, bool)> {
        let PartKind::Word(word) = &part.kind else { return None };
        match self.names.resolve(word, &self.groups).ok()?.ty {
            Type::Choice(options) => Some((options, false)),
            Type::Choices(options) => Some((options, true)),
            Type::Truth
            | Type::TruthOrUnsure
            | Type::Number
            | Type::Temperature
            | Type::Date
            | Type::Days
            | Type::Text
            | Type::People
            | Type::Person => None,
        }
    }

    /// An option, as a word or a text in quotes.
    fn option(&mut self, part: &Part, options: &Options) -> Option<Expression> {
        let written = match &part.kind {
            PartKind::Word(word) => word.clone(),
            PartKind::Literal(Datum::Text(text)) => text.clone(),
            _ => {
                return self.wrong(
                    &part.range,
                    format!("`{}` is answered by its options", options.question),
                    "no option",
                    format!("write one of {}", listed(&options.keys)),
                );
            }
        };
        // Where the question has no options, that is found at the question.
        if options.keys.is_empty() {
            return None;
        }
        if options.keys.contains(&written) {
            return Some(Expression::Option(written));
        }
        if written == "none" {
            let help = if options.none {
                "write `is none` or `is not none`"
            } else {
                "the question has no `none:`; give it one, or compare with an option"
            };
            return self.wrong(&part.range, "`none` is no option", "not an option", help);
        }
        let help = match nearest(&written, options.keys.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its options are {}", listed(&options.keys)),
        };
        let message = format!("`{}` has no option `{written}`", options.question);
        self.problem(Problem::new(codes::UNKNOWN_OPTION, part.range.clone(), message, "no such option").help(help));
        None
    }

    fn compare(&mut self, comparison: Comparison, left: &Part, right: &Part) -> Typed {
        let truth = |left, right| Some((Expression::Compare(comparison, Box::new(left), Box::new(right)), Type::Truth));
        let is_equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        for (question, other, swapped) in [(left, right, false), (right, left, true)] {
            let Some((options, many)) = self.options(question) else { continue };
            if self.options(other).is_some() && !matches!(&other.kind, PartKind::Word(word) if options.keys.contains(word)) {
                break;
            }
            if many {
                let key = match &other.kind {
                    PartKind::Word(word) if word != "none" => word.as_str(),
                    _ => "option",
                };
                let help = if comparison == Comparison::NotEqual {
                    format!("write `{key} not in {}`", options.question)
                } else if key == "option" {
                    "write `… is none`, or `option in …`".to_owned()
                } else {
                    format!("write `{key} in {}`", options.question)
                };
                return self.wrong(&question.range, "several options may be the answer here", "a list of options", help);
            }
            if !is_equality {
                return self.wrong(&question.range, "options have no order", "one of several options", "compare them with `==` or `!=`");
            }
            let option = self.option(other, &options)?;
            let (name, _) = self.value(question)?;
            return if swapped { truth(option, name) } else { truth(name, option) };
        }
        let (left_value, right_value) = (self.value(left), self.value(right));
        let ((left_expression, left_type), (right_expression, right_type)) = (left_value?, right_value?);
        let whole = left.range.start..right.range.end;
        match (&left_type, &right_type) {
            (Type::Truth | Type::TruthOrUnsure, Type::Truth | Type::TruthOrUnsure) if is_equality => {
                let unsure = Expression::Literal(Datum::Unsure);
                let question = match (left_expression == unsure, right_expression == unsure) {
                    (false, true) => Some((&left_type, left)),
                    (true, false) => Some((&right_type, right)),
                    _ => None,
                };
                if let Some((Type::Truth, question)) = question {
                    return self.wrong(
                        &question.range,
                        "`unsure` is no answer here",
                        "answered by yes or no",
                        "ask `yes/no/unsure`, or compare with `yes` or `no`",
                    );
                }
            }
            (Type::Number, Type::Number)
            | (Type::Temperature, Type::Temperature)
            | (Type::Date, Type::Date)
            | (Type::Days, Type::Days | Type::Number)
            | (Type::Number, Type::Days) => {}
            (Type::Text, Type::Text) | (Type::Choice(_), Type::Choice(_)) | (Type::Person, Type::Person) if is_equality => {}
            (Type::Temperature, Type::Number) | (Type::Number, Type::Temperature) => {
                let number = if left_type == Type::Number { &left_expression } else { &right_expression };
                if !matches!(number, Expression::Literal(Datum::Number(degrees)) if (30.0..=45.0).contains(degrees)) {
                    return self.wrong(
                        &whole,
                        "temperatures are compared in °C",
                        "no one has this temperature",
                        "write the unit: `38 °C` or `100.4 °F`",
                    );
                }
            }
            (a, b) => {
                let (a, b) = (a.word(), b.word());
                let help = if a == b { "compare them with `==` or `!=`" } else { "compare things of the same kind" };
                return self.wrong(&whole, "these two cannot be compared so", format!("{a} and {b}"), help);
            }
        }
        truth(left_expression, right_expression)
    }

    fn contains(&mut self, item: &Part, list: &Part) -> Option<Expression> {
        if let Some((options, many)) = self.options(list) {
            if !many {
                let help = format!("write `{} == option`", options.question);
                return self.wrong(&list.range, "only one option is the answer here", "one of several options", help);
            }
            let option = self.option(item, &options)?;
            let (list, _) = self.value(list)?;
            return Some(Expression::In(Box::new(option), Box::new(list)));
        }
        let (list_expression, list_type) = self.value(list)?;
        if list_type != Type::People {
            return self.wrong(&list.range, "this is no list", list_type.word(), "after `in` stands an `any of` question");
        }
        let (person, ty) = self.value(item)?;
        if ty != Type::Person {
            return self.wrong(
                &item.range,
                "this is no person",
                ty.word(),
                "before `in` stands the name that a `for each` gave, as in `who in …`",
            );
        }
        Some(Expression::In(Box::new(person), Box::new(list_expression)))
    }

    fn is(&mut self, what: &str, of: &Part) -> Option<Expression> {
        if what == "reached" {
            return match &of.kind {
                PartKind::Word(word) if word == "handover" => Some(Expression::Not(Box::new(Expression::HandoverNotReached))),
                _ => self.wrong(&of.range, "only `handover` can be reached", "not a hand-over", "write `handover is not reached`"),
            };
        }
        let (expression, ty) = self.value(of)?;
        match what {
            "none" => match ty {
                Type::People => Some(Expression::IsNone(Box::new(expression))),
                Type::Choices(options) | Type::Choice(options) if options.none => Some(Expression::IsNone(Box::new(expression))),
                Type::Choices(_) | Type::Choice(_) => {
                    self.wrong(&of.range, "the question has no `none:`", "never none", "give it a `none:`, or write `… is missing`")
                }
                other => self.wrong(&of.range, "only a list can be none", other.word(), "write `… is missing`, or compare with `==`"),
            },
            "answered" => Some(Expression::IsAnswered(Box::new(expression))),
            _ => Some(Expression::IsMissing(Box::new(expression))),
        }
    }

    fn arithmetic(&mut self, operation: Arithmetic, left: &Part, right: &Part) -> Typed {
        let (left_value, right_value) = (self.value(left), self.value(right));
        let ((left_expression, left_type), (right_expression, right_type)) = (left_value?, right_value?);
        let whole = left.range.start..right.range.end;
        let ty = match (operation, &left_type, &right_type) {
            (_, Type::Date, Type::Days | Type::Number) => {
                let parts_of_days =
                    |e: &Expression| matches!(e, Expression::Literal(Datum::Days(days) | Datum::Number(days)) if days.fract() != 0.0);
                if parts_of_days(&right_expression) {
                    return self.wrong(
                        &right.range,
                        "a day can be moved by whole days only",
                        "not whole days",
                        "write whole days, as in `2 days`",
                    );
                }
                Type::Date
            }
            (Arithmetic::Plus, Type::Days, Type::Date) => Type::Date,
            (Arithmetic::Minus, Type::Date, Type::Date) | (_, Type::Days, Type::Days | Type::Number) | (_, Type::Number, Type::Days) => {
                Type::Days
            }
            (_, Type::Number, Type::Number) => Type::Number,
            (_, Type::Temperature, Type::Number) => Type::Temperature,
            (_, a, b) => {
                let label = format!("{} and {}", a.word(), b.word());
                return self.wrong(
                    &whole,
                    "these two cannot be added or subtracted",
                    label,
                    "days and numbers can, as in `today - 2 days`",
                );
            }
        };
        Some((Expression::Arithmetic(operation, Box::new(left_expression), Box::new(right_expression)), ty))
    }
}

/// The words for a name that stands for nothing: the same in conditions and in texts.
pub fn no_meaning(written: &str, range: Range<usize>, why: &NoMeaning, names: &Names, groups: &[String], code: &'static str) -> Problem {
    match why {
        NoMeaning::Unknown => {
            let known = names.written(groups);
            Problem::new(code, range, format!("there is no `{written}` here"), "no step, value or built-in name")
                .maybe_help(did_you_mean(written, known.iter().map(String::as_str)))
        }
        NoMeaning::InGroup { group, name } => {
            Problem::new(code, range, format!("`{name}` is asked in the group `{group}`, once for each"), "which one is not clear here")
                .help(format!("write `any({group}, …)`, `all({group}, …)` or `{group}.count`, or use it inside the group"))
        }
        NoMeaning::AsksNothing => {
            Problem::new(code, range, format!("the step `{written}` asks nothing"), "has no answer").help("name a step with `ask:`")
        }
        NoMeaning::IsGroup => Problem::new(code, range, format!("`{written}` is a group, no answer"), "a group")
            .help(format!("write `{written}.count`, `any({written}, …)` or `all({written}, …)`")),
        NoMeaning::NotForThisAudience => {
            Problem::new(code, range, format!("`{written}` is not there in a flow for this audience"), "not known for these people")
                .help("see the table of names in docs/flow-language.md, or change `for:`")
        }
        NoMeaning::NoSuchPersonHere => {
            Problem::new(code, range, format!("`{written}` is known only inside its `for each`"), "nobody is meant here")
                .help("move it into the group, or write `you`")
        }
    }
}

/// `a`, `b`, `c`
fn listed(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

fn negated(expression: Expression, not: bool) -> Expression {
    match (not, expression) {
        (false, expression) => expression,
        (true, Expression::Not(inner)) => *inner,
        (true, expression) => Expression::Not(Box::new(expression)),
    }
}
