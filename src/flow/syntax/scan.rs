//! The lines of a file: every key and value with its place, what is wrong with single lines, and a masked copy for YAML.
//!
//! In the masked copy each key is `k<n>` and each value `v<n>`; lines that stood a little too far in or out stand right, lines that
//! cannot be read are left out. What a mistake of one line does to the lines below it is mended with it (`shift`).

mod stray;

use std::ops::Range;

use super::{Scalar, TEXT_KEYS, TEXT_LIST_KEYS, line};
use crate::flow::{codes, diagnostic::Problem, keys, source::SourceFile};

/// What the scanner found.
#[derive(Debug, Default)]
pub struct Scanned {
    /// YAML with `k1: v1` in the stead of keys and values.
    pub masked: String,
    /// The file's line of each line of the masked copy.
    pub lines: Vec<Range<usize>>,
    /// Keys with their places.
    pub keys: Vec<(String, Range<usize>)>,
    /// Values with their places.
    pub scalars: Vec<Value>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// A value while lines are still added to it.
#[derive(Clone, Debug)]
pub struct Value {
    /// From its first to its last byte.
    pub range: Range<usize>,
    lines: Vec<(Range<usize>, String)>,
}

impl Value {
    /// The value as it stands in the tree.
    pub fn into_scalar(self) -> Scalar {
        let text = self.lines.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n");
        Scalar { lines: self.lines.into_iter().map(|(range, _)| range).collect(), text }
    }
}

/// An open block mapping or list.
#[derive(Debug)]
struct Level {
    column: usize,
    is_list: bool,
    /// The last key of a mapping.
    key: String,
    /// The last key had no value on its line, and nothing below it yet.
    awaits: bool,
}

/// The value on the last line, which lines further in go on with.
#[derive(Debug)]
struct Inline {
    /// Column of its key or dash, as written.
    column: usize,
    scalar: usize,
    is_text: bool,
}

/// The block of lines (`|`) that is open.
#[derive(Debug)]
struct Block {
    /// Column of its key, as written.
    column: usize,
    scalar: usize,
    key: String,
}

/// A line that was moved, which moves the lines below it too.
#[derive(Debug)]
struct Shift {
    /// Column of the moved line, as written.
    column: usize,
    from: usize,
    to: usize,
}

struct Scanner {
    out: Scanned,
    levels: Vec<Level>,
    inline: Option<Inline>,
    block: Option<Block>,
    shift: Option<Shift>,
    /// Lines further in than this column belong to a line that was left out.
    skip_below: Option<usize>,
    begun: bool,
    /// How far in the next line with words stands.
    next_indent: usize,
}

/// Scans a file.
pub fn scan(file: &SourceFile<'_>) -> Scanned {
    let mut scanner = Scanner {
        out: Scanned::default(),
        levels: Vec::new(),
        inline: None,
        block: None,
        shift: None,
        skip_below: None,
        begun: false,
        next_indent: 0,
    };
    let mut start = usize::from(file.text.starts_with('\u{feff}')) * '\u{feff}'.len_utf8();
    let text = file.text.get(start..).unwrap_or("");
    for raw in text.split_inclusive('\n') {
        let content = raw.trim_end_matches(['\n', '\r']);
        let below = file.text.get(start + raw.len()..).unwrap_or("");
        if !scanner.line(start, content, below) {
            break;
        }
        start += raw.len();
    }
    scanner.out
}

impl Scanner {
    fn problem(&mut self, problem: Problem) {
        self.out.problems.push(problem);
    }

