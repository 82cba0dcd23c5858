//! What came of sending a message by the Cloud API.

use serde_json::Value;

use super::codes;
use crate::channel::{Meaning, Outcome, Response, Transport, code_text, retry_after_s};

/// The outcome by kind. What may have been taken is [`Outcome::Ambiguous`]: a status that carries our token settles it.
pub fn outcome(result: Result<&Response, Transport>) -> Outcome {
    let response = match result {
        Ok(response) => response,
        Err(transport) => return transport.outcome(),
    };
    let body: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    if response.status().is_success() {
        return match body.pointer("/messages/0/id").and_then(Value::as_str) {
            Some(id) if !id.is_empty() => Outcome::Accepted { provider_id: id.to_owned() },
            Some(_) | None => Outcome::Ambiguous,
        };
    }
    let status = response.status().as_u16();
    let code = body.pointer("/error/code").and_then(Value::as_i64);
    let passing = body.pointer("/error/is_transient").and_then(Value::as_bool) == Some(true);
    let meaning = code.and_then(codes::meaning).or(if passing { Some(Meaning::Passing) } else { Meaning::of_status(status) });
    match meaning {
        Some(meaning) => {
            let code = code_text(code.and_then(|code| u64::try_from(code).ok()), status);
            meaning.outcome(code, retry_after_s(response))
        }
        None => Outcome::Ambiguous,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::channel::Throttled;
    use crate::engine::event::Undeliverable;

    #[test]
    fn an_answer_is_an_outcome_by_its_code_before_its_status() {
        let failed = |reason, code: &str| Outcome::Failed { reason, code: code.to_owned() };
        let retry = |code: &str| Outcome::Retry { after_s: None, code: code.to_owned() };
        let too_many = |who, code: &str| Outcome::Throttled { who, after_s: None, code: code.to_owned() };
        for (status, body, expected) in [
            (200, r#"{"messages":[{"id":"wamid.1"}]}"#, Outcome::Accepted { provider_id: "wamid.1".to_owned() }),
            (200, r#"{"messages":[{"id":"wamid.1","message_status":"paused"}]}"#, Outcome::Accepted { provider_id: "wamid.1".to_owned() }),
            (200, "{}", Outcome::Ambiguous),
            (400, r#"{"error":{"code":131047}}"#, failed(Undeliverable::WindowShut, "131047")),
            (400, r#"{"error":{"code":131026}}"#, failed(Undeliverable::WrongNumber, "131026")),
            (400, r#"{"error":{"code":131050}}"#, failed(Undeliverable::OptedOut, "131050")),
            (400, r#"{"error":{"code":131056}}"#, too_many(Throttled::Pair, "131056")),
            (400, r#"{"error":{"code":130429}}"#, too_many(Throttled::Sender, "130429")),
            (500, r#"{"error":{"code":131000}}"#, retry("131000")),
            (404, r#"{"error":{"code":132001}}"#, failed(Undeliverable::Content, "132001")),
            (401, r#"{"error":{"code":190}}"#, failed(Undeliverable::Configuration, "190")),
            (400, r#"{"error":{"code":131049}}"#, failed(Undeliverable::GaveUp, "131049")),
            (400, r#"{"error":{"code":999999,"is_transient":true}}"#, retry("999999")),
            (400, r#"{"error":{"code":15550100001}}"#, failed(Undeliverable::GaveUp, "http 400")),
            (503, "", retry("http 503")),
            (502, "", Outcome::Ambiguous),
        ] {
            let response = http::Response::builder().status(status).body(Bytes::from(body)).unwrap();
            assert_eq!(outcome(Ok(&response)), expected, "{status} {body}");
        }
        assert_eq!(outcome(Err(Transport::NoAnswer)), Outcome::Ambiguous);
        assert_eq!(outcome(Err(Transport::NotSent)), retry("no connection"));
    }
}
