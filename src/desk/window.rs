//! The window for free text: some media carry it only for so long after the person's own last message.

use jiff::{SignedDuration, Timestamp};

use crate::base::{Medium, capabilities::Capabilities};

/// Hours before the end from which the clock is shown as a warning.
const SOON_HOURS: i64 = 2;

/// Whether free text may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Until then.
    Open {
        /// The first moment when it is shut.
        until: Timestamp,
    },
    /// Not: only a template.
    Shut,
    /// Always: the medium has no window.
    NotApplicable,
}

/// The window of a medium, counted from their last message. Never written: shut, where there is one.
pub fn window(medium: Medium, last_inbound_at: Option<Timestamp>, now: Timestamp) -> Window {
    let Some(hours) = Capabilities::of(medium).window_hours else { return Window::NotApplicable };
    match last_inbound_at.and_then(|at| at.checked_add(SignedDuration::from_hours(hours)).ok()) {
        Some(until) if now < until => Window::Open { until },
        Some(_) | None => Window::Shut,
    }
}

impl Window {
    /// Whether little time is left.
    pub fn closes_soon(self, now: Timestamp) -> bool {
        match self {
            Self::Open { until } => until.duration_since(now) < SignedDuration::from_hours(SOON_HOURS),
            Self::Shut | Self::NotApplicable => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_open_for_a_day_after_their_last_message() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let wrote = Some(at("2026-07-01T12:00:00Z"));
        let until = at("2026-07-02T12:00:00Z");
        for (now, expected, soon) in [
            ("2026-07-01T12:00:01Z", Window::Open { until }, false),
            ("2026-07-02T10:00:01Z", Window::Open { until }, true),
            ("2026-07-02T11:59:59.999Z", Window::Open { until }, true),
            ("2026-07-02T12:00:00Z", Window::Shut, false),
        ] {
            let found = window(Medium::WhatsApp, wrote, at(now));
            assert_eq!((found, found.closes_soon(at(now))), (expected, soon), "{now}");
        }
        assert_eq!(window(Medium::WhatsApp, None, until), Window::Shut);
        assert_eq!(window(Medium::Sms, None, until), Window::NotApplicable);
    }
}
