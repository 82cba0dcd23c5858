//! The rules, one a file.

pub mod alike;
pub mod bounds;
pub mod consent;
pub mod deaf;
pub mod emergency;
pub mod endless_silence;
pub mod gap;
pub mod hidden_arm;
pub mod never_holds;
pub mod no_human;
pub mod nobody_on_call;
pub mod opt_out_word;
pub mod outrun_alarm;
pub mod reading_grade;
pub mod restricted;
pub mod runs_out;
pub mod segments;
pub mod silent_loop;
pub mod skipped_alarm;
pub mod too_long;
pub mod unreachable;
pub mod unused;
pub mod used_early;
pub mod whatsapp;
pub mod window;
