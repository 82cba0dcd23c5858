//! The texts of flow files and where something stands in them.

use std::{collections::BTreeMap, ops::Range};

use serde::{Deserialize, Serialize};

/// A stretch of one file, in bytes, with the line and column (both from 1, columns in characters) where it begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// The file's name as shown to the author: `flows/daily-check.yaml`.
    pub file: String,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Column of the first byte in characters, from 1.
    pub column: usize,
}

/// All the files that one revision of a flow is made of, as text: what is hashed, stored and compiled.
///
/// Names are relative: `daily-check.yaml`, `daily-check.es.yaml`, `messages/emergency-text.hbs`, `messages/emergency-text.es.hbs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bundle {
    /// The flow that is started by it.
    pub root: String,
    /// Name to content: the root flow, flows it calls or needs, their translations, and the partials.
    pub files: BTreeMap<String, String>,
}

/// One file while it is read: turns byte ranges into [`Span`]s.
#[derive(Debug)]
pub struct SourceFile<'a> {
    /// Its name as shown to the author.
    pub name: &'a str,
    /// Its content.
    pub text: &'a str,
    line_starts: Vec<usize>,
}

impl<'a> SourceFile<'a> {
    /// Takes a file.
    pub fn new(name: &'a str, text: &'a str) -> Self {
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name, text, line_starts }
    }

    /// The place of a byte range, cut to the file.
    pub fn span(&self, range: &Range<usize>) -> Span {
        let start = self.text.floor_char_boundary(range.start.min(self.text.len()));
        let end = self.text.ceil_char_boundary(range.end.clamp(start, self.text.len()));
        let line = self.line_starts.partition_point(|&at| at <= start);
        let line_start = self.line_starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let column = self.slice(&(line_start..start)).chars().count() + 1;
        Span { file: self.name.to_owned(), start, end, line, column }
    }

    /// The text of a byte range; empty where the range does not fall on characters.
    pub fn slice(&self, range: &Range<usize>) -> &'a str {
        self.text.get(range.clone()).unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_not_bytes() {
        let file = SourceFile::new("a.yaml", "año: ñu\nb: c\n");
        let span = file.span(&(6..9));
        assert_eq!((span.line, span.column), (1, 6));
        let span = file.span(&(10..11));
        assert_eq!((span.line, span.column), (2, 1));
        assert_eq!(file.span(&(900..901)).start, file.text.len());
    }
}
