//! Classes of words within patterns: `@cant * @breathe`, where `[classes]` says which words each name stands for.
//!
//! A class is written as alternatives are, `cant|cannot|can_not`, and may name others. They are put in place once, when a language's data is read.

use std::collections::BTreeMap;

/// Classes within classes, no deeper than this: one that names itself is a fault of the data.
const DEPTH: usize = 4;

/// Puts the words of classes in the place of their names.
///
/// # Errors
/// The name that no class has, and the pattern where it stands.
pub fn expand(patterns: &mut [String], classes: &BTreeMap<String, String>) -> Result<(), String> {
    for pattern in patterns.iter_mut().filter(|p| p.contains('@')) {
        for _ in 0..DEPTH {
            *pattern = once(pattern, classes)?;
        }
        if pattern.contains('@') {
            return Err(format!("classes within classes in `{pattern}`: more than {DEPTH} deep"));
        }
    }
    Ok(())
}

fn once(pattern: &str, classes: &BTreeMap<String, String>) -> Result<String, String> {
    let mut elements = Vec::new();
    for element in pattern.split_whitespace() {
        let (any, optional) = element.strip_suffix('?').map_or((element, ""), |any| (any, "?"));
        let mut alternatives = Vec::new();
        for alternative in any.split('|') {
            let Some(name) = alternative.strip_prefix('@') else {
                alternatives.push(alternative);
                continue;
            };
            let class =
                classes.get(name).ok_or_else(|| format!("`@{name}` in `{pattern}`: no class of that name stands in `[classes]`"))?;
            alternatives.extend(class.split('|').map(str::trim).filter(|word| !word.is_empty()));
        }
        elements.push(format!("{}{optional}", alternatives.join("|")));
    }
    Ok(elements.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_stands_for_its_words_and_may_name_others() {
        let classes = BTreeMap::from([("no".to_owned(), "cant|@not".to_owned()), ("not".to_owned(), "dont | wont".to_owned())]);
        let mut patterns = vec!["@no|never * breathe".to_owned(), "very? @not?".to_owned()];
        expand(&mut patterns, &classes).unwrap();
        assert_eq!(patterns, ["cant|dont|wont|never * breathe", "very? dont|wont?"]);
    }

    #[test]
    fn an_unknown_class_and_one_that_names_itself_are_told() {
        let classes = BTreeMap::from([("round".to_owned(), "a|@round".to_owned())]);
        assert!(expand(&mut ["@breathe".to_owned()], &classes).unwrap_err().contains("@breathe"));
        assert!(expand(&mut ["@round".to_owned()], &classes).unwrap_err().contains("deep"));
    }
}
