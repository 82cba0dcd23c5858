//! A folder of flows from disk: its files as the compiler takes them, and their paths as the author knows them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::{
    base::limit,
    flow::{Finding, Level, Place, codes, library::compile_folder, source::SourceFile},
    render::phrases,
};

/// Files read from disk.
pub(super) struct Read {
    /// What compiles: `daily-check.yaml`, `messages/emergency-text.hbs`; the embedded shared texts where the folder has none of its own.
    pub(super) files: BTreeMap<String, String>,
    /// The paths of those that stand on disk.
    paths: BTreeMap<String, PathBuf>,
    /// Transcripts: path and text.
    pub(super) chats: Vec<(PathBuf, String)>,
    /// The flow that was named, where a file was.
    pub(super) only: Option<String>,
    /// Files that are not saved as UTF-8, by the byte where that shows.
    garbled: BTreeMap<String, usize>,
}

/// Reads a folder, or the folder of a file, with the shared texts in `messages/` or in `templates/messages` beside it.
///
/// # Errors
/// What cannot be read.
pub(super) fn read(path: &Path) -> anyhow::Result<Read> {
    let found = find(path)?;
    let (dir, only) = if found.is_dir() {
        (found.clone(), None)
    } else {
        let name = found.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default().to_owned();
        let dir = found.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        (dir.to_owned(), Some(stem))
    };
    let mut read = Read { files: phrases::files(), paths: BTreeMap::new(), chats: Vec::new(), only, garbled: BTreeMap::new() };
    for file in listed(&dir)? {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("yaml" | "yml") => read.add(name, &file)?,
            Some("chat") => {
                let only_this = found.is_dir()
                    || file.file_name() == found.file_name()
                    || found.extension().is_none_or(|extension| extension != "chat");
                if only_this {
                    let content = String::from_utf8(bytes(&file)?).with_context(|| format!("{} is not saved as UTF-8", file.display()))?;
                    read.chats.push((file.clone(), content));
                }
            }
            Some(_) | None => {}
        }
    }
    crate::config::folder::learn(&dir).map_err(|problem| anyhow::anyhow!("{}", problem.message))?;
    for messages in [beside(&dir), dir.join("messages")].into_iter().filter(|messages| messages.is_dir()) {
        for file in listed(&messages)? {
            if file.extension().is_some_and(|extension| extension == "hbs") {
                let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                read.add(format!("messages/{name}"), &file)?;
            }
        }
    }
    if !read.paths.keys().any(|name| name.ends_with(".yaml") || name.ends_with(".yml")) {
        bail!("there is no flow in {}; a flow is a file such as `daily-check.yaml`", dir.display());
    }
    Ok(read)
}

/// `templates/messages` in the folder that the folder of flows stands in.
fn beside(dir: &Path) -> PathBuf {
    match dir.parent().filter(|_| dir.file_name().is_some()) {
        Some(parent) => parent.join("templates/messages"),
        None => dir.join("../templates/messages"),
    }
}

/// A path as given, or the flow of that name under `flows/`.
fn find(path: &Path) -> anyhow::Result<PathBuf> {
    if path.exists() {
        return Ok(path.to_owned());
    }
    let named = Path::new("flows").join(path).with_extension("yaml");
    if path.extension().is_none() && named.exists() {
        return Ok(named);
    }
    bail!("there is no {}; give a folder of flows, or a file such as flows/daily-check.yaml", path.display())
}

fn listed(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("{} cannot be read", dir.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.with_context(|| format!("{} cannot be read", dir.display()))?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn bytes(file: &Path) -> anyhow::Result<Vec<u8>> {
    let size = fs::metadata(file).with_context(|| format!("{} cannot be read", file.display()))?.len();
    if usize::try_from(size).unwrap_or(usize::MAX) > limit::FLOW_FILE_BYTES {
        bail!("{} is larger than {} bytes", file.display(), limit::FLOW_FILE_BYTES);
    }
    fs::read(file).with_context(|| format!("{} cannot be read", file.display()))
}

impl Read {
    fn add(&mut self, name: String, file: &Path) -> anyhow::Result<()> {
        let content = bytes(file)?;
        let content = String::from_utf8(content).unwrap_or_else(|error| {
            self.garbled.insert(name.clone(), error.utf8_error().valid_up_to());
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        self.files.insert(name.clone(), content);
        self.paths.insert(name, file.to_owned());
        Ok(())
    }

    /// A file's path as the author knows it; the embedded ones by their name.
    pub(super) fn path(&self, name: &str) -> String {
        self.paths.get(name).map_or_else(|| format!("(built in) {name}"), |path| path.display().to_string())
    }

    /// Compiles.
    pub(super) fn compile(&self) -> crate::flow::library::Folder {
        let mut compiled = compile_folder(&self.files);
        for (name, at) in &self.garbled {
            let Some(content) = self.files.get(name) else { continue };
            compiled.findings.retain(|finding| finding.place.span.file != *name);
            let stem = name.split('.').next().unwrap_or_default();
            compiled.revisions.retain(|_, revision| !revision.bundle.files.contains_key(name) && !revision.flows.contains_key(stem));
            let span = SourceFile::new(name, content)
                .span(&(*at..content.get(*at..).and_then(|rest| rest.chars().next()).map_or(*at, |c| *at + c.len_utf8())));
            compiled.findings.push(Finding {
                code: codes::UNREADABLE,
                level: Level::Error,
                message: "this file is not saved as UTF-8".to_owned(),
                place: Place { span, label: "here it cannot be read".to_owned() },
                also: Vec::new(),
                help: Some("in your editor, save it again with the encoding UTF-8".to_owned()),
            });
        }
        compiled
    }

    /// Findings with the paths that the author knows, and the files under the same names, for the report.
    pub(super) fn with_paths(&self, mut findings: Vec<Finding>) -> (Vec<Finding>, BTreeMap<String, String>) {
        for finding in &mut findings {
            for place in std::iter::once(&mut finding.place).chain(&mut finding.also) {
                place.span.file = self.path(&place.span.file);
            }
        }
        let files = self.files.iter().map(|(name, text)| (self.path(name), text.clone())).collect();
        (findings, files)
    }
}
