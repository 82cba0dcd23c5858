//! Flow files to findings and flows.

use std::collections::BTreeMap;

use intake::flow::{
    Finding, Level,
    library::{Folder, compile_folder},
    report,
};

/// The files of a folder under `tests/flow`, by relative name.
fn folder(name: &str) -> BTreeMap<String, String> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flow").join(name);
    let mut files = BTreeMap::new();
    for (prefix, dir) in [("", root.clone()), ("messages/", root.join("messages"))] {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        for entry in entries.flatten().filter(|entry| entry.path().is_file()) {
            let file = entry.file_name().to_string_lossy().into_owned();
            files.insert(format!("{prefix}{file}"), std::fs::read_to_string(entry.path()).unwrap());
        }
    }
    assert!(!files.is_empty(), "no files in {}", root.display());
    files
}

fn errors(folder: &Folder) -> Vec<&Finding> {
    folder.findings.iter().filter(|finding| finding.level == Level::Error).collect()
}

#[test]
fn the_flow_of_the_design_is_read_without_an_error() {
    let files = folder("whole");
    let folder = compile_folder(&files);
    println!("{}", report::text(&folder.findings, &files, false));
    assert_eq!(errors(&folder), Vec::<&Finding>::new());
    println!("{:#?}", folder.flows["daily-check"]);
}
