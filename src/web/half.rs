//! Between the right password and the session: the second factor.
//!
//! ```text
//! GET  /desk/login/code    asks for a code, or, where one is required and there is none yet, sets one up
//! POST /desk/login/code    the code
//! ```
//! Who has given the password holds a cookie of its own for ten minutes, which opens nothing else. Codes are counted by account like
//! passwords; each counts once, over all nodes.

use axum::{
    Form,
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{AppendHeaders, IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    desk::{Page, second as pages, signed},
    login::{AnyError, Next, TOO_OFTEN, WINDOW_S, audited, failed, inside},
};
use crate::{
    base::{Private, id::TracerId},
    records::User,
    runtime::Service,
    security::{
        role::Role,
        second::{COUNTS_S, Proof, Second},
        token::{self, TokenHash},
    },
};

const KIND: &str = "desk-half";
/// Seconds between the password and the code: time to install an app.
const HALF_S: i64 = 10 * 60;
/// Codes of one account within a quarter of an hour: six digits, of which three count at a time.
const TRIES: u64 = 5;
/// What a wrong code is told.
pub(super) const WRONG: &str = "That code is not right, or was used already. Wait for the next one and try again.";

/// What the store keeps of somebody who has given their password.
#[derive(Debug, Serialize, Deserialize)]
struct Half {
    login: String,
    /// What they are about to set up.
    offered: Option<Second>,
}

/// What came of a code.
pub(super) enum Proved {
    /// It counts, now and never again.
    Yes,
    /// It is none, or was used.
    No,
    /// Nobody looked at it.
    TooOften,
}

/// What the form posts.
#[derive(Debug, Deserialize)]
pub(super) struct Proving {
    code: Private<String>,
    #[serde(default)]
    next: String,
}

/// Whether a password is not enough.
pub(super) fn is_needed(service: &Service, user: &User) -> bool {
    let required = |role| service.settings().desk.second_factor.is_required_of(role);
    user.second.is_some() || Role::from_word(&user.role).is_some_and(required)
}

/// Remembers that the password was right, and gives the cookie.
pub(super) async fn begin(service: &Service, user: &User) -> Result<HeaderValue, AnyError> {
    let token = token::new(service.clock());
    keep(service, token.reveal(), &Half { login: user.login.0.clone(), offered: None }).await?;
    Ok(signed::cookie(service, name(service), token.reveal(), HALF_S))
}

/// Whether a code proves that a user has their second factor. A wrong one is audited.
pub(super) async fn proved(service: &Service, user: &User, second: &Second, typed: &str) -> Result<Proved, AnyError> {
    let account = TokenHash::of(user.login.as_str());
    if service.store().count("login-code", account.as_hex(), WINDOW_S).await? > TRIES {
        metrics::counter!("intake_logins_total", "outcome" => "throttled").increment(1);
        return Ok(Proved::TooOften);
    }
    let counts = match second.proof(typed, service.clock().now()) {
        // Counted up by whoever comes first, on whatever node.
        Some(Proof::Step(step)) => service.store().count("login-step", &format!("{step} {}", user.login), COUNTS_S).await? == 1,
        Some(Proof::Recovery(code)) => {
            let left = service.records().use_recovery(&user.login, &code).await?;
            if left {
                audited(service, Some(user), "used a recovery code").await?;
            }
            left
        }
        None => false,
    };
    if counts {
        return Ok(Proved::Yes);
    }
    metrics::counter!("intake_logins_total", "outcome" => "wrong code").increment(1);
    audited(service, Some(user), "code refused").await?;
    Ok(Proved::No)
}

/// `GET /desk/login/code`
pub(super) async fn form(State(service): State<Service>, headers: HeaderMap, Query(next): Query<Next>) -> Response {
    let page = async {
        let Some((token, half, user)) = found(&service, &headers).await? else { return Ok(Redirect::to("/desk/login").into_response()) };
        asked(&service, &token, half, &user, StatusCode::OK, "", &next.next).await
    };
    page.await.unwrap_or_else(|error: AnyError| failed(&service, error.as_ref()))
}

/// `POST /desk/login/code`
pub(super) async fn enter(State(service): State<Service>, headers: HeaderMap, Form(proving): Form<Proving>) -> Response {
    if !signed::is_same_origin(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let entered = async {
        let Some((token, half, user)) = found(&service, &headers).await? else { return Ok(Redirect::to("/desk/login").into_response()) };
        let second = user.second.clone().or_else(|| half.offered.clone());
        let Some(second) = second else { return Ok(Redirect::to("/desk/login/code").into_response()) };
        let (status, problem) = match proved(&service, &user, &second, proving.code.reveal()).await? {
            Proved::Yes => return admitted(&service, &token, user, second, &proving.next).await,
            Proved::No => (StatusCode::UNAUTHORIZED, WRONG),
            Proved::TooOften => (StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN),
        };
        asked(&service, &token, half, &user, status, problem, &proving.next).await
    };
    entered.await.unwrap_or_else(|error: AnyError| failed(&service, error.as_ref()))
}

async fn admitted(service: &Service, token: &str, mut user: User, second: Second, next: &str) -> Result<Response, AnyError> {
    service.store().drop_small(KIND, TokenHash::of(token).as_hex()).await?;
    let gone = (header::SET_COOKIE, signed::cookie(service, name(service), "", 0));
    if user.second.is_some() {
        audited(service, Some(&user), "logged in").await?;
        let cookie = (header::SET_COOKIE, signed::begin(service, &user, true).await?);
        return Ok((AppendHeaders([gone, cookie]), Redirect::to(inside(next))).into_response());
    }
    let codes = pages::set_up(service, &mut user, second).await?;
    audited(service, Some(&user), "logged in").await?;
    let cookie = (header::SET_COOKIE, signed::begin(service, &user, true).await?);
    Ok((AppendHeaders([gone, cookie]), pages::codes(service, &codes, inside(next))).into_response())
}

/// The page that asks: for a code, or to set up what will show one.
async fn asked(
    service: &Service,
    token: &str,
    half: Half,
    user: &User,
    status: StatusCode,
    problem: &str,
    next: &str,
) -> Result<Response, AnyError> {
    let next = inside(next);
    if user.second.is_some() {
        let data = json!({ "problem": problem, "next": next });
        return Ok(Page { template: "code", title: "Your code".to_owned(), data }.bare(service, status));
    }
    let second = match half.offered {
        Some(offered) => offered,
        None => {
            let (second, _) = Second::new(service.clock());
            keep(service, token, &Half { login: half.login, offered: Some(second.clone()) }).await?;
            second
        }
    };
    let hidden = json!({ "action": "/desk/login/code", "next": next, "problem": problem, "is_required": true });
    Ok(pages::offer(service, user.login.as_str(), &second, hidden).bare(service, status))
}

async fn found(service: &Service, headers: &HeaderMap) -> Result<Option<(String, Half, User)>, AnyError> {
    let Some(token) = signed::cookie_value(headers, name(service)) else { return Ok(None) };
    let Some(kept) = service.store().small(KIND, TokenHash::of(token).as_hex()).await? else { return Ok(None) };
    let half: Half = serde_json::from_slice(&kept)?;
    let user = service.records().user(&TracerId(half.login.clone())).await?.filter(|user| user.disabled_at.is_none());
    Ok(user.map(|user| (token.to_owned(), half, user)))
}

async fn keep(service: &Service, token: &str, half: &Half) -> Result<(), AnyError> {
    let ttl_s = u64::try_from(HALF_S).unwrap_or(1);
    Ok(service.store().put_small(KIND, TokenHash::of(token).as_hex(), &serde_json::to_vec(half)?, ttl_s).await?)
}

fn name(service: &Service) -> &'static str {
    if signed::is_https(service) { "__Host-intake-half" } else { "intake-half" }
}
