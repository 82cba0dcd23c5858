//! Whether a webhook is from whom it says it is from: the signatures of Twilio and of Meta.
//!
//! Both are checked over exactly what was sent, before anything of it is read. A header that is missing or stands twice is a
//! refusal. Comparisons take the same time whatever is compared, and every secret is tried, so that one can take another's place.

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};

use crate::base::Private;

/// Twilio's header.
pub const TWILIO_HEADER: &str = "x-twilio-signature";
/// Meta's header.
pub const META_HEADER: &str = "x-hub-signature-256";

/// What Twilio signed besides the address.
#[derive(Clone, Copy, Debug)]
pub enum TwilioBody<'a> {
    /// The pairs of a form, as they were decoded, all of them; empty for GET.
    Form(&'a [(String, String)]),
    /// Any other body: its hash must stand in the address as `bodySHA256`.
    Raw(&'a [u8]),
}

/// Whether `X-Twilio-Signature` holds: base64 of HMAC-SHA1 by the auth token over the address and the sorted parameters.
///
/// `url` is the address as it is configured at Twilio, byte for byte, without its fragment. The signature may have been made with
/// or without the port: "signature generation on the back end is inconsistent", so both are tried, as Twilio's own libraries do
/// (twilio-python `RequestValidator`). Values of a repeated parameter count once each and sorted.
pub fn twilio(tokens: &[Private<String>], url: &str, headers: &HeaderMap, body: TwilioBody<'_>) -> bool {
    let Some(given) = single(headers, TWILIO_HEADER) else { return false };
    let (parameters, body_holds) = match body {
        TwilioBody::Form(pairs) => (parameters(pairs), Choice::from(1)),
        TwilioBody::Raw(bytes) => (String::new(), body_hash_holds(url, bytes)),
    };
    let mut holds = Choice::from(0);
    for token in tokens.iter().filter(|token| !token.reveal().is_empty()) {
        for url in [without_port(url), with_port(url)] {
            let Ok(mac) = Hmac::<Sha1>::new_from_slice(token.reveal().as_bytes()) else { return false };
            let signature = STANDARD.encode(mac.chain_update(url).chain_update(&parameters).finalize().into_bytes());
            holds |= signature.as_bytes().ct_eq(given);
        }
    }
    (holds & body_holds).into()
}

/// Whether `X-Hub-Signature-256` holds: `sha256=` and hex of HMAC-SHA256 by the app's secret over the raw bytes.
///
/// Meta escapes slashes and everything outside ASCII in what it sends, so JSON that was read and written again never matches.
pub fn meta(secrets: &[Private<String>], headers: &HeaderMap, body: &[u8]) -> bool {
    let Some(given) = single(headers, META_HEADER) else { return false };
    let mut holds = Choice::from(0);
    for secret in secrets.iter().filter(|secret| !secret.reveal().is_empty()) {
        let Ok(mac) = Hmac::<Sha256>::new_from_slice(secret.reveal().as_bytes()) else { return false };
        let signature = format!("sha256={}", hex::encode(mac.chain_update(body).finalize().into_bytes()));
        holds |= signature.as_bytes().ct_eq(given);
    }
    holds.into()
}

/// Whether two secrets are the same, in a time that does not tell how much of them is.
pub fn same(a: &str, b: &str) -> bool {
    Sha256::digest(a).ct_eq(&Sha256::digest(b)).into()
}

/// The one value of a header; `None` where it is missing or stands twice.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    values.next().is_none().then_some(first.as_bytes())
}

/// Every name with each of its values, both sorted, each once.
fn parameters(pairs: &[(String, String)]) -> String {
    let mut pairs: Vec<&(String, String)> = pairs.iter().collect();
    pairs.sort();
    pairs.dedup();
    pairs.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

/// Whether the address carries the hash of the body; without it, anybody could put another body under a signed address.
fn body_hash_holds(url: &str, body: &[u8]) -> Choice {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let mut hashes = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "bodySHA256");
    let (Some((_, hash)), None) = (hashes.next(), hashes.next()) else { return Choice::from(0) };
    hex::encode(Sha256::digest(body)).as_bytes().ct_eq(hash.as_bytes())
}

