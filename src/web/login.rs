//! Logging in and out at the desk: the password. What may follow it is in `half`.
//!
//! Tries are counted by account and by address of the network, before the password is looked at; an account that does not exist is
//! counted and takes as long as one that does, and the answer is the same. Nobody is locked out for good.

use std::{
    net::SocketAddr,
    sync::{Arc, LazyLock},
};

use axum::{
    Form,
    extract::{ConnectInfo, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Semaphore;

use super::{
    desk::{
        Page, message,
        signed::{self, Signed},
    },
    half,
};
use crate::{
    base::{Private, id::TracerId},
    records::{Auditing, RecordsError, User},
    runtime::Service,
    security::{
        password::{self, PasswordHash},
        token::TokenHash,
    },
};

/// Tries for one account within [`WINDOW_S`].
const TRIES_OF_ACCOUNT: u64 = 10;
/// Tries from one address of the network within [`WINDOW_S`]: a whole desk may stand behind one.
const TRIES_OF_NETWORK: u64 = 100;
/// Seconds.
pub(super) const WINDOW_S: u64 = 15 * 60;
/// Passwords looked at at once: 17 ms of a core each. Logins may wait; webhooks must not.
const AT_ONCE: usize = 2;
/// Logins that may wait for that.
const WAITING: usize = 64;
/// Characters of a login name.
const LOGIN_CHARS: usize = 64;

static HASHING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
static ASKING: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(WAITING)));

const WRONG: &str = "The name or the password is not right.";
pub(super) const TOO_OFTEN: &str = "Too many tries. Wait a quarter of an hour and try again.";

/// Whatever kept somebody out: the store, the record, or a task that died.
pub(super) type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Where to go after.
#[derive(Debug, Deserialize)]
pub struct Next {
    #[serde(default)]
    pub(super) next: String,
}

/// What the form posts.
#[derive(Debug, Deserialize)]
pub struct Entering {
    login: String,
    password: Private<String>,
    #[serde(default)]
    next: String,
}

/// `GET /desk/login`
pub async fn form(State(service): State<Service>, signed: Option<Signed>, Query(next): Query<Next>) -> Response {
    if signed.is_some() { Redirect::to(inside(&next.next)).into_response() } else { shown(&service, StatusCode::OK, "", "", &next.next) }
}

/// `POST /desk/login`
pub async fn enter(State(service): State<Service>, request: Request) -> Response {
    let network = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(from)| from.ip().to_string());
    if !signed::is_same_origin(request.headers()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let Ok(Form(entering)) = <Form<Entering> as axum::extract::FromRequest<()>>::from_request(request, &()).await else {
        return shown(&service, StatusCode::UNPROCESSABLE_ENTITY, "Fill in both fields.", "", "");
    };
    let login = entering.login.trim();
    match admitted(&service, login, &entering.password, network.as_deref()).await {
        Ok(Admitted::Yes(user)) => entered(&service, &user, &entering.next).await.unwrap_or_else(|error| failed(&service, error.as_ref())),
        Ok(Admitted::No) => shown(&service, StatusCode::UNAUTHORIZED, WRONG, login, &entering.next),
        Ok(Admitted::TooOften) => shown(&service, StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN, login, &entering.next),
        Err(error) => failed(&service, error.as_ref()),
    }
}

/// After the right password: in, or on to the second factor.
async fn entered(service: &Service, user: &User, next: &str) -> Result<Response, AnyError> {
    let next = inside(next);
    if half::is_needed(service, user) {
        audited(service, Some(user), "gave the password").await?;
        let cookie = half::begin(service, user).await?;
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        return Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&format!("/desk/login/code?{query}"))).into_response());
    }
    audited(service, Some(user), "logged in").await?;
    let cookie = signed::begin(service, user, false).await?;
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(next)).into_response())
}

/// What the form of every page posts.
#[derive(Debug, Deserialize)]
pub struct Leaving {
    csrf: String,
}

/// `POST /desk/logout`
pub async fn leave(State(service): State<Service>, signed: Signed, headers: HeaderMap, Form(leaving): Form<Leaving>) -> Response {
    if !signed::is_same_origin(&headers) || !signed.has_sent(&leaving.csrf) {
        return StatusCode::FORBIDDEN.into_response();
    }
    if let Err(error) = signed.audit(&service, "logged out", None, "").await {
        tracing::warn!(%error, "a logout could not be audited");
    }
    match signed::end(&service, &signed).await {
        Ok(cookie) => ([(header::SET_COOKIE, cookie)], Redirect::to("/desk/login")).into_response(),
        Err(error) => failed(&service, &error),
    }
}

