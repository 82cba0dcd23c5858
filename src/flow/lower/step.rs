//! One step.

use super::{
    Lowerer, Place,
    ask::{self, DatePart, Form},
    fields::Fields,
};
use crate::base::limit;
use crate::flow::{
    codes,
    condition::{Arithmetic, Datum, Expression, Type},
    diagnostic::Problem,
    keys,
    model::{Actions, Ask, Body, Bounds, Confirm, FlowOption, ForEach, IfUnclear, Kind, Repeat, Role, Step, StepId},
    syntax::{Entry, NodeKind},
};

/// Replies that are read where `tries` is not given.
const TRIES: u8 = 3;
/// The most `tries`.
const MOST_TRIES: u16 = 9;
/// Items of a repeat where `up to` is not given.
const UP_TO: u16 = 10;
/// Keys that only a question has.
const OF_QUESTION: &[&str] = &["none", "options", "whole", "unit", "code", "retry", "tries", "confirm", "why we ask", "if unclear"];
/// Keys one of which a step must have.
const DOES: &[&str] = &["say", "ask", "repeat", "for each", "call", "set", "then", "task", "escalate", "go", "end", "end all"];

impl Lowerer<'_> {
    /// Lowers a declared step.
    pub(super) fn step(&mut self, index: usize) -> Option<Step> {
        let declared = self.declared.get(index)?.clone();
        let place = self.place_of(index);
        let mut step = Step {
            name: declared.name,
            path: declared.path,
            group: declared.group.map(StepId),
            next: declared.next.map(StepId),
            label: None,
            when: None,
            set: Vec::new(),
            say: None,
            alone: false,
            body: Body::Plain,
            then: Vec::new(),
            last: Actions::default(),
            silence: None,
            span: self.file.span(&declared.entry.key_range),
        };
        let help = "write what the step says and asks below it, further in: `say: …`, `ask: yes/no`";
        let Some(fields) = self.block(&declared.entry.value, &step.name, help) else { return Some(step) };
        self.only(fields, keys::STEP, "a step");
        let bodies: Vec<&Entry> =
            fields.entries.iter().filter(|entry| matches!(entry.key.as_str(), "ask" | "repeat" | "for each" | "call")).collect();
        if let [first, second, ..] = bodies.as_slice() {
            let message = format!("a step has `{}` or `{}`, not both", first.key, second.key);
            let problem = Problem::new(codes::TOGETHER, second.key_range.clone(), message, "one too many");
            self.problem(problem.also(first.key_range.clone(), "the other stands here").help("make two steps of it"));
        }
        if fields.first_of(DOES).is_none() {
            self.problem(
                Problem::new(codes::REQUIRED, declared.entry.key_range.clone(), "this step does nothing", "what does it say or ask?")
                    .help("add `say: …`, and `ask: …` if it is a question"),
            );
        }
        step.label = fields.get("label").map(|entry| self.text(entry, Role::Label, &place));
        step.when = fields.get("when").and_then(|when| self.condition(when, &place));
        step.set = self.set(fields, &place);
        step.say = self.wording(fields, &place);
        step.alone = fields.get("alone").is_some_and(|entry| self.yes_or_no(entry));
        step.body = self.body(index, declared.entry, fields, &place);
        step.then = fields.get("then").map(|then| self.arms(then, &place)).unwrap_or_default();
        step.last = self.last_actions(fields, &place, Actions::default());
        step.silence = fields.get("silence").map(|silence| self.silence(silence, &place));
        Some(step)
    }

    fn body(&mut self, index: usize, entry: &Entry, fields: Fields<'_>, place: &Place) -> Body {
        let asked = fields.get("ask");
        if asked.is_none()
            && let Some(stray) = fields.first_of(OF_QUESTION)
        {
            self.problem(
                Problem::new(
                    codes::TOGETHER,
                    stray.key_range.clone(),
                    format!("`{}` belongs to a question", stray.key),
                    "nothing is asked here",
                )
                .help("add `ask: …`, or remove it"),
            );
        }
        let is_group = fields.first_of(&["repeat", "for each"]).is_some();
        for key in if is_group { &["first", "more"][..] } else { &["first", "more", "steps"][..] } {
            if let Some(stray) = fields.get(key).filter(|_| fields.get("repeat").is_none()) {
                self.problem(
                    Problem::new(codes::TOGETHER, stray.key_range.clone(), format!("`{key}` belongs to a group"), "no group here")
                        .help(if *key == "steps" { "add `repeat: …` or `for each: …`" } else { "add `repeat: …`, or remove it" }),
                );
            }
        }
        if is_group && fields.get("steps").is_none_or(|steps| !matches!(&steps.value.kind, NodeKind::Map(entries) if !entries.is_empty())) {
            let range = fields.get("steps").map_or(&entry.key_range, |steps| &steps.key_range);
            self.problem(
                Problem::new(codes::REQUIRED, range.clone(), "a group needs its steps", "what is asked for each?")
                    .help("add `steps:` with the steps below it, further in"),
            );
        }
        let inner =
            || self.declared.iter().enumerate().filter(|(_, declared)| declared.group == Some(index)).map(|(at, _)| StepId(at)).collect();
        if let Some(asked) = asked {
            return self.ask(entry, asked, fields, place).map_or(Body::Plain, Body::Ask);
        }
        if fields.get("repeat").is_some() {
            let steps = inner();
            return self.repeat(fields, place, steps);
        }
        if let Some(each) = fields.get("for each") {
            let steps = inner();
            return self.for_each(each, place, steps).map_or(Body::Plain, Body::ForEach);
        }
        if let Some(call) = fields.get("call")
            && let Some((flow, _)) = self.words(call, "identity")
        {
            return Body::Call(flow.to_owned());
        }
        Body::Plain
    }

    fn repeat(&mut self, fields: Fields<'_>, place: &Place, steps: Vec<StepId>) -> Body {
        let (mut noun, mut up_to) = (String::new(), UP_TO);
        if let Some((words, range)) = fields.get("repeat").and_then(|repeat| self.words(repeat, "contact, up to 15")) {
            let (first, rest) = words.split_once(',').map_or((words, None), |(first, rest)| (first, Some(rest.trim())));
            first.trim().clone_into(&mut noun);
            if let Some(rest) = rest {
                match rest.strip_prefix("up to ").and_then(|most| most.trim().parse::<u16>().ok()) {
                    Some(most) if (1..=limit::REPEAT_ITEMS).contains(&most) => up_to = most,
                    _ => {
                        let message = format!("`{rest}` says nothing of how many");
                        let at = range.end - rest.len()..range.end;
                        let help = format!("write `{noun}, up to 15`; at most {}", limit::REPEAT_ITEMS);
                        self.problem(Problem::new(codes::WRONG_VALUE, at, message, "not understood").help(help));
                    }
                }
            }
        }
        let first = fields.get("first").map(|entry| self.text(entry, Role::First, place));
        let more = fields.get("more").map(|entry| self.text(entry, Role::More, place));
        if more.is_none()
            && let Some(repeat) = fields.get("repeat")
        {
            self.problem(
                Problem::new(codes::REQUIRED, repeat.key_range.clone(), "a repeat needs `more`", "how does it go on?")
                    .help("add `more: Anyone else?`"),
            );
        }
        Body::Repeat(Repeat { noun, up_to, first, more, steps })
    }

    fn for_each(&mut self, each: &Entry, place: &Place, steps: Vec<StepId>) -> Option<ForEach> {
        let (words, range) = self.words(each, "who in household")?;
        let mut parts = words.split_whitespace();
        let (Some(who), Some("in"), Some(list), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            self.problem(
                Problem::new(codes::WRONG_VALUE, range, format!("`{words}` does not say who, and of which list"), "not understood")
                    .help("write a name for the person and the list, as in `for each: who in household`"),
            );
            return None;
        };
        let who_range = range.start..range.start + who.len();
        self.check_name(who, &who_range, "person");
        if self.declared.iter().any(|declared| declared.name == who && declared.group.is_none()) {
            self.problem(
                Problem::new(codes::NAME, who_range, format!("`{who}` is a step's name"), "the name is taken")
                    .help("choose another name, as in `who`"),
            );
        }
        let list_range = range.end - list.len()..range.end;
        let list = self.people(list, list_range, place)?;
        Some(ForEach { who: who.to_owned(), list, steps })
    }

    /// A list of people: `household`, or the path of a question that chose some.
    fn people(&mut self, written: &str, range: std::ops::Range<usize>, place: &Place) -> Option<String> {
        match self.names.resolve(written, &place.groups) {
            Ok(meaning) if meaning.ty == Type::People => Some(meaning.name),
            found => {
                let lists: Vec<String> = self
                    .names
                    .written(&place.groups)
                    .into_iter()
                    .filter(|name| self.names.resolve(name, &place.groups).is_ok_and(|meaning| meaning.ty == Type::People))
                    .collect();
                let message =
                    if found.is_ok() { format!("`{written}` is no list of people") } else { format!("there is no list `{written}`") };
                let names: Vec<&str> = lists.iter().map(String::as_str).collect();
                let help = crate::flow::diagnostic::did_you_mean(written, names.iter().copied())
                    .unwrap_or_else(|| format!("lists of people are {}", super::fields::listed(&names)));
                self.problem(Problem::new(codes::UNKNOWN_STEP, range, message, "nobody is named by this").help(help));
                None
            }
        }
    }

    fn ask(&mut self, entry: &Entry, asked: &Entry, fields: Fields<'_>, place: &Place) -> Option<Ask> {
        if fields.get("say").is_none() {
            self.problem(
                Problem::new(codes::REQUIRED, entry.key_range.clone(), "a question needs its words", "nothing is said before it is asked")
                    .help("add `say: …` above `ask`"),
            );
        }
        let read = self.words(asked, "yes/no").map(|(words, range)| ask::read(words, &range));
        let form = match read {
            Some(Ok(form)) => Some(form),
            Some(Err(problem)) => {
                self.problem(problem);
                None
            }
            None => None,
        };
        let has_options = matches!(form, Some(Form::OneOf | Form::AnyOf));
        let has_none = matches!(form, Some(Form::OneOf | Form::AnyOf | Form::OnePerson(_) | Form::People(_)) | None);
        let options = match fields.get("options") {
            Some(options) => self.options(options, place),
            None => Vec::new(),
        };
        let stray = |this: &mut Self, key: &str, allowed: bool, what: &str| {
            if let Some(stray) = fields.get(key).filter(|_| !allowed) {
                this.problem(
                    Problem::new(
                        codes::TOGETHER,
                        stray.key_range.clone(),
                        format!("`{key}` belongs to {what}"),
                        "not used by this question",
                    )
                    .help("remove it, or change `ask:`"),
                );
            }
        };
        if form.is_some() {
            stray(self, "options", has_options, "`one of` and `any of`");
            stray(self, "none", has_none, "`one of` and `any of`");
            let is_number = matches!(form, Some(Form::Number { .. }));
            stray(self, "whole", is_number, "`number`");
            stray(self, "unit", is_number, "`number`");
        }
        if has_options && fields.get("options").is_none() {
            self.problem(
                Problem::new(codes::REQUIRED, asked.key_range.clone(), "this question needs its options", "which answers are there?")
                    .help("add `options:` with a line `key: Label` for each, further in"),
            );
        }
        let none = fields.get("none").map(|none| self.text(none, Role::None, place));
        let retry = fields.get("retry").map(|retry| self.text(retry, Role::Retry, place));
        let why = fields.get("why we ask").map(|why| self.text(why, Role::Why, place));
        let confirm = match fields.get("confirm").and_then(|confirm| self.one_of(confirm, &["uncertain", "always"])) {
            Some("always") => Confirm::Always,
            Some(_) => Confirm::Uncertain,
            None => Confirm::Never,
        };
        let tries = fields
            .get("tries")
            .and_then(|tries| self.whole_number(tries, 1, MOST_TRIES))
            .and_then(|tries| u8::try_from(tries).ok())
            .unwrap_or(TRIES);
        let if_unclear = fields.get("if unclear").map_or(IfUnclear::Default, |unclear| self.if_unclear(unclear, place));
        let code = fields.get("code").and_then(|code| self.words(code, "LOINC 75325-1")).map(|(code, _)| code.to_owned());
        let whole = fields.get("whole").is_some_and(|whole| self.yes_or_no(whole));
        let unit = fields.get("unit").and_then(|unit| self.words(unit, "kg")).map(|(unit, _)| unit.to_owned());
        let kind = self.kind(form?, asked, place, whole, unit)?;
        if let (Some(entry), Kind::Consent | Kind::BirthYear | Kind::Text { .. }) = (fields.get("confirm"), &kind) {
            self.problem(
                Problem::new(
                    codes::TOGETHER,
                    entry.key_range.clone(),
                    "there is no uncertain reading of this question to confirm",
                    "not used by this question",
                )
                .help("remove it"),
            );
        }
        Some(Ask { kind, options, none, retry, confirm, why, tries, if_unclear, code, span: self.file.span(&asked.value.range) })
    }

    fn kind(&mut self, form: Form, asked: &Entry, place: &Place, whole: bool, unit: Option<String>) -> Option<Kind> {
        // The list's name ends the `ask`.
        let list_range = |list: &str| asked.value.range.end - list.len()..asked.value.range.end;
        Some(match form {
            Form::YesNo => Kind::YesNo,
            Form::YesNoUnsure => Kind::YesNoUnsure,
            Form::OneOf => Kind::OneOf,
            Form::AnyOf => Kind::AnyOf,
            Form::OnePerson(list) => Kind::OnePerson(self.people(&list, list_range(&list), place)?),
            Form::People(list) => Kind::People(self.people(&list, list_range(&list), place)?),
            Form::Number { bounds, whole: whole_too, unit: unit_too } => Kind::Number {
                min: bounds.map(|(min, _)| min),
                max: bounds.map(|(_, max)| max),
                whole: whole || whole_too,
                unit: unit_too.or(unit),
            },
            Form::Temperature => Kind::Temperature,
            Form::Date(parts) => Kind::Date(self.bounds(parts, place)),
            Form::Phone => Kind::Phone,
            Form::Name => Kind::Name,
            Form::Text(min, max) => Kind::Text { min, max },
            Form::Consent => Kind::Consent,
            Form::BirthYear => Kind::BirthYear,
        })
    }

    fn bounds(&mut self, parts: Vec<DatePart>, place: &Place) -> Bounds {
        let today = || Expression::Name("today".to_owned());
        let moved = |operation, days: u16| {
            Expression::Arithmetic(operation, Box::new(today()), Box::new(Expression::Literal(Datum::Days(f64::from(days)))))
        };
        let mut bounds = Bounds::default();
        for part in parts {
            match part {
                DatePart::Past => bounds.to = Some(today()),
                DatePart::Future => bounds.from = Some(today()),
                DatePart::PastDays(days) => {
                    bounds.from = Some(moved(Arithmetic::Minus, days));
                    bounds.to = Some(today());
                }
                DatePart::NextDays(days) => {
                    bounds.from = Some(today());
                    bounds.to = Some(moved(Arithmetic::Plus, days));
                }
                DatePart::Since(_, range) => bounds.from = self.day(range, place),
                DatePart::Until(_, range) => bounds.to = self.day(range, place),
            }
        }
        bounds
    }

    fn day(&mut self, range: std::ops::Range<usize>, place: &Place) -> Option<Expression> {
        let (expression, ty) = self.expression(&range, place)?;
        if ty != Type::Date {
            self.problem(
                Problem::new(codes::TYPES, range, "this is no day", ty.word())
                    .help("name a `date` question, `today`, or write `2026-03-02`"),
            );
            return None;
        }
        Some(expression)
    }

    fn if_unclear(&mut self, entry: &Entry, place: &Place) -> IfUnclear {
        match &entry.value.kind {
            NodeKind::Map(entries) => IfUnclear::Arm(self.unclear_arm(&entry.value, Fields { entries }, place)),
            NodeKind::Scalar(_) | NodeKind::Empty | NodeKind::List(_) => match self.one_of(entry, &["accept"]) {
                Some(_) => IfUnclear::Accept,
                None => IfUnclear::Default,
            },
        }
    }

    fn options(&mut self, entry: &Entry, place: &Place) -> Vec<FlowOption> {
        let Some(fields) = self.block(&entry.value, "options", "write each option as its key and its words, as in `cough: Cough`") else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for option in fields.entries {
            self.check_option_key(option);
            let role = Role::Option(option.key.clone());
            let mut made = FlowOption {
                key: option.key.clone(),
                say: crate::flow::model::TextId(0),
                words: Vec::new(),
                code: None,
                when: None,
                span: self.file.span(&option.key_range),
            };
            if let NodeKind::Map(entries) = &option.value.kind {
                let block = Fields { entries };
                self.only(block, keys::OPTION, "an option");
                match block.get("say") {
                    Some(say) => made.say = self.text(say, role, place),
                    None => {
                        self.problem(
                            Problem::new(
                                codes::REQUIRED,
                                option.key_range.clone(),
                                format!("the option `{}` has no words", option.key),
                                "how is it shown?",
                            )
                            .help("add `say: …` below it"),
                        );
                        made.say = self.keep_text(String::new(), role, &option.key_range, place);
                    }
                }
                made.words = block
                    .get("words")
                    .map(|words| self.list(words, "as in `words: [short of breath, cant breathe]`"))
                    .unwrap_or_default()
                    .into_iter()
                    .map(|(word, _)| word)
                    .collect();
                made.code = block.get("code").and_then(|code| self.words(code, "SNOMED 267036007")).map(|(code, _)| code.to_owned());
                made.when = block.get("when").and_then(|when| self.condition(when, place));
            } else {
                made.say = self.text(option, role, place);
            }
            all.push(made);
        }
        all
    }

    fn check_option_key(&mut self, option: &Entry) {
        let key = option.key.as_str();
        let lower = key.to_lowercase();
        let is_number = key.parse::<f64>().is_ok();
        let means = match lower.as_str() {
            "yes" | "no" | "on" | "off" | "true" | "false" | "null" | "~" => Some("means something else in conditions and in YAML"),
            "none" | "unsure" => Some("means something else in conditions"),
            _ if is_number => Some("is only a number; options get their numbers by themselves"),
            _ => None,
        };
        if let Some(means) = means {
            let help = match lower.as_str() {
                "yes" | "no" => "ask `yes/no`, or name the option by what it means, as in `agrees`",
                "none" => "write `none: …` beside `options:`; it is the answer that excludes the others",
                "unsure" => "ask `yes/no/unsure`, or name the option `not_sure`",
                _ => "name the option by what it means, in a word",
            };
            self.problem(
                Problem::new(codes::OPTION_KEY, option.key_range.clone(), format!("`{key}` {means}"), "cannot be an option's key")
                    .help(help),
            );
            return;
        }
        let fits = key.starts_with(|c: char| c.is_ascii_lowercase())
            && key.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-'));
        if !fits {
            self.check_name(key, &option.key_range, "option");
        }
    }
}
