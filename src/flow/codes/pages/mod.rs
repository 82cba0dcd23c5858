//! The pages of `intake explain`, by subject.

mod lines;
mod meaning;

use super::Page;
use lines::LINES;
use meaning::MEANING;

/// All of them, in the order of their codes.
pub const ALL: [Page; LINES.len() + MEANING.len()] = both();

#[expect(clippy::indexing_slicing, reason = "evaluated while compiling; a wrong index would not compile")]
const fn both() -> [Page; LINES.len() + MEANING.len()] {
    let mut all = [LINES[0]; LINES.len() + MEANING.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = if at < LINES.len() { LINES[at] } else { MEANING[at - LINES.len()] };
        at += 1;
    }
    all
}
