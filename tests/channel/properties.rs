//! Whatever a provider, or somebody who stole its key, sends: no panic, and the signature is judged first.

use intake::{
    base::Medium,
    channel::{BrowserChannel, Channel, Hook, Inbound, canonical},
};
use proptest::{collection::vec, prelude::*};
use serde_json::{Map, Value, json};

use super::*;

/// Names that mean something to WhatsApp, so that random JSON gets past the first door.
const NAMES: [&str; 36] = [
    "object",
    "entry",
    "changes",
    "value",
    "field",
    "metadata",
    "phone_number_id",
    "contacts",
    "messages",
    "statuses",
    "from",
    "from_user_id",
    "wa_id",
    "user_id",
    "id",
    "timestamp",
    "type",
    "text",
    "body",
    "interactive",
    "button_reply",
    "button",
    "payload",
    "image",
    "location",
    "latitude",
    "longitude",
    "phones",
    "phone",
    "name",
    "origin",
    "edit",
    "message",
    "status",
    "errors",
    "code",
];
const WORDS: [&str; 14] = [
    "whatsapp_business_account",
    "messages",
    "text",
    "interactive",
    "contacts",
    "edit",
    "button",
    "location",
    "contact_request",
    "failed",
    "15550100777",
    "US.1",
    "1772442000",
    "",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        proptest::sample::select(&WORDS[..]).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((proptest::sample::select(&NAMES[..]), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())),
        ]
    })
}

fn delivery(messages: &[Value], statuses: &[Value], contacts: &[Value]) -> Value {
    let value = json!({ "messages": messages, "statuses": statuses, "contacts": contacts });
    json!({ "object": "whatsapp_business_account", "entry": [{ "changes": [{ "field": "messages", "value": value }] }] })
}

fn is_read(inbound: &Inbound) -> bool {
    matches!(inbound, Inbound::Happenings(_) | Inbound::Unreadable(_))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused_unsigned_and_survived_signed(bytes in vec(any::<u8>(), 0..200)) {
        let wa = whatsapp("1");
        let mut request = meta_request(&bytes);
        prop_assert!(is_read(&wa.receive(&request, PUBLIC_URL, now(), Hook::Inbound)));
        request.headers_mut().clear();
        prop_assert!(matches!(wa.receive(&request, PUBLIC_URL, now(), Hook::Inbound), Inbound::Refused));
        prop_assert!(matches!(twilio("+1555").receive(&request, PUBLIC_URL, now(), Hook::Inbound), Inbound::Refused));
        let browser = Channel::Browser(BrowserChannel { name: "phone".to_owned(), medium: Medium::Sms, token: "t".into() });
        let _ = browser.receive(&request, PUBLIC_URL, now(), Hook::Inbound);
    }

    #[test]
    fn random_json_is_survived(json in any_json(), parts in vec(any_json(), 0..4)) {
        let wa = whatsapp("1");
        for body in [json, delivery(&parts, &parts, &parts)] {
            prop_assert!(is_read(&wa.receive(&meta_request(body.to_string().as_bytes()), PUBLIC_URL, now(), Hook::Inbound)));
        }
    }

    #[test]
    fn a_message_with_a_sender_is_never_lost(part in any_json(), kind in proptest::sample::select(&WORDS[..]), id in "[a-z]{1,8}") {
        let mut message = json!({ "from": "15550100777", "id": id, "type": kind });
        message[kind] = part;
        if kind.is_empty() { message["type"] = Value::Null; }
        let Inbound::Happenings(happenings) = whatsapp("1").receive(
            &meta_request(delivery(&[message], &[], &[]).to_string().as_bytes()), PUBLIC_URL, now(), Hook::Inbound,
        ) else { panic!("a delivery is read") };
        let is_event = matches!(happenings.as_slice(), [Happening::Event { .. }, ..]);
        prop_assert!(is_event, "{happenings:?}");
    }

    #[test]
    fn a_random_form_is_survived(pairs in vec((proptest::sample::select(&["From", "Body", "MessageSid", "WaId", "MediaUrl0", "Latitude",
        "Longitude", "MessageStatus", "ErrorCode", "ButtonPayload", "x"][..]), any::<String>()), 0..8), receipt in any::<bool>()) {
        let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let hook = if receipt { Hook::Receipt } else { Hook::Inbound };
        prop_assert!(is_read(&twilio("+1555").receive(&twilio_request("/in/sms?m=%00", &form), PUBLIC_URL, now(), hook)));
    }

    #[test]
    fn an_address_made_canonical_stays_so(text in "\\PC{0,20}|[+]?[0-9]{1,16}|5[245][0-9]{8,12}|[A-Z]{2}\\.[0-9]{1,9}") {
        for medium in [Medium::Sms, Medium::WhatsApp, Medium::Email, Medium::Web] {
            if let Some(address) = canonical::address(medium, &text) {
                prop_assert_eq!(canonical::address(medium, address.id.reveal()), Some(address));
            }
        }
    }
}