/// What came of a password.
pub(super) enum Admitted {
    /// It is this user's.
    Yes(Box<User>),
    /// It is not, or there is no such user.
    No,
    /// Nobody looked at it.
    TooOften,
}

/// Whether a password is a user's. A wrong one is audited; what follows from a right one is the caller's to audit.
pub(super) async fn admitted(
    service: &Service,
    login: &str,
    password: &Private<String>,
    network: Option<&str>,
) -> Result<Admitted, AnyError> {
    if login.is_empty() || login.chars().count() > LOGIN_CHARS {
        return Ok(Admitted::No);
    }
    let account = TokenHash::of(&login.to_lowercase());
    let mut too_often = service.store().count("login-account", account.as_hex(), WINDOW_S).await? > TRIES_OF_ACCOUNT;
    if let Some(network) = network {
        too_often |= service.store().count("login-network", TokenHash::of(network).as_hex(), WINDOW_S).await? > TRIES_OF_NETWORK;
    }
    let Ok(_asking) = ASKING.try_acquire() else { return Ok(Admitted::TooOften) };
    if too_often {
        metrics::counter!("intake_logins_total", "outcome" => "throttled").increment(1);
        return Ok(Admitted::TooOften);
    }
    let user = service.records().user(&TracerId(login.to_owned())).await?.filter(|user| user.disabled_at.is_none());
    let stored = user.as_ref().map(|user| PasswordHash::from_stored(user.password_hash.reveal().as_str()));
    let permit = HASHING.clone().acquire_owned().await?;
    let password = password.clone();
    let right = tokio::task::spawn_blocking(move || {
        let right = password::verify(&password, stored.as_ref());
        drop(permit);
        right
    })
    .await?;
    let outcome = if right { "right" } else { "wrong" };
    metrics::counter!("intake_logins_total", "outcome" => outcome).increment(1);
    match user {
        Some(user) if right => Ok(Admitted::Yes(Box::new(user))),
        user => {
            audited(service, user.as_ref(), "log-in refused").await?;
            Ok(Admitted::No)
        }
    }
}

/// What was typed as a name may be anything, a password too: only names of users are kept.
pub(super) async fn audited(service: &Service, user: Option<&User>, action: &str) -> Result<(), RecordsError> {
    let (actor, role) = user.map_or(("nobody", ""), |user| (user.login.as_str(), user.role.as_str()));
    service.records().audit(Auditing { actor, role, action, conversation: None, detail: "" }).await
}

fn shown(service: &Service, status: StatusCode, problem: &str, login: &str, next: &str) -> Response {
    let data = json!({ "problem": problem, "login": login, "next": inside(next) });
    Page { template: "login", title: "Log in".to_owned(), data }.bare(service, status)
}

/// The page where store or record do not answer.
pub(super) fn failed(service: &Service, error: &(dyn std::error::Error + 'static)) -> Response {
    tracing::warn!(%error, "a login failed for want of the store or the record");
    message("One moment", "The desk cannot be reached just now. Try again.", Some(("/desk/login", "Try again")))
        .bare(service, StatusCode::SERVICE_UNAVAILABLE)
}

/// A place within the desk; anything else leads to the queue.
pub(super) fn inside(next: &str) -> &str {
    let fits = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?']);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '?' | '=' | '&' | '-' | '_' | '.');
    match next.strip_prefix("/desk") {
        Some(rest) if fits(rest) && rest.chars().all(plain) && !rest.starts_with("/log") => next,
        Some(_) | None => "/desk",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_leads_only_to_places_of_the_desk() {
        for (next, to) in [
            ("/desk/0123?before=7", "/desk/0123?before=7"),
            ("/desk", "/desk"),
            ("//evil.example/desk", "/desk"),
            ("https://evil.example", "/desk"),
            ("/desk.evil.example", "/desk"),
            ("/desk/\r\nSet-Cookie: a=b", "/desk"),
            ("/desk/logout", "/desk"),
            ("", "/desk"),
        ] {
            assert_eq!(inside(next), to, "{next}");
        }
    }
}
