//! The queue: red flags first, then who has waited longest.

use std::collections::BTreeMap;

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    pages::Page,
    refused,
    signed::Signed,
    words::{self, Names},
};
use crate::{
    base::Medium,
    desk::{clocks, triage},
    flow::model::Urgency,
    records::{QueueKind, QueueRow},
    runtime::Service,
    security::role::Permission,
};

/// Rows with a button to claim them, from the top; further down a conversation is opened first.
const CLAIMABLE: usize = 50;

/// `GET /desk`
pub async fn show(State(service): State<Service>, signed: Signed) -> Response {
    if !signed.role.may(Permission::SeeQueue) {
        let text =
            if signed.role.may(Permission::ReadAudit) { "Your role reads the audit." } else { "Your role has no pages at the desk." };
        return super::message("Desk", text, None).for_user(&service, &signed, StatusCode::OK).await;
    }
    let (rows, names) = match (service.records().queue().await, words::names(&service).await) {
        (Ok(rows), Ok(names)) => (rows, names),
        (Err(error), _) | (_, Err(error)) => return refused::unavailable(&service, &signed, &error).await,
    };
    let now = service.clock().now();
    let mut rows = rows;
    rows.sort_by_cached_key(|row| {
        let since = row.waiting_since.unwrap_or(row.raised_at);
        triage::place(&triage::Call { urgency: row.urgency, taken: row.tracer.is_some(), parked: row.state == "parked", since })
    });
    let epochs = epochs(&service, &rows).await;
    let n_red = rows.iter().filter(|row| row.urgency == Urgency::Emergency && row.tracer.is_none()).count();
    let look = Look { service: &service, signed: &signed, names: &names, now };
    let shown: Vec<Value> = rows.iter().map(|row| look.row(row, epochs.get(row.conversation.as_str()).copied())).collect();
    let shelf = service.shelf();
    let flows: Vec<Value> = shelf
        .library
        .all_current()
        .map(|(name, revision)| json!({ "name": name, "title": revision.root().map_or(name.as_str(), |flow| flow.title.as_str()) }))
        .collect();
    let data = json!({
        "rows": shown,
        "n_red": n_red.to_string(),
        "exports": signed.role.may(Permission::ExportAnswers),
        "flows": flows,
        "finds": signed.role.may(Permission::ReadConversation),
        "channels": service.settings().channels.iter().map(|channel| json!({ "name": channel.name(), "medium": words::medium(channel.medium().word()) })).collect::<Vec<_>>(),
    });
    Page { template: "queue", title: "Queue".to_owned(), data }.for_user(&service, &signed, StatusCode::OK).await.into_response()
}

/// The epochs of conversations that may be claimed, by the live store: a claim posts the one it saw.
async fn epochs(service: &Service, rows: &[QueueRow]) -> BTreeMap<String, u64> {
    let mut epochs = BTreeMap::new();
    let free = rows.iter().filter(|row| row.kind == QueueKind::Escalation && row.tracer.is_none());
    for row in free.take(CLAIMABLE) {
        if let Ok(Some(loaded)) = service.store().living(&row.conversation).await {
            epochs.insert(row.conversation.0.clone(), loaded.conversation.epoch);
        }
    }
    epochs
}

struct Look<'a> {
    service: &'a Service,
    signed: &'a Signed,
    names: &'a Names,
    now: Timestamp,
}

impl Look<'_> {
    fn row(&self, row: &QueueRow, epoch: Option<u64>) -> Value {
        let reads = self.signed.role.may(Permission::ReadConversation);
        let works = self.signed.role.may(Permission::WorkConversation);
        let (clock, clock_class) = row.due_at.map_or((String::new(), ""), |due_at| words::clock(due_at, self.now));
        let (window, window_class) = Medium::from_word(&row.medium).map_or((String::new(), ""), |medium| {
            words::window(crate::desk::window::window(medium, row.last_inbound_at, self.now), self.now)
        });
        let is_task = row.kind == QueueKind::Task;
        let link = format!("/desk/{}", row.conversation);
        json!({
            "urgency": row.urgency.word(),
            "taken": row.tracer.is_some(),
            "link": reads.then_some(&link),
            "name": if reads { words::patient(row.first_name.reveal(), row.address.reveal()) } else { "a patient".to_owned() },
            "medium": words::medium(&row.medium),
            "language": row.language,
            "because": if is_task { format!("Task: {}", row.because.join("; ")) } else { row.because.join("; ") },
            "quote": row.quote.as_ref().filter(|_| reads).map(|quote| quote.reveal().clone()),
            "rule": row.rule,
            "waiting": match row.waiting_since {
                None if row.tracer.is_some() => "answered".to_owned(),
                since => clocks::since(since.unwrap_or(row.raised_at), self.now),
            },
            "clock": clock,
            "clock_class": clock_class,
            "window": window,
            "window_class": window_class,
            "held": match &row.tracer {
                Some(tracer) if *tracer == self.signed.login.0 => format!("you{}", if row.state == "parked" { ", put aside" } else { "" }),
                Some(tracer) => format!("{}{}", self.names.of(tracer), if row.state == "parked" { ", put aside" } else { "" }),
                None if is_task => String::new(),
                None => "nobody".to_owned(),
            },
            "task": (is_task && works).then_some(&row.id),
            "claim": epoch.is_some() && works && reads,
            "epoch": epoch.map(|epoch| epoch.to_string()),
            "act": self.service.clock().new_id("act"),
        })
    }
}
