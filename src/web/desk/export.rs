//! Answers as a file.

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::{refused, signed::Signed};
use crate::{runtime::Service, security::role::Permission};

/// Of which flow; none or empty: of all.
#[derive(Debug, Deserialize)]
pub struct Of {
    #[serde(default)]
    flow: String,
}

/// `GET /desk/answers.csv?flow=daily-check`
pub async fn answers(State(service): State<Service>, signed: Signed, Query(of): Query<Of>) -> Response {
    if let Err(refusal) = signed.may(&service, Permission::ExportAnswers).await {
        return refusal;
    }
    let flow = Some(of.flow.as_str()).filter(|flow| !flow.is_empty());
    let read = async {
        let (csv, n_rows) = service.records().answers_csv(flow).await?;
        let known = flow.filter(|flow| service.shelf().library.current(flow).is_some());
        let detail = format!("{n_rows} rows of {}", known.unwrap_or(if flow.is_some() { "another flow" } else { "all flows" }));
        signed.audit(&service, "exported answers", None, &detail).await?;
        Ok::<_, crate::records::RecordsError>(csv)
    };
    match read.await {
        Ok(csv) => {
            let headers =
                [(header::CONTENT_TYPE, "text/csv; charset=utf-8"), (header::CONTENT_DISPOSITION, "attachment; filename=\"answers.csv\"")];
            (headers, csv.into_inner()).into_response()
        }
        Err(error) => refused::unavailable(&service, &signed, &error).await,
    }
}
