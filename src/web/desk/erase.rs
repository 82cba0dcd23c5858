//! Erasing a conversation from its page. Supervisors and admins, with a box ticked by hand.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    pages::message,
    refused,
    signed::{self, Signed},
};
use crate::{
    base::id::ConversationId,
    runtime::{
        Service,
        erase::{Erased, Erasing},
    },
    security::role::Permission,
};

/// What the form posts.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    sure: String,
}

/// `POST /desk/{conversation}/erase`
pub(super) async fn erase(
    State(service): State<Service>,
    signed: Signed,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(asked): Form<Asked>,
) -> Response {
    if let Err(refusal) = signed.may(&service, Permission::Erase).await {
        return refusal;
    }
    let Some(id) = ConversationId::parse(&id) else { return refused::no_id(&service, &signed).await };
    let page = format!("/desk/{id}");
    if !signed::is_same_origin(&headers) || !signed.has_sent(&asked.csrf) {
        let text = "The page was too old, or came from elsewhere. Nothing was erased.";
        return message("Not done", text, Some((&page, "Open it again"))).for_user(&service, &signed, StatusCode::FORBIDDEN).await;
    }
    if asked.sure != "yes" {
        let text = "Nothing was erased: tick the box to say that you are sure.";
        return message("Not done", text, Some((&page, "Back"))).for_user(&service, &signed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let erasing = Erasing { actor: signed.login.as_str(), role: signed.role.word(), action: "erased", quiet_since: None };
    match service.erase(&id, erasing).await {
        Ok(Erased::Done | Erased::NotQuiet) => Redirect::to("/desk").into_response(),
        Ok(Erased::Unknown) => refused::unknown(&service, &signed, &id).await,
        Err(error) => refused::unavailable(&service, &signed, &error).await,
    }
}
