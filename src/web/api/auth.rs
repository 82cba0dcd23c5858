//! Who calls: a bearer token of `[api] tokens`, and what its role may do.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
};

use crate::{
    base::id::ConversationId,
    config::Token,
    records::Auditing,
    runtime::Service,
    security::{
        role::{Permission, Role},
        token::TokenHash,
    },
    web::problem::Problem,
};

/// A caller whose token is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The token's name, as the audit knows it.
    pub name: String,
    /// What it may do.
    pub role: Role,
}

impl Caller {
    /// Goes on only where the role allows it.
    pub fn must(&self, permission: Permission) -> Result<(), Problem> {
        if self.role.may(permission) {
            return Ok(());
        }
        let detail = format!("the token `{}` has the role `{}`, which may not do this", self.name, self.role.word());
        Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail))
    }

    /// Notes what is done. Where it cannot be noted it is not done.
    pub async fn audit(&self, service: &Service, action: &str, conversation: Option<&ConversationId>, detail: &str) -> Result<(), Problem> {
        let actor = format!("api:{}", self.name);
        let row = Auditing { actor: &actor, role: self.role.word(), action, conversation, detail };
        Ok(service.records().audit(row).await?)
    }
}

impl FromRequestParts<Service> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let unknown =
            || Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", "write `Authorization: Bearer` and a token of `[api] tokens`");
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(unknown)?;
        let (scheme, secret) = given.split_once(' ').ok_or_else(unknown)?;
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(unknown());
        }
        known(&service.settings().tokens, secret.trim()).ok_or_else(|| {
            metrics::counter!("intake_api_refused_total").increment(1);
            unknown()
        })
    }
}

/// The token of a secret; all are looked at, in constant time each.
fn known(tokens: &[Token], secret: &str) -> Option<Caller> {
    let mut found = None;
    for token in tokens {
        if TokenHash::of(token.secret.reveal()).matches(secret) {
            found = Some(Caller { name: token.name.clone(), role: token.role });
        }
    }
    found
}
