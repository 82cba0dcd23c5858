//! Who is logged in: the session behind a cookie, and whether a form came from one of our pages.
//!
//! The cookie holds a random token; the store holds its hash with what is known, for as long as it is used: 15 minutes after the last
//! page that a person asked for, 12 hours at most. A user who is disabled, or whose password or second
//! factor is changed, is out with the next request, on every node.

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::pages;
use crate::{
    base::{Private, id::TracerId},
    records::{Auditing, RecordsError, User},
    runtime::Service,
    security::{
        role::{Permission, Role},
        token::{self, TokenHash},
    },
    store::StoreError,
};

const KIND: &str = "desk-session";
/// Seconds after the last page until one must log in again.
const IDLE_S: i64 = 15 * 60;
/// Seconds after which one must log in again in any case.
const WHOLE_S: i64 = 12 * 60 * 60;
/// Seconds within which the last use is not noted again.
const NOTED_S: i64 = 30;
/// The header by which the page's script asks for what is new: no use of the session.
pub(super) const LIVE: &str = "x-intake-live";

/// Who is logged in.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Their login: the tracer of their acts.
    pub login: TracerId,
    /// What patients are told.
    pub first_name: Private<String>,
    /// What they may do.
    pub role: Role,
    csrf: Private<String>,
    session: TokenHash,
}

/// What the store keeps of a session.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Kept {
    login: String,
    csrf: Private<String>,
    began_ms: i64,
    used_ms: i64,
    /// Whether they proved a second factor.
    second: bool,
    /// Over password and second factor: where either is changed, older sessions end.
    mark: TokenHash,
}

impl Signed {
    /// The token that every form of this session carries.
    pub fn csrf(&self) -> &str {
        self.csrf.reveal()
    }

    /// What else is kept for as long as this session, is kept by this.
    pub(super) fn key(&self) -> &str {
        self.session.as_hex()
    }

    /// Whether a form is one of this session's.
    pub fn has_sent(&self, csrf: &str) -> bool {
        self.csrf.reveal().as_bytes().ct_eq(csrf.as_bytes()).into()
    }

    /// The page that refuses, unless their role may do that.
    ///
    /// # Errors
    /// The refusal, as an answer.
    pub async fn may(&self, service: &Service, permission: Permission) -> Result<(), Response> {
        if self.role.may(permission) {
            return Ok(());
        }
        tracing::info!(user = %self.login, role = self.role.word(), ?permission, "refused at the desk");
        let text = "Your role does not allow this. If your work needs it, ask whoever runs this installation.";
        Err(pages::message("Not allowed", text, None).for_user(service, self, StatusCode::FORBIDDEN).await)
    }

    /// Adds a row to the audit.
    ///
    /// # Errors
    /// Where it cannot be written: what was to be audited must not go on.
    pub async fn audit(
        &self,
        service: &Service,
        action: &str,
        conversation: Option<&crate::base::id::ConversationId>,
        detail: &str,
    ) -> Result<(), RecordsError> {
        let (actor, role) = (self.login.as_str(), self.role.word());
        service.records().audit(Auditing { actor, role, action, conversation, detail }).await
    }

    /// Whether the session still holds: for streams that stay open.
    pub async fn still_holds(&self, service: &Service) -> bool {
        matches!(load(service, &self.session, false).await, Ok(Some(_)))
    }
}

/// Begins a session, with a second factor proved or without, and gives the cookie.
pub(in crate::web) async fn begin(service: &Service, user: &User, second: bool) -> Result<HeaderValue, StoreError> {
    let token = token::new(service.clock());
    let now_ms = service.clock().now().as_millisecond();
    let csrf = token::new(service.clock());
    let kept = Kept { login: user.login.0.clone(), csrf, began_ms: now_ms, used_ms: now_ms, second, mark: mark(user) };
    keep(service, &TokenHash::of(token.reveal()), &kept, IDLE_S).await?;
    Ok(cookie(service, name(service), token.reveal(), WHOLE_S))
}

fn mark(user: &User) -> TokenHash {
    let since = user.second.as_ref().map_or(0, |second| second.since.as_millisecond());
    TokenHash::of(&format!("{since} {}", user.password_hash.reveal()))
}

/// Ends a session; gives the cookie that takes the other's place.
pub(in crate::web) async fn end(service: &Service, signed: &Signed) -> Result<HeaderValue, StoreError> {
    service.store().drop_small(KIND, signed.session.as_hex()).await?;
    Ok(cookie(service, name(service), "", 0))
}

async fn keep(service: &Service, hash: &TokenHash, kept: &Kept, ttl_s: i64) -> Result<(), StoreError> {
    let value = serde_json::to_vec(kept).map_err(|error| StoreError::Configuration(error.to_string()))?;
    service.store().put_small(KIND, hash.as_hex(), &value, u64::try_from(ttl_s).unwrap_or(1)).await
}