/// The parts of an address around its port: up to the host's end, the port's digits, the rest. As text, for parsing an address
/// and writing it again changes its encoding and its capitals.
fn parts(url: &str) -> (&str, Option<&str>, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url.get(authority..).and_then(|rest| rest.find(['/', '?', '#'])).map_or(url.len(), |at| authority + at);
    let (front, rest) = (url.get(..end).unwrap_or(url), url.get(end..).unwrap_or(""));
    let host = front.rfind('@').map_or(authority, |at| at + 1);
    let colon = front.rfind(':').filter(|at| *at >= host);
    match colon.map(|at| (front.get(..at).unwrap_or(front), front.get(at + 1..).unwrap_or(""))) {
        Some((before, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => (before, Some(port), rest),
        Some(_) | None => (front, None, rest),
    }
}

fn without_port(url: &str) -> String {
    let (front, _, rest) = parts(url);
    format!("{front}{rest}")
}

fn with_port(url: &str) -> String {
    let (front, port, rest) = parts(url);
    let default = if url.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("https")) { "443" } else { "80" };
    format!("{front}:{}{rest}", port.unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const URL: &str = "https://intake.example.org/in/sms?x=1";

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn twilio_signature(token: &str, text: &str) -> String {
        STANDARD.encode(Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap().chain_update(text).finalize().into_bytes())
    }

    fn secrets(secrets: &[&str]) -> Vec<Private<String>> {
        secrets.iter().map(|secret| Private::from(*secret)).collect()
    }

    #[test]
    fn a_twilio_signature_holds_over_address_and_sorted_parameters() {
        let form =
            pairs(&[("To", "+15550100000"), ("Body", ""), ("From", "+15550100777"), ("Digits", "5"), ("Digits", "1"), ("Digits", "5")]);
        let sorted = "BodyDigits1Digits5From+15550100777To+15550100000";
        for (signed, seen) in [
            (URL, URL),
            ("https://intake.example.org:443/in/sms?x=1", URL),
            (URL, "https://intake.example.org:443/in/sms?x=1"),
            ("https://u:p@Intake.Example.ORG/in/sms", "https://u:p@Intake.Example.ORG/in/sms"),
            ("https://u:p@Intake.Example.ORG:8443/in/sms", "https://u:p@Intake.Example.ORG:8443/in/sms"),
            ("http://intake.example.org:80", "http://intake.example.org"),
            ("https://[::1]:443/in", "https://[::1]/in"),
        ] {
            let signature = headers(TWILIO_HEADER, &twilio_signature("12345", &format!("{signed}{sorted}")));
            assert!(twilio(&secrets(&["new", "12345"]), seen, &signature, TwilioBody::Form(&form)), "{seen}");
            assert!(!twilio(&secrets(&["new", ""]), seen, &signature, TwilioBody::Form(&form)), "{seen} by another token");
            assert!(!twilio(&secrets(&["12345"]), &format!("{seen}x"), &signature, TwilioBody::Form(&form)), "{seen} at another address");
        }
    }

    #[test]
    fn one_flipped_bit_of_a_twilio_signature_is_refused() {
        let signature = twilio_signature("12345", &format!("{URL}BodyHi"));
        let form = pairs(&[("Body", "Hi")]);
        assert!(twilio(&secrets(&["12345"]), URL, &headers(TWILIO_HEADER, &signature), TwilioBody::Form(&form)));
        for (at, bit) in (0..signature.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = signature.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let flipped = HeaderMap::from_iter([(http::HeaderName::from_static(TWILIO_HEADER), value)]);
            assert!(!twilio(&secrets(&["12345"]), URL, &flipped, TwilioBody::Form(&form)), "byte {at}, bit {bit}");
        }
    }

    #[test]
    fn one_flipped_bit_of_a_signed_body_is_refused() {
        let body = br#"{"object":"whatsapp_business_account","entry":[]}"#;
        let signature = format!(
            "sha256={}",
            hex::encode(Hmac::<Sha256>::new_from_slice(b"secret").unwrap().chain_update(body).finalize().into_bytes())
        );
        let signed = headers(META_HEADER, &signature);
        assert!(meta(&secrets(&["other", "secret"]), &signed, body));
        for (at, bit) in (0..body.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut flipped = body.to_vec();
            flipped[at] ^= 1 << bit;
            assert!(!meta(&secrets(&["secret"]), &signed, &flipped), "byte {at}, bit {bit} of the body");
        }
        for (at, bit) in (0..signature.len()).flat_map(|at| (0..8).map(move |bit| (at, bit))) {
            let mut bytes = signature.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { continue };
            let flipped = HeaderMap::from_iter([(http::HeaderName::from_static(META_HEADER), value)]);
            assert!(!meta(&secrets(&["secret"]), &flipped, body), "byte {at}, bit {bit} of the signature");
        }
    }

    #[test]
    fn a_missing_or_repeated_header_is_refused() {
        let form = pairs(&[("Body", "Hi")]);
        let signature = twilio_signature("12345", &format!("{URL}BodyHi"));
        let mut twice = headers(TWILIO_HEADER, &signature);
        twice.append(TWILIO_HEADER, HeaderValue::from_str(&signature).unwrap());
        assert!(!twilio(&secrets(&["12345"]), URL, &twice, TwilioBody::Form(&form)));
        assert!(!twilio(&secrets(&["12345"]), URL, &HeaderMap::new(), TwilioBody::Form(&form)));
        assert!(!twilio(&[], URL, &headers(TWILIO_HEADER, &signature), TwilioBody::Form(&form)));
        assert!(!meta(&secrets(&["s"]), &HeaderMap::new(), b""));
    }

    #[test]
    fn a_raw_body_needs_its_hash_in_the_signed_address() {
        let body = b"{\"a\":1}";
        let url = format!("{URL}&bodySHA256={}", hex::encode(Sha256::digest(body)));
        let signed = |url: &str| headers(TWILIO_HEADER, &twilio_signature("12345", url));
        assert!(twilio(&secrets(&["12345"]), &url, &signed(&url), TwilioBody::Raw(body)));
        assert!(!twilio(&secrets(&["12345"]), &url, &signed(&url), TwilioBody::Raw(b"{\"a\":2}")));
        assert!(!twilio(&secrets(&["12345"]), URL, &signed(URL), TwilioBody::Raw(body)), "a signed address without a hash is no cover");
        assert!(!twilio(&secrets(&["12345"]), URL, &signed(URL), TwilioBody::Raw(b"")));
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(same("verify-me", "verify-me"));
        assert!(!same("verify-me", "verify-mE"));
        assert!(!same("verify-me", ""));
    }
}