    /// Takes one line; `false` where the rest of the file is not read.
    fn line(&mut self, line_start: usize, content: &str, below: &str) -> bool {
        let body = content.trim_start_matches(|c| matches!(c, ' ' | '\t') || line::is_odd_space(c));
        let blanks = content.get(..content.len() - body.len()).unwrap_or("");
        // A line that tabs push in counts as if spaces had done it, as far as can be told: `start + indent` is where its words begin.
        let indent = if blanks.contains('\t') { self.meant_indent(blanks, body, below) } else { blanks.chars().count() };
        let start = (line_start + blanks.len()).saturating_sub(indent);
        self.odd_characters(line_start, content, blanks.len());
        if body.trim_end().is_empty() {
            if let Some(block) = &self.block
                && let Some(value) = self.out.scalars.get_mut(block.scalar)
            {
                value.lines.push((start..start, String::new()));
            }
            return true;
        }
        let is_comment = body.starts_with('#');
        if content.contains('\t') && !(is_comment && self.block.is_none()) {
            let at = line_start + content.find('\t').unwrap_or(0);
            let problem = Problem::new(codes::TAB, at..at + 1, "a tab stands in this line", "a tab looks different in every editor");
            self.problem(problem.help("write spaces instead, two for each step further in"));
        }
        if self.in_block(start, indent, body) {
            return true;
        }
        if is_comment {
            return true;
        }
        if let Some(column) = self.skip_below {
            if indent > column {
                return true;
            }
            self.skip_below = None;
        }
        if indent == 0 && (content == "---" || content.starts_with("--- ") || content.trim_end() == "..." || content.starts_with('%')) {
            if !self.begun && content == "---" {
                return true;
            }
            let problem =
                Problem::new(codes::REFUSED, start..start + content.len(), "a file holds one flow only", "a second document begins here");
            self.problem(problem.help("remove this line; put another flow into a file of its own"));
            // What follows is read as if the line were not there, unless it is another flow.
            let next = below.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#')).unwrap_or("");
            return !next.starts_with("flow:");
        }
        self.begun = true;
        if self.continues(start, indent, body) {
            return true;
        }
        let next = below.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        self.next_indent = next.len() - next.trim_start_matches(' ').len();
        if self.lacks_dash(indent, body) {
            let at = start + indent;
            let key = line::key_of(body).map_or(0, |part| part.range.end);
            let problem = Problem::new(codes::UNREADABLE, at..at + key, "a list item begins with `- `", "`- ` is missing before this");
            self.problem(problem.help("write `- ` two spaces before it, and the lines that belong to it below, as far in as its words"));
            if let Some(column) = self.place(start, indent - 2, body, true) {
                let Some(part) = line::key_of(body) else { return true };
                self.keyed(start, indent - 2, column, Some(2), at, body, part);
            }
            return true;
        }
        self.structure(start, indent, body);
        true
    }

    /// How far in a line was meant to stand whose blanks hold tabs.
    fn meant_indent(&self, blanks: &str, body: &str, below: &str) -> usize {
        let wide = |blanks: &str, width: usize| blanks.chars().map(|c| if c == '\t' { width } else { 1 }).sum::<usize>();
        if let Some(block) = &self.block
            && wide(blanks, 4) > block.column
        {
            return wide(blanks, 4);
        }
        let Some(top) = self.levels.last() else { return 0 };
        let next = below.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        let next = wide(next.get(..next.len() - next.trim_start().len()).unwrap_or(""), 2);
        let key = line::key_of(body).map(|part| part.key);
        if !top.awaits && top.key == "from" && matches!(key.as_deref(), Some("to" | "note")) {
            return top.column;
        }
        let is_step_key = line::key_of(body).is_some_and(|part| keys::is_known(&part.key)) && !keys::is_known(&top.key);
        if top.awaits && next > top.column {
            next
        } else if top.awaits && (wide(blanks, 2) > top.column || is_step_key) {
            top.column + 2
        } else {
            let known = [2, 4, 8]
                .into_iter()
                .map(|width| wide(blanks, width))
                .find(|&column| self.levels.iter().any(|level| level.column == column));
            known.unwrap_or(top.column)
        }
    }

