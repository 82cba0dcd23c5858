//! From the files of a folder to revisions: flows read, translations put in, texts and calls judged beside each other.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

use sha2::{Digest, Sha256};

use super::{
    codes,
    condition::{Type, no_meaning},
    diagnostic::{Finding, Level, Problem, did_you_mean},
    library::{Compiled, Library, Revision},
    lower::{self, Draft},
    model::{Flow, Text},
    partial::{self, Partials, place_of},
    source::{Bundle, SourceFile},
    syntax, text, translation,
};
use crate::base::{Language, id::RevisionId, limit};

/// A folder of flows, compiled.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    /// What could be read of each flow, also of those with errors, for further checks.
    pub flows: BTreeMap<String, Arc<Flow>>,
    /// A revision of each flow without errors, its called flows included.
    pub revisions: BTreeMap<String, Arc<Revision>>,
    /// Everything found, by file and place.
    pub findings: Vec<Finding>,
}

/// What a file is, by its name.
enum FileKind {
    Flow(String),
    Translation(String, Language),
    Other,
}

fn kind_of(name: &str) -> FileKind {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")).filter(|stem| !stem.contains('/')) else {
        return FileKind::Other;
    };
    match stem.rsplit_once('.').and_then(|(flow, tag)| Some((flow.to_owned(), Language::parse(tag)?))) {
        Some((flow, language)) => FileKind::Translation(flow, language),
        None => FileKind::Flow(stem.to_owned()),
    }
}

/// Compiles every flow of a folder. Names of files are relative to it, shared texts under `messages/`.
pub fn compile_folder(files: &BTreeMap<String, String>) -> Folder {
    let mut findings = Vec::new();
    let partials = partial::read(files, &mut findings);
    let mut drafts = drafts(files, &mut findings);
    translate(files, &mut drafts, &mut findings);
    let languages: BTreeMap<String, Vec<Language>> =
        drafts.iter().map(|(name, draft)| (name.clone(), draft.flow.languages.clone())).collect();
    let ends: BTreeMap<String, Vec<String>> = drafts.iter().map(|(name, draft)| (name.clone(), draft.flow.ends.clone())).collect();
    let calls: BTreeMap<String, Vec<String>> =
        drafts.iter().map(|(name, draft)| (name.clone(), draft.calls.iter().map(|(flow, _)| flow.clone()).collect())).collect();
    for draft in drafts.values_mut() {
        let Some((file_name, content)) = flow_file(files, &draft.flow.name) else { continue };
        let file = SourceFile::new(file_name, content);
        let mut problems = Vec::new();
        link_texts(draft, &partials, files, &file, &mut problems, &mut findings);
        link_calls(draft, &ends, &calls, &mut problems);
        calls_untranslated(draft, &languages, &mut problems);
        problems.extend(translation::missing(draft));
        findings.extend(problems.into_iter().map(|problem| problem.into_finding(&file)));
    }
    untranslated_partials(&drafts, &partials, files, &mut findings);
    without_echoes(&mut findings);
    findings.sort_by(|a, b| {
        (&a.place.span.file, a.place.span.start, a.code, &a.message).cmp(&(&b.place.span.file, b.place.span.start, b.code, &b.message))
    });
    findings.dedup();
    let flows: BTreeMap<String, Arc<Flow>> = drafts.into_iter().map(|(name, draft)| (name, Arc::new(draft.flow))).collect();
    let mut folder = Folder { flows, revisions: BTreeMap::new(), findings };
    for root in folder.flows.keys() {
        let bundle = pick(root, files, &calls);
        let has_errors =
            folder.findings.iter().any(|found| found.level == Level::Error && bundle.files.contains_key(&found.place.span.file));
        if !has_errors {
            let names = reached(root, &calls);
            let flows =
                folder.flows.iter().filter(|(name, _)| names.contains(*name)).map(|(name, flow)| (name.clone(), flow.clone())).collect();
            let revision = Revision {
                id: revision_id(&bundle),
                bundle,
                flows,
                partials: partials.texts.clone(),
                partial_names: partials.names.clone(),
            };
            folder.revisions.insert(root.clone(), Arc::new(revision));
        }
    }
    folder
}

