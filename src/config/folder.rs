//! The flow folder as names and texts: what the library is made of.
//!
//! `flows/daily-check.yaml` becomes `daily-check.yaml`, `templates/messages/emergency-text.hbs` becomes `messages/emergency-text.hbs`.
//! Folders inside are not read; files of another kind (`*.chat`, notes) are left alone.

use std::{collections::BTreeMap, fs, path::Path};

use super::{Flows, problem::Problem};
use crate::{answer, base::limit, render::phrases};

macro_rules! shipped {
    ($name:literal) => {
        ($name, include_str!(concat!("../../flows/", $name)))
    };
}

/// The flows that the program carries, used where the configuration names no folder and none stands beside it.
static SHIPPED: &[(&str, &str)] = &[
    shipped!("case-interview.yaml"),
    shipped!("case-interview.es.yaml"),
    shipped!("contact-notice.yaml"),
    shipped!("contact-notice.es.yaml"),
    shipped!("daily-check.yaml"),
    shipped!("daily-check.es.yaml"),
    shipped!("identity.yaml"),
    shipped!("identity.es.yaml"),
    shipped!("welcome.yaml"),
    shipped!("welcome.es.yaml"),
];

/// Reads the folder and the shared texts beside it; the shipped flows where there is no folder.
///
/// # Errors
/// What cannot be read, with the file and why.
pub fn read(flows: &Flows) -> Result<BTreeMap<String, String>, Problem> {
    // Those of the folder are put over them.
    let mut files = phrases::files();
    match &flows.dir {
        Some(dir) => {
            if add(&mut files, dir, "yaml", "")? == 0 {
                return Err(problem(
                    "flows.dir",
                    format!("there is no flow in {}; a flow is a file such as `daily-check.yaml`", dir.display()),
                ));
            }
        }
        None => files.extend(shipped()),
    }
    if let Some(dir) = &flows.dir {
        learn(dir)?;
    }
    let inside = flows.dir.as_ref().map(|dir| dir.join("messages"));
    for messages in std::iter::once(&flows.messages).chain(&inside).filter(|messages| messages.is_dir()) {
        add(&mut files, messages, "hbs", "messages/")?;
    }
    Ok(files)
}

/// Takes into use the words of a department: `words/sw.toml` in the folder of the flows is a new language, or more words of one there is.
/// They belong to the running program and not to a revision, so that a word added today is read in conversations begun yesterday.
///
/// # Errors
/// What cannot be read, and what is wrong in a file, with its line.
pub fn learn(dir: &Path) -> Result<(), Problem> {
    let dir = dir.join("words");
    let mut files = BTreeMap::new();
    if dir.is_dir() {
        add(&mut files, &dir, "toml", "")?;
    }
    for (name, text) in &files {
        let tag = name.strip_suffix(".toml").unwrap_or(name);
        answer::learn(tag, text).map_err(|why| problem("flows", format!("{}: {why}", dir.join(name).display())))?;
    }
    Ok(())
}

/// The flows that the program carries.
pub fn shipped() -> BTreeMap<String, String> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

/// Adds the files of a folder; how many.
fn add(files: &mut BTreeMap<String, String>, dir: &Path, extension: &str, prefix: &str) -> Result<usize, Problem> {
    let mut n_files = 0;
    let cannot = |path: &Path, why: &str| problem("flows", format!("{} cannot be read: {why}", path.display()));
    let entries = fs::read_dir(dir).map_err(|error| cannot(dir, &error.kind().to_string()))?;
    for entry in entries {
        let path = entry.map_err(|error| cannot(dir, &error.kind().to_string()))?.path();
        if path.extension().is_none_or(|found| found != extension) || !path.is_file() {
            continue;
        }
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(cannot(&path, "its name is not UTF-8"));
        };
        let size = fs::metadata(&path).map_err(|error| cannot(&path, &error.kind().to_string()))?.len();
        if usize::try_from(size).unwrap_or(usize::MAX) > limit::FLOW_FILE_BYTES {
            return Err(cannot(&path, &format!("it is larger than {} bytes", limit::FLOW_FILE_BYTES)));
        }
        let text = fs::read_to_string(&path).map_err(|error| cannot(&path, &error.kind().to_string()))?;
        files.insert(format!("{prefix}{name}"), text);
        n_files += 1;
    }
    Ok(n_files)
}

fn problem(key: &str, message: String) -> Problem {
    Problem { line: None, key: key.to_owned(), message }
}
