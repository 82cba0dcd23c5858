//! Pages that say no, and why.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    pages::message,
    signed::{self, Signed},
    words::Names,
};
use crate::{
    base::id::ConversationId,
    engine::{Conversation, Holder, Refusal},
    records::EscalationPart,
    runtime::Service,
};

/// The record or the store does not answer.
pub(super) async fn unavailable(service: &Service, signed: &Signed, error: &(dyn std::error::Error + Sync)) -> Response {
    tracing::warn!(%error, "a page of the desk failed");
    let text = "This cannot be shown just now. Nothing was changed; load the page again.";
    let mut page = message("One moment", text, Some(("/desk", "Queue"))).for_user(service, signed, StatusCode::SERVICE_UNAVAILABLE).await;
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    page
}

/// No such conversation.
pub(super) async fn unknown(service: &Service, signed: &Signed, id: &ConversationId) -> Response {
    tracing::info!(user = %signed.login, conversation = %id, "an unknown conversation was asked for");
    no_id(service, signed).await
}

/// What was asked for is not even the id of a conversation: it may be anything, and is written nowhere.
pub(super) async fn no_id(service: &Service, signed: &Signed) -> Response {
    message("Not found", "There is no such conversation.", Some(("/desk", "Queue"))).for_user(service, signed, StatusCode::NOT_FOUND).await
}

/// Why an act was refused, and the status: 409 where the page was old, 422 where the act does not fit.
pub(super) fn why(
    refusal: &Refusal,
    conversation: &Conversation,
    escalations: &[EscalationPart],
    names: &Names,
    service: &Service,
) -> (StatusCode, String) {
    let taken = |login: &str| {
        let history = escalations.first().map_or(&[][..], |escalation| &escalation.history);
        let claimed = history
            .iter()
            .rev()
            .find(|row| matches!(row.change.as_str(), "claimed" | "transferred") && row.tracer.as_deref() == Some(login));
        match claimed {
            Some(row) => format!("{} took this {} ago.", names.of(login), signed::ago(row.at, service.clock().now())),
            None => format!("{} took this a moment ago.", names.of(login)),
        }
    };
    match (refusal, &conversation.holder) {
        (Refusal::HeldBy(tracer), _) => (StatusCode::CONFLICT, taken(tracer.as_str())),
        (Refusal::Stale { .. } | Refusal::NotYours, Holder::Tracer(tracer)) => (StatusCode::CONFLICT, taken(tracer.as_str())),
        (Refusal::Stale { .. }, Holder::Bot) => {
            (StatusCode::CONFLICT, "The assistant leads this conversation again: it changed after you opened the page.".to_owned())
        }
        (Refusal::Stale { .. }, Holder::Nobody) => {
            (StatusCode::CONFLICT, "This conversation changed after you opened the page.".to_owned())
        }
        (Refusal::NotYours, Holder::Bot | Holder::Nobody) => {
            (StatusCode::CONFLICT, "You do not hold this conversation. Claim it first.".to_owned())
        }
        (Refusal::NothingToDo, _) => (StatusCode::CONFLICT, "There was nothing to do: it is so already.".to_owned()),
        (Refusal::NotUnderstood, _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "These words are no answer to that question. Write it as the patient would.".to_owned())
        }
        (Refusal::OptedOut, _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "They have opted out: nothing may be sent to them. Call instead.".to_owned())
        }
        (Refusal::WindowShut, _) => {
            let text = "The window for free text is shut: your words were not sent. Call instead, or wait until they write.";
            (StatusCode::UNPROCESSABLE_ENTITY, text.to_owned())
        }
        (Refusal::SessionRuns | Refusal::TooManyWaiting | Refusal::NoSuchFlow, _) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "This cannot be done now.".to_owned())
        }
    }
}
