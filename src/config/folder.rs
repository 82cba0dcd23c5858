//! The flow folder as names and texts: what the library is made of.
//!
//! `flows/daily-check.yaml` becomes `daily-check.yaml`, `templates/messages/emergency-text.hbs` becomes `messages/emergency-text.hbs`.
//! Folders inside are not read; files of another kind (`*.chat`, notes) are left alone.

use std::{collections::BTreeMap, fs, path::Path};

use super::{Flows, problem::Problem};
use crate::base::limit;

/// The flows that the program carries, used where the configuration names no folder and none stands beside it.
static SHIPPED: &[(&str, &str)] = &[];

/// Reads the folder and the shared texts beside it; the shipped flows where there is no folder.
///
/// # Errors
/// What cannot be read, with the file and why.
pub fn read(flows: &Flows) -> Result<BTreeMap<String, String>, Problem> {
    let mut files = BTreeMap::new();
    match &flows.dir {
        Some(dir) => {
            add(&mut files, dir, "yaml", "")?;
            if files.is_empty() {
                return Err(problem(
                    "flows.dir",
                    format!("there is no flow in {}; a flow is a file such as `daily-check.yaml`", dir.display()),
                ));
            }
        }
        None => files.extend(shipped()),
    }
    if flows.messages.is_dir() {
        add(&mut files, &flows.messages, "hbs", "messages/")?;
    }
    Ok(files)
}

/// The flows that the program carries.
pub fn shipped() -> BTreeMap<String, String> {
    SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn add(files: &mut BTreeMap<String, String>, dir: &Path, extension: &str, prefix: &str) -> Result<(), Problem> {
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
    }
    Ok(())
}

fn problem(key: &str, message: String) -> Problem {
    Problem { line: None, key: key.to_owned(), message }
}
