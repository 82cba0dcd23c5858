//! `[[channel]]` sections, by provider.

use super::{
    Secret,
    reader::{Notes, Section},
};
use crate::{
    base::{Medium, Private, clock::Clock},
    channel::{BrowserChannel, Channel, Speed, Templates, TwilioChannel, WhatsAppChannel},
};

const PROVIDERS: [&str; 3] = ["twilio", "whatsapp", "browser"];

/// Reads one.
pub(super) fn channel(mut section: Section<'_>, notes: &mut Notes) -> Option<Channel> {
    let (line, name_key, provider_key) = (section.line(), section.key("name"), section.key("provider"));
    let name = section.needed("name", "sms", notes);
    if let Some(name) = &name
        && !(name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'))
    {
        notes.wrong(line, name_key, "stands in the webhook's address: write at most 32 small letters, digits and `-`");
    }
    let provider = section.needed("provider", "twilio", notes)?;
    let name = name.unwrap_or_default();
    let read = match provider.as_str() {
        "twilio" => twilio(name, &mut section, notes).map(Channel::Twilio),
        "whatsapp" => whatsapp(name, &mut section, notes).map(Channel::WhatsApp),
        "browser" => browser(name, &mut section, notes).map(Channel::Browser),
        other => {
            let near = PROVIDERS.iter().min_by_key(|known| strsim::damerau_levenshtein(known, other)).unwrap_or(&"twilio");
            let message = format!("there is no provider `{other}`; write one of {} (did you mean `{near}`?)", PROVIDERS.join(", "));
            notes.wrong(line, provider_key, message);
            return None;
        }
    };
    section.finish(notes);
    read.filter(|channel| !channel.name().is_empty())
}

fn twilio(name: String, section: &mut Section<'_>, notes: &mut Notes) -> Option<TwilioChannel> {
    let (line, sid_key, from_key, service_key) =
        (section.line(), section.key("account_sid"), section.key("from"), section.key("messaging_service_sid"));
    let account_sid = section.needed("account_sid", "AC…", notes);
    let auth_tokens = two_secrets(section, "auth_token", "auth_token_old", notes);
    let from = section.text("from", notes).map(|(_, from)| from);
    let service = section.text("messaging_service_sid", notes).map(|(_, sid)| sid);
    let base_url = url(section, "https://api.twilio.com", notes);
    let templates = templates(section, notes);
    let speed = speed(section, Speed::of_twilio(from.as_deref()), notes);
    let reconcile_s = section.number_within("reconcile_seconds", 0.0..=86_400.0, notes).map_or(60, whole);
    if let Some(sid) = &account_sid
        && !is_sid("AC", sid)
    {
        notes.wrong(line, sid_key, "is no account id: it begins with `AC` and has 34 characters; it stands on the console's first page");
    }
    match (&from, &service) {
        (None, None) => {
            notes.wrong(line, &from_key, "is missing; write `from = \"+15550100000\"` or `messaging_service_sid = \"MG…\"`");
        }
        (Some(from), _) if !is_sender(from) => {
            let message = "must be a number as in `+15550100000`, `whatsapp:+15550100000`, or a short code";
            notes.wrong(line, &from_key, message);
        }
        (_, Some(sid)) if !is_sid("MG", sid) => {
            notes.wrong(line, service_key, "is no messaging service: it begins with `MG` and has 34 characters");
        }
        (Some(_) | None, Some(_) | None) => {}
    }
    Some(TwilioChannel {
        name,
        account_sid: account_sid?,
        auth_tokens: auth_tokens?,
        from,
        messaging_service_sid: service,
        base_url: base_url?,
        templates,
        speed,
        reconcile_s,
    })
}

fn is_sid(prefix: &str, sid: &str) -> bool {
    sid.len() == 34 && sid.strip_prefix(prefix).is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn is_sender(from: &str) -> bool {
    let number = from.strip_prefix("whatsapp:").unwrap_or(from);
    let digits = |text: &str, least: usize, most: usize| (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    number.strip_prefix('+').map_or_else(|| number == from && digits(number, 3, 8), |number| digits(number, 6, 15))
}

fn whatsapp(name: String, section: &mut Section<'_>, notes: &mut Notes) -> Option<WhatsAppChannel> {
    let phone_number_id = section.needed("phone_number_id", "106540352242922", notes);
    let app_secrets = two_secrets(section, "app_secret", "app_secret_old", notes);
    let verify_token = section.needed_secret("verify_token", notes);
    let access_token = section.needed_secret("access_token", notes);
    let base_url = url(section, "https://graph.facebook.com/v23.0", notes);
    let templates = templates(section, notes);
    let speed = speed(section, Speed::of_whatsapp(), notes);
    Some(WhatsAppChannel {
        name,
        phone_number_id: phone_number_id?,
        app_secrets: app_secrets?,
        verify_token: verify_token?,
        access_token: access_token?,
        base_url: base_url?,
        templates,
        speed,
    })
}

fn browser(name: String, section: &mut Section<'_>, notes: &mut Notes) -> Option<BrowserChannel> {
    let key = section.key("medium");
    let token = section.secret("token", notes).unwrap_or_else(|| Private::new(hex::encode(Clock::machine().random::<16>())));
    let Some((line, word)) = section.text("medium", notes) else { return Some(BrowserChannel { name, medium: Medium::Sms, token }) };
    match Medium::from_word(&word) {
        Some(medium @ (Medium::Sms | Medium::WhatsApp)) => Some(BrowserChannel { name, medium, token }),
        Some(Medium::Voice | Medium::Email | Medium::Web) | None => {
            notes.wrong(Some(line), key, "the phone page can look like `sms` or `whatsapp`; write one of them");
            None
        }
    }
}

/// `per_second` and `burst`, with what the provider's kind of sender bears where nothing is said.
fn speed(section: &mut Section<'_>, usual: Speed, notes: &mut Notes) -> Speed {
    let per_1000_s = section.number_within("per_second", 0.01..=2_000.0, notes).map(|n| whole(n * 1_000.0));
    let burst = section.number_within("burst", 1.0..=2_000.0, notes).map(whole);
    let speed = per_1000_s.map_or(usual, |per_1000_s| Speed { per_1000_s, ..Speed::per_second(per_1000_s / 1_000) });
    Speed { burst: burst.unwrap_or(speed.burst), ..speed }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "read within bounds that fit")]
const fn whole(n: f64) -> u32 {
    n.round() as u32
}

fn templates(section: &mut Section<'_>, notes: &mut Notes) -> Templates {
    let names = section.pairs("templates", notes);
    let languages = section.pairs("template_languages", notes);
    Templates { names, languages }
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
