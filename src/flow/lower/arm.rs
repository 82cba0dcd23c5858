//! What a step or an arm does last: values, words, calls for a human, jumps and endings.

use super::{Lowerer, Place, fields::Fields, fields::seconds};
use crate::base::Medium;
use crate::flow::{
    codes,
    condition::Expression,
    diagnostic::{Problem, did_you_mean, nearest},
    keys,
    model::{Actions, Arm, CallHuman, End, Go, Resume, Role, SilenceArm, StepId, Urgency, Wording},
    syntax::{Entry, Node, NodeKind},
};

/// Endings that every flow has.
pub const BUILT_IN_ENDS: &[&str] = &["no reply", "not understood", "undeliverable", "opted out", "resolved"];
/// Keys that leave or do something.
const DOES: &[&str] = &["set", "say", "task", "escalate", "go", "end", "end all"];

impl Lowerer<'_> {
    /// The arms of `then`.
    pub(super) fn arms(&mut self, entry: &Entry, place: &Place) -> Vec<Arm> {
        let NodeKind::List(items) = &entry.value.kind else {
            let what = entry.value.word();
            let problem = if matches!(entry.value.kind, NodeKind::Empty) {
                Problem::new(codes::EMPTY, entry.value.range.clone(), "`then` has no arms", "empty")
            } else {
                Problem::new(codes::WRONG_VALUE, entry.value.range.clone(), format!("`then` is a list of arms, not {what}"), "no list")
            };
            self.problem(problem.help("begin each arm with `- when: …`"));
            return Vec::new();
        };
        let mut arms = Vec::new();
        let mut else_seen: Option<std::ops::Range<usize>> = None;
        for item in items {
            let Some(fields) = self.block(item, "then", "begin each arm with `- when: …`") else { continue };
            if let Some(first) = else_seen.take() {
                let problem = Problem::new(codes::TOGETHER, item.range.clone(), "nothing may follow `else`", "this arm stands after it");
                self.problem(problem.also(first, "`else` stands here").help("move `else` to the end"));
            }
            if let Some(otherwise) = fields.get("else") {
                else_seen = Some(otherwise.key_range.clone());
                arms.extend(self.otherwise(item, fields, otherwise, place));
                continue;
            }
            self.only(fields, keys::ARM, "an arm");
            let Some(when) = fields.get("when") else {
                self.problem(
                    Problem::new(codes::REQUIRED, item.range.clone(), "this arm has no `when`", "when is it done?")
                        .help("begin it with `- when: …` or `- else:`"),
                );
                self.actions(fields, place);
                continue;
            };
            let condition = self.condition(when, place);
            self.does_something(item, fields);
            let actions = self.actions(fields, place);
            // Without its condition an arm would be an `else`; it is left out, and the flow is not published anyway.
            if condition.is_some() {
                arms.push(Arm { when: condition, actions, span: self.file.span(&item.range) });
            }
        }
        arms
    }

    fn otherwise(&mut self, item: &Node, fields: Fields<'_>, otherwise: &Entry, place: &Place) -> Option<Arm> {
        let inner = match &otherwise.value.kind {
            NodeKind::Map(entries) => Fields { entries },
            NodeKind::Empty => fields,
            NodeKind::Scalar(_) | NodeKind::List(_) => {
                self.problem(
                    Problem::new(codes::WRONG_VALUE, otherwise.value.range.clone(), "`else` takes no condition", "remove this")
                        .help("write what is done below `- else:`, further in"),
                );
                return None;
            }
        };
        self.only(fields, keys::ARM, "an arm");
        if inner.entries.len() != fields.entries.len() {
            self.only(inner, keys::ARM, "an arm");
        }
        if let Some(when) = fields.get("when") {
            let problem = Problem::new(codes::TOGETHER, when.key_range.clone(), "an arm has `when` or `else`, not both", "one too many");
            self.problem(problem.help("remove one of the two"));
        }
        self.does_something(item, inner);
        let actions = self.actions(inner, place);
        Some(Arm { when: None, actions, span: self.file.span(&item.range) })
    }

    fn does_something(&mut self, item: &Node, fields: Fields<'_>) {
        // A key that is not known was meant to do something, and is found by itself.
        let all_known =
            fields.entries.iter().all(|entry| keys::ARM.contains(&entry.key.as_str()) || keys::SILENCE.contains(&entry.key.as_str()));
        if fields.first_of(DOES).is_none() && all_known {
            self.problem(
                Problem::new(codes::REQUIRED, item.range.clone(), "this arm does nothing", "what is done?")
                    .help("add `say`, `set`, `task`, `escalate`, `go` or `end`"),
            );
        }
    }

    /// What an arm of `if unclear` does; the caller has seen that it is a block.
    pub(super) fn unclear_arm(&mut self, node: &Node, fields: Fields<'_>, place: &Place) -> Actions {
        let allowed: Vec<&str> = keys::ARM.iter().copied().filter(|key| !matches!(*key, "when" | "else")).collect();
        self.only(fields, &allowed, "`if unclear`");
        self.does_something(node, fields);
        self.actions(fields, place)
    }

    /// The arms of `silence`, in the order of their times.
    pub(super) fn silence(&mut self, entry: &Entry, place: &Place) -> Vec<SilenceArm> {
        let NodeKind::List(items) = &entry.value.kind else {
            self.problem(
                Problem::new(
                    codes::WRONG_VALUE,
                    entry.value.range.clone(),
                    format!("`silence` is a list of arms, not {}", entry.value.word()),
                    "no list",
                )
                .help("begin each arm with `- after: 4 hours`"),
            );
            return Vec::new();
        };
        let mut arms = Vec::new();
        for item in items {
            let Some(fields) = self.block(item, "silence", "begin each arm with `- after: 4 hours`") else { continue };
            self.only(fields, keys::SILENCE, "an arm of `silence`");
            self.does_something(item, fields);
            let when = fields.get("when");
            let condition = when.and_then(|when| self.condition(when, place));
            let actions = self.actions(fields, place);
            let after_s = match fields.get("after") {
                None => {
                    self.problem(
                        Problem::new(codes::REQUIRED, item.range.clone(), "this arm has no `after`", "after how long?")
                            .help("begin it with `- after: 4 hours`"),
                    );
                    None
                }
                Some(after) => self.words(after, "4 hours").and_then(|(words, range)| {
                    let found = seconds(words);
                    if found.is_none() {
                        let problem = Problem::new(codes::WRONG_VALUE, range, format!("`{words}` is no length of time"), "not understood");
                        self.problem(problem.help("write a whole number and `minutes`, `hours` or `days`, as in `4 hours`"));
                    }
                    found
                }),
            };
            if let Some(after_s) = after_s
                && (when.is_none() || condition.is_some())
            {
                arms.push(SilenceArm { after_s, when: condition, actions, span: self.file.span(&item.range) });
            }
        }
        arms.sort_by_key(|arm| arm.after_s);
        arms
    }

    /// What is done, of the keys that steps and arms share.
    pub(super) fn actions(&mut self, fields: Fields<'_>, place: &Place) -> Actions {
        let set = self.set(fields, place);
        let say = self.wording(fields, place);
        self.last_actions(fields, place, Actions { set, say, ..Actions::default() })
    }

    /// The rest after `set` and `say`: what is done at the end of a step.
    pub(super) fn last_actions(&mut self, fields: Fields<'_>, place: &Place, mut actions: Actions) -> Actions {
        let because = fields.get("because").and_then(|because| {
            let text = self.node_text(&because.value, "because", "as in `because: Emergency sign`")?;
            Some(crate::flow::text::apply_line_rule(&text))
        });
        let (task, escalate) = (fields.get("task"), fields.get("escalate"));
        match (task.or(escalate), fields.get("because")) {
            (Some(call), None) => self.problem(
                Problem::new(codes::REQUIRED, call.key_range.clone(), format!("`{}` needs `because`", call.key), "why is a person called?")
                    .help("add `because: …` beside it, in the desk's words"),
            ),
            (None, Some(because)) => self.problem(
                Problem::new(
                    codes::TOGETHER,
                    because.key_range.clone(),
                    "`because` belongs to `task` or `escalate`",
                    "nobody is called here",
                )
                .help("add `task: routine` or `escalate: urgent`, or remove it"),
            ),
            _ => {}
        }
        actions.task = task.and_then(|task| self.call_human(task, because.as_ref(), &["routine", "urgent"]));
        actions.escalate = escalate.and_then(|escalate| self.call_human(escalate, because.as_ref(), &["routine", "urgent", "emergency"]));
        if let Some(resume) = fields.get("resume") {
            if escalate.is_none() {
                self.problem(
                    Problem::new(codes::TOGETHER, resume.key_range.clone(), "`resume` belongs to `escalate`", "nobody takes over here")
                        .help("write `go`, or add `escalate: …`"),
                );
            }
            actions.resume = self.resume(resume, place);
        }
        actions.go = fields.get("go").and_then(|go| self.go(go, place));
        actions.end = fields.first_of(&["end", "end all"]).and_then(|end| self.end(end));
        let leaves: Vec<&Entry> =
            fields.entries.iter().filter(|entry| matches!(entry.key.as_str(), "escalate" | "go" | "end" | "end all")).collect();
        if let [first, second, ..] = leaves.as_slice() {
            let problem = Problem::new(
                codes::TOGETHER,
                second.key_range.clone(),
                format!("`{}` and `{}` both leave", first.key, second.key),
                "never done",
            );
            let help = if first.key == "escalate" || second.key == "escalate" {
                "say where the bot goes on with `resume: …`"
            } else {
                "keep one of the two"
            };
            self.problem(problem.also(first.key_range.clone(), "leaves already").help(help));
        }
        actions
    }

    fn call_human(&mut self, entry: &Entry, because: Option<&String>, levels: &[&str]) -> Option<CallHuman> {
        let urgency = match self.one_of(entry, levels)? {
            "routine" => Urgency::Routine,
            "urgent" => Urgency::Urgent,
            _ => Urgency::Emergency,
        };
        Some(CallHuman { urgency, because: because.cloned().unwrap_or_default(), span: self.file.span(&entry.value.range) })
    }

    /// The words of a message in their variants.
    pub(super) fn wording(&mut self, fields: Fields<'_>, place: &Place) -> Option<Wording> {
        let variants = ["say if you", "say if alone", "sms", "whatsapp", "voice", "email", "web"];
        let Some(say) = fields.get("say") else {
            if let Some(variant) = fields.first_of(&variants) {
                self.problem(
                    Problem::new(
                        codes::REQUIRED,
                        variant.key_range.clone(),
                        format!("`{}` stands without `say`", variant.key),
                        "only for some",
                    )
                    .help("add `say: …` for everyone else"),
                );
            }
            return None;
        };
        let say = self.text(say, Role::Say, place);
        let if_you = fields.get("say if you").map(|entry| self.text(entry, Role::Say, place));
        let if_alone = fields.get("say if alone").map(|entry| self.text(entry, Role::Say, place));
        let by_medium = fields
            .entries
            .iter()
            .filter_map(|entry| Medium::from_word(&entry.key).map(|medium| (medium, entry)))
            .map(|(medium, entry)| (medium, self.text(entry, Role::Say, place)))
            .collect();
        Some(Wording { say, if_you, if_alone, by_medium })
    }

    /// `set:` with a block of names and values; the names are full paths.
    pub(super) fn set(&mut self, fields: Fields<'_>, place: &Place) -> Vec<(String, Expression)> {
        let Some(entry) = fields.get("set") else { return Vec::new() };
        let Some(values) = self.block(&entry.value, "set", "write each name and its value on a line of its own, as in `risk: 'high'`")
        else {
            return Vec::new();
        };
        let mut all = Vec::new();
        for value in values.entries {
            self.check_name(&value.key, &value.key_range, "value");
            let path = place.groups.first().map_or_else(|| value.key.clone(), |group| format!("{group}.{}", value.key));
            if self.declared.iter().any(|declared| declared.path == path) {
                self.problem(
                    Problem::new(
                        codes::NAME,
                        value.key_range.clone(),
                        format!("`{}` is a step's name", value.key),
                        "its answer cannot be set",
                    )
                    .help("choose another name"),
                );
            }
            if self.node_words(&value.value, &value.key, "as in `risk: 'high'`").is_none() {
                continue;
            }
            let source = super::bare_source(self.file, &value.value.range);
            let Some((expression, ty)) = self.expression(&source, place) else { continue };
            let declared = self.names.values.get(&path).cloned();
            if let Some(declared) = declared.filter(|declared| std::mem::discriminant(declared) != std::mem::discriminant(&ty)) {
                self.problem(
                    Problem::new(codes::TYPES, source, format!("`{}` is set to {} elsewhere", value.key, declared.word()), ty.word())
                        .help("set it to the same kind of value everywhere"),
                );
            }
            all.push((path, expression));
        }
        all
    }

    fn go(&mut self, entry: &Entry, place: &Place) -> Option<Go> {
        let (word, range) = self.words(entry, "thanks")?;
        if word == "next" {
            if place.list.is_none() {
                self.problem(
                    Problem::new(codes::UNKNOWN_STEP, range, "`go: next` means the next item of a group", "no group is open here")
                        .help("name a step, or leave it out: the next step follows by itself"),
                );
                return None;
            }
            return Some(Go::NextItem);
        }
        self.target(word, range, place, "go").map(Go::Step)
    }

    fn resume(&mut self, entry: &Entry, place: &Place) -> Option<Resume> {
        let (word, range) = self.words(entry, "thanks")?;
        if word == "end" {
            return Some(Resume::End);
        }
        let id = self.target(word, range, place, "resume")?;
        self.declared.get(id.0).map(|declared| Resume::Step(declared.path.clone()))
    }

    /// A step of the same or an enclosing list.
    fn target(&mut self, word: &str, range: std::ops::Range<usize>, place: &Place, key: &str) -> Option<StepId> {
        let mut lists = vec![place.list];
        let mut list = place.list;
        while let Some(group) = list.and_then(|at| self.declared.get(at)) {
            lists.push(group.group);
            list = group.group;
        }
        if place.is_flow {
            lists = vec![None];
        }
        for list in &lists {
            let found =
                self.declared.iter().position(|declared| declared.group == *list && (declared.name == word || declared.path == word));
            if let Some(found) = found {
                return Some(self.id(found));
            }
        }
        let elsewhere = self.declared.iter().find(|declared| declared.name == word || declared.path == word);
        let (message, help) = match elsewhere {
            Some(step) => {
                let group = step.path.rsplit_once('.').map_or("", |(group, _)| group);
                (
                    format!("`{word}` is inside the group `{group}`"),
                    format!("`{key}` cannot reach into a group; write `{}`", group.split('.').next().unwrap_or(group)),
                )
            }
            None => {
                let names: Vec<&str> = self
                    .declared
                    .iter()
                    .filter(|declared| lists.contains(&declared.group))
                    .map(|declared| declared.name.as_str())
                    .collect();
                let help = did_you_mean(word, names.iter().copied())
                    .unwrap_or_else(|| format!("the steps here are {}", super::fields::listed(&names)));
                (format!("there is no step `{word}`"), help)
            }
        };
        self.problem(Problem::new(codes::UNKNOWN_STEP, range, message, "leads nowhere").help(help));
        None
    }

    fn end(&mut self, entry: &Entry) -> Option<End> {
        let (word, range) = self.words(entry, "complete")?;
        let all = entry.key == "end all";
        if self.ends.iter().any(|end| end == word) || BUILT_IN_ENDS.contains(&word) {
            return Some(End { name: word.to_owned(), all });
        }
        let known: Vec<&str> = self.ends.iter().map(String::as_str).chain(BUILT_IN_ENDS.iter().copied()).collect();
        let help = match nearest(word, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add it to the flow's `ends:` at the top, as in `ends: [{word}]`"),
        };
        self.problem(
            Problem::new(codes::UNKNOWN_END, range, format!("this flow has no ending `{word}`"), "not among its `ends`").help(help),
        );
        None
    }
}
