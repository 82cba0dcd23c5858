//! `/phone`: a page that looks like a phone and texts as any number. Only where a `browser` channel is configured; never for patients.
//!
//! ```text
//! GET  /phone           which number, SMS or WhatsApp        POST /phone          opens one: a page under an unguessable token
//! GET  /phone/{token}   the phone                            POST /phone/{token}  something is sent, by the channel's own webhook
//! POST /phone/{token}/start    the department starts a flow here (`department`)
//! GET  /phone/{token}/screen   its messages as a part of the page     GET /phone/{token}/events   "look again", as server-sent events
//! ```
//! The page works without a script; with it, messages appear by themselves. Numbers stand in bodies only.

use std::{convert::Infallible, sync::LazyLock};

use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{
        Html, IntoResponse, Redirect, Response,
        sse::{Event as SseEvent, KeepAlive, Sse},
    },
    routing::{get, post},
};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use handlebars::Handlebars;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{department, hook};
use crate::{
    base::{Medium, limit},
    channel::{self, Channel, Hook},
    render::Shape,
    runtime::{
        Service,
        phones::{Bubble, Phone},
    },
    store::StoreError,
};

const SCRIPT: &str = include_str!("../../templates/phone/phone.js");
const STYLE: &str = include_str!("../../templates/phone/phone.css");

/// Fields of the phone's forms that go on to the channel as they are.
const SENT: [&str; 8] = ["id", "text", "tap", "card_name", "card_phone", "own_number", "picture", "reaction"];

#[expect(clippy::expect_used, reason = "the templates are part of the program; a test renders each")]
static PAGES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut pages = Handlebars::new();
    for (name, text) in [
        ("choose", include_str!("../../templates/phone/choose.hbs")),
        ("phone", include_str!("../../templates/phone/phone.hbs")),
        ("screen", include_str!("../../templates/phone/screen.hbs")),
    ] {
        pages.register_template_string(name, text).expect("the phone's templates are well formed");
    }
    pages
});

/// The routes.
pub(super) fn routes() -> Router<Service> {
    Router::new()
        .route("/phone", get(choose).post(open))
        .route("/phone/phone.js", get(|| async { fixed("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/phone/phone.css", get(|| async { fixed("text/css; charset=utf-8", STYLE) }))
        .route("/phone/{token}", get(page).post(send))
        .route("/phone/{token}/screen", get(screen))
        .route("/phone/{token}/events", get(events))
        .route("/phone/{token}/start", post(department::start))
}

fn fixed(kind: &'static str, text: &'static str) -> Response {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")], text).into_response()
}

/// Why a phone cannot be shown.
pub(super) enum NoPhone {
    /// No such token, or no `browser` channel.
    Unknown,
    /// The number is none.
    Number,
    /// The store does not answer.
    Store,
}

impl From<StoreError> for NoPhone {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "a phone's page cannot be shown");
        Self::Store
    }
}

impl IntoResponse for NoPhone {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::Unknown => (StatusCode::NOT_FOUND, "There is no such phone. Open one at /phone.\n"),
            Self::Number => {
                (StatusCode::UNPROCESSABLE_ENTITY, "This is no telephone number. Go back and write one such as +15550100777.\n")
            }
            Self::Store => (StatusCode::SERVICE_UNAVAILABLE, "The phone has no connection just now. Try again in a moment.\n"),
        };
        let mut response = (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
        }
        response
    }
}

fn browsers(service: &Service) -> Vec<(&str, Medium)> {
    let browser = |channel: &'_ Channel| matches!(channel, Channel::Browser(_));
    service.settings().channels.iter().filter(|channel| browser(channel)).map(|channel| (channel.name(), channel.medium())).collect()
}

async fn choose(State(service): State<Service>) -> Result<Response, NoPhone> {
    let looks: Vec<Value> = browsers(&service)
        .into_iter()
        .enumerate()
        .map(|(nth, (name, medium))| json!({ "channel": name, "look": look(medium), "first": nth == 0 }))
        .collect();
    if looks.is_empty() {
        return Err(NoPhone::Unknown);
    }
    // 555-0100 to 0199 are kept for fiction.
    let number = format!("+155501{:05}", service.clock().below(100_000));
    Ok(rendered("choose", &json!({ "looks": looks, "number": number })))
}

const fn look(medium: Medium) -> &'static str {
    match medium {
        Medium::WhatsApp => "WhatsApp",
        Medium::Sms | Medium::Voice | Medium::Email | Medium::Web => "SMS",
    }
}

#[derive(Deserialize)]
struct Opening {
    channel: String,
    number: String,
}

async fn open(State(service): State<Service>, Form(opening): Form<Opening>) -> Result<Redirect, NoPhone> {
    let channel = service.channel(&opening.channel).filter(|channel| matches!(channel, Channel::Browser(_))).ok_or(NoPhone::Unknown)?;
    let address = channel.address(&opening.number).ok_or(NoPhone::Number)?;
    let phone = Phone { channel: channel.name().to_owned(), address };
    let token = service.phones().open(&service, &phone).await?;
    Ok(Redirect::to(&format!("/phone/{token}")))
}

pub(super) async fn found(service: &Service, token: &str) -> Result<Phone, NoPhone> {
    if browsers(service).is_empty() {
        return Err(NoPhone::Unknown);
    }
    service.phones().of(service, token).await?.ok_or(NoPhone::Unknown)
}