/// Compiles one revision from its files, as stored.
pub fn compile(bundle: &Bundle) -> Compiled {
    let mut folder = compile_folder(&bundle.files);
    let revision = folder.revisions.remove(&bundle.root).map(|revision| {
        // The id is that of the bundle as it was stored, should it hold more than the flow reaches.
        if revision.bundle == *bundle {
            revision
        } else {
            Arc::new(Revision { id: revision_id(bundle), bundle: bundle.clone(), ..(*revision).clone() })
        }
    });
    let mut findings = folder.findings;
    if flow_file(&bundle.files, &bundle.root).is_none() {
        let name = format!("{}.yaml", bundle.root);
        let problem = Problem::new(codes::UNKNOWN_FLOW, 0..0, format!("there is no flow `{}`", bundle.root), "no such file");
        findings.push(problem.into_finding(&SourceFile::new(&name, "")));
    }
    Compiled { revision, findings }
}

/// The files that a revision of a flow is made of: the flow, those it calls or needs, their translations, and all shared texts.
pub fn bundle(root: &str, files: &BTreeMap<String, String>) -> Bundle {
    let calls = drafts(files, &mut Vec::new())
        .into_iter()
        .map(|(name, draft)| (name, draft.calls.into_iter().map(|(flow, _)| flow).collect()))
        .collect();
    pick(root, files, &calls)
}

impl Library {
    /// Compiles every flow of a folder and puts those without errors in service.
    pub fn from_files(files: &BTreeMap<String, String>) -> (Self, Vec<Finding>) {
        let folder = compile_folder(files);
        let mut library = Self::default();
        folder.revisions.into_values().for_each(|revision| library.publish(revision));
        (library, folder.findings)
    }
}

fn flow_file<'f>(files: &'f BTreeMap<String, String>, flow: &str) -> Option<(&'f str, &'f str)> {
    ["yaml", "yml"]
        .iter()
        .find_map(|ending| files.get_key_value(&format!("{flow}.{ending}")))
        .map(|(name, content)| (name.as_str(), content.as_str()))
}

fn reached(root: &str, calls: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![root.to_owned()];
    while let Some(flow) = waiting.pop() {
        if seen.insert(flow.clone()) {
            waiting.extend(calls.get(&flow).into_iter().flatten().cloned());
        }
    }
    seen
}

fn pick(root: &str, files: &BTreeMap<String, String>, calls: &BTreeMap<String, Vec<String>>) -> Bundle {
    let flows = reached(root, calls);
    let belongs = |name: &str| match kind_of(name) {
        FileKind::Flow(flow) | FileKind::Translation(flow, _) => flows.contains(&flow),
        FileKind::Other => partial::file_name(name).is_some(),
    };
    let files = files.iter().filter(|(name, _)| belongs(name)).map(|(name, content)| (name.clone(), content.clone())).collect();
    Bundle { root: root.to_owned(), files }
}

/// SHA-256 over the root's name and all names and contents, each behind its length.
fn revision_id(bundle: &Bundle) -> RevisionId {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part("intake revision 1");
    part(&bundle.root);
    for (name, content) in &bundle.files {
        part(name);
        part(content);
    }
    RevisionId(hex::encode(hash.finalize()))
}

fn drafts(files: &BTreeMap<String, String>, findings: &mut Vec<Finding>) -> BTreeMap<String, Draft> {
    let mut drafts = BTreeMap::new();
    for (name, content) in files {
        let FileKind::Flow(stem) = kind_of(name) else { continue };
        let file = SourceFile::new(name, content);
        let twin = format!("{stem}.yaml");
        if *name != twin && files.contains_key(&twin) {
            let problem = Problem::new(codes::DUPLICATE, 0..0, format!("`{twin}` stands beside this file"), "the same flow again");
            findings.push(problem.help("keep one of the two files").into_finding(&file));
            continue;
        }
        if content.len() > limit::FLOW_FILE_BYTES {
            let problem = Problem::new(codes::UNREADABLE, 0..0, "the file is too long to be read", "more than 512 kB");
            findings.push(problem.help("split it into flows that `call:` each other").into_finding(&file));
            continue;
        }
        let (tree, mut problems) = syntax::read(&file);
        if let Some(draft) = lower::lower(&file, &stem, &tree, &mut problems) {
            drafts.insert(stem, draft);
        }
        findings.extend(problems.into_iter().map(|problem| problem.into_finding(&file)));
    }
    drafts
}

