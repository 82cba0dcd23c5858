//! A text with something in the place of its names: the longest it may become, or plain words in place of what is private.

use std::collections::BTreeSet;

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};

use crate::flow::text::is_template;

/// Partials within partials deeper than this are given up.
const DEEPEST: usize = 8;
/// What `#` becomes in a plural form: counts have at most two digits.
const COUNT: &str = "20";

/// What stands in the place of names and partials.
pub struct Filling<'a> {
    /// What a name becomes.
    pub name: &'a dyn Fn(&str) -> String,
    /// The text of a partial.
    pub partial: &'a dyn Fn(&str) -> Option<String>,
}

/// The text filled; of the branches of an `if` and the forms of a `plural` the longest. A text that is no template is given back as it is.
pub fn fill(text: &str, filling: &Filling<'_>) -> String {
    filled(text, filling, 0)
}

fn filled(text: &str, filling: &Filling<'_>, depth: usize) -> String {
    match parsed(text) {
        Some(template) => elements(&template, filling, depth),
        None => text.to_owned(),
    }
}

fn parsed(text: &str) -> Option<Template> {
    if is_template(text) { Template::compile(text).ok() } else { None }
}

fn elements(template: &Template, filling: &Filling<'_>, depth: usize) -> String {
    let mut out = String::new();
    for element in &template.elements {
        match element {
            TemplateElement::RawString(raw) => out.push_str(raw),
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => out.push_str(&expression(helper, filling)),
            TemplateElement::HelperBlock(block) => {
                let branches = [&block.template, &block.inverse].into_iter().flatten().map(|branch| elements(branch, filling, depth));
                out.push_str(&longest(branches));
            }
            TemplateElement::PartialExpression(partial) | TemplateElement::PartialBlock(partial) => {
                let text = partial.name.as_name().and_then(|name| (filling.partial)(name));
                if let Some(text) = text.filter(|_| depth < DEEPEST) {
                    out.push_str(filled(&text, filling, depth + 1).trim_end());
                }
            }
            // Comments and decorators print nothing; the library may add more kinds.
            _ => {}
        }
    }
    out
}

fn expression(helper: &HelperTemplate, filling: &Filling<'_>) -> String {
    let name = helper.name.as_name().unwrap_or_default();
    if name == "plural" {
        let forms = helper.params.iter().skip(1).filter_map(|form| match form {
            Parameter::Literal(value) => value.as_str().map(|form| form.replace('#', COUNT)),
            Parameter::Name(_) | Parameter::Path(_) | Parameter::Subexpression(_) => None,
            _ => None,
        });
        return longest(forms);
    }
    match helper.params.first() {
        // Another helper prints what it is given.
        Some(given) => given.as_name().map_or_else(String::new, |given| (filling.name)(given)),
        None => (filling.name)(name),
    }
}

fn longest(texts: impl Iterator<Item = String>) -> String {
    texts.max_by_key(|text| text.chars().count()).unwrap_or_default()
}

/// The names that a text prints without asking first, by `{{#if name}}`, whether they are there.
pub fn unguarded(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(template) = parsed(text) {
        printed(&template, &mut Vec::new(), &mut found);
    }
    found
}

fn printed(template: &Template, asked: &mut Vec<String>, found: &mut BTreeSet<String>) {
    for element in &template.elements {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                let name = helper.params.first().unwrap_or(&helper.name).as_name().unwrap_or_default();
                if !asked.iter().any(|asked| asked == name) {
                    found.insert(name.to_owned());
                }
            }
            TemplateElement::HelperBlock(block) => {
                let names: Vec<String> = block.params.iter().filter_map(Parameter::as_name).map(str::to_owned).collect();
                let n_before = asked.len();
                asked.extend(names);
                for branch in [&block.template, &block.inverse].into_iter().flatten() {
                    printed(branch, asked, found);
                }
                asked.truncate(n_before);
            }
            // Shared texts are looked at by themselves; the rest prints no name.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_branch_and_form_are_taken() {
        let filling = Filling {
            name: &|name| if name == "you.first_name" { "Maximilian".to_owned() } else { "?".to_owned() },
            partial: &|name| (name == "call-us").then(|| "Call {{agency.phone_line}}.\n".to_owned()),
        };
        let cases = [
            ("Hi {{you.first_name}}!", "Hi Maximilian!"),
            ("{{#if you.first_name}}Dear {{you.first_name}}{{else}}Hello{{/if}}", "Dear Maximilian"),
            ("{{plural contacts.count \"1 person\" \"# people\"}}", "20 people"),
            ("{{> call-us}} Bye", "Call ?. Bye"),
            ("{{broken", "{{broken"),
        ];
        for (text, expected) in cases {
            assert_eq!(fill(text, &filling), expected);
        }
    }

    #[test]
    fn a_name_asked_for_first_is_guarded() {
        let text = "{{a}} {{#if b}}{{b}}{{c}}{{else}}-{{/if}} {{plural d.count \"1\" \"#\"}}";
        assert_eq!(unguarded(text).into_iter().collect::<Vec<_>>(), ["a", "c", "d.count"]);
    }
}
