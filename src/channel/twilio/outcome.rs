//! What came of sending a message through Twilio.

use serde_json::Value;

use super::codes;
use crate::channel::{Meaning, Outcome, Response, Transport, code_text, retry_after_s};

/// The outcome by kind. There is no idempotency key for sends, so what may have been taken is [`Outcome::Ambiguous`]: the status
/// callback that carries our token settles it.
pub fn outcome(result: Result<&Response, Transport>) -> Outcome {
    let response = match result {
        Ok(response) => response,
        Err(transport) => return transport.outcome(),
    };
    let body: Value = serde_json::from_slice(response.body()).unwrap_or(Value::Null);
    if response.status().is_success() {
        return taken(&body, response.status().as_u16());
    }
    let status = response.status().as_u16();
    let code = body.get("code").and_then(Value::as_u64);
    match code.and_then(codes::meaning).or_else(|| Meaning::of_status(status)) {
        Some(meaning) => meaning.outcome(code_text(code, status), retry_after_s(response)),
        None => Outcome::Ambiguous,
    }
}

/// A message that was taken, and perhaps refused at once.
fn taken(body: &Value, status: u16) -> Outcome {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let code = body.get("error_code").and_then(Value::as_u64);
    match (text("sid"), text("status")) {
        ("", _) => Outcome::Ambiguous,
        (_, "failed" | "undelivered" | "canceled") => Outcome::Failed {
            reason: code.and_then(codes::meaning).unwrap_or(Meaning::Passing).undeliverable(),
            code: code.map_or_else(|| text("status").to_owned(), |code| code_text(Some(code), status)),
        },
        (sid, _) => Outcome::Accepted { provider_id: sid.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::channel::Throttled;
    use crate::engine::event::Undeliverable;

    fn response(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).header("retry-after", "7").body(Bytes::from(body.to_owned())).unwrap()
    }

    #[test]
    fn an_answer_is_an_outcome_by_its_code_before_its_status() {
        let failed = |reason, code: &str| Outcome::Failed { reason, code: code.to_owned() };
        let retry = |code: &str| Outcome::Retry { after_s: Some(7), code: code.to_owned() };
        let too_many = |code: &str| Outcome::Throttled { who: Throttled::Sender, after_s: Some(7), code: code.to_owned() };
        for (status, body, expected) in [
            (201, r#"{"sid":"SM1","status":"queued","error_code":null}"#, Outcome::Accepted { provider_id: "SM1".to_owned() }),
            (201, r#"{"sid":"SM1","status":"failed","error_code":30005}"#, failed(Undeliverable::WrongNumber, "30005")),
            (201, "not json", Outcome::Ambiguous),
            (429, r#"{"code":20429,"status":429}"#, too_many("20429")),
            (429, "", too_many("http 429")),
            (500, r#"{"code":20500}"#, retry("20500")),
            (503, "<html>", retry("http 503")),
            (502, "<html>", Outcome::Ambiguous),
            (504, "", Outcome::Ambiguous),
            (400, r#"{"code":21610}"#, failed(Undeliverable::OptedOut, "21610")),
            (400, r#"{"code":21211}"#, failed(Undeliverable::WrongNumber, "21211")),
            (400, r#"{"code":63016}"#, failed(Undeliverable::WindowShut, "63016")),
            (400, r#"{"code":21617}"#, failed(Undeliverable::Content, "21617")),
            (400, r#"{"code":21655}"#, failed(Undeliverable::Content, "21655")),
            (401, r#"{"code":20003}"#, failed(Undeliverable::Configuration, "20003")),
            (403, "", failed(Undeliverable::Configuration, "http 403")),
            (400, r#"{"code":15550100001}"#, failed(Undeliverable::GaveUp, "http 400")),
            (201, r#"{"sid":"SM1","status":"failed","error_code":15550100001}"#, failed(Undeliverable::GaveUp, "http 201")),
            (400, r#"{"code":29999}"#, failed(Undeliverable::GaveUp, "29999")),
        ] {
            assert_eq!(outcome(Ok(&response(status, body))), expected, "{status} {body}");
        }
    }

    #[test]
    fn without_an_answer_only_what_left_is_in_doubt() {
        assert_eq!(outcome(Err(Transport::NotSent)), Outcome::Retry { after_s: None, code: "no connection".to_owned() });
        assert_eq!(outcome(Err(Transport::NoAnswer)), Outcome::Ambiguous);
    }
}