fn translate(files: &BTreeMap<String, String>, drafts: &mut BTreeMap<String, Draft>, findings: &mut Vec<Finding>) {
    for (name, content) in files {
        let FileKind::Translation(flow, language) = kind_of(name) else { continue };
        let file = SourceFile::new(name, content);
        let (tree, mut problems) = syntax::read(&file);
        match drafts.get_mut(&flow) {
            Some(draft) => translation::apply(draft, &file, &language, &tree, &mut problems),
            // Where the flow's own file cannot be read, that is found there.
            None if flow_file(files, &flow).is_some() => {}
            None => {
                let help = did_you_mean(&flow, drafts.keys().map(String::as_str))
                    .unwrap_or_else(|| "put it beside its flow, or remove it".to_owned());
                problems.push(
                    Problem::new(codes::UNKNOWN_FLOW, 0..0, format!("there is no flow `{flow}` to translate"), "by this file's name")
                        .help(help),
                );
            }
        }
        findings.extend(problems.into_iter().map(|problem| problem.into_finding(&file)));
    }
}

/// Judges every text's names and shared texts, and keeps the names with the text.
fn link_texts(
    draft: &mut Draft,
    partials: &Partials,
    files: &BTreeMap<String, String>,
    file: &SourceFile<'_>,
    problems: &mut Vec<Problem>,
    findings: &mut Vec<Finding>,
) {
    for (name, range) in &draft.named_texts {
        if partials.texts.contains_key(name) {
            problems.extend(partial_names(name, range, &[], draft, partials));
        } else {
            problems.push(partial::unknown(name, range.clone(), partials));
        }
    }
    let mut all_names: Vec<Vec<String>> = Vec::new();
    for (at, text) in draft.flow.texts.iter().enumerate() {
        let groups = draft.text_groups.get(at).map_or(&[][..], Vec::as_slice);
        let mut names = BTreeSet::new();
        let source_uses = judge(&text.source, &(text.span.start..text.span.end), groups, draft, partials, file, problems, &mut names);
        for translation in text.translations.values() {
            let Some(content) = files.get(&translation.span.file) else { continue };
            let translated = SourceFile::new(&translation.span.file, content);
            let range = translation.span.start..translation.span.end;
            let mut own = Vec::new();
            let mut used = BTreeSet::new();
            let uses = judge(&translation.text, &range, groups, draft, partials, &translated, &mut own, &mut used);
            if let (Some(source), Some(uses)) = (&source_uses, uses)
                && own.is_empty()
            {
                own.extend(other_names(text, source, &uses, &range));
            }
            names.extend(used);
            findings.extend(own.into_iter().map(|problem| problem.into_finding(&translated)));
        }
        all_names.push(names.into_iter().collect());
    }
    for (text, names) in draft.flow.texts.iter_mut().zip(all_names) {
        text.names = names;
    }
}

/// What a file cannot be read for hides its steps and texts: that these are missing, or that their translations are stale, would be said for nothing.
fn without_echoes(findings: &mut Vec<Finding>) {
    const HIDES: &[&str] = &[
        codes::UNREADABLE,
        codes::INDENTATION,
        codes::REFUSED,
        codes::DUPLICATE,
        codes::EMPTY,
        codes::UNKNOWN_KEY,
        codes::WRONG_VALUE,
        codes::REQUIRED,
        codes::NAME,
    ];
    let flow_of = |file: &str| file.split('.').next().unwrap_or_default().to_owned();
    let hidden: BTreeSet<String> =
        findings.iter().filter(|finding| HIDES.contains(&finding.code)).map(|finding| flow_of(&finding.place.span.file)).collect();
    findings.retain(|finding| {
        !matches!(finding.code, codes::STALE | codes::UNTRANSLATED) || !hidden.contains(&flow_of(&finding.place.span.file))
    });
}

