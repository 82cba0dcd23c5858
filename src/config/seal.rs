//! The key that stored values are sealed with: given, made on the first start, or for the life of the process.

use std::{
    fs,
    io::{self, Write},
    path::Path,
};

use zeroize::Zeroize;

use super::Seal;
use crate::{base::clock::Clock, security::Sealer};

impl Seal {
    /// The sealer of this key; makes the key's file where the configuration names none.
    ///
    /// # Errors
    /// What is wrong with the key, or why its file cannot be written.
    pub fn sealer(&self, clock: &Clock) -> Result<Sealer, String> {
        match self {
            Self::Given(text) => Sealer::parse(text.reveal()),
            Self::Passing => Sealer::parse(&Sealer::generate(clock)),
            Self::MadeAt(path) => {
                let text = Sealer::generate(clock);
                write_new(path, &text)?;
                Sealer::parse(&text)
            }
        }
    }
}

impl Seal {
    /// Wipes the key's text from memory: its sealer is all that is needed.
    pub fn wipe(&mut self) {
        if let Self::Given(text) = self {
            std::mem::take(text).into_inner().zeroize();
        }
    }
}

/// Writes a key file in the place of another, whole or not at all.
///
/// # Errors
/// Why not, with the file.
pub fn write_over(path: &Path, text: &str) -> Result<(), String> {
    let beside = path.with_extension("key.new");
    write_new(&beside, text)?;
    fs::rename(&beside, path).map_err(|error| format!("{} cannot be written: {}", path.display(), error.kind()))
}

/// Writes a new file that only its owner may read, or fills an empty one (as `touch` or a mount leaves it); one with something in it
/// is never touched.
///
/// # Errors
/// Why not, with the file.
pub fn write_new(path: &Path, text: &str) -> Result<(), String> {
    let empty = fs::metadata(path).is_ok_and(|there| there.is_file() && there.len() == 0);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(!empty);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => format!("{} is there already and is left alone; name another file", path.display()),
        kind => format!("{} cannot be written: {kind}", path.display()),
    })
}
