//! The department's side of the demo's phone: starts a flow for the number it texts as, with the people who answer there.
//!
//! `POST /phone/{token}/start`. The API does the same for programs; this form lets a newcomer see it without one.

use axum::{
    Form,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::phone::{NoPhone, found};
use crate::{
    base::{Private, limit},
    engine::{
        Event, EventKind, Refusal,
        event::{IfBusy, NewPerson, Start},
    },
    runtime::{Service, Target, Turned},
};

#[derive(Deserialize)]
pub(super) struct Starting {
    id: String,
    flow: String,
    people: Private<String>,
}

/// The flows that may be started, for the form: name and title.
pub(super) fn flows(service: &Service) -> Vec<Value> {
    let shelf = service.shelf();
    let titled = |(name, revision): (&String, &std::sync::Arc<crate::flow::Revision>)| {
        revision.root().map(|flow| json!({ "name": name, "title": flow.title }))
    };
    shelf.library.all_current().filter_map(titled).collect()
}

/// Starts a flow, as the department would.
pub(super) async fn start(
    State(service): State<Service>,
    Path(token): Path<String>,
    Form(starting): Form<Starting>,
) -> Result<Response, NoPhone> {
    let phone = found(&service, &token).await?;
    let start = Start {
        flow: starting.flow,
        channel: phone.channel.clone(),
        language: None,
        people: people(starting.people.reveal()),
        if_busy: IfBusy::Refuse,
    };
    let event = Event { id: format!("phone:{}", starting.id).into(), at: service.clock().now(), kind: EventKind::Start(start) };
    let target = Target::Address { address: phone.address.clone(), channel: phone.channel };
    let told =
        |status: StatusCode, text: &'static str| (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
    Ok(match service.turn(target, event).await {
        Ok(Turned::Done | Turned::Repeated) => Redirect::to(&format!("/phone/{token}")).into_response(),
        Ok(Turned::Refused(Refusal::OptedOut)) => {
            told(StatusCode::CONFLICT, "This phone wrote STOP. Write START on it first, then go back and try again.\n")
        }
        Ok(Turned::Refused(_)) => {
            told(StatusCode::CONFLICT, "A conversation already runs on this phone. Finish it, or take another phone.\n")
        }
        Err(error) => {
            tracing::warn!(%error, "a flow cannot be started from the phone's page");
            told(StatusCode::SERVICE_UNAVAILABLE, "That cannot be done just now. Try again in a moment.\n")
        }
    })
}

/// `Ana 1980, Luis`: first names, each with a birth year where one follows.
fn people(text: &str) -> Vec<NewPerson> {
    let person = |words: &str| {
        let (name, birth_year) = match words.rsplit_once(' ') {
            Some((name, year)) if year.parse::<i16>().is_ok_and(|year| year > 1_900) => (name.trim(), year.parse().ok()),
            Some(_) | None => (words, None),
        };
        NewPerson { first_name: Private::from(name), birth_year, record: None }
    };
    text.split(',').map(str::trim).filter(|words| !words.is_empty()).take(limit::ROSTER).map(person).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_read_with_their_birth_years() {
        let read: Vec<_> =
            people("Ana 1980, Luis,, Bebé Tomás 2024 ").into_iter().map(|p| (p.first_name.into_inner(), p.birth_year)).collect();
        assert_eq!(read, [("Ana".into(), Some(1980)), ("Luis".into(), None), ("Bebé Tomás".into(), Some(2024))]);
        assert_eq!(people("Apartment 12").len(), 1);
    }
}
