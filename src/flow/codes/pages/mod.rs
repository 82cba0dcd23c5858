//! The pages of `intake explain`, by subject.

mod lines;
mod meaning;

pub use lines::LINES;
pub use meaning::MEANING;
