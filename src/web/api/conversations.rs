//! Conversations: found by address, read by id.

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{auth::Caller, body::Body, to::To};
use crate::{
    base::id::ConversationId,
    engine::{Conversation, Escalation, Holder, session::Item},
    records::value_text,
    runtime::{
        Service,
        erase::{Erased, Erasing},
    },
    security::role::Permission,
    web::problem::Problem,
};

/// The body of a look-up.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookup {
    address: To,
}

/// `POST /api/v1/conversations/lookup`: the id of an address's conversation; 404 where there is none.
pub(super) async fn lookup(State(service): State<Service>, caller: Caller, body: Body<Lookup>) -> Result<Json<Value>, Problem> {
    caller.must(Permission::ReadConversation)?;
    let (address, _) = body.value.address.address(&service)?;
    let id = service.store().resolve(&address).await?;
    match service.store().living(&id).await? {
        Some(_) => Ok(Json(json!({ "id": id }))),
        None => Err(Problem::not_found("there is no conversation at this address")),
    }
}

/// `GET /api/v1/conversations/{id}`: as it stands now.
pub(super) async fn read(State(service): State<Service>, caller: Caller, Path(id): Path<String>) -> Result<Json<Value>, Problem> {
    caller.must(Permission::ReadConversation)?;
    let id = ConversationId(id);
    let loaded = service.store().living(&id).await?.ok_or_else(|| Problem::not_found("there is no such conversation"))?;
    caller.audit(&service, "viewed", Some(&id), "by the API").await?;
    Ok(Json(shown(&id, &loaded.conversation)))
}

/// `DELETE /api/v1/conversations/{id}`: erases it. 204; 404 where there is none, also where it was erased before.
pub(super) async fn erase(State(service): State<Service>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    caller.must(Permission::Erase)?;
    let unknown = || Problem::not_found("there is no such conversation");
    let id = ConversationId::parse(&id).ok_or_else(unknown)?;
    let actor = format!("api:{}", caller.name);
    let erasing = Erasing { actor: &actor, role: caller.role.word(), action: "erased", quiet_since: None };
    match service.erase(&id, erasing).await? {
        Erased::Done | Erased::NotQuiet => Ok(StatusCode::NO_CONTENT),
        Erased::Unknown => Err(unknown()),
    }
}

fn shown(id: &ConversationId, conversation: &Conversation) -> Value {
    let people = conversation.roster.iter().map(|person| {
        json!({ "number": person.number, "first_name": person.first_name, "birth_year": person.birth_year, "record": person.record })
    });
    let sessions = conversation.sessions.iter().enumerate().map(|(nth, session)| {
        let frame = session.frames.last();
        let answers = session.answers.iter().filter(|answer| !answer.superseded).map(|answer| {
            json!({
                "flow": answer.flow,
                "step": answer.step,
                "for": answer.items.iter().map(item).collect::<Vec<_>>(),
                "value": answer.value.as_ref().map(|value| value_text(value.reveal())),
                "said": answer.said,
                "flagged": answer.flagged,
                "at": answer.at,
            })
        });
        json!({
            "id": session.id,
            "flow": session.flow,
            "revision": session.revision,
            "started_at": session.started_at,
            "open": nth == 0,
            "at": frame.map(|frame| json!({ "flow": frame.flow, "step": frame.at })),
            "asked_at": session.open.as_ref().map(|open| open.asked_at),
            "answers": answers.collect::<Vec<_>>(),
        })
    });
    json!({
        "id": id,
        "address": { "channel": conversation.channel, "medium": conversation.address.medium.word(), "to": conversation.address.id },
        "language": conversation.language,
        "time_zone": conversation.time_zone,
        "holder": match &conversation.holder {
            Holder::Bot => "bot",
            Holder::Nobody => "nobody",
            Holder::Tracer(tracer) => tracer.as_str(),
        },
        "epoch": conversation.epoch,
        "opted_out_at": conversation.opted_out_at,
        "last_inbound_at": conversation.last_inbound_at,
        "waiting_since": conversation.waiting_since,
        "people": people.collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "escalation": conversation.escalation.as_ref().map(escalation),
    })
}

fn item(item: &Item) -> Value {
    match item {
        Item::Person(number) => json!({ "person": number }),
        Item::Nth(nth) => json!({ "item": nth }),
    }
}

fn escalation(live: &Escalation) -> Value {
    json!({
        "id": live.id,
        "urgency": live.urgency.word(),
        "state": format!("{:?}", live.state).to_lowercase(),
        "because": live.because,
        "quote": live.quote,
        "raised_at": live.raised_at,
        "due_at": live.due_at,
    })
}