/// A translation should say the same things: the same names and shared texts.
fn other_names(text: &Text, source: &text::Uses, uses: &text::Uses, range: &Range<usize>) -> Option<Problem> {
    let lacks: Vec<&String> = source.names.difference(&uses.names).chain(source.partials.difference(&uses.partials)).collect();
    let adds: Vec<&String> = uses.names.difference(&source.names).chain(uses.partials.difference(&source.partials)).collect();
    let what = match (lacks.as_slice(), adds.as_slice()) {
        ([], []) => return None,
        ([name, ..], _) => format!("the translation leaves out `{name}`"),
        ([], [name, ..]) => format!("the translation adds `{name}`"),
    };
    Some(Problem::new(codes::TRANSLATION, range.clone(), what, "not the same names").help(format!("the source text is “{}”", text.source)))
}

#[expect(clippy::too_many_arguments, reason = "one text is judged against all that surrounds it")]
fn judge(
    source: &str,
    range: &Range<usize>,
    groups: &[String],
    draft: &Draft,
    partials: &Partials,
    file: &SourceFile<'_>,
    problems: &mut Vec<Problem>,
    names: &mut BTreeSet<String>,
) -> Option<text::Uses> {
    let place =
        |name: &str| place_of(file.slice(range), name).map_or_else(|| range.clone(), |at| range.start + at.start..range.start + at.end);
    let uses = match text::uses(source) {
        Ok(uses) => uses,
        Err(why) => {
            let at = file.slice(range).find("{{").map_or_else(|| range.clone(), |at| range.start + at..range.end);
            problems.push(
                Problem::new(codes::TEMPLATE, at, why, "cannot be read")
                    .help("names stand in two braces on each side, as in `{{agency.name}}`"),
            );
            return None;
        }
    };
    for (written, what, help) in &uses.wrong {
        let inside = written.trim_matches(['{', '}']);
        let at = place(inside);
        let braces = usize::from(inside.len() < written.len());
        let at = if at == *range { at } else { at.start.saturating_sub(braces)..at.end + braces };
        problems.push(Problem::new(codes::TEMPLATE, at, what.clone(), "not what is meant").help(help.clone()));
    }
    for (name, why) in &uses.refused {
        let written = place(name.trim_start_matches('#'));
        problems.push(
            Problem::new(codes::TEXT_NAME, written, format!("a text cannot use `{name}`"), "not part of the language").help(why.clone()),
        );
    }
    for name in &uses.names {
        problems.extend(name_problem(name, place(name), groups, draft));
    }
    names.extend(uses.names.iter().cloned());
    for used in &uses.partials {
        if partials.texts.contains_key(used) {
            problems.extend(partial_names(used, &place(used), groups, draft, partials));
            names.extend(partials.names.get(used).into_iter().flatten().cloned());
        } else {
            problems.push(partial::unknown(used, place(used), partials));
        }
    }
    Some(uses)
}

fn name_problem(name: &str, range: Range<usize>, groups: &[String], draft: &Draft) -> Option<Problem> {
    if name.strip_suffix(".holds").is_some_and(|flow| draft.names.flows.iter().any(|known| known == flow)) {
        return None;
    }
    match draft.names.resolve(name, groups) {
        Ok(meaning) if meaning.ty == Type::Person => Some(
            Problem::new(codes::TEXT_NAME, range, format!("`{name}` is a person, no words"), "how is the person called?")
                .help(format!("write `{{{{{name}.label}}}}`")),
        ),
        Ok(_) => None,
        Err(why) => Some(no_meaning(name, range, &why, &draft.names, groups, codes::TEXT_NAME)),
    }
}