async fn bubbles(service: &Service, phone: &Phone) -> Result<Vec<Bubble>, NoPhone> {
    let id = service.store().resolve(&phone.address).await?;
    let mut shown = service.phones().shown(service, &id).await?;
    shown.sort_by_key(|bubble| bubble.at_ms);
    Ok(shown)
}

async fn page(State(service): State<Service>, Path(token): Path<String>) -> Result<Response, NoPhone> {
    let phone = found(&service, &token).await?;
    let screen = screen_of(&service, &token, &phone).await?;
    let data = json!({
        "token": token,
        "number": phone.address.id.reveal(),
        "look": look(phone.address.medium),
        "whatsapp": phone.address.medium == Medium::WhatsApp,
        "agency": service.agency().name,
        "id": service.clock().new_id("tap"),
        "flows": department::flows(&service),
        "screen": screen,
    });
    Ok(rendered("phone", &data))
}

async fn screen(State(service): State<Service>, Path(token): Path<String>) -> Result<Html<String>, NoPhone> {
    let phone = found(&service, &token).await?;
    Ok(Html(screen_of(&service, &token, &phone).await?))
}

async fn screen_of(service: &Service, token: &str, phone: &Phone) -> Result<String, NoPhone> {
    let zone = jiff::tz::TimeZone::get(&service.agency().time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    let id = service.clock().new_id("tap");
    let shown = bubbles(service, phone).await?.into_iter().enumerate().map(|(nth, bubble)| {
        let at = jiff::Timestamp::from_millisecond(bubble.at_ms).unwrap_or_default().to_zoned_datetime(zone.clone());
        let (buttons, list, ask_contact) = match &bubble.shape {
            Shape::Text => (Vec::new(), Value::Null, false),
            Shape::Buttons(buttons) => {
                (buttons.iter().map(|button| json!({ "id": button.id, "title": button.title.reveal() })).collect(), Value::Null, false)
            }
            Shape::List { open, rows } => {
                let rows: Vec<Value> = rows
                    .iter()
                    .map(|row| json!({ "id": row.id, "title": row.title.reveal(), "description": row.description.reveal() }))
                    .collect();
                (Vec::new(), json!({ "open": open, "rows": rows }), false)
            }
            Shape::AskContact => (Vec::new(), Value::Null, true),
        };
        json!({
            "mine": bubble.mine,
            "time": format!("{:02}:{:02}", at.hour(), at.minute()),
            "text": bubble.text.reveal(),
            "buttons": buttons,
            "list": list,
            "ask_contact": ask_contact,
            "id": format!("{id}-{nth}"),
        })
    });
    let data = json!({ "token": token, "number": phone.address.id.reveal(), "bubbles": shown.collect::<Vec<_>>() });
    Ok(PAGES.render("screen", &data).unwrap_or_default())
}

/// Something is sent: given to the channel as its page would, so that a phone takes the same way as any provider.
async fn send(State(service): State<Service>, Path(token): Path<String>, body: Bytes) -> Result<Response, NoPhone> {
    if body.len() > limit::WEBHOOK_BODY_BYTES {
        return Ok(StatusCode::PAYLOAD_TOO_LARGE.into_response());
    }
    let phone = found(&service, &token).await?;
    let Some(Channel::Browser(browser)) = service.channel(&phone.channel) else { return Err(NoPhone::Unknown) };
    let mut fields: Map<String, Value> = form_urlencoded::parse(&body)
        .filter(|(name, _)| SENT.contains(&name.as_ref()))
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    if let Some(tap) = fields.get("tap").and_then(Value::as_str) {
        let title = title_of(&bubbles(&service, &phone).await?, tap);
        fields.insert("title".to_owned(), Value::String(title));
    }
    fields.insert("token".to_owned(), Value::String(browser.token.reveal().clone()));
    fields.insert("from".to_owned(), Value::String(phone.address.id.reveal().clone()));
    let request = channel::Request::new(Bytes::from(Value::Object(fields).to_string()));
    let channel = Channel::Browser(browser.clone());
    let answer = hook::deliver(&service, &channel, &request, Hook::Inbound).await;
    if answer.status().is_success() { Ok(Redirect::to(&format!("/phone/{token}")).into_response()) } else { Ok(answer) }
}

/// What stood on the button or row that was tapped; nothing where it is not on the screen any more.
fn title_of(shown: &[Bubble], tap: &str) -> String {
    for bubble in shown {
        let title = match &bubble.shape {
            Shape::Text | Shape::AskContact => None,
            Shape::Buttons(buttons) => buttons.iter().find(|button| button.id == tap).map(|button| &button.title),
            Shape::List { rows, .. } => rows.iter().find(|row| row.id == tap).map(|row| &row.title),
        };
        if let Some(title) = title {
            return title.reveal().clone();
        }
    }
    String::new()
}

async fn events(
    State(service): State<Service>,
    Path(token): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<SseEvent, Infallible>>>, NoPhone> {
    found(&service, &token).await?;
    let place = service.stream().ok_or(NoPhone::Store)?;
    let stop = service.stop().clone();
    let looks = stream::unfold((service.hints().feed(), place), |(mut feed, place)| async {
        feed.changed().await.ok()?;
        Some((Ok(SseEvent::default().event("look").data("again")), (feed, place)))
    });
    let until_stop = looks.take_until(async move { stop.asked().await });
    Ok(Sse::new(until_stop).keep_alive(KeepAlive::default()))
}

fn rendered(name: &str, data: &Value) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    match PAGES.render(name, data) {
        Ok(page) => (headers, page).into_response(),
        Err(error) => {
            tracing::error!(page = name, line = ?error.line_no, "a page of the phone cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
