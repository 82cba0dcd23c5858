//! `GET /api/v1/escalations`: calls for a human, most urgent first.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use crate::{
    records::{EscalationRow, Which},
    runtime::Service,
    security::role::Permission,
    web::problem::Problem,
};

/// The most that one call gives.
const AT_MOST: usize = 500;

/// `?state=live` (the default) or `?state=all`.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    state: Option<String>,
}

/// Ids, reasons and times; no names, numbers or quotes.
pub(super) async fn list(State(service): State<Service>, caller: Caller, Query(asked): Query<Asked>) -> Result<Json<Value>, Problem> {
    caller.must(Permission::SeeQueue)?;
    let which = match asked.state.as_deref() {
        None | Some("live") => Which::Live,
        Some("all") => Which::All,
        Some(_) => return Err(Problem::invalid("`state` is `live` or `all`")),
    };
    let rows = service.records().escalations(which, AT_MOST).await?;
    Ok(Json(json!({ "escalations": rows.iter().map(shown).collect::<Vec<_>>() })))
}

fn shown(row: &EscalationRow) -> Value {
    json!({
        "id": row.id,
        "conversation": row.conversation,
        "urgency": row.urgency.word(),
        "state": row.state,
        "because": row.because,
        "rule": row.rule,
        "raised_at": row.raised_at,
        "due_at": row.due_at,
        "tracer": row.tracer,
        "claimed_at": row.claimed_at,
        "outcome": row.outcome,
        "ended_at": row.ended_at,
    })
}
