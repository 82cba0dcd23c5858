//! The vendors' signature vectors: from Twilio's own libraries, and a live delivery of Meta's.

use http::HeaderMap;
use intake::security::signature::{self, TwilioBody};
use serde_json::Value;

use super::samples;

fn header(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(http::HeaderName::from_static(name), value.parse().unwrap())])
}

fn pairs(parameters: &Value) -> Vec<(String, String)> {
    let pairs = parameters.as_object().unwrap().iter();
    pairs.flat_map(|(name, values)| values.as_array().unwrap().iter().map(|v| (name.clone(), v.as_str().unwrap().to_owned()))).collect()
}

#[test]
fn every_vector_of_twilio_holds() {
    let Some(folder) = samples("Twilio's signature vectors") else { return };
    let vectors: Value = serde_json::from_slice(&std::fs::read(folder.join("vectors/twilio_x_twilio_signature.json")).unwrap()).unwrap();
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let tokens = vec![text(&vectors, "auth_token").into()];
    let check = |vector: &Value, body: TwilioBody<'_>| {
        signature::twilio(&tokens, &text(vector, "url"), &header(signature::TWILIO_HEADER, &text(vector, "signature")), body)
    };
    let mut n = 0;
    for (list, expected) in [("valid", true), ("invalid", false)] {
        for vector in vectors[list].as_array().unwrap() {
            let form = pairs(vector.get("params").unwrap_or(&vectors["params"]));
            assert_eq!(check(vector, TwilioBody::Form(&form)), expected, "{vector}");
            n += 1;
        }
    }
    for vector in vectors["valid_json_body"].as_array().unwrap() {
        let body = text(vector, "body");
        assert!(check(vector, TwilioBody::Raw(body.as_bytes())), "{vector}");
        assert!(!check(vector, TwilioBody::Raw(format!("{body} ").as_bytes())), "{vector} with another body");
        n += 1;
    }
    assert_eq!(n, 13);
}

#[test]
fn a_live_delivery_of_meta_holds_and_no_bit_of_it_may_change() {
    let Some(folder) = samples("Meta's signature vector") else { return };
    let vector: Value = serde_json::from_slice(&std::fs::read(folder.join("vectors/meta_x_hub_signature_256.json")).unwrap()).unwrap();
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let secrets = vec![text("app_secret").into()];
    let (headers, body) = (header(signature::META_HEADER, &text("header")), text("body").into_bytes());
    assert!(signature::meta(&secrets, &headers, &body));
    for at in 0..body.len() {
        let mut flipped = body.clone();
        flipped[at] ^= 1;
        assert!(!signature::meta(&secrets, &headers, &flipped), "byte {at}");
    }
}
