//! Lines and characters that strayed: arms without a dash, steps that stand too far in or out, what nobody sees.

use std::ops::Range;

use super::{Scanner, line};
use crate::flow::{
    codes,
    diagnostic::{Problem, nearest},
    keys,
};

impl Scanner {
    /// Whether the line begins an arm without its dash: the first one under `then` or `silence`.
    pub(super) fn lacks_dash(&self, indent: usize, body: &str) -> bool {
        let Some(top) = self.levels.last().filter(|top| top.awaits && matches!(top.key.as_str(), "then" | "silence")) else { return false };
        let is_arm = line::key_of(body).is_some_and(|part| matches!(part.key.as_str(), "when" | "else" | "after"));
        is_arm && self.shift.is_none() && indent >= top.column + 2
    }

    /// Where a line without a value, whose key is of no block here, was meant to stand if it names a step: with the other steps.
    pub(super) fn step_astray(&self, column: usize, body: &str) -> Option<usize> {
        let part = line::key_of(body)?;
        let names_a_step =
            body.get(part.value.min(body.len())..).is_some_and(|value| value.trim().is_empty() || value.trim().starts_with('#'));
        if !names_a_step || keys::is_known(&part.key) || keys::LATER.contains(&part.key.as_str()) {
            return None;
        }
        let is_top = self.levels.first().is_some_and(|top| top.column == column && top.key == "steps");
        if is_top && column == 0 && nearest(&part.key, keys::FLOW.iter().copied()).is_none() {
            return self.levels.get(1).map(|steps| steps.column).filter(|steps| self.next_indent > *steps);
        }
        let at = self.levels.iter().rposition(|level| level.column == column && !level.is_list)?;
        let is_in_a_step = at >= 2 && self.key_above(at - 1) == "steps" && !self.levels.get(at)?.awaits;
        let steps = self.levels.get(at.checked_sub(1)?).filter(|steps| !steps.is_list)?;
        (is_in_a_step && self.next_indent == column && nearest(&part.key, keys::STEP.iter().copied()).is_none()).then_some(steps.column)
    }

    /// Characters that nobody sees and that come with copying: spaces of another kind before the words, invisible ones anywhere.
    pub(super) fn odd_characters(&mut self, line_start: usize, content: &str, n_blanks: usize) {
        if content.is_ascii() && !content.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return;
        }
        let odd = content.char_indices().find(|&(at, c)| if at < n_blanks { line::is_odd_space(c) } else { line::is_invisible(c) });
        let Some((at, c)) = odd else { return };
        let range = line_start + at..line_start + at + c.len_utf8();
        let code_point = format!("U+{:04X}", u32::from(c));
        let problem = if at < n_blanks {
            Problem::new(
                codes::UNREADABLE,
                range,
                format!("a space of another kind stands here ({code_point})"),
                "looks like a space and is none",
            )
            .help("delete the blanks at the beginning of the line and type ordinary spaces")
        } else {
            Problem::new(codes::UNREADABLE, range, format!("an invisible character stands here ({code_point})"), "nobody sees it")
                .help("delete it, or type the words around it anew; such characters come with copying")
        };
        self.problem(problem);
    }
}

/// A line that stands at the wrong place.
pub(super) fn misplaced(range: Range<usize>, indent: usize, written: usize, too_far: bool) -> Problem {
    let word = |n: usize| if n == 1 { "1 space".to_owned() } else { format!("{n} spaces") };
    Problem::new(
        codes::INDENTATION,
        range,
        format!("this line stands {} in; the lines it belongs to stand {} in", word(indent), word(written)),
        if too_far { "too far in" } else { "not far enough in" },
    )
    .help(format!("begin the line with {}", word(written)))
}
