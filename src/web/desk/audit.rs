//! The audit, for those who may read it.

use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::Response,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    pages::{self, Page},
    refused,
    signed::Signed,
    words,
};
use crate::{records::AuditState, runtime::Service, security::role::Permission};

/// Rows of one page.
const ROWS: usize = 200;

/// Which rows.
#[derive(Debug, Deserialize)]
pub struct Before {
    before: Option<u64>,
}

/// `GET /desk/audit`
pub async fn show(State(service): State<Service>, signed: Signed, Query(before): Query<Before>) -> Response {
    if let Err(refusal) = signed.may(&service, Permission::ReadAudit).await {
        return refusal;
    }
    let read = async {
        signed.audit(&service, "read the audit", None, "").await?;
        let rows = service.records().audit_rows(None, before.before, ROWS).await?;
        Ok::<_, crate::records::RecordsError>((rows, service.records().audit_verify().await?))
    };
    let (rows, state) = match read.await {
        Ok(read) => read,
        Err(error) => return refused::unavailable(&service, &signed, &error).await,
    };
    let zone = pages::zone(&service);
    let earlier = (rows.len() == ROWS).then(|| rows.last().map(|row| format!("/desk/audit?before={}", row.n))).flatten();
    let shown: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({
                "n": row.n, "at": words::moment(row.at, &zone), "actor": row.actor, "role": row.role, "action": row.action,
                "conversation": row.conversation.as_ref().map(|id| id.as_str()), "detail": row.detail,
            })
        })
        .collect();
    let state = match state {
        AuditState::Whole { n, head } => format!("{n} rows, none changed · last hash {}", head.get(..16).unwrap_or_default()),
        AuditState::Broken { at } => format!("BROKEN at row {at}: it is not what was written, or rows before it are gone"),
    };
    Page { template: "audit", title: "Audit".to_owned(), data: json!({ "rows": shown, "state": state, "earlier": earlier }) }
        .for_user(&service, &signed, StatusCode::OK)
        .await
}
