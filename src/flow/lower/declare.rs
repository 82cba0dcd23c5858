//! Steps and values declared, before anything is looked at closely.

use std::sync::Arc;

use super::{Declared, Lowerer, Place, ask, bare_source, fields::Fields};
use crate::flow::{
    builtin, codes,
    condition::{self, Options, Type},
    diagnostic::Problem,
    syntax::{Entry, Node, NodeKind},
};

/// Groups in groups: the most.
const DEEPEST: usize = 2;

impl<'t> Lowerer<'t> {
    /// Declares the steps of a list and of the groups in it.
    pub(super) fn declare(&mut self, steps: &'t Node, group: Option<usize>, groups: &[String]) {
        let NodeKind::Map(entries) = &steps.kind else { return };
        let mut previous: Option<usize> = None;
        for entry in entries {
            self.check_name(&entry.key, &entry.key_range, "step");
            self.check_shadowing(entry, groups);
            // A name that must be changed is known by what it will be, so that what leads to it is found right.
            let name = plain_name(&entry.key).filter(|_| !is_name(&entry.key)).unwrap_or_else(|| entry.key.clone());
            let path = match groups.first() {
                Some(group) => format!("{group}.{name}"),
                None => name.clone(),
            };
            let index = self.declared.len();
            self.declared.push(Declared { name, path: path.clone(), group, entry, next: None });
            if let Some(previous) = previous.and_then(|at| self.declared.get_mut(at)) {
                previous.next = Some(index);
            }
            previous = Some(index);
            self.names.steps.insert(path.clone(), ());
            let NodeKind::Map(keys) = &entry.value.kind else { continue };
            let fields = Fields { entries: keys };
            if let Some(asked) = fields.get("ask") {
                self.declare_answer(asked, fields, &path);
            }
            let who = fields.get("for each").map(|each| {
                let words = each.value.scalar().map_or("", |scalar| scalar.text.as_str());
                words.split_whitespace().next().unwrap_or("").to_owned()
            });
            if who.is_some() || fields.get("repeat").is_some() {
                self.names.groups.insert(path.clone(), who.filter(|who| !who.is_empty()));
                if groups.len() == DEEPEST {
                    self.problem(
                        Problem::new(codes::TOO_DEEP, entry.key_range.clone(), "groups may stand two deep, not deeper", "the third group")
                            .help("ask these steps in a flow of their own and `call:` it"),
                    );
                }
                if let Some(inner) = fields.get("steps") {
                    let groups: Vec<String> = std::iter::once(path).chain(groups.iter().cloned()).collect();
                    self.declare(&inner.value, Some(index), &groups);
                }
            }
        }
    }

    fn declare_answer(&mut self, asked: &Entry, fields: Fields<'_>, path: &str) {
        let Some(scalar) = asked.value.scalar() else { return };
        // What is wrong with it is found when it is lowered.
        let Ok(form) = ask::read(scalar.text.trim_matches(['"', '\'']), &asked.value.range) else {
            return;
        };
        let keys = match fields.get("options").map(|options| &options.value.kind) {
            Some(NodeKind::Map(options)) => options.iter().map(|option| option.key.clone()).collect(),
            _ => Vec::new(),
        };
        let options =
            Options { question: path.rsplit_once('.').map_or(path, |(_, name)| name).to_owned(), keys, none: fields.get("none").is_some() };
        self.names.values.insert(path.to_owned(), form.ty(Arc::new(options)));
    }

    /// A name must be one that conditions and texts can hold.
    pub(super) fn check_name(&mut self, name: &str, range: &std::ops::Range<usize>, what: &str) {
        if !is_name(name) {
            let help = match plain_name(name) {
                Some(plain) => format!("write `{plain}`"),
                None => "begin with a letter, and use small letters, digits and `_`".to_owned(),
            };
            self.problem(
                Problem::new(
                    codes::NAME,
                    range.clone(),
                    format!("`{name}` cannot be the name of a {what}"),
                    "small letters, digits and `_` only",
                )
                .help(help),
            );
        } else if builtin::RESERVED.contains(&name) {
            let problem = Problem::new(
                codes::NAME,
                range.clone(),
                format!("`{name}` means something already"),
                format!("cannot be the name of a {what}"),
            );
            self.problem(problem.help("choose another name"));
        }
    }

