//! Twilio's side of the wire: webhooks as it signs them, and what it is asked to send.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};

/// The token that webhooks are signed with.
pub const TOKEN: &str = "a-token-of-tests";
/// The account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000000";

/// A form with its signature.
pub struct Signed {
    /// Under the public URL.
    pub path: String,
    /// `application/x-www-form-urlencoded`
    pub form: String,
    /// `X-Twilio-Signature`
    pub signature: String,
}

/// Signs a form for a path under a public URL, as Twilio does: URL, then names and values sorted.
pub fn sign(public_url: &str, path: &str, form: &[(&str, &str)]) -> Signed {
    let mut pairs = form.to_vec();
    pairs.sort_unstable();
    let text: String = pairs.into_iter().flat_map(|(name, value)| [name, value]).collect();
    let mac = Hmac::<sha1::Sha1>::new_from_slice(TOKEN.as_bytes()).unwrap().chain_update(format!("{public_url}{path}{text}"));
    Signed {
        path: path.to_owned(),
        form: form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish(),
        signature: STANDARD.encode(mac.finalize().into_bytes()),
    }
}

/// A message that we ask Twilio to send.
#[derive(Clone, Debug)]
pub struct Asked {
    /// `+1415…`, with `whatsapp:` before it where it is.
    pub to: String,
    /// The words.
    pub body: String,
    /// Our token in the address for receipts: the id in the outbox.
    pub outbox: String,
}

/// Reads a request for sending.
pub fn read(form: &[u8]) -> Asked {
    let fields: BTreeMap<String, String> = form_urlencoded::parse(form).into_owned().collect();
    let callback = fields.get("StatusCallback").expect("every message names an address for receipts");
    let (_, query) = callback.split_once('?').expect("with our token");
    let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "m").expect("`m` is our token").1.into_owned();
    Asked { to: fields["To"].clone(), body: fields.get("Body").cloned().unwrap_or_default(), outbox: token }
}
