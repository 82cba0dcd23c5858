//! Webhooks: bytes of a provider in, 200 once all that they tell is kept.
//!
//! Each message of a batch is kept by itself. What is signed wrong is refused, what cannot be understood is noted and acknowledged, and
//! only where something could not be kept is the provider asked to come again.
//!
//! Most of all requests come here, so these routes stand before the layers of the others and do themselves what those would: a trace, the
//! headers, a bound on the time, and an answer where something panicked.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::timeout;

use super::{headers, panicked, trace};
use crate::{
    base::{Address, limit},
    channel::{self, Channel, Happening, Hook, Inbound},
    engine::{Event, EventKind},
    runtime::{Service, Target, TurnError},
};

/// Providers give up after 3 to 15 s; before that they are told to come again.
const DEADLINE: Duration = Duration::from_secs(2);
const RETRY_AFTER_S: u64 = 2;

/// The channel's name in the path, where it can be read.
type Name = Result<Path<String>, PathRejection>;

/// `GET` and `POST /in/<channel>`.
pub(super) async fn inbound(State(service): State<Service>, name: Name, request: Request) -> Response {
    answered(&service, name, request, Hook::Inbound).await
}

/// `POST /receipt/<channel>`.
pub(super) async fn receipt(State(service): State<Service>, name: Name, request: Request) -> Response {
    answered(&service, name, request, Hook::Receipt).await
}

/// Any other method on either.
pub(super) async fn no_such_method(State(service): State<Service>, request: Request) -> Response {
    let answer = async { (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, POST")]).into_response() };
    headers::with_ours(&service, trace::around(&service, request, |_| answer).await)
}

async fn answered(service: &Service, name: Name, request: Request, hook: Hook) -> Response {
    let answer = |request| async move {
        let Ok(Path(name)) = name else { return StatusCode::NOT_FOUND.into_response() };
        let received = AssertUnwindSafe(receive(service, &name, request, hook)).catch_unwind();
        match timeout(Duration::from_secs(limit::REQUEST_S), received).await {
            Ok(received) => received.unwrap_or_else(panicked),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    };
    headers::with_ours(service, trace::around(service, request, answer).await)
}

async fn receive(service: &Service, name: &str, request: Request, hook: Hook) -> Response {
    let Some(channel) = service.channel(name) else { return StatusCode::NOT_FOUND.into_response() };
    let (head, body) = request.into_parts();
    let bytes = match timeout(DEADLINE, axum::body::to_bytes(body, limit::WEBHOOK_BODY_BYTES)).await {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(_)) => return counted(channel, "too large", StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => return counted(channel, "slow", StatusCode::REQUEST_TIMEOUT),
    };
    let request = channel::Request::from_parts(head, bytes);
    deliver(service, channel, &request, hook).await
}

/// Takes one request of a provider to its end.
pub(super) async fn deliver(service: &Service, channel: &Channel, request: &channel::Request, hook: Hook) -> Response {
    let now = service.clock().now();
    match channel.receive(request, &service.settings().server.public_url, now, hook) {
        Inbound::Challenge(word) => ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], word).into_response(),
        Inbound::Refused => counted(channel, "refused", StatusCode::FORBIDDEN),
        Inbound::Unreadable(what) => match service.store().fault(channel.name(), what, now).await {
            Ok(()) => {
                tracing::warn!(channel = channel.name(), what, "a webhook could not be understood");
                count(channel, "unreadable");
                acknowledged(channel)
            }
            Err(error) => again(channel, &error),
        },
        // A provider who hangs up, or the deadline, ends it wherever it stands: a turn is kept at once or not at all, and what was not
        // acknowledged comes again.
        Inbound::Happenings(happenings) => match timeout(DEADLINE, keep_all(service, channel, happenings)).await {
            Ok(Ok(())) => acknowledged(channel),
            Ok(Err(error)) => again(channel, &error),
            Err(_) => again(channel, &"the deadline passed"),
        },
    }
}

/// Keeps every happening; goes on after one that failed, and tells of it.
async fn keep_all(service: &Service, channel: &Channel, happenings: Vec<Happening>) -> Result<(), TurnError> {
    let mut failed = None;
    for happening in happenings {
        let kept = match happening {
            Happening::Event { address, alias, event } => keep(service, channel, address, alias, event).await,
            Happening::Receipt(receipt) => {
                count(channel, "receipt");
                service.receipt(&receipt).await.map(|_| ())
            }
            Happening::Ignored(why) => {
                metrics::counter!("intake_webhooks_total", "channel" => channel.name().to_owned(), "outcome" => "ignored", "why" => why)
                    .increment(1);
                Ok(())
            }
        };
        match kept {
            // It is noted, and coming again would not help.
            Ok(()) | Err(TurnError::Bug(_) | TurnError::Unknown(_)) => {}
            Err(error @ (TurnError::Store(_) | TurnError::Busy(_) | TurnError::Overloaded)) => failed = Some(error),
        }
    }
    failed.map_or(Ok(()), Err)
}

async fn keep(service: &Service, channel: &Channel, address: Address, alias: Option<Address>, event: Event) -> Result<(), TurnError> {
    if let Some(alias) = alias {
        service.store().alias(&alias, &address).await?;
    }
    count(channel, "event");
    if let (Channel::Browser(_), EventKind::Message { content, .. }) = (channel, &event.kind) {
        let id = service.store().resolve(&address).await?;
        service.phones().typed(service, &id, &event, content).await?;
    }
    service.turn_within(Target::Address { address, channel: channel.name().to_owned() }, event).await.map(|_| ())
}

fn acknowledged(channel: &Channel) -> Response {
    let (head, body) = channel.acknowledgement().into_parts();
    Response::from_parts(head, Body::from(body))
}

fn again(channel: &Channel, error: &dyn std::fmt::Display) -> Response {
    tracing::warn!(channel = channel.name(), %error, "a webhook was not kept; the provider is asked to come again");
    let mut response = counted(channel, "again", StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    response
}

fn counted(channel: &Channel, outcome: &'static str, status: StatusCode) -> Response {
    count(channel, outcome);
    status.into_response()
}

fn count(channel: &Channel, outcome: &'static str) {
    metrics::counter!("intake_webhooks_total", "channel" => channel.name().to_owned(), "outcome" => outcome).increment(1);
}
