//! Flows as designers of other illnesses write them, in `tests/flows`, with their transcripts: by files alone, without a line of code.

use std::{collections::BTreeMap, fs, path::Path};

use intake::{
    check::{self, Surroundings},
    flow::{Level, Library, library::compile_folder, report},
    render::phrases,
    transcript::{self, Setting},
};

fn folder() -> (BTreeMap<String, String>, Vec<(String, String)>) {
    let (mut files, mut chats) = (phrases::files(), Vec::new());
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows");
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        if name.ends_with(".chat") { chats.push((name, text)) } else { drop(files.insert(name, text)) }
    }
    chats.sort();
    (files, chats)
}

#[test]
fn flows_of_other_illnesses_are_right_and_their_transcripts_pass() {
    let (files, chats) = folder();
    let compiled = compile_folder(&files);
    let around = Surroundings::default();
    let mut findings = compiled.findings.clone();
    findings.extend(check::check_all(compiled.revisions.values(), &around));
    // Shared texts that the service lacks in a language are told of by themselves.
    findings.retain(|finding| finding.level != Level::Note && !finding.place.span.file.starts_with("messages/"));
    assert!(findings.is_empty(), "{}", report::text(&findings, &files, false));
    let mut library = Library::default();
    compiled.revisions.into_values().for_each(|revision| library.publish(revision));
    assert!(chats.len() >= 10, "{} transcripts", chats.len());
    for (name, text) in chats {
        let transcript = transcript::parse(&name, &text).unwrap_or_else(|why| panic!("{name}: {why:?}"));
        let played = transcript::play(&library, &Setting::default(), &transcript);
        let failures: Vec<String> =
            played.failures.iter().map(|f| format!("{name}:{} {} {:?} {:?}", f.line, f.what, f.expected, f.got)).collect();
        assert!(failures.is_empty(), "{failures:#?}");
    }
}
