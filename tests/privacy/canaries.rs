//! What must never be seen: texts that stand nowhere else, and where and how they are looked for.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use regex::bytes::{Regex, RegexBuilder};
use sha2::Digest;

use crate::running::{API_TOKEN, META_SECRET, TWILIO_TOKEN};

/// Who texts by SMS.
pub const SMS_NUMBER: &str = "+15550197001";
/// Who texts by WhatsApp.
pub const WA_NUMBER: &str = "15550197002";
/// Who stands on a contact card.
pub const CARD_NUMBER: &str = "+15550197003";
/// Whom a program starts a flow for.
pub const API_NUMBER: &str = "+15550197004";
/// Who sends what is signed wrong, or cannot be read.
pub const STRANGER: &str = "+15550197005";
/// Whose phone is opened in the browser.
pub const PHONE_NUMBER: &str = "+15550197006";
/// A contact named in a reply.
pub const NAMED_NUMBER: &str = "+15550197007";

/// Words of people, programs and tracers; each contains `canary` with a letter after it.
pub const PASSWORD: &str = "canaryP horses at dawn";
pub const WRONG_PASSWORD: &str = "canaryW horses at dusk";

/// One thing to look for, in one form.
struct Needle {
    what: String,
    form: &'static str,
    pattern: Regex,
}

impl Needle {
    fn new(what: &str, form: &'static str, bytes: &[u8]) -> Self {
        let pattern: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let pattern = RegexBuilder::new(&pattern).unicode(false).case_insensitive(true).build().unwrap();
        Self { what: what.to_owned(), form, pattern }
    }
}

/// All that is looked for.
pub struct Canaries {
    needles: Vec<Needle>,
}

impl Canaries {
    /// Numbers in any form that keeps their digits together, the word of all texts, secrets, and what each would be in base64, hex or
    /// as a plain hash. `more`: tokens that the story was given.
    pub fn new(more: &[String]) -> Self {
        let numbers = [SMS_NUMBER, WA_NUMBER, CARD_NUMBER, API_NUMBER, STRANGER, PHONE_NUMBER, NAMED_NUMBER];
        let mut needles = Vec::new();
        for number in numbers {
            let digits = number.trim_start_matches('+');
            let local = &digits[1..];
            add_forms(&mut needles, local);
            for text in [local.to_owned(), digits.to_owned(), format!("+{digits}"), format!("sms:+{digits}"), format!("whatsapp:+{digits}")]
            {
                let hash = sha2::Sha256::digest(&text);
                needles.push(Needle::new(&text, "sha-256", &hash[..8]));
                needles.push(Needle::new(&text, "sha-256 in hex", &hex::encode(hash).as_bytes()[..16]));
            }
            let written = format!("{}) {}-{}", &local[..3], &local[3..6], &local[6..]);
            needles.push(Needle::new(&written, "as written", written.as_bytes()));
        }
        add_forms(&mut needles, "canary");
        for secret in [TWILIO_TOKEN, META_SECRET, API_TOKEN, "an access token", "verify me", "a token of an author"] {
            add_forms(&mut needles, secret);
        }
        for secret in more {
            add_forms(&mut needles, secret);
        }
        Self { needles }
    }

    /// What of it stands in some bytes, with what is around it.
    pub fn found_in(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let mut found = Vec::new();
        for needle in &self.needles {
            let Some(at) = needle.pattern.find(bytes) else { continue };
            let around = &bytes[at.start().saturating_sub(160)..(at.end() + 60).min(bytes.len())];
            found.push(format!("`{}` ({}) in {place}: …{}…", needle.what, needle.form, String::from_utf8_lossy(around)));
        }
        found
    }
}

fn add_forms(needles: &mut Vec<Needle>, what: &str) {
    let mut add = |form: &'static str, bytes: Vec<u8>| needles.push(Needle::new(what, form, &bytes));
    add("as it is", what.as_bytes().to_vec());
    add("in hex", hex::encode(what).into_bytes());
    let encoded: String = form_urlencoded::byte_serialize(what.as_bytes()).collect();
    if encoded != what {
        add("encoded for a form", encoded.into_bytes());
    }
    // Wherever it stands in a longer text: three ways to begin, without the characters that its neighbours share.
    for before in 0..3_usize {
        let text = [vec![b'.'; before], what.as_bytes().to_vec()].concat();
        let whole = STANDARD_NO_PAD.encode(&text);
        let from = (before * 4).div_ceil(3);
        let to = text.len() * 4 / 3;
        if to > from + 7 {
            add("in base64", whole.as_bytes()[from..to].to_vec());
        }
    }
}
