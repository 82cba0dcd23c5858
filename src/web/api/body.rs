//! Bodies of the API, and the key that makes a call one call.

use axum::{
    body::Bytes,
    extract::FromRequest,
    http::{HeaderMap, StatusCode},
};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::auth::Caller;
use crate::{base::EventId, runtime::Service, web::problem::Problem};

/// How long a key is remembered with its body, in seconds: callers retry within minutes.
const KEY_S: u64 = 24 * 3_600;
const KEY_CHARS: usize = 200;

/// A JSON body, read strictly: an unknown field is a mistake of the caller's.
#[derive(Debug)]
pub(super) struct Body<T> {
    pub value: T,
    pub bytes: Bytes,
}

impl<T: DeserializeOwned> FromRequest<Service> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: axum::extract::Request, service: &Service) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, service).await.map_err(|rejection| {
            let status = rejection.status();
            Problem::new(status, "malformed", "the body could not be read, or is larger than 1 MB")
        })?;
        // The message of serde names fields and kinds; it quotes a value only where an enum is misspelt, of which there are none here.
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => format!("the body does not fit: {}", without_values(&error.to_string())),
                serde_json::error::Category::Syntax | serde_json::error::Category::Eof | serde_json::error::Category::Io => {
                    format!("the body is no JSON at line {}, column {}", error.line(), error.column())
                }
            };
            Problem::malformed(what)
        })?;
        Ok(Self { value, bytes })
    }
}

/// The message without what the caller wrote: `invalid type: string "Ana", expected i16` loses its quotation.
fn without_values(message: &str) -> String {
    let mut out = String::new();
    for (nth, part) in message.split('"').enumerate() {
        out.push_str(if nth % 2 == 0 { part } else { "…" });
    }
    match out.split_once("invalid type: integer `").or_else(|| out.split_once("invalid value: integer `")) {
        Some((before, after)) => {
            let after = after.split_once('`').map_or("", |(_, after)| after);
            format!("{before}invalid number{after}")
        }
        None => out,
    }
}

/// The event id of a call: of its `Idempotency-Key`, or new where it has none.
///
/// # Errors
/// 400 for a key of another form, 422 for a key that came with another body before.
pub(super) async fn event_id(service: &Service, caller: &Caller, headers: &HeaderMap, bytes: &[u8]) -> Result<EventId, Problem> {
    let Some(key) = headers.get("idempotency-key") else { return Ok(service.clock().new_id("api").into()) };
    let key = key.to_str().map(str::trim).unwrap_or_default();
    if key.is_empty() || key.chars().count() > KEY_CHARS {
        return Err(Problem::malformed(format!("`Idempotency-Key` must have 1 to {KEY_CHARS} visible characters")));
    }
    let id = format!("api:{}:{key}", caller.name);
    let body = hex::encode(Sha256::digest(bytes));
    let before = service.store().small("api-key", &id).await?;
    match before {
        None => service.store().put_small("api-key", &id, body.as_bytes(), KEY_S).await?,
        Some(before) if before == body.as_bytes() => {}
        Some(_) => {
            let detail = "this `Idempotency-Key` came with another body before; take a new key for a new call";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "key-reused", detail));
        }
    }
    Ok(id.into())
}

#[cfg(test)]
mod tests {
    use super::without_values;

    #[test]
    fn what_the_caller_wrote_is_not_said_back() {
        for (message, expected) in [
            ("invalid type: string \"Ana\", expected i16 at line 1 column 9", "invalid type: string …, expected i16 at line 1 column 9"),
            ("invalid value: integer `70000`, expected i16", "invalid number, expected i16"),
            ("unknown field `flwo`, expected `flow`", "unknown field `flwo`, expected `flow`"),
        ] {
            assert_eq!(without_values(message), expected);
        }
    }
}
