//! A conversation found by a number: for whoever calls in. The number stands in the form's body, never in an address.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    message, refused,
    signed::{self, Signed},
};
use crate::{base::Private, runtime::Service, security::role::Permission, web::api::to::To};

/// What the queue's form posts.
#[derive(Debug, Deserialize)]
pub struct Finding {
    csrf: String,
    channel: String,
    to: Private<String>,
}

/// `POST /desk/find`: to the conversation of an address. Its page writes the audit.
pub async fn find(State(service): State<Service>, signed: Signed, headers: HeaderMap, Form(form): Form<Finding>) -> Response {
    if let Err(refusal) = signed.may(&service, Permission::ReadConversation).await {
        return refusal;
    }
    let back = Some(("/desk", "Queue"));
    if !signed::is_same_origin(&headers) || !signed.has_sent(&form.csrf) {
        let text = "The page was too old, or came from elsewhere. Load the queue again.";
        return message("Not done", text, back).for_user(&service, &signed, StatusCode::FORBIDDEN).await;
    }
    let to = To { channel: form.channel, to: form.to };
    let Ok((address, _)) = to.address(&service) else {
        let text = "This is no telephone number. Write it with its country code, as in +15550100777.";
        return message("Not found", text, back).for_user(&service, &signed, StatusCode::UNPROCESSABLE_ENTITY).await;
    };
    let found = async {
        let id = service.store().resolve(&address).await?;
        Ok::<_, crate::store::StoreError>(service.store().living(&id).await?.map(|_| id))
    };
    match found.await {
        Ok(Some(id)) => Redirect::to(&format!("/desk/{id}")).into_response(),
        Ok(None) => {
            let text = "Nobody has written from this number or been written to at it.";
            message("Not found", text, back).for_user(&service, &signed, StatusCode::NOT_FOUND).await
        }
        Err(error) => refused::unavailable(&service, &signed, &error).await,
    }
}
