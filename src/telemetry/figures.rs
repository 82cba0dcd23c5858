//! Every figure under `/metrics`: its name, kind, labels and what it tells. A figure that is not in this table is found by a test, as are
//! dashboards and alert rules that name one.
//!
//! No label carries an id or a private value: channels, routes, outcomes and urgencies only.

use metrics::{describe_counter, describe_gauge, describe_histogram};

/// How a figure moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It stands as it was last seen.
    Gauge,
    /// Times in seconds, counted by how long.
    Histogram,
}

/// One figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// `intake_turns_total`
    pub name: &'static str,
    /// How it moves.
    pub kind: Kind,
    /// The labels that it may carry.
    pub labels: &'static [&'static str],
    /// What it tells, for `# HELP`.
    pub help: &'static str,
}

const fn counter(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Figure {
    Figure { name, kind: Kind::Counter, labels, help }
}

const fn gauge(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Figure {
    Figure { name, kind: Kind::Gauge, labels, help }
}

const fn seconds(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Figure {
    Figure { name, kind: Kind::Histogram, labels, help }
}

/// All of them.
pub const FIGURES: &[Figure] = &[
    counter("intake_requests_total", &["method", "route", "status"], "HTTP requests answered, by route and status"),
    seconds("intake_request_seconds", &["route"], "From an HTTP request to the head of its answer"),
    counter(
        "intake_webhooks_total",
        &["channel", "outcome", "why"],
        "Webhooks and what was in them: events, receipts, refused, unreadable",
    ),
    counter("intake_connections_refused_total", &[], "Connections beyond those that may be open at once"),
    counter("intake_turns_total", &["outcome"], "Events run through the engine: done, repeated, refused, stale (run again), bug"),
    seconds("intake_turn_seconds", &[], "From an event to its commit, with waiting for its turn"),
    counter(
        "intake_effects_total",
        &["kind"],
        "What turns brought about: messages into the outbox, answers, escalations, sessions, opt-outs, faults",
    ),
    gauge("intake_outbox_depth", &[], "Messages that wait to be sent or settled"),
    gauge("intake_outbox_oldest_seconds", &[], "Age of the oldest message that waits"),
    counter(
        "intake_sends_total",
        &["channel", "outcome"],
        "Attempts at a provider: accepted, retry, throttled, ambiguous, failed, gave up, superseded",
    ),
    counter(
        "intake_sends_held_total",
        &["channel", "why"],
        "Times that messages had to wait here: for the sender's rate, or for the gap that one address is due (pair)",
    ),
    counter(
        "intake_reconciled_total",
        &["channel", "outcome"],
        "Messages in the provider's list: known, missing (taken now); and lists that failed",
    ),
    seconds("intake_send_seconds", &["channel"], "How long one attempt at a provider took"),
    seconds("intake_wake_late_seconds", &[], "How much later than planned a wake came"),
    gauge("intake_escalations_open", &["urgency"], "Calls for a human and tasks that nobody has taken"),
    gauge("intake_escalations_oldest_seconds", &["urgency"], "Age of the oldest call for a human or task that nobody has taken"),
    counter("intake_recorded_total", &[], "Lines of the journal applied to the record"),
    gauge("intake_records_behind_seconds", &[], "For how long the record has been behind the journal"),
    counter("intake_erased_total", &[], "Conversations erased: by somebody, or by schedule"),
    counter("intake_logins_total", &["outcome"], "Logins at the desk: right, wrong, wrong code, throttled"),
    counter("intake_api_refused_total", &[], "Calls of the API with a token that is not known"),
    counter("intake_not_opened_total", &["what"], "Sealed values that did not open in their place: changed, moved, or of another key"),
    counter(
        "intake_rolled_back_total",
        &[],
        "Turns on an older state than the record knows: a store that came back older, or a value put back",
    ),
    gauge("intake_audit_rows", &[], "Rows of the audit at the last signed head"),
    gauge("intake_seal_key", &[], "The id of the data key that seals"),
    gauge("intake_seal_left", &[], "Values that an older data key still sealed at the last sweep"),
];

/// Tells the recorder what each is. Once, after it is installed.
pub(super) fn describe() {
    for figure in FIGURES {
        match figure.kind {
            Kind::Counter => describe_counter!(figure.name, figure.help),
            Kind::Gauge => describe_gauge!(figure.name, figure.help),
            Kind::Histogram => describe_histogram!(figure.name, figure.help),
        }
    }
}
