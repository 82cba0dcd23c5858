//! One text, made ready: names are flat, and every value is printed by its type and language.
//!
//! Handlebars looks `contacts.count` up as `count` within `contacts`; ours are flat names, and `contacts` may be a list itself. So after
//! parsing, every path becomes one segment, and `{{name}}` becomes `{{show name}}`.

use std::{
    collections::{BTreeMap, HashMap},
    sync::LazyLock,
};

use handlebars::{
    Path, PathSeg, Template, TemplateError,
    template::{DecoratorTemplate, HelperTemplate, Parameter, TemplateElement},
};

use super::phrases;

/// Stands where a value was missing, until the text is tidied.
pub(crate) const MISSING: char = '\u{E001}';
/// Keeps a partial from swallowing the line end after it, until the text is tidied.
const GLUE: char = '\u{E000}';

/// The embedded texts, parsed: every revision has most of them, in every language.
static EMBEDDED: LazyLock<HashMap<String, Template>> = LazyLock::new(|| {
    let texts = phrases::defaults().into_values().flat_map(BTreeMap::into_values);
    texts.filter_map(|text| compile(&text).ok().map(|parsed| (text, parsed))).collect()
});

/// Parses a text that went through the line rule.
///
/// # Errors
/// Handlebars' own, where the text is no template.
pub(crate) fn parse(text: &str) -> Result<Template, TemplateError> {
    EMBEDDED.get(text).map_or_else(|| compile(text), |parsed| Ok(parsed.clone()))
}

fn compile(text: &str) -> Result<Template, TemplateError> {
    let glued = text.replace("{{>", &format!("{GLUE}{{{{>"));
    let mut template = Template::compile(&glued)?;
    flatten(&mut template);
    Ok(template)
}

fn flatten(template: &mut Template) {
    for element in &mut template.elements {
        match element {
            TemplateElement::Expression(helper) | TemplateElement::HtmlExpression(helper) => {
                if helper.params.is_empty() && helper.hash.is_empty() && matches!(helper.name, Parameter::Path(_)) {
                    let name = std::mem::replace(&mut helper.name, Parameter::Name("show".to_owned()));
                    helper.params.push(name);
                }
                flatten_helper(helper);
            }
            TemplateElement::HelperBlock(helper) => flatten_helper(helper),
            TemplateElement::DecoratorExpression(decorator)
            | TemplateElement::DecoratorBlock(decorator)
            | TemplateElement::PartialExpression(decorator)
            | TemplateElement::PartialBlock(decorator) => flatten_decorator(decorator),
            // Raw text and comments have no names; the list of elements is open.
            _ => {}
        }
    }
}

fn flatten_helper(helper: &mut HelperTemplate) {
    helper.params.iter_mut().chain(helper.hash.values_mut()).for_each(flatten_parameter);
    for inner in [&mut helper.template, &mut helper.inverse].into_iter().flatten() {
        flatten(inner);
    }
}

fn flatten_decorator(decorator: &mut DecoratorTemplate) {
    decorator.params.iter_mut().chain(decorator.hash.values_mut()).for_each(flatten_parameter);
    if let Some(inner) = &mut decorator.template {
        flatten(inner);
    }
}

fn flatten_parameter(parameter: &mut Parameter) {
    match parameter {
        Parameter::Path(Path::Relative((segments, _))) => {
            let names: Option<Vec<&str>> = segments
                .iter()
                .map(|segment| match segment {
                    PathSeg::Named(name) => Some(name.as_str()),
                    // `this`, `..`: left as handlebars has them.
                    _ => None,
                })
                .collect();
            if let Some(names) = names
                && names.len() > 1
            {
                *segments = vec![PathSeg::Named(names.join("."))];
            }
        }
        Parameter::Subexpression(inner) => {
            if let TemplateElement::Expression(helper) = inner.element.as_mut() {
                flatten_helper(helper);
            }
        }
        // Literals, names of helpers, `@index`.
        _ => {}
    }
}

/// Takes out the marks, and mends what a missing value left: doubled spaces, a space before a comma, a comma at the start of a line.
pub(crate) fn tidy(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let mut mended = String::with_capacity(line.len());
        let mut after_missing = false;
        for letter in line.chars() {
            if letter == GLUE {
                continue;
            }
            if letter == MISSING {
                after_missing = true;
                continue;
            }
            if after_missing {
                let bare = mended.trim_end().is_empty();
                if matches!(letter, ',' | '.' | '!' | '?' | ';' | ':') {
                    if bare && letter == ',' {
                        continue;
                    }
                    mended.truncate(mended.trim_end_matches(' ').len());
                } else if letter == ' ' && (bare || mended.ends_with(' ')) {
                    continue;
                }
                after_missing = false;
            }
            mended.push(letter);
        }
        let mended = mended.trim().to_owned();
        if !(mended.is_empty() && lines.last().is_none_or(String::is_empty)) {
            lines.push(mended);
        }
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_leaves_no_hole() {
        let rows = [
            ("Good morning \u{E001}, this is us.", "Good morning, this is us."),
            ("\u{E001}, are you well?", "are you well?"),
            ("Hi \u{E001} and bye", "Hi and bye"),
            ("Bye \u{E001}.", "Bye."),
            ("1\n\n\n\n2", "1\n\n2"),
            ("\u{E000}kept , as written", "kept , as written"),
        ];
        for (text, tidied) in rows {
            assert_eq!(tidy(text), tidied);
        }
    }
}
