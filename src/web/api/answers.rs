//! `GET /api/v1/answers.csv?flow=`: what was answered, beside what was typed.

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::auth::Caller;
use crate::{runtime::Service, security::role::Permission, web::problem::Problem};

/// `?flow=daily-check`; all flows where none is named.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    flow: Option<String>,
}

/// The whole of it, audited with the number of rows.
pub(super) async fn csv(State(service): State<Service>, caller: Caller, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    caller.must(Permission::ExportAnswers)?;
    let flow = asked.flow.as_deref().filter(|flow| !flow.is_empty());
    let (csv, n_rows) = service.records().answers_csv(flow).await?;
    // What a caller writes is noted only where it is a flow's name.
    let known = flow.filter(|flow| service.shelf().library.current(flow).is_some());
    let what = format!("{n_rows} rows of {}", known.unwrap_or(if flow.is_some() { "another flow" } else { "all flows" }));
    caller.audit(&service, "exported answers", None, &what).await?;
    let headers =
        [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"answers.csv\"")];
    Ok((headers, csv.into_inner()).into_response())
}
