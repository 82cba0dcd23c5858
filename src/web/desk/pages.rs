//! The pages' templates, compiled into the program, and the files they name.

use std::sync::LazyLock;

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use handlebars::Handlebars;
use serde_json::{Value, json};

use super::signed::Signed;
use crate::{
    desk::notices::{Situation, notices},
    runtime::Service,
    security::role::Permission,
};

/// Handlebars escapes everything by default; no template here turns that off.
static PAGES: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut pages = Handlebars::new();
    for (name, text) in [
        ("layout", include_str!("../../../templates/desk/layout.hbs")),
        ("hidden", include_str!("../../../templates/desk/hidden.hbs")),
        ("login", include_str!("../../../templates/desk/login.hbs")),
        ("code", include_str!("../../../templates/desk/code.hbs")),
        ("second", include_str!("../../../templates/desk/second.hbs")),
        ("second-offer", include_str!("../../../templates/desk/second-offer.hbs")),
        ("second-codes", include_str!("../../../templates/desk/second-codes.hbs")),
        ("message", include_str!("../../../templates/desk/message.hbs")),
        ("queue", include_str!("../../../templates/desk/queue.hbs")),
        ("conversation", include_str!("../../../templates/desk/conversation.hbs")),
        ("audit", include_str!("../../../templates/desk/audit.hbs")),
    ] {
        #[expect(clippy::expect_used, reason = "the templates are part of the program, and a test renders each")]
        pages.register_template_string(name, text).expect("a template of the desk is well formed");
    }
    pages
});

/// A page to be rendered.
#[derive(Debug)]
pub struct Page {
    /// The template's name.
    pub template: &'static str,
    /// What the browser shows as the title.
    pub title: String,
    /// Its data; an object.
    pub data: Value,
}

impl Page {
    /// The page as a tracer sees it: with notices, the count of those who wait, and the place in the feed from which to keep it up to
    /// date.
    pub async fn for_user(mut self, service: &Service, user: &Signed, status: StatusCode) -> Response {
        let feed = service.records().feed_newest().await.unwrap_or(0);
        let counts = service.records().queue_counts().await.unwrap_or_default();
        let sees_queue = user.role.may(Permission::SeeQueue);
        let n_waiting: u64 = if sees_queue { counts.iter().sum() } else { 0 };
        if n_waiting > 0 {
            self.title = format!("({n_waiting}) {}", self.title);
        }
        self.set("feed", json!(feed.to_string()));
        self.set("n_waiting", json!(n_waiting));
        self.set("notices", told(service, if sees_queue { counts.last().copied().unwrap_or(0) } else { 0 }).await);
        self.set(
            "user",
            json!({
                "first_name": user.first_name.reveal(),
                "role": user.role.word(),
                "csrf": user.csrf(),
                "sees_queue": sees_queue,
                "reads_audit": user.role.may(Permission::ReadAudit),
            }),
        );
        self.bare(service, status)
    }

    /// The page for somebody who is not logged in.
    pub fn bare(mut self, service: &Service, status: StatusCode) -> Response {
        self.set("agency", json!(service.settings().agency.name));
        let title = format!("{} · Intake desk", self.title);
        self.set("title", json!(title));
        match PAGES.render(self.template, &self.data) {
            Ok(html) => (status, Html(html)).into_response(),
            Err(error) => {
                tracing::error!(template = self.template, place = ?(error.line_no, error.column_no), "a page of the desk cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        if let Value::Object(data) = &mut self.data {
            data.insert(name.to_owned(), value);
        }
    }
}

async fn told(service: &Service, n_emergencies: u64) -> Value {
    let (settings, now) = (service.settings(), service.clock().now());
    let situation = Situation {
        hours: &settings.desk.hours,
        zone: &zone(service),
        n_on_call: settings.desk.on_call.len(),
        has_phone_line: settings.agency.phone_line.is_some(),
        store_answers: service.store().ping().await.is_ok(),
        lag_ms: service.behind_ms(),
        n_emergencies,
    };
    notices(&situation, now).iter().map(|notice| json!({ "weight": notice.weight.word(), "text": notice.text })).collect()
}

/// The agency's time zone: what pages show times in.
pub(super) fn zone(service: &Service) -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get(&service.settings().agency.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
}

/// A page that only says something.
pub fn message(heading: &str, text: &str, back: Option<(&str, &str)>) -> Page {
    let (back, back_text) = back.unzip();
    Page {
        template: "message",
        title: heading.to_owned(),
        data: json!({ "heading": heading, "text": text, "back": back, "back_text": back_text }),
    }
}

/// Style, script and icon.
pub async fn file(Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "desk.css" => ("text/css; charset=utf-8", include_str!("../../../templates/desk/desk.css")),
        "desk.js" => ("text/javascript; charset=utf-8", include_str!("../../../templates/desk/desk.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../../../templates/desk/icon.svg")),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "max-age=300")];
    (headers.map(|(name, value)| (name, HeaderValue::from_static(value))), text).into_response()
}
