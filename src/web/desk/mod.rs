//! The desk: pages for tracers. Whole without scripts; with them, kept up to date by server-sent events.
//!
//! ```text
//! GET  /desk                     the queue                       POST /desk/{conversation}      an act: claim, reply, hand back …
//! GET  /desk/{conversation}      one conversation                GET  /desk/events              what changed, by the record's feed
//! GET  /desk/login, POST         in                              POST /desk/logout              out
//! GET  /desk/login/code, POST    the code                        GET  /desk/second, POST       one's own second factor
//! POST /desk/find                the conversation of a number     POST /desk/{conversation}/erase
//! GET  /desk/audit               who saw or did what             GET  /desk/answers.csv         an export
//! ```
//! An act becomes an event for the engine and nothing else: this room decides nothing about a conversation. Who holds it, its epoch
//! and its open question are read from the live store; the transcript from the record. Every view is an audit record before it is shown.

mod act;
mod audit;
mod conversation;
mod erase;
mod events;
mod export;
mod find;
mod pages;
mod qr;
mod queue;
mod refused;
pub(super) mod second;
pub(super) mod signed;
mod view;
mod words;

use axum::{
    Router,
    http::{HeaderValue, header},
    routing::{get, post},
};
use tower_http::{limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer};

use super::{half, login};
use crate::{base::limit, runtime::Service};

pub(super) use pages::{Page, message};

/// The routes of the desk.
pub fn routes() -> Router<Service> {
    Router::new()
        .route("/desk", get(queue::show))
        .route("/desk/login", get(login::form).post(login::enter))
        .route("/desk/login/code", get(half::form).post(half::enter))
        .route("/desk/second", get(second::show).post(second::change))
        .route("/desk/logout", post(login::leave))
        .route("/desk/events", get(events::stream))
        .route("/desk/audit", get(audit::show))
        .route("/desk/answers.csv", get(export::answers))
        .route("/desk/static/{file}", get(pages::file))
        .route("/desk/find", post(find::find))
        .route("/desk/{conversation}/erase", post(erase::erase))
        .route("/desk/{conversation}", get(conversation::show).post(act::act))
        .layer(RequestBodyLimitLayer::new(limit::FORM_BODY_BYTES))
        // Forms of ours must carry their origin, which `no-referrer` would take away.
        .layer(SetResponseHeaderLayer::if_not_present(header::REFERRER_POLICY, HeaderValue::from_static("same-origin")))
}
