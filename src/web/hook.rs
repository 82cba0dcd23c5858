//! Webhooks: bytes of a provider in, 200 once all that they tell is kept.
//!
//! Each message of a batch is kept by itself. What is signed wrong is refused, what cannot be understood is noted and acknowledged, and
//! only where something could not be kept is the provider asked to come again.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use tokio::time::timeout;

use crate::{
    base::{Address, limit},
    channel::{self, Channel, Happening, Hook, Inbound},
    engine::{Event, EventKind},
    runtime::{Service, Target, TurnError},
};

/// Providers give up after 3 to 15 s; before that they are told to come again, and what runs goes on.
const DEADLINE: Duration = Duration::from_secs(2);
const RETRY_AFTER_S: u64 = 2;

/// `GET` and `POST /in/<channel>`.
pub(super) async fn inbound(State(service): State<Service>, Path(name): Path<String>, request: Request) -> Response {
    receive(&service, &name, request, Hook::Inbound).await
}

/// `POST /receipt/<channel>`.
pub(super) async fn receipt(State(service): State<Service>, Path(name): Path<String>, request: Request) -> Response {
    receive(&service, &name, request, Hook::Receipt).await
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
        // As a task, so that a provider who hangs up or a deadline does not end it half-way.
        Inbound::Happenings(happenings) => {
            let (kept_service, kept_channel) = (service.clone(), channel.clone());
            let keeping = tokio::spawn(async move { keep_all(&kept_service, &kept_channel, happenings).await });
            match timeout(DEADLINE, keeping).await {
                Ok(Ok(Ok(()))) => acknowledged(channel),
                Ok(Ok(Err(error))) => again(channel, &error),
                Ok(Err(_)) => counted(channel, "bug", StatusCode::INTERNAL_SERVER_ERROR),
                Err(_) => again(channel, &"the deadline passed"),
            }
        }
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
        service.join(&address, &alias).await?;
    }
    count(channel, "event");
    if let (Channel::Browser(_), EventKind::Message { content, .. }) = (channel, &event.kind) {
        let id = service.store().resolve(&address).await?;
        service.phones().typed(service, &id, &event, content).await?;
    }
    service.turn(Target::Address { address, channel: channel.name().to_owned() }, event).await.map(|_| ())
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
