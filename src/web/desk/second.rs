//! A user's own second factor: setting it up, new recovery codes, taking it away.
//!
//! `GET /desk/second`, `POST /desk/second` with `do` = `offer` (needs the password), `confirm`, `codes`, `remove` (need a code). What
//! is secret is shown once. Each change ends the user's other sessions.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    pages::Page,
    qr,
    signed::{self, Signed},
};
use crate::{
    base::Private,
    records::User,
    runtime::Service,
    security::second::Second,
    web::{
        half::{self, Proved},
        login::{self, Admitted, AnyError, TOO_OFTEN, audited, failed},
    },
};

const KIND: &str = "desk-offer";
/// Seconds within which what was offered must be confirmed.
const OFFER_S: u64 = 10 * 60;
const PATH: &str = "/desk/second";

/// What the forms post.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    csrf: String,
    r#do: String,
    #[serde(default)]
    code: Private<String>,
    #[serde(default)]
    password: Private<String>,
}

/// Gives a user a second factor for good: the recovery codes, to be shown once.
pub(in crate::web) async fn set_up(service: &Service, user: &mut User, second: Second) -> Result<Vec<Private<String>>, AnyError> {
    let (second, codes) = second.with_new_recovery(service.clock());
    service.records().set_second(&user.login, Some(&second)).await?;
    user.second = Some(second);
    audited(service, Some(user), "set up a second factor").await?;
    Ok(codes)
}

/// The page that shows the secret and asks for a first code. `hidden` carries where the form goes and what goes with it.
pub(in crate::web) fn offer(service: &Service, login: &str, second: &Second, mut hidden: Value) -> Page {
    let link = second.link(&service.settings().agency.name, login);
    if let Value::Object(data) = &mut hidden {
        data.insert("secret".to_owned(), json!(second.secret_text()));
        data.insert("square".to_owned(), json!(qr::square(link.reveal())));
        data.insert("link".to_owned(), json!(link));
    }
    Page { template: "second-offer", title: "Set up a second factor".to_owned(), data: hidden }
}

/// The page that shows recovery codes, once.
pub(in crate::web) fn codes(service: &Service, codes: &[Private<String>], next: &str) -> Response {
    let data = json!({ "codes": codes, "next": next });
    Page { template: "second-codes", title: "Recovery codes".to_owned(), data }.bare(service, StatusCode::OK)
}

/// `GET /desk/second`
pub(super) async fn show(State(service): State<Service>, signed: Signed) -> Response {
    page(&service, &signed, StatusCode::OK, "").await.unwrap_or_else(|error| failed(&service, error.as_ref()))
}

/// `POST /desk/second`
pub(super) async fn change(State(service): State<Service>, signed: Signed, headers: HeaderMap, Form(asked): Form<Asked>) -> Response {
    if !signed::is_same_origin(&headers) || !signed.has_sent(&asked.csrf) {
        return StatusCode::FORBIDDEN.into_response();
    }
    changed(&service, &signed, &asked).await.unwrap_or_else(|error| failed(&service, error.as_ref()))
}

async fn changed(service: &Service, signed: &Signed, asked: &Asked) -> Result<Response, AnyError> {
    let Some(mut user) = service.records().user(&signed.login).await? else { return Ok(Redirect::to("/desk/login").into_response()) };
    match (asked.r#do.as_str(), user.second.clone()) {
        ("offer", None) => match login::admitted(service, user.login.as_str(), &asked.password, None).await? {
            Admitted::Yes(_) => {
                let (second, _) = Second::new(service.clock());
                service.store().put_small(KIND, signed.key(), &serde_json::to_vec(&second)?, OFFER_S).await?;
                Ok(offered(service, signed, &second, StatusCode::OK, "").await)
            }
            Admitted::No => page(service, signed, StatusCode::UNAUTHORIZED, "The password is not right.").await,
            Admitted::TooOften => page(service, signed, StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN).await,
        },
        ("confirm", None) => {
            let Some(kept) = service.store().small(KIND, signed.key()).await? else { return Ok(Redirect::to(PATH).into_response()) };
            let second: Second = serde_json::from_slice(&kept)?;
            match half::proved(service, &user, &second, asked.code.reveal()).await? {
                Proved::Yes => {
                    service.store().drop_small(KIND, signed.key()).await?;
                    let told = set_up(service, &mut user, second).await?;
                    Ok(anew(service, signed, &user, codes(service, &told, PATH)).await?)
                }
                Proved::No => Ok(offered(service, signed, &second, StatusCode::UNAUTHORIZED, half::WRONG).await),
                Proved::TooOften => Ok(offered(service, signed, &second, StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN).await),
            }
        }
        (what @ ("codes" | "remove"), Some(second)) => match half::proved(service, &user, &second, asked.code.reveal()).await? {
            Proved::Yes if what == "codes" => {
                let (second, told) = second.with_new_recovery(service.clock());
                service.records().set_second(&user.login, Some(&second)).await?;
                signed.audit(service, "made new recovery codes", None, "").await?;
                Ok(codes(service, &told, PATH))
            }
            Proved::Yes => {
                service.records().set_second(&user.login, None).await?;
                user.second = None;
                signed.audit(service, "took their second factor away", None, "").await?;
                Ok(anew(service, signed, &user, Redirect::to(PATH).into_response()).await?)
            }
            Proved::No => page(service, signed, StatusCode::UNAUTHORIZED, half::WRONG).await,
            Proved::TooOften => page(service, signed, StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN).await,
        },
        // A page that was left open while something changed.
        _ => Ok(Redirect::to(PATH).into_response()),
    }
}

/// The answer with a session of its own: the change ended all others.
async fn anew(service: &Service, signed: &Signed, user: &User, answer: Response) -> Result<Response, AnyError> {
    signed::end(service, signed).await?;
    let cookie = signed::begin(service, user, user.second.is_some()).await?;
    Ok(([(header::SET_COOKIE, cookie)], answer).into_response())
}

async fn offered(service: &Service, signed: &Signed, second: &Second, status: StatusCode, problem: &str) -> Response {
    let hidden = json!({ "action": PATH, "csrf": signed.csrf(), "problem": problem, "is_required": false });
    offer(service, signed.login.as_str(), second, hidden).for_user(service, signed, status).await
}

async fn page(service: &Service, signed: &Signed, status: StatusCode, problem: &str) -> Result<Response, AnyError> {
    let user = service.records().user(&signed.login).await?;
    let second = user.and_then(|user| user.second.clone());
    let data = json!({
        "problem": problem,
        "csrf": signed.csrf(),
        "n_recovery": second.as_ref().map(Second::n_recovery),
        "has_second": second.is_some(),
        "is_required": service.settings().desk.second_factor.is_required_of(signed.role),
    });
    Ok(Page { template: "second", title: "Second factor".to_owned(), data }.for_user(service, signed, status).await)
}