async fn load(service: &Service, hash: &TokenHash, is_use: bool) -> Result<Option<Signed>, StoreError> {
    let Some(value) = service.store().small(KIND, hash.as_hex()).await? else { return Ok(None) };
    let Ok(mut kept) = serde_json::from_slice::<Kept>(&value) else { return Ok(None) };
    let now = service.clock().now();
    let age_s = |ms: i64| now.duration_since(Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH)).as_secs();
    let left_s = (WHOLE_S - age_s(kept.began_ms)).min(IDLE_S);
    if left_s <= 0 || age_s(kept.used_ms) >= IDLE_S {
        service.store().drop_small(KIND, hash.as_hex()).await?;
        return Ok(None);
    }
    let required = |user: &User| {
        Role::from_word(&user.role).is_some_and(|role| service.settings().desk.second_factor.is_required_of(role)) && !kept.second
    };
    let user = match service.records().user(&TracerId(kept.login.clone())).await {
        Ok(Some(user)) if user.disabled_at.is_none() && kept.mark == mark(&user) && !required(&user) => user,
        Ok(_) => {
            service.store().drop_small(KIND, hash.as_hex()).await?;
            return Ok(None);
        }
        Err(error) => return Err(StoreError::Unavailable(error.to_string())),
    };
    let Some(role) = Role::from_word(&user.role) else { return Ok(None) };
    if is_use && age_s(kept.used_ms) >= NOTED_S {
        kept.used_ms = now.as_millisecond();
        keep(service, hash, &kept, left_s).await?;
    }
    Ok(Some(Signed { login: user.login, first_name: user.first_name, role, csrf: kept.csrf, session: hash.clone() }))
}

impl OptionalFromRequestParts<Service> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Option<Self>, Response> {
        let Some(token) = cookie_value(&parts.headers, name(service)) else { return Ok(None) };
        let is_use = !parts.headers.contains_key(LIVE) && !parts.uri.path().ends_with("/events");
        load(service, &TokenHash::of(token), is_use).await.map_err(|error| {
            tracing::warn!(%error, "a desk session could not be looked up");
            pages::message("One moment", "The desk cannot be reached just now. Load the page again.", None)
                .bare(service, StatusCode::SERVICE_UNAVAILABLE)
        })
    }
}

impl FromRequestParts<Service> for Signed {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Response> {
        if let Some(signed) = <Self as OptionalFromRequestParts<Service>>::from_request_parts(parts, service).await? {
            return Ok(signed);
        }
        if parts.headers.contains_key(LIVE) || parts.uri.path().ends_with("/events") {
            return Err(StatusCode::UNAUTHORIZED.into_response());
        }
        let next = if parts.method == Method::GET { parts.uri.path_and_query().map_or("", |path| path.as_str()) } else { parts.uri.path() };
        let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        Err(Redirect::to(&format!("/desk/login?{query}")).into_response())
    }
}

/// Whether browsers reach it by https.
pub(in crate::web) fn is_https(service: &Service) -> bool {
    service.settings().server.public_url.starts_with("https://")
}

/// `__Host-` binds it to this host and to https; on plain http, of the demo, browsers refuse that prefix.
fn name(service: &Service) -> &'static str {
    if is_https(service) { "__Host-intake" } else { "intake" }
}

/// A cookie of the desk.
pub(in crate::web) fn cookie(service: &Service, name: &str, token: &str, max_age_s: i64) -> HeaderValue {
    let secure = if is_https(service) { "; Secure" } else { "" };
    let text = format!("{name}={token}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The value of a cookie, where the browser sent one.
pub(in crate::web) fn cookie_value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(found, value)| *found == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// Whether a browser says that a form came from a page of this host. Browsers name the origin of every form that is posted; what
/// names none is no browser, and holds no cookie that it did not get itself.
pub(in crate::web) fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text("origin"), text("host")) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from.eq_ignore_ascii_case(host)),
        (Some(_), None) => false,
    }
}

/// The time in words: how long ago something was.
pub(super) fn ago(from: Timestamp, now: Timestamp) -> String {
    let age = now.duration_since(from);
    if age < SignedDuration::from_mins(1) { format!("{} s", age.as_secs().max(0)) } else { crate::desk::clocks::since(from, now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| ((*name).parse::<header::HeaderName>().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn a_form_of_another_site_is_told_by_what_the_browser_says() {
        for (given, same) in [
            (headers(&[("host", "intake.example.org"), ("sec-fetch-site", "same-origin")]), true),
            (headers(&[("host", "intake.example.org"), ("sec-fetch-site", "same-site")]), false),
            (headers(&[("host", "intake.example.org"), ("sec-fetch-site", "cross-site"), ("origin", "https://intake.example.org")]), false),
            (headers(&[("host", "intake.example.org"), ("origin", "https://intake.example.org")]), true),
            (headers(&[("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")]), true),
            (headers(&[("host", "intake.example.org"), ("origin", "https://evil.example")]), false),
            (headers(&[("host", "intake.example.org"), ("origin", "null")]), false),
            (headers(&[("origin", "https://intake.example.org")]), false),
            (headers(&[("host", "intake.example.org")]), true),
        ] {
            assert_eq!(is_same_origin(&given), same, "{given:?}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let given = headers(&[("cookie", "a=1; intake=tok_en-1; b=2")]);
        assert_eq!(cookie_value(&given, "intake"), Some("tok_en-1"));
        assert_eq!(cookie_value(&given, "__Host-intake"), None);
        assert_eq!(cookie_value(&headers(&[("cookie", "intake=")]), "intake"), None);
    }
}