    /// Adds the line to the open block, if it belongs to it.
    fn in_block(&mut self, start: usize, indent: usize, body: &str) -> bool {
        let Some(block) = &self.block else { return false };
        let value = self.out.scalars.get(block.scalar);
        let is_empty = value.is_none_or(|value| value.lines.iter().all(|(_, text)| text.is_empty()));
        let inside = indent > block.column;
        let stands_too_far_out = !inside && is_empty && indent == block.column && {
            let key = line::key_of(body).map(|part| part.key);
            !body.starts_with("- ") && !key.as_ref().is_some_and(|key| keys::is_known(key) || !key.contains(' '))
        };
        let key = block.key.clone();
        let scalar = block.scalar;
        if stands_too_far_out {
            let range = start + indent..start + indent + body.trim_end().len();
            let problem = Problem::new(
                codes::INDENTATION,
                range,
                format!("the text of `{key}` stands too far out"),
                "this line should stand further in",
            );
            self.problem(problem.help(format!("put two spaces more before each line of the text below `{key}: |`")));
        } else if !inside {
            self.block = None;
            return false;
        }
        let words = body.trim_end();
        self.append(scalar, start + indent..start + indent + words.len(), words);
        if stands_too_far_out && let Some(block) = &mut self.block {
            block.column = indent.saturating_sub(1);
        }
        true
    }

    fn append(&mut self, scalar: usize, range: Range<usize>, words: &str) {
        if let Some(value) = self.out.scalars.get_mut(scalar) {
            if value.lines.iter().all(|(_, text)| text.is_empty()) {
                value.lines.clear();
                value.range = range.clone();
            }
            value.range.end = range.end;
            value.lines.push((range, words.to_owned()));
        }
    }

    /// Adds the line to the value of the line before, if it goes on with it.
    fn continues(&mut self, start: usize, indent: usize, body: &str) -> bool {
        let Some(inline) = &self.inline else { return false };
        if indent <= inline.column {
            return false;
        }
        let after_dash = body.trim_start_matches('-').trim_start();
        if line::key_of(after_dash).is_some_and(|part| keys::is_known(&part.key)) {
            return false;
        }
        let (scalar, is_text) = (inline.scalar, inline.is_text);
        let words = body.get(..line::before_comment(body, is_text)).unwrap_or(body);
        if is_text && let Some(at) = words.find(": ") {
            self.second_colon(start + indent + at);
        }
        self.append(scalar, start + indent..start + indent + words.len(), words);
        true
    }

    fn second_colon(&mut self, at: usize) {
        let problem =
            Problem::new(codes::SECOND_COLON, at..at + 1, "a second colon in a text of one line", "here YAML would read another key");
        self.problem(problem.help(
            "put the text on lines of its own: end this line with `|` after the key and its colon, and write the text below, further in",
        ));
    }

