//! The codes of findings that reading a flow can give, each with its page. `check/` adds its own from F030.

mod pages;

use std::collections::BTreeMap;

use super::diagnostic::Level;

/// What `intake explain CODE` prints, and the example that is run as its test.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// `F012`
    pub code: &'static str,
    /// What it is called, in a few words.
    pub title: &'static str,
    /// How bad it is.
    pub level: Level,
    /// What was found.
    pub what: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// Files that have it, as [`example_files`] takes them apart.
    pub bad: &'static str,
    /// The same, put right.
    pub good: &'static str,
}

/// A line that cannot be read.
pub const UNREADABLE: &str = "F001";
/// A line that stands too far in or out.
pub const INDENTATION: &str = "F002";
/// A tab.
pub const TAB: &str = "F003";
/// A second `: ` in a text of one line.
pub const SECOND_COLON: &str = "F004";
/// Something of YAML that flow files do without.
pub const REFUSED: &str = "F005";
/// The same key twice.
pub const DUPLICATE: &str = "F006";
/// A key without its text or value.
pub const EMPTY: &str = "F007";
/// A key that the language does not know here.
pub const UNKNOWN_KEY: &str = "F008";
/// A value that does not fit its key.
pub const WRONG_VALUE: &str = "F009";
/// A key that must be there.
pub const REQUIRED: &str = "F010";
/// An option's key that means something else.
pub const OPTION_KEY: &str = "F011";
/// An option in a condition that the question does not have.
pub const UNKNOWN_OPTION: &str = "F012";
/// A name in a condition that does not exist.
pub const UNKNOWN_NAME: &str = "F013";
/// A condition that cannot be read.
pub const CONDITION: &str = "F014";
/// Parts of a condition that do not fit together.
pub const TYPES: &str = "F015";
/// A `go`, `resume` or list that leads nowhere.
pub const UNKNOWN_STEP: &str = "F016";
/// An ending that the flow does not have.
pub const UNKNOWN_END: &str = "F017";
/// A name that cannot be used.
pub const NAME: &str = "F018";
/// Groups within groups within groups.
pub const TOO_DEEP: &str = "F019";
/// A text whose `{{…}}` cannot be read.
pub const TEMPLATE: &str = "F020";
/// A name in a text that does not exist.
pub const TEXT_NAME: &str = "F021";
/// A shared text that does not exist.
pub const PARTIAL: &str = "F022";
/// Keys that do not go together.
pub const TOGETHER: &str = "F023";
/// A text without its translation.
pub const UNTRANSLATED: &str = "F024";
/// A translation of a text that is no longer there.
pub const STALE: &str = "F025";
/// A translation that does not fit its text, its file or its flow.
pub const TRANSLATION: &str = "F026";
/// A flow that does not exist, or calls itself.
pub const UNKNOWN_FLOW: &str = "F027";
/// A text that may be sent otherwise than meant.
pub const SENT_AS_WRITTEN: &str = "F028";
/// Something of the language that is not built yet.
pub const NOT_BUILT: &str = "F029";

/// The page of a code of reading.
pub fn page(code: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.code == code)
}

/// The level of a code; an error for codes that have no page.
pub fn level(code: &str) -> Level {
    page(code).map_or(Level::Error, |page| page.level)
}

/// All pages of reading, in the order of their codes.
pub static PAGES: &[Page] = &pages::ALL;

/// What stands before an example that begins with `steps:`.
pub const HEAD: &str = "flow: example\nlanguages: [en]\nfor: anyone\nends: [complete]\n";

/// The files of an example: `example.yaml`, and after each line `=== name` the file of that name.
pub fn example_files(example: &str) -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    let mut name = "example.yaml".to_owned();
    let mut content = String::new();
    for line in example.lines() {
        if let Some(next) = line.strip_prefix("=== ") {
            files.insert(std::mem::replace(&mut name, next.trim().to_owned()), std::mem::take(&mut content));
        } else {
            content.push_str(line);
            content.push('\n');
        }
    }
    files.insert(name, content);
    for content in files.values_mut().filter(|content| content.starts_with("steps:")) {
        content.insert_str(0, HEAD);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{library::compile_folder, report};

    #[test]
    fn every_bad_example_has_its_finding_and_every_good_one_none() {
        for page in PAGES {
            let found = compile_folder(&example_files(page.bad)).findings;
            assert!(found.iter().any(|finding| finding.code == page.code), "{} is not found in its bad example: {found:#?}", page.code);
            let files = example_files(page.good);
            let found = compile_folder(&files).findings;
            assert!(found.is_empty(), "{}: {}", page.code, report::text(&found, &files, false));
        }
    }

    #[test]
    fn pages_stand_in_the_order_of_their_codes() {
        let codes: Vec<&str> = PAGES.iter().map(|page| page.code).collect();
        let expected: Vec<String> = (1..=29).map(|n| format!("F{n:03}")).collect();
        assert_eq!(codes, expected);
    }
}