    /// A name in a group must not be one of the lists around it.
    fn check_shadowing(&mut self, entry: &Entry, groups: &[String]) {
        for (depth, group) in groups.iter().enumerate() {
            let outer = groups.get(depth + 1);
            let path = outer.map_or_else(|| entry.key.clone(), |outer| format!("{outer}.{}", entry.key));
            let is_person = self.names.groups.get(group).is_some_and(|who| who.as_deref() == Some(entry.key.as_str()));
            if let Some(first) =
                self.declared.iter().find(|declared| declared.path == path).map(|declared| declared.entry.key_range.clone())
            {
                let problem =
                    Problem::new(codes::NAME, entry.key_range.clone(), format!("the name `{}` is used twice", entry.key), "again here");
                self.problem(
                    problem.also(first, "first here").help("give one of them another name; only groups side by side may share names"),
                );
                return;
            }
            if is_person {
                let problem = Problem::new(
                    codes::NAME,
                    entry.key_range.clone(),
                    format!("`{}` is the person of this group", entry.key),
                    "the name is taken",
                );
                self.problem(problem.help("choose another name"));
                return;
            }
        }
    }

    /// Declares what `set` gives, in steps and arms, as far as types can be told; goes on until nothing is added.
    pub(super) fn declare_set(&mut self) {
        let mut found: Vec<(String, std::ops::Range<usize>, Vec<String>)> = Vec::new();
        for declared in &self.declared {
            let groups = self.groups_of(declared.group);
            let prefix = groups.first().map_or_else(String::new, |group| format!("{group}."));
            let NodeKind::Map(keys) = &declared.entry.value.kind else { continue };
            let fields = Fields { entries: keys };
            let arms = ["then", "silence"].iter().filter_map(|key| fields.get(key)).flat_map(|entry| match &entry.value.kind {
                NodeKind::List(arms) => arms.iter().collect(),
                _ => Vec::new(),
            });
            let unclear = fields.get("if unclear").map(|entry| &entry.value);
            for block in std::iter::once(&declared.entry.value).chain(arms).chain(unclear) {
                let NodeKind::Map(keys) = &block.kind else { continue };
                let Some(NodeKind::Map(set)) = (Fields { entries: keys }).get("set").map(|set| &set.value.kind) else { continue };
                found.extend(
                    set.iter().map(|value| (format!("{prefix}{}", value.key), bare_source(self.file, &value.value.range), groups.clone())),
                );
            }
        }
        loop {
            let mut added = false;
            for (path, source, groups) in &found {
                if self.names.values.contains_key(path) {
                    continue;
                }
                if let Some((_, ty)) = condition::compile_value(self.file.slice(source), &self.names, groups, &mut Vec::new()) {
                    self.names.values.insert(path.clone(), ty);
                    added = true;
                }
            }
            if !added {
                break;
            }
        }
        // A value that cannot be typed is found where it is set; to those who name it it is a text.
        for (path, ..) in found {
            self.names.values.entry(path).or_insert(Type::Text);
        }
    }

    /// The groups that are open in a group's list, innermost first.
    pub(super) fn groups_of(&self, group: Option<usize>) -> Vec<String> {
        let mut groups = Vec::new();
        let mut at = group.and_then(|at| self.declared.get(at));
        while let Some(group) = at {
            groups.push(group.path.clone());
            at = group.group.and_then(|at| self.declared.get(at));
        }
        groups
    }

    /// Where a step's own words and arms stand: in the list around it.
    pub(super) fn place_of(&self, step: usize) -> Place {
        let (path, group) = self.declared.get(step).map_or((String::new(), None), |declared| (declared.path.clone(), declared.group));
        Place { step: path, groups: self.groups_of(group), list: group, is_flow: false }
    }
}

/// Whether it can be a name as it stands.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The name it may become: `first_day` of `First day`.
fn plain_name(name: &str) -> Option<String> {
    let plain: String = name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let plain = plain.trim_matches('_');
    plain.starts_with(|c: char| c.is_ascii_lowercase()).then(|| plain.to_owned())
}
