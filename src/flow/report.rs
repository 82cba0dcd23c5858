//! Findings for people (with carets, as cargo prints them) and for programs (JSON).

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Group, Level as Kind, Renderer, Snippet};

use super::diagnostic::{Finding, Level};

/// All findings as text, with the lines they are about. `colour` for terminals.
pub fn text(findings: &[Finding], files: &BTreeMap<String, String>, colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for finding in findings {
        let level = match finding.level {
            Level::Error => Kind::ERROR,
            Level::Warning => Kind::WARNING,
            Level::Note => Kind::NOTE,
        };
        let empty = String::new();
        let title = level.primary_title(finding.message.as_str()).id(finding.code);
        let content = |file: &str| files.get(file).unwrap_or(&empty).as_str();
        let place = &finding.place;
        let mut snippet = Snippet::source(content(&place.span.file))
            .path(place.span.file.as_str())
            .annotation(AnnotationKind::Primary.span(place.span.start..place.span.end).label(place.label.as_str()));
        for also in finding.also.iter().filter(|also| also.span.file == place.span.file) {
            snippet = snippet.annotation(AnnotationKind::Context.span(also.span.start..also.span.end).label(also.label.as_str()));
        }
        let mut group: Group<'_> = title.element(snippet);
        for also in finding.also.iter().filter(|also| also.span.file != place.span.file) {
            let other = Snippet::source(content(&also.span.file)).path(also.span.file.as_str());
            group =
                group.element(other.annotation(AnnotationKind::Context.span(also.span.start..also.span.end).label(also.label.as_str())));
        }
        if let Some(help) = &finding.help {
            group = group.element(Kind::HELP.message(help.as_str()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out.push_str(&summary(findings));
    out.push('\n');
    out
}

/// "2 errors, 1 warning", or that nothing was found.
pub fn summary(findings: &[Finding]) -> String {
    let count = |level: Level| findings.iter().filter(|finding| finding.level == level).count();
    let words: Vec<String> = [(Level::Error, "error"), (Level::Warning, "warning"), (Level::Note, "note")]
        .into_iter()
        .map(|(level, word)| (count(level), word))
        .filter(|(n, _)| *n > 0)
        .map(|(n, word)| format!("{n} {word}{}", if n == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() { "nothing found".to_owned() } else { words.join(", ") }
}

/// All findings as a JSON array, one object each: `code`, `level`, `message`, `place`, `also`, `help`.
pub fn json(findings: &[Finding]) -> String {
    // Findings hold texts and numbers only, which always serialise.
    serde_json::to_string_pretty(findings).unwrap_or_else(|_| "[]".to_owned())
}
