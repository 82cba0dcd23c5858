//! `POST /api/v1/sessions`: starts a flow for an address.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    auth::Caller,
    body::{Body, event_id},
    to::To,
};
use crate::{
    base::{Language, Private, limit},
    engine::{
        Event, EventKind, Refusal,
        event::{IfBusy, NewPerson, Start},
    },
    runtime::{Service, Target, Turned},
    security::role::Permission,
    web::problem::Problem,
};

/// The body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSession {
    flow: String,
    address: To,
    language: Option<String>,
    #[serde(default)]
    people: Vec<PersonOf>,
}

/// Somebody who answers at the address; the first is who texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PersonOf {
    first_name: Private<String>,
    birth_year: Option<i16>,
    record: Option<Private<String>>,
}

/// 201 with the conversation's id, 200 where the same call was made before, 409 where a session runs or they opted out.
pub(super) async fn start(
    State(service): State<Service>,
    caller: Caller,
    headers: HeaderMap,
    body: Body<NewSession>,
) -> Result<Response, Problem> {
    caller.must(Permission::StartFlow)?;
    let NewSession { flow, address, language, people } = body.value;
    let (address, channel) = address.address(&service)?;
    if service.shelf().library.current(&flow).is_none() {
        return Err(no_such_flow(&service));
    }
    let language = match language.as_deref().map(Language::parse) {
        None => None,
        Some(Some(language)) => Some(language),
        Some(None) => return Err(Problem::invalid("`language` is no language tag; write it as in `es` or `pt-BR`")),
    };
    let people = people_of(people)?;
    let id = event_id(&service, &caller, &headers, &body.bytes).await?;
    let conversation = service.store().resolve(&address).await?;
    caller.audit(&service, "started a flow", Some(&conversation), &flow).await?;
    let start = Start { flow, channel: channel.name().to_owned(), language, people, if_busy: IfBusy::Refuse };
    let event = Event { id, at: service.clock().now(), kind: EventKind::Start(start) };
    let target = Target::Address { address, channel: channel.name().to_owned() };
    let status = match service.turn(target, event).await? {
        Turned::Done => StatusCode::CREATED,
        Turned::Repeated => StatusCode::OK,
        Turned::Refused(refusal) => return Err(refused(&service, &refusal)),
    };
    let place = format!("/api/v1/conversations/{conversation}");
    let mut response = (status, Json(json!({ "conversation": conversation, "repeated": status == StatusCode::OK }))).into_response();
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

fn people_of(people: Vec<PersonOf>) -> Result<Vec<NewPerson>, Problem> {
    if people.len() > limit::ROSTER {
        return Err(Problem::invalid(format!("`people`: one address answers for at most {} people", limit::ROSTER)));
    }
    let mut all = Vec::new();
    for (nth, person) in people.into_iter().enumerate() {
        let name = person.first_name.reveal().trim().to_owned();
        if name.is_empty() || name.chars().count() > 60 {
            return Err(Problem::invalid(format!("`people[{nth}].first_name` must have 1 to 60 characters")));
        }
        if person.birth_year.is_some_and(|year| !(1900..=2100).contains(&year)) {
            return Err(Problem::invalid(format!("`people[{nth}].birth_year` must be a year from 1900 on")));
        }
        if person.record.as_ref().is_some_and(|record| record.reveal().chars().count() > limit::RECORD_CHARS) {
            return Err(Problem::invalid(format!("`people[{nth}].record` must have at most {} characters", limit::RECORD_CHARS)));
        }
        all.push(NewPerson { first_name: name.into(), birth_year: person.birth_year, record: person.record });
    }
    Ok(all)
}

fn no_such_flow(service: &Service) -> Problem {
    let shelf = service.shelf();
    let known: Vec<&str> = shelf.library.all_current().map(|(name, _)| name.as_str()).collect();
    Problem::invalid(format!("`flow`: there is no such flow in service; there are {}", known.join(", ")))
}

fn refused(service: &Service, refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::SessionRuns => Problem::conflict("session-runs", "a session runs at this address; wait until it has ended"),
        Refusal::TooManyWaiting => Problem::conflict("too-many-waiting", "too many sessions wait at this address"),
        Refusal::OptedOut => Problem::conflict("opted-out", "they opted out at this address; only they can come back, by START"),
        Refusal::NoSuchFlow => no_such_flow(service),
        Refusal::HeldBy(_) | Refusal::Stale { .. } | Refusal::NotYours => Problem::conflict("held", "a tracer holds this conversation"),
        Refusal::WindowShut => Problem::conflict("window-shut", "the window for free text is shut, and no template serves"),
        Refusal::NothingToDo | Refusal::NotUnderstood => Problem::conflict("refused", "this cannot be done as things stand"),
    }
}
