//! What was not understood, for those who add words.

use axum::{
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{pages::Page, refused, signed::Signed, words};
use crate::{
    records::unclear::{self, Asked, Group},
    runtime::Service,
    security::role::Permission,
};

/// Groups on the page; the file has all.
const ROWS: usize = 200;

/// Of which flow and language; none or empty: of all.
#[derive(Debug, Deserialize)]
pub struct Of {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    language: String,
}

/// `GET /desk/unclear?flow=daily-check&language=es`
pub async fn show(State(service): State<Service>, signed: Signed, Query(of): Query<Of>) -> Response {
    let groups = match read(&service, &signed, of).await {
        Ok(groups) => groups,
        Err(refusal) => return refusal,
    };
    let zone = service.zone();
    let rows: Vec<Value> = groups
        .iter()
        .take(ROWS)
        .map(|group| {
            json!({
                "n": group.n, "phones": group.n_phones, "said": group.said.reveal(), "flow": group.flow, "step": group.step,
                "language": group.language, "reason": group.reason, "last": words::moment(group.last_at, &zone),
            })
        })
        .collect();
    let few = !signed.role.may(Permission::ReadConversation);
    let data = json!({ "rows": rows, "n": groups.len(), "few": few, "least": unclear::LEAST_PHONES });
    Page { template: "unclear", title: "Not understood".to_owned(), data }.for_user(&service, &signed, StatusCode::OK).await
}

/// `GET /desk/unclear.csv`
pub async fn csv(State(service): State<Service>, signed: Signed, Query(of): Query<Of>) -> Response {
    let groups = match read(&service, &signed, of).await {
        Ok(groups) => groups,
        Err(refusal) => return refusal,
    };
    match unclear::csv(&groups) {
        Ok(csv) => {
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"unclear.csv\"")];
            (headers, csv.into_inner()).into_response()
        }
        Err(error) => refused::unavailable(&service, &signed, &error).await,
    }
}

async fn read(service: &Service, signed: &Signed, of: Of) -> Result<Vec<Group>, Response> {
    signed.may(service, Permission::ReadUnclear).await?;
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    let asked = Asked { flow: given(of.flow), language: given(of.language), least_phones: 1, ..Asked::default() }.seen_by(signed.role);
    let read = async {
        let groups = service.records().unclear(&asked).await?;
        signed.audit(service, "read what was not understood", None, &format!("{} groups", groups.len())).await?;
        Ok::<_, crate::records::RecordsError>(groups)
    };
    match read.await {
        Ok(groups) => Ok(groups),
        Err(error) => Err(refused::unavailable(service, signed, &error).await),
    }
}
