//! `[[channel]]` sections, by provider.

use super::{
    Secret,
    channel::{ChannelSettings, Provider},
    reader::{Notes, Section},
};
use crate::base::Medium;

const PROVIDERS: [&str; 3] = ["twilio", "whatsapp", "browser"];

/// Reads one.
pub(super) fn channel(mut section: Section<'_>, notes: &mut Notes) -> Option<ChannelSettings> {
    let (line, name_key, provider_key) = (section.line(), section.key("name"), section.key("provider"));
    let name = section.needed("name", "sms", notes);
    if let Some(name) = &name
        && !(name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
    {
        notes.wrong(line, name_key, "stands in the webhook's address: write at most 32 small letters, digits and `-`");
    }
    let provider = section.needed("provider", "twilio", notes)?;
    let read = match provider.as_str() {
        "twilio" => twilio(&mut section, notes),
        "whatsapp" => whatsapp(&mut section, notes),
        "browser" => browser(&mut section, notes),
        other => {
            let near = PROVIDERS.iter().min_by_key(|known| strsim::damerau_levenshtein(known, other)).unwrap_or(&"twilio");
            let message = format!("there is no provider `{other}`; write one of {} (did you mean `{near}`?)", PROVIDERS.join(", "));
            notes.wrong(line, provider_key, message);
            return None;
        }
    };
    section.finish(notes);
    Some(ChannelSettings { name: name?, provider: read? })
}

fn twilio(section: &mut Section<'_>, notes: &mut Notes) -> Option<Provider> {
    let (line, sid_key, from_key) = (section.line(), section.key("account_sid"), section.key("from"));
    let account_sid = section.needed("account_sid", "AC…", notes);
    let auth_tokens = two_secrets(section, "auth_token", "auth_token_old", notes);
    let from = section.needed("from", "+15550100000", notes);
    let base_url = url(section, "https://api.twilio.com", notes);
    let templates = section.pairs("templates", notes);
    if let Some(sid) = &account_sid
        && !(sid.starts_with("AC") && sid.len() == 34)
    {
        notes.wrong(line, sid_key, "is no account id: it begins with `AC` and has 34 characters; it stands on the console's first page");
    }
    let from = from?;
    let (medium, number) = match from.strip_prefix("whatsapp:") {
        Some(number) => (Medium::WhatsApp, number),
        None => (Medium::Sms, from.as_str()),
    };
    let service = number.starts_with("MG") && number.len() == 34;
    let short_code = medium == Medium::Sms && (3..=8).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    let e164 =
        number.strip_prefix('+').is_some_and(|digits| (6..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
    if !(service || short_code || e164) {
        notes.wrong(
            line,
            from_key,
            "must be a number as in `+15550100000`, `whatsapp:+15550100000`, a short code, or a messaging service `MG…`",
        );
    }
    Some(Provider::Twilio { medium, account_sid: account_sid?, auth_tokens: auth_tokens?, from, base_url: base_url?, templates })
}

fn whatsapp(section: &mut Section<'_>, notes: &mut Notes) -> Option<Provider> {
    let phone_number_id = section.needed("phone_number_id", "106540352242922", notes);
    let app_secrets = two_secrets(section, "app_secret", "app_secret_old", notes);
    let verify_token = section.needed_secret("verify_token", notes);
    let access_token = section.needed_secret("access_token", notes);
    let base_url = url(section, "https://graph.facebook.com/v23.0", notes);
    let templates = section.pairs("templates", notes);
    Some(Provider::WhatsApp {
        phone_number_id: phone_number_id?,
        app_secrets: app_secrets?,
        verify_token: verify_token?,
        access_token: access_token?,
        base_url: base_url?,
        templates,
    })
}

fn browser(section: &mut Section<'_>, notes: &mut Notes) -> Option<Provider> {
    let key = section.key("medium");
    let Some((line, word)) = section.text("medium", notes) else { return Some(Provider::Browser { medium: Medium::Sms }) };
    match Medium::from_word(&word) {
        Some(medium @ (Medium::Sms | Medium::WhatsApp)) => Some(Provider::Browser { medium }),
        Some(Medium::Voice | Medium::Email | Medium::Web) | None => {
            notes.wrong(Some(line), key, "the phone page can look like `sms` or `whatsapp`; write one of them");
            None
        }
    }
}

fn two_secrets(section: &mut Section<'_>, name: &'static str, old: &'static str, notes: &mut Notes) -> Option<Vec<Secret>> {
    let current = section.needed_secret(name, notes);
    let old = section.secret(old, notes);
    Some(std::iter::once(current?).chain(old).collect())
}

fn url(section: &mut Section<'_>, default: &str, notes: &mut Notes) -> Option<String> {
    let key = section.key("base_url");
    let Some((line, text)) = section.text("base_url", notes) else { return Some(default.to_owned()) };
    let text = text.trim_end_matches('/').to_owned();
    if text.starts_with("https://") || text.starts_with("http://") {
        Some(text)
    } else {
        notes.wrong(Some(line), key, format!("must begin with https:// or http://; the usual one is `{default}`"));
        None
    }
}