    /// A line that is a key, an item, or both.
    fn structure(&mut self, start: usize, indent: usize, body: &str) {
        let mut dash_width = 0;
        let mut rest = body;
        let is_item = body == "-" || body.starts_with("- ");
        if is_item {
            let after = body.get(1..).unwrap_or("");
            rest = after.trim_start();
            dash_width = 1 + (after.len() - rest.len()).max(1);
        }
        let Some(column) = self.place(start, indent, body, is_item) else { return };
        let at = start + indent + dash_width.min(body.len());
        if is_item && (rest.is_empty() || rest.starts_with('#')) {
            self.emit(column, Some(0), None, None, start..start + indent + body.len());
            self.inline = None;
            if let Some(level) = self.levels.last_mut() {
                level.awaits = true;
            }
            return;
        }
        let list_key = if is_item { self.key_above(self.levels.len().saturating_sub(1)) } else { String::new() };
        let is_text_list = TEXT_LIST_KEYS.contains(&list_key.as_str());
        let key = if is_text_list { None } else { self.key_part(at, rest, is_item) };
        match key {
            Some(part) => self.keyed(start, indent, column, is_item.then_some(dash_width), at, rest, part),
            None if is_item => {
                let scalar = self.value(at, rest, "", is_text_list);
                self.emit(column, Some(1), None, scalar, start..start + indent + body.len());
                self.inline = scalar.map(|scalar| Inline { column: indent, scalar, is_text: is_text_list });
            }
            None => {
                self.skip_below = Some(indent);
                self.inline = None;
                let range = at..at + rest.trim_end().len();
                let problem = Problem::new(codes::UNREADABLE, range, "this line has no `:`", "neither a key nor part of a text");
                let help = if self.levels.len() > 1 && self.key_above(self.levels.len() - 1) == "options" {
                    "write an option as its key and its words, as in `cough: Cough`"
                } else if rest.contains('：') {
                    "a wide colon `：` stands here; write an ordinary one and a space, `: `"
                } else {
                    "write `key: value`; a text of several lines goes below `say: |`, further in"
                };
                self.problem(problem.help(help));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the places of one line belong together")]
    fn keyed(&mut self, start: usize, indent: usize, column: usize, dash: Option<usize>, at: usize, rest: &str, part: line::KeyPart) {
        let key_column = column + dash.unwrap_or(0);
        if dash.is_some() {
            self.levels.push(Level { column: key_column, is_list: false, key: String::new(), awaits: false });
        }
        let key_range = at + part.range.start..at + part.range.end;
        self.refuse_key(&part.key, &key_range);
        let under_options = self.levels.len() > 1 && self.key_above(self.levels.len() - 1) == "options";
        let is_text = under_options || TEXT_KEYS.contains(&part.key.as_str());
        let raw = rest.get(part.value.min(rest.len())..).unwrap_or("");
        let value = raw.trim_start();
        let blanks = raw.len() - value.len();
        let value_at = at + rest.len() - value.len();
        let end = line::before_comment(value, is_text);
        let words = if value.starts_with('#') && blanks >= 2 { "" } else { value.get(..end).unwrap_or(value) };
        let line_range = start..start + indent + at.saturating_sub(start + indent) + rest.len();
        if let Some(level) = self.levels.last_mut() {
            level.key.clone_from(&part.key);
            level.awaits = words.is_empty();
        }
        let key_id = self.out.keys.len();
        self.out.keys.push((part.key.clone(), key_range));
        let mut scalar = None;
        self.inline = None;
        let block_head = value.split([' ', '\t']).next().unwrap_or("");
        let opens = line::opens_block(words)
            || (line::opens_block(block_head) && value.get(block_head.len()..).is_some_and(|r| r.trim_start().starts_with('#')));
        if opens {
            let id = self.out.scalars.len();
            self.out.scalars.push(Value { range: value_at..value_at + 1, lines: Vec::new() });
            self.block = Some(Block { column: indent + dash.unwrap_or(0), scalar: id, key: part.key });
            scalar = Some(id);
        } else if !words.is_empty() {
            scalar = self.value(value_at, words, &part.key, is_text);
            self.inline = scalar.map(|scalar| Inline { column: indent + dash.unwrap_or(0), scalar, is_text });
        }
        self.emit(column, dash, Some(key_id), scalar, line_range);
    }

    /// The key at the beginning of a line, mended where its colon is missing or stands too close.
    fn key_part(&mut self, at: usize, rest: &str, is_item: bool) -> Option<line::KeyPart> {
        if let Some(part) = line::key_of(rest) {
            return Some(part);
        }
        if let Some((word, _)) = rest.split_once(':')
            && !is_item
            && keys::is_known(word.trim())
        {
            let colon = at + word.len();
            let problem = match rest.get(word.len() + 1..).and_then(|after| after.chars().next()).filter(|&c| line::is_odd_space(c)) {
                Some(c) => Problem::new(
                    codes::UNREADABLE,
                    colon + 1..colon + 1 + c.len_utf8(),
                    "a space of another kind follows `:`",
                    "looks like a space and is none",
                ),
                None => Problem::new(codes::UNREADABLE, colon..colon + 1, "a space is missing after `:`", "put a space here"),
            };
            self.problem(problem.help(format!("write `{}: …`", word.trim())));
            return Some(line::KeyPart { key: word.trim().to_owned(), range: 0..word.len(), value: word.len() + 1 });
        }
        let known = keys::STEP
            .iter()
            .chain(keys::FLOW)
            .chain(keys::SILENCE)
            .chain(&["language", "texts"])
            .filter(|key| rest.strip_prefix(**key).is_some_and(|r| r.starts_with(' ') || r.is_empty()));
        let longest = known.max_by_key(|key| key.len())?;
        if is_item {
            return None;
        }
        let range = at..at + longest.len();
        let problem = Problem::new(codes::UNREADABLE, range, format!("`:` is missing after `{longest}`"), "a key ends with a colon");
        self.problem(problem.help(format!("write `{longest}: …`")));
        Some(line::KeyPart { key: (*longest).to_owned(), range: 0..longest.len(), value: longest.len() })
    }

    fn refuse_key(&mut self, key: &str, range: &Range<usize>) {
        let what = match key.chars().next() {
            _ if key == "<<" => "merging blocks (`<<`) is not part of the flow language",
            Some('&' | '*') => "anchors (`&`) and aliases (`*`) are not part of the flow language",
            Some('!') => "tags (`!`) are not part of the flow language",
            Some('?') => "`?` before a key is not part of the flow language",
            Some('{') => "braces are not part of the flow language",
            _ => return,
        };
        self.problem(Problem::new(codes::REFUSED, range.clone(), what, "refused here").help("write the lines out where they are needed"));
    }

    /// Keeps a value of one line, with what is wrong with it.
    fn value(&mut self, at: usize, value: &str, key: &str, is_text: bool) -> Option<usize> {
        let words = value.get(..line::before_comment(value, is_text)).unwrap_or(value);
        if words.is_empty() {
            return None;
        }
        let whole = at..at + words.len();
        let first = words.chars().next().unwrap_or(' ');
        let mut kept = (whole.clone(), words.to_owned());
        if first == '{' && !words.starts_with("{{") {
            let problem = Problem::new(codes::REFUSED, whole.clone(), "braces are not part of the flow language", "a block in braces");
            let help = if is_text {
                "write `{{name}}` for a name; other braces do not belong at the beginning of a text"
            } else {
                "write each key on a line of its own, further in"
            };
            self.problem(problem.help(help));
        }
        if is_text {
            if let Some(colon) = words.find(": ").filter(|_| first != '{' || words.starts_with("{{")) {
                self.second_colon(at + colon);
            }
            if line::is_quoted(words) {
                let problem = Problem::new(codes::SENT_AS_WRITTEN, whole.clone(), "the quotes will be sent too", "a text needs no quotes");
                self.problem(problem.help("remove the quotes"));
            }
            if let Some(hash) = words.find(" # ") {
                let problem = Problem::new(
                    codes::SENT_AS_WRITTEN,
                    at + hash + 1..at + words.len(),
                    "what follows `#` will be sent too",
                    "part of the text",
                );
                self.problem(problem.help("if it is a comment, put two spaces before the `#`"));
            }
            if (first == '|' || first == '>') && words.get(1..).is_some_and(|rest| rest.starts_with(' ')) {
                let problem = Problem::new(
                    codes::UNREADABLE,
                    whole.clone(),
                    format!("a text cannot begin beside `{first}`"),
                    "this belongs on the next line",
                );
                self.problem(problem.help(format!("end the line after `{key}: {first}` and write the text below it, further in")));
                let text = words.get(1..).unwrap_or("").trim_start();
                kept = (whole.end - text.len()..whole.end, text.to_owned());
            }
        } else {
            let what = match first {
                // Found at the key.
                '*' if key == "<<" => None,
                '&' | '*' => Some("anchors (`&`) and aliases (`*`) are not part of the flow language"),
                '!' if key != "when" => Some("tags (`!`) are not part of the flow language"),
                _ => None,
            };
            if let Some(what) = what {
                self.problem(Problem::new(codes::REFUSED, whole, what, "refused here").help("write the value itself"));
                // What follows the sign is read as if it were not there.
                if let Some((_, rest)) = words.split_once(' ') {
                    kept = (kept.0.end - rest.len()..kept.0.end, rest.to_owned());
                }
            }
        }
        self.out.scalars.push(Value { range: kept.0.clone(), lines: vec![kept] });
        Some(self.out.scalars.len() - 1)
    }

    /// The key that the level at a position stands under.
    fn key_above(&self, level: usize) -> String {
        level.checked_sub(1).and_then(|above| self.levels.get(above)).map_or_else(String::new, |above| above.key.clone())
    }

    /// Finds the level a line belongs to, opening or closing levels, and gives the column it has in the masked copy.
    /// `None` where the line is left out.
    fn place(&mut self, start: usize, indent: usize, body: &str, is_item: bool) -> Option<usize> {
        if self.shift.as_ref().is_some_and(|shift| indent < shift.column) {
            self.shift = None;
        }
        let mut column = match &self.shift {
            Some(shift) => (indent + shift.to).saturating_sub(shift.from),
            None => indent,
        };
        if self.levels.is_empty() {
            self.levels.push(Level { column, is_list: is_item, key: String::new(), awaits: false });
            return Some(column);
        }
        if let Some(to) = self.step_astray(column, body).filter(|_| !is_item && self.shift.is_none()) {
            let range = start + indent..start + indent + body.trim_end().len();
            self.problem(stray::misplaced(range, indent, to, to < column));
            column = to;
        }
        let parent = self.levels.iter().rposition(|level| level.column <= column);
        let fits = parent.and_then(|at| self.levels.get(at)).is_some_and(|level| level.column == column);
        let opens = parent.is_some_and(|at| at + 1 == self.levels.len() && self.levels.get(at).is_some_and(|level| level.awaits));
        if !fits && !opens {
            let below = parent.and_then(|at| self.levels.get(at)).map(|level| level.column);
            let above = self.levels.get(parent.map_or(0, |at| at + 1)).map(|level| level.column);
            let to = match (below, above) {
                (Some(below), Some(above)) if column - below < above - column => below,
                (_, Some(above)) => above,
                (Some(below), None) => below,
                (None, None) => 0,
            };
            let range = start + indent..start + indent + body.trim_end().len();
            let written = (to + indent).saturating_sub(column);
            self.problem(stray::misplaced(range, indent, written, to < column));
            self.shift = Some(Shift { column: indent, from: indent, to });
            column = to;
        }
        while self.levels.last().is_some_and(|level| level.column > column) {
            self.levels.pop();
        }
        let top_is_list = self.levels.last().is_some_and(|level| level.column == column && level.is_list);
        if top_is_list && !is_item {
            let list_stands_in_map =
                self.levels.len() >= 2 && self.levels.get(self.levels.len() - 2).is_some_and(|level| level.column == column);
            if !list_stands_in_map {
                return self.leave_out(start, indent, body, "a list item begins with `- `", "the lines around it begin with `- `");
            }
            self.levels.pop();
        }
        let (same, awaits) = self.levels.last().map_or((false, true), |level| (level.column == column, level.awaits));
        let is_list = self.levels.last().is_some_and(|level| level.is_list);
        if !awaits && (!same || (is_item && !is_list)) {
            return self.leave_out(start, indent, body, "a list item stands where a key is expected", "no list is open here");
        }
        if !same || (is_item && !is_list) {
            if let Some(level) = self.levels.last_mut() {
                level.awaits = false;
            }
            self.levels.push(Level { column, is_list: is_item, key: String::new(), awaits: false });
        }
        Some(column)
    }

    fn leave_out(&mut self, start: usize, indent: usize, body: &str, message: &str, label: &str) -> Option<usize> {
        self.skip_below = Some(indent);
        self.inline = None;
        let range = start + indent..start + indent + body.trim_end().len();
        self.problem(Problem::new(codes::UNREADABLE, range, message, label).help("compare it with the lines around it"));
        None
    }

    /// Writes one line of the masked copy.
    fn emit(&mut self, column: usize, dash: Option<usize>, key: Option<usize>, scalar: Option<usize>, line: Range<usize>) {
        let out = &mut self.out.masked;
        out.extend(std::iter::repeat_n(' ', column));
        if let Some(width) = dash {
            out.push('-');
            out.extend(std::iter::repeat_n(' ', width.saturating_sub(1).max(1)));
        }
        if let Some(key) = key {
            out.push_str(&format!("k{key}:"));
        }
        if let Some(scalar) = scalar {
            out.push_str(&format!(" v{scalar}"));
        }
        out.push('\n');
        self.out.lines.push(line);
    }
}
