//! Every example of docs/flow-language.md, run.

use intake::flow::{
    Level,
    codes::{self, example_files},
    library::compile_folder,
    report,
};

/// The blocks of the page: what stands behind the three backticks, and the content.
fn blocks() -> Vec<(String, String)> {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flow-language.md")).unwrap();
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(kind), None) => open = Some((kind.to_owned(), String::new())),
            (None, Some((_, content))) => {
                content.push_str(line);
                content.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block of the page is not closed");
    blocks
}

#[test]
fn every_flow_on_the_page_is_read_as_the_page_says() {
    let mut run = 0;
    for (kind, content) in blocks().into_iter().filter(|(kind, _)| kind.starts_with("yaml")) {
        // The first example is a whole flow by its own name.
        let mut files = example_files(&content);
        if content.starts_with("flow: daily-check") {
            let flow = files.remove("example.yaml").unwrap();
            files.insert("daily-check.yaml".to_owned(), flow);
        }
        let findings = compile_folder(&files).findings;
        let errors: Vec<&str> = findings.iter().filter(|found| found.level == Level::Error).map(|found| found.code).collect();
        let expected: Vec<&str> = kind.split_whitespace().skip(1).collect();
        assert_eq!(errors, expected, "{content}\n{}", report::text(&findings, &files, false));
        run += 1;
    }
    assert!(run >= 6, "only {run} flows on the page");
}

#[test]
fn every_condition_on_the_page_is_understood_or_found_as_the_page_says() {
    let mut run = 0;
    for line in blocks()
        .into_iter()
        .filter(|(kind, _)| kind == "condition")
        .flat_map(|(_, content)| content.lines().map(str::to_owned).collect::<Vec<_>>())
    {
        let (condition, expected) = line.split_once("  # ").map_or((line.as_str(), None), |(condition, code)| (condition, Some(code)));
        let files = example_files(&super::flow_conditions::with_condition(condition));
        let findings = compile_folder(&files).findings;
        let errors: Vec<&str> = findings.iter().filter(|found| found.level == Level::Error).map(|found| found.code).collect();
        assert_eq!(errors, expected.into_iter().collect::<Vec<_>>(), "{condition}\n{}", report::text(&findings, &files, false));
        run += 1;
    }
    assert!(run >= 20, "only {run} conditions on the page");
}

#[test]
fn the_page_names_every_built_in_name_and_every_key() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flow-language.md")).unwrap();
    for builtin in intake::flow::builtin::BUILTINS {
        assert!(page.contains(&format!("`{}`", builtin.name)), "`{}` is not on the page", builtin.name);
    }
    for key in intake::flow::keys::STEP.iter().chain(intake::flow::keys::FLOW) {
        assert!(
            page.contains(&format!("`{key}`")) || page.contains(&format!("`{key}:")) || page.contains(&format!("{key}:")),
            "`{key}` is not on the page"
        );
    }
    assert_eq!(codes::PAGES.len(), 29);
}