/// Names of a shared text that are not there where it is used.
fn partial_names(partial: &str, range: &Range<usize>, groups: &[String], draft: &Draft, partials: &Partials) -> Option<Problem> {
    let names = partials.names.get(partial)?;
    let unknown = names.iter().find(|name| name_problem(name, range.clone(), groups, draft).is_some())?;
    Some(
        Problem::new(
            codes::TEXT_NAME,
            range.clone(),
            format!("the shared text `{partial}` uses `{unknown}`, which is not known here"),
            "used here",
        )
        .help("shared texts use names that are there in every flow, such as `agency.name`"),
    )
}

/// A flow that is called or needed speaks in the session's language, where it can.
fn calls_untranslated(draft: &Draft, languages: &BTreeMap<String, Vec<Language>>, problems: &mut Vec<Problem>) {
    for (flow, range) in &draft.calls {
        let Some(spoken) = languages.get(flow) else { continue };
        for language in draft.flow.languages.iter().filter(|language| !spoken.contains(language)) {
            problems.push(
                Problem::new(
                    codes::UNTRANSLATED,
                    range.clone(),
                    format!("`{flow}` does not speak `{language}`"),
                    "asks in another language",
                )
                .help(format!("add `{language}` to the `languages:` of `{flow}`, and write `{flow}.{language}.yaml`")),
            );
        }
    }
}

fn link_calls(draft: &Draft, ends: &BTreeMap<String, Vec<String>>, calls: &BTreeMap<String, Vec<String>>, problems: &mut Vec<Problem>) {
    for (flow, range) in &draft.calls {
        let Some(its_ends) = ends.get(flow) else {
            let help = did_you_mean(flow, ends.keys().map(String::as_str)).unwrap_or_else(|| format!("write it in `{flow}.yaml`"));
            problems.push(
                Problem::new(codes::UNKNOWN_FLOW, range.clone(), format!("there is no flow `{flow}`"), "no file of this name").help(help),
            );
            continue;
        };
        if *flow == draft.flow.name || reached(flow, calls).contains(&draft.flow.name) {
            problems.push(
                Problem::new(
                    codes::UNKNOWN_FLOW,
                    range.clone(),
                    format!("the flow calls itself through `{flow}`"),
                    "never comes to an end",
                )
                .help("remove the call here or there"),
            );
        }
        let is_needed = draft.flow.needs.as_ref() == Some(flow);
        if is_needed && !its_ends.iter().any(|end| end == "holds") {
            problems.push(
                Problem::new(codes::UNKNOWN_END, range.clone(), format!("`{flow}` never ends as `holds`"), "can never be met")
                    .help(format!("add `holds` to the `ends:` of `{flow}`, and a step with `end: holds`")),
            );
        }
    }
}

/// Shared texts that a flow uses and that lack one of its languages.
fn untranslated_partials(
    drafts: &BTreeMap<String, Draft>,
    partials: &Partials,
    files: &BTreeMap<String, String>,
    findings: &mut Vec<Finding>,
) {
    let mut lacking: BTreeSet<(&String, &Language)> = BTreeSet::new();
    for draft in drafts.values() {
        let used: BTreeSet<String> = draft
            .flow
            .texts
            .iter()
            .filter(|text| text.source.contains("{{>"))
            .filter_map(|text| text::uses(&text.source).ok())
            .flat_map(|uses| uses.partials)
            .chain(draft.named_texts.iter().map(|(name, _)| name.clone()))
            .collect();
        for (name, texts) in partials.texts.iter().filter(|(name, _)| used.contains(*name)) {
            lacking.extend(
                draft.flow.languages.iter().filter(|language| !texts.contains_key(language.tag())).map(|language| (name, language)),
            );
        }
    }
    for (name, language) in lacking {
        let Some((file_name, content)) = partials.files.get(name).and_then(|file| files.get_key_value(file)) else { continue };
        let file = SourceFile::new(file_name, content);
        let problem = Problem::new(
            codes::UNTRANSLATED,
            0..content.lines().next().map_or(0, str::len),
            format!("the shared text `{name}` is not there in `{language}`"),
            "sent as it stands",
        );
        findings.push(problem.help(format!("write it in `messages/{name}.{language}.hbs`")).into_finding(&file));
    }
}
