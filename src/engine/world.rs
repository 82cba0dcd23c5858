//! What a step needs to know besides the conversation: the flows, the agency, the desk.

use serde::{Deserialize, Serialize};

use super::flood::Flood;
use crate::{
    base::{Address, calendar::Hours},
    flow::Library,
};

/// Everything outside the conversation that a step may look at.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The flows in service, and the revisions that sessions are pinned to.
    pub library: &'a Library,
    /// Who we are.
    pub agency: &'a Agency,
    /// When humans are there.
    pub desk: &'a Desk,
    /// The flow that a stranger's first text starts.
    pub welcome: Option<&'a str>,
    /// Channels whose provider confirms STOP by itself: no confirmation of ours goes there.
    pub stop_confirmed_by_provider: &'a [String],
    /// How much one address may write before its messages are only kept; `None`: as much as it likes.
    pub flood: Option<Flood>,
}

/// Who we are: `agency.*` in texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agency {
    /// `agency.name`
    pub name: String,
    /// `agency.emergency_number`
    pub emergency_number: String,
    /// `agency.phone_line`; empty where there is none.
    pub phone_line: String,
    /// ISO country code: telephone numbers and units.
    pub country: String,
    /// IANA time zone, where a person has none of their own.
    pub time_zone: String,
}

/// When humans are there, and whom to call when they are not.
#[derive(Clone, Debug, PartialEq)]
pub struct Desk {
    /// Opening hours.
    pub hours: Hours,
    /// Staff to be told of urgent calls outside the hours and of overdue ones: address and channel.
    pub on_call: Vec<(Address, String)>,
}
