//! Texts: the line rule, and the names that a template uses.

use std::collections::BTreeSet;

use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};
use handlebars::{Path, TemplateError, TemplateErrorReason};

/// Helpers that a text may use; with a block, `if` and `unless`.
pub const HELPERS: &[&str] = &["plural", "date", "if", "unless", "eq", "ne", "lt", "lte", "gt", "gte", "and", "or", "not"];

/// What a template uses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Names, as written.
    pub names: BTreeSet<String>,
    /// Shared texts.
    pub partials: BTreeSet<String>,
    /// What the language does without, with why: `{{#each}}`, unknown helpers.
    pub refused: Vec<(String, String)>,
    /// What is written wrongly: the words, what is wrong, what to write instead.
    pub wrong: Vec<(String, String, String)>,
}

/// The line rule: a line break is a space, a blank line is a new line, lines that begin with `- ` or a number stay apart; ends are trimmed.
///
/// A number begins a line apart where `.` or `)` follows it: `1. Yes`, `2) No`.
pub fn apply_line_rule(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut blank = false;
    for line in raw.lines() {
        let line = line.trim();
        if line.is_empty() {
            blank = !out.is_empty();
            continue;
        }
        if !out.is_empty() {
            out.push(if blank || stands_apart(line) { '\n' } else { ' ' });
        }
        blank = false;
        let mut words = line.split_whitespace();
        if let Some(first) = words.next() {
            out.push_str(first);
        }
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out
}

/// Whether a line is an item of a list.
fn stands_apart(line: &str) -> bool {
    let after_digits = line.trim_start_matches(|c: char| c.is_ascii_digit());
    line.starts_with("- ")
        || (after_digits.len() < line.len() && after_digits.starts_with(['.', ')']) && !after_digits.starts_with(".."))
            && after_digits.get(1..).is_some_and(|rest| rest.starts_with(' '))
}

/// Reads a template and tells what it uses.
///
/// # Errors
/// What cannot be read, in a designer's words.
pub fn uses(template: &str) -> Result<Uses, String> {
    let mut uses = Uses::default();
    uses.wrong.extend(single_braces(template).map(|written| {
        let (what, help) =
            (format!("`{written}` is sent as it stands"), format!("a name stands in two braces on each side: `{{{written}}}`"));
        (written, what, help)
    }));
    if is_template(template) {
        let template = Template::compile(template).map_err(|error| in_words(template, &error))?;
        walk(&template, &mut uses);
    }
    Ok(uses)
}

/// Whether a text has anything to be filled; most have not, and parsing costs.
pub fn is_template(text: &str) -> bool {
    text.contains("{{")
}

/// Names in one brace on each side, as other programs have them: `{agency.name}`.
fn single_braces(text: &str) -> impl Iterator<Item = String> + '_ {
    text.match_indices('{').filter_map(|(at, _)| {
        let rest = text.get(at + 1..)?;
        let name = rest.get(..rest.find('}')?)?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'));
        let is_single = !text.get(..at)?.ends_with('{') && !rest.get(name.len() + 1..)?.starts_with('}');
        (is_name && is_single).then(|| format!("{{{name}}}"))
    })
}

fn in_words(template: &str, error: &TemplateError) -> String {
    match error.reason() {
        TemplateErrorReason::MismatchingClosedHelper(open, close) | TemplateErrorReason::MismatchingClosedDecorator(open, close) => {
            let name = |word: &str| word.trim_matches('"').to_owned();
            format!("`{{{{#{}}}}}` is closed by `{{{{/{}}}}}`", name(open), name(close))
        }
        _ if template.matches("{{").count() > template.matches("}}").count() => "`{{` is not closed by `}}`".to_owned(),
        _ if template.matches("{{#").count() != template.matches("{{/").count() => {
            "a block `{{#…}}` is not closed by its `{{/…}}`".to_owned()
        }
        _ if template.contains("{{plural") => {
            "what stands in `{{plural …}}` cannot be read; its forms stand in straight quotes, `\"1 person\" \"# people\"`".to_owned()
        }
        _ => "what stands in `{{…}}` cannot be read".to_owned(),
    }
}

fn walk(template: &Template, uses: &mut Uses) {
    for element in &template.elements {
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                if helper.params.is_empty() && helper.hash.is_empty() {
                    name_of(&helper.name, uses);
                } else {
                    call(helper, uses);
                }
            }
            TemplateElement::HelperBlock(helper) => {
                let name = helper.name.as_name().unwrap_or("");
                if matches!(name, "if" | "unless") {
                    helper.params.iter().for_each(|parameter| self::parameter(parameter, uses));
                } else {
                    uses.refused.push((format!("#{name}"), "texts know the blocks `{{#if}}` and `{{#unless}}` only".to_owned()));
                }
                for inner in [&helper.template, &helper.inverse].into_iter().flatten() {
                    walk(inner, uses);
                }
            }
            TemplateElement::PartialExpression(partial) => match partial.name.as_name() {
                Some(name) if partial.params.is_empty() && partial.hash.is_empty() => {
                    uses.partials.insert(name.trim_matches(['"', '\'']).to_owned());
                }
                name => uses.refused.push((name.unwrap_or(">").to_owned(), "a shared text takes nothing beside its name".to_owned())),
            },
            // Decorators, partial blocks, and whatever a later handlebars adds.
            _ => {
                uses.refused.push((String::new(), "texts know names, `{{#if}}`, `{{plural …}}` and shared texts (`{{> name}}`)".to_owned()))
            }
        }
    }
}

