//! Meta's side of the wire: deliveries as it signs them, and what it is asked to send.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};

/// The secret that deliveries are signed with.
pub const SECRET: &str = "a-secret-of-tests";
/// Our number's id.
pub const NUMBER_ID: &str = "100000000000001";

/// `X-Hub-Signature-256` of a body.
pub fn sign(body: &str) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// A delivery of messages and statuses.
pub fn delivery(messages: Vec<Value>, statuses: Vec<Value>) -> String {
    let metadata = json!({ "display_phone_number": "15550100000", "phone_number_id": NUMBER_ID });
    let value = json!({ "messaging_product": "whatsapp", "metadata": metadata, "messages": messages, "statuses": statuses });
    let entry = json!([{ "id": "900", "changes": [{ "field": "messages", "value": value }] }]);
    json!({ "object": "whatsapp_business_account", "entry": entry }).to_string()
}

/// One text, from a number, a user id, or both.
pub fn text(id: &str, number: Option<&str>, user: Option<&str>, at_s: i64, words: &str) -> Value {
    let mut message = json!({ "id": id, "timestamp": at_s.to_string(), "type": "text", "text": { "body": words } });
    if let Some(number) = number {
        message["from"] = json!(number);
    }
    if let Some(user) = user {
        message["from_user_id"] = json!(user);
    }
    message
}

/// A word on a delivery that carries our token back.
pub fn status(id: &str, status: &str, token: &str, at_s: i64) -> Value {
    json!({ "id": id, "status": status, "timestamp": at_s.to_string(), "biz_opaque_callback_data": token })
}

/// Reads a request for sending: to whom, the words with what can be tapped, our token.
pub fn read(body: &[u8]) -> (String, String, String) {
    let asked: Value = serde_json::from_slice(body).expect("we send JSON");
    let to = asked.get("to").or_else(|| asked.get("recipient")).and_then(Value::as_str).expect("a recipient").to_owned();
    let token = asked["biz_opaque_callback_data"].as_str().expect("every message carries our token").to_owned();
    let words = ["/text/body", "/interactive/body/text", "/template/name"].iter().find_map(|path| asked.pointer(path));
    let mut words = words.and_then(Value::as_str).unwrap_or_default().to_owned();
    for (list, title) in [("/interactive/action/buttons", "/reply/title"), ("/interactive/action/sections/0/rows", "/title")] {
        for tap in asked.pointer(list).and_then(Value::as_array).into_iter().flatten() {
            words.push_str("\n[");
            words.push_str(tap.pointer(title).and_then(Value::as_str).unwrap_or_default());
            words.push(']');
        }
    }
    (to, words, token)
}
