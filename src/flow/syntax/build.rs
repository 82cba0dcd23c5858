//! From the scanned lines to a tree, by saphyr's events.

use std::{collections::BTreeMap, ops::Range};

use saphyr_parser::{Event, Parser};

use super::{Entry, Node, NodeKind, scan::Scanned};
use crate::flow::{codes, diagnostic::Problem, source::SourceFile};

/// Builds the tree; what YAML itself finds wrong is told again in a designer's words.
pub fn build(file: &SourceFile<'_>, scanned: &mut Scanned) -> Node {
    let masked = std::mem::take(&mut scanned.masked);
    let mut events = Vec::new();
    for event in Parser::new_from_str(&masked) {
        match event {
            Ok((event, span)) => events.push((event, span.start.line())),
            Err(error) => {
                let range = scanned.lines.get(error.marker().line().saturating_sub(1)).cloned().unwrap_or(0..0);
                let problem = Problem::new(codes::UNREADABLE, range, "what follows cannot be read", "the lines here do not fit together");
                scanned.problems.push(problem.help("compare how far in this line and those around it stand"));
                break;
            }
        }
    }
    let mut builder = Builder { events: events.into_iter().peekable(), scanned, duplicates: Vec::new() };
    let tree = loop {
        match builder.events.peek() {
            Some((Event::StreamStart | Event::DocumentStart(_), _)) => {
                builder.events.next();
            }
            Some(_) => break builder.node(&(0..0)),
            None => break Node { range: 0..0, kind: NodeKind::Empty },
        }
    };
    let duplicates = std::mem::take(&mut builder.duplicates);
    scanned.problems.extend(duplicates);
    if scanned.lines.is_empty() || file.text.trim().is_empty() {
        return Node { range: 0..0, kind: NodeKind::Empty };
    }
    tree
}

struct Builder<'s, 'e, I: Iterator<Item = (Event<'e>, usize)>> {
    events: std::iter::Peekable<I>,
    scanned: &'s Scanned,
    duplicates: Vec<Problem>,
}

impl<'e, I: Iterator<Item = (Event<'e>, usize)>> Builder<'_, 'e, I> {
    fn node(&mut self, key: &Range<usize>) -> Node {
        let empty = || Node { range: key.clone(), kind: NodeKind::Empty };
        match self.events.next() {
            Some((Event::Scalar(id, ..), _)) => {
                match id.strip_prefix('v').and_then(|id| self.scanned.scalars.get(id.parse::<usize>().ok()?)) {
                    Some(scalar) => Node { range: scalar.range.clone(), kind: NodeKind::Scalar(scalar.clone().into_scalar()) },
                    None => empty(),
                }
            }
            Some((Event::SequenceStart(..), _)) => {
                let mut items = Vec::new();
                loop {
                    match self.events.peek() {
                        Some((Event::SequenceEnd, _)) => {
                            self.events.next();
                            break;
                        }
                        Some(_) => items.push(self.node(key)),
                        None => break,
                    }
                }
                Node { range: around(items.iter().map(|item| &item.range), key), kind: NodeKind::List(items) }
            }
            Some((Event::MappingStart(..), _)) => self.map(key),
            Some((
                Event::Nothing
                | Event::StreamStart
                | Event::StreamEnd
                | Event::DocumentStart(_)
                | Event::DocumentEnd
                | Event::Alias(_)
                | Event::SequenceEnd
                | Event::MappingEnd,
                _,
            ))
            | None => empty(),
        }
    }

    fn map(&mut self, outer: &Range<usize>) -> Node {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: BTreeMap<String, Range<usize>> = BTreeMap::new();
        loop {
            match self.events.next() {
                Some((Event::Scalar(id, ..), _)) => {
                    let Some((key, key_range)) = id.strip_prefix('k').and_then(|id| self.scanned.keys.get(id.parse::<usize>().ok()?))
                    else {
                        continue;
                    };
                    let value = self.node(key_range);
                    if let Some(first) = seen.get(key) {
                        let problem = Problem::new(
                            codes::DUPLICATE,
                            key_range.clone(),
                            format!("`{key}` stands twice in the same block"),
                            "again here",
                        );
                        self.duplicates
                            .push(problem.also(first.clone(), "first here").help("keep one of the two, or give the second another name"));
                        continue;
                    }
                    seen.insert(key.clone(), key_range.clone());
                    entries.push(Entry { key: key.clone(), key_range: key_range.clone(), value });
                }
                Some((Event::MappingEnd, _)) | None => break,
                Some(_) => {}
            }
        }
        let range = match (entries.first(), entries.last()) {
            (Some(first), Some(last)) => first.key_range.start..last.value.range.end.max(last.key_range.end),
            _ => outer.clone(),
        };
        Node { range, kind: NodeKind::Map(entries) }
    }
}

fn around<'a>(ranges: impl Iterator<Item = &'a Range<usize>>, empty: &Range<usize>) -> Range<usize> {
    ranges.cloned().reduce(|a, b| a.start.min(b.start)..a.end.max(b.end)).unwrap_or_else(|| empty.clone())
}