fn call(helper: &HelperTemplate, uses: &mut Uses) {
    match helper.name.as_name() {
        // The number, and at least two forms.
        Some("plural") if helper.params.len() < 3 => uses.wrong.push((
            "plural".to_owned(),
            "`plural` needs a form for one and a form for more".to_owned(),
            "write the number and both, in straight quotes, as in `{{plural n \"1 person\" \"# people\"}}`".to_owned(),
        )),
        Some(name) if HELPERS.contains(&name) => {}
        name => {
            let name = name.unwrap_or("").to_owned();
            uses.refused.push((name, "texts know `plural`, `date`, and `eq`, `gt` and their like inside `{{#if}}`".to_owned()));
        }
    }
    helper.params.iter().chain(helper.hash.values()).for_each(|parameter| self::parameter(parameter, uses));
}

fn parameter(parameter: &Parameter, uses: &mut Uses) {
    match parameter {
        Parameter::Literal(_) => {}
        Parameter::Name(_) | Parameter::Path(_) => name_of(parameter, uses),
        Parameter::Subexpression(inner) => {
            if let TemplateElement::Expression(helper) = inner.as_element() {
                call(helper, uses);
            }
        }
        _ => uses.refused.push((String::new(), "texts know names, numbers and quoted words here".to_owned())),
    }
}

fn name_of(parameter: &Parameter, uses: &mut Uses) {
    if let Parameter::Path(Path::Local(..)) = parameter {
        uses.refused.push((parameter.as_name().unwrap_or("@").to_owned(), "texts know no names with `@`".to_owned()));
    } else if let Some(name) = parameter.as_name() {
        uses.names.insert(name.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_break_is_a_space_and_a_blank_line_a_new_line() {
        let cases = [
            ("Good morning,\nthis is  us.\n\nHow are you?\n", "Good morning, this is us.\nHow are you?"),
            ("Reply:\n- A\n- B\n1. one\n2) two\n", "Reply:\n- A\n- B\n1. one\n2) two"),
            ("It rose by\n2 degrees", "It rose by 2 degrees"),
            ("\n\n  a\n\n\n\n b  ", "a\nb"),
            ("1.10", "1.10"),
            ("", ""),
        ];
        for (raw, expected) in cases {
            assert_eq!(apply_line_rule(raw), expected);
        }
    }

    #[test]
    fn names_are_found_in_every_corner_of_a_template() {
        let uses =
            uses("{{you.first_name}} {{#if (gt contacts.count 2)}}{{who.label}}{{else}}{{> sign-off}}{{/if}} {{plural n \"1 a\" \"# b\"}}")
                .unwrap();
        let names: Vec<&str> = uses.names.iter().map(String::as_str).collect();
        assert_eq!(names, ["contacts.count", "n", "who.label", "you.first_name"]);
        assert_eq!(uses.partials.iter().collect::<Vec<_>>(), ["sign-off"]);
        assert_eq!(uses.refused, []);
    }

    #[test]
    fn single_braces_and_a_plural_with_one_form_are_wrong() {
        let wrong = |text: &str| uses(text).unwrap().wrong.into_iter().map(|(written, _, _)| written).collect::<Vec<_>>();
        assert_eq!(wrong("From {agency.name} and {you}"), ["{agency.name}", "{you}"]);
        assert_eq!(wrong("{{agency.name}} {{{x}}} {2} { no }"), [""; 0]);
        assert_eq!(wrong("{{plural n \"1 day\"}} {{plural n \"1 day\" \"# days\"}}"), ["plural"]);
    }

    #[test]
    fn what_texts_do_without_is_refused() {
        assert_eq!(uses("{{#each contacts}}x{{/each}}").unwrap().refused[0].0, "#each");
        assert_eq!(uses("{{shout name}}").unwrap().refused[0].0, "shout");
        assert_eq!(uses("{{you.first_name").unwrap_err(), "`{{` is not closed by `}}`");
        assert_eq!(uses("{{#if a}}x").unwrap_err(), "a block `{{#…}}` is not closed by its `{{/…}}`");
        assert_eq!(uses("{{#if a}}x{{/unless}}").unwrap_err(), "`{{#if}}` is closed by `{{/unless}}`");
    }
}
