//! Secrets: from the environment, from a file, or as a plain string.

use std::path::{Path, PathBuf};

use toml::de::DeValue;

use super::Secret;
use crate::base::Private;

/// A secret as found.
pub(super) struct Found {
    /// The secret.
    pub secret: Secret,
    /// Whether it stood in the configuration file itself.
    pub plain: bool,
    /// The file it was read from.
    pub file: Option<PathBuf>,
}

/// What a secret may be, for messages.
pub(super) const FORMS: &str = "write `{ env = \"NAME\" }`, `{ file = \"path\" }` or a plain string";

/// Takes a secret from where the value says.
///
/// # Errors
/// A sentence that names the variable or file, never what is in it.
pub(super) fn resolve(value: &DeValue<'_>, folder: &Path) -> Result<Found, String> {
    if let Some(text) = value.as_str() {
        return found(text, true, None).ok_or_else(|| format!("is empty; {FORMS}"));
    }
    let table = value.as_table().filter(|table| table.len() == 1).ok_or_else(|| format!("is no secret; {FORMS}"))?;
    let entry = table.iter().next().and_then(|(key, value)| Some((key.get_ref().as_ref(), value.get_ref().as_str()?)));
    match entry {
        Some(("env", name)) => {
            let text = std::env::var(name).map_err(|_| format!("the environment has no variable `{name}`; set it before the start"))?;
            found(&text, false, None).ok_or_else(|| format!("the environment variable `{name}` is empty"))
        }
        Some(("file", path)) => {
            let path = folder.join(path);
            let text =
                std::fs::read_to_string(&path).map_err(|error| format!("the file {} cannot be read: {}", path.display(), error.kind()))?;
            let empty = format!("the file {} is empty", path.display());
            found(&text, false, Some(path)).ok_or(empty)
        }
        Some(_) | None => Err(format!("is no secret; {FORMS}")),
    }
}

fn found(text: &str, plain: bool, file: Option<PathBuf>) -> Option<Found> {
    let text = text.trim();
    (!text.is_empty()).then(|| Found { secret: Private::new(text.to_owned()), plain, file })
}
