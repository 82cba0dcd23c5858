//! `GET /api/v1/unclear?since=&flow=&language=&digits=yes`: what was not understood, grouped.

use axum::{
    Json,
    extract::{Query, State},
};
use jiff::{
    Timestamp,
    civil::{self, Date},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::auth::Caller;
use crate::{records::unclear, runtime::Service, security::role::Permission, web::problem::Problem};

/// Which replies.
#[derive(Debug, Deserialize)]
pub(super) struct Wanted {
    since: Option<Date>,
    flow: Option<String>,
    language: Option<String>,
    digits: Option<String>,
}

/// The groups, as far as the role may see them; audited with their number.
pub(super) async fn list(State(service): State<Service>, caller: Caller, Query(wanted): Query<Wanted>) -> Result<Json<Value>, Problem> {
    caller.must(Permission::ReadUnclear)?;
    let zone = service.zone();
    let since: Option<Timestamp> = wanted.since.and_then(|day| zone.to_timestamp(day.to_datetime(civil::Time::midnight())).ok());
    let asked = unclear::Asked {
        since,
        flow: wanted.flow.filter(|flow| !flow.is_empty()),
        language: wanted.language.filter(|language| !language.is_empty()),
        digits: wanted.digits.as_deref() == Some("yes"),
        least_phones: 1,
    };
    let groups = service.records().unclear(&asked.seen_by(caller.role)).await?;
    caller.audit(&service, "read what was not understood", None, &format!("{} groups", groups.len())).await?;
    Ok(Json(json!({ "groups": unclear::json(&groups) })))
}
