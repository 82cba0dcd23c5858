//! Webhooks and what providers answer. What is well signed is decoded, whatever it holds; what is not is refused.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use intake::{
    base::Private,
    channel::{
        Channel, Happening, Hook, Inbound, Outcome, Request, Response, Speed, Templates, TwilioChannel, WhatsAppChannel, canonical,
        twilio::outcome::outcome as twilio_outcome, whatsapp::outcome::outcome as whatsapp_outcome,
    },
    engine::EventKind,
    security::signature::{META_HEADER, TWILIO_HEADER},
};
use jiff::Timestamp;

use super::choice;

const PUBLIC_URL: &str = "https://intake.test";
const SECRET: &str = "a-secret-of-tests";
const FORM: &str = "application/x-www-form-urlencoded";

fn twilio_channel(whatsapp: bool) -> Channel {
    Channel::Twilio(TwilioChannel {
        name: "main".to_owned(),
        account_sid: "AC00000000000000000000000000000000".to_owned(),
        auth_tokens: vec![Private::from(SECRET)],
        from: Some(if whatsapp { "whatsapp:+15550100000" } else { "+15550100000" }.to_owned()),
        messaging_service_sid: None,
        base_url: "https://api.twilio.com".to_owned(),
        templates: Templates::default(),
        speed: Speed::per_second(1),
        reconcile_s: 0,
    })
}

fn whatsapp_channel() -> Channel {
    Channel::WhatsApp(WhatsAppChannel {
        name: "main".to_owned(),
        phone_number_id: "100000000000001".to_owned(),
        app_secrets: vec![Private::from(SECRET)],
        verify_token: Private::from("verify"),
        access_token: Private::from("access"),
        base_url: "https://graph.facebook.com/v23.0".to_owned(),
        templates: Templates::default(),
        speed: Speed::of_whatsapp(),
    })
}

fn now() -> Timestamp {
    Timestamp::from_second(1_772_000_000).unwrap()
}

/// The signature of a form, made as Twilio makes it: names and values sorted, each pair once.
fn signed_by_twilio(url: &str, body: &[u8]) -> String {
    let mut pairs: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    pairs.sort();
    pairs.dedup();
    let pairs: String = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let mac = Hmac::<sha1::Sha1>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(url).chain_update(pairs);
    STANDARD.encode(mac.finalize().into_bytes())
}

fn signed_by_meta(body: &[u8]) -> String {
    let mac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap().chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

fn post(path: &str, content_type: &str, header: &'static str, signature: &[u8], body: &[u8]) -> Option<Request> {
    let request = http::Request::post(path).header("content-type", content_type).header(header, signature);
    request.body(Bytes::copy_from_slice(body)).ok()
}

/// A form of Twilio's: the first byte says by which path and to which medium.
pub fn twilio(bytes: &[u8]) {
    let Some((kind, body)) = choice(bytes, 4) else { return };
    let (hook, path) = if kind % 2 == 0 { (Hook::Inbound, "/in/main") } else { (Hook::Receipt, "/receipt/main?m=abc-0") };
    let channel = twilio_channel(kind >= 2);
    let signature = signed_by_twilio(&format!("{PUBLIC_URL}{path}"), body);
    let request = post(path, FORM, TWILIO_HEADER, signature.as_bytes(), body).unwrap();
    decoded(&channel, &request, hook);
}

/// A delivery of Meta's.
pub fn whatsapp(bytes: &[u8]) {
    let request = post("/in/main", "application/json", META_HEADER, signed_by_meta(bytes).as_bytes(), bytes).unwrap();
    decoded(&whatsapp_channel(), &request, Hook::Inbound);
}

/// What is well signed is never refused, says the same each time, and names only addresses in their one form.
fn decoded(channel: &Channel, request: &Request, hook: Hook) {
    let once = match channel.receive(request, PUBLIC_URL, now(), hook) {
        Inbound::Happenings(happenings) => happenings,
        Inbound::Unreadable(_) => return,
        Inbound::Challenge(_) | Inbound::Refused => panic!("what is well signed was refused"),
    };
    let Inbound::Happenings(twice) = channel.receive(request, PUBLIC_URL, now(), hook) else { panic!("it was decoded before") };
    assert_eq!(once, twice, "the same request is decoded otherwise the second time");
    for happening in &once {
        let Happening::Event { address, alias, event } = happening else { continue };
        for address in std::iter::once(address).chain(alias) {
            let again = canonical::address(address.medium, address.id.reveal());
            assert_eq!(again.as_ref(), Some(address), "an address has two forms");
        }
        assert_ne!(Some(address), alias.as_ref(), "an alias of itself");
        assert!(!event.id.as_str().is_empty(), "an event without an id");
        assert!(event.at <= now(), "an event of tomorrow");
        assert!(matches!(event.kind, EventKind::Message { .. }));
    }
}

/// A signature as anybody may send it: up to the first line break the header, the body after it. Then the right one, with a bit turned.
pub fn signature(bytes: &[u8]) {
    let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (given, body) = bytes.split_at(at);
    let body = body.strip_prefix(b"\n").unwrap_or_default();
    let refused = |channel: &Channel, header, content_type, signature: &[u8]| {
        post("/in/main", content_type, header, signature, body)
            .is_none_or(|request| matches!(channel.receive(&request, PUBLIC_URL, now(), Hook::Inbound), Inbound::Refused))
    };
    let both = [
        (twilio_channel(false), TWILIO_HEADER, FORM, signed_by_twilio(&format!("{PUBLIC_URL}/in/main"), body)),
        (whatsapp_channel(), META_HEADER, "application/json", signed_by_meta(body)),
    ];
    for (channel, header, content_type, right) in both {
        let mut turned = right.clone().into_bytes();
        let bit = usize::from(given.first().copied().unwrap_or_default()) + 256 * usize::from(given.get(1).copied().unwrap_or_default());
        let n_bytes = turned.len();
        turned[bit / 8 % n_bytes] ^= 1 << (bit % 8);
        assert!(!refused(&channel, header, content_type, right.as_bytes()), "a right signature was refused");
        assert!(refused(&channel, header, content_type, &turned), "a signature with a bit turned was taken");
        assert!(given == right.as_bytes() || refused(&channel, header, content_type, given), "a wrong signature was taken");
        assert!(refused(&channel, header, "text/plain", given), "a body of no form was taken unsigned");
    }
}

/// What a provider answers: two bytes of status, a line for `Retry-After`, the body.
pub fn outcome(bytes: &[u8]) {
    let Some((status, rest)) = bytes.split_first_chunk::<2>() else { return };
    let at = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (retry_after, body) = rest.split_at(at);
    let status = 100 + u16::from_be_bytes(*status) % 900;
    let response = http::Response::builder().status(status).header("retry-after", retry_after);
    let Ok(response): Result<Response, _> = response.body(Bytes::copy_from_slice(body.strip_prefix(b"\n").unwrap_or_default())) else {
        return;
    };
    for outcome in [twilio_outcome(Ok(&response)), whatsapp_outcome(Ok(&response))] {
        match outcome {
            Outcome::Accepted { provider_id } => {
                assert!((200..300).contains(&status), "taken by a {status}");
                assert!(!provider_id.is_empty(), "taken without an id");
            }
            // What a success says without an id may have been taken: it must not be sent again at once.
            Outcome::Retry { .. } | Outcome::Throttled { .. } | Outcome::Failed { .. } => {
                assert!(!(200..300).contains(&status), "a {status} taken for a refusal")
            }
            Outcome::Ambiguous => {}
        }
    }
}
